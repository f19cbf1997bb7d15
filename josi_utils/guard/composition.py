"""The parts of a composed reply, and how each is worded: opener, plan, reason, question."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from josi_utils.decision import REASON_WORDS, plan_sentence
from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.mirror import content
from josi_utils.guard.own_words import filled
from josi_utils.guard.situations import Reading, read
from josi_utils.persona import count_words

#: A card adds no sentence that would make the reply longer than this; the product's ceiling is 80.
MOST_WORDS = 66
#: A plan sentence of more words than this has its reason in a sentence of its own.
LONG_PLAN = 16
#: A sentence whose words stand in the opening to this share says nothing new.
SAME = 0.75
#: Reasons that are good news.
GOOD = frozenset({"good_recovery", "steady_progress"})
_APOSTROPHES, _NO_WORD = re.compile("['’`]"), re.compile(r"\W+")
#: Reasons for less: no "because" joins them to a hard session that replaces none.
FOR_LESS = frozenset({
    "sore_muscles", "short_sleep", "poor_sleep", "high_stress", "illness_signs", "big_recent_load",
    "niggle", "high_resting_pulse", "travel", "low_motivation",
})  # fmt: skip
#: A card's sentence that begins so hangs on the opening, and stands before the plan.
HANGS = ("They ", "It ", "This ", "These ")


@dataclass(frozen=True)
class Composition:
    """A reply in its parts.

    Attributes
    ----------
    opening
        Sentences that take up the message and give Josi's stand.
    ask
        The question at the end.
    plan
        The session's sentence and its reasons; empty without a decision.
    more
        Further sentences, such as the card's; said as far as the ceiling allows.
    card
        The card that ``more`` comes from, the case's own or one found in the deck.
    answer_first
        Whether ``more`` stands before the plan, as it answers what was asked.
    """

    opening: list[str]
    ask: str
    plan: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    card: dict[str, Any] | None = None
    answer_first: bool = False

    def further(self, ceiling: int = MOST_WORDS) -> list[str]:
        """Return as many sentences of ``more`` as keep the whole under ``ceiling`` words."""
        said: list[str] = []
        told = content(" ".join(self.opening)) if self.more else frozenset()
        for line in self.more:
            own = content(line)
            if len(own & told) >= SAME * len(own):
                continue
            words = " ".join([*self.opening, *self.plan, *said, line, self.ask])
            if count_words(words) > ceiling:
                break
            said.append(line)
        return said

    @property
    def said(self) -> str:
        """The reply without its question."""
        further = self.further()
        first = self.answer_first or (bool(further) and further[0].startswith(HANGS))
        middle = [further, self.plan] if first else [self.plan, further]
        return " ".join([*self.opening, *middle[0], *middle[1]])

    @property
    def text(self) -> str:
        """The whole reply."""
        return f"{self.said} {self.ask}"


class Words:
    """The wordings of ``fallback.json``, drawn by the message: the same message, the same words."""

    def __init__(self, message: str) -> None:
        self.message = message
        self.seed = zlib.crc32(message.encode("utf-8", "surrogatepass"))
        self.source: dict[str, Any] = load("fallback")["words"]

    @cached_property
    def plain(self) -> str:
        """The message in small letters, its words between blanks, without apostrophes."""
        text = _APOSTROPHES.sub("", self.message.lower())
        return f" {' '.join(_NO_WORD.split(text))} "

    def of(self, choices: Sequence[str]) -> str:
        """Return one of several wordings; lists of one length do not all give the same place."""
        return choices[(self.seed + (self.seed >> (len(choices[0]) % 7))) % len(choices)]

    def say(self, table: str, key: str) -> str:
        """Return one of the wordings under ``table`` and ``key``."""
        return self.of(self.source[table][key])


@dataclass(frozen=True)
class Brief:
    """What a reply is composed from.

    Attributes
    ----------
    case
        Cleaned (:func:`josi_utils.guard.soundness.cleaned`).
    deck
        Where the case has no card of its own, one that surely answers speaks.
    reading
        Of the message, without answers that the case's card is not about.
    wants
        From :func:`josi_utils.guard.intent.intent`.
    words
        Drawn by the message.
    """

    case: dict[str, Any]
    deck: Sequence[dict[str, Any]]
    reading: Reading
    wants: dict[str, bool]
    words: Words


def named(table: str, key: str, reading: Reading, words: Words) -> str:
    """Return one of the wordings under ``table`` and ``key``, with the athlete's own words in it."""
    return words.of(filled(words.source[table][key], reading.tokens, words.message))


def still_open(asks: Sequence[str], reading: Reading) -> list[str]:
    """Return the questions that a message has not answered."""
    answered = load("fallback")["words"]["answered"]
    told = [
        part for form, some in answered.items() if f"form {form}" in reading.found for part in some
    ]
    return [ask for ask in asks if not any(part in ask for part in told)]


def unanswered(asks: Sequence[str], reading: Reading, words: Words, card: str = "") -> str:
    """Return a question that a message has not answered, if need be a card's or one to go on."""
    table = words.source["card"]
    for choices in (asks, table.get(f"{card}_ask", ()), table.get(f"{card}_more_ask", ())):
        if still := still_open(choices, reading):
            return words.of(still)
    return words.of(words.source["plain"]["ask_on"])


def fits(sentences: Sequence[str]) -> bool:
    """Tell whether a reply of these sentences is short enough."""
    return count_words(" ".join(sentences)) <= MOST_WORDS


def standing(more: Sequence[str]) -> list[str]:
    """Return a card's sentences that may stand after one on the goal."""
    return [line for line in more if not line.startswith(HANGS)]


def capital(text: str) -> str:
    """Return ``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]


def told_reasons(decision: dict[str, Any], most: int = 2) -> list[str]:
    """Return the reasons in words; that the race is close is no reason for the race itself."""
    codes = list(dict.fromkeys(decision.get("reasons") or []))
    if decision["session"]["kind"] == "race":
        codes = [code for code in codes if code != "race_close"]
    return [REASON_WORDS[code] for code in codes][:most]


def plan_lines(decision: dict[str, Any], words: Words) -> list[str]:
    """Return the session's sentence, word for word, and its reasons joined to it or after it."""
    plan, reasons = plan_sentence(decision), " and ".join(told_reasons(decision))
    table = words.source["plan"]
    if not reasons:
        return [plan]
    if decision["session"]["kind"] == "race":
        return [plan, table["fact"].replace("{Reasons}", capital(reasons))]
    kind = decision["session"]["kind"]
    hard = kind == "strength" or HARDNESS[kind] >= HARDNESS["long"]
    if hard and not decision.get("replaces") and FOR_LESS & set(decision.get("reasons") or ()):
        return [plan, words.of(table["minds"]).replace("{reasons}", reasons)]
    if decision["session"].get("details") or count_words(plan) > LONG_PLAN:
        return [plan, words.of(table["after"]).replace("{reasons}", reasons)]
    return [table["because"].replace("{plan}", plan[:-1]).replace("{reasons}", reasons)]


def reason_first(decision: dict[str, Any], words: Words) -> list[str]:
    """Return the reasons in a sentence of their own, then the session's sentence."""
    table, codes = words.source["explain"], set(decision.get("reasons") or ())
    because = words.of(table["reason_good" if codes and codes <= GOOD else "reason_first"])
    joiner = ", and that " if "that {" in because else " and "
    reasons = joiner.join(told_reasons(decision))
    return [because.replace("{reasons}", reasons), plan_sentence(decision)]


def session_ask(decision: dict[str, Any], reading: Reading, words: Words) -> str:
    """Return a question that fits reason, kind and day of the session."""
    table, kind = words.source["session_ask"], decision["session"]["kind"]
    codes = decision.get("reasons") or []
    if kind == "race":
        name = "race"
    elif codes:
        name = codes[0]
    else:
        name = "rest" if kind == "rest" else "today" if decision["day"] == "today" else "later"
    open_ones = still_open(table[name], reading)
    return words.of(open_ones or table.get(f"told_{name}", table["other"]))


def refused_before(case: dict[str, Any]) -> bool:
    """Tell whether Josi's last turn already said no."""
    history = case.get("history") or []
    if not history or history[-1]["role"] != "assistant":
        return False
    return read(history[-1]["content"]).has("refused")
