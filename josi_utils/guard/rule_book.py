"""Rules over families of phrases: a file of rules, compiled.

A rule holds where every family of ``all`` is found within ``near`` words and none of ``not`` is in
the text; a rule that is ``sure`` is never overruled. A hit with a negation up to three words before it in the same clause does not count
("no pain", "nothing sharp"), unless the phrase itself begins with one ("cant breathe").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.guard.normalise import Token
from josi_utils.guard.phrases import Hit, Phrases, negated
from josi_utils.guard.spelling import Spelling

_KEYS = frozenset(
    ("id", "flag", "all", "not", "not_near", "near", "same_sentence", "after", "thread",
     "negated_too", "emergency", "sure", "why")
)  # fmt: skip


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
    sure: bool = False


class Book(Phrases):
    """Compiled families and rules of one file.

    Parameters
    ----------
    source : dict
        ``{"families": {name: [phrase, ...]}, "rules": [{...}, ...], "fuzzy": [word, ...]}``;
        ``fuzzy`` lists the words of which slips are mended.
    where : str
        The file's name, for errors.

    Raises
    ------
    JosiError
        If a phrase is bad (:class:`~josi_utils.guard.phrases.Phrases`), or a rule names a family
        or a key that is not known.
    """

    def __init__(self, source: dict[str, Any], where: str) -> None:
        super().__init__(source["families"], where)
        self.rules = [self._rule(raw) for raw in source.get("rules", [])]
        self._spelling = Spelling(source.get("fuzzy", []))

    def _rule(self, raw: dict[str, Any]) -> Rule:
        def names(value: Iterable[str]) -> tuple[str, ...]:
            return tuple(part for text in value for part in text.split("|"))

        groups = tuple(tuple(text.split("|")) for text in raw["all"])
        none, none_near = names(raw.get("not", [])), names(raw.get("not_near", []))
        unknown = [n for g in (*groups, none, none_near) for n in g if n not in self.families]
        unknown += [key for key in raw if key not in _KEYS]
        if unknown:
            raise JosiError(f"{self.where}: rule {raw['id']}: unknown {unknown}; define or mend it")
        return Rule(
            raw["id"],
            raw["flag"],
            groups,
            none,
            none_near,
            raw.get("near", 8),
            raw.get("same_sentence", False),
            raw.get("after"),
            raw.get("thread", False),
            raw.get("negated_too", False),
            raw.get("emergency", False),
            raw.get("sure", False),
        )

    def correct(self, word: str, known: frozenset[str]) -> str:
        """Return the listed word that ``word`` is one slip away from, else ``word``.

        A common word (of ``known``), or one that a phrase begins with, is no slip.
        """
        return word if word in known or self.begins(word) else self._spelling.correct(word)

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
                    rule.negated_too or not negated(hit, tokens, negations)
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
