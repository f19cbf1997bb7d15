"""Kept hidden states of frozen layers give what computing them each time gives."""

from __future__ import annotations

import pytest
import torch
from test_fused import worst
from test_shared_prefix import gradients, lora
from tiny import random_rows, tiny_llama

from josi_utils import frozen_layers
from josi_utils.frozen_layers import LowerLayers
from josi_utils.sft_trainer import LINEAR
from josi_utils.shared_prefix import pack, packed_loss

ROWS = [
    {**row, "row": number}
    for number, row in enumerate(random_rows(5, own=(2, 12)) + random_rows(2, own=(30, 40)))
]


def model():
    return lora(
        tiny_llama(), fused=True, target_modules=list(LINEAR), layers_to_transform=[1]
    ).train()


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("chosen", [[0, 1, 2, 6], [5], [4, 3], [6, 6]])
def test_loss_and_gradients_are_those_without_keeping(
    chosen, share, on_disk, tmp_path, monkeypatch
):
    if on_disk:
        monkeypatch.setattr(frozen_layers, "IN_MEMORY", 0)
    rows, found = [ROWS[i] for i in chosen], []
    lower = LowerLayers(model(), ROWS, 1, tmp_path, batch_size=3)
    assert list(tmp_path.iterdir()) == []  # a file without a name: nothing to clean up after a kill
    for kept in (lower, None):
        tuned = model()
        loss, count = packed_loss(tuned, pack(rows, share=share, lower=kept))
        (loss / count).backward()
        found.append((loss.item(), gradients(tuned)))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    assert worst(found[0][1], found[1][1]) < 1e-5


def test_the_lower_layers_are_not_run_again():
    tuned = model()
    lower = LowerLayers(tuned, ROWS, 1)
    body = tuned.base_model.model.model
    body.layers[0].forward = None  # would raise if called
    body.embed_tokens.forward = None
    with torch.no_grad():
        assert packed_loss(tuned, pack(ROWS, lower=lower))[0] > 0


def test_what_is_kept_is_one_prefix_and_each_rows_own_tokens():
    lower = LowerLayers(model(), ROWS, 1)
    own = sum(len(row["input_ids"]) - lower.prefix for row in ROWS)
    assert lower.prefix == 20 and lower.bytes == own * 48 * 4
