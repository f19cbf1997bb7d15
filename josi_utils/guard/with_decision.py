"""The composed reply to a message that comes with a decision.

In order: the verdict on a goal, a request for another session, a question about the session, and
else what the athlete told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.decision import plan_sentence
from josi_utils.guard.about_card import card_words
from josi_utils.guard.aims import before_verdict, refusal, too_much, verdict_line
from josi_utils.guard.card_index import SENTENCES, best_sentences, found_card
from josi_utils.guard.composition import (
    HANGS,
    MOST_WORDS,
    Brief,
    Composition,
    Words,
    named,
    plan_lines,
    refused_before,
    session_ask,
)
from josi_utils.guard.data import load
from josi_utils.guard.explained import asks_about_plan, asks_why, before, explained, why_card
from josi_utils.guard.goals import names_goal, wishes_goal
from josi_utils.guard.openers import greeting, own_ask, plain_opener, taken_up
from josi_utils.guard.request_answers import either, no, only_tells, sorry, yes
from josi_utils.guard.requests import Request, request, wants_more
from josi_utils.guard.situations import Reading, Situation
from josi_utils.guard.wishes import beside
from josi_utils.persona import count_words, split_sentences

#: An opening that ends so is spare where a feeling has been taken up.
_SPARE = ("fair to ask.", "deserves a reason.")
#: Beside a decision, so many sentences of a card are said.
CARD_SENTENCES = 2
#: With one of these forms a question is about the plan, though there is a card.
_ABOUT_PLAN = ("why_strict", "what_plan", "reason_check", "mistake", "my_color", "good_check",
               "wonders")  # fmt: skip


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
    more = best_sentences(card, reading.tokens, CARD_SENTENCES) if card else []
    asked = request(case, reading, wants)
    if asked.stand and asked.stand != "against" and first and only_tells(first, reading):
        asked = Request()
    wonders = reading.question and (asks_why(reading) or reading.has("reason_check"))
    of_zone = bool(first) and first.id.startswith("zone_") and reading.has("effort")
    soft = asked.stand == "unsure" and wonders
    if (soft or (of_zone and reading.question)) and not reading.has("change"):
        asked = Request()
    unknown = first is not None and first.more == "unknown"
    if unknown and asked.kind == "gear":
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
    # Who wants more of the session asks for that, though a goal is named beside it.
    asks_more = asked.stand and wants_more(reading, decision["session"]) and not reading.question
    if goal and asked.stand != "against" and wishes_goal(reading):
        about_goal = asks_goal = True
    asks_goal = asks_goal and not asks_more
    verdict = lines and not answers and not asks_why(reading)
    if verdict and done and opener and _fits([opener, *lines, *plan, own]):
        return Composition([opener, *lines], own, plan)
    if verdict and (about_goal or done) and (asks_goal or not asked.stand):
        return Composition(
            [*_before_goal(goal, reading, words), *lines], _goal_ask(ask, words), plan
        )
    against = asked.stand == "against" and not (answers and not wants["against"])
    if against or (refused and not reading.question and not reading.mood):
        return Composition(no(decision, reading, refused, words), ask, plan, more, card)
    knows = reading.question and not reading.has("change")
    knows = knows and bool(card or (first and first.sure and first.cards))
    if asked.stand == "fine" and not knows:
        own = ask if decision.get("reasons") else words.say("request", "ask_fine")
        heavy = bool(reading.situations) and reading.situations[0].strong
        heavy = heavy or "SAD" in reading.plain
        said = sorry(reading, words) if heavy else []
        told = (
            beside(reading, words) if not said and asked.kind not in ("company", "place") else None
        )
        opening = [*([told] if told else said), yes(asked, words)]
        return Composition(opening, own, plan)
    told = card and (reading.question or _card_fits(card, reading))
    if asked.stand == "unsure" and not told:
        opening = either(decision, reading, words)
        return Composition(opening, ask, plan, more[:1], card)
    if reading.has("unknowable"):
        return Composition([words.say("explain", "unknowable")], own, plan)
    if reading.question and reading.has("how_known"):
        return Composition([words.say("explain", "how_known")], own, plan)
    measured = decision["session"].get("minutes") and not decision["session"].get("distance_km")
    if reading.question and reading.has("how_far") and measured:
        return Composition([words.say("explain", "how_far")], own, plan)
    greets = first is not None and first.more == "hello" and not reading.has("why_strict")
    of_plan = any(reading.has(form) for form in _ABOUT_PLAN[: -1 if unknown else None])
    told_why = decision.get("reasons") or decision.get("replaces") or reading.has("what_plan")
    apart = bool((unknown or card) and not of_plan) or bool(
        card and reading.question and not told_why
    )
    if asks_about_plan(reading) and not (answers or greets or apart):
        opening, plan = explained(decision, reading, words)
        if not card and asks_why(reading):
            card, more = why_card(decision, brief.deck)
        if opener and first and first.mood == "sad" and reading.mood != "both":
            spare = words.source["explain"]["open"] + words.source["plain"]["plan_question"]
            kept = (line for line in opening if line not in spare)
            opening = [opener, *(line for line in kept if not line.endswith(_SPARE))]
        return Composition(opening, ask, plan, [*lines, *more], card)
    if reading.question and not greets:
        if not (more or unknown):
            card, more = _answer(brief)
        if more:
            start = opener or words.say("plain", "question")
            if card and not opener:
                say, asks = card_words(card, reading, words.message)
                start, own = words.of(say), words.of(asks)
            lines = lines if not answers and (about_goal or not (first and first.sure)) else []
            whole = best_sentences(card, reading.tokens) if card and not lines else []
            more = whole if whole and _fits([start, *whole, *plan, own]) else more
            more = _standing(more) if lines else more
            return Composition([start, *lines], own, plan, more[:SENTENCES], card, True)
        if lines and not opener:
            opening = [*_before_goal(goal, reading, words), *lines]
            return Composition(opening, _goal_ask(ask, words), plan)
        if not opener and _apart(case, reading):
            return Composition([named("plain", "unknown", reading, words)], own, plan)
        if not opener:
            near = decision.get("reasons") or reading.has("this_day")
            opener = named("plain", "plan_question" if near else "plan_unknown", reading, words)
            plan = [*plan, *before(decision, words)]
            card, more = (card, more) if card else why_card(decision, brief.deck)
    elif not opener and reading.has("orders") and _apart(case, reading):
        return Composition([named("plain", "unknown", reading, words)], own, plan)
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
    return Composition(opening, own, plan, _standing(more) if lines else more, card)


def _standing(more: Sequence[str]) -> list[str]:
    """Return a card's sentences that may stand after one on the goal."""
    return [line for line in more if not line.startswith(HANGS)]


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
    asks = asks or wishes_goal(reading)
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


# --- questions --------------------------------------------------------------------------------


def _answer(brief: Brief) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the deck's card that answers the question and its sentences, if one surely does."""
    case, deck, reading = brief.case, brief.deck, brief.reading
    zone = str(case["decision"]["session"].get("zone"))
    zones = load("fallback")["words"]["zone_cards"]
    named_zone = bool(reading.situations) and reading.situations[0].id.startswith("zone_")
    if reading.has("effort") and not named_zone:
        card = next((c for c in deck if c["id"] == zones.get(zone)), None)
        return card, split_sentences(card["text"]) if card else []
    card, lines = found_card(case, deck, reading)
    contrary = load("fallback")["words"]["contrary_cards"]
    reasons = case["decision"].get("reasons") or []
    # A card on another zone than the session's would answer for the wrong one, and one on a pulse
    # that goes down for a pulse that is up.
    wrong = set(zones.values()) - {zones.get(zone)}
    wrong |= {card_id for code in reasons for card_id in contrary.get(code, ())}
    if card and card["id"] in wrong and not (named_zone and card["id"] in zones.values()):
        return None, []
    return card, lines
