"""A Hugging Face model folder becomes a GGUF file: the same bytes as llama.cpp's own converter.

Tensors stream from the shards to the file, so that memory holds the largest tensor and not the
model. The parsing of shards, the names, the rounding and the writing are the ``gguf`` package's;
this module says which tensor becomes what. ``tests/test_gguf_export.py`` holds every tensor and
every key to the output of the ``convert_hf_to_gguf.py`` that belongs to the pinned llama.cpp.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils import gguf_vocabulary
from josi_utils.basemodel import check_llama_folder
from josi_utils.errors import JosiError
from josi_utils.files import disk_errors_explained, read_json, require_room_on_disk, sha256_file
from josi_utils.gguf_metadata import add_model_keys, josi_metadata, load_metadata

if TYPE_CHECKING:
    import gguf
    import numpy as np

#: Output types by name, with bytes a weight. One-dimensional tensors are always float32.
OUTTYPES: dict[str, int] = {"f32": 4, "f16": 2, "bf16": 2}

#: Tensors are read and converted in pieces of about this many bytes of float32.
_PIECE_BYTES = 16 << 20


def _shards(model_dir: Path) -> list[Path]:
    """Return the folder's safetensors files, in the converter's order."""
    index = model_dir / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(read_json(index).get("weight_map", {}).values()))
        missing = [name for name in names if not (model_dir / name).is_file()]
        if missing or not names:
            raise JosiError(f"{index}: {missing or 'no shard named'}; fetch the whole model again")
        return [model_dir / name for name in names]
    single = model_dir / "model.safetensors"
    if not single.is_file():
        raise JosiError(f"{single}: no such file; export needs a model folder with safetensors")
    return [single]


def _read_headers(model_dir: Path) -> dict[str, Any]:
    """Return ``{tensor name: gguf's LocalTensor}`` over all shards, in the converter's order."""
    from gguf.utility import SafetensorsLocal

    found: dict[str, Any] = {}
    for shard in _shards(model_dir):
        try:
            tensors = SafetensorsLocal(shard).tensors
        except (
            ValueError,
            KeyError,
            MemoryError,
            OverflowError,
            TypeError,
            AttributeError,
        ) as error:
            raise JosiError(
                f"{shard}: not a safetensors file ({error}); save the model again"
            ) from None
        size = shard.stat().st_size
        for name, tensor in tensors.items():
            if tensor.data_range.offset + tensor.data_range.size > size:
                raise JosiError(f"{shard}: cut off inside {name}; copy or save the model again")
            if name in found:
                raise JosiError(f"{shard}: {name} stands in two shards; save the model again")
            found[name] = tensor
    return found


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


def _convert(tensor: Any, target: Any, name: str, heads: int | None) -> np.ndarray:
    """Return one tensor in its final type; raises on NaN, infinity and float16 overflow."""
    import gguf
    import numpy as np

    done: list[np.ndarray] = []
    with np.errstate(over="ignore"):
        for piece in _pieces(tensor, name):
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
                    f"{name}: a weight is not finite in {target.name}; "
                    "train with a lower rate, or export bf16 or f32 if it only overflows float16"
                )
            done.append(out)
    whole = done[0] if len(done) == 1 else np.concatenate(done)
    return np.ascontiguousarray(permute_rows(whole, heads)) if heads else whole


def _plan(model_dir: Path, config: dict[str, Any], outtype: str) -> list[tuple[str, str, Any, Any]]:
    """Return ``(GGUF name, source name, source tensor, target type)`` in file order."""
    import gguf

    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, layers)
    wide = gguf.GGMLQuantizationType[outtype.upper()]
    headers = _read_headers(model_dir)
    if config.get("tie_word_embeddings") and (head := headers.pop("lm_head.weight", None)):
        embedding = headers.get("model.embed_tokens.weight")
        if embedding is None or bytes(head.mmap_bytes()) != bytes(embedding.mmap_bytes()):
            raise JosiError(
                f"{model_dir}: config.json ties the embeddings, but lm_head.weight differs; "
                "set tie_word_embeddings to false, or merge without training lm_head"
            )
    plan = []
    for source, tensor in headers.items():
        if source.endswith((".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq")):
            continue
        target = names.get_name(source, try_suffixes=(".weight", ".bias"))
        if target is None:
            raise JosiError(f"{model_dir}: tensor {source} has no place in a llama GGUF")
        narrow = len(tensor.shape) <= 1 or target.endswith("_norm.weight")
        narrow = narrow or not target.endswith(".weight")
        plan.append((target, source, tensor, gguf.GGMLQuantizationType.F32 if narrow else wide))
    expected = {"token_embd.weight", "output_norm.weight"}
    if not config.get("tie_word_embeddings"):
        expected.add("output.weight")
    for layer in range(layers):
        parts = ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"]
        parts += ["ffn_norm", "ffn_gate", "ffn_up", "ffn_down"]
        expected.update(f"blk.{layer}.{part}.weight" for part in parts)
    if missing := sorted(expected - {row[0] for row in plan}):
        raise JosiError(
            f"{model_dir}: {len(missing)} tensors missing, first {missing[0]}; save it again"
        )
    hidden = config["hidden_size"]
    shapes = {"token_embd.weight": (config["vocab_size"], hidden), "output_norm.weight": (hidden,)}
    for target, source, tensor, _ in plan:
        if target in shapes and tuple(tensor.shape) != shapes[target]:
            raise JosiError(
                f"{model_dir}: {source} is {tuple(tensor.shape)}, config.json says {shapes[target]}"
            )
    if hidden % heads:
        raise JosiError(
            f"{model_dir}/config.json: hidden_size {hidden} is no multiple of {heads} heads"
        )
    return plan


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


def export_gguf(
    model_dir: Path | str,
    out_path: Path | str,
    *,
    outtype: str = "f16",
    metadata: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Write a llama-architecture folder as one GGUF file, whole or not at all.

    Parameters
    ----------
    model_dir : path
        Hugging Face folder with SmolLM2's tokenizer: config, safetensors, tokenizer, template.
    out_path : path
        The file to write.
    outtype : {"f16", "f32", "bf16"}
        Type of the matrices; vectors (norms) are always float32, as llama.cpp wants them.
    metadata : mapping, optional
        ``general.*`` values by the field names of ``gguf.Metadata`` (``name``, ``version``,
        ``license``, ``base_models``, …) on top of what the converter finds in the folder. Left
        out, it is :func:`josi_utils.gguf_metadata.josi_metadata`; ``{}`` is the converter's alone.
    progress : callable, optional
        Told one line now and then.

    Returns
    -------
    dict
        ``path``, ``outtype``, ``size`` (bytes), ``sha256``, ``tensors``, ``parameters``,
        ``seconds``.

    Raises
    ------
    JosiError
        For another architecture or tokenizer, missing or cut-off shards, weights that are not
        finite, an unknown type or metadata field, a full disk.
    """
    import gguf

    if outtype not in OUTTYPES:
        raise JosiError(
            f"outtype {outtype!r}: use one of {', '.join(OUTTYPES)}; quantise afterwards"
        )
    started = time.monotonic()
    model_dir, out_path = Path(model_dir), Path(out_path)
    say = progress or (lambda line: None)
    config = check_llama_folder(model_dir)
    vocabulary = gguf_vocabulary.read_vocabulary(model_dir, config)
    plan = _plan(model_dir, config, outtype)
    elements = [_count(tensor.shape) for _, _, tensor, _ in plan]
    require_room_on_disk(out_path.parent, sum(elements) * OUTTYPES[outtype] + (16 << 20))
    say(f"exporting {model_dir.name}: {len(plan)} tensors, {sum(elements) / 1e6:.1f} M weights")

    handle, temporary = tempfile.mkstemp(dir=out_path.parent, prefix=f".{out_path.name}.")
    os.close(handle)
    writer = None
    try:
        with disk_errors_explained(out_path), _quiet_gguf():
            writer = gguf.GGUFWriter(temporary, "llama")
            for (target, _, tensor, kind), count in zip(plan, elements, strict=True):
                size = count * (4 if kind == gguf.GGMLQuantizationType.F32 else 2)
                dtype = _storage_dtype(kind)
                writer.add_tensor_info(target, tensor.shape, dtype, size, raw_dtype=kind)
            chosen = josi_metadata(model_dir) if metadata is None else metadata
            meta = load_metadata(model_dir, chosen, writer.get_total_parameter_count())
            add_model_keys(writer, meta, config, outtype)
            gguf_vocabulary.add_vocabulary(writer, vocabulary)
            writer.write_header_to_file(Path(temporary))
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            for number, (target, source, tensor, kind) in enumerate(plan, start=1):
                writer.write_tensor_data(_convert(tensor, kind, source, _heads(target, config)))
                if number % 64 == 0 or number == len(plan):
                    say(f"wrote {number} of {len(plan)} tensors")
            writer.flush()
            os.fsync(writer.fout[0].fileno())
            writer.close()
        os.chmod(temporary, 0o644)
        os.replace(temporary, out_path)
    except BaseException:
        if writer is not None:
            with contextlib.suppress(Exception):
                writer.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    return {
        "path": str(out_path),
        "outtype": outtype,
        "size": out_path.stat().st_size,
        "sha256": sha256_file(out_path),
        "tensors": len(plan),
        "parameters": sum(elements),
        "seconds": round(time.monotonic() - started, 3),
    }


def _count(shape: tuple[int, ...]) -> int:
    total = 1
    for width in shape:
        total *= width
    return total


def _storage_dtype(kind: gguf.GGMLQuantizationType) -> Any:
    import numpy as np

    # For bfloat16, raw_dtype names the type and the shape is that of the weights.
    return np.dtype("float32") if kind.name == "F32" else np.dtype("float16")


def _heads(target: str, config: dict[str, Any]) -> int | None:
    """Return how many heads a tensor's rows are permuted over, None where they are not."""
    part = target.split(".")[-2]
    if part == "attn_q":
        return config["num_attention_heads"]
    if part == "attn_k":
        return config.get("num_key_value_heads") or config["num_attention_heads"]
    return None
