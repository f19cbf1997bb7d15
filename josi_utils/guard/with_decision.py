"""The composed reply to a message that comes with a decision.

Each answer below is a small function that returns a composition, or None where it is not the one
that the message calls for; :func:`planned` has the order in which they are tried.
"""

from __future__ import annotations

from josi_utils.decision import plan_sentence
from josi_utils.guard.aims import before_verdict, doubt, refusal, too_much
from josi_utils.guard.answers import TONE_ONLY, met
from josi_utils.guard.composition import Brief, Composition, fits, standing
from josi_utils.guard.dialogue_state import DialogueState
from josi_utils.guard.explained import asks_why, before
from josi_utils.guard.figures import names_target
from josi_utils.guard.goal_again import said_why
from josi_utils.guard.openers import greeting, plain_opener, said_back
from josi_utils.guard.question_answers import (
    about_plan,
    apart_from_sport,
    by_card,
    open_question,
    unknowable,
)
from josi_utils.guard.request_answers import either, no, sorry, yes
from josi_utils.guard.request_figures import beyond_session
from josi_utils.guard.request_signs import other_day, other_sport, wants_more
from josi_utils.guard.wishes import beside
from josi_utils.persona import count_words

#: With one of these words a no is not taken.
_ASKS_ON = frozenset([
    "but", "still", "anyway", "anyways", "please", "pls", "come", "seriously", "cant", "wont", "not",
    "unfair", "stupid", "ridiculous", "need", "want", "will", "getting", "doing", "already",
])  # fmt: skip

#: Who begins with one of these, and asks for nothing else in so many words, takes a no.
_TAKES = frozenset([
    "ok", "okay", "thanks", "thank", "fine", "alright", "deal", "cool", "fair", "sure", "right", "understood",
])  # fmt: skip
_TAKES_IN = 8
#: With more words the no to a goal has no room for a reason that holds for everybody.
ROOM = 64


def planned(brief: Brief) -> Composition:
    """Return the reply to a message with a decision.

    Parameters
    ----------
    brief : Brief
        Its case has a decision.

    Returns
    -------
    Composition
        Of the first answer that holds; what was told can always be taken up.
    """
    state = DialogueState(**vars(brief))
    for answer in (
        _unrealistic_goal,  # the engine says no to the goal
        _aim_beyond_plan,  # the plan has no goal, and the message one that is too much
        _progress,  # "am I getting better?"
        _goal_verdict,  # the engine says yes to the goal
        _against,  # a request that the plan does not allow
        _granted,  # one that it allows
        _unsure,  # one that may be either
        unknowable,  # what nobody can know, how the plan is known, how far it is
        about_plan,  # why the session is so, or what it is
        by_card,  # a question that a card answers
        _goal_beside,  # one that nothing takes up but the goal
        apart_from_sport,  # one that is not for a coach, or an order: "write me a poem"
        open_question,  # one that has no answer here
    ):
        if composition := answer(state):
            return composition
    return _told(state)


# --- goals ------------------------------------------------------------------------------------


def _unrealistic_goal(state: DialogueState) -> Composition | None:
    """Refuse a goal that the engine calls too much, whatever else the message asks."""
    if state.goal.get("verdict") != "unrealistic":
        return None
    lines = refusal(state.goal, state.reading, state.refused, state.words)
    other = state.goal.get("alternative")
    ask = state.words.say("goal", "ask_unrealistic" if other else "ask_unrealistic_alone")
    reason = said_why(state.case) or state.words.source["goal"]["bare_slowly"]
    why = f"{lines[1][:-1]}, because {reason}."
    told = "because" in lines[1] or count_words(" ".join([*lines, *state.plan, ask])) > ROOM
    return Composition(lines if told else [lines[0], why, *lines[2:]], ask, state.plan)


def _aim_beyond_plan(state: DialogueState) -> Composition | None:
    """Refuse an extreme goal of the message's own, where the engine has none to judge."""
    other = state.goal or state.requested.stand or state.done
    if other or not (state.wants["unrealistic"] and state.reading.has("goal")):
        return None
    ask = state.words.say("goal", "ask_unrealistic_alone")
    return Composition(too_much(state.reading, state.words), ask, state.plan)


def _progress(state: DialogueState) -> Composition | None:
    """Answer "am I getting better" by goal or reasons, if they tell."""
    if not state.asks_progress:
        return None
    words = state.words
    taken = [state.opener] if state.done and state.opener else []
    if state.goal_lines:
        ask = state.own if state.done else words.say("goal", "ask")
        if not taken and state.reading.has("goal_bad_day"):
            taken = [words.say("goal", "told_bad_day")]
        return Composition([*taken, *state.goal_lines], ask, state.plan)
    if "steady_progress" in (state.decision.get("reasons") or []):
        how = any(token.text in ("how", "hows") for token in state.reading.tokens)
        better = words.say("explain", "progress_how" if how else "progress")
        # The reason is said already, so the plan goes without it.
        return Composition([*taken, better], state.own, [plan_sentence(state.decision)])
    return Composition(taken, state.own, state.plan) if taken else None


def _goal_verdict(state: DialogueState) -> Composition | None:
    """Tell a goal within reach, where it is asked about or nothing else is asked."""
    why = asks_why(state.reading) and not _of_chances(state)
    if not state.goal_lines or state.card_answers or why:
        return None
    opener, lines, plan, own = state.opener, state.goal_lines, state.plan, state.own
    if state.done and opener and fits([opener, *lines, *plan, own]):
        return Composition([opener, *lines], own, plan)
    about = state.about_goal or state.done
    return _verdict(state) if about and (not state.asked.stand or _asks_goal(state)) else None


def _of_chances(state: DialogueState) -> bool:
    """Tell whether the goal's chances are asked about, and not why the session is so."""
    reading = state.reading
    asks = (
        reading.has("goal_figure")
        or reading.has("goal_ask")
        or names_target(state.goal, state.reading.tokens, state.words.message)
    )
    return asks and not reading.has("why_strict")


def _asks_goal(state: DialogueState) -> bool:
    """Tell whether the goal is asked about, rather than more of the session."""
    asked, reading = state.asked, state.reading
    if reading.has("req_goal") and asked.stand:
        return False  # another goal is asked for, not how this one goes
    if state.goal_named and doubt(reading):
        return True
    if (
        asked.stand != "against"
        and not state.wants["against"]
        and names_target(state.goal, state.reading.tokens, state.words.message)
    ):
        return True
    # Who wants more of the session asks for that, though a goal is named beside it.
    more = asked.stand and wants_more(reading, state.decision["session"])
    if more and not reading.question:
        return False
    asks = reading.question and reading.has("goal_ask") and asked.stand != "against"
    fine = state.goal_named and reading.question and not reading.has("change")
    asks = asks or (fine and asked.stand == "unsure")
    return asks or (state.goal_named and reading.has("horizon")) or state.goal_wished


def _goal_beside(state: DialogueState) -> Composition | None:
    """Tell a goal within reach in answer to a question that nothing else takes up."""
    if state.opener or not (state.inquires and state.goal_lines):
        return None
    return _verdict(state)


def _verdict(state: DialogueState) -> Composition:
    """Return the verdict after what the athlete told of the goal, or of what weighs."""
    first, reading, words = state.first, state.reading, state.words
    gone = first if first and first.id == "goal_gone" else None
    weighs = first and first.mood == "sad" and reading.mood != "both"
    sad = words.of(gone.say) if gone else state.opener if weighs else None
    start = before_verdict(state.goal, reading, sad, words)
    ask = words.say("goal", "ask") if words.seed % 2 else state.ask
    ask = state.own if sad and not reading.question else ask
    return Composition([*start, *state.goal_lines], ask, state.plan)


# --- requests ---------------------------------------------------------------------------------


def _against(state: DialogueState) -> Composition | None:
    """Say no to a request against the plan, or hold the line after a no."""
    reading, asked = state.reading, state.asked
    against = asked.stand == "against" and (state.wants["against"] or not state.card_answers)
    if state.refused and _accepts(state):
        return None
    holds = state.refused and not (reading.question or reading.mood) and _insists(state)
    if state.answers or not (against or holds):
        return None
    opening = no(state.decision, reading, state.refused, state.words)
    return Composition(opening, state.wish_ask, state.plan, state.more, state.card)


def _insists(state: DialogueState) -> bool:
    """Tell whether who was told no asks on: a thank you or a wish for less is no insisting."""
    if state.asked.stand == "fine":
        return False
    reading, said = state.reading, {token.text for token in state.reading.tokens}
    asks_on = any(reading.has(form) for form in ("defies", "change", "pushes", "wish", "refused"))
    return bool(state.asked.stand or asks_on or said & _ASKS_ON)


def _accepts(state: DialogueState) -> bool:
    """Tell whether a no is taken: "ok", "ok then 30 minutes is fine"."""
    reading, decision = state.reading, state.decision
    said = [token.text for token in reading.tokens]
    if reading.question or not said or said[0] not in _TAKES or len(said) > _TAKES_IN:
        return False
    if _ASKS_ON & set(said) or any(reading.has(f) for f in ("defies", "change", "moves", "swaps")):
        return False
    session = decision["session"]
    if any(one.isdecimal() and int(one[:6]) > (session.get("minutes") or 0) for one in said):
        return False
    others = other_day(reading, decision["day"]) and reading.has("training")
    return not (others or other_sport(reading, session) or beyond_session(reading, session))


def _granted(state: DialogueState) -> Composition | None:
    """Say yes to a request that the plan leaves open, unless it is a question for a card."""
    first, reading, asked, words = state.first, state.reading, state.asked, state.words
    knows = reading.question and not reading.has("change")
    knows = knows and bool(state.card or (first and first.sure and first.cards))
    if asked.stand != "fine" or knows:
        return None
    heavy = (first and first.strong) or "SAD" in reading.plain
    start = sorry(reading, words) if heavy else []
    if not start and asked.kind not in ("company", "place"):
        told = beside(reading, words)
        start = [told] if told else []
    ask = state.ask if state.decision.get("reasons") else words.say("request", "ask_fine")
    return Composition([*start, yes(asked, words)], ask, state.plan)


def _unsure(state: DialogueState) -> Composition | None:
    """Answer what may be a request in words that fit either, unless the card has the answer."""
    card_tells = state.card and (state.reading.question or state.card_fits)
    first = state.first
    knows = first and first.sure and first.cards and first.form == "question"
    knows = knows and not state.reading.has("change")
    if state.asked.stand != "unsure" or card_tells or knows:
        return None
    opening = either(state.decision, state.reading, state.words)
    return Composition(opening, state.wish_ask, state.plan, state.more[:1], state.card)


# --- what was told ----------------------------------------------------------------------------


def _told(state: DialogueState) -> Composition:
    """Take up what the athlete told, then the plan and what it means for a feeling that weighs."""
    decision, reading, words = state.decision, state.reading, state.words
    opener, lines, plan = state.opener, state.goal_lines, state.plan
    card, more = state.found if state.inquires else (state.card, state.more)
    if not opener and decision.get("replaces") and reading.has("changed"):
        opener, plan = words.say("explain", "changed"), [*plan, *before(decision, words)]
    if state.answers and (not opener or (state.first and state.first.id in TONE_ONLY)):
        return _met(state)
    opener = opener or plain_opener(state.case, reading, words)
    opening = [*greeting(reading, opener, words), opener, *lines]
    if not more and not lines:
        then = _follows(state)
        plan = [*plan, *then] if fits([*opening, *plan, *then, state.own]) else plan
    return Composition(opening, state.own, plan, standing(more) if lines else more, card)


def _met(state: DialogueState) -> Composition:
    """Meet an answer to Josi's question; a session that was told a moment ago is not told again."""
    line, ask = met(state.answers, state.reading, state.words)
    back = said_back(state.reading, state.words)
    opening = [*([back] if back else []), line]
    return Composition(opening, ask, [] if state.plan_told else state.plan)


def _follows(state: DialogueState) -> list[str]:
    """Return what the session means for a feeling that weighs: that it asks little, or leaves open."""
    first, reading, words = state.first, state.reading, state.words
    table, session = words.source["plan"], state.decision["session"]
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
