"""Give a llama with LoRA the lean forward and backward for packed batches, and only for those.

:func:`fuse` changes how the model's layers compute, not what they are: parameters, their names,
saving, merging and generation stay PEFT's and transformers'. A batch with a ``layout`` (see
:mod:`josi_utils.shared_prefix`) takes the lean way; every other call is the model's own. A layer
that the lean way does not know (DoRA, dropout in training, biases, several adapters, autocast to
another dtype) computes as before, so switching it on is always safe.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from josi_utils.fused_attention import Frame
    from josi_utils.fused_layer import LayerParts, LoraLinear


def causal_model(model: torch.nn.Module) -> torch.nn.Module:
    """Return the ``LlamaForCausalLM`` inside PEFT's and the trainer's wrappers."""
    from transformers import LlamaForCausalLM

    return next(m for m in model.modules() if isinstance(m, LlamaForCausalLM))


def fuse(model: torch.nn.Module, *, neftune_noise_alpha: float = 0.0) -> torch.nn.Module:
    """Let the model take packed batches: ``model(..., layout=, predictors=, labels=)`` gives a loss.

    Parameters
    ----------
    model : torch.nn.Module
        A llama, with or without PEFT's wrapper. Changed in place, once.
    neftune_noise_alpha : float
        Noise on the embeddings in training; see :func:`add_noise`.

    Returns
    -------
    torch.nn.Module
        The same model.
    """
    causal = causal_model(model)
    causal._josi_noise = neftune_noise_alpha
    if getattr(causal, "_josi_fused", False):
        return model
    causal._josi_fused = True
    causal.forward = types.MethodType(_packed_forward(causal.forward), causal)
    for layer in causal.model.layers:
        layer.forward = types.MethodType(_layer_forward(layer.forward), layer)
    return model


def is_fused(model: torch.nn.Module) -> bool:
    """Tell whether :func:`fuse` prepared the model (or the one inside its wrappers)."""
    return getattr(causal_model(model), "_josi_fused", False)


def run_layers(
    body: Any, hidden: torch.Tensor, position_ids: torch.Tensor, layout: list[int], layers: range,
    predictors: torch.Tensor | None = None,
) -> torch.Tensor:  # fmt: skip
    """Return what some of the decoder's layers make of packed hidden states, shape (1, T, D).

    Where the last layer is among them and ``predictors`` are given, only those positions come out:
    what follows the last attention is needed where a label is predicted and nowhere else.
    """
    from josi_utils.fused_attention import frame

    positions = body.rotary_emb(hidden, position_ids=position_ids)
    batch = frame(layout, hidden.dtype, hidden.device)
    for index in layers:
        keep = predictors if index == len(body.layers) - 1 else None
        hidden = body.layers[index](
            hidden, attention_mask=None, position_ids=position_ids, use_cache=False,
            position_embeddings=positions, layout=layout, batch=batch, keep=keep,
        )  # fmt: skip
    return hidden


def _packed_forward(original: Any) -> Any:
    def forward(
        self: Any, *args: Any, layout: list[int] | None = None, predictors: Any = None,
        labels: Any = None, hidden: Any = None, first_layer: int = 0, **kwargs: Any,
    ) -> Any:  # fmt: skip
        if layout is None:
            if labels is not None:
                kwargs["labels"] = labels
            return original(*args, **kwargs)
        from transformers.modeling_outputs import CausalLMOutputWithPast

        from josi_utils.fused_loss import LinearCrossEntropy

        body = self.model
        if hidden is None:
            hidden = body.embed_tokens(kwargs["input_ids"])
            if self.training and self._josi_noise:
                hidden = add_noise(hidden, layout, self._josi_noise)
        layers = range(first_layer, len(body.layers))
        hidden = run_layers(body, hidden, kwargs["position_ids"], layout, layers, predictors)
        weight = self.get_output_embeddings().weight
        if hasattr(weight, "full_tensor"):  # FSDP2 shows sharded parameters so
            weight = weight.full_tensor()
        hidden = body.norm(hidden)[0].to(weight.dtype)
        return CausalLMOutputWithPast(loss=LinearCrossEntropy.apply(hidden, weight, labels[0]))

    return forward


def add_noise(hidden: torch.Tensor, layout: list[int], alpha: float) -> torch.Tensor:
    """Return embeddings with NEFTune's noise: uniform, ±alpha / sqrt(tokens of the row × D).

    The shared prefix is drawn once for all rows of the batch, at the scale of the mean row.
    Source: Jain et al., arXiv 2310.05914; transformers' own hook takes the length of the whole
    sequence, which here is a batch.
    """
    import torch

    lengths = torch.tensor(layout, dtype=torch.float32)
    whole = lengths + lengths[0]
    whole[0] = whole[1:].mean()
    scale = alpha / (whole * hidden.shape[-1]).sqrt()
    scale = scale.repeat_interleave(torch.tensor(layout)).to(hidden)
    return hidden + torch.empty_like(hidden).uniform_(-1, 1) * scale[None, :, None]


def _layer_forward(original: Any) -> Any:
    def forward(
        self: Any, hidden_states: torch.Tensor, *, layout: list[int] | None = None,
        batch: Frame | None = None, keep: torch.Tensor | None = None, **kwargs: Any,
    ) -> torch.Tensor:  # fmt: skip
        if layout is None:
            return original(hidden_states, **kwargs)
        parts = layer_parts(self, hidden_states)
        if parts is None:
            result = original(hidden_states, layout=layout, **kwargs)
            return result if keep is None else result[:, keep]
        positions = kwargs["position_embeddings"]
        return _lean_layer(self, parts, hidden_states, batch, keep, positions)

    return forward


def _lean_layer(
    layer: Any, parts: LayerParts, hidden: torch.Tensor, batch: Frame,
    keep: torch.Tensor | None, position_embeddings: tuple[torch.Tensor, torch.Tensor],
) -> torch.Tensor:  # fmt: skip
    import torch

    from josi_utils.fused_attention import packed_attention
    from josi_utils.fused_layer import NormProject, ProjectMlp, lora_tensors

    half = parts.head_size // 2
    cos, sin = (t[0, :, None, :half].contiguous() for t in position_embeddings)
    flat = hidden[0]
    with torch.autocast(hidden.device.type, enabled=False):
        q, k, v = NormProject.apply(parts, cos, sin, flat, *lora_tensors(parts.q, parts.k, parts.v))
        attended = packed_attention(q, k, v, batch, layer.self_attn.scaling).flatten(1)
        if keep is not None:
            flat, attended = flat.index_select(0, keep), attended.index_select(0, keep)
        result = ProjectMlp.apply(
            parts, flat, attended, *lora_tensors(parts.o, parts.gate, parts.up, parts.down)
        )
    return result[None]


def layer_parts(layer: Any, hidden: torch.Tensor) -> LayerParts | None:
    """Return the layer's weights and LoRA factors, or None where the lean way does not apply."""
    import torch

    from josi_utils.fused_layer import LayerParts

    attention, mlp, device = layer.self_attn, layer.mlp, hidden.device.type
    norms = layer.input_layernorm, layer.post_attention_layernorm
    linears = [attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj,
               mlp.gate_proj, mlp.up_proj, mlp.down_proj]  # fmt: skip
    parts = [_lora_linear(module) for module in linears]
    other = attention.config.hidden_act != "silu" or any(n.weight.requires_grad for n in norms)
    if other or any(part is None or part.weight.dtype != hidden.dtype for part in parts):
        return None
    if torch.is_autocast_enabled(device) and torch.get_autocast_dtype(device) != hidden.dtype:
        return None
    return LayerParts(
        *parts, *(norm.weight for norm in norms), norms[0].variance_epsilon, attention.head_dim
    )


def _lora_linear(module: Any) -> LoraLinear | None:
    """Return a linear layer's frozen weight and its one plain LoRA branch; None for all else."""
    import torch

    from josi_utils.fused_layer import LoraLinear

    base = getattr(module, "base_layer", module)
    if type(base) is not torch.nn.Linear or base.bias is not None or base.weight.requires_grad:
        return None
    if base is module or module.disable_adapters or module.merged:
        # PEFT unmerges when adapters are switched off while merged; that is its own work to do.
        return None if base is not module and module.merged else LoraLinear(base.weight)
    names = [name for name in module.active_adapters if name in module.lora_A]
    if len(names) != 1 or names[0] in module.lora_variant:
        return None
    (name,) = names
    dropout, b = module.lora_dropout[name], module.lora_B[name]
    dropping = not isinstance(dropout, torch.nn.Identity) and module.training and dropout.p > 0
    if dropping or b.bias is not None:
        return None
    return LoraLinear(base.weight, module.lora_A[name].weight, b.weight, module.scaling[name])
