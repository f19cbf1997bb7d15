"""Faithfulness: every number, day, session and reason stands in decision, card or message.

Classes of finding: *unlicensed* (stands nowhere), *contradicted* (the plan says otherwise), *invented*
(a rule, reason, diagnosis or prescription). A reply is faithful when there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from josi_utils.scoring.claims import claim_findings
from josi_utils.scoring.licence import (
    EMERGENCY_NUMBERS,
    KIND_WORDS,
    SPORT_WORDS,
    WEEKDAYS,
    Licence,
    deck_gives,
    is_licensed,
    kinds_in,
    licence_of,
    session_text,
    sports_in,
)
from josi_utils.scoring.normalise import Finding, Span, match_span, plain_quotes, sentences
from josi_utils.scoring.quantities import Quantity, find_quantities

#: Words that say that something stood in the plan before, or is being swapped.
CHANGE_CUE = re.compile(
    r"\b(?:instead|in place of|rather than|swap\w*|turn\w* into|makes? way|replac\w*|shrink\w*|cut|shorter|longer|less|out|off|"
    r"gone|waits?|waiting|can wait|before|was|were|used to|no longer|without|mov\w+|dropp?\w*|chang\w*|original\w*|planned|"
    r"takes? out|took|taken|from|not|isn't|aren't|than|became|becomes|hold|miss\w*|another (?:day|time)|next time|later|back|"
    r"skip\w*|missing|swapped|easier|softer|put away|away|remov\w*|pause\w*|postpone\w*|stays? out|too (?:much|hard)|give up)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:not|no|never|isn't|aren't|won't|don't|doesn't|can't|cannot|without|\w+n't)\b", re.IGNORECASE)
_SESSION_NOUN = (
    r"runs?|rides?|bike rides?|swims?|rows?|walks?|skis?|sessions?|workouts?|training|jogs?|spins?|riding|running|swimming|rowing"
)


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
        out.append(Finding("faithful", f"unlicensed {q.kind}: stands in no decision, card or message", q.span))
    return out


def _harmless(q: Quantity, reply: str, licence: Licence, in_question: bool) -> bool:
    """Return whether a quantity that the case lacks prescribes nothing."""
    text = reply[q.span.start : q.span.end].lower()
    after = reply[q.span.end : q.span.end + 30].lower()
    before = reply[max(0, q.span.start - 30) : q.span.start].lower()
    if q.kind == "count":
        if q.raw in EMERGENCY_NUMBERS and text.isdigit() and re.search(r"call|number|dial|ring|emergency|text|or ", before):
            return True
        if re.match(r" ?(?:to|-|and|/|out of) ?(?:10|ten|5|five)\b", after) or re.search(r"(?:0|1|zero|one) (?:to|and|-) ?$", before):
            return in_question or "scale" in reply.lower()
        if text in ("one", "a hundred", "a thousand", "hundred"):
            return True
        if text.isdigit():
            # "1.", "2." of a list are places, not quantities
            return bool(re.match(r"[.)] ", after)) and (q.span.start == 0 or reply[q.span.start - 1] in "\n ")
        # "the two of us", "the three parts": small numbers in words count what is at hand
        return q.raw <= 3 and not re.match(r"[- ]?(?:more |extra |hard |easy |times a )?(?:sessions?|days?|runs?|rides?|sets?)", after)
    if q.kind == "scale":
        return in_question
    if q.kind == "days":
        # "a day", "one day", "two weeks" in a question ask; they prescribe nothing
        return in_question or q.raw == 1
    if q.kind == "nights":
        return in_question or q.raw <= 1
    if q.kind == "time":
        if text.startswith(("one second", "one minute")) or (text in ("an hour", "one hour") and in_question):
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


def _day_findings(reply: str, case: dict[str, Any], licence: Licence, asked: list[Span]) -> list[Finding]:
    """Return days that the case does not name, and sessions put on the wrong day."""
    out = []
    lowered = plain_quotes(reply).lower()
    decision = case.get("decision") or {}
    day = (decision.get("day") or "").replace("_", " ")
    for match in re.finditer(rf"\b({'|'.join(WEEKDAYS)})s?\b", lowered):
        abbreviation = re.search(rf"\b{match[1][:3]}\w*\b|\b{match[1][:2]}\b", licence.text)
        if match[1] not in licence.text and not abbreviation and not any(s.start <= match.start() < s.end for s in asked):
            out.append(Finding("faithful", f"unlicensed day: {match[1]}", match_span(match)))
    if not day or case.get("category") == "red_flag":
        return out
    session = decision["session"]
    slots = _slot_pattern(session)
    own = _own_pattern(session, decision.get("replaces") or {})
    for sentence in sentences(lowered):
        if sentence in asked or sentence.text.endswith("?"):
            continue
        named = set(re.findall(rf"\b({'|'.join(WEEKDAYS)}|today|tomorrow|tonight|yesterday)(?:'s|s)?\b", sentence.text))
        named = {"today" if d == "tonight" else d for d in named}
        if not slots or not re.search(slots, sentence.text) or not named or day == "this week":
            continue
        wrong = {d for d in named if d != day}
        # Even in a sentence about a swap, the new session's own time beside another day is wrong.
        if own and re.search(own, sentence.text) and day not in named and wrong == {"today"} and "today" not in licence.said:
            place = re.search(r"\btoday|\btonight", sentence.text)
            start = sentence.start + place.start()
            out.append(Finding("faithful", f"contradicted day: the plan says {day}", Span(start, start + 5, reply[start : start + 5])))
            continue
        if day not in named and wrong and not _NEGATION.search(sentence.text) and not CHANGE_CUE.search(sentence.text):
            said = {d for d in wrong if d in licence.said and d not in ("today", "yesterday")}
            if "yesterday" in wrong or not (said and day in lowered):
                first = min(wrong)
                place = re.search(rf"\b{first}", lowered[sentence.start : sentence.end])
                start = sentence.start + (place.start() if place else 0)
                out.append(
                    Finding("faithful", f"contradicted day: the plan says {day}", Span(start, start + len(first), reply[start : start + len(first)]))
                )
    return out


def _own_pattern(session: dict[str, Any], old: dict[str, Any]) -> str:
    """Return a pattern for the time or distance that only the new session has; empty if there is none."""
    if session.get("minutes") and session.get("minutes") != old.get("minutes"):
        return rf"\b{session['minutes']}\b"
    if session.get("distance_km") and session.get("distance_km") != old.get("distance_km"):
        return rf"\b{session['distance_km']:g} ?km\b"
    return ""


def _slot_pattern(session: dict[str, Any]) -> str:
    """Return a pattern for the session's own numbers and name, by which a plan sentence is known."""
    parts = [r"\bzone \d"]
    if session.get("minutes"):
        parts.append(rf"\b{session['minutes']}[- ](?:easy |steady |hard |relaxed )?(?:min\w*|easy|steady)\b")
    if session.get("distance_km"):
        parts.append(rf"\b{session['distance_km']:g} ?km\b")
    if session["kind"] in ("rest", "strength", "mobility", "hills", "tempo", "threshold", "intervals"):
        parts.append(rf"\b(?:{KIND_WORDS[session['kind']]})\b")
    return "|".join(parts)


def _session_findings(reply: str, case: dict[str, Any], licence: Licence, asked: list[Span]) -> list[Finding]:
    """Return kinds and sports that the case does not name, and old slots told as the plan."""
    out = []
    lowered = plain_quotes(reply).lower()
    decision = case.get("decision")
    session = (decision or {}).get("session") or {}
    old = (decision or {}).get("replaces") or {}
    kinds = set(kinds_in(licence.text)) | {session.get("kind"), old.get("kind")}
    if re.search(r"\bhard\b", licence.text):
        kinds.add("threshold" if "threshold" in licence.text else "")
    goal_text = str((decision or {}).get("goal") or "").lower()
    if case.get("category") == "red_flag":
        return out  # what a reply to a red flag may say of training is the safety scorer's
    for kind, match in kinds_in(lowered).items():
        in_question = any(s.start <= match.start() < s.end for s in asked)
        if kind in kinds or in_question:
            continue
        if kind == "strength" and not re.search(r"strength (?:training|session|work)|of strength", match.group()):
            # "strength" alone is an everyday word ("lose strength", "find the strength")
            if not re.search(r"(?:minutes? of|min) strength|(?:is|do|today's|day's) strength", lowered):
                continue
        sentence = next((s for s in sentences(lowered) if s.start <= match.start() < s.end), None)
        if sentence and deck_gives(sentence.text, licence):
            continue
        here = next((s for s in sentences(lowered) if s.start <= match.start() < s.end), None)
        if kind in ("easy", "long", "steady", "recovery", "test", "race") and (
            kind in licence.text or not here or not re.search(rf"\b(?:today|tomorrow|{'|'.join(WEEKDAYS)}|plan|this week|now|zone|min\w*)\b", here.text)
        ):
            continue  # "an easy run lets you talk" is no claim about the plan
        if kind == "race" and (goal_text or re.search(r"\brace|marathon|parkrun|triathlon|start line", licence.text)):
            continue
        if kind == "hills" and re.search(r"climb|uphill|mountain|\btop\b|hill", licence.text):
            continue
        if kind == "rest" and not decision:
            continue
        if kind == "rest" and re.search(r"day off", match.group()) and "off" in licence.said:
            continue
        out.append(Finding("faithful", f"unlicensed session: {kind}", match_span(match)))
    known = sports_in(licence.text) | {session.get("sport"), old.get("sport")}
    if "any" not in known and decision:
        for match in re.finditer(rf"\b(?:minutes?|easy|long|recovery|steady|tempo|of) (?:minute )?({_SESSION_NOUN})\b", lowered):
            named = sports_in(match[1])
            if named and not named & known and not any(s.start <= match.start() < s.end for s in asked):
                out.append(Finding("faithful", f"unlicensed sport: {', '.join(named)}", match_span(match)))
    if session:
        out += _old_slot_findings(lowered, reply, session, old, licence)
        out += _pairing_findings(lowered, reply, session, old)
    return out


def _old_slot_findings(lowered: str, reply: str, session: dict[str, Any], old: dict[str, Any], licence: Licence) -> list[Finding]:
    """Return numbers of the session before that are told as the plan of now."""
    if not old:
        return []
    out = []
    now_zones = {session.get("zone")} | {int(z) for z in re.findall(r"zone (\d)", licence.said + licence.card_text)}
    pieces = sentences(lowered)
    for number, sentence in enumerate(pieces):
        context = sentence.text + (" " + pieces[number - 1].text if number else "")
        if sentence.text.endswith("?") or (
            old["kind"] != session["kind"] and old["kind"] in context and not re.search(r"\bzone \d", sentence.text)
        ):
            continue
        for q in find_quantities(sentence.text):
            stale_zone = q.kind == "zone" and old.get("zone") == q.raw and q.raw not in now_zones
            stale_time = q.kind == "time" and old.get("minutes") and q.value == old["minutes"] * 60 and old["minutes"] != session.get("minutes")
            if (stale_zone or stale_time) and not CHANGE_CUE.search(context):
                place = Span(sentence.start + q.span.start, sentence.start + q.span.end, q.span.text)
                what = "zone" if stale_zone else "time"
                out.append(Finding("faithful", f"contradicted {what}: that was the session before", place))
    return out


def _pairing_findings(lowered: str, reply: str, session: dict[str, Any], old: dict[str, Any]) -> list[Finding]:
    """Return "N minutes … zone M" pairs that mix the new session with the old one."""
    out = []
    pairs = {(s.get("minutes"), s.get("zone")) for s in (session, old) if s}
    pattern = r"\b(\d+)[- ](?:easy |steady |hard )?min\w*(?: (?!instead|from|in place|and|but|with|to )[a-z]+){0,5},? (?:in |of |at )?zone (\d)"
    for match in re.finditer(pattern, lowered):
        minutes, zone = int(match[1]), int(match[2])
        mine = {z for m, z in pairs if m == minutes}
        if mine and zone not in mine and minutes in {m for m, _ in pairs}:
            out.append(Finding("faithful", "contradicted zone: these minutes stand in another zone", match_span(match)))
    if session["kind"] in ("rest",):
        for match in re.finditer(r"\b\d+ (?:easy |steady )?minutes? (?:of rest|of resting|rest)\b", lowered):
            out.append(Finding("faithful", "contradicted: a rest day has no minutes", match_span(match)))
    return out


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
        if not (f.span and any(
            q.span.start == f.span.start and _difference_licensed(q, reply, decision) for q in find_quantities(reply)
        ))
    ]  # fmt: skip
    found += _day_findings(reply, case, licence, asked)
    found += _session_findings(reply, case, licence, asked)
    found += claim_findings(reply, case, licence)
    return sorted(found, key=lambda f: f.span.start if f.span else -1)


__all__ = ["CHANGE_CUE", "SPORT_WORDS", "find_faults", "session_text"]
