"""The gate for shipped files refuses every way in which a GGUF could speak another format."""

import functools

import gguf
import pytest
from gguf.constants import Keys
from gguf_models import copy_of, tiny_gguf

from josi_utils.errors import JosiError
from josi_utils.gguf_header import read_header
from josi_utils.gguf_inspect import require_josi_gguf

reader_of = functools.cache(gguf.GGUFReader)


def rewrite(source, target, **changes):
    """Write ``source`` again with keys changed (None: left out); dots are double underscores."""
    changes = {key.replace("__", "."): value for key, value in changes.items()}
    reader = reader_of(source)
    writer = gguf.GGUFWriter(target, changes.get("general.architecture", "llama"))
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == Keys.General.ARCHITECTURE:
            continue
        value = changes.get(key, field.contents())
        if value is None:
            continue
        kinds = field.types
        if kinds[0] == gguf.GGUFValueType.ARRAY:
            writer.add_array(key, value)
        else:
            writer.add_key_value(key, value, kinds[0])
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def test_accepts_a_whole_josi_and_an_unchanged_rewrite(tmp_path):
    assert require_josi_gguf(tiny_gguf()).metadata["tokenizer.ggml.pre"] == "smollm"
    require_josi_gguf(rewrite(tiny_gguf(), tmp_path / "same.gguf"))


SPOILED = {
    "no template": ({"tokenizer__chat_template": None}, "no chat template"),
    "another template": ({"tokenizer__chat_template": "{{ messages }}"}, "not Josi's"),
    "a BOS added": ({"tokenizer__ggml__add_bos_token": True}, "add_bos_token"),
    "BOS left to the reader": ({"tokenizer__ggml__add_bos_token": None}, "add_bos_token"),
    "another pre-tokenizer": ({"tokenizer__ggml__pre": "default"}, "'default'"),
    "another tokenizer": ({"tokenizer__ggml__model": "llama"}, "tokenizer model"),
    "another architecture": ({"general__architecture": "qwen2"}, "qwen2"),
    "another end": ({"tokenizer__ggml__eos_token_id": 0}, "eos_token_id is 0"),
    "fewer tokens": ({"tokenizer__ggml__tokens": ["a", "b"]}, "2 tokens"),
    "no tokens": ({"tokenizer__ggml__tokens": None}, "missing"),
    "other tokens": ({"tokenizer__ggml__tokens": [f"t{i}" for i in range(49_152)]}, "vocabulary"),
    "other merges": ({"tokenizer__ggml__merges": ["a b"]}, "vocabulary"),
}


@pytest.mark.parametrize("name", list(SPOILED))
def test_a_spoiled_file_is_refused_in_one_line(name, tmp_path):
    changes, message = SPOILED[name]
    path = rewrite(tiny_gguf(), tmp_path / "x.gguf", **changes)
    with pytest.raises(JosiError, match=message) as error:
        require_josi_gguf(path)
    assert "\n" not in str(error.value)


def test_refuses_bytes_behind_the_last_tensor(tmp_path):
    path = copy_of(tiny_gguf(), tmp_path)
    path.write_bytes(path.read_bytes() + b"\0" * 4096)
    assert read_header(path).trailing_bytes == 4096
    with pytest.raises(JosiError, match="4096 bytes behind"):
        require_josi_gguf(path)


def test_refuses_a_missing_file_by_name(tmp_path):
    with pytest.raises(JosiError, match="no such file"):
        require_josi_gguf(tmp_path / "none.gguf")
