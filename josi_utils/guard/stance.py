"""Does a draw go along with what it must not, or refuse what it must not?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.guard.intent import against_score
from josi_utils.guard.licence import quantities
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.phrases import NEGATION, NEGATION_REACH, Hit

#: From this score on a plain "yes" is refused (see :func:`josi_utils.guard.intent.against_score`).
MAYBE_AGAINST = -1.0


def stance_problems(
    case: dict[str, Any], wants: dict[str, bool], tokens: Sequence[Token], hits: Sequence[Hit]
) -> list[tuple[str, int, int]]:
    """Return where the reply goes along with what it must not, or refuses what it must not."""
    found: list[tuple[str, int, int]] = []
    families = {h.family for h in hits}
    goal = (case.get("decision") or {}).get("goal") or {}
    yes = next((h for h in hits if h.family == "YES" and h.start < 12), None)
    agree = [h for h in hits if h.family == "AGREE" and not negated_before(h, hits)]
    if wants["against"]:
        if "PUSHBACK" not in families:
            found.append(("goes along with a request against the plan", 0, 0))
        if yes:
            found.append(("says yes to a request against the plan", yes.start, yes.end))
        found += [
            ("agrees with a request against the plan", h.start, h.end)
            for h in agree
            if tokens[h.start].sentence < 2
        ]
    if wants["unrealistic"]:
        if "TOO_MUCH" not in families:
            found.append(("does not push back on a goal that is too much", 0, 0))
        found += [
            ("cheers a goal that is too much", h.start, h.end)
            for h in hits
            if h.family == "CLAIM_ON_TRACK"
        ]
        if yes:
            found.append(("says yes to a goal that is too much", yes.start, yes.end))
        if goal.get("alternative") and not _mentions(goal["alternative"], tokens):
            found.append(("does not offer the plan's alternative", 0, 0))
    elif not wants["against"]:
        found += _agrees_to_more(case, tokens, hits)
        if yes and agree and against_score(case) >= MAYBE_AGAINST:
            found.append(("says yes to what may go against the plan", yes.start, yes.end))
    if (
        not wants["unrealistic"]
        and not wants["against"]
        and goal.get("verdict") in ("on_track", "ambitious")
    ):
        found += [
            ("pushes back on a sensible goal", h.start, h.end)
            for h in hits
            if h.family == "TOO_MUCH_STRONG"
            and not negated_before(h, hits)
            and _about_goal(h, tokens)
        ]
    return found


def _agrees_to_more(
    case: dict[str, Any], tokens: Sequence[Token], hits: Sequence[Hit]
) -> list[tuple[str, int, int]]:
    """Return where a sentence that says yes names more than the decision has."""
    session = (case.get("decision") or {}).get("session") or {}
    if not session:
        return []
    found = []
    saying = {
        tokens[h.start].sentence
        for h in hits
        if h.family in ("YES", "AGREE") and not negated_before(h, hits)
    }
    for quantity in quantities(tokens):
        if tokens[quantity.at].sentence not in saying:
            continue
        dimension, value = quantity.base
        more = (
            dimension == "time"
            and quantity.unit != "seconds"
            and value > (session.get("minutes") or 0) * 1.1
            and session["kind"] not in ("race", "test")
        ) or (dimension == "zone" and value > (session.get("zone") or 9))
        if (more and value >= 10) or (more and dimension == "zone"):
            found.append(("agrees to more than the plan has", quantity.at, quantity.at + 1))
    return found


def _about_goal(hit: Hit, tokens: Sequence[Token]) -> bool:
    """Tell whether a sentence speaks of the goal: its weeks, not a day of the plan."""
    same = {t.text for t in tokens if t.sentence == tokens[hit.start].sentence}
    return bool(same & {"weeks", "months", "goal", "target", "week"}) and not same & {
        "today",
        "plan",
    }


def negated_before(hit: Hit, hits: Sequence[Hit]) -> bool:
    """Tell whether a negation stands up to three words before a hit, across commas too."""
    first = hit.start - NEGATION_REACH
    return any(h.family == NEGATION and first <= h.start < hit.start for h in hits)


def _mentions(text: str, tokens: Sequence[Token]) -> bool:
    """Tell whether a reply has at least half of the telling words of ``text``."""
    said = {t.text for t in tokens}
    wanted = [t.text for t in tokenise(text) if len(t.text) > 3 or t.text[0].isdigit()]
    return not wanted or sum(w in said for w in wanted) * 2 >= len(wanted)
