"""The composed reply to a message that comes with a decision.

In order: the verdict on a goal, a request for another session, a question about the session, and
else what the athlete told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.decision import READINESS_COLOURS, plan_sentence, session_name
from josi_utils.guard.card_index import best_sentences, found_card
from josi_utils.guard.composition import (
    MOST_WORDS,
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
from josi_utils.guard.situations import Reading, Situation
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
    opener, first = taken_up(reading, words)
    own = own_ask(first, reading, words) or ask
    if goal.get("verdict") == "unrealistic":
        return Composition(lines, words.say("goal", "ask_unrealistic"), plan)
    card = dict(case["card"]) if case.get("card") else None
    more = best_sentences(card, reading.tokens)[:CARD_SENTENCES] if card else []
    asked = request(case, reading, wants)
    if asked.stand and asked.stand != "against" and first and _only_tells(first, reading):
        asked = Request()
    done = first is not None and first.done and not asked.stand
    if wants["unrealistic"] and not asked.stand and not goal and reading.has("goal") and not done:
        return Composition(too_much(reading, words), words.say("goal", "ask_unrealistic"), plan)
    if reading.question and reading.has("asks_progress") and asked.stand in ("", "unsure"):
        how = any(token.text in ("how", "hows") for token in reading.tokens)
        opening, plan = _progress(decision, lines, opener if done else None, words, how)
        if opening:
            return Composition(opening, own if first else words.say("goal", "ask"), plan)
        asked = Request()
    about_goal = reading.has("goal_strict") or names_goal(goal, reading)
    if lines and (about_goal or done) and not _asks_why(reading) and not asked.stand:
        feels = first is not None and bool(first.mood)
        opening = _with_goal(lines, opener if feels else None, [*plan, own], words)
        return Composition(opening, own if feels else _goal_ask(ask, words), plan)
    if asked.stand == "against" or (refused and not reading.question and not reading.mood):
        return Composition(_no(reading, refused, words), ask, plan, more, card)
    if asked.stand == "fine" and not (card and reading.question and not reading.has("change")):
        own = ask if decision.get("reasons") else words.say("request", "ask_fine")
        return Composition([_yes(asked, words)], own, plan)
    if asked.stand == "unsure" and not (card and reading.question):
        opening = _either(decision, reading, words)
        return Composition([*lines, opening[-1]] if lines else opening, ask, plan, more[:1], card)
    if reading.has("unknowable"):
        return Composition([words.say("explain", "unknowable")], own, plan)
    greets = first is not None and first.more == "hello" and not reading.has("why_strict")
    if _asks_about_plan(reading) and not greets:
        opening, plan = _explained(decision, reading, words)
        if opener and first and first.mood == "sad" and reading.mood != "both":
            spare = words.source["explain"]["open"] + words.source["plain"]["plan_question"]
            opening = [opener, *(line for line in opening if line not in spare)]
        return Composition(opening, ask, plan, [*lines, *more], card)
    if reading.question and not greets:
        if not more:
            card, more = _answer(case, deck, reading)
        if more:
            start = opener or words.say("plain", "question")
            return Composition([start, *lines], own, plan, more[:CARD_SENTENCES], card, True)
        opener = opener or words.say("plain", "plan_question")
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
    meant = reading.has("goal") or reading.has("asks_progress") or names_goal(goal, reading)
    if not goal or not meant:
        return []
    if not verdict:
        return [table["no_verdict"]] if reading.has("goal_strict") else []
    if verdict == "ambitious" and goal.get("weeks") == 0:
        verdict = "ambitious_now"
    choices = table[verdict]
    if not reading.question:
        choices = [text for text in choices if not text.startswith("Yes")]
    return [goal_sentence(goal, words.of(choices))]


def _with_goal(lines: list[str], opener: str | None, rest: list[str], words: Words) -> list[str]:
    """Return the goal's lines, before them what takes the message up as far as there is room."""
    if opener and count_words(" ".join([opener, *lines, *rest])) <= MOST_WORDS:
        return [opener, *lines]
    short = count_words(lines[0]) < SHORT_GOAL
    return [words.say("goal", "open"), *lines] if short else lines


def _progress(
    decision: dict[str, Any], lines: list[str], opener: str | None, words: Words, how: bool
) -> tuple[list[str], list[str]]:
    """Return (opening, plan) for "am I getting better": what goal or reasons say, else nothing."""
    taken = [opener] if opener else []
    if lines:
        return [*taken, *lines], plan_lines(decision, words)
    if "steady_progress" in (decision.get("reasons") or []):
        yes = words.say("explain", "progress_how" if how else "progress")
        return [*taken, yes], [plan_sentence(decision)]
    return taken, plan_lines(decision, words)


def _goal_ask(ask: str, words: Words) -> str:
    return words.say("goal", "ask") if words.seed % 2 else ask


# --- requests ---------------------------------------------------------------------------------


def _only_tells(first: Situation, reading: Reading) -> bool:
    """Tell whether a message greets or tells what was done or felt, and asks for no other plan."""
    if first.more == "tells":
        return True
    if first.more == "hello":
        return not reading.has("change")
    tells = first.done or (first.mood == "sad" and not reading.question)
    return tells and not any(reading.has(form) for form in ("change", "intends", "defies"))


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
