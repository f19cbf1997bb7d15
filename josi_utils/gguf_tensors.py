"""Weights on their way from safetensors shards into a GGUF file, one tensor at a time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import replacing, require_room_on_disk

if TYPE_CHECKING:
    import gguf
    import numpy as np

#: Tensors are read and converted in pieces of about this many bytes of float32.
_PIECE_BYTES = 16 << 20


@dataclass(frozen=True)
class Planned:
    """A tensor to write: its name in the GGUF and in the shard, where it lies, its final type.

    ``heads`` is the number of heads over which its rows are permuted, None where they are not.
    """

    target: str
    source: str
    tensor: Any
    kind: gguf.GGMLQuantizationType
    heads: int | None = None

    @property
    def elements(self) -> int:
        """Number of weights."""
        return math.prod(self.tensor.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in the GGUF."""
        return self.elements * (4 if self.kind.name == "F32" else 2)


def read_shard(shard: Path) -> dict[str, Any]:
    """Return ``{tensor name: gguf's LocalTensor}`` of a shard, in the converter's order."""
    from gguf.utility import SafetensorsLocal

    try:
        tensors = SafetensorsLocal(shard).tensors
    except (ValueError, LookupError, MemoryError, OverflowError, TypeError, AttributeError) as bad:
        raise JosiError(f"{shard}: not a safetensors file ({bad}); save it again") from None
    size = shard.stat().st_size
    for name, tensor in tensors.items():
        if tensor.data_range.offset + tensor.data_range.size > size:
            raise JosiError(f"{shard}: cut off inside {name}; copy or save the model again")
    return tensors


def _pieces(tensor: Any, where: str) -> Iterator[np.ndarray]:
    """Yield a tensor as float32 or float16 arrays of whole rows, read from the shard in order."""
    import numpy as np

    widths = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8}
    if tensor.dtype not in widths:
        raise JosiError(
            f"{where}: weights of type {tensor.dtype}; save the model as float or bfloat16"
        )
    columns = tensor.shape[-1] if len(tensor.shape) > 1 else 1
    rows = tensor.shape[0] if tensor.shape else 1
    for width in tensor.shape[1:-1]:
        columns *= width
    width = widths[tensor.dtype]
    if rows * columns * width != tensor.data_range.size:
        raise JosiError(f"{where}: shape {tensor.shape} and size disagree; save the model again")
    step = max(1, _PIECE_BYTES // max(1, 4 * columns))
    with open(tensor.data_range.filename, "rb") as stream:
        stream.seek(tensor.data_range.offset)
        for start in range(0, rows, step):
            taken = min(step, rows - start)
            raw = stream.read(taken * columns * width)
            if tensor.dtype == "BF16":
                # bfloat16 is the upper half of a float32, so this is exact.
                piece = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
            else:
                piece = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2", "F64": "<f8"}[tensor.dtype])
                if tensor.dtype == "F64":
                    piece = piece.astype("<f4")
            yield piece.reshape(taken, columns) if len(tensor.shape) > 1 else piece


def permute_rows(weights: np.ndarray, heads: int) -> np.ndarray:
    """Reorder the rows of a query or key projection as llama.cpp's RoPE wants them.

    Hugging Face rotates the two halves of a head against each other, llama.cpp neighbouring pairs;
    ``heads`` is the number of heads for q and of key-value heads for k. Shape is kept.
    """
    shape = weights.shape
    half = shape[0] // heads // 2
    return weights.reshape(heads, 2, half, *shape[1:]).swapaxes(1, 2).reshape(shape)


def convert_tensor(planned: Planned) -> np.ndarray:
    """Return one tensor in its final type; raises on NaN, infinity and float16 overflow."""
    import gguf
    import numpy as np

    target = planned.kind
    done: list[np.ndarray] = []
    with np.errstate(over="ignore"):
        for piece in _pieces(planned.tensor, planned.source):
            out = gguf.quants.quantize(piece, target)
            # Inf and NaN survive every rounding, and a float16 overflow shows as inf; of bfloat16
            # the bytes are seen as their integers, where an exponent of all ones is the same.
            finite = (
                ((out.view("<u2") & 0x7F80) != 0x7F80).all()
                if target == gguf.GGMLQuantizationType.BF16
                else np.isfinite(out).all()
            )
            if not finite:
                raise JosiError(
                    f"{planned.source}: a weight is not finite in {target.name}; "
                    "train with a lower rate, or export bf16 or f32 if it only overflows float16"
                )
            done.append(out)
    whole = done[0] if len(done) == 1 else np.concatenate(done)
    return np.ascontiguousarray(permute_rows(whole, planned.heads)) if planned.heads else whole


@contextlib.contextmanager
def _quiet_gguf() -> Iterator[None]:
    """Keep the gguf package's notices (every special token, every template) out of the notebook."""
    import logging

    logger = logging.getLogger("gguf")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def stream_gguf(
    out_path: Path,
    plan: Sequence[Planned],
    add_keys: Callable[[gguf.GGUFWriter], None],
    say: Callable[[str], None],
) -> None:
    """Write a llama GGUF, whole or not at all: header, keys, then one tensor after the other.

    ``add_keys`` is called with a writer that knows all tensors' shapes and not yet their data.
    """
    import gguf
    import numpy as np

    require_room_on_disk(out_path.parent, sum(p.nbytes for p in plan) + (16 << 20))
    with replacing(out_path) as temporary, _quiet_gguf():
        writer = gguf.GGUFWriter(temporary, "llama")
        try:
            for p in plan:
                # The shape is of this type's elements; raw_dtype says what they are.
                stored = np.dtype("float32" if p.kind.name == "F32" else "float16")
                writer.add_tensor_info(p.target, p.tensor.shape, stored, p.nbytes, p.kind)
            add_keys(writer)
            writer.write_header_to_file(temporary)
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            for number, planned in enumerate(plan, start=1):
                writer.write_tensor_data(convert_tensor(planned))
                if number % 64 == 0 or number == len(plan):
                    say(f"wrote {number} of {len(plan)} tensors")
            writer.close()
        except BaseException:
            with contextlib.suppress(Exception):
                writer.close()
            raise
