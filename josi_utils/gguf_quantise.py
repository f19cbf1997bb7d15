"""An f16 GGUF becomes a quantised one, through llama.cpp's own quantiser, and is read back.

llama.cpp falls back to another type where a row does not divide by the block (K-quants want rows
of 256, and 576 and 960 are not) and only warns; so what the file really holds is read from it and
reported a tensor at a time.
"""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import replacing, require_room_on_disk, sha256_file
from josi_utils.gguf_header import read_header
from josi_utils.gguf_inspect import inspect_gguf
from josi_utils.gguf_metadata import quantised_by
from josi_utils.llama_runtime import quiet_llama, threads

if TYPE_CHECKING:
    import numpy as np

#: Quantisations by name: (``llama_ftype``, the tensor type most matrices are meant to get). The
#: i-quants under 3 bits are left out: they need an imatrix and ruin models of this size.
QUANT_TYPES: dict[str, tuple[int, str]] = {
    "q4_0": (2, "Q4_0"),
    "q4_1": (3, "Q4_1"),
    "q8_0": (7, "Q8_0"),
    "q5_0": (8, "Q5_0"),
    "q5_1": (9, "Q5_1"),
    "q2_k": (10, "Q2_K"),
    "q3_k_s": (11, "Q3_K"),
    "q3_k_m": (12, "Q3_K"),
    "q3_k_l": (13, "Q3_K"),
    "q4_k_s": (14, "Q4_K"),
    "q4_k_m": (15, "Q4_K"),
    "q5_k_s": (16, "Q5_K"),
    "q5_k_m": (17, "Q5_K"),
    "q6_k": (18, "Q6_K"),
    "iq4_nl": (25, "IQ4_NL"),
    "iq3_m": (27, "IQ3_S"),
    "iq4_xs": (30, "IQ4_XS"),
    "bf16": (32, "BF16"),
    "f16": (1, "F16"),
}

_FALLBACK = re.compile(r"WARNING: (\d+) of \d+ tensor\(s\) required fallback")


def _type_number(name: str | None) -> int | None:
    import gguf

    if name is None:
        return None
    try:
        return int(gguf.GGMLQuantizationType[name.upper()])
    except KeyError:
        raise JosiError(f"tensor type {name!r}: not one that GGUF knows, such as Q8_0") from None


def _overrides(values: Mapping[str, str | int]) -> Any:
    """Return keys to write as llama.cpp's array; the last, empty key ends it."""
    import llama_cpp

    entries = (llama_cpp.llama_model_kv_override * (len(values) + 1))()
    for entry, (key, value) in zip(entries, values.items(), strict=False):
        entry.key = key.encode()
        if isinstance(value, int):
            entry.tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_INT
            entry.value.val_i64 = value
        else:
            entry.tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_STR
            entry.value.val_str = value.encode()[:127]
    return entries


def quantise(
    src: Path | str,
    out: Path | str,
    quant: str = "q4_k_m",
    *,
    imatrix: Mapping[str, np.ndarray] | None = None,
    imatrix_source: str = "",
    embedding_type: str | None = None,
    output_type: str | None = None,
    tensor_types: Sequence[tuple[str, str]] = (),
    pure: bool = False,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Quantise a float GGUF, whole or not at all, and report what came out.

    Parameters
    ----------
    src, out : path
        An f16, bf16 or f32 GGUF, and the file to write.
    quant : str
        A name of :data:`QUANT_TYPES`.
    imatrix : mapping, optional
        ``{tensor name: mean of the squared inputs a column, float32}``, see ``josi_utils.imatrix``.
    imatrix_source : str
        What it was computed from, such as ``"128 training chats"``; kept in the file under the key
        that ``llama-quantize`` uses, ``quantize.imatrix.dataset``.
    embedding_type, output_type : str, optional
        Type of ``token_embd.weight`` and ``output.weight``, such as ``"Q8_0"``.
    tensor_types : sequence of (pattern, type)
        Regular expression over tensor names, and the type; the first match wins.
    pure : bool
        All matrices in the type of ``quant``, without llama.cpp's own mixture.
    progress : callable, optional
        Told one line now and then.

    Returns
    -------
    dict
        :func:`josi_utils.gguf_inspect.inspect_gguf` of the file, and ``quant``, ``sha256``,
        ``seconds``, ``imatrix`` (its source, None without), ``by_tensor`` (name to type), ``fallbacks`` (name to type
        for tensors whose rows do not divide by the block of their intended type),
        ``fallback_count`` (llama.cpp's own count; it
        does not count a tied embedding, which it gives Q8_0 before it looks at rows) and ``sentence`` (the above in one line).

    Raises
    ------
    JosiError
        Unknown type, source missing, broken or already quantised, an imatrix that does not fit,
        a full disk, or llama.cpp failing, with its last word.
    """
    import llama_cpp

    if quant not in QUANT_TYPES:
        raise JosiError(f"quantisation {quant!r}: use one of {', '.join(QUANT_TYPES)}")
    started = time.monotonic()
    src, out = Path(src), Path(out)
    say = progress or (lambda line: None)
    source = read_header(src)
    narrow = {info.type for info in source.tensors} - {"F16", "BF16", "F32"}
    if narrow:
        raise JosiError(f"{src}: already quantised ({', '.join(sorted(narrow))}); start from f16")
    require_room_on_disk(out.parent, source.size // 2 + (16 << 20))

    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, _ = QUANT_TYPES[quant]
    params.nthread = threads()
    params.pure = pure
    if (number := _type_number(embedding_type)) is not None:
        params.token_embedding_type = number
    if (number := _type_number(output_type)) is not None:
        params.output_tensor_type = number
    keys: dict[str, str | int] = {"general.quantized_by": quantised_by()}
    if imatrix is not None:
        keys["quantize.imatrix.dataset"] = imatrix_source or "not said"
        keys["quantize.imatrix.entries_count"] = len(imatrix)
    overrides = _overrides(keys)
    params.kv_overrides = overrides
    # ctypes keeps no reference to what a pointer field points at, so these lists do.
    alive: list[Any] = [overrides]
    if tensor_types:
        patterns = (llama_cpp.llama_model_tensor_override * (len(tensor_types) + 1))()
        for index, (pattern, kind) in enumerate(tensor_types):
            patterns[index].pattern = pattern.encode()
            patterns[index].type = _type_number(kind)
        params.tt_overrides = patterns
        alive.append(patterns)
    if imatrix is not None:
        params.imatrix, kept = _native_imatrix(imatrix, source)
        alive.append(kept)

    say(f"quantising {src.name} to {quant}")
    with replacing(out) as temporary:
        with quiet_llama() as log:
            status = llama_cpp.llama_model_quantize(
                str(src).encode(), str(temporary).encode(), ctypes.byref(params)
            )
        if status != 0:
            said = log[-1].strip()[:200] if log else f"status {status}"
            raise JosiError(f"{src}: llama.cpp could not quantise to {quant} ({said})")
        report = {**inspect_gguf(temporary), "path": str(out)}
        by_tensor = {info.name: info for info in read_header(temporary).tensors}
    counted = [int(match[1]) for line in log if (match := _FALLBACK.search(line))]
    fallbacks = _fallbacks(by_tensor, quant)
    report |= {
        "quant": quant,
        "imatrix": keys.get("quantize.imatrix.dataset"),
        "by_tensor": {name: info.type for name, info in by_tensor.items()},
        "fallbacks": fallbacks,
        "fallback_count": counted[0] if counted else 0,
        "sha256": sha256_file(out),
        "seconds": round(time.monotonic() - started, 3),
    }
    report["sentence"] = _sentence(report)
    say(report["sentence"])
    return report


def _fallbacks(by_tensor: Mapping[str, Any], quant: str) -> dict[str, str]:
    """Return the matrices whose rows do not divide by the intended type's block."""
    import gguf

    block, _ = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[QUANT_TYPES[quant][1]]]
    return {
        name: info.type
        for name, info in by_tensor.items()
        if len(info.shape) > 1 and info.shape[0] % block
    }


def _sentence(report: Mapping[str, Any]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in report["types"].items())
    name = report["quant"] + (f" (imatrix: {report['imatrix']})" if report["imatrix"] else "")
    line = (
        f"{name}: {report['size'] / 1e6:.1f} MB, "
        f"{report['bits_per_weight']:.2f} bits a weight ({kinds})"
    )
    if report["fallbacks"]:
        line += (
            f"; {len(report['fallbacks'])} of {report['tensors']} tensors fell back, "
            "as their rows do not divide by the block"
        )
    return line


def _native_imatrix(imatrix: Mapping[str, np.ndarray], source: Any) -> tuple[Any, list[Any]]:
    """Return the importance matrix as llama.cpp's array, and what must stay alive."""
    import llama_cpp
    import numpy as np

    columns = {info.name: info.shape[0] for info in source.tensors}
    entries = (llama_cpp.llama_model_imatrix_data * (len(imatrix) + 1))()
    kept: list[Any] = [entries]
    for index, (name, values) in enumerate(imatrix.items()):
        row = np.ascontiguousarray(values, dtype=np.float32)
        if columns.get(name) != row.size or row.ndim != 1:
            raise JosiError(
                f"imatrix {name}: {row.shape} values, the model has {columns.get(name)} columns"
            )
        if not np.isfinite(row).all() or (row < 0).any():
            raise JosiError(f"imatrix {name}: a value is negative or not finite; compute it again")
        text = name.encode()
        entries[index].name = text
        entries[index].data = row.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entries[index].size = row.size
        kept += [text, row]
    return entries, kept
