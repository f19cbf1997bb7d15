"""A request beside a plan, answered: the yes, the kind no, and words that fit either."""

from __future__ import annotations

from typing import Any

from josi_utils.guard.asked_for import TOPICS, around
from josi_utils.guard.composition import Words, capital, plan_lines
from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.openers import taken_up
from josi_utils.guard.request_signs import other_sport, wants_more
from josi_utils.guard.request_state import Request
from josi_utils.guard.situations import Reading, Situation
from josi_utils.guard.wishes import answer_to_wish, heard, kind_of_wish
from josi_utils.persona import count_words, split_sentences

#: So many words have opening, answer and plan together; a question comes after them.
ROOM = 65
#: What the plan leaves open, beside a request for something else.
_PARTS = ("time", "place", "company")
#: With one of these the plan itself would be changed, in a way that is not known.
_CHANGES = ("swaps", "moves", "more", "defies", "hard_kinds", "change_plan")

#: With one of these a message asks, whatever it tells beside it.
_ASKING = ("change", "intends", "defies", "req_out", "req_log", "req_sets")
#: Leave to train asks, too, unless a way back is told.
_CLEARED = "req_cleared"
#: What a doctor said weighs more than what else is told.
_OF_DOCTOR = ("cleared", "doctor", "told_off")


def only_tells(first: Situation, reading: Reading) -> bool:
    """Tell whether a message greets or tells what was done or felt, and asks for no other plan."""
    if first.more in ("tells", "short"):
        return True
    if first.more == "hello":
        return not reading.has("change")
    if first.done:
        return not any(reading.has(form) for form in _ASKING)
    tells = first.mood == "sad" and not reading.question
    return tells and not any(reading.has(form) for form in (*_ASKING, _CLEARED))


def yes(asked: Request, words: Words) -> str:
    """Return the yes to a request that the plan allows."""
    if asked.kind in ("", "fewer", "leave_out", "any_day"):
        line = words.say("request", asked.kind or "yes").replace("{minutes}", str(asked.minutes))
        return f"{line} {words.say('request', 'also_time')}" if asked.also else line
    kinds = {raw["id"]: raw["say"] for raw in load("fallback")["requests"]}
    table = words.source["request"]
    told = around(asked.thing, words) if asked.kind == "place" else None
    also = words.of(table[f"also_{asked.also}"]) if f"also_{asked.also}" in table else ""
    warm = "" if told or also else words.of(table.get(f"warm_{asked.kind}", [""]))
    return " ".join(part for part in (told, words.of(kinds[asked.kind]), also, warm) if part)


def sorry(reading: Reading, words: Words) -> list[str]:
    """Return the words for what is hard beside the wish, if anything is."""
    opener, first = taken_up(reading, words)
    sad = first is not None and first.mood == "sad" and reading.mood != "both"
    return [opener] if opener and sad else []


def no(decision: dict[str, Any], reading: Reading, refused: bool, words: Words) -> list[str]:
    """Return the kind no: the wish or the feeling heard, then that the plan stays."""
    table, stays = words.source["request"], answer_to_wish(reading, decision, words)
    start = sorry(reading, words)
    opener = words.of(table["still"]) if refused else _heard(reading, decision, words)
    opener = opener or held_back(decision, words) or words.of(table["against"])
    stays = stays or [words.of(table["stays"])]
    if " but " in (start or [opener])[-1]:
        stays = [capital(line.removeprefix("But ")) for line in stays]
    return _fitted(start or [opener], stays, decision, words)


def either(decision: dict[str, Any], reading: Reading, words: Words) -> list[str]:
    """Return words that are right whether the request is within the plan or beyond it."""
    table = words.source["request"]
    opener, first = taken_up(reading, words)
    if not opener or not first or not first.mood or kind_of_wish(reading, decision) in _OF_DOCTOR:
        opener = _heard(reading, decision, words)
    opener = opener or held_back(decision, words)
    asks = reading.question and ("?" in words.message or not reading.has("defies"))
    opener = opener or words.of(table["either_asked" if asks else not_asked(reading)])
    changes = any(reading.has(form) for form in _CHANGES)
    changes = changes or "request less" in reading.plain or reading.has("wish_anyway")
    # "Instead" of the road on the indoor bike is another place, and no other session.
    around_it = any(f"request {part}" in reading.plain for part in _PARTS)
    elsewhere = around_it and not other_sport(reading, decision["session"])
    if _asks_on(reading, decision):
        key = "either_stays"
    else:
        key = "either_plan" if changes and not elsewhere else "either"
    stands = words.of(table[key])
    if (
        reading.mood == "sad"
        and not _wants_other(reading)
        and HARDNESS[decision["session"]["kind"]] > 0
    ):
        stands = words.of(table["leave_out"])
    answers = answer_to_wish(reading, decision, words) or [stands]
    part = _open_part(reading, decision, words)
    return _fitted([opener], [*answers, *part], decision, words)


def not_asked(reading: Reading) -> str:
    """Return the wordings for what is no question: nothing is told by who orders or wishes."""
    wishes = any(reading.has(form) for form in ("orders", "change", "wish", "swaps", "moves"))
    return "either_wished" if wishes else "either_told"


def _fitted(
    opening: list[str], answers: list[str], decision: dict[str, Any], words: Words
) -> list[str]:
    """Return opening and answer with what is spare left out, where plan and all would be too long."""
    start, then = split_sentences(" ".join(opening)), split_sentences(" ".join(answers))
    plan = " ".join(plan_lines(decision, words))
    while count_words(" ".join([*start, *then, plan])) > ROOM and len(start) + len(then) > 2:
        (start if len(start) > 1 else then).pop()
    return [*start, *then]


def _asks_on(reading: Reading, decision: dict[str, Any]) -> bool:
    """Tell whether more than the plan is meant, so that the leave for less is no answer."""
    more = wants_more(reading, decision["session"]) or reading.has("wish_anyway")
    pushes = any(reading.has(f) for f in ("made_up", "starts_no", "pushes", "wish_little"))
    return more or (pushes and "request less" not in reading.plain)


def _open_part(reading: Reading, decision: dict[str, Any], words: Words) -> list[str]:
    """Return the yes to what the plan leaves open, asked for beside what it does not."""
    rest = HARDNESS[decision["session"]["kind"]] == 0
    changes = any(reading.has(form) for form in _CHANGES)
    told = changes or kind_of_wish(reading, decision)
    if rest or not (reading.has("req_joined") and told):
        return []
    part = next((name for name in _PARTS if f"request {name}" in reading.plain), None)
    return [words.say("request", f"part_{part}")] if part else []


def _wants_other(reading: Reading) -> bool:
    return any(reading.has(form) for form in ("swaps", "moves", "more", "hard_kinds"))


def _heard(reading: Reading, decision: dict[str, Any], words: Words) -> str | None:
    kind = kind_of_wish(reading, decision)
    if kind in TOPICS and f"heard_{kind}" in words.source["request"]:
        return words.say("request", f"heard_{kind}")
    more = kind in ("amount", "harder", "rest")
    return heard(reading, words, decision["session"]["kind"] == "rest", more)


def held_back(decision: dict[str, Any], words: Words) -> str | None:
    """Return words for what makes it hard to keep to the plan: a rest day, a race that is near."""
    if HARDNESS[decision["session"]["kind"]] == 0:
        return words.say("request", "heard_rest")
    if "race_close" in (decision.get("reasons") or []):
        return words.say("request", "heard_race")
    return None
