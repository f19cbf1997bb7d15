"""Many conversations, one system turn: exact attention over a shared prefix.

Half of every training row is the same system turn. As it never attends to what follows, it can be
encoded once for a whole batch: ``prefix, row 1, row 2, …`` in one sequence, where each row attends
to the prefix and to itself. Loss and gradients are those of the padded batch (tests hold them to
TRL's own to 1e-5), without the padding and without the repeated prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: The name under which the attention below is known to transformers.
ATTENTION = "josi_shared_prefix"
IGNORED = -100


def shared_prefix_length(rows: Sequence[dict[str, list[int]]]) -> int:
    """Return how many leading tokens all rows share, none of them a label.

    At least one token of each row is left outside, so that every row has something of its own.
    """
    shortest = min(len(row["input_ids"]) for row in rows)
    first = rows[0]
    length = 0
    while length < shortest - 1 and all(
        row["input_ids"][length] == first["input_ids"][length] and row["labels"][length] == IGNORED
        for row in rows
    ):
        length += 1
    return length


def pack(
    rows: Sequence[dict[str, Any]], *, share: bool = True, prefix: int | None = None,
    lower: Any = None,
) -> dict[str, Any]:  # fmt: skip
    """Lay rows out as one sequence behind their shared prefix.

    Parameters
    ----------
    rows : sequence of {"input_ids", "labels"}
        Token ids, and the same ids where the loss counts, -100 elsewhere; labels not shifted.
    share : bool
        Whether to share the prefix; off, every row stands whole (still without padding).
    prefix : int, optional
        How many leading tokens are shared, where the caller knows.
    lower : LowerLayers, optional
        Kept hidden states of frozen layers; rows then carry their number as ``"row"``.

    Returns
    -------
    dict
        ``input_ids`` and ``position_ids`` of shape (1, T); ``labels``, shape (1, n): the tokens to
        predict; ``predictors``, shape (n,): the positions that predict them; ``layout``: the
        prefix's length and the rows' lengths after it.
    """
    import torch

    if prefix is None:
        prefix = shared_prefix_length(rows) if share and len(rows) > 1 else 0
    ids = list(rows[0]["input_ids"][:prefix])
    positions = list(range(prefix))
    labels: list[int] = []
    predictors: list[int] = []
    lengths: list[int] = []
    for row in rows:
        start = len(ids)
        own = row["input_ids"][prefix:]
        ids += own
        positions += range(prefix, prefix + len(own))
        lengths.append(len(own))
        for offset, label in enumerate(row["labels"][prefix:]):
            if label == IGNORED:
                continue
            # The token before the row's own first one is the prefix's last.
            predictor = start + offset - 1 if offset else prefix - 1
            if predictor >= 0:  # a row's very first token has no predictor; nobody scores it
                labels.append(label)
                predictors.append(predictor)
    kept = {}
    if lower is not None:
        hidden = lower.batch([row["row"] for row in rows], prefix)
        kept = {"hidden": hidden, "first_layer": lower.count}
    return {
        **kept,
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([positions]),
        "labels": torch.tensor([labels]),
        "shift_labels": torch.tensor([labels]),  # tells the Trainer not to shift when it counts
        "predictors": torch.tensor(predictors),
        "layout": [prefix, *lengths],
    }


def _attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float) -> Any:
    """Causal attention where the queries are the last of the keys (grouped heads allowed)."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    queries, keys = query.shape[-2], key.shape[-2]
    mask = None
    if queries != keys:
        mask = torch.ones(queries, keys, dtype=torch.bool, device=query.device)
        mask = mask.tril(diagonal=keys - queries)
    return scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        is_causal=mask is None,
        scale=scale,
        enable_gqa=query.shape[1] != key.shape[1],
    )


def shared_prefix_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    layout: list[int] | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of transformers' interface; with ``layout`` each row sees the prefix and itself.

    Shapes are (1, heads, T, head size) in, (1, T, heads, head size) out. Without ``layout``
    (generation, plain batches) it is the ordinary SDPA attention.
    """
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    if layout is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    # One split for all rows: its backward is one concatenation, where slices would each write a
    # gradient of the whole sequence's size.
    queries = query.split(layout, dim=2)
    keys, values = key.split(layout, dim=2), value.split(layout, dim=2)
    pieces = []
    for index, own in enumerate(queries):
        if own.shape[2] == 0:
            continue
        shared = index > 0 and layout[0] > 0
        all_keys = torch.cat((keys[0], keys[index]), dim=2) if shared else keys[index]
        all_values = torch.cat((values[0], values[index]), dim=2) if shared else values[index]
        pieces.append(_attend(own, all_keys, all_values, scale))
    return torch.cat(pieces, dim=2).transpose(1, 2).contiguous(), None


def register_attention() -> str:
    """Make the attention known to transformers and return its name; safe to call again."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(ATTENTION, shared_prefix_attention)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    return ATTENTION


def packed_loss(model: torch.nn.Module, batch: dict[str, Any]) -> tuple[torch.Tensor, int]:
    """Return the summed cross-entropy (nats) over the batch's labels, and their number.

    A model that :func:`josi_utils.fused_model.fuse` prepared computes the loss itself; for any
    other, logits are computed where a label is, not for all T positions times 49,152 words.
    """
    import torch

    from josi_utils.fused_model import is_fused

    labels = batch["labels"]
    place = {"position_ids": batch["position_ids"], "layout": batch["layout"]}
    if is_fused(model):
        found = {k: batch[k] for k in ("input_ids", "hidden", "first_layer") if k in batch}
        output = model(**found, **place, predictors=batch["predictors"], labels=labels)
        return output.loss, labels.shape[1]
    # A mask of four dimensions is passed on untouched; the layout says who sees whom.
    untouched = torch.zeros(1, 1, 1, 1, device=batch["input_ids"].device)
    output = model(
        input_ids=batch["input_ids"], **place, attention_mask=untouched,
        logits_to_keep=batch["predictors"], use_cache=False,
    )  # fmt: skip
    # Not ``cross_entropy``: its float32 log-softmax over 49,152 words is off by 4e-6 on a CPU, and
    # the gradients with it by 1e-4.
    logits = output.logits[0]
    logits = logits.float() if logits.dtype != torch.float64 else logits
    loss = (logits.logsumexp(-1) - logits.gather(-1, labels[0][:, None])[:, 0]).sum()
    return loss, labels.shape[1]
