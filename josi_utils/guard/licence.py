"""What a reply to a case may say: its numbers, reasons, kinds, sports, days and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from josi_utils.decision import decision_lines
from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.phrases import Phrases

DAYS: tuple[str, ...] = (
    "today",
    "tomorrow",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_TO_MINUTES = {"hours": 60.0, "minutes": 1.0, "seconds": 1 / 60}
_TO_METRES = {"km": 1000.0, "m": 1.0, "miles": 1609.0}
_TO_DAYS = {"days": 1.0, "weeks": 7.0, "months": 30.0, "years": 365.0}


@dataclass(frozen=True)
class Quantity:
    """A number of a text with the unit that follows it; ``at`` is the place of its word."""

    value: float
    unit: str
    at: int

    @property
    def base(self) -> tuple[str, float]:
        """Return (dimension, value) so that 90 minutes and 1.5 hours meet."""
        for name, table in (("time", _TO_MINUTES), ("length", _TO_METRES), ("days", _TO_DAYS)):
            if self.unit in table:
                return name, round(self.value * table[self.unit], 2)
        return self.unit, self.value


@lru_cache(maxsize=1)
def accept_phrases() -> Phrases:
    """Return the compiled phrases of ``accept.json``."""
    return Phrases(load("accept")["families"], "accept.json")


@lru_cache(maxsize=1)
def _unit_of() -> dict[str, str]:
    return {word: unit for unit, words in load("accept")["units"].items() for word in words}


def quantities(tokens: Sequence[Token], *, bare_words: bool = False) -> list[Quantity]:
    """Return the numbers of a text, digits and number words, each with its unit or ``""``.

    A number word without a unit ("one of them", "you two") says no quantity and is left out,
    unless ``bare_words``: what the athlete spelled out may be said again in digits.
    """
    spelled: dict[str, int] = load("accept")["number_words"]
    units = _unit_of()
    found: list[Quantity] = []
    at = 0
    while at < len(tokens):
        text, start = tokens[at].text, at
        if text[0].isdigit() and text.isascii():
            parts = text.split(":")
            try:
                value = (
                    float(parts[0]) if len(parts) == 1 else float(parts[0]) * 60 + float(parts[1])
                )
            except ValueError:
                at += 1
                continue
            unit = units.get(tokens[at + 1].text, "") if at + 1 < len(tokens) else ""
            if len(parts) == 2:
                unit = "clock"
            elif not unit and at and tokens[at - 1].text in ("zone", "z"):
                unit = "zone"
            found.append(Quantity(value, unit, at))
        elif text in spelled:
            value = float(spelled[text])
            if (
                value >= 20
                and value < 100
                and at + 1 < len(tokens)
                and 0 < spelled.get(tokens[at + 1].text, 0) < 10
            ):
                value += spelled[tokens[at + 1].text]
                at += 1
            following = tokens[at + 1].text if at + 1 < len(tokens) else ""
            unit = units.get(following, "")
            if start and tokens[start - 1].text == "zone":
                unit = "zone"
            if (unit or bare_words) and not (value == 1 and not bare_words):
                found.append(Quantity(value, unit, start))
        at += 1
    return found


@dataclass(frozen=True)
class Licence:
    """What the case licenses.

    Attributes
    ----------
    quantities
        (dimension, value) pairs of decision, card, message and history.
    values
        The bare values, for numbers without a unit.
    families
        Families of ``accept.json`` found in the material.
    words
        All words of the material, and their stems.
    deck_quantities, deck_families
        What any card of the deck says, where the case has no card: knowledge, never a session.
    """

    quantities: frozenset[tuple[str, float]]
    values: frozenset[float]
    families: frozenset[str]
    words: frozenset[str]
    deck_quantities: frozenset[tuple[str, float]] = frozenset()
    deck_families: frozenset[str] = frozenset()


def stem(word: str) -> str:
    """Return a word without its commonest ending."""
    for ending in ("ing", "ies", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=8)
def _deck_material(texts: tuple[str, ...]) -> tuple[frozenset[tuple[str, float]], frozenset[str]]:
    """Return the quantities and families of a whole deck; cached, as the deck is the app's own."""
    phrases = accept_phrases()
    found: set[tuple[str, float]] = set()
    families: set[str] = set()
    for text in texts:
        tokens = tokenise(text)
        found |= {q.base for q in quantities(tokens) if q.unit}
        families |= {h.family for h in phrases.hits(tokens)}
    return frozenset(found), frozenset(families)


def licence_of(case: dict[str, Any], deck: Sequence[dict[str, Any]] = ()) -> Licence:
    """Return what a reply to ``case`` may say.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read.
    deck : sequence of cards
        Knowledge that counts where the case has no card of its own.
    """
    decision, card = case.get("decision"), case.get("card")
    material = [case.get("message") or ""]
    material += [turn["content"] for turn in case.get("history") or []]
    if decision:
        material += decision_lines(decision)
    if card:
        material += [f"{card['title']}. {card['text']}"]
    phrases = accept_phrases()
    found: set[tuple[str, float]] = set()
    values: set[float] = set()
    families: set[str] = set()
    words: set[str] = set()
    for text in material:
        tokens = tokenise(text)
        for quantity in quantities(tokens, bare_words=True):
            found.add(quantity.base)
            values.add(quantity.value)
        families |= {h.family for h in phrases.hits(tokens)}
        words |= {t.text for t in tokens}
    deck_quantities: frozenset[tuple[str, float]] = frozenset()
    deck_families: frozenset[str] = frozenset()
    if not card and deck:
        numbers, said = _deck_material(tuple(f"{c['title']}. {c['text']}" for c in deck))
        # A decision has its own zone; the deck speaks of all five.
        deck_quantities = frozenset(n for n in numbers if not decision or n[0] != "zone")
        deck_families = (
            frozenset(f for f in said if not f.startswith("HELP")) if not decision else frozenset()
        )
    return Licence(
        frozenset(found),
        frozenset(values),
        frozenset(families),
        frozenset(words | {stem(w) for w in words}),
        deck_quantities,
        deck_families,
    )
