"""A LoRA folder becomes a GGUF of its own, to run on the quantised base without merging.

Equal to llama.cpp's ``convert_lora_to_gguf.py``. llama.cpp multiplies by alpha / rank and checks
names and shapes only, so whoever ships an adapter binds it to its base by the base's SHA-256.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.basemodel import check_llama_folder
from josi_utils.errors import JosiError
from josi_utils.files import read_json, sha256_file, write_json
from josi_utils.gguf_export import OUTTYPES, export_gguf, permuted_heads
from josi_utils.gguf_metadata import josi_metadata, load_metadata
from josi_utils.gguf_quantise import quantise
from josi_utils.gguf_tensors import Planned, read_shard, stream_gguf
from josi_utils.persona import CHAT_TEMPLATE

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


def export_base(
    base_dir: Path | str,
    out_path: Path | str,
    quant: str = "q4_k_m",
    *,
    base_record: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Write the untuned base that an adapter runs on, quantised, with Josi's template.

    Parameters
    ----------
    base_dir, out_path : path
        The folder that the adapter was trained on, and the file to write.
    quant : str
        A name of :data:`josi_utils.gguf_quantise.QUANT_TYPES`.
    base_record : mapping, optional
        What :func:`josi_utils.basemodel.resolve` says of the base.
    progress : callable, optional
        Told one line now and then.

    Returns
    -------
    dict
        The report of :func:`josi_utils.gguf_quantise.quantise`.
    """
    base_dir, out_path = Path(base_dir).resolve(), Path(out_path)
    check_llama_folder(base_dir)
    out_path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_path.parent, prefix=f".{out_path.name}.") as room:
        # The base's own folder stays as it is; its template is another (SmolLM2 opens every
        # conversation with a system turn of its own).
        folder, f16 = Path(room) / "base", Path(room) / "f16.gguf"
        folder.mkdir()
        for path in base_dir.iterdir():
            if path.is_file() and path.name not in ("tokenizer_config.json", "chat_template.jinja"):
                (folder / path.name).symlink_to(path)
        config = read_json(base_dir / "tokenizer_config.json")
        write_json(folder / "tokenizer_config.json", {**config, "chat_template": CHAT_TEMPLATE})
        named = {**josi_metadata(folder, base_record or {}), "name": "Base of Josi"}
        named |= {"description": "Untuned; Josi's adapter runs on it", "finetune": None}
        export_gguf(folder, f16, metadata=named, progress=progress)
        return quantise(f16, out_path, quant, progress=progress)
