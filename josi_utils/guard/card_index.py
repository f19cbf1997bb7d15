"""Which card of the deck answers a message: situations vote, and an index of words learnt from gold.

The index (``fallback.json``) holds of each word how rare it is and how strongly it stands for each
card; a situation that names a card votes for it as far as it was right on gold
(:mod:`josi_utils.guard.card_learning`). Below the learnt threshold no card is better than a wrong
one.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from josi_utils.guard.data import load
from josi_utils.guard.licence import stem
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.situations import Reading, Situation
from josi_utils.persona import split_sentences

#: So many sentences of a card are said at most.
SENTENCES = 3
#: What a situation's vote counts beside the index, times how often it was right; the later a
#: situation stands in the reading, the less.
VOTE, VOTE_STEP = 0.6, 0.05
#: A situation of which gold says nothing is taken to be right as often as not.
UNKNOWN_TRUST = 0.5
_READ = 5
#: A sentence that begins so points back to the one before it.
_BACK = frozenset(("it", "they", "this", "that", "these", "those", "then", "so"))
#: What a figure in a sentence counts where one is asked for, in words shared.
NUMBER = 3
#: A certainty that no answer has.
NEVER = 9.0


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(load("fallback")["common"])


def features(text: str) -> list[str]:
    """Return the stems of a text without its common words, and its pairs of neighbours."""
    stems = [stem(t.text) for t in tokenise(text) if not t.text[0].isdigit()]
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(stems)]
    return list(dict.fromkeys([*(s for s in stems if s not in _common()), *pairs]))


def case_features(case: Mapping[str, Any]) -> list[str]:
    """Return the features of a case's message and of the athlete's turn before it."""
    before = [t["content"] for t in case.get("history") or [] if t["role"] == "user"][-1:]
    return features(" ".join([*before, case.get("message") or ""]))


@dataclass(frozen=True)
class Index:
    """Words and what they point to.

    Attributes
    ----------
    words
        Of each word its rarity (inverse document frequency) and {card id: weight}, 0 to 1.
    rarest
        The rarity of a word that gold does not have.
    trust
        Of each situation with a card how often it was right, 0 to 1.
    least
        Certainty from which a card is said, by :func:`kind_of` answer.
    """

    words: Mapping[str, tuple[float, Mapping[str, float]]]
    rarest: float
    trust: Mapping[str, float]
    least: Mapping[str, float]


class Choice(NamedTuple):
    """A card, how certain it is, and the situation that named it, if one did."""

    card_id: str
    certainty: float
    situation: Situation | None = None


@lru_cache(maxsize=1)
def card_index() -> Index:
    """Return the index of ``fallback.json``."""
    source = load("fallback")["index"]
    return Index(source["words"], source["rarest"], source["trust"], source["least"])


def choose(index: Index, words: Sequence[str], situations: Sequence[Situation]) -> Choice | None:
    """Return the card that fits best.

    Its certainty is its score plus its lead over the next card.
    """
    known = [(word, index.words[word]) for word in words if word in index.words]
    squares = sum(rarity * rarity for _, (rarity, _) in known)
    squares += sum(index.rarest**2 for w in words if " " not in w and w not in index.words)
    norm = math.sqrt(squares) or 1.0
    scores: dict[str, float] = {}
    for _, (rarity, cards) in known:
        for card_id, weight in cards.items():
            scores[card_id] = scores.get(card_id, 0.0) + weight * rarity / norm
    named: dict[str, Situation] = {}
    for place, one in enumerate(situations[:_READ]):
        vote = VOTE * index.trust.get(one.id, UNKNOWN_TRUST) - VOTE_STEP * min(place, 2)
        for card_id, _ in one.cards[:1]:
            if card_id not in named:
                named[card_id] = one
                scores[card_id] = scores.get(card_id, 0.0) + vote
    if not scores:
        return None
    best, *others = sorted(scores, key=lambda c: (-scores[c], c))
    lead = scores[best] - (scores[others[0]] if others else 0.0)
    return Choice(best, scores[best] + lead, named.get(best))


def kind_of(choice: Choice, form: str) -> str:
    """Return the kind of an answer: to a question or a statement, named by a situation or not."""
    return f"{form}, {'named' if choice.situation else 'unnamed'}"


def find_card(
    case: Mapping[str, Any], deck: Sequence[dict[str, Any]], reading: Reading
) -> tuple[dict[str, Any], list[str]] | None:
    """Return the deck's card that answers the message and its sentences to say, or None."""
    first = next(iter(reading.situations), None)
    if first and first.more == "unknown":
        return None
    if first and first.sure and first.cards and reading.mood != "both":
        choice: Choice | None = Choice(first.cards[0][0], 1.0, first)
    else:
        index = card_index()
        choice = choose(index, case_features(case), reading.situations)
        if choice is None or choice.certainty < index.least.get(
            kind_of(choice, reading.form), NEVER
        ):
            return None
    by_id = {card["id"]: card for card in deck}
    card = by_id.get(choice.card_id)
    if card is None:
        return None
    lines: list[str] = []
    for card_id, places in choice.situation.cards if choice.situation else ():
        sentences = split_sentences(by_id[card_id]["text"]) if card_id in by_id else []
        lines += [sentences[place] for place in places if place < len(sentences)]
    return card, lines or best_sentences(card, reading.tokens)


def found_card(
    case: Mapping[str, Any], deck: Sequence[dict[str, Any]], reading: Reading
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return :func:`find_card`'s answer, but none to grief or to good news that asks nothing."""
    heavy = bool(reading.situations) and reading.situations[0].strong
    if heavy or (reading.mood == "glad" and not reading.question):
        return None, []
    return find_card(case, deck, reading) or (None, [])


def near_card(reading: Reading, deck: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the card on the subject that a question names, though none surely answers it."""
    said = " ".join(token.text for token in reading.tokens)
    for phrase, card_id in load("fallback")["words"]["near_cards"].items():
        if f" {phrase} " in f" {said} ":
            return next((card for card in deck if card["id"] == card_id), None)
    return None


def best_sentences(
    card: Mapping[str, Any], tokens: Sequence[Token], most: int = SENTENCES
) -> list[str]:
    """Return the card's sentences that share most with the message, in the card's order.

    A card of no more than ``most`` sentences is said whole. One that points back ("It fades") is
    not said without the one before it.
    """
    sentences = split_sentences(card["text"])
    if len(sentences) <= most:
        return sentences
    wanted = {stem(t.text) for t in tokens} - _common()
    words = [tokenise(s) for s in sentences]
    shared = [len(wanted & {stem(t.text) for t in said}) for said in words]
    if _asks_number(tokens):
        shared = [
            n + NUMBER * any(t.text[0].isdigit() for t in s)
            for n, s in zip(shared, words, strict=True)
        ]
    back = {place for place, said in enumerate(words) if said and said[0].text in _BACK}
    whole = [
        places
        for places in itertools.combinations(range(len(sentences)), most)
        if all(place - 1 in places for place in places if place in back)
    ]
    best = max(whole, key=lambda places: sum(shared[p] for p in places), default=range(most))
    return [sentences[place] for place in best]


def _asks_number(tokens: Sequence[Token]) -> bool:
    """Tell whether a message asks how much, how many or how long."""
    return any(
        one.text == "how" and two.text in ("much", "many", "long", "often", "big")
        for one, two in itertools.pairwise(tokens)
    )


def written(book: Mapping[str, Any]) -> str:
    """Return ``fallback.json`` as text, one entry of each table a line; the same book, one text."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    def table(value: Any, deep: int) -> str:
        pad = " " * deep
        if isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values()):
            rows = (
                f"{pad} {line(k)}: {table(v, deep + 1) if deep < 2 else line(v)}"
                for k, v in value.items()
            )
            return "{\n" + ",\n".join(rows) + f"\n{pad}}}"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(f"{pad} {line(v)}" for v in value) + f"\n{pad}]"
        return line(value)

    return table(dict(book), 0) + "\n"
