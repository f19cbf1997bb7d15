"""The composed reply to a message that comes with a decision.

In order: the verdict on a goal, a request for another session, a question about the session, and
else what the athlete told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.decision import plan_sentence
from josi_utils.guard.aims import before_verdict, refusal, too_much, verdict_line
from josi_utils.guard.card_index import best_sentences, found_card
from josi_utils.guard.composition import (
    MOST_WORDS,
    Brief,
    Composition,
    Words,
    greeting,
    own_ask,
    plain_opener,
    plan_lines,
    refused_before,
    session_ask,
    taken_up,
)
from josi_utils.guard.data import load
from josi_utils.guard.explained import asks_about_plan, asks_why, before, explained, why_card
from josi_utils.guard.goals import names_goal
from josi_utils.guard.requests import Request, request
from josi_utils.guard.situations import Reading, Situation
from josi_utils.guard.wishes import answer_to_wish, heard
from josi_utils.persona import count_words, split_sentences

#: Beside a decision, so many sentences of a card are said.
CARD_SENTENCES = 2


def planned(brief: Brief) -> Composition:
    """Return the reply to a message with a decision."""
    case, reading, wants, words = brief.case, brief.reading, brief.wants, brief.words
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
        ask = words.say("goal", "ask_unrealistic_alone")
        return Composition(too_much(reading, words), ask, plan)
    better = reading.question and reading.has("asks_progress") and not reading.has("good_check")
    if better and asked.stand in ("", "unsure"):
        how = any(token.text in ("how", "hows") for token in reading.tokens)
        opening, plan = _progress(decision, lines, opener if done else None, words, how)
        if opening:
            own = words.say("goal", "ask") if lines and not first else own
            return Composition(opening, own, plan)
        asked = Request()
    answers = _card_answers(card, reading)
    about_goal = reading.has("goal_strict") or reading.has("goal_ask")
    about_goal = about_goal or names_goal(goal, reading)
    asks_goal = reading.has("goal_ask") and asked.stand != "against" and reading.question
    asks_goal = asks_goal or (names_goal(goal, reading) and reading.has("horizon"))
    verdict = lines and not answers and not asks_why(reading)
    if verdict and done and opener and _fits([opener, *lines, *plan, own]):
        return Composition([opener, *lines], own, plan)
    if verdict and (about_goal or done) and (asks_goal or not asked.stand):
        return Composition(
            [*_before_goal(goal, reading, words), *lines], _goal_ask(ask, words), plan
        )
    against = asked.stand == "against" and not (answers and not wants["against"])
    if against or (refused and not reading.question and not reading.mood):
        return Composition(_no(decision, reading, refused, words), ask, plan, more, card)
    if asked.stand == "fine" and not (card and reading.question and not reading.has("change")):
        own = ask if decision.get("reasons") else words.say("request", "ask_fine")
        heavy = bool(reading.situations) and reading.situations[0].strong
        heavy = heavy or "SAD" in reading.plain
        opening = [*(_sorry(reading, words) if heavy else []), _yes(asked, words)]
        return Composition(opening, own, plan)
    told = card and (reading.question or _card_fits(card, reading))
    if asked.stand == "unsure" and not told:
        opening = _either(decision, reading, words)
        return Composition(opening, ask, plan, more[:1], card)
    if reading.has("unknowable"):
        return Composition([words.say("explain", "unknowable")], own, plan)
    if reading.question and reading.has("how_known"):
        return Composition([words.say("explain", "how_known")], own, plan)
    measured = decision["session"].get("minutes") and not decision["session"].get("distance_km")
    if reading.question and reading.has("how_far") and measured:
        return Composition([words.say("explain", "how_far")], own, plan)
    greets = first is not None and first.more == "hello" and not reading.has("why_strict")
    if asks_about_plan(reading) and not answers and not greets:
        opening, plan = explained(decision, reading, words)
        if not card and asks_why(reading):
            card, more = why_card(decision, brief.deck)
        if opener and first and first.mood == "sad" and reading.mood != "both":
            spare = words.source["explain"]["open"] + words.source["plain"]["plan_question"]
            opening = [opener, *(line for line in opening if line not in spare)]
        return Composition(opening, ask, plan, [*lines, *more], card)
    if reading.question and not greets:
        if not more:
            card, more = _answer(brief)
        if more:
            start = opener or words.say("plain", "question")
            lines = lines if not answers and (about_goal or not (first and first.sure)) else []
            return Composition([start, *lines], own, plan, more[:CARD_SENTENCES], card, True)
        if lines and not opener:
            opening = [*_before_goal(goal, reading, words), *lines]
            return Composition(opening, _goal_ask(ask, words), plan)
        if not opener and _apart(case, reading):
            return Composition([words.say("plain", "unknown")], own, plan)
        opener = opener or words.say("plain", "plan_question")
    elif not opener and reading.has("orders") and _apart(case, reading):
        return Composition([words.say("plain", "unknown")], own, plan)
    if not opener and decision.get("replaces") and reading.has("changed"):
        opener, plan = words.say("explain", "changed"), [*plan, *before(decision, words)]
    opener = opener or plain_opener(case, reading, words)
    opening = [*greeting(reading, opener, words), opener, *lines]
    then = _follows(first, reading, decision, words)
    if (
        then
        and not more
        and not lines
        and count_words(" ".join([*opening, *plan, *then, own])) <= MOST_WORDS
    ):
        plan = [*plan, *then]
    return Composition(opening, own, plan, more, card)


def _follows(
    first: Situation | None, reading: Reading, decision: dict[str, Any], words: Words
) -> list[str]:
    """Return what the session means for a feeling that weighs: that it asks little, or leaves open."""
    table, session = words.source["plan"], decision["session"]
    heavy = (
        reading.mood == "sad" if first else "SAD" in reading.plain and "GLAD" not in reading.plain
    )
    slow = {t.text for t in reading.tokens} & set(table["no_then"])
    if not heavy or reading.question or slow or session["kind"] == "race":
        return []
    if session["kind"] == "rest":
        return [words.of(table["then_rest"])]
    if first and first.then:
        return [words.of(first.then)]
    gentle = session["kind"] in ("easy", "recovery", "mobility") and (session.get("zone") or 1) < 3
    return [words.of(table["then_gentle"])] if gentle else []


# --- goals ------------------------------------------------------------------------------------


def _goal(goal: dict[str, Any], reading: Reading, refused: bool, words: Words) -> list[str]:
    """Return the sentences on the decision's goal, where message or verdict call for them."""
    table, verdict = words.source["goal"], goal.get("verdict")
    if verdict == "unrealistic":
        return refusal(goal, reading, refused, words)
    asks = any(reading.has(form) for form in ("goal", "goal_ask", "asks_progress"))
    if not goal or not (asks or names_goal(goal, reading)):
        return []
    if not verdict:
        return [table["no_verdict"]] if reading.has("goal_strict") else []
    return [verdict_line(goal, reading, words)]


def _before_goal(goal: dict[str, Any], reading: Reading, words: Words) -> list[str]:
    opener, first = taken_up(reading, words)
    sad = opener if first and first.mood == "sad" and reading.mood != "both" else None
    return before_verdict(goal, reading, sad, words)


def _fits(sentences: Sequence[str]) -> bool:
    """Tell whether a reply of these sentences is short enough."""
    return count_words(" ".join(sentences)) <= MOST_WORDS


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


def _only_tells(first: Situation, reading: Reading) -> bool:
    """Tell whether a message greets or tells what was done or felt, and asks for no other plan."""
    if first.more == "tells":
        return True
    if first.more == "hello":
        return not reading.has("change")
    tells = first.done or (first.mood == "sad" and not reading.question)
    return tells and not any(reading.has(form) for form in ("change", "intends", "defies"))


def _yes(asked: Request, words: Words) -> str:
    if asked.kind in ("", "fewer", "leave_out", "any_day"):
        line = words.say("request", asked.kind or "yes")
        return line.replace("{minutes}", str(asked.minutes))
    kinds = {raw["id"]: raw["say"] for raw in load("fallback")["requests"]}
    return words.of(kinds[asked.kind])


def _sorry(reading: Reading, words: Words) -> list[str]:
    """Return the words for what is hard beside the wish, if anything is."""
    opener, first = taken_up(reading, words)
    sad = first is not None and first.mood == "sad" and reading.mood != "both"
    return [opener] if opener and sad else []


def _no(decision: dict[str, Any], reading: Reading, refused: bool, words: Words) -> list[str]:
    """Return the kind no: the wish or the feeling heard, then that the plan stays."""
    table, stays = words.source["request"], answer_to_wish(reading, decision, words)
    start = _sorry(reading, words)
    opener = words.of(table["still"]) if refused else heard(reading, words)
    opener = opener or words.of(table["against"])
    return [*(start or [opener]), *(stays or [words.of(table["stays"])])]


def _either(decision: dict[str, Any], reading: Reading, words: Words) -> list[str]:
    """Return words that are right whether the request is within the plan or beyond it."""
    table = words.source["request"]
    opener, first = taken_up(reading, words)
    if not opener or not first or not first.mood:
        opener = heard(reading, words)
    opener = opener or words.of(table["either_asked" if reading.question else "either_told"])
    return [opener, *(answer_to_wish(reading, decision, words) or [words.of(table["either"])])]


# --- questions --------------------------------------------------------------------------------


def _answer(brief: Brief) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the deck's card that answers the question and its sentences, if one surely does."""
    case, deck, reading = brief.case, brief.deck, brief.reading
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
