"""The composed reply to a message that comes with a decision.

In order: the verdict on a goal, a request for another session, a question about the session, and
else what the athlete told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.decision import READINESS_COLOURS, session_name
from josi_utils.guard.card_index import best_sentences, found_card
from josi_utils.guard.composition import (
    Composition,
    Words,
    greeting,
    own_ask,
    plain_opener,
    plan_lines,
    reason_first,
    refused_before,
    session_ask,
    taken_up,
    told_reasons,
    too_much,
)
from josi_utils.guard.data import load
from josi_utils.guard.goals import alternative_sentence, goal_sentence, names_goal
from josi_utils.guard.requests import Request, request
from josi_utils.guard.situations import Reading
from josi_utils.persona import count_words, split_sentences

#: Beside a decision, so many sentences of a card are said.
CARD_SENTENCES = 2
#: A goal's sentence of fewer words has words before it that take the goal up.
SHORT_GOAL = 16


def planned(
    case: dict[str, Any],
    deck: Sequence[dict[str, Any]],
    reading: Reading,
    wants: dict[str, bool],
    words: Words,
) -> Composition:
    """Return the reply to a message with a decision.

    Parameters
    ----------
    case : dict
        Cleaned (:func:`josi_utils.guard.soundness.cleaned`).
    deck : sequence of cards
        For a question that the plan does not answer.
    reading : Reading
        Of the message.
    wants : dict of bool
        From :func:`josi_utils.guard.intent.intent`.
    words : Words
        Drawn by the message.
    """
    decision = case["decision"]
    goal, refused = decision.get("goal") or {}, refused_before(case)
    ask, plan = session_ask(decision, words), plan_lines(decision, words)
    lines = _goal(goal, reading, refused, words)
    if goal.get("verdict") == "unrealistic":
        return Composition(lines, words.say("goal", "ask_unrealistic"), plan)
    card = dict(case["card"]) if case.get("card") else None
    more = best_sentences(card, reading.tokens)[:CARD_SENTENCES] if card else []
    asked = request(case, reading, wants)
    if wants["unrealistic"] and not asked.stand and not goal and reading.has("goal"):
        return Composition(too_much(reading, words), words.say("goal", "ask_unrealistic"), plan)
    about_goal = reading.has("goal_strict") or names_goal(goal, reading)
    answers = _card_answers(card, reading)
    if lines and about_goal and not answers and not _asks_why(reading) and not asked.stand:
        return Composition(_with_goal(lines, reading, words), _goal_ask(ask, words), plan)
    against = asked.stand == "against" and not (answers and not wants["against"])
    if against or (refused and not reading.question and not reading.mood):
        return Composition(_no(reading, refused, words), ask, plan, more, card)
    if asked.stand == "fine" and not (card and reading.question and not reading.has("change")):
        own = ask if decision.get("reasons") else words.say("request", "ask_fine")
        return Composition([_yes(asked, words)], own, plan)
    told = card and (reading.question or _card_fits(card, reading))
    if asked.stand == "unsure" and not told:
        opening = _either(decision, reading, words)
        return Composition([*lines, opening[-1]] if lines else opening, ask, plan, more[:1], card)
    opener, first = taken_up(reading, words)
    own = own_ask(first, reading, words) or ask
    if reading.has("unknowable"):
        return Composition([words.say("explain", "unknowable")], own, plan)
    if _asks_about_plan(reading) and not answers:
        opening, plan = _explained(decision, reading, words)
        if opener and first and first.mood == "sad" and reading.mood != "both":
            spare = words.source["explain"]["open"] + words.source["plain"]["plan_question"]
            opening = [opener, *(line for line in opening if line not in spare)]
        return Composition(opening, ask, plan, [*lines, *more], card)
    if reading.question:
        if not more:
            card, more = _answer(case, deck, reading)
        if more:
            start = opener or words.say("plain", "question")
            lines = lines if not answers and (about_goal or not (first and first.sure)) else []
            return Composition([start, *lines], own, plan, more[:CARD_SENTENCES], card, True)
        if not opener and _apart(case, reading):
            return Composition([words.say("plain", "unknown")], own, plan)
        opener = opener or words.say("plain", "plan_question")
    elif not opener and reading.has("orders") and _apart(case, reading):
        return Composition([words.say("plain", "unknown")], own, plan)
    if not opener and decision.get("replaces") and reading.has("changed"):
        opener, before = words.say("explain", "changed"), _before(decision, words)
        plan = [*plan, *before] if before else plan
    opener = opener or plain_opener(case, reading, words)
    opening = [*greeting(reading, opener, words), opener, *lines]
    return Composition(opening, own, plan, more, card)


# --- goals ------------------------------------------------------------------------------------


def _goal(goal: dict[str, Any], reading: Reading, refused: bool, words: Words) -> list[str]:
    """Return the sentences on the decision's goal, where message or verdict call for them."""
    table, verdict = words.source["goal"], goal.get("verdict")
    if verdict == "unrealistic":
        start = words.of(table["still_unrealistic" if refused else "open_unrealistic"])
        other = alternative_sentence(goal, table["alternative"])
        line = goal_sentence(goal, table["unrealistic"])
        return [start, line, other or table["no_alternative"]]
    if not goal or not (reading.has("goal") or names_goal(goal, reading)):
        return []
    if not verdict:
        return [table["no_verdict"]] if reading.has("goal_strict") else []
    if verdict == "ambitious" and goal.get("weeks") == 0:
        verdict = "ambitious_now"
    return [goal_sentence(goal, words.of(table[verdict]))]


def _with_goal(lines: list[str], reading: Reading, words: Words) -> list[str]:
    if count_words(lines[0]) >= SHORT_GOAL:
        return lines
    opener, first = taken_up(reading, words)
    sad = opener if first and first.mood == "sad" else None
    return [sad or words.say("goal", "open"), *lines]


def _goal_ask(ask: str, words: Words) -> str:
    return words.say("goal", "ask") if words.seed % 2 else ask


def _apart(case: dict[str, Any], reading: Reading) -> bool:
    """Tell whether a question has nothing of sport, of a day or of what was said before."""
    near = reading.has("of_sport") or reading.has("this_day") or reading.has("points_at")
    return not near and not case.get("history") and not case.get("card")


def _card_answers(card: dict[str, Any] | None, reading: Reading) -> bool:
    """Tell whether the case's card surely answers the question, and no day's session is asked."""
    return reading.question and not reading.has("this_day") and _card_fits(card, reading)


def _card_fits(card: dict[str, Any] | None, reading: Reading) -> bool:
    """Tell whether what the message is about in the first place is what the card is about."""
    first = next(iter(reading.situations), None)
    return bool(card and first and first.sure and card["id"] in dict(first.cards))


# --- requests ---------------------------------------------------------------------------------


def _yes(asked: Request, words: Words) -> str:
    if not asked.kind:
        return words.say("request", "yes")
    kinds = {raw["id"]: raw["say"] for raw in load("fallback")["requests"]}
    return words.of(kinds[asked.kind])


def _no(reading: Reading, refused: bool, words: Words) -> list[str]:
    """Return the kind no: the wish or the feeling heard, then that the plan stays."""
    table = words.source["request"]
    opener, first = taken_up(reading, words)
    if not opener or not first or first.mood != "sad" or reading.mood == "both":
        opener = words.of(table["still" if refused else "against"])
    return [opener, words.of(table["stays"])]


def _either(decision: dict[str, Any], reading: Reading, words: Words) -> list[str]:
    """Return words that are right whether the request is within the plan or beyond it."""
    table = words.source["request"]
    opener, first = taken_up(reading, words)
    if not opener or not first or not first.mood:
        opener = words.of(table["either_asked" if reading.question else "either_told"])
    rest = decision["session"]["kind"] == "rest"
    return [opener, words.of(table["either_rest" if rest else "either"])]


# --- questions --------------------------------------------------------------------------------


def _asks_why(reading: Reading) -> bool:
    """Tell whether the question is why the plan is so, not why life or the athlete is so."""
    if reading.has("why_life"):
        return False
    loosely = reading.question and reading.has("why") and not reading.mood
    return reading.has("why_strict") or loosely


def _asks_about_plan(reading: Reading) -> bool:
    checks = reading.has("reason_check") or reading.has("mistake")
    checks = checks or reading.has("my_color")
    return _asks_why(reading) or reading.has("what_plan") or (reading.question and checks)


def _explained(
    decision: dict[str, Any], reading: Reading, words: Words
) -> tuple[list[str], list[str]]:
    """Return (opening, plan) for a question about the session: the reason comes first."""
    table, told = words.source["explain"], told_reasons(decision)
    facts = []
    if decision.get("readiness") and reading.has("color"):
        colour = READINESS_COLOURS[decision["readiness"]]
        facts.append(table["color"].replace("{color}", colour))
    start, plan = words.of(table["open"]), plan_lines(decision, words)
    if reading.has("mistake"):
        return [words.of(table["no_mistake"]), *facts], plan
    if reading.has("my_color"):
        return facts or [words.say("explain", "unknowable")], plan
    before = _before(decision, words)
    if told and reading.has("reason_check") and _names_reason(reading, decision):
        yes = words.of(table["yes_reason"]).replace("{reasons}", " and ".join(told))
        return [yes, *facts], [reason_first(decision, words)[-1], *before]
    if told and _asks_why(reading) and decision["session"]["kind"] != "race":
        return [start, *facts], [*reason_first(decision, words), *before]
    if reading.has("why_strict") and not told:
        return [start, *facts, words.of(table["no_reason"])], [*plan, *before]
    if reading.has("what_plan"):
        return [words.of(table["open_what"]), *facts], plan
    return [words.say("plain", "plan_question"), *facts], plan


def _names_reason(reading: Reading, decision: dict[str, Any]) -> bool:
    """Tell whether the athlete names one of the decision's reasons."""
    return any(f"reason {code}" in reading.found for code in decision.get("reasons") or [])


def _before(decision: dict[str, Any], words: Words) -> list[str]:
    """Return what stood in the plan before, or how long the same session was."""
    table = words.source["explain"]
    before, now = decision.get("replaces"), decision["session"]
    if not before or before["kind"] == "rest":
        return []
    if _short(before) != _short(now):
        return [table["replaces"].replace("{session}", f"the {_short(before)}")]
    if before.get("minutes") and before["minutes"] != now.get("minutes"):
        return [table["was"].replace("{measure}", f"{before['minutes']} minutes")]
    return []


def _short(session: dict[str, Any]) -> str:
    name = session_name(session)
    return f"{name} session" if session["kind"] in ("strength", "mobility") else name


def _answer(
    case: dict[str, Any], deck: Sequence[dict[str, Any]], reading: Reading
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the deck's card that answers the question and its sentences, if one surely does."""
    zone = str(case["decision"]["session"].get("zone"))
    zones = load("fallback")["words"]["zone_cards"]
    if reading.has("effort"):
        card = next((c for c in deck if c["id"] == zones.get(zone)), None)
        return card, split_sentences(card["text"]) if card else []
    card, lines = found_card(case, deck, reading)
    contrary = load("fallback")["words"]["contrary_cards"]
    reasons = case["decision"].get("reasons") or []
    # A card on another zone than the session's would answer for the wrong one, and one on a pulse
    # that goes down for a pulse that is up.
    wrong = set(zones.values()) - {zones.get(zone)}
    wrong |= {card_id for code in reasons for card_id in contrary.get(code, ())}
    if card and card["id"] in wrong:
        return None, []
    return card, lines
