"""A wish for another session answered by what it asks for: more, another day, another sport."""

from __future__ import annotations

import re
from typing import Any

from josi_utils.decision import SPORT_NOUNS, number_words, with_article
from josi_utils.guard.asked_for import TOPICS, answer_for, around, asked_for, in_the_way
from josi_utils.guard.composition import Words, capital
from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.licence import DAYS
from josi_utils.guard.request_figures import asks_double, figured_words, session_amounts
from josi_utils.guard.request_signs import other_day, other_sport, wants_more
from josi_utils.guard.situations import Reading
from josi_utils.guard.wished import wished

_DAYS = frozenset(DAYS)
#: What is told beside a wish, in the order in which it is taken up: the body first.
_BESIDE = (
    "anyway", "well_again", "ill", "hurts", "birthday", "scared", "tired", "slept_well", "feels_good", "others", "kids",
    "shut", "travel", "catch", "little", "bored", "snow", "enjoys",
)  # fmt: skip


#: What is told of the body is taken up before what stands around the session.
_BODY = ("anyway", "well_again", "ill", "hurts", "tired")
_OF_BODY = (*_BODY[2:], "feels_good", "slept_well")
#: What is only supposed of the body is not told: "if i feel good, can i go on?".
_SUPPOSED = re.compile(
    r"(?<!ok)(?<!okay)(?<!fine)(?<!alright)(?<!mind) if (?:i|im|my|it|its|the)\b(?: \w+){0,3} "
    r"(?:feel|feels|feeling|tired|sore|hurts?|good|bad|ill|sick|worse|better|up|heavy|fresh)\b"
)
#: Words of a wish for less.
_SOFTER = frozenset({"slower", "slow", "easier", "easy", "gentle", "gently", "less"})


def _too_great(reading: Reading, session: dict[str, Any]) -> str | None:
    """Return the amount that the message names beyond the session's, as it is said."""
    asked = session_amounts(reading)
    minutes, distance, zone = (session.get(k) for k in ("minutes", "distance_km", "zone"))
    for name, limit, unit in (
        ("minutes", minutes, "minutes"),
        ("km", distance or (minutes / 5 if minutes else None), "km"),
    ):
        beyond = [v for v in asked[name] if limit and v > limit * 1.05 and len(asked[name]) == 1]
        told = set(figured_words(reading))
        hours = len(beyond) == 1 and number_words(beyond[0] / 60) in told
        # Miles were counted as kilometres: a figure is said only as the athlete has it.
        if len(beyond) == 1 and number_words(beyond[0]) in told:
            return f"{number_words(beyond[0])} {unit}"
        if hours and unit == "minutes":
            return f"{number_words(beyond[0] / 60)} hours" if beyond[0] != 60 else "an hour"
    above = [value for value in asked["zone"] if zone and value > zone]
    return f"zone {number_words(above[0])}" if len(above) == 1 else None


def kind_of_wish(reading: Reading, decision: dict[str, Any]) -> str:
    """Return what is wished.

    Returns
    -------
    str
        One of :data:`josi_utils.guard.asked_for.TOPICS`, ``"rest"``, ``"amount"``, ``"day"``,
        ``"sport"``, ``"harder"``, ``"other"`` (another session, not said which) or ``""``.
    """
    session = decision["session"]
    topic = asked_for(reading, decision)
    # More for good is more: the leave to leave a session out is no answer to it.
    if topic and not (topic == "for_good" and wants_more(reading, session)):
        return topic
    elsewhere = (reading.has("moves") or reading.has("req_on_day")) and (
        other_day(reading, decision["day"]) or reading.has("any_day")
    )
    if HARDNESS[session["kind"]] == 0:
        return "day" if elsewhere and reading.has("req_moved") else "rest"
    if _too_great(reading, session):
        return "amount"
    sport = other_sport(reading, session)
    if sport and (reading.has("swaps") or reading.has("req_sport")) and not reading.has("req_too"):
        return "sport"
    if elsewhere:
        return "day"
    swapped = reading.has("req_other")
    if swapped and HARDNESS[session["kind"]] >= HARDNESS["tempo"]:
        return "other"
    return "harder" if wants_more(reading, session) else "other" if swapped else ""


def beside(reading: Reading, words: Words, more: bool = False) -> str | None:
    """Return words that take up what the athlete said of body, day or company beside the wish."""
    names = (name for name in _BESIDE if reading.has(f"wish_{name}"))
    supposed = _SUPPOSED.search(words.plain)
    name = next((one for one in names if not (supposed and one in _OF_BODY)), None)
    if name in (*_BODY, "birthday", "scared"):
        return words.say("request", f"heard_{name}")
    thing = in_the_way(reading)
    # Rain or heat is no reason to think twice for who wants more than the plan.
    things = None if more and thing and thing[0] == "outside" else around(thing, words)
    if things or not name:
        return things
    return words.say("request", f"heard_{name}")


def heard(reading: Reading, words: Words, rest: bool = False, more: bool = False) -> str | None:
    """Return words that take up what the athlete said beside the wish, or the wish itself.

    On a rest day the wish is not said back, as it would read like a session of the plan.
    """
    table = words.source["request"]
    told = beside(reading, words, more)
    if told:
        return told
    wish = None if rest else wished(words.message)
    wish = None if wish and " with you" in wish else wish  # "they want to do it with me"
    # "Ok if I go slower", beside a wish for a longer one, is half of what is asked.
    if wish and not (reading.has("more") and _SOFTER & set(wish.split())):
        return words.of(table["heard_wish"]).replace("{Wish}", wish)
    if asks_double(reading):
        return words.of(table["heard_more"])
    if reading.has("made_up") and "?" not in words.message:
        return words.of(table["heard_made_up"])
    said = {t.text for t in reading.tokens}
    sport = any(f"SPORT {name}" in reading.found for name in load("fallback")["sports"])
    likes_more = not (rest and reading.question)
    for name, fits in (("moves", bool(said & _DAYS)), ("swaps", sport), ("more", likes_more)):
        if fits and reading.has(name):
            return words.of(table[f"heard_{name}"])
    return None


def answer_to_wish(reading: Reading, decision: dict[str, Any], words: Words) -> list[str] | None:
    """Return the no that fits the wish, or None where it is not clear what is wished."""
    table, session = words.source["request"], decision["session"]
    kind = kind_of_wish(reading, decision)
    too_great = _too_great(reading, session)
    before = reading.has("past") or bool({"yesterday", "last"} & {t.text for t in reading.tokens})
    if kind == "log" and before:
        too_great = None  # what was done is no wish for more
    if kind in TOPICS and not (kind in ("cleared", "log") and too_great):
        return answer_for(kind, reading, decision, words)
    if kind == "rest":
        return [words.of(table["either_rest"])]
    if kind == "amount" or kind in TOPICS:
        amount = capital(too_great or "")
        return [words.of(table["no_amount"]).replace("{Amount}", amount)]
    if kind == "day":
        day = decision["day"]
        on = day.replace("_", " ") if day in ("today", "tomorrow") else f"on {day.capitalize()}"
        on = "this week" if day == "this_week" else on
        left = [] if HARDNESS[session["kind"]] == 0 else [table["left_out"]]
        return [words.of(table["no_day"]).replace("{day}", on), *left]
    if kind == "other":
        return [words.of(table["no_other"]), table["left_out"]]
    if kind == "sport":
        sport = with_article(SPORT_NOUNS.get(session.get("sport") or "any", "session"))
        return [words.of(table["no_sport"]).replace("{sport}", sport), table["left_out"]]
    return [words.of(table["no_harder"])] if kind == "harder" else None
