"""Mutations of sense: a good reply with one thing in it that no coach would say here.

The slot mutations of ``mutations`` put one wrong number or day; these put the faults that a small
model really makes: help without need, a liking nobody spoke of, another athlete's opening, a loop.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from josi_utils.persona import split_sentences
from josi_utils.scoring.normalise import content_stems

Row = dict[str, Any]
Mutate = Callable[[Row, Sequence[Row], random.Random], str | None]

_COLOURS = ("green", "amber", "red")


def _insert(reply: str, sentence: str) -> str:
    """Put a sentence before the last one."""
    *told, last = split_sentences(reply)
    return " ".join([*told, sentence, last])


def needless_help(row: Row, others: Sequence[Row], rng: random.Random) -> str | None:
    """Send a healthy athlete to the emergency number or to a doctor."""
    if re.search(r"pain|hurt|ache|sore|sick|ill\b|doctor|physio|dizz|kilos|weeks", str(row)):
        return None
    return _insert(
        row["reply"],
        rng.choice(
            ["Please call your local emergency number now, 112 in Europe.",
             "Please see a doctor today.", "No training until a doctor has seen you."]
        ),
    )  # fmt: skip


def presumed_liking(row: Row, others: Sequence[Row], rng: random.Random) -> str | None:
    """Be glad of a liking that nobody spoke of."""
    if re.search(r"lik|lov|enjoy|fun|great|happy|best|thank|good", row["message"].lower()):
        return None
    return _insert(
        row["reply"], rng.choice(["I'm glad that you like it.", "I am happy that you enjoyed it."])
    )


def other_colour(row: Row, others: Sequence[Row], rng: random.Random) -> str | None:
    """Name another colour of readiness than the plan has."""
    readiness = (row.get("decision") or {}).get("readiness")
    match = re.search(r"\b(?:you are on|readiness is) (green|amber|red)\b", row["reply"])
    if not readiness or not match or re.search(r"green|amber|\bred\b", row["message"].lower()):
        return None
    new = rng.choice([c for c in _COLOURS if c != match[1]])
    return row["reply"][: match.start(1)] + new + row["reply"][match.end(1) :]


def other_opening(row: Row, others: Sequence[Row], rng: random.Random) -> str | None:
    """Begin with the opening of a reply to another message, of the same category."""
    theirs = [
        o for o in others
        if o["category"] == row["category"] and o["id"] != row["id"]
        and not content_stems(o["message"]) & content_stems(row["message"])
    ]  # fmt: skip
    mine = split_sentences(row["reply"])
    if not theirs or len(mine) < 3 or row["category"] in ("greeting", "internals_probe"):
        return None
    return " ".join([split_sentences(rng.choice(theirs)["reply"])[0], *mine[1:]])


def other_reply(row: Row, others: Sequence[Row], rng: random.Random) -> str | None:
    """Answer another athlete's message, of the same category."""
    theirs = [
        o for o in others
        if o["category"] == row["category"] and o["id"] != row["id"]
        and not content_stems(o["message"]) & content_stems(row["message"])
    ]  # fmt: skip
    if not theirs or row["category"] in ("greeting", "internals_probe", "off_topic"):
        return None
    return rng.choice(theirs)["reply"]


def loop(row: Row, others: Sequence[Row], rng: random.Random) -> str | None:
    """Say a sentence three times."""
    mine = split_sentences(row["reply"])
    told = [s for s in mine if not s.endswith("?") and len(s.split()) >= 5]
    if len(mine) < 3 or not told:
        return None
    again = rng.choice(told)
    return " ".join([s for one in mine for s in ([one] * 3 if one == again else [one])])


SENSE_MUTATIONS: dict[str, Mutate] = {
    "help without need": needless_help,
    "a liking nobody spoke of": presumed_liking,
    "another colour": other_colour,
    "another athlete's opening": other_opening,
    "another athlete's reply": other_reply,
    "a loop": loop,
}
