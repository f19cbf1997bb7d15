"""A question beside a plan, answered: by the plan itself, by a card, or as one that stays open.

Each answer returns a composition, or None where the message does not call for it;
:func:`josi_utils.guard.with_decision.planned` tries them in this order.
"""

from __future__ import annotations

from typing import Any

from josi_utils.decision import plan_sentence
from josi_utils.guard.about_card import card_words
from josi_utils.guard.askers import asked_by
from josi_utils.guard.beside_why import beside_why
from josi_utils.guard.card_index import SENTENCES, best_sentences
from josi_utils.guard.composition import (
    GOOD,
    Composition,
    capital,
    fits,
    named,
    standing,
    told_reasons,
    unanswered,
)
from josi_utils.guard.dialogue_state import DialogueState
from josi_utils.guard.explained import (
    asks_about_plan,
    asks_why,
    before,
    explained,
    purpose,
    why_card,
)
from josi_utils.guard.openers import greeting
from josi_utils.persona import WORD_LIMIT, count_words

#: An opening that ends so is spare where a feeling has been taken up.
_SPARE = ("fair to ask.", "deserves a reason.")
#: With one of these forms a question is about the plan, though there is a card.
_ABOUT_PLAN = ("why_strict", "what_plan", "reason_check", "mistake", "my_color", "good_check")
#: A plan of more sentences has the answer to a doubt, or what stood there before.
_PLAIN_PLAN = 2
#: With this one, too, unless what it wonders about is not known.
_WONDERS = "wonders"


def unknowable(state: DialogueState) -> Composition | None:
    """Say what can't be known, how the plan is known, or that it counts minutes, not distance.

    Returns
    -------
    Composition or None
        None where none of the three is asked.
    """
    reading, session = state.reading, state.decision["session"]
    health = "form health_ask" in reading.found and reading.has("risk_ask")
    by_minutes = session.get("minutes") and not session.get("distance_km")
    if reading.has("unknowable"):
        key = "unknowable"
    elif reading.question and reading.has("would_have"):
        key = "would_have"
    elif reading.question and reading.has("readiness_ask") and not state.card:
        key = "readiness_means"
    elif reading.question and reading.has("includes_ask") and not state.card:
        key = "not_said"
    elif health and not state.card:
        key = "doctor_knows"
    elif reading.question and reading.has("how_known"):
        key = "how_known"
    elif reading.question and reading.has("how_far") and by_minutes:
        key = "how_far"
    else:
        return None
    return Composition([state.words.say("explain", key)], state.own, state.plan)


def about_plan(state: DialogueState) -> Composition | None:
    """Explain the session, unless a card, a greeting or what nobody knows comes first.

    Returns
    -------
    Composition or None
        None where it is not the session that is asked about.
    """
    reading, first = state.reading, state.first
    if lines := _either_reason(state):
        return Composition(lines, state.ask, [plan_sentence(state.decision)])
    if not asks_about_plan(reading) or state.card_answers or state.greets or _beside_plan(state):
        return None
    opening, plan = explained(state.decision, reading, state.words)
    card, more = state.card, state.more
    if not card and asks_why(reading):
        card, more = why_card(state.decision, state.deck)
    if state.opener and first and first.mood == "sad" and reading.mood != "both":
        table = state.words.source
        spare = table["explain"]["open"] + table["plain"]["plan_question"]
        kept = (line for line in opening if line not in spare)
        taken = [state.opener, *(line for line in kept if not line.endswith(_SPARE))]
        room = count_words(" ".join([*taken, *plan, state.ask])) < WORD_LIMIT
        opening = taken if room else opening
    second = beside_why(state)
    if not card and asks_why(reading) and not second:
        good = purpose(state.decision, state.words)
        fresh = good and not more and len(plan) <= _PLAIN_PLAN and good not in opening
        if fresh and fits([*opening, *plan, good, *state.goal_lines, state.ask]):
            plan = [*plan, good]
    if second and fits([*opening, *plan, *second, state.ask]):
        return Composition(opening, state.ask, [*plan, *second], state.goal_lines, card)
    verdict = state.goal_lines
    if reading.has("why_strict"):  # no yes answers a why
        verdict = [capital(line.removeprefix("Yes, ")) for line in verdict]
    return Composition(opening, state.ask, plan, [*verdict, *more], card)


def _either_reason(state: DialogueState) -> list[str]:
    """Return that it is both, where a message asks which of the plan's two reasons it is."""
    reading, told = state.reading, told_reasons(state.decision)
    codes = list(dict.fromkeys(state.decision.get("reasons") or []))[:2]
    named = [code for code in codes if f"reason {code}" in reading.found]
    if (
        len(named) < 2
        or len(told) < 2
        or not reading.question
        or "or" not in {t.text for t in reading.tokens}
    ):
        return []
    line = state.words.say("explain", "both_reasons")
    return [line.replace("{reasons}", ", and that ".join(told))]


def _beside_plan(state: DialogueState) -> bool:
    """Tell whether card or unknown thing, and not the plan, is what is asked about."""
    reading, decision = state.reading, state.decision
    of_plan = any(reading.has(form) for form in _ABOUT_PLAN)
    of_plan = of_plan or (not state.unknown and reading.has(_WONDERS))
    if (state.unknown or state.card) and not of_plan:
        return True
    tells = decision.get("reasons") or decision.get("replaces") or reading.has("what_plan")
    return bool(state.card and reading.question and not tells)


def by_card(state: DialogueState) -> Composition | None:
    """Answer by a card, and tell the goal where the card may not be what is asked.

    Returns
    -------
    Composition or None
        None where neither the case's card nor one of the deck answers a question.
    """
    card, more = state.found if state.inquires else (None, [])
    if not more:
        return None
    first, reading, words = state.first, state.reading, state.words
    start, ask = state.opener or words.say("plain", "question"), state.own
    if card and not state.opener:
        say, asks = card_words(card, reading, words.message)
        start, ask = words.of(say), unanswered(asks, reading, words, card["id"])
    beside_goal = state.about_goal or not (first and first.sure)
    lines = state.goal_lines if beside_goal and not state.card_answers else []
    more = standing(more) if lines else more
    whole = best_sentences(card, reading.tokens) if card and not lines else more
    # What was asked comes first, and reasons that have nothing to do with it only where there is room.
    bare = [plan_sentence(state.decision)]
    tries = [(whole, state.plan), (whole, bare), (more, state.plan)]
    if _of_reasons(state, card):
        tries = [(whole, state.plan), (more, state.plan), (more[:1], state.plan)]
    tries += [(more, bare), (more[:1], bare)]
    fitting = (one for one in tries if fits([start, *lines, *one[0][:SENTENCES], *one[1], ask]))
    said, plan = next(fitting, tries[-1])
    starts = asked_by(start, reading, words)
    for days in (plan,) if _of_reasons(state, card) else (plan, bare):
        if fits([*starts, *lines, *said[:SENTENCES], *days, ask]):
            return Composition([*starts, *lines], ask, days, said[:SENTENCES], card, True)
    return Composition([start, *lines], ask, plan, said[:SENTENCES], card, True)


def _of_reasons(state: DialogueState, card: dict[str, Any] | None) -> bool:
    """Tell whether the plan's reasons belong to the answer: no good news, or what the card is about."""
    codes = set(state.decision.get("reasons") or ())
    deck = {one["id"]: set(one.get("reasons") or ()) for one in state.deck}
    about = deck.get(card["id"], set()) if card else set()
    return bool(about & codes) or not codes <= GOOD


def apart_from_sport(state: DialogueState) -> Composition | None:
    """Say that what is asked or ordered is not known, where it has nothing to do with sport.

    Returns
    -------
    Composition or None
        None where a situation takes the message up, or it may be about training.
    """
    asks = state.inquires or state.reading.has("orders")
    if state.opener or not (asks and state.apart):
        return None
    opening = [named("plain", "unknown", state.reading, state.words)]
    return Composition(opening, state.own, state.plan)


def open_question(state: DialogueState) -> Composition | None:
    """Say that a question has no answer here, and all that can be said of the plan.

    Returns
    -------
    Composition or None
        None where nothing is asked, or a situation takes the message up.
    """
    if state.opener or not state.inquires:
        return None
    reading, decision, words = state.reading, state.decision, state.words
    near = decision.get("reasons") or reading.has("this_day")
    opener = named("plain", "plan_question" if near else "plan_unknown", reading, words)
    card, more = state.found
    if not card:
        card, more = why_card(decision, state.deck)
    opening, plan = (
        [*greeting(reading, opener, words), opener],
        [*state.plan, *before(decision, words)],
    )
    good = None if more else purpose(decision, words)
    if good and fits([*opening, *plan, good, state.own]):
        plan = [*plan, good]
    return Composition(opening, state.own, plan, more, card)
