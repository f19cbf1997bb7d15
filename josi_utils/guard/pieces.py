"""A draw read as a chain of pieces: is every sentence handed over, or a plain way to say the plan?

A piece is a sentence handed over (or one of its clauses) with the same content words, numbers and
negations in the same order, or a clause of ``data/guard/phrasing.json`` filled from the decision.
Nothing else is licensed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from josi_utils.guard.data import load
from josi_utils.guard.handed import SMALL_CHANGES, Unit, copied, joiners, small_words, units_of
from josi_utils.guard.normalise import Token
from josi_utils.guard.wording import Word, Wordings, plain_words
from josi_utils.handover import Points

#: A reply is read up to this many words; an accepted one has fewer by far.
MOST_WORDS = 200
#: Sources whose sentences stood before the model or are vetted, word for word.
HANDED = frozenset(("say", "ask", "question", "card", "deck"))


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


def _firm(words: Sequence[str]) -> bool:
    """Tell whether a sentence says no."""
    return bool(set(load("phrasing")["firm"]) & set(words))


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
        small = small_words()
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

    def _reached(
        self, words: Sequence[Word], texts: list[str], asked: list[bool], begin: int
    ) -> dict[int, tuple[int, Piece] | None]:
        """Return each place that a chain of pieces from ``begin`` reaches, with its last step."""
        joins = joiners()
        came: dict[int, tuple[int, Piece] | None] = {begin: None}
        for at in range(begin, len(words)):
            if at not in came:
                continue
            first = at
            while first < len(words) and first - at < 2 and texts[first] in joins:
                first += 1
            for start in range(at, min(first, len(words) - 1) + 1):
                because = start > 0 and texts[start - 1] == "because"
                for end, source, number in self._pieces_at(texts, asked, start):
                    if end in came or (because and source != "reason"):
                        continue
                    if end == len(words) or words[end].opens or texts[end] in joins:
                        came[end] = (at, Piece(start, end, source, number))
        return came

    def read(self, draw: str, tokens: Sequence[Token]) -> Reading:
        """Return a draw's pieces and the sentences that nothing licenses."""
        words = plain_words(tokens)[:MOST_WORDS]
        texts, asked = [word.text for word in words], _asked_at(draw, tokens, words)
        starts = [
            at
            for at, word in enumerate(words)
            if not at or tokens[word.at].sentence != tokens[words[at - 1].at].sentence
        ]
        pieces: list[Piece] = []
        stray: list[tuple[int, int]] = []
        begin = 0
        while begin < len(words):
            came = self._reached(words, texts, asked, begin)
            # The furthest sentence's edge that the chain reaches; the next sentence is a stray.
            edges = [e for e in came if e > begin and (e == len(words) or e in starts)]
            reach = max(edges, default=begin)
            pieces += _chain(came, begin, reach)
            if reach == len(words):
                break
            begin = min((s for s in starts if s > reach), default=len(words))
            stray.append((words[reach].at, words[begin - 1].at + 1))
        return _placed(pieces, stray, words)

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


def _placed(
    pieces: Sequence[Piece], stray: list[tuple[int, int]], words: Sequence[Word]
) -> Reading:
    """Return the reading of pieces that count words: its places count the draw's tokens."""
    placed: list[Piece] = []
    repeated: list[tuple[int, int]] = []
    seen: set[tuple[str, ...]] = set()
    for piece in pieces:
        said = tuple(word.text for word in words[piece.start : piece.end])
        place = words[piece.start].at, words[piece.end - 1].at + 1
        placed.append(Piece(*place, piece.source, piece.number, said))
        if said in seen:
            repeated.append(place)
        seen.add(said)
    return Reading(placed, stray, repeated)
