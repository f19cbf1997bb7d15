"""The lean forward and backward compute what the modules compute, and step aside where they must."""

from __future__ import annotations

import pytest
import torch
from test_shared_prefix import gradients, lora
from tiny import random_rows, tiny_llama

from josi_utils import fused_attention, fused_layer, fused_model
from josi_utils.fused_loss import LinearCrossEntropy
from josi_utils.shared_prefix import pack, packed_loss

ROWS = random_rows(3, own=(2, 9)) + random_rows(2, own=(20, 40), seed=1)


def run(model, rows=ROWS):
    """Return the mean loss and every gradient of one packed batch."""
    model.train()
    total, count = packed_loss(model, pack(rows))
    (total / count).backward()
    return (total / count).item(), gradients(model)


def worst(found, expected):
    assert found.keys() == expected.keys()
    return max(
        ((found[k] - expected[k]).norm() / expected[k].norm().clamp(min=1e-12)).item()
        for k in found
    )


def lean_layers(monkeypatch):
    """Count the layers that take the lean way."""
    taken = []
    plain = fused_model._lean_layer
    monkeypatch.setattr(
        fused_model, "_lean_layer", lambda *a, **k: (taken.append(a[0]), plain(*a, **k))[1]
    )
    return taken


@pytest.mark.parametrize(
    ("options", "lean"),
    [
        ({}, 2),
        ({"use_rslora": True}, 2),
        ({"target_modules": ["q_proj", "up_proj"]}, 2),
        ({"layers_to_transform": [1], "target_modules": ["v_proj", "o_proj", "down_proj"]}, 2),
        ({"use_dora": True}, 0),
        ({"use_dora": True, "target_modules": ["q_proj"], "layers_to_transform": [0]}, 1),
    ],
)
def test_every_kind_of_lora_gives_the_modules_gradients(options, lean, monkeypatch):
    expected = run(lora(tiny_llama(), **options))
    taken = lean_layers(monkeypatch)
    found = run(lora(tiny_llama(), fused=True, **options))
    assert len(taken) == lean
    assert found[0] == pytest.approx(expected[0], rel=1e-6)
    assert worst(found[1], expected[1]) < 1e-5


def test_dropout_is_the_modules_own_work_in_training_alone(monkeypatch):
    taken = lean_layers(monkeypatch)
    model = lora(tiny_llama(), fused=True, lora_dropout=0.3)
    torch.manual_seed(3)
    first = run(model)
    assert not taken
    model.zero_grad()
    torch.manual_seed(4)
    assert run(model)[0] != pytest.approx(first[0], rel=1e-6)  # it did drop
    model.eval()
    with torch.no_grad():
        quiet = packed_loss(model, pack(ROWS))[0].item()
        assert len(taken) == 2
        plain = lora(tiny_llama(), lora_dropout=0.3).eval()
        assert packed_loss(plain, pack(ROWS))[0].item() == pytest.approx(quiet, rel=1e-6)


def test_adapters_switched_off_or_merged_are_honoured():
    plain, fused = lora(tiny_llama()).eval(), lora(tiny_llama(), fused=True).eval()
    batch = pack(ROWS)
    with torch.no_grad():
        tuned = packed_loss(fused, batch)[0].item()
        with plain.disable_adapter(), fused.disable_adapter():
            untuned = packed_loss(fused, batch)[0].item()
            assert packed_loss(plain, batch)[0].item() == pytest.approx(untuned, rel=1e-6)
        assert untuned != pytest.approx(tuned, rel=1e-5)
        fused.merge_adapter()
        assert packed_loss(fused, batch)[0].item() == pytest.approx(tuned, rel=1e-5)


def test_ordinary_calls_and_generation_are_untouched():
    plain, fused = lora(tiny_llama()).eval(), lora(tiny_llama(), fused=True).eval()
    ids = torch.tensor([[5, 9, 17, 30]])
    with torch.no_grad():
        assert torch.equal(plain(input_ids=ids).logits, fused(input_ids=ids).logits)
        a, b = (
            m.generate(input_ids=ids, max_new_tokens=8, do_sample=False) for m in (plain, fused)
        )
    assert torch.equal(a, b)


def test_bfloat16_gives_the_modules_gradients_to_its_precision():
    """Both against float32; the lean way may be no further from it than the modules."""
    exact = run(lora(tiny_llama()))[1]
    errors = {}
    for fused in (True, False):
        model = lora(tiny_llama(), fused=fused)
        for name, weight in model.named_parameters():
            if "lora_" not in name:  # as PEFT has it: a base in bfloat16, adapters in float32
                weight.data = weight.data.bfloat16()
        with torch.autocast("cpu", torch.bfloat16):
            errors[fused] = worst(run(model)[1], exact)
    assert errors[True] < 0.1 and errors[True] < 1.5 * errors[False]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], random_rows(2, prefix=1, own=(3, 4))])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_padded_attention_of_a_gpu_equals_row_by_row(rows, dtype):
    batch = pack(rows)
    layout, count = batch["layout"], batch["input_ids"].shape[1]
    torch.manual_seed(0)
    q = torch.randn(count, 6, 8, dtype=dtype, requires_grad=True)
    k, v = (torch.randn(count, 3, 8, dtype=dtype, requires_grad=True) for _ in range(2))
    frame = fused_attention.frame(layout, dtype, q.device)
    weight = torch.randn(count, 6, 8, dtype=dtype)
    results = []
    for attention in (fused_attention.packed_attention, fused_attention.padded_attention):
        result = attention(q, k, v, frame, 0.3)
        results.append([result, *torch.autograd.grad((result * weight).sum(), (q, k, v))])
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_backward_of_both_nodes_passes_gradcheck():
    """Finite differences in float64: no oracle but arithmetic."""
    torch.manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, dtype=torch.float64)  # noqa: E731
    tuned = lambda out, into: fused_layer.LoraLinear(  # noqa: E731
        draw(out, into), draw(2, into).requires_grad_(), draw(out, 2).requires_grad_(), 0.7
    )
    parts = fused_layer.LayerParts(
        tuned(8, 8), tuned(4, 8), fused_layer.LoraLinear(draw(4, 8)), tuned(8, 8),
        tuned(10, 8), tuned(10, 8), tuned(8, 10), draw(8), draw(8), 1e-5, 4,
    )  # fmt: skip
    hidden, attended = draw(5, 8).requires_grad_(), draw(5, 8).requires_grad_()
    angle = draw(5, 1, 2)
    first = fused_layer.lora_tensors(parts.q, parts.k, parts.v)
    second = fused_layer.lora_tensors(parts.o, parts.gate, parts.up, parts.down)
    torch.autograd.gradcheck(
        lambda h, *ab: fused_layer.NormProject.apply(parts, angle.cos(), angle.sin(), h, *ab),
        (hidden, *first),
    )
    torch.autograd.gradcheck(
        lambda h, a, *ab: fused_layer.ProjectMlp.apply(parts, h, a, *ab),
        (hidden, attended, *second),
    )


def test_the_loss_in_chunks_equals_cross_entropy(monkeypatch):
    from torch.nn.functional import cross_entropy

    monkeypatch.setattr("josi_utils.fused_loss.CHUNK", 4)
    torch.manual_seed(0)
    hidden, weight = torch.randn(11, 6, requires_grad=True), torch.randn(37, 6)
    labels = torch.randint(37, (11,))
    found = LinearCrossEntropy.apply(hidden, weight, labels)
    expected = cross_entropy(hidden @ weight.t(), labels, reduction="sum")
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    a, b = (torch.autograd.grad(3 * x, hidden)[0] for x in (found, expected))
    torch.testing.assert_close(a, b)


def test_neftune_is_drawn_at_each_rows_own_scale_and_in_training_alone():
    from josi_utils.fused_model import add_noise, fuse

    hidden, layout = torch.zeros(1, 4000, 48), [1000, 1000, 2000]
    noise = add_noise(hidden, layout, 5.0)[0]
    for part, length in (
        (slice(0, 1000), 2500),
        (slice(1000, 2000), 2000),
        (slice(2000, 4000), 3000),
    ):
        bound = 5.0 / (length * 48) ** 0.5
        assert 0.99 * bound < noise[part].abs().max() <= bound
        assert noise[part].mean().abs() < 0.02 * bound
    model, batch = fuse(lora(tiny_llama()), neftune_noise_alpha=5.0), pack(ROWS)
    quiet = packed_loss(lora(tiny_llama()), batch)[0].item()
    assert packed_loss(model.eval(), batch)[0].item() == pytest.approx(quiet, rel=1e-6)
    assert packed_loss(model.train(), batch)[0].item() != pytest.approx(quiet, rel=1e-6)
