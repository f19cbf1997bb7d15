"""Tune the guard's encoder: a LoRA adapter on MiniLM, and the sums that read its vector.

Learnt from the same messages as :mod:`josi_utils.guard.fit`, which is run after it. Three folds
are tuned beside it, so that every message has a sum by a model that never saw it: those choose the
threshold. A process to a core; some forty minutes on two. The files are kept in git, since
training gives other last digits on another machine::

    python -m josi_utils.guard.encoder_fit    # writes data/guard/encoder* and the messages' sums
    python -m josi_utils.guard.fit
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.files import fresh_folder, read_json, sha256_file, write_atomic, write_json
from josi_utils.guard.data import guard_dir
from josi_utils.guard.encoder import (
    CLASSES,
    GOALS,
    MOST_TOKENS,
    NONE,
    URGENT,
    aims_sum,
    flag_sum,
)
from josi_utils.guard.encoder_build import ADAPTER, BASE, WEIGHTS, base_folder
from josi_utils.guard.fit_messages import (
    CHAT_LETTERS,
    COST,
    CROSSED,
    Row,
    goal_of,
    learning_rows,
    messages_digest,
    wrapped,
)
from josi_utils.guard.flag_reading import ORDER

if TYPE_CHECKING:
    import torch

#: Rank and strength of the adapter; its learning rate and that of the new sums.
RANK, ALPHA = 16, 32
RATE, SUMS_RATE = 8e-4, 2e-3
BATCH, EPOCHS, WARM_UP = 64, 2.5, 100
#: Labels are not taken for certain: so much of each goes to the other classes.
SMOOTHING = 0.05
#: What "how urgent" counts beside "which flag".
URGENT_COUNTS = 0.3
#: The place of a label that nobody gave.
_UNKNOWN = -100
#: A third of the messages stand in everyday chat: before it, after it, or in the middle.
WRAPPED = 0.33
#: Messages of like length go through together; so many batches are sorted at a time.
SORTED = 20
FOLDS = 3
#: Messages that are only read go through in such batches.
READ_BATCH = 128


class _Model:
    """MiniLM with an adapter, and a sum for each class on the mean of its last layer."""

    def __init__(self, seed: int) -> None:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModel, AutoTokenizer

        torch.manual_seed(seed)
        folder = str(base_folder())
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        config = LoraConfig(
            r=RANK,
            lora_alpha=ALPHA,
            target_modules=["query", "key", "value", "dense"],
            exclude_modules=["pooler.dense"],
        )
        self.encoder = get_peft_model(AutoModel.from_pretrained(folder), config)
        self.sums = torch.nn.Linear(self.encoder.config.hidden_size, len(CLASSES))

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        batch = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=MOST_TOKENS,
            return_tensors="pt",
        )
        last = self.encoder(**batch).last_hidden_state
        there = batch["attention_mask"].unsqueeze(-1)
        return self.sums((last * there).sum(1) / there.sum(1))


def _in_chat(text: str, calm: Sequence[str], chance: random.Random) -> str:
    """Return a message as it is, or with everyday words around it."""
    drawn = chance.random()
    if drawn >= WRAPPED:
        return text
    before, after = chance.choice(calm).rstrip(". "), chance.choice(calm)
    return wrapped(text, before, after, int(3 * drawn / WRAPPED))


def _batches(rows: Sequence[Row], chance: random.Random) -> Iterator[list[tuple[str, Row]]]:
    """Yield batches without end, of messages of like length."""
    calm = [
        r["message"]
        for r in rows
        if r["label"] not in ORDER and r["label"] not in ("unrealistic", "sensible")
    ]
    calm = [text for text in calm if len(text) < CHAT_LETTERS]
    order = list(rows)
    while True:
        chance.shuffle(order)
        for start in range(0, len(order), BATCH * SORTED):
            some = [
                (_in_chat(r["message"], calm, chance), r) for r in order[start:][: BATCH * SORTED]
            ]
            some.sort(key=lambda pair: len(pair[0]))
            batches = [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
            chance.shuffle(batches)
            yield from batches


def _loss(found: torch.Tensor, rows: Sequence[Row]) -> torch.Tensor:
    import torch
    from torch.nn import functional

    none = CLASSES.index(NONE)
    labels = [row["label"] for row in rows]
    wanted = torch.tensor([CLASSES.index(n) if n in ORDER else none for n in labels])
    weight = torch.tensor([r["weight"] * COST.get(r["label"], 1.0) for r in rows])
    kinds = functional.cross_entropy(
        found[:, : none + 1], wanted, reduction="none", label_smoothing=SMOOTHING
    )
    grave = torch.tensor([float(bool(row.get("emergency"))) for row in rows])
    urgent = functional.binary_cross_entropy_with_logits(
        found[:, CLASSES.index(URGENT)], grave, reduction="none"
    )
    goals = functional.cross_entropy(
        found[:, CLASSES.index(GOALS[0]) :],
        torch.tensor([GOALS.index(g) if (g := goal_of(row)) else _UNKNOWN for row in rows]),
        ignore_index=_UNKNOWN,
        reduction="sum",
        label_smoothing=SMOOTHING,
    )
    flags = (kinds * weight).mean() + URGENT_COUNTS * (urgent * (wanted != none)).mean()
    return flags + goals / len(rows)


def tuned(rows: Sequence[Row], *, seed: int = 0, name: str = "tuning", line: int = 0) -> _Model:
    """Return the encoder tuned on labelled messages; a progress bar under ``name``."""
    import torch
    from tqdm import tqdm

    model, chance = _Model(seed), random.Random(seed)
    own = [p for p in model.encoder.parameters() if p.requires_grad]
    groups = [{"params": own, "lr": RATE}, {"params": model.sums.parameters(), "lr": SUMS_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = int(EPOCHS * len(rows) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / WARM_UP) * (1 - step / steps)
    )
    model.encoder.train()
    batches = _batches(rows, chance)
    for _ in tqdm(range(steps), desc=name, unit="step", position=line):
        batch = next(batches)
        with torch.autocast("cpu", torch.bfloat16):
            found = model([text for text, _ in batch])
        loss = _loss(found.float(), [row for _, row in batch])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*own, *model.sums.parameters()], 1.0)
        optimiser.step()
        schedule.step()
    model.encoder.eval()
    return model


def sums_of(model: _Model, texts: Sequence[str]) -> list[list[float]]:
    """Return the sum of every class for each text."""
    import torch

    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found: list[list[float]] = [[] for _ in texts]
    with torch.no_grad():
        for start in range(0, len(order), READ_BATCH):
            some = order[start : start + READ_BATCH]
            for at, sums in zip(some, model([texts[a] for a in some]).tolist(), strict=True):
                found[at] = sums
    return found


def _tuned_alone(rows: Sequence[Row], name: str, at: int) -> _Model:
    """Return the encoder tuned by one thread, its progress bar on a line of its own."""
    import torch

    torch.set_num_threads(1)
    return tuned(rows, name=name, line=at)


def _fold(rows: Sequence[Row], learn: Sequence[int], hold: Sequence[int], at: int) -> Any:
    """Return the sums of the messages held out, by a model tuned on the others."""
    model = _tuned_alone([rows[i] for i in learn], f"fold {at} of {FOLDS}", at)
    return sums_of(model, [rows[i]["message"] for i in hold])


def tuned_and_crossed(rows: Sequence[Row]) -> tuple[_Model, list[list[float]]]:
    """Return the encoder tuned on all messages, and every message's sums by one that never saw it.

    Batches of short messages are too small to share out: two processes of one thread each take
    seven tenths of the time that one of two threads takes (docs/log.md).
    """
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    found: list[list[float]] = [[] for _ in rows]
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    folds = list(split.split(np.zeros(len(rows)), [row["label"] for row in rows]))
    # Threads that hold locks do not survive a fork.
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=start) as pool:
        whole = pool.submit(_tuned_alone, rows, "all messages", 0)
        parts = [
            pool.submit(_fold, rows, learn.tolist(), hold.tolist(), at)
            for at, (learn, hold) in enumerate(folds, 1)
        ]
        for (_, hold), part in zip(folds, parts, strict=True):
            for at, sums in zip(hold, part.result(), strict=True):
                found[at] = sums
        return whole.result(), found


def write(model: _Model, folder: Path) -> None:
    """Write the adapter, in PEFT's form and half precision, and the sums."""
    import torch

    weights = [[round(value, 5) for value in row] for row in model.sums.weight.tolist()]
    lines = {
        "version": 1,
        "about": "Sums on the encoder's mean vector, one a class; written by guard/encoder_fit.py.",
        "adapter_sha256": "",
        "classes": list(CLASSES),
        "start": [round(value, 5) for value in model.sums.bias.tolist()],
    }
    body = ",\n".join(f" {json.dumps(row, separators=(',', ':'))}" for row in weights)
    with fresh_folder(folder / ADAPTER) as work:
        model.encoder.to(torch.float16).save_pretrained(work)
        # PEFT would look the name up on the hub while it saves.
        config = read_json(work / "adapter_config.json") | {"base_model_name_or_path": BASE}
        write_json(work / "adapter_config.json", config)
        for page in work.glob("*.md"):
            page.unlink()
    lines["adapter_sha256"] = sha256_file(folder / ADAPTER / WEIGHTS)
    head = [f"{json.dumps(k)}: {json.dumps(v)}," for k, v in lines.items()]
    write_atomic(
        folder / "encoder.json", "\n".join(["{", *head, '"weights": [', body, "]", "}"]) + "\n"
    )


def write_crossed(rows: Sequence[Row], sums: Sequence[Sequence[float]], folder: Path) -> None:
    """Write the messages' log-odds by folds that never saw them, for the thresholds."""
    record = {
        "messages_sha256": messages_digest(rows),
        "adapter_sha256": sha256_file(folder / ADAPTER / WEIGHTS),
        "flag": [flag_sum(some) for some in sums],
        "goal": {
            str(at): aims_sum(some)
            for at, (row, some) in enumerate(zip(rows, sums, strict=True))
            if goal_of(row)
        },
    }
    write_atomic(folder / CROSSED, json.dumps(record) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune and write."""
    parser = argparse.ArgumentParser(description="Tune the guard's encoder.")
    parser.parse_args(arguments)
    rows = learning_rows()
    model, held_out = tuned_and_crossed(rows)
    write(model, guard_dir())
    write_crossed(rows, held_out, guard_dir())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
