"""The composed reply to a message without a decision: a card's knowledge, or a kind ear."""

from __future__ import annotations

from typing import Any

from josi_utils.guard.about_card import card_words, off_card
from josi_utils.guard.aims import kind_ask, sensible, too_much
from josi_utils.guard.answers import TONE_ONLY, asked_kind, met, topic
from josi_utils.guard.askers import asked_by
from josi_utils.guard.card_index import best_sentences, found_card, near_card
from josi_utils.guard.composition import Brief, Composition, fits, named, refused_before, unanswered
from josi_utils.guard.goal_again import said_too_much
from josi_utils.guard.goals import aims_plainly, has_goal, too_soon
from josi_utils.guard.meant import goal_of_case
from josi_utils.guard.openers import closing, greeting, own_ask, plain_opener, said_back, taken_up
from josi_utils.guard.request_answers import not_asked
from josi_utils.guard.wished import wished
from josi_utils.persona import count_words

#: A reply of fewer words is given one sentence more.
SHORT_REPLY = 22
#: So many sentences are said of a card that is only near to what was asked.
NEAR_SENTENCES = 2


def alone(brief: Brief) -> Composition:
    """Return the reply to a message without a decision."""
    case, reading, wants, words = brief.case, brief.reading, brief.wants, brief.words
    plain, plainly = (
        words.source["plain"],
        has_goal(reading) or aims_plainly(reading, words.message),
    )
    opener, first = taken_up(reading, words)
    done = first is not None and first.done and reading.has("past")  # a goal that was reached
    told = not done and goal_of_case(case)
    aims = told or plainly
    sad = first is not None and first.mood == "sad"
    if _far_too_much(brief, aims):
        return Composition(too_much(reading, words), kind_ask(reading, words))
    own = own_ask(first, reading, words)
    ask = own or words.of(plain["ask_question" if reading.question else "ask"])
    about_else = first is not None and (
        sad
        or first.strong
        or ((not told or reading.question) and bool(first.cards or first.more == "unknown"))
    )
    asks_goal = aims and reading.question and reading.has("goal_ask")
    holds = first is not None and (first.strong or first.id == "goal_gone")
    about_else = about_else and (holds or not asks_goal)
    answers = "" if case.get("card") else asked_kind(case, reading)
    if answers and (not first or first.id in TONE_ONLY):
        line, ask = met(answers, reading, words)
        card, lines = topic(case, brief.deck, words)
        opening = [f"{said_back(reading, words)} {line}".strip(), *([] if card else lines)]
        return Composition(opening, ask, more=lines if card else [], card=card)
    if not case.get("card") and aims and not about_else:
        return Composition(*sensible(reading, words, plainly))
    if case.get("card") and not off_card(reading, case["card"], words.message):
        card: dict[str, Any] | None = dict(case["card"])
        more = best_sentences(case["card"], reading.tokens)
    else:
        card, more = found_card(case, brief.deck, reading)
    if more:
        start = opener or plain_opener(case, reading, words)
        if card and reading.question and not opener:
            say, asks = card_words(card, reading, words.message)
            start, ask = words.of(say), own or unanswered(asks, reading, words, card["id"])
        starts = asked_by(start, reading, words)
        starts = starts if fits([*starts, *more, ask]) else [start]
        return Composition(starts, ask, more=more, card=card, answer_first=True)
    if wants["against"] or reading.has("change_plan"):
        wish = wished(words.message)
        heard = f"{wish}." if wish else words.say("request", not_asked(reading))
        opening = [heard, words.say("request", "no_plan")]
        return Composition(opening, ask)
    if reading.has("unknowable"):
        return Composition([words.say("explain", "unknowable"), words.of(plain["invite"])], ask)
    asks = reading.question or reading.has("orders")
    apart = not (reading.has("training") or case.get("history"))
    if opener and not (reading.question and first and first.cards):
        opening = [*greeting(reading, opener, words), opener]
        if count_words(" ".join([*opening, ask])) < SHORT_REPLY:
            opening.append(closing(opener, first, apart, words))
        return Composition(opening, ask)
    of_plan = reading.has("plan_words") and not reading.has("general")
    if asks and not opener and of_plan:
        return Composition([words.say("explain", "open"), words.say("plain", "no_plan")], ask)
    if opener and sad:
        return Composition([opener, closing(opener, first, apart, words)], ask)
    if asks:
        if not (opener or case.get("history")) and (near := near_card(reading, brief.deck)):
            lines = best_sentences(near, reading.tokens, NEAR_SENTENCES)
            return Composition([words.say("plain", "near")], ask, more=lines, card=near)
        known = reading.has("of_sport") or bool(case.get("history") or opener)
        kind = "unknown_training" if known else "unknown"
        opening = [*([opener] if opener else []), named("plain", kind, reading, words)]
        return Composition(opening, own or words.say("plain", f"{kind}_ask"))
    opener = plain_opener(case, reading, words)
    return Composition([opener, closing(opener, None, apart, words)], ask)


def _far_too_much(brief: Brief, aims: bool) -> bool:
    """Tell whether the message names, or insists on, a goal that is far too much."""
    case, reading = brief.case, brief.reading
    first = next(iter(reading.situations), None)
    about_else = first is not None and (first.mood == "sad" or first.sure) and not aims
    if case.get("card") and first and first.sure and case["card"]["id"] in dict(first.cards):
        return False
    ahead = any(reading.has(form) for form in ("goal_short", "goal_extreme"))
    if first is not None and first.done and not ahead:
        return False
    if about_else or reading.has("color") or reading.has("accepts"):
        return False
    insists = reading.has("still_wants") or not reading.question
    if refused_before(case) and insists and not said_too_much(case):
        return True
    return brief.wants["unrealistic"] or (too_soon(reading) and not case.get("card"))
