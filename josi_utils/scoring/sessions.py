"""Days, kinds and sports: which session does the reply speak of, and is it the one that stands?"""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.licence import (
    KIND_WORDS,
    WEEKDAYS,
    Licence,
    deck_gives,
    kinds_in,
    sports_in,
)
from josi_utils.scoring.normalise import Finding, Span, match_span, plain_quotes, sentences
from josi_utils.scoring.quantities import find_quantities

#: Words that say that something stood in the plan before, or is being swapped.
CHANGE_CUE = re.compile(
    r"\b(?:instead|in place of|rather than|swap\w*|turn\w* into|makes? way|replac\w*|"
    r"shrink\w*|cut|shorter|longer|less|out|off|"
    r"gone|waits?|waiting|can wait|before|was|were|used to|no longer|without|mov\w+|dropp?\w*|"
    r"chang\w*|original\w*|planned|"
    r"takes? out|took|taken|from|not|isn't|aren't|than|became|becomes|hold|miss\w*|another "
    r"(?:day|time)|next time|later|back|"
    r"skip\w*|missing|swapped|easier|softer|put away|away|remov\w*|pause\w*|postpone\w*|"
    r"stays? out|too (?:much|hard)|give up)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|isn't|aren't|won't|don't|doesn't|can't|cannot|without|\w+n't)\b",
    re.IGNORECASE,
)
_SESSION_NOUN = (
    r"runs?|rides?|bike rides?|swims?|rows?|walks?|skis?|sessions?|workouts?|training|jogs?|"
    r"spins?|riding|running|swimming|rowing"
)
#: Events that nobody but the athlete or the engine may bring up.
_EVENT = re.compile(
    r"\b(?:half[- ]marathon|marathon|triathlon|ironman|parkrun|time trial|wedding|holiday|"
    r"baby)\b"
)


def day_findings(
    reply: str, case: dict[str, Any], licence: Licence, asked: list[Span]
) -> list[Finding]:
    """Return days that the case does not name, and sessions put on the wrong day."""
    out = []
    lowered = plain_quotes(reply).lower()
    decision = case.get("decision") or {}
    day = (decision.get("day") or "").replace("_", " ")
    for match in re.finditer(rf"\b({'|'.join(WEEKDAYS)})s?\b", lowered):
        abbreviation = re.search(rf"\b{match[1][:3]}\w*\b|\b{match[1][:2]}\b", licence.text)
        if (
            match[1] not in licence.text
            and not abbreviation
            and not any(s.start <= match.start() < s.end for s in asked)
        ):
            out.append(Finding("faithful", f"unlicensed day: {match[1]}", match_span(match)))
    if not day or case.get("category") == "red_flag":
        return out
    session = decision["session"]
    slots = _slot_pattern(session)
    own = _own_pattern(session, decision.get("replaces") or {})
    for sentence in sentences(lowered):
        if sentence in asked or sentence.text.endswith("?"):
            continue
        named = set(
            re.findall(
                rf"\b({'|'.join(WEEKDAYS)}|today|tomorrow|tonight|yesterday)(?:'s|s)?\b",
                sentence.text,
            )
        )
        named = {"today" if d == "tonight" else d for d in named}
        promised = {
            d for d in named if d not in (day, "today", "yesterday") and d not in licence.said
        }
        kind = next(iter(kinds_in(sentence.text).items()), None)
        if (
            promised
            and kind
            and re.search(
                r"\b(?:we|you|it|i)(?:'ll| will| can| could)? (?:do|go|have|run|ride|swim|row|"
                r"make|get|move|put|catch|is|add)\b",
                sentence.text,
            )
            and not _NEGATION.search(sentence.text)
        ):
            place = re.search(rf"\b{min(promised)}", sentence.text)
            start, end = sentence.start + place.start(), sentence.start + place.end()
            out.append(
                Finding(
                    "faithful",
                    "unlicensed day: promises a session that no plan has",
                    Span(start, end, reply[start:end]),
                )
            )
            continue
        if not slots or not re.search(slots, sentence.text) or not named or day == "this week":
            continue
        wrong = {d for d in named if d != day}
        # Even in a sentence about a swap, the new session's own time beside another day is wrong.
        if (
            own
            and re.search(own, sentence.text)
            and day not in named
            and wrong <= {"today", "tomorrow"}
            and not any(d in licence.said for d in wrong)
        ):
            place = re.search(r"\b(?:today|tonight|tomorrow)", sentence.text)
            start, end = sentence.start + place.start(), sentence.start + place.end()
            out.append(
                Finding(
                    "faithful",
                    f"contradicted day: the plan says {day}",
                    Span(start, end, reply[start:end]),
                )
            )
            continue
        if (
            day not in named
            and wrong
            and not _NEGATION.search(sentence.text)
            and not CHANGE_CUE.search(sentence.text)
        ):
            said = {d for d in wrong if d in licence.said and d not in ("today", "yesterday")}
            if "yesterday" in wrong or not (said and day in lowered):
                first = min(wrong)
                place = re.search(rf"\b{first}", lowered[sentence.start : sentence.end])
                start = sentence.start + (place.start() if place else 0)
                out.append(
                    Finding(
                        "faithful",
                        f"contradicted day: the plan says {day}",
                        Span(start, start + len(first), reply[start : start + len(first)]),
                    )
                )
    return out


def _own_pattern(session: dict[str, Any], old: dict[str, Any]) -> str:
    """Return a pattern for the time or distance that only the new session has; empty if there is
    none."""
    if session.get("minutes") and session.get("minutes") != old.get("minutes"):
        return rf"\b{session['minutes']}\b"
    if session.get("distance_km") and session.get("distance_km") != old.get("distance_km"):
        return rf"\b{session['distance_km']:g} ?km\b"
    return ""


def _slot_pattern(session: dict[str, Any]) -> str:
    """Return a pattern for the session's own numbers and name, by which a plan sentence is
    known."""
    parts = [r"\bzone \d"]
    if session.get("minutes"):
        parts.append(
            rf"\b{session['minutes']}[- ](?:easy |steady |hard |relaxed )?(?:min\w*|easy|"
            rf"steady)\b"
        )
    if session.get("distance_km"):
        parts.append(rf"\b{session['distance_km']:g} ?km\b")
    if session["kind"] in (
        "rest",
        "strength",
        "mobility",
        "hills",
        "tempo",
        "threshold",
        "intervals",
    ):
        parts.append(rf"\b(?:{KIND_WORDS[session['kind']]})\b")
    return "|".join(parts)


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
