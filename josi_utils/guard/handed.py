"""Is every sentence of a draw one that was handed over, or a plain way to say the plan?

A draw is read as a chain of pieces. A piece is a sentence handed over (or one of its clauses) with
the same content words, numbers and negations in the same order, or a clause of
``data/guard/phrasing.json`` filled from the decision. Nothing else is licensed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from josi_utils.decision import decision_lines
from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.wording import Word, Wordings, plain_words, wording
from josi_utils.persona import split_sentences
from josi_utils.prompt import Points

#: A copy may leave out or put in so many small words ("that", "and", "very"): such as no sentence
#: breaks without. A copy that drops a verb ("How has your training lately?") is none.
SMALL_CHANGES = 2
#: A clause of a handed sentence stands alone from so many words on.
SHORTEST_CLAUSE = 3
#: A reply is read up to this many words; an accepted one has fewer by far.
MOST_WORDS = 200


#: Sources whose sentences stood before the model or are vetted, word for word.
HANDED = frozenset(("say", "ask", "question", "card", "deck"))


class Unit(NamedTuple):
    """A sentence handed over, or a clause of it.

    ``source`` is ``say``, ``ask``, ``question``, ``card``, ``goal`` or ``deck``; ``number`` counts
    the sentences of a source, and the clauses of a sentence share it.
    """

    source: str
    number: int
    words: tuple[str, ...]
    asks: bool = False


class Piece(NamedTuple):
    """What the words ``start:end`` of a draw are: a unit, or a clause of a kind."""

    start: int
    end: int
    source: str
    number: int
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A draw read piece by piece.

    Attributes
    ----------
    pieces
        In order; ``start`` and ``end`` count the tokens of the draw.
    stray
        First token and last + 1 of each sentence that nothing licenses.
    repeated
        The same of each piece that comes twice in the same words.
    """

    pieces: list[Piece]
    stray: list[tuple[int, int]]
    repeated: list[tuple[int, int]]

    def given(self) -> frozenset[int]:
        """Return the places of the tokens that are copied from what was handed over."""
        return frozenset(
            at
            for piece in self.pieces
            if piece.source in HANDED
            for at in range(piece.start, piece.end)
        )


@lru_cache(maxsize=1)
def _small() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    source = load("phrasing")
    return frozenset(source["small"]), frozenset(source["joiners"]), frozenset(source["unsplit"])


def clauses_of(sentence: str) -> list[tuple[str, ...]]:
    """Return the clauses of a sentence that may stand alone, none for a condition.

    "X, and Y", "X, but Y", "X, so Y" and "X because Y" come apart; "if X, Y" must not, as Y alone
    says more than was handed over.
    """
    _, joiners, unsplit = _small()
    words = plain_words(tokenise(sentence))
    if any(word.text in unsplit for word in words):
        return []
    cuts = [0]
    for at, word in enumerate(words):
        if at and word.text in joiners and (word.opens or word.text == "because"):
            cuts.append(at)
    if len(cuts) == 1:
        return []
    parts = []
    for first, last in zip(cuts, [*cuts[1:], len(words)], strict=True):
        texts = [word.text for word in words[first:last]]
        while texts and texts[0] in joiners:
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


def _firm(words: Sequence[str]) -> bool:
    """Tell whether a sentence says no."""
    return bool(set(load("phrasing")["firm"]) & set(words))


def copied(unit: Sequence[str], words: Sequence[str], at: int) -> set[int]:
    """Return where a near-copy of ``unit`` that begins at ``at`` of ``words`` may end.

    Content words must be the same in the same order; at most :data:`SMALL_CHANGES` small words may
    be put in, or left out, but not both: a word moved is another sentence. Linear in the unit.
    """
    small = _small()[0]
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


def _asked_at(draw: str, tokens: Sequence[Token], words: Sequence[Word]) -> list[bool]:
    """Return for each word whether a question mark follows it before the next."""
    out = []
    for at, word in enumerate(words):
        until = tokens[words[at + 1].at].start if at + 1 < len(words) else len(draw)
        out.append("?" in draw[tokens[word.at].end : until])
    return out


class Reader:
    """Reads draws to one case: what was handed over is prepared once."""

    def __init__(
        self,
        case: dict[str, Any],
        points: Points,
        wants: dict[str, bool],
        cards: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.points = points
        self._case, self._wants = case, wants
        self.units = units_of(case, points, cards)
        self._by_word: dict[str, list[Unit]] = {}
        small = _small()[0]
        for unit in self.units:
            # A copy may begin without the unit's first small words.
            for word in unit.words[: SMALL_CHANGES + 1]:
                self._by_word.setdefault(word, []).append(unit)
                if word not in small:
                    break
        self._wordings = Wordings(case if points.training else {"message": case.get("message")},
                                  wants)  # fmt: skip

    def _pieces_at(
        self, texts: list[str], asked: list[bool], at: int
    ) -> Iterable[tuple[int, str, int]]:
        for unit in self._by_word.get(texts[at], ()):
            for end in copied(unit.words, texts, at):
                if end > at and any(asked[at:end]) == unit.asks and asked[end - 1] == unit.asks:
                    yield end, unit.source, unit.number
        for number, clause in enumerate(self._wordings.clauses):
            for end in self._wordings.ends(clause, texts, at):
                if not any(asked[at:end]):
                    yield end, clause.kind, number

    def read(self, draw: str, tokens: Sequence[Token]) -> Reading:
        """Return a draw's pieces and the sentences that nothing licenses."""
        words = plain_words(tokens)[:MOST_WORDS]
        texts, asked = [word.text for word in words], _asked_at(draw, tokens, words)
        joiners = _small()[1]
        starts = [
            at
            for at, word in enumerate(words)
            if not at or tokens[word.at].sentence != tokens[words[at - 1].at].sentence
        ]
        pieces: list[Piece] = []
        stray: list[tuple[int, int]] = []
        begin = 0
        while begin < len(words):
            came: dict[int, tuple[int, Piece] | None] = {begin: None}
            for at in range(begin, len(words)):
                if at not in came:
                    continue
                first = at
                while first < len(words) and first - at < 2 and texts[first] in joiners:
                    first += 1
                for start in range(at, min(first, len(words) - 1) + 1):
                    for end, source, number in self._pieces_at(texts, asked, start):
                        after = end < len(words)
                        if end in came or (
                            after and not words[end].opens and texts[end] not in joiners
                        ):
                            continue
                        if start and texts[start - 1] == "because" and source != "reason":
                            continue
                        came[end] = (at, Piece(start, end, source, number))
            # The furthest sentence's edge that the chain reaches; the next sentence is a stray.
            edges = [e for e in came if e > begin and (e == len(words) or e in starts)]
            reach = max(edges, default=begin)
            pieces += _chain(came, begin, reach)
            if reach == len(words):
                break
            after = min((s for s in starts if s > reach), default=len(words))
            stray.append((words[reach].at, words[after - 1].at + 1))
            begin = after
        seen: set[tuple[str, ...]] = set()
        placed, repeated = [], []
        for piece in pieces:
            said = tuple(texts[piece.start : piece.end])
            place = words[piece.start].at, words[piece.end - 1].at + 1
            placed.append(Piece(*place, piece.source, piece.number, said))
            if said in seen:
                repeated.append(place)
            seen.add(said)
        return Reading(placed, stray, repeated)

    def unsaid(self, reading: Reading) -> list[str]:
        """Return what a draw leaves out of what it was to say.

        Half of the sentences handed over must be said; of someone who needs help, or where the
        answer is no, all that say so.
        """
        count = len({unit.number for unit in self.units if unit.source == "say"})
        said = {piece.number for piece in reading.pieces if piece.source == "say"}
        if not self.points.training:
            return ["leaves out a part of the help"] if len(said) < count else []
        found = []
        rest = ((self._case.get("decision") or {}).get("session") or {}).get("kind") == "rest"
        if rest and not any(
            "rest" in p.said for p in reading.pieces if p.source in ("plan", "say")
        ):
            found.append("does not say that it is a rest day")
        if 2 * len(said) < count:
            found.append("leaves out most of what was handed over")
        if self._wants["against"] or self._wants["unrealistic"]:
            firm = {u.number for u in self.units if u.source == "say" and _firm(u.words)}
            refused = any(piece.source == "refusal" for piece in reading.pieces)
            if firm and not firm & said and not refused:
                found.append("leaves out that the answer is no")
        return found


def _chain(came: dict[int, Any], begin: int, end: int) -> list[Piece]:
    """Return the pieces from ``begin`` to ``end``, walking back."""
    out: list[Piece] = []
    while end > begin:
        end, piece = came[end]
        out.append(piece)
    return out[::-1]
