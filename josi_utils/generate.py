"""Ask a model: one ``Backend`` protocol, llama.cpp (the phone's runtime) and Hugging Face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from josi_utils.errors import JosiError
from josi_utils.persona import IM_END, IM_START, Sampling, render_chatml

if TYPE_CHECKING:
    from josi_utils.llama_batch import BatchDecoder


@dataclass(frozen=True)
class Request:
    """One reply wanted.

    Attributes
    ----------
    messages : tuple of {"role", "content"}
        The conversation up to the athlete's last turn.
    seed : int
        Of the draw; the same seed, prompt and batch give the same words.
    """

    messages: tuple[dict[str, str], ...]
    seed: int = 0

    @property
    def prompt(self) -> str:
        """The rendered prompt, with Josi's turn opened."""
        return render_chatml(list(self.messages), generation=True)


@dataclass(frozen=True)
class Reply:
    """What the model said.

    Attributes
    ----------
    text : str
        Without the end token.
    finished : bool
        Whether the model ended by itself, not at the token limit.
    tokens : int
        Drawn tokens, the end token included.
    """

    text: str
    finished: bool
    tokens: int


#: Called with a piece of a reply as the words come.
Hear = Callable[[str], None]


class Backend(Protocol):
    """Something that answers requests."""

    name: str

    def replies(
        self, requests: Sequence[Request], sampling: Sampling
    ) -> Iterator[tuple[int, Reply]]:
        """Yield ``(index of the request, reply)`` as replies come, in any order."""
        ...

    def aloud(self, request: Request, sampling: Sampling, hear: Hear) -> Reply:
        """Return one reply, telling its pieces as they come."""
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


class LlamaBackend:
    """llama.cpp on a GGUF: many sequences at once over one shared system turn.

    Parameters
    ----------
    path : Path
        A GGUF with Josi's template; anything else is refused.
    slots : int
        Sequences decoded together.
    threads : int or None
        CPU threads; all cores by default.
    adapter : Path, optional
        A LoRA adapter as GGUF, applied to the base in ``path``.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        slots: int = 32,
        threads: int | None = None,
        adapter: Path | str | None = None,
    ) -> None:
        from josi_utils.llama_batch import BatchDecoder

        require_chat_gguf(path)
        self.name = Path(path).name
        self._decoder: BatchDecoder = BatchDecoder(
            Path(path), slots=slots, threads=threads, adapter=Path(adapter) if adapter else None
        )

    def replies(
        self, requests: Sequence[Request], sampling: Sampling
    ) -> Iterator[tuple[int, Reply]]:
        """See :class:`Backend`; equal prompts are read once for all their seeds."""
        groups: dict[str, list[int]] = {}
        for index, request in enumerate(requests):
            groups.setdefault(request.prompt, []).append(index)
        jobs = [
            (prompt, [(index, requests[index].seed) for index in members])
            for prompt, members in groups.items()
        ]
        for index, text, finished, tokens in self._decoder.run(jobs, sampling):
            yield index, Reply(text.strip(), finished, tokens)

    def aloud(self, request: Request, sampling: Sampling, hear: Hear) -> Reply:
        """See :class:`Backend`."""
        job = (request.prompt, [(0, request.seed)])
        drawn = self._decoder.run([job], sampling, lambda _, piece: hear(piece))
        ((_, text, finished, tokens),) = drawn
        return Reply(text.strip(), finished, tokens)

    def close(self) -> None:
        """Free model and context."""
        self._decoder.close()


class HuggingFaceBackend:
    """The model folder itself, in float32 on the CPU or bfloat16 on a GPU.

    Parameters
    ----------
    folder : Path
        A llama-architecture model folder.
    model, tokenizer : optional
        An already loaded pair (the model in training).
    batch_size : int
        Prompts padded together.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        model: Any = None,
        tokenizer: Any = None,
        batch_size: int = 16,
    ) -> None:
        if model is None:
            from josi_utils.basemodel import check_llama_folder
            from josi_utils.sft_trainer import load_model, training_dtype
            from josi_utils.training_rows import load_tokenizer

            if folder is None:
                raise JosiError("Hugging Face backend: pass a model folder")
            check_llama_folder(folder)
            model, tokenizer = load_model(folder, training_dtype()), load_tokenizer(folder)
        self.name = Path(folder).name if folder else "model in memory"
        self._model, self._tokenizer, self._batch_size = model, tokenizer, batch_size

    def replies(
        self, requests: Sequence[Request], sampling: Sampling
    ) -> Iterator[tuple[int, Reply]]:
        """See :class:`Backend`; prompts of like length share a batch, the seed is the batch's."""
        import torch

        tokenizer, model = self._tokenizer, self._model
        stop = tokenizer.convert_tokens_to_ids(IM_END)
        encoded = [
            tokenizer(request.prompt, add_special_tokens=False)["input_ids"] for request in requests
        ]
        order = sorted(range(len(requests)), key=lambda i: (requests[i].seed, len(encoded[i])))
        training = model.training
        model.eval()
        for start in range(0, len(order), self._batch_size):
            members = order[start : start + self._batch_size]
            longest = max(len(encoded[i]) for i in members)
            ids = torch.full((len(members), longest), stop)
            mask = torch.zeros_like(ids)
            for row, index in enumerate(members):
                ids[row, longest - len(encoded[index]) :] = torch.tensor(encoded[index])
                mask[row, longest - len(encoded[index]) :] = 1
            torch.manual_seed(requests[members[0]].seed)
            with torch.no_grad():
                output = model.generate(
                    input_ids=ids.to(model.device),
                    attention_mask=mask.to(model.device),
                    max_new_tokens=sampling.max_new_tokens,
                    eos_token_id=stop,
                    pad_token_id=stop,
                    **_hf_sampling(sampling),
                )
            for row, index in enumerate(members):
                drawn = output[row, longest:].tolist()
                finished = stop in drawn
                drawn = drawn[: drawn.index(stop)] if finished else drawn
                text = tokenizer.decode(drawn, skip_special_tokens=True)
                yield index, Reply(text.strip(), finished, len(drawn) + finished)
        model.train(training)

    def aloud(self, request: Request, sampling: Sampling, hear: Hear) -> Reply:
        """See :class:`Backend`; the reply is told in one piece."""
        ((_, reply),) = self.replies([request], sampling)
        hear(reply.text)
        return reply

    def close(self) -> None:
        """Drop the model."""
        self._model = None


def _hf_sampling(sampling: Sampling) -> dict[str, Any]:
    if sampling.temperature == 0:
        return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    return {
        "do_sample": True,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repeat_penalty,
    }


def require_chat_gguf(path: Path | str) -> None:
    """Refuse a GGUF that is broken or speaks no ChatML.

    Many readers fall back in silence to another model's format where the template is missing.
    """
    from josi_utils.gguf_header import read_header

    template = read_header(path).metadata.get("tokenizer.chat_template")
    if not isinstance(template, str) or IM_START not in template:
        raise JosiError(f"{path}: no ChatML template in it; export it with josi export")


def open_backend(model: Path | str, **options: Any) -> Backend:
    """Return the backend for a ``.gguf`` file or a model folder."""
    path = Path(model)
    if path.is_dir():
        return HuggingFaceBackend(path)
    return LlamaBackend(path, **options)


def answer(backend: Backend, requests: Sequence[Request], sampling: Sampling) -> list[Reply]:
    """Return the replies in the order of the requests."""
    replies: list[Reply | None] = [None] * len(requests)
    for index, reply in backend.replies(requests, sampling):
        replies[index] = reply
    return [reply for reply in replies if reply is not None]
