"""Kinds and sports: which session does the reply speak of, and is it the one that stands?"""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.days import CHANGE_CUE
from josi_utils.scoring.licence import (
    WEEKDAYS,
    Licence,
    deck_gives,
    kinds_in,
    sports_in,
)
from josi_utils.scoring.normalise import Finding, Span, match_span, plain_quotes, sentences
from josi_utils.scoring.quantities import find_quantities

_SESSION_NOUN = (
    r"runs?|rides?|bike rides?|swims?|rows?|walks?|skis?|sessions?|workouts?|training|jogs?|"
    r"spins?|riding|running|swimming|rowing"
)
#: What athletes call events among themselves.
_SHORT_EVENTS = {
    "half marathon": r"\bhalf\b|21\.1|13\.1",
    "marathon": r"26\.2|42\.2|\b42 ?k",
    "triathlon": r"\btri\b|ironman|kona",
}
#: Events that nobody but the athlete or the engine may bring up.
_EVENT = re.compile(
    r"\b(?:half[- ]marathon|marathon|triathlon|ironman|parkrun|time trial|wedding|holiday|"
    r"baby)\b"
)


def session_findings(
    reply: str, case: dict[str, Any], licence: Licence, asked: list[Span]
) -> list[Finding]:
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
        # "strength" alone is an everyday word ("lose strength", "find the strength")
        if match.group() == "strength" and not re.search(
            r"(?:minutes? of|min) strength|(?:is|do|today's|day's) strength", lowered
        ):
            continue
        sentence = next((s for s in sentences(lowered) if s.start <= match.start() < s.end), None)
        if sentence and deck_gives(sentence.text, licence):
            continue
        here = next((s for s in sentences(lowered) if s.start <= match.start() < s.end), None)
        if kind in ("easy", "long", "steady", "recovery", "test", "race") and (
            kind in licence.text
            or not here
            or not re.search(
                rf"\b(?:today|tomorrow|{'|'.join(WEEKDAYS)}|plan|this week|now|zone|min\w*)\b",
                here.text,
            )
        ):
            continue  # "an easy run lets you talk" is no claim about the plan
        if kind == "race" and (
            goal_text or re.search(r"\brace|marathon|parkrun|triathlon|start line", licence.text)
        ):
            continue
        if kind == "hills" and re.search(r"climb|uphill|mountain|\btop\b|hill", licence.text):
            continue
        if kind == "rest" and not decision:
            continue
        if kind == "rest" and re.search(r"day off", match.group()) and "off" in licence.said:
            continue
        out.append(Finding("faithful", f"unlicensed session: {kind}", match_span(match)))
    for match in _EVENT.finditer(lowered):
        short = _SHORT_EVENTS.get(re.sub(r"-", " ", match.group()))
        if short and re.search(short, licence.text):
            continue
        if not any(s.start <= match.start() < s.end for s in asked) and re.sub(
            r"[- ]", "", match.group()
        ) not in re.sub(r"[- ]", "", licence.text):
            out.append(Finding("faithful", f"unlicensed event: {match.group()}", match_span(match)))
    known = sports_in(licence.text) | {session.get("sport"), old.get("sport")}
    if "any" not in known and decision:
        for match in re.finditer(
            rf"\b(?:minutes?|easy|long|recovery|steady|tempo|of) (?:minute "
            rf")?({_SESSION_NOUN})\b",
            lowered,
        ):
            named = sports_in(match[1])
            if (
                named
                and not named & known
                and not any(s.start <= match.start() < s.end for s in asked)
            ):
                out.append(
                    Finding("faithful", f"unlicensed sport: {', '.join(named)}", match_span(match))
                )
    if session:
        out += _old_slot_findings(lowered, reply, session, old, licence)
        out += _pairing_findings(lowered, reply, session, old)
    return out


def _old_slot_findings(
    lowered: str, reply: str, session: dict[str, Any], old: dict[str, Any], licence: Licence
) -> list[Finding]:
    """Return numbers of the session before that are told as the plan of now."""
    if not old:
        return []
    out = []
    now_zones = {session.get("zone")} | {
        int(z) for z in re.findall(r"zone (\d)", licence.said + licence.card_text)
    }
    pieces = sentences(lowered)
    for number, sentence in enumerate(pieces):
        context = sentence.text + (" " + pieces[number - 1].text if number else "")
        if sentence.text.endswith("?") or (
            old["kind"] != session["kind"]
            and old["kind"] in context
            and not re.search(r"\bzone \d", sentence.text)
        ):
            continue
        for q in find_quantities(sentence.text):
            stale_zone = q.kind == "zone" and old.get("zone") == q.raw and q.raw not in now_zones
            stale_time = (
                q.kind == "time"
                and old.get("minutes")
                and q.value == old["minutes"] * 60
                and old["minutes"] != session.get("minutes")
            )
            if (stale_zone or stale_time) and not CHANGE_CUE.search(context):
                place = Span(
                    sentence.start + q.span.start, sentence.start + q.span.end, q.span.text
                )
                what = "zone" if stale_zone else "time"
                out.append(
                    Finding("faithful", f"contradicted {what}: that was the session before", place)
                )
    return out


def _pairing_findings(
    lowered: str, reply: str, session: dict[str, Any], old: dict[str, Any]
) -> list[Finding]:
    """Return "N minutes … zone M" pairs that mix the new session with the old one."""
    out = []
    pairs = {(s.get("minutes"), s.get("zone")) for s in (session, old) if s}
    pattern = (
        r"\b(\d+)[- ](?:easy |steady |hard )?min\w*(?: (?!instead|from|in place|and|but|with|"
        r"to )[a-z]+){0,5},? (?:in |of |at )?zone (\d)"
    )
    for match in re.finditer(pattern, lowered):
        minutes, zone = int(match[1]), int(match[2])
        mine = {z for m, z in pairs if m == minutes}
        if mine and zone not in mine and minutes in {m for m, _ in pairs}:
            out.append(
                Finding(
                    "faithful",
                    "contradicted zone: these minutes stand in another zone",
                    match_span(match),
                )
            )
    if session["kind"] in ("rest",):
        for match in re.finditer(
            r"\b\d+ (?:easy |steady )?minutes? (?:of rest|of resting|rest)\b", lowered
        ):
            out.append(
                Finding("faithful", "contradicted: a rest day has no minutes", match_span(match))
            )
    return out
