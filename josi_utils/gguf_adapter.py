"""A LoRA folder becomes a GGUF of its own, to run on the quantised base without merging.

Equal to llama.cpp's ``convert_lora_to_gguf.py``. llama.cpp multiplies by alpha / rank and checks
names and shapes only, so whoever ships an adapter binds it to its base by the base's SHA-256.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.basemodel import check_llama_folder
from josi_utils.errors import JosiError
from josi_utils.files import read_json, sha256_file
from josi_utils.gguf_export import OUTTYPES, permuted_heads
from josi_utils.gguf_metadata import josi_metadata, load_metadata
from josi_utils.gguf_tensors import Planned, read_shard, stream_gguf

if TYPE_CHECKING:
    import gguf

_PREFIX = "base_model.model."


def _lora_config(folder: Path) -> dict[str, Any]:
    """Return the adapter's config if llama.cpp can do what it says."""
    config = read_json(folder / "adapter_config.json")
    if config.get("peft_type") != "LORA":
        raise JosiError(
            f"{folder}: adapter of type {config.get('peft_type')!r}, only LORA is exported"
        )
    for key in ("use_rslora", "use_dora", "alpha_pattern", "modules_to_save", "lora_bias"):
        if config.get(key):
            raise JosiError(
                f"{folder}/adapter_config.json: llama.cpp knows no {key}; merge instead"
            )
    return config


def export_adapter(
    adapter_dir: Path | str,
    base_dir: Path | str,
    out_path: Path | str,
    *,
    outtype: str = "f16",
    metadata: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Write a PEFT LoRA folder as a GGUF adapter, whole or not at all.

    Parameters
    ----------
    adapter_dir, base_dir : path
        The LoRA folder and the llama-architecture folder that it was trained on.
    out_path : path
        The file to write.
    outtype, metadata, progress
        As of :func:`josi_utils.gguf_export.export_gguf`.

    Returns
    -------
    dict
        ``path``, ``outtype``, ``size``, ``sha256``, ``tensors``, ``rank``, ``alpha``, ``seconds``.

    Raises
    ------
    JosiError
        If the folder is no plain LoRA (DoRA, rsLoRA, own alphas, saved modules), or does not fit.
    """
    import gguf

    if outtype not in OUTTYPES:
        raise JosiError(f"outtype {outtype!r}: use one of {', '.join(OUTTYPES)}")
    started = time.monotonic()
    adapter_dir, out_path = Path(adapter_dir), Path(out_path)
    config, lora = check_llama_folder(base_dir), _lora_config(adapter_dir)
    weights = adapter_dir / "adapter_model.safetensors"
    if not weights.is_file():
        raise JosiError(f"{weights}: no such file; run 02_finetune first")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    wide = gguf.GGMLQuantizationType[outtype.upper()]
    plan: list[Planned] = []
    for source, tensor in read_shard(weights).items():
        name, _, part = source.removeprefix(_PREFIX).rpartition(".lora_")
        target = names.get_name(f"{name}.weight", try_suffixes=(".weight",)) if name else None
        if target is None or part not in ("A.weight", "B.weight") or "token_embd" in target:
            raise JosiError(f"{weights}: {source} is no LoRA of a linear layer; merge instead")
        # Only B has the layer's rows, so only B is permuted with q and k.
        heads = permuted_heads(target, config) if part == "B.weight" else None
        suffix = f".lora_{part[0].lower()}"
        plan.append(Planned(target + suffix, source, tensor, wide, heads))
    found = {p.target.rpartition(".")[0] for p in plan}
    if not plan or len(plan) != 2 * len(found):
        raise JosiError(
            f"{weights}: a lora_A or lora_B is missing; train or copy the adapter again"
        )
    chosen = josi_metadata(adapter_dir) if metadata is None else metadata

    def add_keys(writer: gguf.GGUFWriter) -> None:
        counts = writer.get_total_parameter_count()
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        load_metadata(adapter_dir, chosen, counts).set_gguf_meta_model(writer)
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(lora["lora_alpha"]))
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)

    stream_gguf(out_path, plan, add_keys, progress or (lambda line: None))
    return {
        "path": str(out_path),
        "outtype": outtype,
        "size": out_path.stat().st_size,
        "sha256": sha256_file(out_path),
        "tensors": len(plan),
        "rank": lora["r"],
        "alpha": lora["lora_alpha"],
        "seconds": round(time.monotonic() - started, 3),
    }
