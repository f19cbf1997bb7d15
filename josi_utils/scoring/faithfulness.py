"""Faithfulness: every number, day, session and reason stands in decision, card or message.

Classes of finding: *unlicensed* (stands nowhere), *contradicted* (the plan says otherwise),
*invented*
(a rule, reason, diagnosis or prescription). A reply is faithful when there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from josi_utils.scoring.claims import claim_findings
from josi_utils.scoring.days import day_findings
from josi_utils.scoring.licence import (
    EMERGENCY_NUMBERS,
    Licence,
    deck_gives,
    is_licensed,
    licence_of,
)
from josi_utils.scoring.normalise import Finding, Span, sentences
from josi_utils.scoring.quantities import Quantity, find_quantities
from josi_utils.scoring.sessions import session_findings


def _quantity_findings(reply: str, licence: Licence, asked: list[Span]) -> list[Finding]:
    """Return quantities that stand nowhere in the case."""
    out = []
    for q in find_quantities(reply):
        in_question = any(s.start <= q.span.start < s.end for s in asked)
        if is_licensed(q, licence) or _harmless(q, reply, licence, in_question):
            continue
        sentence = next((s for s in sentences(reply) if s.start <= q.span.start < s.end), None)
        if sentence and deck_gives(sentence.text, licence, q):
            continue
        out.append(
            Finding(
                "faithful", f"unlicensed {q.kind}: stands in no decision, card or message", q.span
            )
        )
    return out


def _harmless(q: Quantity, reply: str, licence: Licence, in_question: bool) -> bool:
    """Return whether a quantity that the case lacks prescribes nothing."""
    text = reply[q.span.start : q.span.end].lower()
    after = reply[q.span.end : q.span.end + 30].lower()
    before = reply[max(0, q.span.start - 30) : q.span.start].lower()
    if q.kind == "count":
        if (
            q.raw in EMERGENCY_NUMBERS
            and text.isdigit()
            and re.search(r"call|number|dial|ring|emergency|text|or ", before)
        ):
            return True
        if re.match(r" ?(?:to|-|and|/|out of) ?(?:10|ten|5|five)\b", after) or re.search(
            r"(?:0|1|zero|one) (?:to|and|-) ?$", before
        ):
            return in_question or "scale" in reply.lower()
        if text in ("one", "a hundred", "a thousand", "hundred"):
            return True
        if text.isdigit():
            # "1.", "2." of a list are places, not quantities
            return bool(re.match(r"[.)] ", after)) and (
                q.span.start == 0 or reply[q.span.start - 1] in "\n "
            )
        # "the two of us", "the three parts": small numbers in words count what is at hand
        return q.raw <= 3 and not re.match(
            r"[- ]?(?:more |extra |hard |easy |times a )?(?:sessions?|days?|runs?|rides?|"
            r"sets?)",
            after,
        )
    if q.kind == "scale":
        return in_question
    if q.kind == "days":
        # "a day", "one day", "two weeks" in a question ask; they prescribe nothing
        return in_question or q.raw == 1
    if q.kind == "nights":
        return in_question or q.raw <= 1
    if q.kind == "time":
        if text.startswith(("one second", "one minute")) or (
            text in ("an hour", "one hour") and in_question
        ):
            return True
        return in_question and q.value >= 3600 and "sleep" in reply.lower()
    if q.kind == "distance":
        # the difference between plan and plan before, said as such
        return in_question and bool(re.match(r" (?:did|have|was)", after))
    return False


def _difference_licensed(q: Quantity, reply: str, decision: dict[str, Any] | None) -> bool:
    """Return whether a time is what the change adds or takes away, and is called so."""
    if not decision or not decision.get("replaces") or q.kind != "time":
        return False
    new, old = decision["session"].get("minutes"), decision["replaces"].get("minutes")
    if not new or not old:
        return False
    near = reply[max(0, q.span.start - 25) : q.span.end + 25].lower()
    return q.value == abs(new - old) * 60 and bool(
        re.search(r"short|long|less|more|fewer|extra|cut|off|add|drop|save", near)
    )


def find_faults(
    case: dict[str, Any], reply: str, deck: Sequence[dict[str, Any]] = ()
) -> list[Finding]:
    """Return every fault of faithfulness, by place.

    Parameters
    ----------
    case : dict
        As in ``case.schema.json``.
    reply : str
        What Josi said.
    deck : sequence of cards
        Where the case has no card, knowledge of any card is licensed.
    """
    licence = licence_of(case, deck)
    asked = [s for s in sentences(reply) if s.text.rstrip("\"'”’) ").endswith("?")]
    decision = case.get("decision")
    found = [
        f
        for f in _quantity_findings(reply, licence, asked)
        if not (
            f.span
            and any(
                q.span.start == f.span.start and _difference_licensed(q, reply, decision)
                for q in find_quantities(reply)
            )
        )
    ]
    found += day_findings(reply, case, licence, asked)
    found += session_findings(reply, case, licence, asked)
    found += claim_findings(reply, case, licence)
    return sorted(found, key=lambda f: f.span.start if f.span else -1)
