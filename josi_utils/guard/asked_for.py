"""What a request would change beside length and effort: the order, the goal, how often, the pace.

Such a request is neither granted nor more: the plan or the app decides it, and the answer says how
things stand. The phrases are the forms ``req_*`` of ``fallback.json``, except lengths for several days or
sports, which are patterns here. The answers are the words ``request.on_*``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from josi_utils.guard.amounts import table as own_table
from josi_utils.guard.composition import Words, capital
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.request_figures import asks_double
from josi_utils.guard.request_signs import let_told
from josi_utils.guard.situations import Reading

#: What may be asked for, in the order in which it is looked for.
TOPICS = (
    "app", "rehab", "cleared", "doctor", "told_off", "pretend", "log", "lengths", "still", "make_up",
    "did", "missed",
    "goal", "for_good", "coach", "split", "often", "rest_day", "order", "sets", "warm_up", "stretch", "flat",
    "hilly", "pace",
)  # fmt: skip
#: Beside one of these a wish is told, though nothing is asked.
_WISHES = ("change", "wish", "intends", "defies", "moves", "swaps", "req_please", "req_told_off")
#: Only a session of this kind has hills to leave out.
_OF_KIND = {"flat": "hills"}
#: What must be asked beside it.
_WITH = {"make_up": ("leaves_out",), "rest_day": ("change", "moves", "swaps", "req_please"),
         "for_good": ("leaves_out", "change", "moves", "req_please")}  # fmt: skip
#: What may be asked for on a rest day, too.
_ON_REST = (
    "app", "cleared", "doctor", "told_off", "pretend", "log", "lengths", "still", "goal", "coach",
    "often", "rest_day",
)  # fmt: skip
#: What is so plainly asked that no other word for a wish is needed.
_PLAIN = ("order", "doctor", "cleared", "log")
#: With one of these what a doctor allows is a limit, too: "only on the flat", "but no hills".
_LIMITS = frozenset(["only", "but", "not", "no", "cant", "never", "max", "under", "below", "until"])
#: What a doctor forbids is the whole of it with one of these, else a part: "no breaststroke".
_WHOLE = frozenset([
    "run", "running", "runs", "training", "train", "sport", "sports", "exercise", "swim", "swimming",
    "ride", "riding", "cycling", "bike", "biking", "row", "rowing", "lifting", "gym", "walking",
    "activity", "more", "workouts", "exercising", "jogging", "way", "strength", "weights",
])  # fmt: skip
_DAY = r"(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thurs?|fri|sat|sun)"
_WORK = r"(?:swim|swimming|rower|rowing|bike|cycling|run|running|walk|walking|core|weights|strength|yoga|turbo|treadmill|pool|jog)"
_LONG = r"(\d{1,3})(?: (?:minutes?|mins?|km?|hours?|h))?"
_UNIT = r"\d (?:minutes?|mins?|km?|hours?|h)\b"
#: A smaller figure without a unit is an hour of the clock, not a length.
_LEAST = 5
#: What a doctor says there is none of is no ban.
_NO_BAN = frozenset([
    "idea", "clue", "problem", "problems", "worries", "worry", "issue", "issues", "concern", "concerns",
    "reason", "reasons", "doubt", "damage", "break", "fracture", "infection", "injury", "surgery",
    "thanks", "explanation", "pain", "choice", "big", "need",
])  # fmt: skip
#: Beside one of these a figure is a temperature, an hour or an age.
_NO_LENGTH = frozenset([
    "degrees", "celsius", "c", "hot", "hotter", "heat", "warm", "warmer", "cold", "colder", "sun", "sunny",
    "weather", "forecast", "humid", "scorching", "roasting", "boiling", "freezing", "birthday", "turned",
    "turns", "turning", "years", "old", "am", "pm", "oclock",
])  # fmt: skip
#: Lengths for several days or sports: "50 today and 70 on thursday", "20 on the bike and 15 core".
_LENGTHS = (
    re.compile(rf"(?<!at )(?<!by )(?<!be )\b{_LONG} (?:on |for )?{_DAY}\b"),
    re.compile(rf"\b{_DAY} {_LONG}\b(?! (?:days?|weeks?|am|pm))"),
    re.compile(rf"\b{_LONG} (?:of |on the |in the |on )?{_WORK}\b"),
)

#: "Since you put me on two days a week" says what the plan has.
_GIVEN = re.compile(
    r"\b(?:since|when|because|after|now that) (?:you|the plan) (?:put|gave|set|moved|have)\b"
)


def asked_for(reading: Reading, decision: dict[str, Any]) -> str:
    """Return what a request would change, one of :data:`TOPICS`, or ``""``.

    Parameters
    ----------
    reading : Reading
        Of the message.
    decision : dict
        Only the kind of its session, and whether it has a goal, are read.
    """
    return _topic(reading, decision["session"]["kind"], bool(decision.get("goal")))


# A reply asks this two times and more of one message: before it is planned, of the request, and of
# the wish that a no takes up.
@lru_cache(maxsize=64)
def _topic(reading: Reading, kind: str, has_goal: bool) -> str:
    """Return what a request would change of a session of this kind, or of a goal if there is one."""
    found = [topic for topic in TOPICS if reading.has(f"req_{topic}")]
    told = let_told(reading)
    wishes = any(reading.has(form) for form in _WISHES if not (told and form == "change"))
    if told or (any(one.done for one in reading.situations) and not wishes):
        found = [topic for topic in found if topic != "cleared"]  # a way back told, not asked for
    if "cleared" in found and _LIMITS & {token.text for token in reading.tokens}:
        found = ["doctor", *found]
    if "log" in found and any(one.id == "counts_less" for one in reading.situations[:1]):
        found = [topic for topic in found if topic != "log"]  # whether it is worth something
    if "often" in found and _GIVEN.search(_text(reading)):
        found = [topic for topic in found if topic != "often"]
    if "told_off" in found and _no_ban(reading):
        found = [topic for topic in found if topic not in ("told_off", "doctor")]
    if "told_off" in found and _in_part(reading):
        found = ["doctor", *(topic for topic in found if topic != "told_off")]
    if asks_double(reading):
        found = [topic for topic in found if topic != "sets"]
    lengths = "" if reading.has("past") else _lengths(reading)
    if lengths:
        found.append("lengths")
    if not found or (reading.has("why_strict") and not reading.has("req_why_not")):
        return ""
    for topic in found:
        if topic in _OF_KIND and kind != _OF_KIND[topic]:
            continue
        if topic in _WITH and not any(reading.has(form) for form in _WITH[topic]):
            continue
        if HARDNESS[kind] == 0 and topic not in _ON_REST:
            continue
        if topic == "goal" and not has_goal:
            continue
        plain = topic in _PLAIN or (topic == "lengths" and lengths == "plain")
        plain = plain or (topic == "sets" and not reading.has("past"))
        if plain or reading.question or wishes:
            return topic
    return ""


def _text(reading: Reading) -> str:
    return " ".join(token.text for token in reading.tokens)


def _denied(reading: Reading) -> set[str]:
    """Return what a message says "no" to: the word after it."""
    return set(re.findall(r"\bno ([a-z]+)", _text(reading)))


def _no_ban(reading: Reading) -> bool:
    """Tell whether the doctor's no is none: "no problem"."""
    said = re.search(r"\b(?:says|said|told me) no ([a-z]+)", _text(reading))
    return bool(said) and said[1] in _NO_BAN and _denied(reading) <= _NO_BAN


def _in_part(reading: Reading) -> bool:
    """Tell whether only a part of training is forbidden: "no breaststroke", "no hills"."""
    named = _denied(reading) - _NO_BAN
    return bool(named) and not _WHOLE & named and "to rest" not in _text(reading)


def _lengths(reading: Reading) -> str:
    """Return whether lengths for several days or sports are named: ``plain``, ``maybe`` or ``""``.

    Plain are those with a unit or a sport beside them, and a message that begins with one.
    """
    text = _text(reading)
    if _NO_LENGTH & {token.text for token in reading.tokens} or re.search(
        r"\d:\d\d.*\d:\d\d", text
    ):
        return ""
    for at, form in enumerate(_LENGTHS):
        found = list(form.finditer(text))
        units = [bool(re.match(rf".*{_UNIT}", one[0])) for one in found]
        if not any(units):
            found = [one for one in found if int(one[1]) >= _LEAST]
        if len({one[1] for one in found}) > 1:
            begins = at == 0 and found[0].start() == 0
            return "plain" if any(units) or begins or form is _LENGTHS[-1] else "maybe"
    return ""


def answer_for(topic: str, reading: Reading, decision: dict[str, Any], words: Words) -> list[str]:
    """Return how things stand for what is asked."""
    table, session = words.source["request"], decision["session"]
    key = f"on_{topic}"
    if topic == "often" and HARDNESS[session["kind"]] == 0 and "rest days" in _text(reading):
        key = "either_rest"
    elif topic == "often" and reading.has("req_fewer"):
        key = "on_fewer_days"
    if topic == "hilly" and HARDNESS[session["kind"]] > HARDNESS["long"]:
        key = "on_hilly_hard"
    if topic == "pace" and HARDNESS[session["kind"]] > HARDNESS["easy"]:
        key = "on_pace_hard"
    minutes = session.get("minutes")
    if topic == "split" and not minutes:
        key = "on_split_bare"
    if topic in ("log", "lengths") and HARDNESS[session["kind"]] == 0:
        key = f"on_{topic}_rest"
    if topic == "rest_day" and HARDNESS[session["kind"]] == 0:
        key = "on_rest_today"
    line = words.of(table[key]).replace("{minutes}", str(minutes))
    return [line.replace("{goal}", (decision.get("goal") or {}).get("event") or "")]


@lru_cache(maxsize=1)
def _things() -> list[tuple[str, str, str]]:
    """Return the things that stand in the way of a session, their kind and how they are said."""
    entries = (entry.split("|") for entry in own_table()["request_things"])
    return [(f" {phrase} ", kind, said) for phrase, kind, said in entries]


def in_the_way(reading: Reading) -> tuple[str, str] | None:
    """Return what stands in the way of a session (the party, the ice): its kind and its name."""
    text = f" {' '.join(token.text for token in reading.tokens)} "
    return next(((kind, said) for phrase, kind, said in _things() if phrase in text), None)


def around(thing: tuple[str, str] | None, words: Words) -> str | None:
    """Return words that take up what stands in the way of a session."""
    if not thing:
        return None
    line = words.say("request", f"heard_{thing[0]}")
    return line.replace("{thing}", thing[1]).replace("{Thing}", capital(thing[1]))
