"""A request beside a plan, answered: the yes, the kind no, and words that fit either."""

from __future__ import annotations

from typing import Any

from josi_utils.guard.composition import Words
from josi_utils.guard.data import load
from josi_utils.guard.openers import taken_up
from josi_utils.guard.requests import Request
from josi_utils.guard.situations import Reading, Situation
from josi_utils.guard.wishes import answer_to_wish, heard


def only_tells(first: Situation, reading: Reading) -> bool:
    """Tell whether a message greets or tells what was done or felt, and asks for no other plan."""
    if first.more == "tells":
        return True
    if first.more == "hello":
        return not reading.has("change")
    tells = first.done or (first.mood == "sad" and not reading.question)
    return tells and not any(reading.has(form) for form in ("change", "intends", "defies"))


def yes(asked: Request, words: Words) -> str:
    """Return the yes to a request that the plan allows."""
    if asked.kind in ("", "fewer", "leave_out", "any_day"):
        line = words.say("request", asked.kind or "yes")
        return line.replace("{minutes}", str(asked.minutes))
    kinds = {raw["id"]: raw["say"] for raw in load("fallback")["requests"]}
    return words.of(kinds[asked.kind])


def sorry(reading: Reading, words: Words) -> list[str]:
    """Return the words for what is hard beside the wish, if anything is."""
    opener, first = taken_up(reading, words)
    sad = first is not None and first.mood == "sad" and reading.mood != "both"
    return [opener] if opener and sad else []


def no(decision: dict[str, Any], reading: Reading, refused: bool, words: Words) -> list[str]:
    """Return the kind no: the wish or the feeling heard, then that the plan stays."""
    table, stays = words.source["request"], answer_to_wish(reading, decision, words)
    start = sorry(reading, words)
    opener = (
        words.of(table["still"])
        if refused
        else heard(reading, words, decision["session"]["kind"] == "rest")
    )
    opener = opener or words.of(table["against"])
    return [*(start or [opener]), *(stays or [words.of(table["stays"])])]


def either(decision: dict[str, Any], reading: Reading, words: Words) -> list[str]:
    """Return words that are right whether the request is within the plan or beyond it."""
    table = words.source["request"]
    opener, first = taken_up(reading, words)
    if not opener or not first or not first.mood:
        opener = heard(reading, words, decision["session"]["kind"] == "rest")
    opener = opener or words.of(table["either_asked" if reading.question else "either_told"])
    return [opener, *(answer_to_wish(reading, decision, words) or [words.of(table["either"])])]
