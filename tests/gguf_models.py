"""Tiny random llamas with SmolLM2's real tokenizer, the same in every test of the export."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from josi_utils.basemodel import resolve
from josi_utils.gguf_header import read_header


@functools.cache
def scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="josi-gguf-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def tiny_folder(
    name: str = "tiny",
    *,
    hidden: int = 64,
    heads: int = 4,
    kv_heads: int = 2,
    tied: bool = True,
    dtype: str = "float32",
    shards: bool = False,
) -> Path:
    """Return a folder of a two-layer llama with weights large enough that order matters."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=49_152,
        hidden_size=hidden,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=2048,
        rope_theta=100_000.0,
        tie_word_embeddings=tied,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        initializer_range=0.15,
    )
    model = LlamaForCausalLM(config).to(getattr(torch, dtype))
    folder = scratch() / name
    model.save_pretrained(folder, max_shard_size="2MB" if shards else "5GB")
    base, _ = resolve("135m-embedded")
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(base / file, folder / file)
    return folder


@functools.cache
def tiny_gguf(outtype: str = "f16") -> Path:
    from josi_utils.gguf_export import export_gguf

    path = scratch() / f"tiny.{outtype}.gguf"
    export_gguf(tiny_folder(), path, outtype=outtype)
    return path


@functools.cache
def tiny_quantised(quant: str = "q8_0") -> Path:
    from josi_utils.gguf_quantise import quantise

    path = scratch() / f"tiny.{quant}.gguf"
    quantise(tiny_gguf(), path, quant)
    return path


def tensors(path: Path) -> dict[str, tuple[str, np.ndarray]]:
    """Return name to (type, raw bytes); the gguf package's reader takes seconds for the tokens."""
    header, data = read_header(path), np.fromfile(path, np.uint8)
    return {
        info.name: (info.type, data[header.data_offset + info.offset :][: info.nbytes])
        for info in header.tensors
    }


def copy_of(path: Path, folder: Path) -> Path:
    """Return a copy that a test may spoil."""
    target = folder / path.name
    return Path(shutil.copytree(path, target) if path.is_dir() else shutil.copy(path, target))


def convert_officially(llama: Path, folder: Path, out: Path, outtype: str) -> Path:
    """Run ``convert_hf_to_gguf.py`` with its own ``gguf`` in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(llama / "gguf-py"), "NO_LOCAL_GGUF": "1"}
    command = [sys.executable, str(llama / "convert_hf_to_gguf.py"), str(folder)]
    command += ["--outtype", outtype, "--outfile", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return out
