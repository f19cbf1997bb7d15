"""The parts of a composed reply, and how each is worded: opener, plan, reason, question."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from josi_utils.decision import REASON_WORDS, plan_sentence
from josi_utils.guard.amounts import table as own_table
from josi_utils.guard.data import load
from josi_utils.guard.mirror import FEW, beside, content, mirror
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.own_words import filled
from josi_utils.guard.situations import Reading, Situation, read
from josi_utils.persona import count_words

#: A card adds no sentence that would make the reply longer than this; the product's ceiling is 80.
MOST_WORDS = 66
#: A plan sentence of more words than this has its reason in a sentence of its own.
LONG_PLAN = 16
#: A sentence whose words stand in the opening to this share says nothing new.
SAME = 0.75
#: An opener that begins so greets by itself.
GREETS = ("Hello", "Good ", "Welcome", "See you", "Sleep well", "Happy ", "A merry ", "Goodbye")
#: A message of no more words that begins with a greeting is one.
GREETING = 12
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
    if decision["session"].get("details") or count_words(plan) > LONG_PLAN:
        return [plan, words.of(table["after"]).replace("{reasons}", reasons)]
    return [table["because"].replace("{plan}", plan[:-1]).replace("{reasons}", reasons)]


def reason_first(decision: dict[str, Any], words: Words) -> list[str]:
    """Return the reasons in a sentence of their own, then the session's sentence."""
    because = words.of(words.source["explain"]["reason_first"])
    joiner = ", and that " if "that {" in because else " and "
    reasons = joiner.join(told_reasons(decision))
    return [because.replace("{reasons}", reasons), plan_sentence(decision)]


def session_ask(decision: dict[str, Any], words: Words) -> str:
    """Return a question that fits reason, kind and day of the session."""
    table, kind = words.source["session_ask"], decision["session"]["kind"]
    codes = decision.get("reasons") or []
    if kind == "race":
        return words.of(table["race"])
    if codes:
        return words.of(table[codes[0]])
    if kind == "rest":
        return words.of(table["rest"])
    return words.of(table["today" if decision["day"] == "today" else "later"])


def greeting(reading: Reading, opener: str, words: Words) -> list[str]:
    """Return a greeting, with a name that is given, for a message that begins with one."""
    for name, text in words.source["greet"].items():
        if reading.has(f"greet_{name}") and not opener.startswith(GREETS):
            named = f"{text[:-1]} {{name}}."
            return [words.of(filled((text, named), reading.tokens, words.message))]
    return []


def taken_up(reading: Reading, words: Words) -> tuple[str | None, Situation | None]:
    """Return the sentence that takes the message up, and the situation that it is from.

    A message with good and bad in it is taken up without a guess which of them weighs more.
    """
    if not reading.situations:
        return None, None
    first, back = reading.situations[0], said_back(reading, words)
    if reading.mood == "both" and first.mood in ("sad", "glad") and not first.strong:
        text = words.say("plain", "said_back" if back else "mixed")
        return f"{back} {text}".strip(), first
    opener = words.of(first.say)
    if first.form == "question":
        return opener, first
    greets = first.more == "hello" or opener.startswith(GREETS)
    return beside(back or (scene(words) if greets else ""), opener, greets), first


def said_back(reading: Reading, words: Words) -> str:
    """Return what the athlete told, in their own words turned to "you", or nothing."""
    back = None if reading.has("orders") else mirror(words.message)
    heavy = back and back.feels and reading.mood == "sad"
    return back.text if back and (heavy or not reading.question) else ""


def scene(words: Words) -> str:
    """Return words for what stands around a greeting: the coffee, the train, the frost."""
    tokens = " ".join(t.text for t in tokenise(words.message))
    found = (
        said for phrase, said in words.source["scene"].items() if f" {phrase} " in f" {tokens} "
    )
    return words.of(next(found, [""]))


def closing(opener: str, situation: Situation | None, apart: bool, words: Words) -> str:
    """Return a second sentence for a short reply, one that does not say the opener's word again."""
    table = words.source["plain"]
    if situation is None and opener.endswith(tuple(table["said_back"] + table["said_fact"])):
        return words.of(table["more_told"])
    if situation is None and apart:
        return words.of(table["more_apart"])
    kind = (situation.more or ("done" if situation.done else situation.mood)) if situation else ""
    choices = table[f"more_{kind}" if kind else "more"]
    said = {word for word in table["said_once"] if word in opener}
    fresh = [line for line in choices if not any(word in line for word in said)]
    return words.of(fresh or table["more"])


def own_ask(situation: Situation | None, reading: Reading, words: Words) -> str | None:
    """Return a question of the situation's own, if it has one that fits."""
    if situation is None and not reading.mood and said_back(reading, words):
        told = mirror(words.message)
        return words.say("plain", "said_back_ask" if told and told.feels else "said_fact_ask")
    if situation is None or not situation.ask:
        return None
    if reading.mood == "both" and situation.mood != "both":
        return None
    return words.of(situation.ask)


def plain_opener(case: dict[str, Any], reading: Reading, words: Words) -> str:
    """Return words for a message that no situation holds for: by its tone, or of none at all."""
    if not reading.tokens:
        return words.say("plain", "wordless")
    glad, sad = "GLAD" in reading.plain, "SAD" in reading.plain
    back = said_back(reading, words)
    back = back if len(content(back)) >= FEW else ""
    if glad != sad and not reading.question:
        return f"{back} {words.say('plain', 'sounds_glad' if glad else 'sounds_sad')}".strip()
    table = words.source["plain"]
    if back:
        feels = "said_back" if mirror(words.message).feels else "said_fact"
        done = feels == "said_fact" and _sounds_done(reading, words.message)
        return f"{back} {words.of(table['sounds_done' if done else feels])}"
    if scene(words) and not reading.question:
        return scene(words)
    if case.get("history"):
        return words.of(table["follow"])
    if _sounds_done(reading, words.message):
        return words.say("plain", "sounds_done")
    if not reading.question and len(reading.tokens) <= GREETING and greeting(reading, "", words):
        return words.say("plain", "greeted")
    if not (case.get("decision") or reading.has("of_sport") or reading.has("training")):
        return words.say("plain", "statement_apart")
    tokens = () if reading.question or reading.has("why") else reading.tokens
    told = filled(table["statement"], tokens, words.message)
    # Beside a plan thanks for telling would suppose that something was told.
    bare = case.get("decision") and set(told) <= set(table["statement"])
    return words.of(table["with_plan"] if bare else told)


def _sounds_done(reading: Reading, message: str) -> bool:
    """Tell whether a message calls out a figure or tells a deed, and wishes and asks nothing."""
    if reading.question or reading.found & {"SAD", "NOTYET"}:
        return False
    if any(reading.has(form) for form in ("change", "defies", "why", "orders", "refused", "color")):
        return False
    said, words = {t.text for t in reading.tokens}, own_table()
    if said & set(words["not_deed"]):
        return False
    figure = any(t.text[0].isdigit() for t in reading.tokens)
    if "!" in message and figure and not reading.has("future"):
        return True
    told = said & (set(words["deeds"]) | set(words["cues"]))
    return bool(told) and (figure or reading.has("training"))


def refused_before(case: dict[str, Any]) -> bool:
    """Tell whether Josi's last turn already said no."""
    history = case.get("history") or []
    if not history or history[-1]["role"] != "assistant":
        return False
    return read(history[-1]["content"]).has("refused")
