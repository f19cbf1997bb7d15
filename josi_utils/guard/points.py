"""What the app knows by rule, handed to the model as talking points.

A small model words well what stands before it and judges badly what does not. So the stand (the
plan stays, a goal is too much, help is needed), the sentence that takes up the message and the
question at the end are composed by rule, as the fallback is, and the model words them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.guard.fallback import compose
from josi_utils.guard.triage import triage
from josi_utils.guard.vetted import vetted_reply
from josi_utils.handover import Points
from josi_utils.persona import split_sentences


def talking_points(case: dict[str, Any], deck: Sequence[dict[str, Any]] = ()) -> Points:
    """Return what to say and what to ask, by rule.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read.
    deck : sequence of cards
        The app's own.
    """
    found = triage(case)
    if found.flag:
        words = vetted_reply(found.flag, emergency=found.emergency, other=found.other)
        *say, ask = split_sentences(words)
        return Points(" ".join(say), ask, training=False)
    composed = compose(case, deck)
    return Points(composed.said, composed.ask)
