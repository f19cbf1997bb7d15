"""A size budget picks the best measured file that fits, and 210 MB is possible for the 360M."""

import pytest
from gguf_models import scratch, tiny_gguf

from josi_utils.errors import JosiError
from josi_utils.files import sha256_file
from josi_utils.gguf_budget import CANDIDATES, Candidate, kl_from, quantise_to_budget
from josi_utils.gguf_inspect import require_josi_gguf

ROWS = [{"ids": [1, 9531, 198, 2427, 33, 34, 2], "places": [2, 3, 4, 5]}]


def test_picks_the_least_badness_of_those_that_fit(tmp_path):
    wide, narrow = Candidate("q8_0"), Candidate("q4_0", "q4_0")
    middle = Candidate("q4_0", "q5_0")
    asked = []

    def measure(path):
        asked.append(path.stat().st_size)
        return path.stat().st_size  # the smaller the better: not what a default would take

    report = quantise_to_budget(
        tiny_gguf(), tmp_path / "o.gguf", 4.5, measure=measure, candidates=[wide, middle, narrow]
    )
    assert report["chosen"] == narrow.name and len(asked) == 2
    assert [row["fits"] for row in report["table"]] == [False, True, True]
    assert report["sha256"] == sha256_file(tmp_path / "o.gguf")
    assert [path.name for path in tmp_path.iterdir()] == ["o.gguf"]
    require_josi_gguf(tmp_path / "o.gguf")
    report = quantise_to_budget(
        tiny_gguf(), tmp_path / "o.gguf", 4.5, candidates=[wide, middle, narrow]
    )
    assert report["chosen"] == middle.name


def test_a_budget_too_small_names_the_smallest_and_writes_nothing(tmp_path):
    with pytest.raises(JosiError, match=r"the smallest is q4_0"):
        quantise_to_budget(
            tiny_gguf(), tmp_path / "o.gguf", 1, candidates=[Candidate("q4_0", "q4_0")]
        )
    assert list(tmp_path.iterdir()) == []


def test_kl_is_nothing_for_the_same_file_and_grows_as_bits_go(tmp_path):
    measure = kl_from(tiny_gguf(), ROWS)
    values = [measure(tiny_gguf())]
    for candidate in (Candidate("q8_0"), Candidate("q4_0", "q4_0")):
        quantise_to_budget(tiny_gguf(), tmp_path / "x.gguf", 99, candidates=[candidate])
        values.append(measure(tmp_path / "x.gguf"))
    assert values[0] < 1e-6 < values[1] < values[2]


@pytest.mark.slow
def test_the_360m_shape_fits_210_mb(tmp_path):
    """Random weights of the real shape: sizes do not depend on the values."""
    import gguf
    import numpy as np

    shape = {"hidden": 960, "ffn": 2560, "layers": 32, "kv": 320}
    source = scratch() / "360m.gguf"
    writer = gguf.GGUFWriter(source, "llama")
    reader = gguf.GGUFReader(tiny_gguf())
    for key, field in reader.fields.items():
        if key.startswith("tokenizer."):
            value, kinds = field.contents(), field.types
            if kinds[0] == gguf.GGUFValueType.ARRAY:
                writer.add_array(key, value)
            else:
                writer.add_key_value(key, value, kinds[0])
    writer.add_block_count(shape["layers"])
    writer.add_context_length(8192)
    writer.add_embedding_length(shape["hidden"])
    writer.add_feed_forward_length(shape["ffn"])
    writer.add_head_count(15)
    writer.add_head_count_kv(5)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(49_152)
    rng = np.random.default_rng(0)

    def add(name, *size):
        kind = np.float32 if len(size) == 1 else np.float16
        writer.add_tensor(name, rng.standard_normal(size, dtype=np.float32).astype(kind))

    add("token_embd.weight", 49_152, shape["hidden"])
    add("output_norm.weight", shape["hidden"])
    for layer in range(shape["layers"]):
        for name, *size in (
            ("attn_norm", shape["hidden"]),
            ("attn_q", shape["hidden"], shape["hidden"]),
            ("attn_k", shape["kv"], shape["hidden"]),
            ("attn_v", shape["kv"], shape["hidden"]),
            ("attn_output", shape["hidden"], shape["hidden"]),
            ("ffn_norm", shape["hidden"]),
            ("ffn_gate", shape["ffn"], shape["hidden"]),
            ("ffn_up", shape["ffn"], shape["hidden"]),
            ("ffn_down", shape["hidden"], shape["ffn"]),
        ):
            add(f"blk.{layer}.{name}.weight", *size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    report = quantise_to_budget(source, tmp_path / "o.gguf", 210, candidates=CANDIDATES)
    sizes = {row["name"]: row["size"] for row in report["table"]}
    assert sizes["q4_k_m"] == pytest.approx(270_590_880, rel=0.001)  # the published file's size
    assert report["size"] <= 210e6
    print(report["chosen"], sizes)
