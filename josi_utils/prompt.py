"""The user turn that the model reads: plan, card, the athlete's words, and talking points."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from josi_utils.decision import decision_lines, read_deck
from josi_utils.handover import NO_POINTS, Points
from josi_utils.paths import data_dir
from josi_utils.persona import chat, escape_control


def one_line(text: str) -> str:
    """Return text on one line, so that nobody's words can pose as a line of ours."""
    return " ".join(text.split())


def render(case: dict[str, Any], points: Points = NO_POINTS) -> str:
    """Return the user turn: decision and card in plain lines, the athlete's words, the points.

    With nothing but a message it is the message alone. Neither ``category`` nor ``note`` nor
    ``red_flag`` is shown: the app does not know them. Text can never become a control token.
    """
    decision, card = (case.get("decision"), case.get("card")) if points.training else (None, None)
    before = decision_lines(decision) if decision else []
    if card:
        before.append(f"Card: {card['title']}. {card['text']}")
    after = [f"Say: {points.say}"] if points.say else []
    after += [f"Ask: {points.ask}"] if points.ask else []
    lines = [*before, f"Athlete: {case['message']}", *after] if before or after else None
    if lines is None:
        return escape_control(case["message"])
    return escape_control("\n".join(map(one_line, lines)))


@lru_cache(maxsize=1)
def deck() -> tuple[dict[str, Any], ...]:
    """Return the app's own cards, ``data/cards``."""
    return tuple(read_deck(data_dir() / "cards"))


def case_messages(case: dict[str, Any], points: Points | None = None) -> list[dict[str, str]]:
    """Return the conversation that the model sees for ``case``, up to the athlete's last turn.

    Parameters
    ----------
    case : dict
        By ``case.schema.json``.
    points : Points, optional
        What to hand over; left out, what :func:`josi_utils.guard.points.talking_points` finds by
        rule. :data:`~josi_utils.handover.NO_POINTS` hands over nothing.
    """
    if points is None:
        from josi_utils.guard.points import talking_points

        points = talking_points(case, deck())
    return chat(render(case, points), case.get("history"))
