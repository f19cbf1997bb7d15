"""After the model: may this draw reach the athlete, and which of several is best?

Strict by design: a sentence passes only if it was handed over, or says the plan in a known plain
way (:mod:`josi_utils.guard.pieces`); claims, stand and form are checked besides. The rules are the
guard's own (``data/guard/accept.json``, ``phrasing.json``); the evaluation's scorers, which are
different, judge what the guard lets through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from josi_utils.guard.claims import (
    hits_of,
    missing_facts,
    number_problems,
    session_problems,
    state_problems,
)
from josi_utils.guard.data import load
from josi_utils.guard.intent import intent
from josi_utils.guard.leaks import leaks
from josi_utils.guard.licence import Licence, licence_of
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.pieces import Reader, Reading
from josi_utils.guard.stance import negated_before, stance_problems
from josi_utils.handover import Points
from josi_utils.persona import count_words

_ENDS = re.compile(r"[.!?…][\"'”’)\]]?[^\w.!?]{0,6}$")
_CONTROL = ("<|", "|>", "<s>", "[INST]", "im_start", "im_end", "```", "Athlete:", "Plan:", "Card:",
            "Say:", "Ask:", "Reason:", "Before:")  # fmt: skip
#: A draw of more words than this is refused unread: 120 tokens of the model are fewer.
MOST_TOKENS = 300


class Reason(NamedTuple):
    """Why a draw is refused: ``text`` stands at ``start:end`` of the draw, or nothing does."""

    rule: str
    why: str
    start: int = 0
    end: int = 0
    text: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the guard makes of one draw.

    Attributes
    ----------
    ok
        Whether it may be shown.
    reasons
        Why not, each with its place.
    rank
        Among accepted draws the highest is shown: it says more of what was handed over, asks the
        question that was handed over and has a fitting length.
    """

    ok: bool
    reasons: list[Reason] = field(default_factory=list)
    rank: float = 0.0


class Desk:
    """What draws to one case are held against, prepared once for all of them.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read; ``category``, ``note`` and
        ``red_flag`` are not.
    deck : sequence of cards
        The app's own.
    points : Points, optional
        What the model was handed; left out, what the rules hand it.
    """

    def __init__(
        self,
        case: dict[str, Any],
        deck: Sequence[dict[str, Any]] = (),
        points: Points | None = None,
    ) -> None:
        if points is None:
            from josi_utils.guard.points import talking_points

            points = talking_points(case, deck)
        self.case, self.deck, self.points = case, deck, points

    @cached_property
    def wants(self) -> dict[str, bool]:
        """What the athlete wants."""
        return intent(self.case)

    @cached_property
    def licence(self) -> Licence:
        """What a reply may claim."""
        said = {"message": f"{self.case.get('message') or ''}\n{self.points.say}"}
        return licence_of({**self.case, **said}, self.deck)

    @cached_property
    def reader(self) -> Reader:
        """What was handed over, ready to be found in a draw."""
        return Reader(self.case, self.points, self.wants)


def _form(draw: str, finished: bool) -> list[tuple[str, str]]:
    low, high = load("accept")["words"]
    count = count_words(draw)
    found = []
    if not finished:
        found.append(("end", "was cut off"))
    elif not _ENDS.search(draw):
        found.append(("end", "does not end with a sentence"))
    if count < low:
        found.append(("length", f"{count} words are too few"))
    if count > high:
        found.append(("length", f"{count} words are too many"))
    questions = len(re.findall(r"\?+", draw))
    if not 1 <= questions <= 2:
        found.append(("question", f"asks {questions} questions"))
    elif not re.search(r"\?[^\w?]*$", draw):
        found.append(("question", "does not end with its question"))
    if any(mark in draw for mark in _CONTROL):
        found.append(("control", "shows the prompt's marks"))
    if "\n\n" in draw or re.search(r"^\s*(?:[-*#•]|\d+[.)])\s", draw, re.MULTILINE):
        found.append(("form", "is a list, not a message"))
    return found


def accept(
    case: dict[str, Any],
    draw: str,
    *,
    finished: bool = True,
    deck: Sequence[dict[str, Any]] = (),
    points: Points | None = None,
) -> Verdict:
    """Accept or refuse one draw of the model.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read.
    draw : str
        The reply as drawn.
    finished : bool
        Whether the model ended it by itself.
    deck : sequence of cards
        The app's own.
    points : Points, optional
        What the model was handed over for it; left out, what the rules hand it.

    Returns
    -------
    Verdict
        Not ok with every reason found, each with its span in ``draw``.
    """
    return judge(Desk(case, deck, points), draw, finished=finished)


def judge(desk: Desk, draw: str, *, finished: bool = True) -> Verdict:
    """Accept or refuse one draw for a case that is prepared; see :func:`accept`."""
    draw = draw.strip()
    tokens = tokenise(draw)
    reasons = [Reason(rule, why) for rule, why in _form(draw, finished)]
    if not tokens:
        return Verdict(False, [*reasons, Reason("empty", "says nothing")])
    if len(tokens) > MOST_TOKENS:
        return Verdict(False, [*reasons, Reason("length", "is far too long")])
    reading = desk.reader.read(draw, tokens)
    for rule, why, first, last in _problems(desk, draw, tokens, reading):
        if last <= first:
            reasons.append(Reason(rule, why))
            continue
        start, end = tokens[first].start, tokens[last - 1].end
        reasons.append(Reason(rule, why, start, end, draw[start:end]))
    return Verdict(not reasons, reasons, _rank(draw, reading))


def _problems(
    desk: Desk, draw: str, tokens: Sequence[Token], reading: Reading
) -> list[tuple[str, str, int, int]]:
    """Return everything wrong with what a draw says, as (rule, why, first word, last + 1)."""
    case, licence, wants = desk.case, desk.licence, desk.wants
    hits = hits_of(tokens)
    claims = [("number", *p) for p in number_problems(tokens, hits, licence)]
    claims += [("session", *p) for p in session_problems(case, tokens, hits, licence)]
    claims += [("state", *p) for p in state_problems(case, tokens, hits, licence)]
    claims += [("stance", *p) for p in stance_problems(case, wants, tokens, hits)]
    # What was handed over word for word is the rules' own, and no claim of the model.
    given = reading.given()
    found = [c for c in claims if c[2] >= c[3] or not given.issuperset(range(c[2], c[3]))]
    found += [("leak", *p) for p in leaks(case, wants, draw, tokens, hits)]
    if desk.points.training:
        found += [("missing", why, 0, 0) for why in missing_facts(case, tokens, hits)]
    found += [("stance", why, 0, 0) for why in desk.reader.unsaid(reading)]
    for hit in hits:
        place = (hit.start, hit.end)
        if hit.family == "HELP_STRONG" and hit.family not in licence.families:
            found.append(("help", "calls for help where triage found no need", *place))
        if (
            hit.family == "SCOLD"
            and "SCOLD" not in licence.families
            and not negated_before(hit, hits)
        ):
            found.append(("tone", "is not kind", *place))
    for first, last in reading.stray:
        asks = "?" in draw[tokens[first].start : tokens[last - 1].end + 2]
        found.append(
            ("question", "asks what nobody handed over", first, last)
            if asks
            else ("sense", "says what was not handed over", first, last)
        )
    found += [("loop", "repeats itself", first, last) for first, last in reading.repeated]
    return found


def _rank(draw: str, reading: Reading) -> float:
    """Return how good an accepted draw is, as :class:`Verdict` states it; higher is better."""
    said = {(p.source, p.number) for p in reading.pieces if p.source in ("say", "card")}
    asked = any(piece.source == "ask" for piece in reading.pieces)
    fit = 1.0 - abs(count_words(draw) - 48) / 48
    return round(0.5 * min(len(said), 4) + 0.5 * asked + fit, 3)
