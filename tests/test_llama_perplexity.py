"""KL divergence, perplexity and same top-1 are those of llama.cpp's own ``llama-perplexity``."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest
from gguf_models import scratch, tiny_gguf, tiny_quantised
from llama_source import llama_tool

from josi_utils.divergence import compare_logits
from josi_utils.files import read_jsonl
from josi_utils.llama_probe import logits_at
from josi_utils.llama_runtime import open_model
from josi_utils.paths import data_dir

CONTEXT = 256


def embedded():
    """Return f16 and q4_k_m of the untuned 135M."""
    from josi_utils.basemodel import resolve
    from josi_utils.gguf_export import export_gguf
    from josi_utils.gguf_quantise import quantise

    f16, q4 = scratch() / "135m-f16.gguf", scratch() / "135m-q4.gguf"
    export_gguf(resolve("135m-embedded")[0], f16)
    quantise(f16, q4, "q4_k_m")
    return f16, q4


def told(tool, model, *options):
    """Return what the tool prints; without AMX, see josi_utils.llama_runtime.model_params."""
    command = [str(tool), "-m", str(model), "-c", str(CONTEXT), "-b", str(CONTEXT), "-nr"]
    command += ["-fa", "off"]  # as this package runs it
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def number(text, label):
    return float(re.search(rf"{re.escape(label)}\s*:\s*([-\d.]+)", text)[1])


def stored_chunks(path):
    """Return the ids that ``--kl-divergence-base`` wrote, shape (chunks, context)."""
    raw = path.read_bytes()
    context, _, chunks = np.frombuffer(raw, "<i4", 3, 8)
    assert raw[:8] == b"_logits_" and context == CONTEXT
    return np.frombuffer(raw, "<i4", context * chunks, 20).reshape(chunks, context)


def ours(f16, q4, chunks):
    """Return compare_logits where the tool looks: the second half of each chunk."""
    places = list(range(CONTEXT // 2, CONTEXT - 1))
    logits = []
    for path in (f16, q4):
        with open_model(path, n_ctx=CONTEXT) as model:
            logits.append([logits_at(model, ids.tolist(), places) for ids in chunks])
    return compare_logits(*logits, [ids[CONTEXT // 2 + 1 :].tolist() for ids in chunks])


def agree(f16, q4, download, tmp_path, replies):
    tool = llama_tool("perplexity", download=download)
    gold = read_jsonl(data_dir() / "gold_combined.jsonl")
    text, base = tmp_path / "text.txt", tmp_path / "base.dat"
    text.write_text("\n".join(row["reply"] for _, row in list(gold)[:replies]), encoding="utf-8")
    plain = told(tool, f16, "-f", str(text))
    told(tool, f16, "-f", str(text), "--kl-divergence-base", str(base))
    table = told(tool, q4, "--kl-divergence-base", str(base), "--kl-divergence")
    found = ours(f16, q4, stored_chunks(base))
    final = float(re.search(r"PPL = ([\d.]+)", plain)[1])
    assert found["perplexity_reference"] == pytest.approx(final, rel=1e-5)
    assert found["perplexity"] == pytest.approx(number(table, "Mean PPL(Q)"), rel=1e-5)
    ratio = number(table, "Mean PPL(Q)/PPL(base)")
    assert found["perplexity_ratio"] == pytest.approx(ratio, rel=1e-4)
    # The tool keeps the reference in 16 bits and drops what is less likely than e^-16.
    assert found["kl_mean"] == pytest.approx(number(table, "Mean    KLD"), rel=3e-3)
    assert found["kl_max"] == pytest.approx(number(table, "Maximum KLD"), rel=3e-3)
    same = float(re.search(r"Same top p:\s*([\d.]+)", table)[1])
    assert 100 * found["same_top1"] == pytest.approx(same, abs=0.2)
    return found


def test_a_tiny_models_figures_are_llama_perplexitys(tmp_path):
    found = agree(tiny_gguf(), tiny_quantised("q4_0"), False, tmp_path, 20)
    assert found["kl_mean"] > 0.01


@pytest.mark.slow
def test_the_135ms_figures_are_llama_perplexitys(tmp_path):
    found = agree(*embedded(), True, tmp_path, 30)
    assert found["kl_mean"] > 0.005 and found["tokens"] > 250
