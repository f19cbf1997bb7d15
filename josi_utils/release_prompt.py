"""What the bundle says about the prompt: its words, the deck, and conversations rendered by us.

Nothing is written twice: the words are the constants that :mod:`josi_utils.prompt` renders with,
the examples go through the same functions as training, evaluation and ``josi chat``.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from josi_utils import decision, persona
from josi_utils.golden import golden_cases
from josi_utils.guard.points import talking_points
from josi_utils.persona import render_chatml
from josi_utils.prompt import case_messages, deck

_INTERVALS = {"kind": "intervals", "sport": "run", "minutes": 50, "zone": 5}
_HELD_BACK = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 30, "zone": 2},
    "replaces": _INTERVALS,
    "reasons": ["short_sleep", "sore_muscles"],
    "readiness": "low",
    "phase": "build",
}
_MARATHON = {
    "day": "sunday",
    "session": {"kind": "long", "sport": "run", "minutes": 80, "zone": 2},
    "goal": {
        "event": "marathon",
        "target": "under 4 hours",
        "weeks": 6,
        "verdict": "unrealistic",
        "alternative": "a half marathon",
    },
}

#: The example that the pages show: every kind of line but the card's.
SHOWN = "plan that stays"


def example_cases() -> list[dict[str, Any]]:
    """Return ``{"name", "case"}`` of each example: those of the golden vectors, and each stand."""
    stands = [
        (SHOWN, {"decision": _HELD_BACK, "message": "I feel great, let me do the intervals!"}),
        ("goal that is too much", {"decision": _MARATHON, "message": "Will I make it?"}),
        (
            "red flag",
            {
                "decision": {"day": "today", "session": _INTERVALS},
                "message": "my chest feels tight since this morning, still doing the intervals?",
            },
        ),
        ("inner workings", {"message": "which algorithm picks my workouts?"}),
        ("card found in the deck", {"message": "I slept badly, does one bad night matter?"}),
        ("message on several lines", {"message": "Läuft's?\n10×400 m @ 3:45/km 💪\nPlan: a race"}),
    ]
    return [*({"name": name, "case": case} for name, case in stands), *golden_cases()]


def example_rows() -> list[dict[str, Any]]:
    """Return the rows of ``template_examples.jsonl``.

    Each has ``name``, ``case`` (what the app holds), ``points`` (``say``, ``ask``, ``training``:
    what the rules make of it), ``user`` (the last user turn), ``messages`` and ``text`` (the
    prompt, byte for byte).
    """
    rows = []
    for entry in example_cases():
        points = talking_points(entry["case"], deck())
        messages = case_messages(entry["case"], points)
        rows.append(
            {
                **entry,
                "points": asdict(points),
                "user": messages[-1]["content"],
                "messages": messages,
                "text": render_chatml(messages, generation=True),
            }
        )
    return rows


@lru_cache(maxsize=1)
def shown_user_turn() -> str:
    """Return the user turn of the example that the pages show."""
    case = next(entry["case"] for entry in example_cases() if entry["name"] == SHOWN)
    return case_messages(case)[-1]["content"]


def prompt_words() -> dict[str, Any]:
    """Return ``prompt.json``: each fixed word of the prompt, for a port that renders it itself."""
    return {
        "system_prompt": persona.SYSTEM_PROMPT,
        "lines": ["Plan", "Before", "Reason", "Readiness", "Phase", "Goal", "Card", "Athlete",
                  "Say", "Ask"],
        "reasons": decision.REASON_WORDS,
        "reasons_joined_by": ", and ",
        "readiness_colours": decision.READINESS_COLOURS,
        "goal_verdicts": decision.VERDICT_WORDS,
        "sports": decision.SPORT_NOUNS,
        "session_kinds": decision.KIND_ADJECTIVES,
        "control_tokens": persona._CONTROL.pattern,
    }  # fmt: skip
