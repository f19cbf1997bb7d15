"""A llama decoder layer with LoRA as two autograd nodes around the attention, forward and backward.

Autograd on separate modules keeps a tensor for nearly every operation and walks the memory once
for each: scaling and adding the LoRA branch, the norm's square, the product in SwiGLU, the sum of
three gradients into one input. On a CPU that is more than half of a training step. Here both
directions are written out: low-rank products are accumulated by ``addmm`` into the frozen layer's
result, what is cheap to compute again (norm, SwiGLU) is not kept, and buffers are used in place.
The arithmetic is the module's own up to the order of sums (tests hold it to 1e-5 of TRL's). The
idea is that of Unsloth's and Liger's kernels; this is plain PyTorch and runs on any device.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear, silu


class LoraLinear(NamedTuple):
    """A frozen weight (out, in) and, where it is tuned, A (rank, in), B (out, rank) and the scale."""

    weight: Tensor
    a: Tensor | None = None
    b: Tensor | None = None
    scale: float = 0.0


class LayerParts(NamedTuple):
    """What the nodes need of one decoder layer."""

    q: LoraLinear
    k: LoraLinear
    v: LoraLinear
    o: LoraLinear
    gate: LoraLinear
    up: LoraLinear
    down: LoraLinear
    norm_attention: Tensor
    norm_mlp: Tensor
    eps: float
    head_size: int


def _wide(x: Tensor) -> Tensor:
    """At least float32, as llama's norm computes; float64 stays."""
    return x if x.dtype == torch.float64 else x.float()


def normalise(hidden: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Return llama's RMSNorm of ``hidden``, shape (T, D), and the reciprocal root, shape (T, 1).

    Mean of squares in float32, as transformers has it.
    """
    wide = _wide(hidden)
    root = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
    root = root.square_().div_(hidden.shape[-1]).add_(eps).rsqrt_()
    return (wide * root).to(hidden.dtype).mul_(weight), root


def normalise_backward(gradient: Tensor, hidden: Tensor, root: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient of ``hidden``; ``gradient`` is used up."""
    wide = _wide(gradient.mul_(weight))
    unit = _wide(hidden) * root
    mean = (wide * unit).sum(-1, keepdim=True).div_(hidden.shape[-1])
    return wide.addcmul_(unit, mean, value=-1).mul_(root).to(hidden.dtype)


def project(x: Tensor, parts: list[LoraLinear]) -> tuple[list[Tensor], Tensor | None]:
    """Return what each linear layer makes of ``x``, and all low-rank activations (T, ranks).

    The layers share their input, so their A are stacked: the thin product is limited by reading
    ``x``, which is then read once.
    """
    results = [linear(x, part.weight) for part in parts]
    stacked = _stack_a(parts, x.dtype)
    if stacked is None:
        return results, None
    low = linear(x, stacked)
    for result, part, columns in zip(results, parts, _columns(parts), strict=True):
        if part.a is not None:
            result.addmm_(low[:, columns], part.b.to(x.dtype).t(), alpha=part.scale)
    return results, low


def project_backward(
    gradients: list[Tensor], x: Tensor, low: Tensor | None, parts: list[LoraLinear], wanted: bool
) -> tuple[Tensor | None, list[Tensor | None]]:
    """Return the gradient of ``x`` (if wanted), and of A and B of each part, in one list."""
    total: Tensor | None = None
    if wanted:
        for gradient, part in zip(gradients, parts, strict=True):
            total = gradient @ part.weight if total is None else total.addmm_(gradient, part.weight)
    stacked = _stack_a(parts, x.dtype)
    if stacked is None:
        return total, [None, None] * len(parts)
    back, found = torch.empty_like(low), []
    for gradient, part, columns in zip(gradients, parts, _columns(parts), strict=True):
        if part.a is None:
            found += [None, None]
            continue
        torch.mm(gradient, part.b.to(x.dtype), out=back[:, columns]).mul_(part.scale)
        # (low' gradient)' is twice as fast as gradient' low: the long side is read as it lies.
        d_b = (low[:, columns].t() @ gradient).t().mul_(part.scale)
        found += [columns, d_b.to(part.b.dtype)]
    d_a = back.t() @ x
    if wanted:
        total.addmm_(back, stacked)
    for index in range(0, len(found), 2):
        if found[index] is not None:
            found[index] = d_a[found[index]].to(parts[index // 2].a.dtype)
    return total, found


def _stack_a(parts: list[LoraLinear], dtype: torch.dtype) -> Tensor | None:
    """Return the A of all tuned parts, one above the other, shape (ranks, in)."""
    tuned = [part.a.to(dtype) for part in parts if part.a is not None]
    return torch.cat(tuned) if len(tuned) > 1 else next(iter(tuned), None)


def _columns(parts: list[LoraLinear]) -> list[slice]:
    """Return which columns of the stacked low-rank activations are whose."""
    ends, end = [], 0
    for part in parts:
        start, end = end, end + (0 if part.a is None else len(part.a))
        ends.append(slice(start, end))
    return ends


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Return rotary positions applied to ``x``, shape (T, heads, head size); cos, sin (T, 1, half).

    Called with ``-sin`` it is its own backward.
    """
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    result = torch.empty_like(x)
    torch.mul(first, cos, out=result[..., :half]).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=result[..., half:]).addcmul_(first, sin)
    return result


class NormProject(torch.autograd.Function):
    """RMSNorm, then q, k and v with their LoRA branches, then rotary positions."""

    @staticmethod
    def forward(
        ctx: Any, parts: LayerParts, cos: Tensor, sin: Tensor, hidden: Tensor, *lora: Tensor
    ):
        linears = [parts.q, parts.k, parts.v]
        x, root = normalise(hidden, parts.norm_attention, parts.eps)
        (q, k, v), low = project(x, linears)
        heads = lambda t: t.view(len(t), -1, parts.head_size)  # noqa: E731
        ctx.parts = parts
        ctx.save_for_backward(hidden, root, cos, sin, low)
        return rotate(heads(q), cos, sin), rotate(heads(k), cos, sin), heads(v)

    @staticmethod
    def backward(ctx: Any, q: Tensor, k: Tensor, v: Tensor):
        hidden, root, cos, sin, low = ctx.saved_tensors
        parts: LayerParts = ctx.parts
        linears = [parts.q, parts.k, parts.v]
        flat = lambda t: t.reshape(len(t), -1)  # noqa: E731
        gradients = [flat(rotate(q, cos, -sin)), flat(rotate(k, cos, -sin)), flat(v)]
        x = (_wide(hidden) * root).to(hidden.dtype).mul_(parts.norm_attention)
        wanted = ctx.needs_input_grad[3]
        total, found = project_backward(gradients, x, low, linears, wanted)
        if wanted:
            total = normalise_backward(total, hidden, root, parts.norm_attention)
        return None, None, None, total, *found


class ProjectMlp(torch.autograd.Function):
    """The attention's output projection, residual, RMSNorm, SwiGLU MLP, residual."""

    @staticmethod
    def forward(ctx: Any, parts: LayerParts, hidden: Tensor, attended: Tensor, *lora: Tensor):
        (middle,), low_o = project(attended, [parts.o])
        middle.add_(hidden)
        x, root = normalise(middle, parts.norm_mlp, parts.eps)
        (gate, up), low = project(x, [parts.gate, parts.up])
        (result,), low_down = project(silu(gate).mul_(up), [parts.down])
        ctx.parts = parts
        ctx.save_for_backward(attended, middle, root, gate, up, low_o, low, low_down)
        return result.add_(middle)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor):
        attended, middle, root, gate, up, low_o, low, low_down = ctx.saved_tensors
        parts: LayerParts = ctx.parts
        active = silu(gate)
        inner, down = project_backward([gradient], active * up, low_down, [parts.down], True)
        d_up = active.mul_(inner)
        d_gate = torch.ops.aten.silu_backward(inner.mul_(up), gate)
        x = (_wide(middle) * root).to(middle.dtype).mul_(parts.norm_mlp)
        total, lora = project_backward([d_gate, d_up], x, low, [parts.gate, parts.up], True)
        d_middle = normalise_backward(total, middle, root, parts.norm_mlp).add_(gradient)
        d_attended, out = project_backward([d_middle], attended, low_o, [parts.o], True)
        return None, d_middle, d_attended, *out, *lora, *down


def lora_tensors(*parts: LoraLinear) -> list[Tensor | None]:
    """Return A and B of each part in the order in which the nodes give their gradients."""
    return [tensor for part in parts for tensor in (part.a, part.b)]
