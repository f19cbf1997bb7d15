"""What was handed over to the model for a case, sentence by sentence, and what is a copy of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from josi_utils.decision import decision_lines
from josi_utils.guard.data import load
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.wording import plain_words, wording
from josi_utils.handover import Points
from josi_utils.persona import split_sentences

#: A copy may leave out or put in so many small words ("that", "and", "very"): such as no sentence
#: breaks without. A copy that drops a verb ("How has your training lately?") is none.
SMALL_CHANGES = 2
#: A clause of a handed sentence stands alone from so many words on.
SHORTEST_CLAUSE = 3


class Unit(NamedTuple):
    """A sentence handed over, or a clause of it.

    ``source`` is ``say``, ``ask``, ``question``, ``card``, ``goal`` or ``deck``; ``number`` counts
    the sentences of a source, and the clauses of a sentence share it.
    """

    source: str
    number: int
    words: tuple[str, ...]
    asks: bool = False


@lru_cache(maxsize=1)
def small_words() -> frozenset[str]:
    """Return the words that a copy may leave out or put in."""
    return frozenset(load("phrasing")["small"])


@lru_cache(maxsize=1)
def joiners() -> frozenset[str]:
    """Return the words that join two clauses."""
    return frozenset(load("phrasing")["joiners"])


@lru_cache(maxsize=1)
def _unsplit() -> frozenset[str]:
    return frozenset(load("phrasing")["unsplit"])


def clauses_of(sentence: str) -> list[tuple[str, ...]]:
    """Return the clauses of a sentence that may stand alone, none for a condition.

    "X, and Y", "X, but Y", "X, so Y" and "X because Y" come apart; "if X, Y" must not, as Y alone
    says more than was handed over.
    """
    joins, unsplit = joiners(), _unsplit()
    words = plain_words(tokenise(sentence))
    if any(word.text in unsplit for word in words):
        return []
    cuts = [0]
    for at, word in enumerate(words):
        if at and word.text in joins and (word.opens or word.text == "because"):
            cuts.append(at)
    if len(cuts) == 1:
        return []
    parts = []
    for first, last in zip(cuts, [*cuts[1:], len(words)], strict=True):
        texts = [word.text for word in words[first:last]]
        while texts and texts[0] in joins:
            texts.pop(0)
        parts.append(tuple(texts))
    return parts if all(len(part) >= SHORTEST_CLAUSE for part in parts) else []


def _units_of(source: str, texts: Iterable[str]) -> list[Unit]:
    units = []
    for number, text in enumerate(texts):
        asks = text.rstrip().endswith("?")
        units.append(Unit(source, number, wording(text), asks))
        if not asks:
            units += [Unit(source, number, part) for part in clauses_of(text)]
    return [unit for unit in units if unit.words]


@lru_cache(maxsize=1)
def vetted_questions() -> tuple[Unit, ...]:
    """Return the questions that fit every message."""
    return tuple(_units_of("question", load("phrasing")["questions"]))


def units_of(case: dict[str, Any], points: Points, cards: Sequence[dict[str, Any]]) -> list[Unit]:
    """Return what was handed over for a case, sentence by sentence.

    Parameters
    ----------
    cards
        Cards beside the case's own that may be quoted.
    """
    units = _units_of("say", split_sentences(points.say))
    units += _units_of("ask", split_sentences(points.ask))
    if not points.training:
        return units
    decision = case.get("decision")
    if decision:
        lines = [line.split(": ", 1) for line in decision_lines(decision)]
        units += _units_of("goal", [s for label, text in lines if label == "Goal"
                                    for s in split_sentences(text)])  # fmt: skip
    own = case.get("card")
    units += _units_of("card", split_sentences(own["text"]) if own else [])
    units += _units_of("deck", [s for card in cards for s in split_sentences(card["text"])])
    return [*units, *vetted_questions()]


def copied(unit: Sequence[str], words: Sequence[str], at: int) -> set[int]:
    """Return where a near-copy of ``unit`` that begins at ``at`` of ``words`` may end.

    Content words must be the same in the same order; at most :data:`SMALL_CHANGES` small words may
    be put in, or left out, but not both: a word moved is another sentence. Linear in the unit.
    """
    small = small_words()
    ends: set[int] = set()
    for adds in (True, False):
        u, a, changes = 0, at, 0
        while u < len(unit):
            if a < len(words) and unit[u] == words[a]:
                u, a = u + 1, a + 1
                continue
            changes += 1
            if changes > SMALL_CHANGES:
                break
            if adds and u and a < len(words) and words[a] in small:
                a += 1
            elif not adds and unit[u] in small:
                u += 1
            else:
                break
        if u == len(unit):
            ends.add(a)
    return ends
