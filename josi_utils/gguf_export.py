"""A Hugging Face model folder becomes a GGUF file: the same bytes as llama.cpp's own converter.

Tensors stream from the shards to the file, so that memory holds the largest tensor and not the
model. The parsing of shards, the names, the rounding and the writing are the ``gguf`` package's;
this module says which tensor becomes what. ``tests/test_gguf_export.py`` holds every tensor and
every key to the output of the ``convert_hf_to_gguf.py`` that belongs to the pinned llama.cpp.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils import gguf_vocabulary
from josi_utils.basemodel import check_llama_folder
from josi_utils.errors import JosiError
from josi_utils.files import read_json, sha256_file
from josi_utils.gguf_metadata import add_model_keys, josi_metadata, load_metadata
from josi_utils.gguf_tensors import Planned, read_shard, stream_gguf

if TYPE_CHECKING:
    import gguf

#: Output types of the matrices. One-dimensional tensors are always float32.
OUTTYPES: tuple[str, ...] = ("f32", "f16", "bf16")


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
    found: dict[str, Any] = {}
    for shard in _shards(model_dir):
        for name, tensor in read_shard(shard).items():
            if name in found:
                raise JosiError(f"{shard}: {name} stands in two shards; save the model again")
            found[name] = tensor
    return found


def permuted_heads(target: str, config: Mapping[str, Any]) -> int | None:
    """Return how many heads a tensor's rows are permuted over, None where they are not."""
    if ".attn_q." in target:
        return config["num_attention_heads"]
    if ".attn_k." in target:
        return config.get("num_key_value_heads") or config["num_attention_heads"]
    return None


def _plan(model_dir: Path, config: dict[str, Any], outtype: str) -> list[Planned]:
    """Return the tensors to write, in file order, checked against the config."""
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
        kind = gguf.GGMLQuantizationType.F32 if narrow else wide
        plan.append(Planned(target, source, tensor, kind, permuted_heads(target, config)))
    expected = {"token_embd.weight", "output_norm.weight"}
    if not config.get("tie_word_embeddings"):
        expected.add("output.weight")
    for layer in range(layers):
        parts = ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"]
        parts += ["ffn_norm", "ffn_gate", "ffn_up", "ffn_down"]
        expected.update(f"blk.{layer}.{part}.weight" for part in parts)
    if missing := sorted(expected - {planned.target for planned in plan}):
        raise JosiError(
            f"{model_dir}: {len(missing)} tensors missing, first {missing[0]}; save it again"
        )
    hidden = config["hidden_size"]
    shapes = {"token_embd.weight": (config["vocab_size"], hidden), "output_norm.weight": (hidden,)}
    for p in plan:
        shape, wanted = tuple(p.tensor.shape), shapes.get(p.target)
        if wanted and shape != wanted:
            raise JosiError(f"{model_dir}: {p.source} is {shape}, config.json says {wanted}")
    if hidden % heads:
        raise JosiError(
            f"{model_dir}/config.json: hidden_size {hidden} is no multiple of {heads} heads"
        )
    return plan


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
    weights = sum(planned.elements for planned in plan)
    say(f"exporting {model_dir.name}: {len(plan)} tensors, {weights / 1e6:.1f} M weights")
    chosen = josi_metadata(model_dir) if metadata is None else metadata

    def add_keys(writer: gguf.GGUFWriter) -> None:
        meta = load_metadata(model_dir, chosen, writer.get_total_parameter_count())
        add_model_keys(writer, meta, config, outtype)
        gguf_vocabulary.add_vocabulary(writer, vocabulary)

    stream_gguf(out_path, plan, add_keys, say)
    return {
        "path": str(out_path),
        "outtype": outtype,
        "size": out_path.stat().st_size,
        "sha256": sha256_file(out_path),
        "tensors": len(plan),
        "parameters": weights,
        "seconds": round(time.monotonic() - started, 3),
    }
