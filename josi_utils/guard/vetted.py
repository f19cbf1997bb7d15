"""What is said to a red flag: fixed words, vetted by hand, never drawn from a model."""

from __future__ import annotations

import re

from josi_utils.errors import JosiError
from josi_utils.guard.data import load

EMERGENCY_NUMBER = "112"


def vetted_reply(
    flag: str,
    *,
    emergency_number: str = EMERGENCY_NUMBER,
    emergency: bool = True,
    other: bool = False,
) -> str:
    """Return the reply to a red flag.

    Parameters
    ----------
    flag : str
        One of the twelve red flags of ``case.schema.json``.
    emergency_number : str
        The region's: ``"112"`` in Europe, ``"911"`` in North America, ``"999"`` in Britain.
    emergency : bool
        Whether the number is to be called now, or only if it gets worse.
    other
        Whether somebody else is in danger: the words then are for the one who can help.

    Raises
    ------
    JosiError
        If the flag is not known or the number is none.
    """
    source = load("replies")
    replies = source["replies"]
    if flag not in replies:
        raise JosiError(f"red flag {flag!r}: not known; use one of {', '.join(replies)}")
    if not re.fullmatch(r"\+?[0-9][0-9 ]{1,14}", emergency_number):
        raise JosiError(f"emergency number {emergency_number!r}: use digits, such as 112 or 911")
    words = source["another"].get(flag, source["another"]["any"]) if other else replies[flag]
    text: str = words["emergency" if emergency else "calm"]
    return text.replace("{number}", emergency_number)
