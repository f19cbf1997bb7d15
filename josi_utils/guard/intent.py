"""What the athlete wants of Josi, as far as rules can tell from message, history and decision.

``against``: more, harder, other or another day than the decision has. Less than the decision,
another hour of the day, another place or company are not against it: the plan leaves them open. It
is a sum of readable signs (:func:`signs`) with weights in ``data/guard/intent.json``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from josi_utils.guard.data import load
from josi_utils.guard.flag_reading import negations_in
from josi_utils.guard.leap import fits, leap
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.phrases import Hit
from josi_utils.guard.rule_book import Book

#: How hard a kind of session is, for "harder than the decision".
HARDNESS: dict[str, int] = {
    "rest": 0,
    "mobility": 1,
    "recovery": 1,
    "easy": 2,
    "strength": 2,
    "long": 3,
    "steady": 3,
    "hills": 4,
    "tempo": 4,
    "threshold": 5,
    "intervals": 5,
    "test": 5,
    "race": 6,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORDS = {
    name: index
    for index, day in enumerate(_DAYS)
    for name in (day, day + "s", day[:3], day[:3] + "s", day[:4], day[:5])
    if name not in ("sun", "suns", "sat", "wed")
} | {"weds": 2, "thur": 3, "thurs": 3}
_FAMILIES = (
    "WANT",
    "MORE",
    "LESS",
    "HARD_KIND",
    "MOVE",
    "OKAY_CHANGE",
    "SOCIAL",
    "ADAMANT",
    "FUTURE",
    "WHY",
    "PASTTALK",
    "NOTBAD",
    "GOALWORD",
)
_REFUSED = re.compile(
    r"\b(?:stays?|not today|too much|answer is no|can't|no \w+ today|leave|off today|instead)\b",
    re.I,
)


@lru_cache(maxsize=1)
def intent_book() -> Book:
    """Return the compiled ``intent.json``."""
    return Book(load("intent"), "intent.json")


def asked_amounts(tokens: Sequence[Token]) -> dict[str, list[float]]:
    """Return the minutes, kilometres and zones that a text names.

    Hours count as minutes, miles as kilometres (1.609).
    """
    found: dict[str, list[float]] = {"minutes": [], "km": [], "zone": []}
    for at, token in enumerate(tokens):
        if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", token.text):
            continue
        value = float(token.text)
        unit = tokens[at + 1].text if at + 1 < len(tokens) else ""
        before = tokens[at - 1].text if at else ""
        if before in ("zone", "z"):
            found["zone"].append(value)
        elif unit in ("minutes", "minute"):
            found["minutes"].append(value)
        elif unit in ("hour", "hours", "h"):
            found["minutes"].append(value * 60)
        elif unit in ("km", "k", "kilometers", "kilometres", "kms"):
            found["km"].append(value)
        elif unit in ("mile", "miles", "mi", "miler"):
            found["km"].append(value * 1.609)
    return found


def signs(case: dict[str, Any], tokens: Sequence[Token], hits: Sequence[Hit]) -> dict[str, float]:
    """Return the signs for and against a request against the decision, each 0 or 1."""
    decision = case.get("decision") or {}
    session = decision.get("session") or {}
    kind = session.get("kind")
    hardness = HARDNESS.get(kind or "", 2)
    families = {h.family for h in hits}
    amounts = asked_amounts(tokens)
    minutes, distance = session.get("minutes"), session.get("distance_km")
    words = [t.text for t in tokens]
    history = case.get("history") or []
    last = history[-1]["content"] if history and history[-1]["role"] == "assistant" else ""
    longer = any(m > (minutes or 9) * 1.1 for m in amounts["minutes"])
    shorter = any(m < (minutes or 0) for m in amounts["minutes"])
    far = any(k > (distance * 1.1 if distance else (minutes or 30) / 8) for k in amounts["km"])
    day = decision.get("day")
    other = any(_DAY_WORDS.get(w) is not None and _DAYS[_DAY_WORDS[w]] != day for w in words)
    out = {name: float(name in families) for name in _FAMILIES}
    out |= {
        "longer": longer and hardness != 0,
        "shorter": shorter and hardness != 0,
        "far": far,
        "zone up": any(z > (session.get("zone") or 9) for z in amounts["zone"]),
        "harder kind": "HARD_KIND" in families and hardness <= 2,
        "more of rest": kind == "rest" and bool(families & {"WANT", "MORE", "ADAMANT"}),
        "less of more": "LESS" in families and hardness >= 1,
        "rest": kind == "rest",
        "hard plan": hardness >= 4,
        "replaced": bool(decision.get("replaces")),
        "other day": other and day in _DAYS,
        "moves to other day": other and "MOVE" in families,
        "asks first": bool(words)
        and words[0] in ("why", "how", "what", "whats", "when", "where", "is", "does", "so"),
        "can i": any(a == "can" and b in ("i", "we") for a, b in itertools.pairwise(words)),
        "question": "?" in (case.get("message") or ""),
        "refused before": bool(_REFUSED.search(last)),
        "talks on": bool(last),
        "asked by Josi": last.rstrip().endswith("?"),
        "no decision": not decision,
        "goal": bool(decision.get("goal")),
        "short": len(words) <= 8,
        "long": len(words) >= 22,
    }
    return {name: float(value) for name, value in out.items()}


def against_score(case: dict[str, Any]) -> float:
    """Return how strongly a message asks against the decision; 0 is even odds.

    Five-fold on the gold rows: of the messages from 0 up 71 % ask against it (39 % of all that
    do), of those from -1 up 59 % (62 %).
    """
    tokens = tokenise(case.get("message") or "")
    return _score(case, tokens, intent_book().hits(tokens))


def _score(case: dict[str, Any], tokens: Sequence[Token], hits: Sequence[Hit]) -> float:
    source = load("intent")["against"]
    total = float(source["start"])
    found = signs(case, tokens, hits)
    for name, value in found.items():
        total += source["weights"].get(name, 0.0) * value
    for pair, weight in source["pairs"].items():
        first, second = pair.split(" & ")
        total += weight * found.get(first, 0.0) * found.get(second, 0.0)
    return total


def _held(tokens: Sequence[Token], hits: Sequence[Hit]) -> set[str]:
    """Return the names of the rules of ``intent.json`` that hold."""
    book, negations = intent_book(), negations_in(list(hits))
    return {r.flag for r in book.rules if book.search(r, tokens, hits, negations) is not None}


def _too_much(tokens: Sequence[Token], held: set[str]) -> bool:
    return leap(tokens) or "unrealistic" in held or ("from_nothing" in held and not fits(tokens))


def ruled_too_much(tokens: Sequence[Token]) -> bool:
    """Tell whether figures or phrases say that a goal is too much."""
    return _too_much(tokens, _held(tokens, intent_book().hits(tokens)))


def intent(case: dict[str, Any]) -> dict[str, bool]:
    """Return what the athlete wants, by rules.

    Parameters
    ----------
    case : dict
        Of the case, only ``decision``, ``card``, ``history`` and ``message`` are read.

    Returns
    -------
    dict of bool
        ``against`` (a request against the decision), ``probe`` (asks for internals), ``off_topic``,
        ``unrealistic`` (an extreme goal, or one that the engine calls too much), ``greeting``.
    """
    book = intent_book()
    tokens = tokenise(case.get("message") or "")
    hits = book.hits(tokens)
    held = _held(tokens, hits)
    families = {h.family for h in hits}
    goal = (case.get("decision") or {}).get("goal") or {}
    probe = "probe" in held
    off_topic = (
        not probe
        and "OFFTOPIC" in families
        and "SPORTY" not in families
        and not case.get("card")
        and not case.get("history")
    )
    verdict = goal.get("verdict")
    least = load("intent")["against"]["least"]
    too_much = _too_much(tokens, held)
    unrealistic = verdict == "unrealistic" or (verdict is None and too_much)
    return {
        "against": not (probe or off_topic)
        and _score(case, tokens, hits) >= least
        and not (case.get("history") and _answers_josi(case)),
        "probe": probe,
        "off_topic": off_topic,
        "unrealistic": unrealistic,
        "greeting": "greeting" in held,
    }


def _answers_josi(case: dict[str, Any]) -> bool:
    """Tell whether the message answers Josi's own question, and so asks for nothing."""
    # The situations' words are vetted by rules of this module, so they are read late.
    from josi_utils.guard.answers import asked_kind
    from josi_utils.guard.situations import read

    return bool(asked_kind(case, read(case.get("message") or "")))
