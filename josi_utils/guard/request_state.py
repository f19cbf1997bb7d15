"""A request of the session, and what it depends on, read off the case when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from josi_utils.guard.asked_for import asked_for
from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.request_figures import beyond_session
from josi_utils.guard.request_signs import asks_in_words, other_day, wants_more
from josi_utils.guard.situations import Reading, Situation
from josi_utils.guard.wished import wished


@dataclass(frozen=True)
class Request:
    """A request for another session.

    Attributes
    ----------
    stand
        ``"against"``, ``"fine"``, ``"unsure"`` or ``""`` (no request).
    kind
        For ``fine``: what is asked for, an id of ``requests`` in ``fallback.json``, ``fewer``,
        ``leave_out``, ``any_day`` or ``""``.
    minutes
        For ``fewer``: how many the athlete has.
    also
        For ``fine``: a second thing that is asked for and granted.
    thing
        For ``fine``: what stands in the way of the session (the party, the ice).
    """

    stand: str = ""
    kind: str = ""
    minutes: int = 0
    also: str = ""
    thing: tuple[str, str] | None = None


NOTHING, UNSURE, AGAINST = Request(), Request("unsure"), Request("against")


@dataclass(frozen=True)
class RequestState:
    """A case with a decision, and all that is asked of it to tell a request.

    Attributes
    ----------
    case
        With a decision.
    reading
        Of its message.
    wants
        From :func:`josi_utils.guard.intent.intent`.
    """

    case: dict[str, Any]
    reading: Reading
    wants: Mapping[str, bool]

    # --- the plan ---

    @cached_property
    def decision(self) -> dict[str, Any]:
        """The engine's decision."""
        return self.case["decision"]

    @cached_property
    def session(self) -> dict[str, Any]:
        """The decision's session."""
        return self.decision["session"]

    @cached_property
    def hardness(self) -> int:
        """How hard a kind the session is."""
        return HARDNESS[self.session["kind"]]

    @cached_property
    def rest(self) -> bool:
        """Whether the session is rest."""
        return self.hardness == 0

    # --- how the message speaks ---

    @cached_property
    def message(self) -> str:
        """The message as it was written."""
        return self.case.get("message") or ""

    @cached_property
    def first(self) -> Situation | None:
        """What the message is about in the first place."""
        return next(iter(self.reading.situations), None)

    @cached_property
    def past(self) -> bool:
        """Whether the message tells of what has been."""
        return self.reading.has("past")

    @cached_property
    def future(self) -> bool:
        """Whether the message tells of what is to come."""
        return self.reading.has("future")

    @cached_property
    def intends(self) -> bool:
        """Whether the athlete says that they are going to do something."""
        return self.reading.has("intends")

    @cached_property
    def asks(self) -> bool:
        """Whether the message asks for something in so many words."""
        return asks_in_words(self.reading)

    @cached_property
    def meant(self) -> bool:
        """Whether what is named is surely meant for the session, not only told."""
        return self.asks or self.intends or self.reading.question or self.reading.has("defies")

    @cached_property
    def loosely(self) -> bool:
        """Whether the message has a question, but asks for nothing in so many words."""
        return self.reading.question and not self.asks and not self.told_fine

    # --- what it asks for ---

    @cached_property
    def against(self) -> bool:
        """Whether the words of the message alone ask against the decision."""
        return self.wants["against"]

    @cached_property
    def told_fine(self) -> bool:
        """Whether it is known from elsewhere that the request is within the plan."""
        return self.wants.get("fine", False)

    @cached_property
    def more(self) -> bool:
        """Whether the message has words for more than the session."""
        return wants_more(self.reading, self.session)

    @cached_property
    def over(self) -> bool:
        """Whether the message names more minutes, kilometres or a higher zone than the session."""
        return beyond_session(self.reading, self.session)

    @cached_property
    def beyond(self) -> bool:
        """Whether the message goes beyond the session, in words or in figures."""
        return self.over or self.more

    @cached_property
    def other_day(self) -> bool:
        """Whether the message names a day that is not the session's."""
        return other_day(self.reading, self.decision["day"])

    @cached_property
    def topic(self) -> str:
        """What a request would change beside length and effort, or ``""``."""
        return asked_for(self.reading, self.decision)

    @cached_property
    def kinds(self) -> list[str]:
        """What the message names that the plan leaves open, ids of ``requests``."""
        named = [
            raw["id"]
            for raw in load("fallback")["requests"]
            if f"request {raw['id']}" in self.reading.plain and raw.get("rest", False) == self.rest
        ]
        # "A day later" is no hour.
        later = self.reading.has("any_day")
        return [kind for kind in named if not (later and kind == "time")]

    @cached_property
    def wish(self) -> str:
        """What is wished, said back, or ``""``."""
        return wished(self.message) or ""

    @cached_property
    def wishes_now(self) -> bool:
        """Whether the wish is one for the day's session, not a goal."""
        this_day = bool(self.wish) and self.reading.has("this_day")
        return this_day and not self.decision.get("goal")
