"""Families of phrases and rules over them: the little language of the guard's rule files.

A family is a list of phrases; a phrase is words separated by blanks, matched on the words of
:func:`josi_utils.guard.normalise.tokenise`, so no regular expression runs over the athlete's text:

``word``        that word                     ``word*``     any word that begins so
``#5-17``       a whole number in the range   ``_``         any one word, or none
``#.38-42.9``   a decimal in the range        ``!FAMILY``   not followed by a word of a family
``@FAMILY``     one word of a family
``^``           only at the start             ``$``         only at the end

A rule holds where every family of ``all`` is found within ``near`` words and none of ``not`` is in
the text. A hit with a negation up to three words before it in the same clause does not count
("no pain", "nothing sharp"), unless the phrase itself begins with one ("cant breathe").
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from josi_utils.errors import JosiError
from josi_utils.guard.normalise import Token

_RANGE = re.compile(r"#\.?\d+(?:\.\d+)?-\d+(?:\.\d+)?")
NEGATION = "NEGATION"
NEGATION_REACH = 3


class Hit(NamedTuple):
    """A phrase of ``family`` stands at words ``start:end``."""

    family: str
    start: int
    end: int


@dataclass(frozen=True)
class Rule:
    """One line of a rule file."""

    id: str
    flag: str
    all: tuple[tuple[str, ...], ...]
    none: tuple[str, ...] = ()
    none_near: tuple[str, ...] = ()
    near: int = 8
    same_sentence: bool = False
    after: str | None = None
    thread: bool = False
    negated_too: bool = False
    emergency: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


class Book:
    """Compiled families and rules of one file.

    Parameters
    ----------
    source : dict
        ``{"families": {name: [phrase, ...]}, "rules": [{...}, ...], "fuzzy": [word, ...]}``.
    where : str
        The file's name, for errors.
    """

    def __init__(self, source: dict[str, Any], where: str) -> None:
        self.where = where
        self.families: dict[str, list[str]] = source["families"]
        self._by_word: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        # Phrases of plain words alone, by their first word and then by their second ("" for none).
        self._plain: dict[str, dict[str, list[tuple[str, tuple[str, ...]]]]] = defaultdict(dict)
        self._by_prefix: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        self._by_number: list[tuple[str, tuple[str, ...]]] = []
        self._single = {
            name: frozenset(p for p in phrases if " " not in p and p[0] not in "#@^")
            for name, phrases in self.families.items()
        }
        for name, phrases in self.families.items():
            for phrase in phrases:
                self._add(name, tuple(phrase.split()))
        self.rules = [self._rule(r) for r in source.get("rules", [])]
        self._misspelt = self._deletions(source.get("fuzzy", []))

    def _add(self, family: str, parts: tuple[str, ...]) -> None:
        if not parts:
            raise JosiError(f"{self.where}: family {family} has an empty phrase; take it out")
        for part in parts:
            if part[0] in "@!" and part[1:] not in self.families:
                raise JosiError(f"{self.where}: family {family} names {part}, which is not there")
            if part[0] == "#" and not _RANGE.fullmatch(part):
                raise JosiError(f"{self.where}: family {family}: {part!r} is no range like #5-17")
        first = parts[0] if parts[0] != "^" else parts[1]
        if first.startswith("@"):
            for word in self._single[first[1:]]:
                bare = (word if part is first else part for part in parts)
                self._add(family, tuple(bare))
        elif first.startswith("#"):
            self._by_number.append((family, parts))
        elif first.endswith("*"):
            self._by_prefix[first[:3].rstrip("*")].append((family, parts))
        elif all(part[0] not in "#@^!_$" and part[-1] != "*" for part in parts):
            second = parts[1] if len(parts) > 1 else ""
            self._plain[first].setdefault(second, []).append((family, parts))
        else:
            self._by_word[first].append((family, parts))

    def _rule(self, raw: dict[str, Any]) -> Rule:
        def names(value: Iterable[str]) -> tuple[str, ...]:
            return tuple(part for text in value for part in text.split("|"))

        known = {
            "id",
            "flag",
            "all",
            "not",
            "not_near",
            "near",
            "same_sentence",
            "after",
            "thread",
            "negated_too",
            "emergency",
            "why",
        }
        groups = tuple(tuple(text.split("|")) for text in raw["all"])
        unknown = [n for g in groups for n in g if n not in self.families]
        unknown += [
            n
            for n in names([*raw.get("not", []), *raw.get("not_near", [])])
            if n not in self.families
        ]
        unknown += [k for k in raw if k not in known]
        if unknown:
            raise JosiError(f"{self.where}: rule {raw['id']}: unknown {unknown}; define or mend it")
        return Rule(
            raw["id"],
            raw["flag"],
            groups,
            names(raw.get("not", [])),
            names(raw.get("not_near", [])),
            raw.get("near", 8),
            raw.get("same_sentence", False),
            raw.get("after"),
            raw.get("thread", False),
            raw.get("negated_too", False),
            raw.get("emergency", False),
        )

    # --- misspellings ------------------------------------------------------------------------

    @staticmethod
    def _shorter(word: str) -> set[str]:
        return {word[:i] + word[i + 1 :] for i in range(len(word))}

    def _deletions(self, words: Sequence[str]) -> dict[str, str]:
        """Return every spelling one letter short, so that a slip is a look-up, not a search."""
        out: dict[str, str] = {}
        for word in words:
            for short in (word, *sorted(self._shorter(word))):
                out.setdefault(short, word)
        return out

    def correct(self, word: str, known: frozenset[str]) -> str:
        """Return the listed word that ``word`` is one slip away from, else ``word``.

        Only words of six letters and more, with the same first letter, that are no common word.
        """
        if (
            not 6 <= len(word) <= 18
            or word in known
            or word in self._by_word
            or word in self._plain
        ):
            return word
        for candidate in (word, *self._shorter(word)):
            found = self._misspelt.get(candidate)
            if found and found[0] == word[0] and abs(len(found) - len(word)) <= 1:
                return found
        return word

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
            if by_second:
                found += [Hit(family, at, at + 1) for family, _ in by_second.get("", ())]
                following = tokens[at + 1].text if at + 1 < len(tokens) else ""
                for family, parts in by_second.get(following, ()) if following else ():
                    end = self._match_words(parts, tokens, at)
                    if end > at:
                        found.append(Hit(family, at, end))
            candidates = list(self._by_word.get(text, ()))
            for size in (1, 2, 3):
                candidates += self._by_prefix.get(text[:size], ()) if len(text) >= size else ()
            if text[0].isdigit():
                candidates += self._by_number
            for family, parts in candidates:
                end = self._match(parts, tokens, at)
                if end > at:
                    found.append(Hit(family, at, end))
        return list(dict.fromkeys(found))

    def negated(self, hit: Hit, tokens: Sequence[Token], negations: frozenset[int]) -> bool:
        """Tell whether a negation stands up to three words before the hit in the same clause."""
        first = max(0, hit.start - NEGATION_REACH)
        return any(
            at in negations and tokens[at].clause == tokens[hit.start].clause
            for at in range(first, hit.start)
        )

    def search(
        self,
        rule: Rule,
        tokens: Sequence[Token],
        hits: Sequence[Hit],
        negations: frozenset[int],
        families: frozenset[str] | None = None,
    ) -> list[Hit] | None:
        """Return the hits by which a rule holds, or None. Linear in the number of hits."""
        if families is None:
            families = frozenset(h.family for h in hits)
        if any(families.isdisjoint(group) for group in rule.all):
            return None
        if not families.isdisjoint(rule.none):
            return None
        wanted: list[tuple[Hit, int]] = []
        for hit in hits:
            for index, group in enumerate(rule.all):
                if hit.family in group and (
                    rule.negated_too or not self.negated(hit, tokens, negations)
                ):
                    wanted.append((hit, index))
        if len({index for _, index in wanted}) < len(rule.all):
            return None
        latest: dict[int, Hit] = {}
        for hit, index in wanted:
            latest[index] = hit
            if len(latest) < len(rule.all):
                continue
            chosen = list(latest.values())
            first, last = min(h.start for h in chosen), max(h.start for h in chosen)
            if last - first > rule.near:
                continue
            if len(chosen) > 1 and len({(h.start, h.end) for h in chosen}) < len(chosen):
                continue
            if rule.same_sentence and tokens[first].sentence != tokens[last].sentence:
                continue
            if rule.none_near and any(
                h.family in rule.none_near and first - rule.near <= h.start <= last + rule.near
                for h in hits
            ):
                continue
            return sorted(chosen, key=lambda h: h.start)
        return None
