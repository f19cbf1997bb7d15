"""What a reply may say: the slots that decision, card, message and history license."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from josi_utils.decision import decision_lines
from josi_utils.scoring.normalise import content_stems, plain_quotes, sentences
from josi_utils.scoring.quantities import Quantity, find_quantities

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

#: Kinds of session as they are named in talk. "long", "easy", "steady" and "race" are everyday
#: words and are read only in front of a session noun.
KIND_WORDS: dict[str, str] = {
    "rest": r"rest(?:ing)? days?|days? of rest|day off|full rest|complete rest",
    "recovery": r"recovery (?:runs?|rides?|swims?|rows?|walks?|skis?|sessions?|jogs?|spins?|riding|"
    r"running|walking)",
    "easy": r"easy (?:runs?|rides?|bike rides?|swims?|rows?|walks?|sessions?|jogs?|spins?)",
    "long": r"long (?:runs?|rides?|bike rides?|swims?|rows?|walks?)",
    "steady": r"steady (?:runs?|rides?|bike rides?|swims?|rows?|walks?)",
    "tempo": r"tempos?",
    "threshold": r"thresholds?",
    "intervals": r"intervals?",
    "hills": r"hills?(?: reps| session| repeats)?|uphill (?:reps|repeats)",
    "strength": r"strength(?: (?:training|session|work))?",
    "mobility": r"mobility",
    "test": r"(?:fitness |ftp |time )?test (?:on|day|session|run|ride)|time trial",
    "race": r"race day|your race",
}

#: Sports as they are named in talk.
SPORT_WORDS: dict[str, str] = {
    "run": r"runs?|running|jog(?:s|ging)?",
    "bike": r"rides?|riding|bikes?|biking|cycl\w+|spin(?:ning)?|turbo",
    "swim": r"swims?|swimming|pool|in the water|front crawl",
    "row": r"row(?:s|ing|er)?|erg",
    "walk": r"walks?|walking",
    "ski": r"skis?|skiing|on skis",
    "gym": r"gym",
}


@dataclass(frozen=True)
class DeckSentence:
    """One sentence of a card in the deck: its stems, quantities and lower-cased text."""

    stems: frozenset[str]
    quantities: frozenset[tuple[str, float]]
    zones: frozenset[float]
    text: str = ""


class Deck:
    """The sentences of a deck, and which of them have each stem."""

    def __init__(self, pieces: Sequence[DeckSentence] = ()) -> None:
        self.sentences = tuple(pieces)
        found: dict[str, list[int]] = {}
        for number, piece in enumerate(self.sentences):
            for one in piece.stems:
                found.setdefault(one, []).append(number)
        self._index = {one: tuple(numbers) for one, numbers in found.items()}

    def shared(self, stems: Collection[str]) -> Iterator[tuple[DeckSentence, int]]:
        """Yield each sentence that has any of ``stems``, with how many, in the deck's order."""
        counts = Counter(number for one in stems for number in self._index.get(one, ()))
        for number in sorted(counts):
            yield self.sentences[number], counts[number]


NO_DECK = Deck()


@dataclass
class Licence:
    """Everything a case licenses.

    Attributes
    ----------
    quantities
        (kind, value) pairs that may be said.
    bare
        Raw numbers without a unit in the athlete's words: they fit any unit ("let me do 45").
    text
        Lower-cased words of decision, card, message and history.
    deck
        Sentences of the deck where the case has no card; :func:`deck_gives` reads them.
    """

    quantities: set[tuple[str, float]] = field(default_factory=set)
    raw: set[float] = field(default_factory=set)
    bare: set[float] = field(default_factory=set)
    zones: set[float] = field(default_factory=set)
    text: str = ""
    plan_text: str = ""
    said: str = ""
    card_text: str = ""
    stems: frozenset[str] = frozenset()
    deck: Deck = NO_DECK


@lru_cache(maxsize=8)
def _deck(texts: tuple[str, ...]) -> Deck:
    """Return a deck taken apart; cached, as one deck serves many replies."""
    out = []
    for piece in (s.text for text in texts for s in sentences(plain_quotes(text))):
        found = find_quantities(piece)
        out.append(
            DeckSentence(
                frozenset(content_stems(piece)),
                frozenset((q.kind, q.value) for q in found),
                frozenset(q.value for q in found if q.kind == "zone"),
                piece.lower(),
            )
        )
    return Deck(out)


class DeckMatch(NamedTuple):
    """How far one sentence of the deck covers a piece of a reply.

    ``share`` is the share of the piece's content stems that stand in the best sentence (0 with
    fewer than two), ``both`` the Dice coefficient of the two, ``text`` the sentence itself.
    """

    share: float
    both: float
    text: str


def deck_match(stems: Collection[str], licence: Licence) -> DeckMatch:
    """Return how far the deck covers a piece of a reply by one of its sentences."""
    best = DeckMatch(0.0, 0.0, "")
    for piece, count in licence.deck.shared(stems):
        if count >= 2:
            both = 2 * count / (len(stems) + len(piece.stems))
            if both > best.both:
                best = DeckMatch(best.share, both, piece.text)
            best = best._replace(share=max(best.share, count / len(stems)))
    return best


def deck_gives(sentence: str, licence: Licence, quantity: Quantity | None = None) -> bool:
    """Return whether a sentence restates one of the deck (half of its subject words, and the
    quantity)."""
    mine = content_stems(sentence)
    return any(
        count >= min(3, len(mine))
        and count / len(mine) >= 0.5
        and (quantity is None or (quantity.kind, quantity.value) in piece.quantities)
        for piece, count in licence.deck.shared(mine)
    )


def licence_of(case: dict[str, Any], deck: Sequence[dict[str, Any]] = ()) -> Licence:
    """Return what ``case`` licenses; without a card of its own the whole ``deck`` is licensed."""
    out = Licence()
    decision = case.get("decision")
    plan = " ".join(decision_lines(decision)) if decision else ""
    card = case.get("card")
    card_text = f"{card.get('title', '')}. {card.get('text', '')}" if card else ""
    said = " \n".join(
        [*(t.get("content", "") for t in case.get("history") or []), case.get("message", "")]
    )
    note = plain_quotes(f"{plan}\n{card_text}\n{said}")
    for source, text in (("plan", plan), ("card", card_text), ("said", said)):
        for q in find_quantities(text):
            out.quantities.add((q.kind, q.value))
            out.raw.add(q.raw)
            if q.kind == "zone":
                out.zones.add(q.value)
            if source == "said" and q.kind in ("count", "scale", "reps"):
                out.bare.add(q.raw)
    out.text = note.lower()
    out.plan_text = plan.lower()
    out.said = plain_quotes(said).lower()
    out.card_text = plain_quotes(card_text).lower()
    stems = content_stems(note)
    if not card and deck:
        out.deck = _deck(tuple(f"{c.get('title', '')}. {c.get('text', '')}" for c in deck))
        if not decision:
            out.zones |= {1.0, 2.0, 3.0, 4.0, 5.0} & {
                z for piece in out.deck.sentences for z in piece.zones
            }
    out.stems = frozenset(stems)
    return out


#: Numbers to call in an emergency are never invented training.
EMERGENCY_NUMBERS = {112, 911, 999, 995, 988, 111, 116, 123, 0, 108, 118, 119, 144, 15, 116123}


def is_licensed(quantity: Quantity, licence: Licence) -> bool:
    """Return whether a quantity of the reply may be said.

    Conversions: hours, minutes and seconds meet in seconds; kilometres and metres in metres;
    weeks, months and years in days. A clock time reads as h:mm and as m:ss.
    """
    kind, value = quantity.kind, quantity.value
    if kind == "zone":
        return value in licence.zones
    if (kind, value) in licence.quantities:
        return True
    if kind != "clock" and quantity.raw in licence.bare:
        return True
    if kind == "clock":
        return ("time", value) in licence.quantities or (
            "time",
            round(value / 60, 3),
        ) in licence.quantities
    if kind == "time":
        return ("clock", value) in licence.quantities or ("clock", value * 60) in licence.quantities
    if kind in ("reps", "scale", "count"):
        return quantity.raw in licence.raw
    if kind == "days":  # "10 days" for "a week and a half" is nobody's wording; 14 days is
        return any(k == "days" and abs(v - value) < 0.5 for k, v in licence.quantities)
    if kind == "distance":
        return any(
            k == "distance" and abs(v - value) <= 0.01 * value for k, v in licence.quantities
        )
    return False


def kinds_in(text: str) -> dict[str, re.Match[str]]:
    """Return the session kinds named in a text, with the first place of each."""
    found = {}
    for kind, pattern in KIND_WORDS.items():
        match = re.search(rf"\b(?:{pattern})\b", text)
        if match:
            found[kind] = match
    return found


def sports_in(text: str) -> set[str]:
    """Return the sports named in a text."""
    return {s for s, p in SPORT_WORDS.items() if re.search(rf"\b(?:{p})\b", text)}


def names_plan(reply: str, licence: Licence) -> bool:
    """Return whether a reply says anything of the plan or the card: a number of theirs, or half a
    sentence."""
    if any((q.kind, q.value) in licence.quantities for q in find_quantities(reply)):
        return True
    given = content_stems(licence.plan_text + " " + licence.card_text)
    return len(content_stems(reply) & given) >= 3
