"""What a reply to a message with a decision depends on, read off the case.

All of it is read when it is first asked for and kept, so an answer that needs little costs little.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from josi_utils.decision import plan_sentence
from josi_utils.guard.about_card import off_card
from josi_utils.guard.aims import verdict_line
from josi_utils.guard.answers import asked_kind, told_already
from josi_utils.guard.asked_for import asked_for
from josi_utils.guard.card_index import best_sentences, found_card
from josi_utils.guard.composition import Brief, plan_lines, refused_before, session_ask
from josi_utils.guard.data import load
from josi_utils.guard.explained import asks_why
from josi_utils.guard.goals import names_goal, wishes_goal
from josi_utils.guard.openers import own_ask, taken_up
from josi_utils.guard.request_answers import only_tells
from josi_utils.guard.request_state import Request
from josi_utils.guard.requests import request
from josi_utils.guard.situations import Situation
from josi_utils.guard.wishes import kind_of_wish
from josi_utils.persona import split_sentences

#: Beside a decision, so many sentences of a card are said.
CARD_SENTENCES = 2


#: What is asked for, though it is wondered at, too.
_PLAINLY_ASKED = (
    "rehab", "cleared", "doctor", "told_off", "did", "order", "warm_up", "stretch", "hilly",
)  # fmt: skip


@dataclass(frozen=True)
class DialogueState(Brief):
    """A brief with a decision, and all that its answers ask of it."""

    # --- what the message is about, and what is said in any case ---

    @cached_property
    def decision(self) -> dict[str, Any]:
        """The engine's decision."""
        return self.case["decision"]

    @cached_property
    def first(self) -> Situation | None:
        """What the message is about in the first place."""
        return next(iter(self.reading.situations), None)

    @cached_property
    def opener(self) -> str | None:
        """The sentence that takes the message up by its first situation."""
        return taken_up(self.reading, self.words)[0]

    @cached_property
    def plan(self) -> list[str]:
        """The session's sentence and its reasons."""
        return plan_lines(self.decision, self.words)

    @cached_property
    def ask(self) -> str:
        """The question that fits the session."""
        if self.reading.has("disputes"):
            return self.words.say("session_ask", "other")  # what is denied is not asked after
        return session_ask(self.decision, self.reading, self.words)

    @cached_property
    def wish_ask(self) -> str:
        """The question that fits what is asked for, or else the session."""
        wish = kind_of_wish(self.reading, self.decision)
        wish = "well_again" if self.reading.has("wish_well_again") else wish
        named = f"ask_{wish}" in self.words.source["request"]
        return self.words.say("request", f"ask_{wish}") if named else self.ask

    @cached_property
    def own(self) -> str:
        """The first situation's own question, or else the session's."""
        return own_ask(self.first, self.reading, self.words) or self.ask

    @cached_property
    def answers(self) -> str:
        """What Josi's last question was about, where the message answers it."""
        return asked_kind(self.case, self.reading)

    @cached_property
    def plan_told(self) -> bool:
        """Whether Josi's last turn told the session already."""
        return told_already(self.case, plan_sentence(self.decision))

    # --- what the athlete asks for ---

    @cached_property
    def requested(self) -> Request:
        """What is asked of the session; nothing where the message rather tells or wonders."""
        first, reading = self.first, self.reading
        if self.answers:
            return Request()
        asked = request(self.case, reading, self.wants)
        if asked.stand and asked.stand != "against" and first and only_tells(first, reading):
            return Request()
        wonders = reading.question and (asks_why(reading) or reading.has("reason_check"))
        of_zone = bool(first) and first.id.startswith("zone_") and reading.has("effort")
        soft = asked.stand == "unsure" and wonders and not reading.has("req_why_not")
        soft = soft and asked_for(reading, self.decision) not in _PLAINLY_ASKED
        if (soft or (of_zone and reading.question)) and not reading.has("change"):
            return Request()
        return Request() if self.unknown and asked.kind == "gear" else asked

    @cached_property
    def asks_progress(self) -> bool:
        """Whether the athlete asks if they get better, and surely asks nothing of the session."""
        reading = self.reading
        better = reading.question and reading.has("asks_progress")
        better = better and not reading.has("good_check")
        return better and self.requested.stand in ("", "unsure")

    @cached_property
    def asked(self) -> Request:
        """What is asked of the session, where it is not progress that is asked about."""
        return Request() if self.asks_progress else self.requested

    @cached_property
    def refused(self) -> bool:
        """Whether Josi's last turn already said no."""
        return refused_before(self.case)

    @cached_property
    def done(self) -> bool:
        """Whether the message tells what has been reached, and asks nothing of the session."""
        return self.first is not None and self.first.done and not self.requested.stand

    @cached_property
    def unknown(self) -> bool:
        """Whether the message is about what Josi can't know."""
        return self.first is not None and self.first.more == "unknown"

    @cached_property
    def greets(self) -> bool:
        """Whether the message greets, and does not ask why."""
        hello = self.first is not None and self.first.more == "hello"
        return hello and not self.reading.has("why_strict")

    @cached_property
    def inquires(self) -> bool:
        """Whether the message asks, and is more than a greeting: "how are you?"."""
        return self.reading.question and not self.greets

    @cached_property
    def apart(self) -> bool:
        """Whether the message has nothing of sport, of a day or of what was said before."""
        reading, case = self.reading, self.case
        near = reading.has("of_sport") or reading.has("this_day") or reading.has("points_at")
        return not near and not case.get("history") and not case.get("card")

    # --- the goal ---

    @cached_property
    def goal(self) -> dict[str, Any]:
        """The decision's goal, empty if it has none."""
        return self.decision.get("goal") or {}

    @cached_property
    def goal_named(self) -> bool:
        """Whether the message has a word of the goal's own."""
        return names_goal(self.goal, self.reading)

    @cached_property
    def goal_wished(self) -> bool:
        """Whether the message wishes for the goal and no other session."""
        return bool(self.goal) and self.asked.stand != "against" and wishes_goal(self.reading)

    @cached_property
    def about_goal(self) -> bool:
        """Whether the message is about the goal."""
        loosely = self.reading.has("goal_strict") or self.reading.has("goal_ask")
        return loosely or self.goal_named or self.goal_wished

    @cached_property
    def goal_lines(self) -> list[str]:
        """The sentence on a goal within reach, where the message calls for it."""
        reading, goal = self.reading, self.goal
        asks = any(reading.has(form) for form in ("goal", "goal_ask", "asks_progress"))
        asks = asks or wishes_goal(reading)
        if not goal or not (asks or self.goal_named):
            return []
        if not goal.get("verdict"):
            return [self.words.source["goal"]["no_verdict"]] if reading.has("goal_strict") else []
        return [verdict_line(goal, reading, self.words)]

    # --- cards ---

    @cached_property
    def card(self) -> dict[str, Any] | None:
        """The case's own card."""
        return dict(self.case["card"]) if self.case.get("card") else None

    @cached_property
    def more(self) -> list[str]:
        """The sentences of the case's card that fit the message best."""
        if not self.card:
            return []
        return best_sentences(self.card, self.reading.tokens, CARD_SENTENCES)

    @cached_property
    def card_fits(self) -> bool:
        """Whether what the message is about in the first place is what the card is about."""
        card, first = self.card, self.first
        return bool(card and first and first.sure and card["id"] in dict(first.cards))

    @cached_property
    def card_answers(self) -> bool:
        """Whether the card surely answers the question, and no day's session is asked."""
        reading = self.reading
        gone = bool(self.goal_lines) and bool(self.first) and self.first.id == "goal_gone"
        return reading.question and not reading.has("this_day") and self.card_fits and not gone

    @cached_property
    def found(self) -> tuple[dict[str, Any] | None, list[str]]:
        """The card that answers a question and its sentences: the case's, or one of the deck."""
        if self.card and off_card(self.reading, self.card, self.words.message):
            return None, []
        return (self.card, self.more) if self.more or self.unknown else _of_deck(self)


def _of_deck(brief: Brief) -> tuple[dict[str, Any] | None, list[str]]:
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
