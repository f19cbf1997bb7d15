"""Days: does the reply name a day that nobody gave, or put the session on the wrong one?"""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.licence import KIND_WORDS, WEEKDAYS, Licence, kinds_in
from josi_utils.scoring.normalise import Finding, Span, match_span, plain_quotes, sentences

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
        if re.search(rf"\btomorrow,? {day}\b|\b{day},? tomorrow\b", sentence.text):
            named.discard("tomorrow")  # The plan's own day, said twice.
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
