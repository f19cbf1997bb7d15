"""The header reader meets broken and hostile files: one clear error, at once, no memory."""

import struct
import tempfile
import time
import tracemalloc
from pathlib import Path

import gguf
import pytest
from fuzz_gguf import small_file
from gguf_models import tiny_gguf
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.gguf_header import MAX_ARRAY_ELEMENTS, read_header
from josi_utils.gguf_inspect import inspect_gguf


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A valid file of a few hundred bytes with every kind of value."""
    path = tmp_path_factory.mktemp("header") / "small.gguf"
    small_file(path)
    return path


def read_bytes(path, data):
    path.write_bytes(data)
    return read_header(path)


def test_reads_what_the_writer_wrote(small):
    header = read_header(small)
    assert header.metadata["a.text"] == "grüße" and header.metadata["a.bool"] is True
    assert header.metadata["a.list"] == ["x", "yy", ""] and header.metadata["a.numbers"] == [
        1,
        2,
        3,
    ]
    assert [(t.name, t.shape, t.type) for t in header.tensors] == [
        ("w.weight", (32, 2), "F32"),
        ("v", (8,), "F16"),
    ]
    assert header.trailing_bytes == 0


def test_agrees_with_the_reader_of_the_gguf_package():
    header, reader = read_header(tiny_gguf()), gguf.GGUFReader(tiny_gguf())
    theirs = {k: f.contents() for k, f in reader.fields.items() if not k.startswith("GGUF.")}
    assert header.metadata == theirs
    for ours, other in zip(header.tensors, reader.tensors, strict=True):
        assert (ours.name, ours.shape) == (other.name, tuple(other.shape.tolist()))
        assert header.data_offset + ours.offset == other.data_offset
        assert ours.nbytes == other.n_bytes


def test_inspection_counts_types_and_bits():
    report = inspect_gguf(tiny_gguf())
    assert set(report["types"]) == {"F16", "F32"}
    assert sum(report["types"].values()) == report["tensors"] == 20
    assert 16 < report["bits_per_weight"] < 16.1
    assert report["keys"]["tokenizer.ggml.tokens"] == {"array": 49_152}


def replaced(data, offset, code, value):
    raw = struct.pack(f"<{code}", value)
    return data[:offset] + raw + data[offset + len(raw) :]


HOSTILE = {
    "empty": (lambda d: b"", "no GGUF"),
    "short": (lambda d: d[:20], "no GGUF"),
    "wrong magic": (lambda d: b"PK\3\4" + d[4:], "not a GGUF"),
    "old ggml": (lambda d: b"tjgg" + d[4:], "old ggml"),
    "version 1": (lambda d: replaced(d, 4, "I", 1), "version 1"),
    "version 99": (lambda d: replaced(d, 4, "I", 99), "version 99"),
    "big-endian": (lambda d: d[:4] + struct.pack(">I", 3) + d[8:], "big-endian"),
    "giant tensor count": (lambda d: replaced(d, 8, "Q", 2**62), "claims"),
    "more tensors than bytes": (lambda d: replaced(d, 8, "Q", 10_000), "broken|cut off"),
    "giant key count": (lambda d: replaced(d, 16, "Q", 2**63), "claims"),
    "giant key length": (lambda d: replaced(d, 24, "Q", 2**40), "claims"),
    "key longer than the file": (lambda d: replaced(d, 24, "Q", 1 << 19), "cut off"),
    "cut in the header": (lambda d: d[:150], "cut off"),
    "cut in the data": (lambda d: d[:-64], "cut off"),
    "name that is not UTF-8": (lambda d: d.replace(b"a.number", b"\xff\xfe.number"[:8]), "UTF-8"),
    "key twice": (lambda d: d.replace(b"a.text", b"a.list"), "twice"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_file_is_one_clear_error(name, small, tmp_path):
    spoil, message = HOSTILE[name]
    started = time.monotonic()
    with pytest.raises(JosiError, match=message) as error:
        read_bytes(tmp_path / "x.gguf", spoil(small.read_bytes()))
    assert time.monotonic() - started < 1 and "\n" not in str(error.value)


def make_array(kind, count, payload=b""):
    """A file with one key: an array that claims ``count`` elements of type ``kind``."""
    key = struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, kind, count)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + key + payload


@pytest.mark.parametrize("kind", [0, 4, 8, 9, 10, 12, 13, 2**32 - 1])
@pytest.mark.parametrize("count", [2**20, 2**32, 2**63, 2**64 - 1])
def test_giant_array_costs_no_memory(kind, count, tmp_path):
    (tmp_path / "x.gguf").write_bytes(make_array(kind, count, b"\0" * 4096))
    tracemalloc.start()
    try:
        with pytest.raises(JosiError):
            read_header(tmp_path / "x.gguf")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_giant_sparse_file_full_of_empty_strings_ends_in_a_second(tmp_path):
    """A hole reads as zeros, that is as endless empty strings: cheap to make, dear to believe."""
    path = tmp_path / "x.gguf"
    for kind, count in ((8, MAX_ARRAY_ELEMENTS), (8, 2**31), (0, 2**33), (10, 2**31)):
        path.write_bytes(make_array(kind, count))
        with open(path, "r+b") as stream:
            stream.truncate(40 << 30)
        started = time.monotonic()
        if count == MAX_ARRAY_ELEMENTS:
            assert len(read_header(path).metadata["k"]) == count
        else:
            with pytest.raises(JosiError):
                read_header(path)
        assert time.monotonic() - started < 1


def test_many_keys_in_a_sparse_file_end_in_a_second(tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 16_000, 4_000))
    with open(path, "r+b") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(JosiError):
        read_header(path)


@settings(max_examples=400, deadline=1000)
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 500),
            st.sampled_from([b"\0", b"\xff", b"\xff" * 8, b"\0" * 8, b"\x7f", b"\x08", b"\x09"])
            | st.binary(min_size=1, max_size=8),
        ),
        max_size=6,
    ),
    cut=st.integers(0, 1000) | st.none(),
)
def test_any_damage_is_an_error_or_a_header(edits, cut, small, tmp_path_factory):
    data = bytearray(small.read_bytes())
    for offset, raw in edits:
        data[offset : offset + len(raw)] = raw
    path = tmp_path_factory.getbasetemp() / "fuzz.gguf"
    try:
        header = read_bytes(path, bytes(data[:cut]))
    except JosiError as error:
        assert "\n" not in str(error)
    else:
        ends = [header.data_offset + t.offset + t.nbytes for t in header.tensors]
        assert max(ends, default=0) <= header.size


@settings(max_examples=200, deadline=1000)
@given(st.binary(max_size=400))
def test_any_bytes_behind_the_magic_are_an_error_or_a_header(tail):
    with tempfile.TemporaryDirectory() as folder:
        try:
            read_bytes(Path(folder) / "x.gguf", b"GGUF\3\0\0\0" + tail)
        except JosiError as error:
            assert "\n" not in str(error)
