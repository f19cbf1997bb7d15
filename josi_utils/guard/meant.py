"""Whether a message tells a goal, by what it means.

A sum of words says whether a goal may be told at all; the encoder reads the rest, in whatever words
it is said. Whether a goal is too much is told by figures and phrases alone
(:mod:`josi_utils.guard.leap`): of that the encoder knows too little (docs/log.md).
"""

from __future__ import annotations

from typing import Any

from josi_utils.guard.encoder import meaning
from josi_utils.guard.flag_reading import read
from josi_utils.guard.learnt import model


def goal_meant(message: str) -> bool:
    """Tell whether a goal of the athlete's own is told.

    Examples
    --------
    >>> goal_meant("two easy swims a week until spring is all I am after")
    True
    """
    words = model("learnt_goal")
    if words.sums(read(message).features)["goal"] < words.least["asked_from"]:
        return False
    return meaning(message).aims >= words.least["aims"]


def goal_of_case(case: dict[str, Any]) -> bool:
    """Tell whether the message of a case tells a goal that neither engine nor card knows of."""
    if case.get("card") or (case.get("decision") or {}).get("goal"):
        return False
    return goal_meant(case.get("message") or "")
