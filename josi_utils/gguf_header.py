"""Read a GGUF's header without trusting it.

The format is that of ``ggml/include/gguf.h`` (versions 2 and 3, little-endian). A length or a
count from the file is believed only after it was held against the bytes that are really there, so
a broken or hostile file costs one clear error, not a crash or gigabytes: nothing is allocated by a
count, the header must fit in :data:`MAX_HEADER_BYTES`, and native code sees the file afterwards.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError

#: Bounds far above any llama model (1.7B: 34 keys, 218 tensors, 3 MB of header) and low enough
#: that reading up to them takes under a second.
MAX_HEADER_BYTES = 64 << 20
MAX_KEYS = 4_096
MAX_TENSORS = 16_384
MAX_ARRAY_ELEMENTS = 600_000
MAX_STRING_BYTES = 1 << 20
MAX_DIMENSIONS = 4  # GGML_MAX_DIMS
MAX_NAME_BYTES = 63  # GGML_MAX_NAME - 1

#: GGUF value types by number: struct code and bytes.
_SCALARS: dict[int, tuple[str, int]] = {
    0: ("B", 1), 1: ("b", 1), 2: ("H", 2), 3: ("h", 2), 4: ("I", 4), 5: ("i", 4),
    6: ("f", 4), 7: ("?", 1), 10: ("Q", 8), 11: ("q", 8), 12: ("d", 8),
}  # fmt: skip
_STRING, _ARRAY, _BOOL = 8, 9, 7


@dataclass(frozen=True)
class TensorInfo:
    """One tensor: ggml's dimension order (columns first), type, offset into the data, bytes."""

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    nbytes: int
    elements: int


@dataclass
class GgufHeader:
    """What stands before a GGUF's data, read and checked."""

    path: Path
    size: int
    version: int
    metadata: dict[str, Any] = field(default_factory=dict)
    tensors: list[TensorInfo] = field(default_factory=list)
    alignment: int = 32
    data_offset: int = 0
    trailing_bytes: int = 0


class _Cursor:
    """Moves over the mapped file; every step is checked against the end."""

    def __init__(self, path: Path, data: mmap.mmap, size: int) -> None:
        self.path, self.data, self.at = path, data, 0
        self.limit = min(size, MAX_HEADER_BYTES)
        self.whole = size <= MAX_HEADER_BYTES
        self.elements = 0

    def fail(self, what: str) -> JosiError:
        # Names come from the file: control characters in them would break the one line.
        shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in what)
        return JosiError(f"{self.path}: {shown} at byte {self.at}; copy or export the file again")

    def need(self, count: int, what: str) -> None:
        if count > self.limit - self.at:
            reason = "cut off" if self.whole else "header longer than any real model's"
            raise self.fail(f"broken GGUF ({reason}, in {what})")

    def scalar(self, code: str, width: int, what: str) -> Any:
        self.need(width, what)
        (value,) = struct.unpack_from(f"<{code}", self.data, self.at)
        self.at += width
        return value

    def string(self, what: str) -> str:
        length = self.scalar("Q", 8, what)
        if length > MAX_STRING_BYTES:
            raise self.fail(f"broken GGUF ({what} claims {length} bytes)")
        self.need(length, what)
        raw = self.data[self.at : self.at + length]
        self.at += length
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise self.fail(f"broken GGUF ({what} is not UTF-8)") from None

    def value(self, kind: int, what: str) -> Any:
        if kind in _SCALARS:
            return self.scalar(*_SCALARS[kind], what)
        if kind == _STRING:
            return self.string(what)
        if kind != _ARRAY:
            raise self.fail(f"broken GGUF ({what} has unknown type {kind})")
        element = self.scalar("I", 4, what)
        count = self.scalar("Q", 8, what)
        self.elements += min(count, MAX_ARRAY_ELEMENTS + 1)
        if element != _STRING and element not in _SCALARS:
            raise self.fail(f"broken GGUF ({what} is an array of unknown type {element})")
        if self.elements > MAX_ARRAY_ELEMENTS:
            raise self.fail(f"broken GGUF ({what} claims {count} elements)")
        if element == _STRING:
            self.need(8 * count, what)  # each string has at least its length
            return [self.string(what) for _ in range(count)]
        code, width = _SCALARS[element]
        self.need(count * width, what)
        raw = struct.unpack_from(f"<{count}{code}", self.data, self.at)
        self.at += count * width
        return list(raw)


def _open(path: Path) -> tuple[mmap.mmap, int]:
    if not path.is_file():
        raise JosiError(f"{path}: no such file")
    size = path.stat().st_size
    if size < 24:
        raise JosiError(f"{path}: {size} bytes are no GGUF; copy or export the file again")
    with open(path, "rb") as handle:
        return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ), size


def _preamble(cursor: _Cursor) -> tuple[int, int, int]:
    """Return (version, tensors, keys); refuses what this project cannot read, by name."""
    path, magic = cursor.path, cursor.data[:4]
    if magic != b"GGUF":
        hint = "an old ggml file; convert the model again" if magic in (b"tjgg", b"lmgg") else (
            "not a GGUF file"
        )  # fmt: skip
        raise JosiError(f"{path}: {hint} (it starts with {magic!r})")
    cursor.at = 4
    version = cursor.scalar("I", 4, "version")
    if version & 0xFFFF == 0 and version:
        raise JosiError(
            f"{path}: big-endian GGUF; convert it to little-endian (gguf-convert-endian)"
        )
    if version not in (2, 3):
        raise JosiError(
            f"{path}: GGUF version {version}, only 2 and 3 can be read; export it again"
        )
    tensors, keys = cursor.scalar("Q", 8, "tensor count"), cursor.scalar("Q", 8, "key count")
    if tensors > MAX_TENSORS or keys > MAX_KEYS:
        raise cursor.fail(f"broken GGUF (it claims {tensors} tensors and {keys} keys)")
    return version, tensors, keys


def _tensor_info(cursor: _Cursor, sizes: dict[int, tuple[str, int, int]]) -> TensorInfo:
    name = cursor.string("a tensor's name")
    if not 0 < len(name.encode()) <= MAX_NAME_BYTES:
        raise cursor.fail(f"broken GGUF (tensor name of {len(name.encode())} bytes)")
    dimensions = cursor.scalar("I", 4, name)
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise cursor.fail(f"broken GGUF ({name} has {dimensions} dimensions)")
    shape = tuple(cursor.scalar("Q", 8, name) for _ in range(dimensions))
    kind, offset = cursor.scalar("I", 4, name), cursor.scalar("Q", 8, name)
    if kind not in sizes:
        raise cursor.fail(f"broken GGUF ({name} has unknown tensor type {kind})")
    type_name, block, width = sizes[kind]
    elements = math.prod(shape)
    if not 0 < elements < 2**62 or shape[0] % block:
        raise cursor.fail(f"broken GGUF ({name} of type {type_name} cannot have shape {shape})")
    return TensorInfo(name, shape, type_name, offset, elements // block * width, elements)


def read_header(path: Path | str) -> GgufHeader:
    """Return a GGUF's header: every key, every tensor's place; held against the file's size.

    Raises
    ------
    JosiError
        If the file is missing, not GGUF, big-endian, of another version, cut off, or lies about a
        length, a count, a type, an offset; in under a second whatever the file says.
    """
    import gguf

    path = Path(path)
    data, size = _open(path)
    with data:
        cursor = _Cursor(path, data, size)
        version, tensor_count, key_count = _preamble(cursor)
        header = GgufHeader(path, size, version)
        for _ in range(key_count):
            key = cursor.string("a key")
            if not key or key in header.metadata:
                raise cursor.fail(f"broken GGUF (key {key[:64]!r} is empty or stands twice)")
            kind = cursor.scalar("I", 4, key[:64])
            header.metadata[key] = cursor.value(kind, key[:64])
        alignment = header.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
            raise cursor.fail(f"broken GGUF (alignment {alignment!r} is no power of two)")
        sizes = {
            int(kind): (kind.name, *gguf.GGML_QUANT_SIZES[kind])
            for kind in gguf.GGMLQuantizationType
            if kind in gguf.GGML_QUANT_SIZES
        }
        header.tensors = [_tensor_info(cursor, sizes) for _ in range(tensor_count)]
        header.alignment = alignment
        header.data_offset = -(-cursor.at // alignment) * alignment
    _check_layout(header)
    return header


def _check_layout(header: GgufHeader) -> None:
    """Hold the tensors' places against each other and against the file's size."""
    if len({info.name for info in header.tensors}) < len(header.tensors):
        raise JosiError(f"{header.path}: a tensor stands twice; export the file again")
    end = 0
    for info in sorted(header.tensors, key=lambda info: info.offset):
        if info.offset % header.alignment or info.offset < end:
            raise JosiError(
                f"{header.path}: tensor {info.name!r} overlaps or is misplaced; export again"
            )
        end = info.offset + info.nbytes
    missing = header.data_offset + end - header.size
    if header.tensors and missing > 0:
        raise JosiError(
            f"{header.path}: cut off, {missing} of {header.size + missing} bytes are missing; "
            "copy or download the file again"
        )
    padded = header.data_offset + -(-end // header.alignment) * header.alignment
    header.trailing_bytes = max(0, header.size - padded)
