"""A message as triage reads it: words, rules that hold, features."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from josi_utils.guard.data import load
from josi_utils.guard.features import Features, Place, flag_features
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.phrases import NEGATION, Hit
from josi_utils.guard.rule_book import Book, Rule

#: Which flag speaks where several are found: the most urgent first.
ORDER: tuple[str, ...] = (
    "self_harm",
    "chest_pain",
    "breathlessness",
    "concussion",
    "heat",
    "pregnancy",
    "minor",
    "fainting",
    "eating",
    "medication",
    "injury",
    "illness",
)


class Reading(NamedTuple):
    """A text as rules and sums read it: words, rules that hold with their phrases, features."""

    text: str
    tokens: list[Token]
    found: list[tuple[Rule, list[Hit]]]
    features: Features
    places: dict[str, Place]


@lru_cache(maxsize=1)
def rule_book() -> tuple[Book, frozenset[str]]:
    """Return the rules of ``triage.json``, compiled, and the words that are no slips."""
    return Book(load("triage"), "triage.json"), frozenset(load("vocabulary")["common"])


def words_of(text: str, book: Book, known: frozenset[str]) -> list[Token]:
    """Return the words of a text with slips of listed words mended."""
    out = []
    for token in tokenise(text):
        mended = book.correct(token.text, known)
        out.append(
            token
            if mended == token.text
            else Token(mended, token.start, token.end, token.clause, token.sentence, token.raw)
        )
    return out


def negations_in(hits: list[Hit]) -> frozenset[int]:
    """Return the places of the negating words."""
    return frozenset(h.end - 1 for h in hits if h.family == NEGATION)


def find(
    book: Book,
    tokens: list[Token],
    asked: set[str],
    *,
    hits: list[Hit],
    thread: bool,
) -> list[tuple[Rule, list[Hit]]]:
    """Return the rules that hold, each with the phrases it rests on.

    ``thread``: only rules that may hold across two turns. ``asked``: families in Josi's words
    before the message, for rules that read an answer.
    """
    negations = negations_in(hits)
    families = frozenset(h.family for h in hits)
    found = []
    for rule in book.rules:
        if (thread and not rule.thread) or (rule.after and rule.after not in asked):
            continue
        chosen = book.search(rule, tokens, hits, negations, families)
        if chosen is not None:
            found.append((rule, chosen))
    return found


def read(text: str, asked: set[str] | None = None) -> Reading:
    """Return a text as rules and sums read it; ``asked``: families in Josi's words before it."""
    book, known = rule_book()
    tokens = words_of(text, book, known)
    hits = book.hits(tokens)
    found = find(book, tokens, asked or set(), hits=hits, thread=False)
    # What is found only as an answer is no feature: the sums read single messages.
    rules = {rule.id: rule.emergency for rule, _ in found if not rule.after}
    features, places = flag_features(tokens, hits, rules)
    return Reading(text, tokens, found, features, places)
