"""Attention of packed rows: each row sees the shared prefix and itself.

On a CPU row by row, with PyTorch's own flash kernel called forward and backward, so that autograd
keeps no cut and joined copies of keys and values. On a GPU, where seventeen small kernels a layer
would cost more than the work in them, all rows at once in one padded batch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_flash_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


class Frame(NamedTuple):
    """What all layers' attention needs to know of a packed batch, made once a step.

    Attributes
    ----------
    layout : list of int
        Length of the prefix, then of each row after it.
    mask : Tensor
        What every row adds to its scores, 0 or -inf, shape (longest, prefix + longest): line i
        may see the prefix and tokens 0 to i. A row of n tokens takes the first n lines and the
        first prefix + n columns.
    places : Tensor
        Where each row's own tokens stand in a batch padded to the longest row, shape (tokens,).
    """

    layout: list[int]
    mask: Tensor
    places: Tensor


def frame(layout: list[int], dtype: torch.dtype, device: torch.device) -> Frame:
    """Return the frame of a layout."""
    prefix, lengths = layout[0], layout[1:]
    longest = max(lengths)
    mask = torch.full((longest, prefix + longest), float("-inf"), dtype=dtype, device=device)
    places = torch.cat([torch.arange(n) + i * longest for i, n in enumerate(lengths)])
    return Frame(layout, mask.triu_(prefix + 1), places.to(device))


def packed_attention(q: Tensor, k: Tensor, v: Tensor, batch: Frame, scale: float) -> Tensor:
    """Return the attention's result, shape (T, heads, size); k and v may have fewer heads."""
    if q.device.type == "cpu":
        return RowAttention.apply(q, k, v, batch.layout, batch.mask, scale)
    return padded_attention(q, k, v, batch, scale)


def padded_attention(q: Tensor, k: Tensor, v: Tensor, batch: Frame, scale: float) -> Tensor:
    """All rows in one batch, padded to the longest; what is padded stands behind the causal mask."""
    prefix, rows, longest = batch.layout[0], len(batch.layout) - 1, len(batch.mask)
    group = q.shape[1] // k.shape[1]
    if group > 1:  # the kernels that take a mask know no grouped heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)

    def padded(x: Tensor) -> Tensor:
        own = x.new_zeros(rows * longest, *x.shape[1:]).index_copy(0, batch.places, x[prefix:])
        return own.view(rows, longest, *x.shape[1:]).transpose(1, 2)

    def with_prefix(x: Tensor) -> Tensor:
        before = x[:prefix].transpose(0, 1).expand(rows, -1, -1, -1)
        return torch.cat((before, padded(x)), dim=2)

    own = scaled_dot_product_attention(
        padded(q), with_prefix(k), with_prefix(v), attn_mask=batch.mask, scale=scale
    )
    own = own.transpose(1, 2).flatten(0, 1).index_select(0, batch.places)
    if not prefix:
        return own
    first = scaled_dot_product_attention(
        *(_heads(x[:prefix]) for x in (q, k, v)), is_causal=True, scale=scale
    )
    return torch.cat((first[0].transpose(0, 1), own))


class RowAttention(torch.autograd.Function):
    """Row by row; keeps q, k, v, the result and one number a query and head."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, layout: list[int], mask: Tensor, scale: float
    ) -> Tensor:
        result, sums = torch.empty_like(q), []
        for part, keys, line in _rows(layout, mask):
            out, total = _flash(_heads(q[part]), _heads(_joined(k, keys)), _heads(_joined(v, keys)),
                                attn_mask=line, is_causal=line is None, scale=scale)  # fmt: skip
            result[part] = out[0].transpose(0, 1)
            sums.append(total)
        ctx.save_for_backward(q, k, v, result, mask, *sums)
        ctx.layout, ctx.scale = layout, scale
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        q, k, v, result, mask, *sums = ctx.saved_tensors
        d_q, d_k, d_v = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for (part, keys, line), total in zip(_rows(ctx.layout, mask), sums, strict=True):
            found = _flash_backward(
                _heads(gradient[part]), _heads(q[part]), _heads(_joined(k, keys)),
                _heads(_joined(v, keys)), _heads(result[part]), total, 0.0, line is None,
                attn_mask=line, scale=ctx.scale,
            )  # fmt: skip
            d_q[part] = found[0][0].transpose(0, 1)
            for whole, piece in ((d_k, found[1]), (d_v, found[2])):
                start = 0
                for place in keys:
                    length = place.stop - place.start
                    whole[place] += piece[0, :, start : start + length].transpose(0, 1)
                    start += length
        return d_q, d_k, d_v, None, None, None


def _rows(layout: list[int], mask: Tensor) -> list[tuple[slice, list[slice], Tensor | None]]:
    """Return (queries, keys, mask) of the prefix and of each row; None is plainly causal."""
    prefix, lengths = layout[0], layout[1:]
    before = slice(0, prefix)
    found: list[tuple[slice, list[slice], Tensor | None]] = []
    if prefix:
        found.append((before, [before], None))
    start = prefix
    for length in lengths:
        own = slice(start, start + length)
        if prefix:
            found.append((own, [before, own], mask[:length, : prefix + length]))
        else:
            found.append((own, [own], None))
        start += length
    return found


def _heads(x: Tensor) -> Tensor:
    """(tokens, heads, size) → (1, heads, tokens, size), without a copy."""
    return x.transpose(0, 1)[None]


def _joined(x: Tensor, places: list[slice]) -> Tensor:
    return x[places[0]] if len(places) == 1 else torch.cat([x[place] for place in places])
