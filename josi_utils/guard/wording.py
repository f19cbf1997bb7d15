"""The ways in which the plan may be said: short clauses with places for the decision's facts.

``data/guard/phrasing.json`` holds the clauses. One is words and places separated by blanks:

``word``     that word              ``a|b``      one of them
``word?``    that word, or none     ``{place}``  one of the wordings of :func:`places`

Words are compared as :func:`plain_words` gives them: no articles, no contractions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from josi_utils.decision import READINESS_COLOURS, REASON_WORDS, SPORT_NOUNS, weeks_words
from josi_utils.errors import JosiError
from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token, tokenise

#: Kinds of session that are hard by name.
HARD = frozenset(("tempo", "threshold", "intervals", "hills", "test", "race"))
#: An echo of the athlete's words has no more words than this.
LONGEST_ECHO = 14


class Word(NamedTuple):
    """A word to compare, the token that it comes from, and whether a new clause begins with it."""

    text: str
    at: int
    opens: bool


Words = tuple[str, ...]


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, list[str]], frozenset[str]]:
    source = load("phrasing")
    spelled = {word: text.split() for word, text in source["same"].items()}
    return spelled, frozenset(source["articles"])


def plain_words(tokens: Sequence[Token]) -> list[Word]:
    """Return the words of a text without articles and contractions, number words as digits."""
    same, articles = _tables()
    out: list[Word] = []
    clause, opens = -1, True
    for at, token in enumerate(tokens):
        opens = opens or token.clause != clause
        clause = token.clause
        if token.text in articles:
            continue
        for part in same.get(token.text, [token.text]):
            out.append(Word(part, at, opens))
            opens = False
    return out


def wording(text: str) -> Words:
    """Return the bare words of a text, as :func:`plain_words` has them."""
    return tuple(word.text for word in plain_words(tokenise(text)))


# --- the facts of a case ---------------------------------------------------------------------


def _amounts(session: Mapping[str, Any]) -> list[str]:
    minutes, distance = session.get("minutes"), session.get("distance_km")
    time = f"{minutes} minutes" if minutes is not None else ""
    length = f"{distance:g} km" if distance is not None else ""
    if time and length:
        return [f"{time} or {length}", f"{time} {length}", f"{length} {time}", time, length]
    return [amount for amount in (time, length) if amount]


def _cores(session: Mapping[str, Any]) -> Iterable[str]:
    """Yield the session without zone and details, in every wording that is known."""
    source = load("phrasing")
    kind, sport = session["kind"], session.get("sport") or "any"
    if kind == "rest":
        yield from source["rest"]
        return
    nouns = [SPORT_NOUNS[sport], *source["sports"].get(sport, [])]
    names = [kind, *source["kinds"].get(kind, [])]
    for amount in (*_amounts(session), ""):
        for shape in source["shapes"]["gym" if kind in ("strength", "mobility") else "sport"]:
            if amount or not {"{amount}", "{number}"} & set(shape.split()):
                for name in names:
                    for noun in nouns:
                        number, _, unit = amount.partition(" ")
                        yield shape.format(
                            amount=amount, number=number, unit=unit, kind=name, noun=noun
                        )


@lru_cache(maxsize=256)
def _session_words(key: tuple[Any, ...]) -> frozenset[Words]:
    session = dict(key)
    zone = f"in zone {session['zone']}" if session.get("zone") is not None else ""
    out: set[Words] = set()
    details = wording(session.get("details") or "")
    for core in set(_cores(session)):
        words = wording(core)
        tails = [words, words + wording(zone)]
        out |= set(tails) | {tail + details for tail in tails}
    if session["kind"] != "rest":
        out |= {wording(zone), wording(zone)[1:], details}
    return frozenset(words for words in out if words)


def session_wordings(session: Mapping[str, Any]) -> frozenset[Words]:
    """Return the wordings of a session: whole, or without zone, details or amount."""
    return _session_words(tuple(sorted((k, v) for k, v in session.items() if v is not None)))


def places(case: Mapping[str, Any]) -> dict[str, frozenset[Words]]:
    """Return the wordings of every fact of the case, by the name of its place."""
    source = load("phrasing")
    decision = case.get("decision") or {}
    out: dict[str, set[Words]] = {name: set() for name in source["places"]}
    out["lighter"] = {wording(text) for text in source["lighter"]}

    def put(name: str, *texts: str) -> None:
        out[name] |= {words for text in texts if (words := wording(text))}

    if decision:
        day = decision["day"].replace("_", " ")
        put("day", day, *source["days"].get(decision["day"], []))
        out["session"] |= session_wordings(decision["session"])
        old = decision.get("replaces")
        if old:
            out["old"] |= session_wordings(old)
            put("old amount", *(n for a in _amounts(old) for n in (a, a.split()[0])))
        put("colour", READINESS_COLOURS.get(decision.get("readiness") or "", ""))
        put("phase", *source["phases"].get(decision.get("phase") or "", []))
        for code in decision.get("reasons") or []:
            put("reason", REASON_WORDS[code], *source["reasons"].get(code, []))
        goal = decision.get("goal")
        if goal:
            put("goal", goal["event"], goal.get("target") or "", f"your {goal['event']}")
            put("goal", f"{goal['event']} {goal.get('target') or ''}")
            put("goal", f"{goal.get('target') or ''} {goal['event']}")
            put("alternative", goal.get("alternative") or "")
            if goal.get("weeks") is not None:
                put("weeks", weeks_words(goal["weeks"]), weeks_words(goal["weeks"])[3:])
    return {name: frozenset(found) for name, found in out.items()}


def conditions(case: Mapping[str, Any], wants: Mapping[str, bool]) -> frozenset[str]:
    """Return what is so in this case, by the names that ``if`` of a clause uses."""
    decision = case.get("decision") or {}
    session, old = decision.get("session") or {}, decision.get("replaces") or {}
    verdict = (decision.get("goal") or {}).get("verdict")
    out = {name for name, holds in wants.items() if holds}
    out |= {verdict} if verdict else set()
    out |= {"decision"} if decision else {"no decision"}
    if session.get("kind") in ("easy", "recovery", "rest", "mobility") or decision.get("phase") in (
        "recovery",
        "taper",
    ):
        out.add("easy")
    if session.get("kind") != "rest" and decision:
        out.add("session")
    if session.get("kind") in HARD:
        out.add("hard")
    if decision.get("phase"):
        out.add(decision["phase"])
    if old:
        out.add("changed")
        if session.get("kind") == "rest" or (session.get("minutes") or 0) < (
            old.get("minutes") or 0
        ):
            out.add("less")
    if decision and "less" not in out:
        out.add("more")
    return frozenset(out)


# --- the clauses -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Clause:
    """One clause: its parts, each with its choices and whether it may be left out."""

    kind: str
    parts: tuple[tuple[tuple[str, ...], bool], ...]
    when: frozenset[str]
    text: str


@lru_cache(maxsize=1)
def clauses() -> tuple[Clause, ...]:
    """Return the clauses of ``phrasing.json``.

    Raises
    ------
    JosiError
        If one names a place that there is not.
    """
    source = load("phrasing")
    articles = frozenset(source["articles"])
    out = []
    for kind, entries in [*source["clauses"].items(), ("tail", source["tails"])]:
        for entry in entries:
            text, _, condition = entry.partition(" if ")
            parts = []
            for part in text.split():
                optional = part.endswith("?")
                choices = tuple(part.rstrip("?").split("|"))
                unknown = [
                    c for c in choices if c[0] == "{" and c[1:-1].replace("_", " ") not in (
                        *source["places"], "echo")
                ]  # fmt: skip
                if unknown or articles & set(choices):
                    raise JosiError(f"phrasing.json: clause {entry!r}: mend {unknown or 'article'}")
                parts.append((choices, optional))
            out.append(Clause(kind, tuple(parts), frozenset(condition.split()), text))
    return tuple(out)


class Wordings:
    """The clauses and facts of one case, ready to be found in a text."""

    def __init__(self, case: Mapping[str, Any], wants: Mapping[str, bool]) -> None:
        held = conditions(case, wants)
        holding = [c for c in clauses() if c.when <= held]
        self.clauses = [c for c in holding if c.kind != "tail"]
        self._tails = [c for c in holding if c.kind == "tail"]
        self._places: dict[str, dict[str, list[Words]]] = {}
        for name, found in places(case).items():
            by_first: dict[str, list[Words]] = {}
            for words in found:
                by_first.setdefault(words[0], []).append(words)
            self._places[f"{{{name.replace(' ', '_')}}}"] = by_first
        turned = load("phrasing")["turned"]
        self._said = [
            turned.get(word.text, word.text)
            for word in plain_words(tokenise(case.get("message") or ""))
        ]
        self._said_at: dict[str, list[int]] = {}
        for at, text in enumerate(self._said):
            self._said_at.setdefault(text, []).append(at)

    def _echo(self, words: Sequence[str], at: int) -> set[int]:
        """Return the ends of every run of the athlete's own words, turned to "you", from ``at``."""
        ends: set[int] = set()
        for start in self._said_at.get(words[at], ()):
            length = 0
            while (
                length < LONGEST_ECHO
                and at + length < len(words)
                and start + length < len(self._said)
                and words[at + length] == self._said[start + length]
            ):
                length += 1
                ends.add(at + length)
        return ends

    def _part(self, choices: Sequence[str], words: Sequence[str], at: int) -> set[int]:
        ends: set[int] = set()
        for choice in choices:
            if choice == "{echo}":
                ends |= self._echo(words, at)
            elif choice == "{tail}":
                for tail in self._tails:
                    ends |= self.ends(tail, words, at)
            elif choice[0] == "{":
                for fact in self._places[choice].get(words[at], ()):
                    if tuple(words[at : at + len(fact)]) == fact:
                        ends.add(at + len(fact))
            elif words[at] == choice:
                ends.add(at + 1)
        return ends

    def ends(self, clause: Clause, words: Sequence[str], at: int) -> set[int]:
        """Return where the clause may end if it begins at ``at``; bounded by its parts' choices."""
        reached = {at}
        for choices, optional in clause.parts:
            following = set(reached) if optional else set()
            for place in reached:
                if place < len(words):
                    following |= self._part(choices, words, place)
            if not following:
                return set()
            reached = following
        return reached - {at}
