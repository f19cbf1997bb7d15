"""What the athlete sees: triage, then the first good draw, then the fallback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from josi_utils.guard.accept import Verdict, accept
from josi_utils.guard.fallback import fallback
from josi_utils.guard.triage import Triage, triage
from josi_utils.guard.vetted import EMERGENCY_NUMBER, vetted_reply

#: A draw is the text, or the text and whether the model ended it by itself.
Draw = str | tuple[str, bool]
MAX_DRAWS = 4


@dataclass(frozen=True)
class GuardedReply:
    """The reply that is shown, and how it came about.

    Attributes
    ----------
    text
        What the athlete sees.
    source
        ``"triage"`` (vetted words, the model was not asked), ``"draw"`` or ``"fallback"``.
    draws_used
        How many draws were looked at.
    verdicts
        One for each of them, in order.
    triage
        What triage found.
    """

    text: str
    source: str
    draws_used: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    triage: Triage = field(default_factory=Triage)


def guarded_reply(
    case: dict[str, Any],
    draws: Iterable[Draw] | Callable[[], Draw],
    *,
    deck: Sequence[dict[str, Any]] = (),
    max_draws: int = MAX_DRAWS,
    emergency_number: str = EMERGENCY_NUMBER,
    best_of: bool = False,
) -> GuardedReply:
    """Return the reply that may be shown.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read.
    draws : iterable or callable
        The model's draws, taken one at a time and only as long as none is accepted; or a callable
        that makes one. Not touched where triage finds a red flag.
    deck : sequence of cards
        The app's own cards.
    max_draws : int
        How many draws at most.
    emergency_number : str
        The region's.
    best_of : bool
        Look at all ``max_draws`` (they were drawn in one batch anyway) and show the accepted one of
        the highest rank, the earlier at a tie; else the first accepted one.
    """
    found = triage(case)
    if found.flag:
        text = vetted_reply(
            found.flag,
            emergency=found.emergency,
            emergency_number=emergency_number,
            other=found.other,
        )
        return GuardedReply(text, "triage", triage=found)
    source: Iterable[Draw] = iter(draws, object()) if callable(draws) else draws
    verdicts: list[Verdict] = []
    best: tuple[float, str] | None = None
    for draw in islice(source, max_draws):
        text, finished = (draw, True) if isinstance(draw, str) else draw
        verdict = accept(case, text, finished=finished, deck=deck)
        verdicts.append(verdict)
        if verdict.ok and (best is None or verdict.rank > best[0]):
            best = (verdict.rank, text.strip())
        if best is not None and not best_of:
            break
    if best is not None:
        return GuardedReply(best[1], "draw", len(verdicts), verdicts, found)
    return GuardedReply(fallback(case, deck), "fallback", len(verdicts), verdicts, found)
