"""A reply read beside its case: sentences, clauses, and whose words they are.

Built once a reply; the cues of nonsense (``filler``, ``presumed``, ``plan_talk``, ``asking``,
``answering``, ``needless_help``) all look at the same :class:`Reading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from josi_utils.scoring.licence import Licence, deck_match
from josi_utils.scoring.normalise import (
    Span,
    content_stems,
    content_words,
    plain_quotes,
    sentences,
    stem,
    words,
)

NEGATION = re.compile(
    r"\b(?:not|no|never|nobody|nothing|none|without|cannot|hardly|\w+n't|cant|dont|didnt|doesnt|"
    r"isnt|wasnt|havent|wont|aint)\b"
)
#: How many words before a word a negation reaches.
NEGATION_REACH = 4
_CLAUSE_END = re.compile(r",? \b(?:and|but|so|because|which|though|or)\b (?!that\b|what\b)|[,;:] ")

#: Words of talk itself: saying, asking, coming, wanting. They claim nothing of the athlete.
TALK_STEMS = content_stems(
    "tell told telling ask asked asking write wrote written writing say said saying share "
    "shared sharing mention mentioned come came back here today talk talking speak speaking "
    "want wanted know knew trust honest honestly open openly first hear heard let message "
    "check checked checking look looking feel felt try tried like thank thanks good help "
    "listen still take took time think thought give gave"
)


class Cue(NamedTuple):
    """Something in a reply that speaks for nonsense: its name in :data:`CUES`, and the place."""

    name: str
    span: Span


def lower_in_place(text: str) -> str:
    """Return ``text`` lower-cased with plain quotes, every character in its old place."""
    plain = plain_quotes(text)
    low = plain.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


def clauses(sentence: str) -> Iterator[tuple[int, str]]:
    """Yield a lower-cased sentence's clauses, each with its offset."""
    start = 0
    for match in [*_CLAUSE_END.finditer(sentence), None]:
        end = match.start() if match else len(sentence)
        piece = sentence[start:end]
        if piece.strip(" .,!?"):
            yield start, piece.rstrip(" .,!?")
        start = match.end() if match else end


def uses(text: str) -> dict[str, list[bool]]:
    """Return every content stem of a lower-cased text, with whether each use is negated."""
    tokens = words(text)
    near = [bool(NEGATION.fullmatch(w.text)) for w in tokens]
    known = content_stems(text)
    out: dict[str, list[bool]] = {}
    for at, word in enumerate(tokens):
        base = stem(word.text)
        if base in known:
            out.setdefault(base, []).append(any(near[max(0, at - NEGATION_REACH) : at]))
    return out


@dataclass
class Reading:
    """A reply and its case, taken apart."""

    case: dict[str, Any]
    reply: str
    licence: Licence

    def __post_init__(self) -> None:
        self.text = lower_in_place(self.reply)
        self.sentences: Sequence[Span] = sentences(self.text)
        self.told = [s for s in self.sentences if not s.text.endswith("?")]
        self.asked = [s for s in self.sentences if s.text.endswith("?")]
        self.message = plain_quotes(self.case.get("message") or "").lower()
        self.said = self.licence.said
        self.decision: dict[str, Any] = self.case.get("decision") or {}
        self.session: dict[str, Any] = self.decision.get("session") or {}
        self.old: dict[str, Any] = self.decision.get("replaces") or {}
        self.goal: dict[str, Any] = self.decision.get("goal") or {}
        self.category: str = self.case.get("category") or ""
        self.flag: str | None = self.case.get("red_flag")
        self._cover: dict[str, float] = {}

    @cached_property
    def said_stems(self) -> frozenset[str]:
        """Content stems of the message and the turns before it."""
        return content_stems(self.said)

    @cached_property
    def message_stems(self) -> frozenset[str]:
        """Content stems of the message alone."""
        return content_stems(self.message)

    @cached_property
    def plan_stems(self) -> frozenset[str]:
        """Content stems of the decision in words."""
        return content_stems(self.licence.plan_text)

    @cached_property
    def card_stems(self) -> frozenset[str]:
        """Content stems of the case's own card."""
        return content_stems(self.licence.card_text)

    @cached_property
    def said_uses(self) -> dict[str, list[bool]]:
        """Content stems of the athlete, each use negated or not."""
        return uses(self.said)

    def stems(self, text: str) -> frozenset[str]:
        """Return :func:`content_stems` of a piece of the reply."""
        return content_stems(text)

    def plan_share(self, text: str) -> float:
        """Return the share of a piece's content words that stand in the decision."""
        mine = self.stems(text)
        return len(mine & self.plan_stems) / len(mine) if mine else 0.0

    def card_share(self, text: str) -> float:
        """Return the share of a piece's content words that one sentence of the deck, or the
        case's card, has; 0 with fewer than two."""
        if text not in self._cover:
            mine = self.stems(text)
            shared = len(mine & self.card_stems)
            own = shared / len(mine) if shared >= 2 else 0.0
            self._cover[text] = max(own, deck_match(mine, self.licence).share)
        return self._cover[text]

    def supported(self, text: str) -> bool:
        """Return whether a piece restates the plan, a card, or a sentence of the deck."""
        return self.plan_share(text) >= 0.6 or self.card_share(text) >= 0.6

    def foreign(self, text: str) -> list[Span]:
        """Return the content words of a piece that neither case nor card has; words of talk are
        let be."""
        known = self.licence.stems
        return [w for w in content_words(text) if w.text not in known and w.text not in TALK_STEMS]

    def cue(self, name: str, start: int, end: int) -> Cue:
        """Return a cue on a place of the reply."""
        return Cue(name, Span(start, end, self.reply[start:end]))

    def told_clauses(self) -> Iterator[tuple[Span, int, str]]:
        """Yield (sentence, offset in the reply, clause) of all that is told, not asked."""
        for sentence in self.told:
            for offset, clause in clauses(sentence.text):
                yield sentence, sentence.start + offset, clause
