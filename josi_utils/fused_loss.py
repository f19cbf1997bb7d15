"""Cross-entropy from the last hidden states, without ever holding all logits.

945 labels times 49,152 words are 186 MB a copy in float32, and autograd keeps several. The output
layer is frozen, so the gradient of the hidden states can be had chunk by chunk while the logits are
there (the way of Liger's fused linear cross-entropy, in plain PyTorch).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

#: Labels a chunk: 256 × 49,152 logits are 50 MB in float32; a GPU wants larger matrices.
CHUNK, CHUNK_GPU = 256, 2048


class LinearCrossEntropy(torch.autograd.Function):
    """Summed cross-entropy (nats) of ``hidden`` (n, D) against ``labels`` (n,); weight (V, D)."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        chunk = CHUNK if hidden.device.type == "cpu" else CHUNK_GPU
        for start in range(0, len(labels), chunk):
            part = slice(start, start + chunk)
            wanted = labels[part, None]
            logits = (hidden[part] @ weight.t()).float()
            normaliser = logits.logsumexp(-1, keepdim=True)
            total += (normaliser - logits.gather(-1, wanted)).sum()
            if gradient is not None:
                share = logits.sub_(normaliser).exp_()
                share.scatter_add_(-1, wanted, share.new_full(wanted.shape, -1.0))
                torch.mm(share.to(weight.dtype), weight, out=gradient[part])
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, scale: Tensor):
        (gradient,) = ctx.saved_tensors
        return gradient * scale.to(gradient.dtype), None, None
