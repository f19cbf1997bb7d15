"""If no draw passes: vetted plain words, put together from decision, reasons, goal and card.

Nothing here is drawn: every sentence stands in ``data/guard/fallback.json`` or is the card's own,
and is filled from the decision. The same words are handed to the model as talking points
(:mod:`josi_utils.guard.points`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.guard.about_card import about_card
from josi_utils.guard.aims import kind_ask, too_much
from josi_utils.guard.asides import aside, unread
from josi_utils.guard.asked_for import asked_for
from josi_utils.guard.composition import Brief, Composition, Words, named, plan_lines
from josi_utils.guard.goal_again import again
from josi_utils.guard.goal_beside import beside_plan, shortened
from josi_utils.guard.goals import names_goal
from josi_utils.guard.intent import intent
from josi_utils.guard.leap import leap
from josi_utils.guard.meant import goal_of_case
from josi_utils.guard.situations import Reading, read
from josi_utils.guard.soundness import cleaned
from josi_utils.guard.two_questions import two_questions
from josi_utils.guard.with_decision import planned
from josi_utils.guard.without_decision import alone

#: Words by which a message may mean Josi herself.
_TO_JOSI = frozenset(("you", "your", "yours", "yourself", "system", "prompt", "rules"))
#: Who asks about Josi asks one of these, in the order in which they are looked for.
_PROBES = ("person", "privacy", "maker", "works")


def fallback(case: dict[str, Any], deck: Sequence[dict[str, Any]] = ()) -> str:
    """Return a vetted reply to any case that is no red flag: :func:`compose` as text.

    Returns
    -------
    str
        Under 80 words, one question, at its end.
    """
    return compose(case, deck).text


def compose(case: dict[str, Any], deck: Sequence[dict[str, Any]] = ()) -> Composition:
    """Put together a vetted reply to any case that is no red flag.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read.
    deck : sequence of cards
        Where the case has no card of its own, one that answers the message speaks.

    Raises
    ------
    JosiError
        If ``fallback.json`` is not as it should be.
    """
    message = case.get("message") or ""
    words, wants, reading = Words(message), intent(case), read(message)
    case = cleaned(case)
    reading = about_card(reading, case.get("card"), message)
    case = _without_race(case, reading)
    decision = case.get("decision")
    plan = plan_lines(decision, words) if decision else []
    told = any(one.done for one in reading.situations) and not _asks_josi(reading)
    # "7 days a week from now on" is no order to Josi, nor is "keep fridays free".
    told = told or reading.has("req_often") or reading.has("req_for_good")
    told = told or ("request less" in reading.plain and not reading.has("to_josi"))
    goal = (decision or {}).get("goal") or {}
    beside = reading.has("probe") and not _of_goal(goal, reading)
    probe = (wants["probe"] and not told) or beside
    held = again(case, reading, words, plan)
    if held and not probe:
        return held
    apart = any(a.always for a in reading.asides)
    if leap(reading.tokens) and not (goal or case.get("card") or apart):
        opening, ask = too_much(reading, words), kind_ask(reading, words)
        return Composition(shortened(opening, 2, plan, ask), ask, plan)
    said_beside = aside(case, reading, words, plan, probe)
    told_alone = not (decision or probe or apart or unread(message, reading)) and goal_of_case(case)
    if said_beside and not (told_alone or _of_goal(goal, reading)):
        return said_beside
    if probe:
        return _probe(reading, words, plan)
    other = not (reading.situations or reading.has("training"))
    known = told_alone or any(one.sure for one in reading.situations)
    if decision:
        known = known or any(reading.has(form) for form in ("moves", "defies", "leaves_out"))
        known = known or bool(asked_for(reading, decision))
        known = known or bool(decision.get("goal") and reading.has("asks_progress"))
    if wants["off_topic"] and not known and (reading.question or reading.has("orders") or other):
        return _off_topic(reading, words, plan)
    if decision and not goal and not case.get("card"):
        aimed = beside_plan(decision, reading, words, plan, wants["unrealistic"])
        if aimed:
            return aimed
    both = None if case.get("card") else two_questions(case, deck, reading, words, plan)
    if both:
        return both
    brief = Brief(case, deck, reading, wants, words)
    return planned(brief) if decision else alone(brief)


def _without_race(case: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """Return the case without its goal where the race is off: nobody is on track for it."""
    decision = case.get("decision")
    off = any(one.id == "race_missed" for one in reading.situations)
    off = off and (not reading.question or _surely_off(reading))
    if not off or not decision or not decision.get("goal"):
        return case
    return case | {"decision": {key: v for key, v in decision.items() if key != "goal"}}


def _of_goal(goal: dict[str, Any], reading: Reading) -> bool:
    """Tell whether a message names the engine's goal: what else is in it comes second."""
    named = bool(goal.get("verdict")) and names_goal(goal, reading)
    return named and not any(one.always for one in reading.asides)


def _surely_off(reading: Reading) -> bool:
    """Tell whether a question says that the race was called off, not that it may be."""
    said = {token.text for token in reading.tokens}
    may_be = {"if", "would", "might", "could", "another", "not", "wasnt", "isnt", "unless"}
    return bool(said & {"cancelled", "canceled"}) and not said & may_be


def _asks_josi(reading: Reading) -> bool:
    """Tell whether a message asks, or speaks to Josi, and so may mean her and not a training."""
    return reading.question or not {t.text for t in reading.tokens}.isdisjoint(_TO_JOSI)


def _probe(reading: Reading, words: Words, plan: list[str]) -> Composition:
    """Return who Josi is, without workings and without a lie, then the day."""
    table = words.source["probe"]
    kind = next((kind for kind in _PROBES if reading.has(kind)), "plain")
    opening = [words.of(table[kind])]
    if reading.has("foreign"):
        opening.insert(0, table["english"])
    return Composition(opening, words.of(table["ask"]), plan)


def _off_topic(reading: Reading, words: Words, plan: list[str]) -> Composition:
    """Return what Josi can help with, then the day."""
    table = words.source["off_topic"]
    opening = [named("off_topic", "say", reading, words)]
    if not plan:
        opening.append(words.of(table["more"]))
    return Composition(opening, words.of(table["ask"]), plan)
