"""What a draw claims against what the case licenses: numbers, session, days, reasons, signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.guard.licence import DAYS, Licence, accept_phrases, quantities
from josi_utils.guard.normalise import Token
from josi_utils.guard.phrases import Hit

#: Families that speak of a kind of session, in the decision's names.
KINDS: tuple[str, ...] = (
    "rest",
    "recovery",
    "easy",
    "long",
    "steady",
    "tempo",
    "threshold",
    "intervals",
    "hills",
    "strength",
    "mobility",
    "test",
    "race",
)
#: Kinds that only a plan has; "easy", "long" and "rest" are everyday words too.
_NAMED_KINDS = frozenset(
    f"KIND_{k}" for k in ("tempo", "threshold", "intervals", "hills", "mobility", "test")
)
Problem = tuple[str, int, int]  # reason, first word, last word + 1


def number_problems(
    tokens: Sequence[Token], hits: Sequence[Hit], licence: Licence
) -> list[Problem]:
    """Return the numbers that nothing licenses; a card's number is none of the plan's."""
    found: list[Problem] = []
    plan = {tokens[h.start].sentence for h in hits if h.family == "PLAN_CLAIM"}
    for quantity in quantities(tokens):
        if quantity.unit == "zone":
            known = licence.quantities | licence.deck_quantities
            if ("zone", quantity.value) not in known and (
                f"ZONE{quantity.value:g}" not in licence.families
            ):
                found.append(
                    (f"zone {quantity.value:g} stands nowhere", quantity.at, quantity.at + 1)
                )
            continue
        if quantity.base in licence.quantities or quantity.value in licence.values:
            continue
        knowledge = tokens[quantity.at].sentence not in plan
        if knowledge and quantity.base in licence.deck_quantities:
            continue
        if quantity.value in (0, 1):
            continue
        found.append(
            (f"the number {quantity.value:g} stands nowhere", quantity.at, quantity.at + 1)
        )
    return found


def session_problems(
    case: dict[str, Any], tokens: Sequence[Token], hits: Sequence[Hit], licence: Licence
) -> list[Problem]:
    """Return kinds, sports and zones that are not this decision's, and a swap with the old plan."""
    found: list[Problem] = []
    decision = case.get("decision")
    session = (decision or {}).get("session") or {}
    replaces = (decision or {}).get("replaces") or {}
    allowed = {f"KIND_{session.get('kind')}", f"KIND_{replaces.get('kind')}"}
    known = allowed | licence.families | licence.deck_families
    for hit in hits:
        if hit.family in _NAMED_KINDS and hit.family not in known:
            found.append((f"{hit.family[5:]} session stands nowhere", hit.start, hit.end))
    for index in {t.sentence for t in tokens}:
        found += _sentence_problems(decision, session, replaces, index, tokens, hits, licence)
    return found


def _sentence_problems(
    decision: dict[str, Any] | None,
    session: dict[str, Any],
    replaces: dict[str, Any],
    index: int,
    tokens: Sequence[Token],
    hits: Sequence[Hit],
    licence: Licence,
) -> list[Problem]:
    """Return what one sentence gets wrong about the decided session."""
    places = [i for i, t in enumerate(tokens) if t.sentence == index]
    first, last = places[0], places[-1] + 1
    inside = [h for h in hits if first <= h.start < last]
    families = {h.family for h in inside}
    words = {tokens[i].text for i in places}
    claims = "PLAN_CLAIM" in families
    kinds = {k for k in KINDS if f"KIND_{k}" in families}
    zones = [q for q in quantities(tokens[first:last]) if q.unit == "zone"]
    minutes = [
        q for q in quantities(tokens[first:last]) if q.base[0] == "time" and q.unit != "seconds"
    ]
    if not decision:
        if (
            claims
            and (kinds or zones or minutes)
            and not (kinds & {k for k in KINDS if f"KIND_{k}" in licence.families})
        ):
            return [("gives a session where none was decided", first, last)]
        return []
    found: list[Problem] = []
    about_old = bool(
        words
        & {
            "replaces",
            "replaced",
            "was",
            "before",
            "instead",
            "off",
            "not",
            "no",
            "but",
            "without",
            "from",
            "changed",
            "were",
            "want",
            "wanted",
            "would",
            "missed",
            "gone",
            "shorter",
            "out",
            "back",
            "smaller",
            "of",
            "than",
            "to",
            "dont",
            "cant",
        }
    )
    if claims and not about_old:
        kind = session["kind"]
        same = {kind} | ({"easy"} if kind in ("recovery", "long") else set())
        if kinds and not kinds & same and not kinds & {"race"}:
            found.append((f"says {sorted(kinds)[0]}, the plan says {kind}", first, last))
    # A day with a session fact must be the decision's day.
    named = [d for d in DAYS if d in words]
    fact = claims and (zones or minutes or kinds)
    if (
        fact
        and named
        and decision["day"] in DAYS
        and decision["day"] not in named
        and not about_old
    ):
        found.append((f"says {named[0]}, the plan says {decision['day']}", first, last))
    for zone in zones:
        if (
            session.get("zone")
            and zone.value not in (session["zone"], replaces.get("zone"))
            and claims
        ):
            found.append(
                (f"says zone {zone.value:g}, the plan says zone {session['zone']}", first, last)
            )
    if session["kind"] == "rest" and claims and not about_old and kinds - {"rest", "race"}:
        found.append(("gives a session on a rest day", first, last))
    return found


def missing_facts(case: dict[str, Any], tokens: Sequence[Token], hits: Sequence[Hit]) -> list[str]:
    """Return what the reply leaves out of the decided session: minutes, distance, zone or kind."""
    decision = case.get("decision")
    if not decision:
        return []
    session = decision["session"]
    said = quantities(tokens)
    families = {h.family for h in hits}
    missing = []
    if session["kind"] == "rest":
        if not families & {"KIND_rest", "REST_CLAIM"} and not any(
            t.text in ("rest", "resting") for t in tokens
        ):
            missing.append("does not say that it is a rest day")
        return missing
    if session.get("minutes") and not any(
        q.base == ("time", float(session["minutes"])) or q.value == session["minutes"] for q in said
    ):
        missing.append(f"does not say {session['minutes']} minutes")
    elif (
        session.get("distance_km")
        and not session.get("minutes")
        and not any(q.value == session["distance_km"] for q in said)
    ):
        missing.append(f"does not say {session['distance_km']:g} km")
    if session.get("zone") and f"ZONE{session['zone']}" not in families:
        missing.append(f"does not say zone {session['zone']}")
    return missing


def state_problems(
    case: dict[str, Any], tokens: Sequence[Token], hits: Sequence[Hit], licence: Licence
) -> list[Problem]:
    """Return reasons, colours, phases and verdicts that nothing licenses."""
    decision = case.get("decision") or {}
    reasons = {f"REASON_{r}" for r in decision.get("reasons") or []}
    colour = f"COLOUR_{decision['readiness']}" if decision.get("readiness") else None
    phase = f"PHASE_{decision['phase']}" if decision.get("phase") else None
    verdict = (decision.get("goal") or {}).get("verdict")
    found: list[Problem] = []
    for hit in hits:
        family = hit.family
        if family in licence.families or family in licence.deck_families:
            continue
        place = (hit.start, hit.end)
        if family.startswith("REASON_") and family not in reasons:
            if family == "REASON_planned_recovery_week" and phase == "PHASE_recovery":
                continue
            found.append(
                (f"gives a reason that stands nowhere: {family[7:].replace('_', ' ')}", *place)
            )
        elif family.startswith("COLOUR_") and family != colour:
            found.append(("gives a colour that stands nowhere", *place))
        elif family.startswith("PHASE_") and family != phase:
            found.append(("gives a phase that stands nowhere", *place))
        elif family == "CLAIM_ON_TRACK" and verdict != "on_track":
            found.append(("says on track, which the plan does not", *place))
        elif family == "CLAIM_AMBITIOUS" and verdict != "ambitious":
            found.append(("says ambitious, which the plan does not", *place))
    return found


def hits_of(tokens: Sequence[Token]) -> list[Hit]:
    """Return the families of ``accept.json`` in a text."""
    return accept_phrases().hits(tokens)
