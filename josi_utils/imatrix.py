"""The importance matrix: which columns of a weight matter for the chats that Josi really has.

For every matrix it holds the mean of the squared inputs a column, over all tokens: the error of a
rounded weight reaches the output times its input, so columns with large inputs are rounded with
more care. This is what ``llama-imatrix`` collects; here it is taken from the merged folder, on
training chats only (evaluation cases would make the measured quality dishonest).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.persona import render_chatml

if TYPE_CHECKING:
    import numpy as np

#: Fewer tokens leave columns of ffn_down nearly unseen; more than this changes little.
MINIMUM_TOKENS = 1_000


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
    """
    import gguf
    import torch

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    sums: dict[str, Any] = {}
    tokens = 0

    def listen(name: str) -> Callable[..., None]:
        def hook(_: Any, inputs: tuple[Any, ...]) -> None:
            squares = inputs[0].detach().float().pow(2).flatten(0, -2).sum(0, dtype=torch.float64)
            sums[name] = squares if name not in sums else sums[name] + squares

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
    try:
        with torch.no_grad():
            for number, row in enumerate(rows, start=1):
                body(input_ids=torch.tensor([list(row)], device=model.device), use_cache=False)
                tokens += len(row)
                if progress and (number % 16 == 0 or number == len(rows)):
                    progress(f"imatrix: {number} of {len(rows)} chats")
    finally:
        for hook in hooks:
            hook.remove()
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
