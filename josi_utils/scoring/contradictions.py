"""Contradictions without a number: the session called off, a rest day trained, a verdict turned
round."""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.licence import KIND_WORDS, SPORT_WORDS, Licence
from josi_utils.scoring.normalise import Finding, Span, content_stems, sentences
from josi_utils.scoring.quantities import find_quantities


def _span(reply: str, start: int, end: int) -> Span:
    return Span(start, end, reply[start:end])


_OFF = r"(?:off|gone|over|on hold|cancell?ed|called off|not on|no longer on|out|dropped|scrapped)"


def _status_findings(
    reply: str, lowered: str, case: dict[str, Any], licence: Licence
) -> list[Finding]:
    """Return words that call the session that stands "off", or a rest day a session, or the
    reverse."""
    decision = case.get("decision")
    if not decision or case.get("category") == "red_flag":
        return []
    session, old = decision["session"], decision.get("replaces") or {}
    day = decision["day"].replace("_", " ")
    out = []

    def add(reason: str, match: re.Match[str]) -> None:
        out.append(
            Finding("faithful", f"contradicted: {reason}", _span(reply, match.start(), match.end()))
        )

    names = [rf"{day}(?:'s)?", r"the plan", r"training", r"the session"]
    if session["kind"] != "rest":
        if session.get("minutes") and session.get("minutes") != old.get("minutes"):
            names.append(
                rf"(?:{day}'s |the |your )?{session['minutes']}(?: (?:easy|steady|hard))?(?: "
                rf"minutes?)?(?: of [a-z]+)?"
            )
        if session["kind"] != old.get("kind") and session["kind"] not in (
            "easy",
            "long",
            "steady",
            "test",
            "race",
        ):
            names.append(rf"(?:the |your |{day}'s )?(?:{KIND_WORDS[session['kind']]})")
        sport = session.get("sport")
        if sport in SPORT_WORDS and sport != old.get("sport"):
            names.append(rf"(?:the |your |{day}'s )(?:[a-z-]+ )?(?:{SPORT_WORDS[sport]})")
        pattern = (
            rf"(?<!on )(?<!for )(?<!of )(?<!until )\b(?:{'|'.join(names)}) (?:is|are|'s|has "
            rf"been|have been|was|were|stays?)(?: (?:now|all|still|just))? {_OFF}\b(?! of| for|"
            rf" the| in| and (?:about|proud)|-)"
        )
        for match in re.finditer(pattern, lowered):
            add("the session stands", match)
        if day in ("today", "tomorrow") or session["kind"] != "rest":
            for match in re.finditer(
                rf"\b(?:{day} (?:is|will be|'s) (?:just |only |now )?(?:a |your )?(?:full |"
                rf"complete )?rest(?: day)?\b|no (?:training|"
                rf"{session.get('sport') or 'training'}\w*) (?:{day}|in (?:the plan|sight|"
                rf"there)|today)|"
                r"no rest for you)",
                lowered,
            ):
                if session["kind"] != "recovery" or "rest day" in match.group():
                    add("the plan has a session", match)
        if session["kind"] in ("easy", "recovery", "mobility") or (session.get("zone") or 3) <= 2:
            for match in re.finditer(
                r"\b(?:push (?:hard|yourself|it|through)|go (?:all out|hard|flat out)|give it "
                r"(?:everything|your all)|all[- ]out|"
                r"as (?:hard|fast) as you can|full (?:gas|throttle)|(?:a "
                r"|this )hard (?:one|session|run|ride|swim|row|day)|"
                r"max(?:imum)? effort|(?:go and|then|and|to|you can) "
                r"sprint)\b",
                lowered,
            ):
                clause = lowered[max(0, match.start() - 45) : match.end() + 25]
                if not re.search(
                    r"\b(?:not|no|don't|never|instead|rather|without|want(?:ed)? to|like to|"
                    r"after|can wait|waits?|too|before|than|isn't|won't|can't|would|off|out|"
                    r"last|behind)\b",
                    clause,
                ):
                    add("the session is easy", match)
    else:
        for match in re.finditer(
            r"\b(?:no rest|not a rest day|isn't a rest day|not rest\b|(?:back to|do|ride|run|"
            r"try|go for|enjoy) (?:a |an |your |the )?(?:\d+|easy|short|light|quick)[a-z0-9 "
            r"]* "
            r"(?:minutes?|spin|run|ride|swim|jog|session)|(?:easy|light|gentle|short) (?:spin|"
            r"run|ride|swim|jog|row) (?:is|would be|will))",
            lowered,
        ):
            add("the plan says rest", match)
        for match in re.finditer(r"\b\d+ minutes on the (?:bike|erg)|in zone \d", lowered):
            clause = lowered[max(0, match.start() - 60) : match.end() + 40]
            if not re.search(
                r"\b(?:instead|out|off|gone|was|replac\w*|take[sn]?|took|moved|turn\w* into|"
                r"not|waits?|swap\w*|before)\b",
                clause,
            ):
                add("the plan says rest", match)
    out += _negation_findings(reply, lowered, session, old)
    return out


def _negation_findings(
    reply: str, lowered: str, session: dict[str, Any], old: dict[str, Any]
) -> list[Finding]:
    """Return sentences that deny the session's own kind, zone or day ("is not an easy run")."""
    out = []
    kind = session["kind"]
    name = re.sub(r"s$", "s?", kind)
    slots = [rf"(?:a |an |your |the )?{name}\b"]
    if kind == old.get("kind"):
        slots = (
            [rf"(?:an? )?{name}\b[^.!?]{{0,25}}\b{session['minutes']}\b"]
            if session.get("minutes")
            else []
        )
    if session.get("zone") and session.get("zone") != old.get("zone"):
        slots.append(rf"(?:in )?zone {session['zone']}\b")
    if session.get("minutes") and session.get("minutes") != old.get("minutes"):
        slots.append(rf"(?:an? )?{session['minutes']}\b")
    if not slots:
        return out
    pattern = (
        rf"\b(?:(?:is|are|it's|that's|there is|there's|has|have|be) not|isn't|aren't|is no|"
        rf"there is no|there's no|doesn't have|don't have|won't be|hasn't) "
        rf"(?:now |just |only )?(?:{'|'.join(slots)})"
    )
    for match in re.finditer(pattern, lowered):
        after = lowered[match.end() : match.end() + 20]
        if (
            not re.match(
                r" (?:enough|task|thing|to |for you|when|on you|time|decision|place|way|place)|[,"
                r".]? but",
                after,
            )
            and "easy to" not in after
        ):
            if (
                kind in ("easy", "long", "steady", "test", "race", "recovery")
                and not re.match(
                    r" (?:run|ride|swim|row|walk|ski|session|bike|day|minute|\d)", after
                )
                and match.group().rstrip().endswith(kind)
            ):
                continue
            out.append(
                Finding(
                    "faithful",
                    "contradicted: denies what the plan says",
                    _span(reply, match.start(), match.end()),
                )
            )
    return out


def _goal_findings(reply: str, lowered: str, case: dict[str, Any]) -> list[Finding]:
    """Return verdicts on the goal that the engine did not give."""
    goal = (case.get("decision") or {}).get("goal") or {}
    verdict = goal.get("verdict")
    out = []
    if verdict == "unrealistic":
        pattern = (
            r"\b(?:is|are|looks?|seems?|it's|that's) (?:very |totally |absolutely |quite |"
            r"still )?(?:realistic|doable|possible|within reach|on track|plenty|there for the "
            r"taking|"
            r"right there|a good enough place)|(?:you(?:'re| are)) on track|you can "
            r"(?:do it|make it|get there)|we(?:'ll| will) get (?:you )?there|let's "
            r"(?:do it|see how far we get|go)\b"
        )
    elif verdict in ("on_track", "ambitious"):
        pattern = (
            r"\b(?:is|are|it's|that's|looks?|seems?) (?:quite |too |very |just |a bit |not |"
            r"rather )*(?:unrealistic|impossible|not possible|too (?:much|soon|far|big)|short "
            r"for|"
            r"out of reach|not realistic)|you(?:'re| are) not on track|isn't "
            r"(?:realistic|possible|on track)"
        )
        if verdict == "ambitious":
            pattern += r"|(?:is|it's) easy to reach"
    else:
        return out
    for match in re.finditer(pattern, lowered):
        before = lowered[max(0, match.start() - 50) : match.start()]
        sentence = next((s for s in sentences(lowered) if s.start <= match.start() < s.end), None)
        if (
            sentence
            and verdict == "unrealistic"
            and _is_about_alternative(sentence.text, case, goal)
        ):
            continue
        if (
            re.search(
                r"\b(?:not|\w+n't|if|don't think|no longer|whether|isn't)\b", before + match.group()
            )
            and verdict == "unrealistic"
        ):
            continue
        if sentence and sentence.text.endswith("?"):
            continue
        out.append(
            Finding(
                "faithful",
                f"contradicted verdict: the engine says {verdict.replace('_', ' ')}",
                _span(reply, match.start(), match.end()),
            )
        )
    return out


def _is_about_alternative(text: str, case: dict[str, Any], goal: dict[str, Any]) -> bool:
    """Return whether a piece of a reply names the engine's alternative: a number only it has, or
    most of its words."""
    alternative = goal.get("alternative") or ""
    asked = {
        (q.kind, q.value)
        for q in find_quantities(
            f"{goal['event']} {goal.get('target') or ''} {goal.get('weeks') or ''} weeks "
            f"{case.get('message', '')}"
        )
    }
    telling = {(q.kind, q.value) for q in find_quantities(alternative)} - asked
    stems = content_stems(alternative)
    named = {(q.kind, q.value) for q in find_quantities(text)} & telling
    return bool(named) or (
        bool(stems) and len(stems & content_stems(text)) >= max(2, 0.6 * len(stems))
    )


def _alternative_findings(reply: str, lowered: str, case: dict[str, Any]) -> list[Finding]:
    """Return sentences that turn down the engine's own alternative to a goal."""
    goal = (case.get("decision") or {}).get("goal") or {}
    alternative = goal.get("alternative")
    if not alternative:
        return []
    out = []
    for sentence in sentences(lowered):
        for clause in re.finditer(r"[^,;:.!?]+", sentence.text):
            if not _is_about_alternative(clause.group(), case, goal):
                continue
            refused = re.search(
                r"\b(?:on hold|off|gone|isn't (?:on|in|it|possible|a)|is not|not (?:on|in|"
                r"for)|too (?:ambitious|much|far|hard|big|soon|little|small)|a stretch|out of "
                r"reach|unrealistic|forget)\b",
                clause.group(),
            )
            if refused:
                start = sentence.start + clause.start()
                out.append(
                    Finding(
                        "faithful",
                        "contradicted: turns down the engine's own alternative",
                        _span(reply, start + refused.start(), start + refused.end()),
                    )
                )
    return out


def contradiction_findings(
    reply: str, lowered: str, case: dict[str, Any], licence: Licence
) -> list[Finding]:
    """Return what turns the decision round. ``lowered`` is the reply in lower case, of one length
    with it."""
    return (
        _status_findings(reply, lowered, case, licence)
        + _goal_findings(reply, lowered, case)
        + _alternative_findings(reply, lowered, case)
    )
