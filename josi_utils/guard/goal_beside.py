"""A goal of the message beside a day's session, where the engine gave no goal of its own.

The day's session is no answer to "one 5 km without walking by spring": the goal is taken up first,
kindly, or with a kind no where it is far too much, and then the day is named.
"""

from __future__ import annotations

from typing import Any

from josi_utils.guard.aims import kind_ask, sensible, too_much
from josi_utils.guard.composition import Composition, Words, session_ask
from josi_utils.guard.goals import has_goal, too_soon
from josi_utils.guard.leap import span
from josi_utils.guard.situations import Reading
from josi_utils.guard.told import flat
from josi_utils.guard.wished import wished
from josi_utils.persona import count_words

#: A wish with fewer days to go is one about the session, not a goal.
AHEAD = 17
#: What is told of oneself or asked of the plan comes before a goal.
_ELSE = ("change_plan", "why_strict", "what_plan", "mistake", "reason_check", "moves",
         "asks_progress", "defies", "refused", "leaves_out")  # fmt: skip
#: Words of a message about the day's session.
_DAY = frozenset(("today", "tonight", "tomorrow", "session", "instead", "todays", "tomorrows"))
#: Words that surely name a goal, though no date stands beside them.
_GOAL = frozenset(("goal", "aim", "dream", "target", "mission"))
MOST = 72


def beside_plan(
    decision: dict[str, Any], reading: Reading, words: Words, plan: list[str], unrealistic: bool
) -> Composition | None:
    """Return the reply to a goal of the message's own beside a decision without one, or None.

    Parameters
    ----------
    decision : dict
        Without a goal.
    reading, words
        Of the message.
    plan : list of str
        The session's sentences.
    unrealistic
        Whether the words of the message alone call for a no.
    """
    first = next(iter(reading.situations), None)
    aims = has_goal(reading)
    missed = reading.has("goal_why_lost") or reading.has("goal_why_charity")
    if first is not None and (first.mood == "sad" or first.strong) and not (aims and missed):
        return None
    if first is not None and first.done and not aims:
        return None
    aims = aims or bool(
        _GOAL & {t.text for t in reading.tokens} and wished(words.message, asks=False)
    )
    near = _DAY & {t.text for t in reading.tokens}
    if near and not unrealistic and _brings_company(reading):
        return None  # who asks to bring somebody along has no goal in mind
    if reading.has("req_add") and reading.has("change") and not unrealistic:
        return None  # nor who asks for one more session
    if (unrealistic or too_soon(reading)) and (
        aims or reading.has("goal") or "form goal_big" in reading.found
    ):
        opening, ask = too_much(reading, words), kind_ask(reading, words)
        return Composition(shortened(opening, 2, plan, ask), ask, plan)
    sure = first is not None and first.sure and not (first.done or first.strong)
    if not aims or sure or any(reading.has(f) for f in _ELSE):
        return None
    days, said = span(flat(reading.tokens)), {token.text for token in reading.tokens}
    if said & _DAY:
        return None
    named = bool(_GOAL & said) and (
        reading.has("goal_alone") or bool(wished(words.message, asks=False))
    )
    if (days is None and not named) or (days is not None and days < AHEAD):
        return None
    opening, ask = sensible(reading, words)
    ask = session_ask(decision, reading, words) if words.seed % 2 else ask
    return Composition(shortened(opening, 1, plan, ask), ask, plan)


def shortened(opening: list[str], least: int, plan: list[str], ask: str) -> list[str]:
    """Return an opening of at least so many sentences that leaves room for the plan."""
    while len(opening) > least and count_words(" ".join([*opening, *plan, ask])) > MOST:
        opening = opening[:-1]
    return opening


def _brings_company(reading: Reading) -> bool:
    """Tell whether the question is only whether somebody may come along."""
    asks = "request company" in reading.plain and reading.has("change") and reading.question
    return asks and not any(reading.has(f) for f in ("goal", "goal_strict", "giant"))
