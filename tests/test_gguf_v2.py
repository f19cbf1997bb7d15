"""The version 2 copy: four bytes changed, the original untouched, everything else refused."""

import struct

import pytest
from gguf_models import copy_of, tiny_gguf

from josi_utils.errors import JosiError
from josi_utils.files import sha256_file
from josi_utils.gguf_header import read_header
from josi_utils.gguf_inspect import require_josi_gguf
from josi_utils.gguf_v2 import patch_gguf_v2
from josi_utils.llama_probe import greedy, token_ids
from josi_utils.llama_runtime import open_model


def test_only_the_version_changes_and_the_source_stands(tmp_path):
    source = copy_of(tiny_gguf(), tmp_path)
    before = sha256_file(source)
    report = patch_gguf_v2(source, tmp_path / "v2.gguf")
    a, b = source.read_bytes(), (tmp_path / "v2.gguf").read_bytes()
    assert a[:4] + struct.pack("<I", 2) + a[8:] == b and sha256_file(source) == before
    assert read_header(tmp_path / "v2.gguf").version == 2
    assert (
        report["sha256"] == sha256_file(tmp_path / "v2.gguf") != report["source_sha256"] == before
    )
    assert any("pre-tokenizer" in line for line in report["warnings"])
    require_josi_gguf(tmp_path / "v2.gguf")


def test_llama_cpp_reads_the_copy_as_the_same_model(tmp_path):
    patch_gguf_v2(tiny_gguf(), tmp_path / "v2.gguf")
    drawn = []
    for path in (tiny_gguf(), tmp_path / "v2.gguf"):
        with open_model(path, n_ctx=128) as model:
            drawn.append(greedy(model, token_ids(model, "<|im_start|>user\nHi 42"), 8))
    assert drawn[0] == drawn[1]


def test_refuses_to_write_in_place_also_through_a_link(tmp_path):
    source = copy_of(tiny_gguf(), tmp_path)
    (tmp_path / "link.gguf").symlink_to(source)
    (tmp_path / "hard.gguf").hardlink_to(source)
    before = sha256_file(source)
    for target in (source, tmp_path / "link.gguf", tmp_path / "hard.gguf"):
        with pytest.raises(JosiError, match="source itself"):
            patch_gguf_v2(source, target)
    assert sha256_file(source) == before


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"GGUF" + struct.pack("<I", 2), "already"),
        (b"GGUF" + struct.pack("<I", 1), "version 1"),
        (b"GGUF" + struct.pack(">I", 3), "big-endian"),
        (b"ggml" + struct.pack("<I", 3), "not a GGUF"),
    ],
)
def test_refuses_what_it_cannot_patch_and_writes_nothing(head, message, tmp_path):
    source = copy_of(tiny_gguf(), tmp_path)
    source.write_bytes(head + source.read_bytes()[8:])
    with pytest.raises(JosiError, match=message):
        patch_gguf_v2(source, tmp_path / "out" / "v2.gguf")
    assert not (tmp_path / "out").exists()
