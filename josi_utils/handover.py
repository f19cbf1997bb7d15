"""What the app hands over for the model to word, beside plan and card."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Points:
    """What the app hands over for the model to word.

    Attributes
    ----------
    say
        Sentences that the reply should have, word for word; may be empty.
    ask
        The question that should end it; may be empty.
    training
        Whether plan and card are handed over; not to someone who needs help first.
    """

    say: str = ""
    ask: str = ""
    training: bool = True


#: Nothing is handed over.
NO_POINTS = Points()
