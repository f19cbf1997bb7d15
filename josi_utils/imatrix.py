"""The importance matrix: which columns of a weight matter for the chats that Josi really has.

For every matrix it holds the mean of the squared inputs a column, over all tokens: the error of a
rounded weight reaches the output times its input, so columns with large inputs are rounded with
more care. This is what ``llama-imatrix`` collects; here it is taken from the merged folder, on
training chats only (evaluation cases would make the measured quality dishonest).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.persona import render_chatml

if TYPE_CHECKING:
    import numpy as np

#: Fewer tokens leave columns of ffn_down nearly unseen; more than this changes little.
MINIMUM_TOKENS = 1_000
#: Chats for one, where nothing else is said.
ROWS = 128


def shared_start(rows: Sequence[Sequence[int]]) -> int:
    """Return how many ids all rows begin with, leaving each at least one of its own."""
    shortest = min(rows, key=len)
    limit = len(shortest) - 1
    return next(
        (i for i in range(limit) if any(row[i] != shortest[i] for row in rows)), max(limit, 0)
    )


def column_importance(
    model: Any, rows: Sequence[Sequence[int]], *, progress: Callable[[str], None] | None = None
) -> dict[str, np.ndarray]:
    """Return ``{GGUF tensor name: mean of squared inputs a column}`` over all tokens of ``rows``.

    Parameters
    ----------
    model : transformers.LlamaForCausalLM
        In evaluation mode.
    rows : sequence of sequence of int
        Token ids, one conversation each.
    progress : callable, optional
        Told one line now and then.

    Notes
    -----
    The output head is collected as ``output.weight``, or as ``token_embd.weight`` where the
    embeddings are tied. Permuting q and k reorders rows, so their columns need nothing.

    Attention is causal, so what all rows begin with (the system turn, half of Josi's tokens) has
    the same inputs in each: it is read once and counted once a row.
    """
    import gguf
    import torch
    from transformers import DynamicCache

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    sums: dict[str, Any] = {}
    weight = 1

    def listen(name: str) -> Callable[..., None]:
        def hook(_: Any, inputs: tuple[Any, ...]) -> None:
            squares = inputs[0].detach().float().pow(2).flatten(0, -2).sum(0, dtype=torch.float64)
            sums[name] = weight * squares + sums.get(name, 0.0)

        return hook

    # The head's input is the last norm's output, so the head itself (a fifth of the 135M's work)
    # need not run.
    head = listen("token_embd.weight" if model.config.tie_word_embeddings else "output.weight")
    body = model.model
    hooks = [body.norm.register_forward_hook(lambda module, _, output: head(module, (output,)))]
    for path, module in body.named_modules():
        if isinstance(module, torch.nn.Linear):
            target = names.get_name(f"model.{path}.weight", try_suffixes=(".weight",))
            hooks.append(module.register_forward_pre_hook(listen(target)))
    shared, cache = shared_start(rows), DynamicCache(config=model.config)

    def read(ids: Sequence[int]) -> None:
        tensor = torch.tensor([list(ids)], device=model.device)
        body(input_ids=tensor, past_key_values=cache, use_cache=True)

    try:
        with torch.no_grad():
            if shared:
                weight = len(rows)
                read(rows[0][:shared])
                weight = 1
            for number, row in enumerate(rows, start=1):
                read(row[shared:])
                cache.crop(shared - len(row))
                if progress and (number % 32 == 0 or number == len(rows)):
                    progress(f"imatrix: {number} of {len(rows)} chats")
    finally:
        for hook in hooks:
            hook.remove()
    tokens = sum(map(len, rows))
    return {name: (total / tokens).float().cpu().numpy() for name, total in sums.items()}


def compute_imatrix(
    model_dir: Path | str,
    chats: Sequence[Sequence[dict[str, str]]],
    *,
    progress: Callable[[str], None] | None = None,
) -> dict[str, np.ndarray]:
    """Return the importance matrix of a model folder on training chats.

    Raises
    ------
    JosiError
        If the chats have fewer than :data:`MINIMUM_TOKENS` tokens.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(model_dir))
    texts = [render_chatml(list(chat)) for chat in chats]
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    total = sum(map(len, rows))
    if total < MINIMUM_TOKENS:
        raise JosiError(
            f"imatrix: {total} tokens of chats, {MINIMUM_TOKENS} needed; give more chats"
        )
    model = AutoModelForCausalLM.from_pretrained(str(model_dir), dtype=torch.float32).eval()
    return column_importance(model, rows, progress=progress)


def training_chats(path: Path | str, count: int) -> list[list[dict[str, str]]]:
    """Return ``count`` conversations evenly spread over a training file, which is in topics' order.

    Raises
    ------
    JosiError
        If the file is missing or a line of it is no training row.
    """
    from josi_utils.eval_views import spread

    rows = [row for _, row in read_jsonl(path)]
    if any("messages" not in row for row in rows):
        raise JosiError(f"{path}: a line has no messages; give the train.jsonl of 01_prepare")
    return spread([row["messages"] for row in rows], count)


def unevenness(matrix: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return a row a kind of matrix: columns, and how far its largest stands above the median.

    The ratio is the median over the layers. Where it is 1, all columns matter alike and the
    importance matrix changes nothing.
    """
    import numpy as np

    kinds: dict[str, list[np.ndarray]] = {}
    for name, values in matrix.items():
        kinds.setdefault(name.removesuffix(".weight").rpartition(".")[2], []).append(values)
    return [
        {
            "matrix": kind,
            "layers": len(found),
            "columns": len(found[0]),
            "largest over median": round(
                float(np.median([v.max() / max(float(np.median(v)), 1e-30) for v in found])), 1
            ),
        }
        for kind, found in kinds.items()
    ]
