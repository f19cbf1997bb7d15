"""Before the model: do the athlete's words call for help rather than for training talk?

Twelve red flags, found by rules over word families (``data/guard/triage.json``), explained by the
spans that they rest on. The rules are written for English, with a few phrases of German, French,
Spanish, Italian and Dutch for the gravest flags; other languages are not triaged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.phrases import NEGATION, Book, Hit, Rule

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


class Span(NamedTuple):
    """A piece of the athlete's words: ``text`` stands at ``start:end`` of turn ``turn``.

    ``turn`` is -1 for the message, else the index into the case's history.
    """

    start: int
    end: int
    text: str
    rule: str
    turn: int = -1


@dataclass(frozen=True)
class Triage:
    """What triage found.

    Attributes
    ----------
    flag
        One of the twelve red flags of ``case.schema.json``, or None.
    emergency
        Whether the emergency number belongs into the reply.
    spans
        The words that the finding rests on.
    also
        Further flags that were found, most urgent first.
    """

    flag: str | None = None
    emergency: bool = False
    spans: list[Span] = field(default_factory=list)
    also: list[str] = field(default_factory=list)


@lru_cache(maxsize=4)
def _book(name: str = "triage") -> tuple[Book, frozenset[str]]:
    source = load(name)
    return Book(source, f"{name}.json"), frozenset(load("vocabulary")["common"])


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


def _find(
    book: Book,
    tokens: list[Token],
    asked: set[str],
    *,
    thread: bool,
    rules: list[Rule] | None = None,
) -> list[tuple[Rule, list[Hit]]]:
    hits = book.hits(tokens)
    negations = negations_in(hits)
    families = frozenset(h.family for h in hits)
    found = []
    for rule in book.rules if rules is None else rules:
        if (thread and not rule.thread) or (rule.after and rule.after not in asked):
            continue
        chosen = book.search(rule, tokens, hits, negations, families)
        if chosen is not None:
            found.append((rule, chosen))
    return found


def triage(case: dict[str, Any]) -> Triage:
    """Return the red flag in an athlete's words, if there is one.

    Parameters
    ----------
    case : dict
        Of the case, only ``message`` and ``history`` are read: the app knows no ``category``.

    Returns
    -------
    Triage
        With ``flag`` None where nothing was found.
    """
    book, known = _book()
    message = case.get("message") or ""
    history = case.get("history") or []
    tokens = words_of(message, book, known)
    asked: set[str] = set()
    if history and history[-1]["role"] == "assistant":
        asked = {h.family for h in book.hits(words_of(history[-1]["content"], book, known))}
    found = [
        (rule, chosen, tokens, message, -1)
        for rule, chosen in _find(book, tokens, asked, thread=False)
    ]
    if not found and history:
        found = _find_in_thread(book, known, history, message, tokens, asked)
    if not found:
        return Triage()
    flags = sorted({item[0].flag for item in found}, key=ORDER.index)
    spans = [
        Span(
            words[h.start].start,
            words[h.end - 1].end,
            text[words[h.start].start : words[h.end - 1].end],
            rule.id,
            turn,
        )
        for rule, chosen, words, text, turn in found
        for h in chosen
    ]
    urgent = [f for f in flags if any(r.flag == f and r.emergency for r, *_ in found)]
    flag = urgent[0] if urgent else flags[0]
    return Triage(
        flag,
        bool(urgent),
        sorted(set(spans), key=lambda s: (s.turn != -1, s.turn, s.start)),
        [f for f in flags if f != flag],
    )


def _find_in_thread(
    book: Book,
    known: frozenset[str],
    history: list[dict[str, str]],
    message: str,
    tokens: list[Token],
    asked: set[str],
) -> list[Any]:
    """Look at the athlete's earlier turns: a flag that is still open, or one in pieces.

    An earlier flag stays open unless the message says that it is over (family ``CLEARED``).
    """
    if any(h.family == "CLEARED" for h in book.hits(tokens)):
        return []
    earlier = [(i, turn["content"]) for i, turn in enumerate(history) if turn["role"] == "user"]
    for index, text in reversed(earlier[-2:]):
        words = words_of(text, book, known)
        found = [
            (rule, chosen, words, text, index)
            for rule, chosen in _find(book, words, set(), thread=False)
        ]
        if found:
            return found
    if not earlier:
        return []
    index, said = earlier[-1]
    joined = words_of(f"{said}\n{message}", book, known)
    cut = len(said) + 1
    here = [Token(t.text, t.start - cut, t.end - cut, t.clause, t.sentence, t.raw) for t in joined]
    found = []
    for rule, chosen in _find(book, joined, asked, thread=True):
        now = [h for h in chosen if joined[h.start].start >= cut]
        before = [h for h in chosen if joined[h.start].start < cut]
        found += [(rule, now, here, message, -1)] if now else []
        found += [(rule, before, joined, said, index)] if before else []
    return found
