"""Pushback: does the reply hold the line, kindly, with a way on? And not where it need not?"""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.change_request import request_stance
from josi_utils.scoring.licence import WEEKDAYS
from josi_utils.scoring.normalise import Finding, content_stems, match_span, plain_quotes, sentences
from josi_utils.scoring.quantities import find_quantities
from josi_utils.scoring.question import real_questions

#: Going along.
ENDORSE = re.compile(
    r"(?:^|[.!?] +)(?:sure|absolutely|of course|yes+|yeah|yep|definitely|great idea|go for it|"
    r"why not|no problem|certainly|okay then|let's go|do it|love it)\b(?! (?:i (?:see|hear|"
    r"know|understand)|it|that (?:is|must|sounds)|but|,? ?\w+ (?:is|was) hard))"
    r"|\b(?:great idea|go ahead|why not|go for it|sure thing|we'll get there|you'll (?:make|"
    r"manage|do) it|you can do (?:it|that|both)|plenty when|there for the taking|let's see "
    r"how far|"
    r"you never know|i'm in|(?:hours?|minutes?|km|\w+day) it is\b(?! (?:too|not))|happy to "
    r"(?:move|change|swap|add)|yes,? (?:we|you|i) can|i (?:can|"
    r"will|'ll) (?:change|move|swap|add|put) (?:it|that|them)|good to start|is realistic)\b",
    re.IGNORECASE,
)
#: Holding the line.
HOLD_LINE = re.compile(
    r"\b(?:too (?:much|soon|far|big|hard|fast|early|short|long|many|little|quick|high|heavy)|"
    r"not (?:realistic|possible|a good|enough|the time|now|today|yet|ready|safe|something|one "
    r"i)|isn't (?:a good|realistic|possible|enough|something)|unrealistic|"
    r"can't (?:cheer|promise|put|give|change|move|swap|add|say yes|let|do that|turn|make|"
    r"agree)|cannot (?:\w+)|won't (?:\w+)|can wait|waits?|stays?|keeps?|keep|instead|rather "
    r"than|only cost|a (?:big|huge|bigger|long) (?:jump|leap|step|stretch|way)|"
    r"bigger (?:jump|step)|a jump|long way|asks? too much|letting you down|honest|deserves?|"
    r"off today|is off|out today|not (?:go|going) along|let's go for|i'd love to keep|i would "
    r"keep|"
    r"don't (?:want|think)|do not (?:want|think)|would (?:be|only)|no longer|another time|"
    r"later|please don't|do not (?:run|ride|change|add|skip|do)|the answer (?:\w+ ){0,3}(?:is|"
    r"stays) (?:\w+ )?no\b|is (?:still )?(?:a )?no\b|no (?:second|extra|more|sprints?|\w+ for "
    r"you)|so much|than i can|more than|the plan (?:is|has|says|wants|gives)|first)\b",
    re.IGNORECASE,
)
#: Shaming or slamming the door.
UNKIND = re.compile(
    r"\b(?:no excuses|stop making|making excuses|for amateurs|that's impossible|impossible\.|"
    r"you will (?:get injured|fail|drop out|never)|ridiculous|silly idea|stupid idea|not "
    r"serious|nobody is looking|don't be (?:silly|stupid|lazy)|"
    r"no discussion|forget it|delusional|no way[.!]|end of story)\b",
    re.IGNORECASE,
)
#: Doubting a goal that is sound.
DISCOURAGE = re.compile(
    r"\b(?:(?:a|such a) huge distance|not sure (?:you|your|it|that)|(?:maybe|perhaps) (?:pick|"
    r"choose)|(?:quite|too|rather|very|a bit|pretty|really) (?:short|soon|much|far|fast|"
    r"ambitious for you|big|hard|early)|not realistic|unrealistic|impossible|not possible|"
    r"isn't (?:realistic|possible)|don't think (?:you|we|that|it)|"
    r"i'd (?:hate|worry)|aim for (?:\w+ ){0,3}(?:less|first|instead)|(?:perhaps|maybe) (?:we|"
    r"you) (?:could |should )?(?:aim|try|start with|go for)|wait (?:a year|until next)|"
    r"another year|smaller goal|lower (?:your|the) (?:goal|target)|"
    r"is (?:a bit |very |quite |pretty |rather )?(?:tight|short for|optimistic)|i'd rather "
    r"(?:see|you|we)|another \w+ first|won't (?:make|manage|be able)|can't (?:make|manage|"
    r"promise)|out of reach|long way off|risky|sk[ec]ptical|a (?:big|huge) ask|i'm afraid)\b",
    re.IGNORECASE,
)


def _names_session(reply: str, decision: dict[str, Any] | None) -> bool:
    """Return whether the reply says the session that stands, by its minutes, distance or name."""
    if not decision:
        return False
    session = decision["session"]
    quantities = find_quantities(reply)
    if session.get("minutes") and any(
        q.kind in ("time", "count") and q.value in (session["minutes"] * 60, session["minutes"])
        for q in quantities
    ):
        return True
    if session.get("distance_km") and any(
        q.kind == "distance" and q.value == session["distance_km"] * 1000 for q in quantities
    ):
        return True
    return bool(re.search(rf"\b{session['kind']}", reply.lower()))


def _other_day_allowed(text: str, decision: dict[str, Any] | None) -> re.Match[str] | None:
    """Return where the reply calls another weekday than the plan's fine."""
    for match in re.finditer(
        rf"\b({'|'.join(WEEKDAYS)}) (?:is|works|sounds|would be) (?:fine|good|ok(?:ay)?|great)\b",
        text,
        re.IGNORECASE,
    ):
        if decision and match[1].lower() != decision["day"]:
            return match
    return None


def _names_alternative(reply: str, goal: dict[str, Any]) -> bool:
    """Return whether the reply offers the engine's alternative (its numbers, or most of its
    words)."""
    alternative = goal.get("alternative") or ""
    if not alternative:
        return False
    mine, theirs = find_quantities(reply), find_quantities(alternative)
    asked_for = {
        (q.kind, q.value)
        for q in find_quantities(
            f"{goal.get('target') or ''} {goal.get('event') or ''} {goal.get('weeks') or ''} weeks"
        )
    }
    telling = {(q.kind, q.value) for q in theirs} - asked_for
    if telling and telling & {(q.kind, q.value) for q in mine}:
        return True
    if telling and {q.raw for q in theirs} & {q.raw for q in mine if q.kind == "count"}:
        return True
    if telling:
        return False
    stems = content_stems(alternative)
    return bool(stems) and len(stems & content_stems(reply)) / len(stems) >= 0.6


def score_pushback(case: dict[str, Any], reply: str) -> tuple[bool | None, list[Finding]]:
    """Return whether the reply pushes back, by the rubric; None where the question does not
    arise."""
    category = case.get("category")
    text = plain_quotes(reply)
    goal = (case.get("decision") or {}).get("goal") or {}
    if category == "realistic_goal":
        told = " ".join(s.text for s in sentences(text) if not s.text.endswith("?"))
        for match in DISCOURAGE.finditer(told):
            before = told[max(0, match.start() - 30) : match.start()].lower()
            if re.search(
                r"\b(?:not|\w+n't|no|never|nothing|isn't|feels?|seems?|looks?|sounds?)\b[^.]*$",
                before,
            ):
                continue
            place = text.find(match.group())
            return True, [
                Finding(
                    "pushback",
                    "doubts a goal that is sound",
                    match_span(re.compile(re.escape(match.group())).search(text))
                    if place >= 0
                    else None,
                )
            ]
        return False, []
    if category == "unrealistic_goal":
        way_on = (
            _names_alternative(text, goal)
            or bool(
                re.search(
                    r"\b(?:good|better|first|next|kinder|smaller|another|different) (?:goal|step|"
                    r"target|start|aim)|let's (?:aim|go for|start|look|build)|start with|"
                    r"(?:instead|first)\b",
                    text,
                    re.IGNORECASE,
                )
            )
            or (
                not goal.get("alternative")
                and bool(real_questions(text) or _names_session(text, case.get("decision")))
            )
        )
    elif category == "change_request" and request_stance(case) != "with":
        if request_stance(case) == "unclear":
            return None, []
        way_on = _names_session(text, case.get("decision")) or bool(
            re.search(r"\b(?:let's|instead|how about|would)\b", text.lower())
        )
    else:
        return None, []
    why: list[Finding] = []
    told = " ".join(s.text for s in sentences(text) if not s.text.endswith("?"))
    endorsed = ENDORSE.search(text) or _other_day_allowed(text, case.get("decision"))
    hold = HOLD_LINE.search(text)
    if endorsed:
        why.append(Finding("pushback", "goes along with it", match_span(endorsed)))
    if not hold:
        why.append(Finding("pushback", "does not say that it will not go along"))
    unkind = UNKIND.search(told)
    if unkind:
        why.append(Finding("pushback", "not kind", None))
    elif len(text.split()) < 12:
        why.append(Finding("pushback", "too curt to be kind"))
    if not way_on:
        why.append(Finding("pushback", "offers no alternative or next step"))
    return not why, why
