"""What a training would fetch, hold and take, said before anything is fetched.

Times come from this machine's own matrix rate, measured in a second, and from the rows in ``data``:
good to a factor of two, enough to choose a machine.
"""

from __future__ import annotations

import math
import time
from typing import Any

from josi_utils.basemodel import BASE_MODELS, memory_plan

#: Width of each shape: what the tied embedding takes of the parameters (reference: the models'
#: ``config.json``).
WIDTHS = {"135m-embedded": 576, "135m": 576, "360m": 960, "1.7b": 2048}
VOCABULARY = 49_152
#: Characters a token of Josi's rows, measured on the training rows with SmolLM2's tokenizer.
CHARACTERS_A_TOKEN = 4.3
#: Share of the matrix rate that a training step reaches (``benchmarks/train.py``).
UTILISATION = 0.4
#: Of a q4_k_m file, as published (the smaller ones fall back to larger types for most tensors).
SHIPPED_BYTES = {
    "135m-embedded": 105_454_432,
    "135m": 105_454_432,
    "360m": 270_590_880,
    "1.7b": 1_055_609_824,
}
#: Download rates at which the plan says how long fetching takes, Mbit/s.
RATES = (20, 100)


def matrix_rate(seconds: float = 1.0) -> float:
    """Return this device's matrix rate in FLOP/s, in the dtype of training, as measured now."""
    import torch

    from josi_utils.sft_trainer import training_dtype

    gpu = torch.cuda.is_available()
    size = 8192 if gpu else 1024
    a, b = (torch.randn(size, size, device="cuda" if gpu else "cpu",
                        dtype=getattr(torch, training_dtype())) for _ in range(2))  # fmt: skip
    best, until = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < until or best == math.inf:
        began = time.perf_counter()
        a @ b
        if gpu:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def row_sizes() -> tuple[int, float, float]:
    """Return how many rows ``data`` has, and the mean tokens and labels of one, about."""
    from josi_utils.files import read_jsonl
    from josi_utils.paths import data_dir

    rows = [row["messages"] for _, row in read_jsonl(data_dir() / "smollm2_train.jsonl")]
    own = sum(len(m["content"]) for row in rows for m in row if m["role"] != "system")
    said = sum(len(row[-1]["content"]) for row in rows)
    count = max(1, len(rows))
    return len(rows), own / count / CHARACTERS_A_TOKEN, said / count / CHARACTERS_A_TOKEN


def step_flops(parameters: int, width: int, tokens: float, labels: float) -> float:
    """Return the operations of one step: 2 forward and 2 backward a frozen weight and token, the
    logits where there are labels; attention and LoRA add 5 to 15 %."""
    layers = parameters - width * VOCABULARY
    return 4 * layers * tokens + 4 * width * VOCABULARY * labels


def training_plan(name: str, *, epochs: float = 1.0, batch_size: int = 16) -> dict[str, Any]:
    """Return what training ``name`` fetches and holds, in bytes, and takes, in seconds.

    Parameters
    ----------
    name : str
        A key of :data:`josi_utils.basemodel.BASE_MODELS`.
    epochs, batch_size
        As in :class:`josi_utils.sft.SFTParameters`.

    Raises
    ------
    JosiError
        If the name is not known.
    """
    plan = memory_plan(name)
    rows, tokens, labels = row_sizes()
    model, width = BASE_MODELS[name], WIDTHS[name]
    steps = math.ceil(math.ceil(rows / batch_size) * epochs)
    rate = matrix_rate()
    flops = steps * step_flops(model.parameters, width, batch_size * tokens, batch_size * labels)
    fetch = {f"download_seconds_at_{r}_mbit": round(plan["download_bytes"] * 8 / r / 1e6)
             for r in RATES}  # fmt: skip
    return {
        **plan,
        **fetch,
        "shipped_bytes_q4_k_m": SHIPPED_BYTES[name],
        "rows": rows,
        "steps": steps,
        "training_tflop": round(flops / 1e12),
        "matrix_rate_tflops_here": round(rate / 1e12, 3),
        "training_seconds_here": round(flops / rate / UTILISATION),
    }


def sentence(plan: dict[str, Any]) -> str:
    """Return a plan in words."""
    hours = plan["training_seconds_here"] / 3600
    lasts = f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
    fetch = (
        f"fetches {plan['download_bytes'] / 1e9:.1f} GB "
        f"({plan['download_seconds_at_100_mbit'] / 60:.0f} minutes at 100 Mbit/s)"
        if plan["download_bytes"]
        else "fetches nothing"
    )
    return (
        f"{plan['name']}: {fetch}, holds {plan['weights_bytes_bf16'] / 1e9:.1f} GB of weights in "
        f"bfloat16 or {plan['weights_bytes_f32'] / 1e9:.1f} GB in float32; "
        f"{plan['steps']} steps over {plan['rows']:,} rows take about {lasts} of training on this "
        f"machine; ships {plan['shipped_bytes_q4_k_m'] / 1e6:,.0f} MB as q4_k_m"
    )
