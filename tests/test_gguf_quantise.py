"""The quantiser: what llama.cpp does, read back from the file and named."""

import gguf
import numpy as np
import pytest
from gguf_models import copy_of, tensors, tiny_gguf, tiny_quantised

from josi_utils.errors import JosiError
from josi_utils.files import sha256_file
from josi_utils.gguf_header import read_header
from josi_utils.gguf_inspect import inspect_gguf, require_josi_gguf
from josi_utils.gguf_quantise import QUANT_TYPES, quantise


def test_reports_what_is_in_the_file(tmp_path):
    lines = []
    report = quantise(tiny_gguf(), tmp_path / "q.gguf", "q4_k_m", progress=lines.append)
    seen = inspect_gguf(tmp_path / "q.gguf")
    assert {key: report[key] for key in seen} == seen
    assert report["sha256"] == sha256_file(tmp_path / "q.gguf")
    assert report["by_tensor"] == {t.name: t.type for t in read_header(tmp_path / "q.gguf").tensors}
    # Rows of 64 divide by no K-quant's block of 256, rows of 256 (ffn_down) do.
    down = {name for name in report["by_tensor"] if "ffn_down" in name}
    assert down and not down & set(report["fallbacks"])
    assert {report["by_tensor"][name] for name in down} <= {"Q4_K", "Q6_K"}
    assert {"Q5_0"} <= set(report["fallbacks"].values())
    assert "fell back" in report["sentence"] and lines[-1] == report["sentence"]
    require_josi_gguf(tmp_path / "q.gguf")


def test_counts_the_fallbacks_that_llama_cpp_counts(tmp_path):
    report = quantise(tiny_gguf(), tmp_path / "q.gguf", "q4_k_m")
    # llama.cpp chooses the type of tied embeddings before it counts.
    counted = set(report["fallbacks"]) - {"token_embd.weight"}
    assert report["fallback_count"] == len(counted) > 0
    assert quantise(tiny_gguf(), tmp_path / "r.gguf", "q8_0")["fallbacks"] == {}


@pytest.mark.parametrize("quant", ["q8_0", "q4_0", "q5_1"])
def test_legacy_types_equal_the_gguf_packages_own_arithmetic(quant, tmp_path):
    quantise(tiny_gguf("f32"), tmp_path / "q.gguf", quant, pure=True)
    source, compared = tensors(tiny_gguf("f32")), 0
    for name, (kind, raw) in tensors(tmp_path / "q.gguf").items():
        if kind == quant.upper():
            rows = source[name][1].view(np.float32).reshape(-1, 64)
            expected = gguf.quants.quantize(rows, gguf.GGMLQuantizationType[kind])
            assert np.array_equal(raw, expected.ravel()), name
            compared += 1
    assert compared >= 14


def test_importance_changes_the_rounding_of_the_named_tensor_alone(tmp_path):
    name = "blk.0.ffn_down.weight"
    weights = np.linspace(0.01, 5, 256, dtype=np.float32)
    plain = quantise(tiny_gguf(), tmp_path / "a.gguf", "q4_k_m")
    weighed = quantise(tiny_gguf(), tmp_path / "b.gguf", "q4_k_m", imatrix={name: weights})
    assert plain["types"] == weighed["types"]
    a, b = tensors(tmp_path / "a.gguf"), tensors(tmp_path / "b.gguf")
    assert [n for n in a if not np.array_equal(a[n][1], b[n][1])] == [name]


def test_the_file_says_what_its_importance_matrix_is_of(tmp_path):
    matrix = {"blk.0.ffn_down.weight": np.ones(256, dtype=np.float32)}
    report = quantise(
        tiny_gguf(), tmp_path / "q.gguf", "q8_0", imatrix=matrix, imatrix_source="7 training chats"
    )
    keys = read_header(tmp_path / "q.gguf").metadata
    assert keys["quantize.imatrix.dataset"] == report["imatrix"] == "7 training chats"
    assert keys["quantize.imatrix.entries_count"] == 1
    assert keys["general.quantized_by"].startswith("josi ")
    assert "imatrix: 7 training chats" in report["sentence"]
    require_josi_gguf(tmp_path / "q.gguf")
    plain = quantise(tiny_gguf(), tmp_path / "p.gguf", "q8_0")
    assert plain["imatrix"] is None and "imatrix" not in plain["sentence"]
    assert not [key for key in read_header(tmp_path / "p.gguf").metadata if "imatrix" in key]


def test_types_can_be_chosen_a_tensor(tmp_path):
    report = quantise(
        tiny_gguf(),
        tmp_path / "q.gguf",
        "q4_0",
        embedding_type="q8_0",
        tensor_types=[(r"blk\.1\.attn_v", "f16")],
    )
    assert report["by_tensor"]["token_embd.weight"] == "Q8_0"
    assert report["by_tensor"]["blk.1.attn_v.weight"] == "F16"
    assert report["by_tensor"]["blk.0.attn_v.weight"] == "Q4_0"


@pytest.mark.parametrize("quant", sorted(QUANT_TYPES))
def test_every_named_type_works_and_names_its_own_file_type(quant, tmp_path):
    report = quantise(tiny_gguf(), tmp_path / "q.gguf", quant)
    assert report["keys"]["general.file_type"] == QUANT_TYPES[quant][0]
    # Only ffn_down has rows of 256 here, and the mixtures lift it to a wider type.
    assert report["bits_per_weight"] < 9 or quant in ("f16", "bf16")


def refused(message, tmp_path, *args, **options):
    with pytest.raises(JosiError, match=message) as error:
        quantise(*args, **options)
    assert "\n" not in str(error.value)
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_refuses_in_one_line_and_leaves_nothing_behind(tmp_path):
    out = tmp_path / "out.gguf"
    refused("q4_k_x", tmp_path, tiny_gguf(), out, "q4_k_x")
    refused("no such file", tmp_path, tmp_path / "none.gguf", out)
    refused("already quantised", tmp_path, tiny_quantised(), out)
    refused("Q9_9", tmp_path, tiny_gguf(), out, embedding_type="Q9_9")
    short = {"blk.0.ffn_down.weight": np.ones(7)}
    refused("7,", tmp_path, tiny_gguf(), out, imatrix=short)
    wrong = {"blk.0.ffn_down.weight": np.full(256, np.nan)}
    refused("not finite", tmp_path, tiny_gguf(), out, imatrix=wrong)
    cut = copy_of(tiny_gguf(), tmp_path)
    cut.write_bytes(cut.read_bytes()[:-5000])
    refused("cut off", tmp_path, cut, out)


def test_a_tensor_llama_cpp_misses_is_its_error_and_not_a_crash(tmp_path):
    path = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(path, "no-such-architecture")
    writer.add_tensor("w", np.zeros((4, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    refused("could not quantise", tmp_path, path, tmp_path / "out.gguf")
