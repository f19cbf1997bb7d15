"""Families of phrases: the little language of the guard's rule files.

A family is a list of phrases; a phrase is words separated by blanks, matched on the words of
:func:`josi_utils.guard.normalise.tokenise`, so no regular expression runs over the text here:

``word``        that word                     ``word*``     any word that begins so
``#5-17``       a whole number in the range   ``_``         any one word, or none
``#.38-42.9``   a decimal in the range        ``!FAMILY``   not followed by a word of a family
``@FAMILY``     one word of a family
``^``           only at the start             ``$``         only at the end

:mod:`josi_utils.guard.rule_book` says when a rule over families holds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from josi_utils.errors import JosiError
from josi_utils.guard.normalise import Token

_RANGE = re.compile(r"#\.?\d+(?:\.\d+)?-\d+(?:\.\d+)?")
#: The family of the words that say no, and how many words further on they still do.
NEGATION = "NEGATION"
NEGATION_REACH = 3


class Hit(NamedTuple):
    """A phrase of ``family`` stands at words ``start:end``."""

    family: str
    start: int
    end: int


class Phrases:
    """Families of one file, compiled: a word of a text leads to the phrases that begin with it.

    Parameters
    ----------
    families : dict
        ``{name: [phrase, ...]}``.
    where : str
        The file's name, for errors.

    Raises
    ------
    JosiError
        If a phrase is empty, names a family that is not there or has a bad range.
    """

    def __init__(self, families: dict[str, list[str]], where: str) -> None:
        self.where, self.families = where, families
        # By their first word and then by their second, "" where that is no plain word.
        self._by_word: dict[str, dict[str, list[tuple[str, tuple[str, ...]]]]] = defaultdict(dict)
        # Phrases of plain words alone, by their first word and then by their second ("" for none).
        self._plain: dict[str, dict[str, list[tuple[str, tuple[str, ...]]]]] = defaultdict(dict)
        self._by_prefix: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        self._by_number: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        self._single = {
            name: frozenset(p for p in phrases if " " not in p and p[0] not in "#@^")
            for name, phrases in families.items()
        }
        for name, phrases in families.items():
            for phrase in phrases:
                self._add(name, tuple(phrase.split()))

    def _add(self, family: str, parts: tuple[str, ...]) -> None:
        if not parts:
            raise JosiError(f"{self.where}: family {family} has an empty phrase; take it out")
        for part in parts:
            if part[0] in "@!" and part[1:] not in self.families:
                raise JosiError(f"{self.where}: family {family} names {part}, which is not there")
            if part[0] == "#" and not _RANGE.fullmatch(part):
                raise JosiError(f"{self.where}: family {family}: {part!r} is no range like #5-17")
        first = parts[0] if parts[0] != "^" else parts[1]
        after = parts[2 if parts[0] == "^" else 1 :][:1]
        plain = bool(after) and after[0][0] not in "#@^!_$" and after[0][-1] != "*"
        second = after[0] if plain else ""
        if first.startswith("@"):
            for word in self._single[first[1:]]:
                bare = (word if part is first else part for part in parts)
                self._add(family, tuple(bare))
        elif first.startswith("#"):
            self._by_number[second].append((family, parts))
        elif first.endswith("*"):
            self._by_prefix[first[:3].rstrip("*")].append((family, parts))
        elif all(part[0] not in "#@^!_$" and part[-1] != "*" for part in parts):
            self._plain[first].setdefault(second, []).append((family, parts))
        else:
            self._by_word[first].setdefault(second, []).append((family, parts))

    def begins(self, word: str) -> bool:
        """Tell whether a phrase begins with this very word."""
        return word in self._by_word or word in self._plain

    # --- matching ----------------------------------------------------------------------------

    def _one(self, part: str, tokens: Sequence[Token], at: int) -> bool:
        text = tokens[at].text
        if part[0] == "#":
            return self._number(part, text)
        if part[0] == "@":
            return self._in_family(part[1:], text)
        return text.startswith(part[:-1]) if part[-1] == "*" else text == part

    @staticmethod
    def _number(part: str, text: str) -> bool:
        """Tell whether ``text`` is a number in the range; whole bounds want a whole number."""
        low, high = part[1:].split("-")
        if not text.isascii() or not text[0].isdigit() or ":" in text:
            return False
        if part[1] == ".":
            return "." in text and float(low[1:]) <= float(text) <= float(high)
        if "." in text and "." not in part:
            return False
        return float(low) <= float(text) <= float(high)

    def _in_family(self, family: str, text: str) -> bool:
        if text in self._single[family]:
            return True
        return any(w[-1] == "*" and text.startswith(w[:-1]) for w in self._single[family])

    @staticmethod
    def _match_words(parts: tuple[str, ...], tokens: Sequence[Token], at: int) -> int:
        """Return the end of a match of plain words alone, or -1."""
        end = at + len(parts)
        if end > len(tokens) or tokens[end - 1].clause != tokens[at].clause:
            return -1
        for offset in range(2, len(parts)):  # the first two words led here
            if tokens[at + offset].text != parts[offset]:
                return -1
        return end

    def _match(self, parts: tuple[str, ...], tokens: Sequence[Token], at: int) -> int:
        """Return the end of a match that begins at ``at``, or -1.

        ``_`` may stand for no word: both readings are carried along, so the work is bounded by
        the phrase's length times its number of blanks.
        """
        ends = {at}
        anchored = parts[0] == "^"
        if anchored:
            if at != 0:
                return -1
            parts = parts[1:]
        for part in parts:
            if part == "_":
                ends |= {e + 1 for e in ends if e < len(tokens)}
            elif part == "$":
                ends &= {len(tokens)}
            elif part[0] == "!":
                ends = {
                    e
                    for e in ends
                    if e >= len(tokens) or not self._in_family(part[1:], tokens[e].text)
                }
            else:
                ends = {e + 1 for e in ends if e < len(tokens) and self._one(part, tokens, e)}
            if not ends:
                return -1
        end = max(ends)
        if not anchored and end > at and tokens[end - 1].clause != tokens[at].clause:
            return -1  # a phrase does not run across a comma or a stop
        return end

    def hits(self, tokens: Sequence[Token]) -> list[Hit]:
        """Return every phrase found, in order of place."""
        found: list[Hit] = []
        for at, token in enumerate(tokens):
            text = token.text
            by_second = self._plain.get(text)
            following = tokens[at + 1].text if at + 1 < len(tokens) else ""
            if by_second:
                found += [Hit(family, at, at + 1) for family, _ in by_second.get("", ())]
                for family, parts in by_second.get(following, ()) if following else ():
                    end = self._match_words(parts, tokens, at)
                    if end > at:
                        found.append(Hit(family, at, end))
            by_word = self._by_word.get(text, {})
            candidates = list(by_word.get("", ()))
            if following:
                candidates += by_word.get(following, ())
            for size in (1, 2, 3):
                candidates += self._by_prefix.get(text[:size], ()) if len(text) >= size else ()
            if text[0].isdigit():
                candidates += self._by_number.get("", ())
                if following:
                    candidates += self._by_number.get(following, ())
            for family, parts in candidates:
                end = self._match(parts, tokens, at)
                if end > at:
                    found.append(Hit(family, at, end))
        return list(dict.fromkeys(found))


def negated(hit: Hit, tokens: Sequence[Token], negations: frozenset[int]) -> bool:
    """Tell whether a negation stands up to three words before the hit in the same clause."""
    first = max(0, hit.start - NEGATION_REACH)
    return any(
        at in negations and tokens[at].clause == tokens[hit.start].clause
        for at in range(first, hit.start)
    )
