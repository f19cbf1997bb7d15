"""The keys of a GGUF that describe the model: name, shape, and how to sample from it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import josi_utils
from josi_utils.errors import JosiError
from josi_utils.files import read_json
from josi_utils.persona import SAMPLING

if TYPE_CHECKING:
    import gguf


def quantised_by() -> str:
    """Return what ``general.quantized_by`` says: this package and its llama.cpp binding."""
    binding = importlib.metadata.version("llama-cpp-python")
    return f"josi {josi_utils.__version__} with llama-cpp-python {binding}"


def josi_metadata(
    model_dir: Path | str, base_record: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return Josi's ``general.*`` values for :func:`josi_utils.gguf_export.export_gguf`.

    Parameters
    ----------
    model_dir : path
        The model folder; its ``base_model.json``, if any, says what it was tuned from.
    base_record : mapping, optional
        That record, where the folder has none: ``name``, ``repository``, ``revision``, ``licence``.

    Returns
    -------
    dict
        Field names of ``gguf.Metadata``, sampling defaults of :data:`josi_utils.persona.SAMPLING`
        among them (llama.cpp's own programs read ``general.sampling.*`` as defaults).
    """
    path = Path(model_dir) / "base_model.json"
    if base_record is None:
        base_record = read_json(path) if path.is_file() else {}
    values: dict[str, Any] = {
        "name": "Josi",
        "basename": "josi",
        "finetune": "josi",
        "version": josi_utils.__version__,
        "description": "Voice of a sports-coaching app: short, warm, plain replies",
        "quantized_by": quantised_by(),
        "languages": ["en"],
        "sampling_temp": SAMPLING.temperature,
        "sampling_top_k": SAMPLING.top_k,
        "sampling_top_p": SAMPLING.top_p,
        "sampling_min_p": SAMPLING.min_p,
        "sampling_penalty_repeat": SAMPLING.repeat_penalty,
    }
    if base_record.get("licence"):
        values["license"] = base_record["licence"]
    repository = base_record.get("repository")
    if repository and repository.count("/") == 1:
        organisation, name = repository.split("/")
        base = {
            "name": name.replace("-", " "),
            "organization": organisation,
            "repo_url": f"https://huggingface.co/{repository}",
        }
        if base_record.get("revision"):
            base["version"] = base_record["revision"]
        values["base_models"] = [base]
    return values


def load_metadata(
    model_dir: Path, chosen: Mapping[str, Any], counts: tuple[int, int, int, int]
) -> gguf.Metadata:
    """Return what the converter would find in the folder, with ``chosen`` on top.

    ``counts`` are the writer's parameter counts (total, shared, expert, experts).
    """
    import gguf

    known = {field.name for field in fields(gguf.Metadata)}
    if unknown := sorted(set(chosen) - known):
        raise JosiError(f"metadata {unknown}: not a general.* field; known are {sorted(known)}")
    meta = gguf.Metadata.load(None, model_dir, None, counts[0])
    for key, value in chosen.items():
        setattr(meta, key, value)
    if meta.name is None:
        meta.name = model_dir.name
    if meta.size_label is None and counts[0] > 0:
        meta.size_label = gguf.size_label(*counts)
    return meta


def rope(config: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return (theta, linear factor) of a config of transformers 4 or 5.

    Raises
    ------
    JosiError
        For a RoPE scaling that this exporter does not write (yarn, llama3, dynamic, …).
    """
    parameters = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    kind = parameters.get("rope_type", parameters.get("type", "default"))
    theta = parameters.get("rope_theta", config.get("rope_theta"))
    if kind not in ("default", "linear"):
        raise JosiError(f"config.json: RoPE of type {kind!r} is not exported; SmolLM2 has none")
    if kind == "linear" and not parameters.get("factor"):
        raise JosiError("config.json: linear RoPE without a factor; add it to rope_parameters")
    return theta, parameters.get("factor") if kind == "linear" else None


def add_model_keys(
    writer: gguf.GGUFWriter, meta: gguf.Metadata, config: Mapping[str, Any], outtype: str
) -> None:
    """Write ``general.*`` and ``llama.*`` in the converter's order."""
    import gguf

    writer.add_type(gguf.GGUFType.MODEL)
    meta.set_gguf_meta_model(writer)
    heads = config["num_attention_heads"]
    writer.add_block_count(config["num_hidden_layers"])
    if config.get("max_position_embeddings") is not None:
        writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    if config.get("num_key_value_heads") is not None:
        writer.add_head_count_kv(config["num_key_value_heads"])
    theta, factor = rope(config)
    if factor is not None:
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(factor)
    if theta is not None:
        writer.add_rope_freq_base(theta)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if config.get("head_dim") is not None:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    kinds = {
        "f32": gguf.LlamaFileType.ALL_F32,
        "f16": gguf.LlamaFileType.MOSTLY_F16,
        "bf16": gguf.LlamaFileType.MOSTLY_BF16,
    }
    writer.add_file_type(kinds[outtype])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_rope_dimension_count(config.get("head_dim") or config["hidden_size"] // heads)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
