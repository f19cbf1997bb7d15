"""The importance matrix is the mean squared input a column, of every matrix, and it helps."""

import numpy as np
import pytest
from gguf_models import tensors, tiny_folder, tiny_gguf

from josi_utils.errors import JosiError
from josi_utils.files import write_jsonl
from josi_utils.gguf_header import read_header
from josi_utils.gguf_quantise import quantise
from josi_utils.imatrix import (
    column_importance,
    compute_imatrix,
    shared_start,
    training_chats,
    unevenness,
)
from josi_utils.persona import SYSTEM_PROMPT

CHAT = [
    {"role": "system", "content": SYSTEM_PROMPT},
    {"role": "user", "content": "Is 5 km in 30 minutes good? " * 12},
    {"role": "assistant", "content": "It is. How did it feel?"},
]


@pytest.fixture(scope="module")
def matrix():
    return compute_imatrix(tiny_folder(), [CHAT] * 5)


def test_every_matrix_has_one_value_a_column(matrix):
    wanted = {i.name: i.shape[0] for i in read_header(tiny_gguf()).tensors if len(i.shape) > 1}
    assert {name: len(row) for name, row in matrix.items()} == wanted
    assert all(np.isfinite(row).all() and (row >= 0).all() for row in matrix.values())


@pytest.mark.parametrize("rows", [[[1, 5, 9, 300], [1, 77]], [[4, 5], [6, 7, 8]], [[9, 9, 9]] * 2])
def test_it_is_the_mean_of_squares_over_all_tokens(rows):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_folder()).eval()
    seen = []
    hook = model.model.layers[1].mlp.down_proj.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0][0].detach().numpy())
    )
    for row in rows:  # each read whole, by itself
        model(input_ids=torch.tensor([row]))
    hook.remove()
    found = column_importance(model, rows)
    inputs = np.concatenate(seen)
    assert inputs.shape == (sum(map(len, rows)), 256)
    assert np.allclose(found["blk.1.ffn_down.weight"], (inputs**2).mean(0), rtol=1e-4)
    # q, k and v read the same vector; no hook is left behind.
    assert np.array_equal(found["blk.0.attn_q.weight"], found["blk.0.attn_v.weight"])
    assert not model.model.layers[0].mlp.up_proj._forward_pre_hooks
    assert torch.is_grad_enabled()


def test_what_all_rows_begin_with_leaves_each_a_token_of_its_own():
    assert shared_start([[1, 2, 3], [1, 2, 4, 5]]) == 2
    assert shared_start([[1, 2, 3], [1, 2, 3, 4]]) == 2
    assert shared_start([[1, 2, 3]]) == 2
    assert shared_start([[1, 2], [3, 4]]) == 0
    assert shared_start([[1], [1, 2]]) == 0


def test_unevenness_is_told_by_kind_over_the_layers():
    flat, peak = np.ones(4, np.float32), np.array([1, 1, 1, 9], np.float32)
    rows = unevenness(
        {"blk.0.ffn_up.weight": flat, "blk.1.ffn_up.weight": peak, "token_embd.weight": peak}
    )
    assert rows == [
        {"matrix": "ffn_up", "layers": 2, "columns": 4, "largest over median": 5.0},
        {"matrix": "token_embd", "layers": 1, "columns": 4, "largest over median": 9.0},
    ]


def test_training_chats_are_spread_over_the_file(tmp_path):
    path = tmp_path / "train.jsonl"
    write_jsonl(path, [{"id": str(i), "messages": [{"content": str(i)}]} for i in range(11)])
    assert [chat[0]["content"] for chat in training_chats(path, 3)] == ["0", "5", "10"]
    assert len(training_chats(path, 99)) == 11
    write_jsonl(path, [{"id": "a"}])
    with pytest.raises(JosiError, match="no messages"):
        training_chats(path, 1)


def test_rounding_with_it_costs_less_where_the_inputs_are_large(matrix, tmp_path):
    import gguf

    name = "blk.1.ffn_down.weight"
    weights = np.geomspace(1e-3, 1e3, 256).astype(np.float32)
    exact = tensors(tiny_gguf())[name][1].view(np.float16).reshape(-1, 256).astype(np.float32)
    costs = []
    for imatrix in (None, {**matrix, name: weights}):
        quantise(tiny_gguf(), tmp_path / "q.gguf", "q4_k_m", imatrix=imatrix)
        kind, raw = tensors(tmp_path / "q.gguf")[name]
        rounded = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType[kind]).reshape(-1, 256)
        costs.append(((rounded - exact) ** 2 * weights).sum())
    assert costs[1] < 0.97 * costs[0]


def test_too_few_tokens_are_refused():
    with pytest.raises(JosiError, match="give more chats"):
        compute_imatrix(tiny_folder(), [CHAT])
