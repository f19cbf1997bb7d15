"""The labelled messages that triage learns from: gold, everyday, and such as mislead."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json, read_jsonl
from josi_utils.guard.data import guard_dir
from josi_utils.guard.encoder import NO_GOAL, SENSIBLE, TOO_MUCH
from josi_utils.guard.encoder_build import adapter_digest
from josi_utils.guard.flag_reading import ORDER
from josi_utils.guard.measure import gold_label, read_labelled
from josi_utils.paths import data_dir

#: The gold's red flags weigh less: the rules of triage were written on them.
GOLD_WEIGHT = 0.3
#: A life weighs more than a wasted question: misses of these flags count so much more.
COST = {"self_harm": 2.5, "chest_pain": 1.5, "fainting": 1.5, "breathlessness": 1.5}
#: The encoder's log-odds for the messages, by folds that never saw them (``encoder_fit``).
CROSSED = "messages/encoder_crossed.json"
#: Letters of a message that may stand around another, at most.
CHAT_LETTERS = 200

Row = dict[str, Any]


def learning_rows() -> list[Row]:
    """Return every labelled message that is learnt from, with its ``weight``.

    ``everyday`` says whether it was written as people write day by day, not to mislead. A red flag
    that only its history makes one teaches nothing by its own words and is left out.
    """
    rows = []
    for path in sorted((data_dir() / "gold_examples").glob("*.jsonl")):
        for _, row in read_jsonl(path):
            weight = GOLD_WEIGHT if row.get("red_flag") else 1.0
            rows.append({**row, "label": gold_label(row), "weight": weight, "gold": True,
                         "everyday": True})  # fmt: skip
    folder = guard_dir() / "messages"
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise JosiError(f"{folder}: no messages to learn from; restore the folder")
    for path in paths:
        usual = {"weight": 1.0, "gold": False, "everyday": path.name.startswith("everyday_")}
        rows += [row | usual for row in read_labelled(path)]
    return [row for row in rows if not (row["label"] in ORDER and row.get("history"))]


def goal_of(row: Row) -> str | None:
    """Return which of the encoder's ``GOALS`` a message is, or None where nobody said.

    Whether the engine's own goal is too much is not told by the message, so those say nothing.
    """
    if (row.get("decision") or {}).get("goal"):
        return None
    known = {"unrealistic": TOO_MUCH, "sensible": SENSIBLE}
    none = row["label"] in ("against", "fine", "probe", "off_topic", "greeting")
    none = none or row.get("goal") == "none" or (row["gold"] and row["label"] == "plain")
    return known.get(row["label"]) or (NO_GOAL if none else None)


def messages_digest(rows: Sequence[Row]) -> str:
    """Return a SHA-256 over messages, labels and what is known of goals, in order."""
    text = "\n".join(f"{row['label']}\t{goal_of(row) or ''}\t{row['message']}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def _crossed(rows: Sequence[Row]) -> Any:
    """Return what the encoder's folds wrote of these messages.

    Raises
    ------
    JosiError
        If it is of other messages than these, or of another adapter.
    """
    path = guard_dir() / CROSSED
    record = read_json(path)
    of = (record.get("messages_sha256"), record.get("adapter_sha256"))
    if of != (messages_digest(rows), adapter_digest()) or len(record.get("flag", ())) != len(rows):
        raise JosiError(
            f"{path}: of other messages or another adapter; "
            "tune anew: python -m josi_utils.guard.encoder_fit"
        )
    return record


def encoder_crossed(rows: Sequence[Row]) -> Any:
    """Return the encoder's log-odds of a red flag for each message, by folds that never saw it.

    Raises
    ------
    JosiError
        If they are of other messages than these, or of another adapter.
    """
    import numpy as np

    return np.array(_crossed(rows)["flag"])


def encoder_goals(rows: Sequence[Row]) -> dict[int, float]:
    """Return, by the place of each message of which it is known, the log-odds of a goal.

    By folds that never saw the message; raises as :func:`encoder_crossed` does.
    """
    return {int(at): aims for at, aims in _crossed(rows)["goal"].items()}


def in_chat(rows: Sequence[Row]) -> list[str]:
    """Return each message with everyday words before it, after it, or on both sides."""
    chat = [
        str(row["message"]).rstrip(". ")
        for row in rows
        if row["label"] not in ORDER and len(row["message"]) < CHAT_LETTERS
    ]
    out = []
    for at, row in enumerate(rows):
        message = str(row["message"])
        # Large primes walk through the chat without order and without chance.
        before, after = chat[at * 7919 % len(chat)], chat[at * 104729 % len(chat)]
        out.append(wrapped(message, before, after, at % 3))
    return out


def wrapped(message: str, before: str, after: str, way: int) -> str:
    """Return a message with words before it (``way`` 0), after it (1), or on both sides (2)."""
    return (
        f"{before}. {message}",
        f"{message.rstrip('. ')}. {after}",
        f"{before}. {message.rstrip('. ')}. {after}",
    )[way]
