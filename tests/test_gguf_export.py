"""The exporter: equal to llama.cpp's own converter, and it refuses what would not work."""

import ast
import json

import numpy as np
import pytest
from gguf import GGUFReader
from gguf_models import convert_officially, copy_of, tiny_folder
from llama_source import llama_source

from josi_utils import gguf_tensors
from josi_utils.basemodel import resolve
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file, write_json
from josi_utils.gguf_export import export_gguf
from josi_utils.gguf_inspect import inspect_gguf, require_josi_gguf
from josi_utils.gguf_metadata import josi_metadata
from josi_utils.gguf_vocabulary import CHECK_IDS_SHA256, CHECK_TEXT
from josi_utils.persona import CHAT_TEMPLATE, SAMPLING

#: The converter takes it from tokenizer_config.json, where the embedded base model has no entry.
OURS_ALONE = {"tokenizer.ggml.add_space_prefix"}

VARIANTS = {
    "tied, 9/3 heads": ({"name": "nine", "hidden": 72, "heads": 9, "kv_heads": 3}, "f16"),
    "untied": ({"name": "untied", "tied": False}, "f32"),
    "bfloat16 in shards": ({"name": "shards", "dtype": "bfloat16", "shards": True}, "bf16"),
    "float16, untied, equal heads": (
        {"name": "half", "dtype": "float16", "tied": False, "kv_heads": 4},
        "f16",
    ),
    "float32 to bfloat16": ({"name": "round"}, "bf16"),
}


def assert_same(ours, theirs):
    a, b = GGUFReader(ours), GGUFReader(theirs)
    keys_a = {key: (field.types, field.contents()) for key, field in a.fields.items()}
    keys_b = {key: (field.types, field.contents()) for key, field in b.fields.items()}
    for keys in (keys_a, keys_b):
        keys.pop("GGUF.kv_count")
    assert set(keys_a) - set(keys_b) == OURS_ALONE
    assert {key: keys_a[key] for key in keys_b} == keys_b
    assert [tensor.name for tensor in a.tensors] == [tensor.name for tensor in b.tensors]
    for x, y in zip(a.tensors, b.tensors, strict=True):
        assert (x.tensor_type, list(x.shape)) == (y.tensor_type, list(y.shape)), x.name
        assert np.array_equal(x.data.view(np.uint8), y.data.view(np.uint8)), x.name


def compare_variant(name, tmp_path, download):
    options, outtype = VARIANTS[name]
    llama = llama_source(download=download)
    folder = tiny_folder(**options)
    export_gguf(folder, tmp_path / "ours.gguf", outtype=outtype, metadata={})
    theirs = convert_officially(llama, folder, tmp_path / "theirs.gguf", outtype)
    assert_same(tmp_path / "ours.gguf", theirs)


def test_equals_the_official_converter(tmp_path):
    compare_variant("tied, 9/3 heads", tmp_path, download=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(VARIANTS))
def test_equals_the_official_converter_for_every_variant(name, tmp_path):
    compare_variant(name, tmp_path, download=True)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("outtype", ["f16", "bf16"])
def test_equals_the_official_converter_on_the_135m(outtype, tmp_path):
    llama = llama_source(download=True)
    folder, _ = resolve("135m-embedded")
    export_gguf(folder, tmp_path / "ours.gguf", outtype=outtype, metadata={})
    theirs = convert_officially(llama, folder, tmp_path / "theirs.gguf", outtype)
    assert_same(tmp_path / "ours.gguf", theirs)


def test_check_text_and_hash_are_the_converters():
    source = llama_source(download=False) / "conversion" / "base.py"
    text = source.read_text(encoding="utf-8")
    assert ast.literal_eval(text.split("chktxt = ", 1)[1].splitlines()[0]) == CHECK_TEXT
    known = text.split(f'if chkhsh == "{CHECK_IDS_SHA256}":', 1)[1].splitlines()[2]
    assert known.strip() == 'res = "smollm"'


def test_default_metadata_says_who_josi_is_and_how_to_sample(tmp_path):
    folder = copy_of(tiny_folder(), tmp_path)
    record = {
        "name": "135m",
        "repository": "Org/Some-Base",
        "revision": "abc",
        "licence": "apache-2.0",
    }
    write_json(folder / "base_model.json", record)
    export_gguf(folder, tmp_path / "a.gguf")
    keys = inspect_gguf(tmp_path / "a.gguf")["keys"]
    assert keys["general.name"] == "Josi" and keys["general.license"] == "apache-2.0"
    assert keys["general.base_model.0.organization"] == "Org"
    assert keys["general.base_model.0.name"] == "Some Base"
    assert keys["general.base_model.0.version"] == "abc"
    assert keys["general.sampling.temp"] == pytest.approx(SAMPLING.temperature)
    assert keys["general.sampling.top_k"] == SAMPLING.top_k
    assert keys["tokenizer.chat_template"] == CHAT_TEMPLATE
    require_josi_gguf(tmp_path / "a.gguf")


def test_metadata_can_be_named_and_an_unknown_field_is_refused(tmp_path):
    values = {**josi_metadata(tiny_folder()), "name": "Josi 135M"}
    export_gguf(tiny_folder(), tmp_path / "a.gguf", metadata=values)
    assert inspect_gguf(tmp_path / "a.gguf")["keys"]["general.name"] == "Josi 135M"
    with pytest.raises(JosiError, match="licence"):
        export_gguf(tiny_folder(), tmp_path / "b.gguf", metadata={"licence": "x"})
    assert not (tmp_path / "b.gguf").exists()


def test_same_input_gives_the_same_bytes_and_reports_them(tmp_path):
    lines = []
    report = export_gguf(tiny_folder(), tmp_path / "a.gguf", progress=lines.append)
    export_gguf(tiny_folder(), tmp_path / "b.gguf")
    assert report["sha256"] == sha256_file(tmp_path / "b.gguf") == sha256_file(tmp_path / "a.gguf")
    assert report["size"] == (tmp_path / "a.gguf").stat().st_size and lines


def test_pieces_do_not_change_the_result(tmp_path, monkeypatch):
    export_gguf(tiny_folder(), tmp_path / "a.gguf")
    monkeypatch.setattr(gguf_tensors, "_PIECE_BYTES", 1000)
    export_gguf(tiny_folder(), tmp_path / "b.gguf")
    assert sha256_file(tmp_path / "a.gguf") == sha256_file(tmp_path / "b.gguf")


def spoil_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def spoil_weight(folder, name, value):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors[name].view(-1)[5] = value
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def add_head(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"] + 1
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def drop_tensor(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def cut_shard(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def split_text_otherwise(folder):
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["pre_tokenizer"]["pretokenizers"][1]["use_regex"] = False
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


Q = "model.layers.0.self_attn.q_proj.weight"
SPOILED = {
    "another architecture": (lambda f: spoil_config(f, model_type="gpt2"), "gpt2"),
    "RoPE that is not written": (
        lambda f: spoil_config(f, rope_parameters={"rope_type": "yarn", "rope_theta": 1e4}),
        "yarn",
    ),
    "another vocabulary size": (lambda f: spoil_config(f, vocab_size=49_153), "embed_tokens"),
    "not a number": (lambda f: spoil_weight(f, Q, float("nan")), "not finite"),
    "overflow of float16": (lambda f: spoil_weight(f, Q, 1e5), "not finite"),
    "tied, yet another head": (add_head, "ties the embeddings"),
    "a tensor missing": (drop_tensor, "blk.1.ffn_up.weight"),
    "a shard cut off": (cut_shard, "cut off"),
    "a broken shard": (
        lambda f: (f / "model.safetensors").write_bytes(b"\xff" * 64),
        "safetensors",
    ),
    "no shard": (lambda f: (f / "model.safetensors").unlink(), "no such file"),
    "another pre-tokenizer": (split_text_otherwise, "does not split text"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "no such file"),
    "no template": (lambda f: (f / "chat_template.jinja").unlink(), "chat template"),
}


@pytest.mark.parametrize("name", list(SPOILED))
def test_refuses_in_one_line_and_leaves_nothing_behind(name, tmp_path):
    spoil, message = SPOILED[name]
    folder = copy_of(tiny_folder(), tmp_path)
    spoil(folder)
    room = tmp_path / "room"
    with pytest.raises(JosiError, match=message) as error:
        export_gguf(folder, room / "out.gguf")
    assert "\n" not in str(error.value)
    assert not room.exists() or not list(room.iterdir())


def test_overflow_of_float16_is_no_obstacle_to_bfloat16(tmp_path):
    folder = copy_of(tiny_folder(), tmp_path)
    spoil_weight(folder, Q, 1e5)
    export_gguf(folder, tmp_path / "a.gguf", outtype="bf16")
    with pytest.raises(JosiError, match="outtype 'q4'"):
        export_gguf(folder, tmp_path / "b.gguf", outtype="q4")


def test_an_older_file_stands_when_export_fails(tmp_path):
    folder = copy_of(tiny_folder(), tmp_path)
    (tmp_path / "out.gguf").write_text("old")
    cut_shard(folder)
    with pytest.raises(JosiError):
        export_gguf(folder, tmp_path / "out.gguf")
    assert (tmp_path / "out.gguf").read_text() == "old"
