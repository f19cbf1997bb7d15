"""What a message is about, and in which form: the book of situations of ``fallback.json``.

A situation is a list of phrases (the little language of :mod:`josi_utils.guard.phrases`) with words
that are true of every message that has one of them. What it says may never suppose more than the
phrase itself tells; where that is not sure, the situation is left out and plainer words are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.guard.data import load
from josi_utils.guard.earnest import asks_later, athletes_own, in_passing, wants_answer
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.own_words import filled, unknown_slots
from josi_utils.guard.phrases import NEGATION, Phrases, negated

#: The version of ``fallback.json`` that this code reads.
VERSION = 2
_TABLES = (
    "forms", "groups", "sports", "reasons", "requests", "goal_words", "words", "situations",
    "asides", "common", "own_words", "index",
)  # fmt: skip
#: A message of so many words is short: "ok thanks", "morning josi".
SHORT = 6
#: One of these alone agrees, though "ok" may end a question.
_NODS = frozenset(("ok", "okay", "k", "alright", "fine", "right", "sure", "yes", "yep", "cool"))
_ASKING = {"form asks", "form change", "form goal_yes"}
_ORDERS = {"form orders", "form of_task"}
_WHY = {"form why", "form why_strict", "form reason_check"}
_SAID = ("say", "named", "then")
_MOODS = ("sad", "glad", "both", "")
_FORMS = ("question", "statement", "")
_FIELDS = {
    "id", "any", "with", "not", "mood", "form", "short", "strong", "sure", "done", "more",
    "say", "ask", "cards", "always", "whole", "named", "things", "then",
}  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """One entry of the book.

    Attributes
    ----------
    id
        Its name.
    say, ask
        Wordings that take the message up, and questions that fit it.
    cards
        (card id, places of its sentences): knowledge that answers such a message.
    mood
        ``"sad"``, ``"glad"``, ``"both"`` or ``""``.
    form
        ``"question"`` or ``"statement"``, if it holds for that form only.
    short
        Holds for short messages only.
    strong
        So heavy (or so happy) that it is said whatever else stands in the message.
    sure
        Its card fits every message that it holds for, so that no index need be asked.
    always
        Of an aside (:mod:`josi_utils.guard.asides`): holds beside a card and a sure situation too.
    whole
        Of an aside: its words are a full answer, so that Josi's bounds are not said after them.
    named, things
        Of an aside: wordings with ``{thing}``, said where the message has one of the things (words
        of ours, never the athlete's own text).
    done
        Tells what has been reached, so that no goal and no request is read into it.
    more
        Which second sentences of ``words.plain`` fit a short reply, by mood if it is ``""``; a
        greeting has its own.
    then
        What it means for a session that is no rest, said after the plan.
    """

    id: str
    say: tuple[str, ...]
    ask: tuple[str, ...]
    cards: tuple[tuple[str, tuple[int, ...]], ...] = ()
    mood: str = ""
    form: str = ""
    short: bool = False
    strong: bool = False
    sure: bool = False
    always: bool = False
    whole: bool = False
    named: tuple[str, ...] = ()
    things: tuple[tuple[tuple[str, ...], str], ...] = ()
    done: bool = False
    more: str = ""
    any_of: frozenset[str] = frozenset()
    with_one: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()
    then: tuple[str, ...] = ()


def _families(phrases: Sequence[str], name: str, families: dict[str, list[str]]) -> frozenset[str]:
    """Return the names of the families that ``phrases`` stand for; own ones are put in."""
    shared = {p[1:] for p in phrases if p.startswith("@") and " " not in p}
    own = [p for p in phrases if not (p.startswith("@") and " " not in p)]
    if own:
        families[name] = own
    return frozenset(shared | ({name} if own else set()))


def _situation(raw: dict[str, Any], families: dict[str, list[str]], kind: str = "") -> Situation:
    where = f"fallback.json: situation {raw.get('id')!r}"
    if unknown := sorted(set(raw) - _FIELDS):
        raise JosiError(f"{where}: unknown {unknown}; take it out or mend its name")
    if not raw.get("id") or not raw.get("any") or not raw.get("say"):
        raise JosiError(f"{where}: needs an id, phrases under 'any' and words under 'say'")
    if raw.get("mood", "") not in _MOODS or raw.get("form", "") not in _FORMS:
        raise JosiError(f"{where}: mood is one of {_MOODS}, form one of {_FORMS}")
    name = f"{kind}{raw['id']}"
    return Situation(
        raw["id"],
        tuple(raw["say"]),
        tuple(raw.get("ask", ())),
        tuple((card, tuple(lines)) for card, lines in raw.get("cards", ())),
        raw.get("mood", ""),
        raw.get("form", ""),
        raw.get("short", False),
        raw.get("strong", False),
        raw.get("sure", False),
        raw.get("always", False),
        raw.get("whole", False),
        tuple(raw.get("named", ())),
        tuple((tuple(words.split()), said) for words, said in raw.get("things", {}).items()),
        raw.get("done", False),
        raw.get("more", ""),
        _families(raw["any"], f"{name} any", families),
        _families(raw.get("with", ()), f"{name} with", families),
        _families(raw.get("not", ()), f"{name} not", families),
        tuple(raw.get("then", ())),
    )


def check(source: dict[str, Any]) -> None:
    """Check the tables and the words of ``fallback.json``.

    Raises
    ------
    JosiError
        With the first entry that is wrong: a version of another make, a table that is missing, a
        wording that is empty or asks where it should tell, a question without its mark.
    """
    where = "fallback.json"
    if source.get("version") != VERSION:
        raise JosiError(f"{where}: version {source.get('version')!r}; this code reads {VERSION}")
    if missing := [name for name in _TABLES if not source.get(name)]:
        raise JosiError(f"{where}: lacks {', '.join(missing)}; restore the file")
    texts: list[tuple[str, str, bool]] = []
    for raw in [*source["situations"], *source["asides"]]:
        name = f"situation {raw.get('id')!r}"
        texts += [(name, text, False) for key in _SAID for text in raw.get(key, ())]
        texts += [(name, text, True) for text in raw.get("ask", ())]
        if unknown := unknown_slots(raw.get("say", ())):
            raise JosiError(f"{where}: {name}: no slot {unknown}; use one of own_words")
    for raw in source["requests"]:
        texts += [(f"request {raw['id']!r}", text, False) for text in raw["say"]]
    for name, table in source["words"].items():
        for key, value in table.items():
            asks = key.startswith("ask") or key.endswith("_ask") or name == "session_ask"
            wordings = value if isinstance(value, list) else [value]
            texts += [(f"words {name}.{key}", text, asks) for text in wordings]
    for name, text, asks in texts:
        if not text or not text.strip() or ("?" in text) != asks or asks != text.endswith("?"):
            kind = "question" if asks else "sentence without a question"
            raise JosiError(f"{where}: {name}: {text!r} is no {kind}; mend it")


@lru_cache(maxsize=1)
def situation_book() -> tuple[Phrases, tuple[Situation, ...], tuple[Situation, ...]]:
    """Return the compiled phrases, the situations and the asides, in the order of their trial.

    Raises
    ------
    JosiError
        If an entry of ``fallback.json`` is not as it should be.
    """
    source = load("fallback")
    check(source)
    families: dict[str, list[str]] = dict(source["groups"])
    families |= {f"form {name}": phrases for name, phrases in source["forms"].items()}
    families |= {f"request {raw['id']}": raw["any"] for raw in source["requests"]}
    families |= {f"reason {code}": phrases for code, phrases in source["reasons"].items()}
    families |= {f"SPORT {name}": phrases for name, phrases in source["sports"].items()}
    families[NEGATION] = load("intent")["families"][NEGATION]
    situations = tuple(_situation(raw, families) for raw in source["situations"])
    asides = tuple(_situation(raw, families, "aside ") for raw in source["asides"])
    for one in (*situations, *asides):
        for name in one.any_of | one.with_one | one.none_of:
            if name not in families:
                raise JosiError(f"fallback.json: situation {one.id!r}: no group {name!r}")
    return Phrases(families, "fallback.json"), situations, asides


@dataclass(frozen=True)
class Reading:
    """A message as read by the book.

    Attributes
    ----------
    tokens
        Its words.
    found
        Families with a phrase in the text; ``plain`` are those that no negation stands before.
    question
        Whether it asks something.
    situations
        What it is about, in the book's order, with the athlete's own words in its wordings; one
        that could say none of them is left out.
    asides
        What it is about beside training: another topic, Josi's workings, hostile words.
    """

    tokens: tuple[Token, ...]
    found: frozenset[str]
    plain: frozenset[str]
    question: bool
    situations: tuple[Situation, ...]
    asides: tuple[Situation, ...] = ()

    @property
    def form(self) -> str:
        """``"question"`` or ``"statement"``."""
        return "question" if self.question else "statement"

    def has(self, form: str) -> bool:
        """Tell whether a phrase of ``forms`` stands in the message, not negated."""
        return f"form {form}" in self.plain

    @property
    def mood(self) -> str:
        """``"sad"``, ``"glad"``, ``"both"`` where the message has both, or ``""``."""
        moods = {one.mood for one in self.situations if one.mood}
        return moods.pop() if len(moods) == 1 else "both" if moods else ""


def wordings(one: Situation, tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return a situation's words, with the thing that the message names, if it names one of ours."""
    said = tuple(token.text for token in tokens)
    for wanted, thing in one.things:
        size = len(wanted)
        if any(said[at : at + size] == wanted for at in range(len(said) - size + 1)):
            return tuple(text.replace("{thing}", thing) for text in one.named)
    return one.say


def read(message: str) -> Reading:
    """Read a message (the last ones are remembered: one reply asks more than once).

    Parameters
    ----------
    message : str
        Any text.
    """
    return _read(message, id(situation_book()))


@lru_cache(maxsize=16)
def _read(message: str, book: int) -> Reading:
    """Read a message by the book of this identity."""
    phrases, situations, asides = situation_book()
    tokens = tuple(tokenise(message))
    hits = phrases.hits(tokens)
    negations = frozenset(h.start for h in hits if h.family == NEGATION)
    found = frozenset(h.family for h in hits)
    plain = frozenset(h.family for h in hits if not negated(h, tokens, negations))
    if len(tokens) == 1 and tokens[0].text in _NODS and "?" not in message:
        found, plain = found - _ASKING, plain - _ASKING
    question = "?" in message or "form asks" in found or asks_later(tokens)
    if question and tokens:
        moods = any(one.mood and one.any_of & plain for one in situations)
        feels = moods or bool({"SAD", "GLAD"} & plain)
        question = wants_answer(message, tokens, hits, feels)
        if not question:
            plain -= _ASKING | _WHY
    form, short = "question" if question else "statement", len(tokens) <= SHORT

    def held(entries: Sequence[Situation], plain: frozenset[str]) -> tuple[Situation, ...]:
        return tuple(
            one
            for one in entries
            if one.any_of & plain
            and (not one.with_one or one.with_one & found)
            and not one.none_of & found
            and one.form in ("", form)
            and (short or not one.short)
        )

    kept, of_others = athletes_own(held(situations, plain), tokens, hits, phrases.families["KIN"])
    if of_others:
        plain |= of_others
        kept = tuple(s for s in held(situations, plain) if s in kept or s.any_of & of_others)
    meant = (one for one in kept if not in_passing(one, hits, tokens))
    said = ((one, tuple(filled(wordings(one, tokens), tokens, message))) for one in meant)
    about = tuple(replace(one, say=say) if say != one.say else one for one, say in said if say)
    if len(about) > 1:  # a general one gives way, and a strong one comes first
        about = tuple(one for one in about if not one.id.startswith("g_"))
        about = tuple(sorted(about, key=lambda one: not (one.strong and one.mood)))
    asks = question or bool(found & _ORDERS)
    apart = (a for a in held(asides, plain) if asks or a.always or not in_passing(a, hits, tokens))
    return Reading(tokens, found, plain, question, about, tuple(apart))
