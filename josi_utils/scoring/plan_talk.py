"""What a reply says of the plan beside its numbers: how hard it is, why, and which colour it has.

Contradictions that need no wrong number ("the plan keeps it easy" of intervals), numbers of the
case that stand in the wrong slot ("49 minutes of 48"), reasons hung on what they cannot explain
("under 2:40 is too much, because you have been making steady progress").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from josi_utils.decision import READINESS_COLOURS, REASON_WORDS
from josi_utils.scoring.days import CHANGE_CUE
from josi_utils.scoring.licence import KIND_WORDS
from josi_utils.scoring.normalise import content_stems
from josi_utils.scoring.quantities import find_quantities
from josi_utils.scoring.reading import NEGATION, Cue, Reading

HARD_KINDS = frozenset({"intervals", "tempo", "threshold", "hills", "test", "race"})
_COLOUR = re.compile(
    r"\b(?:you(?:'re| are)(?: still| now| all)?(?: on| in| at)?(?: the| an?)?|(?:your )?readiness"
    r"(?: \w+)? (?:is|at)(?: still| now)?|you have (?:an? |the )?|stays?|still) "
    r"(?P<colour>green|amber|red|yellow)\b(?! (?:days?|means|light|flag|hot|cheeks|meat))"
)
_EFFORT = re.compile(
    r"\b(?:the plan|it|today|tomorrow|this week|the session|\w+day)"
    r"(?: (?:is|stays?|keeps?|made|makes|builds?|has|gives you|starts?))"
    r"(?: (?:it|this|that|in|with|on|your \w+|\w+day|today|tomorrow|the week))*"
    r"(?: (?:a bit|very|so|all|still|also|an?))* "
    r"(?P<how>easy|gentle|light|soft|slow|calm|simple|easier|lighter|shorter|hard|harder|longer)"
    r"\b(?! (?:to|on|for)\b)"
)
_PLAN_DOES = re.compile(
    r"(?<!what )(?<!how )\b(?:the|your) plan (?:is|has|gives|keeps|stays|builds|starts|takes|made|says|gets)\b"
)
_PLAN_HAS = re.compile(
    r"\b(?:the plan (?:has|gives you|stays with|is|keeps)|(?:today|tomorrow|this week|\w+day|it) "
    r"(?:is|has|stays)|you (?:have(?= an? )|are on))\b(?P<rest>[^,.!?;]*)"
)
_ASKS_REST = re.compile(
    r"\b(?:so|and|please) (?:please )?(?:you can |you )?(?:rest|take a rest|have a rest)\b"
    r"(?! day| of| well)|\brest day\b|\btakes? out the (?:hard|easy)"
)
_TRAINS_ON_REST = re.compile(
    r"rest day\b[^.!?]{0,20}\b(?:zone|minutes|km)\b|\bready for (?:training|the (?:run|ride|"
    r"session))\b|\b(?:easy|tempo|long) (?:run|ride|swim|session)\b[^.!?]*\b(?:today|minutes)\b"
)
_GONE = re.compile(
    r"instead|replac|\bout\b|\boff\b|gone|wait|\bnot\b|\bwas\b|makes way|before|turn|swap|miss"
)
_BECAUSE = re.compile(r"^(?P<what>.*?),? (?:because|as|since) (?P<why>.*)$")
_NO_PLAN_MATTER = re.compile(
    r"\b(?:too much|too little|ambitious|on track|good goal|not (?:realistic|possible)|"
    r"better goal|under \d|fits|normal|fine|good (?:day|idea|start|thing|reason))\b"
)
_ABSURD = re.compile(
    r"too (?:much|soon|big|far|fast)[^.!?]*\bbecause\b[^.!?]*(?:steady progress|recovered well)|"
    r"(?:steady progress|recovered well),? (?:so|and) (?:the plan|it|this) "
    r"(?:keeps? it|stays?|is|keeps? this|takes? it)(?: \w+)? (?:easy|light|small|simple|easier|out)\b|"
    r"hot[^.!?]{0,20} you need to be warm"
)
_REPLACES = re.compile(r"\b(?:it|this|that) replaces\b|\bthe plan takes? out\b")


def _colours(reading: Reading) -> Iterator[Cue]:
    readiness = reading.decision.get("readiness")
    for sentence in reading.told:
        for match in _COLOUR.finditer(sentence.text):
            colour = match["colour"]
            place = (sentence.start + match.start(), sentence.start + match.end())
            if colour not in reading.said and readiness:
                if READINESS_COLOURS[readiness] != colour:
                    yield reading.cue("colour_wrong", *place)
            elif colour not in reading.said:
                yield reading.cue("colour_invented", *place)
            if re.search(r"^[^.]{0,12},? (?:so|and|but|because)\b", sentence.text[match.end() :]):
                yield reading.cue("colour_and_more", place[0], sentence.end)


def _efforts(reading: Reading) -> Iterator[Cue]:
    kind, zone = reading.session.get("kind"), reading.session.get("zone") or 0
    hard = kind in HARD_KINDS or zone >= 3
    said_easy = "easy" in reading.licence.plan_text
    for sentence in reading.told:
        for match in _EFFORT.finditer(sentence.text):
            how = match["how"]
            place = (sentence.start + match.start(), sentence.start + match.end())
            if kind and hard and not said_easy and how in ("easy", "gentle", "light", "soft",
                                                           "calm", "slow"):  # fmt: skip
                yield reading.cue("plan_called_easy", *place)
            if (
                kind in ("easy", "recovery", "rest", "mobility")
                and how in ("hard", "harder")
                and not NEGATION.search(sentence.text)
                and match.group().startswith(("the plan", "the session", "today", "tomorrow"))
            ):
                yield reading.cue("plan_called_hard", *place)
            of_plan = match.group().startswith("the plan")
            if how in ("shorter", "longer", "harder") and of_plan and kind and not reading.old:
                yield reading.cue("change_invented", *place)


def _sessions(reading: Reading) -> Iterator[Cue]:
    kind, old_kind = reading.session.get("kind"), reading.old.get("kind")
    for sentence in reading.told:
        text = sentence.text
        match = _REPLACES.search(text)
        if match and kind and not old_kind:
            place = (sentence.start + match.start(), sentence.start + match.end())
            yield reading.cue("change_invented", *place)
        match = _PLAN_DOES.search(text)
        if match and not kind and "plan" not in reading.said and reading.card_share(text) < 0.5:
            place = (sentence.start + match.start(), sentence.start + match.end())
            yield reading.cue("plan_unseen", *place)
        if kind == "rest":
            match = _TRAINS_ON_REST.search(text)
            if match and not _GONE.search(text):
                place = (sentence.start + match.start(), sentence.start + match.end())
                yield reading.cue("rest_with_session", *place)
        elif kind and old_kind != "rest" and reading.category != "red_flag":
            match = _ASKS_REST.search(text)
            if (
                match
                and not re.search(
                    r"\bnot\b|n't|after|next|before|instead|a rest day (?:is|helps|lets|comes)|"
                    r"rest days",
                    text,
                )
                and "rest day" not in reading.said
                and reading.card_share(text) < 0.5
            ):
                place = (sentence.start + match.start(), sentence.start + match.end())
                yield reading.cue("session_called_rest", *place)
        if kind and old_kind and old_kind != kind and old_kind in KIND_WORDS:
            match = re.search(
                rf"\b(?:it|this|today|tomorrow|\w+day) (?:is|has) (?:an? )?(?:\w+ ){{0,2}}"
                rf"(?:{KIND_WORDS[old_kind]})\b",
                text,
            )
            if match and not CHANGE_CUE.search(text):
                place = (sentence.start + match.start(), sentence.start + match.end())
                yield reading.cue("old_session_told", *place)


def _slots(reading: Reading) -> Iterator[Cue]:
    """Yield minutes and kilometres told as the plan's that are not the session's."""
    session, old = reading.session, reading.old
    if not session or reading.category == "red_flag" or session["kind"] == "rest":
        return
    details = find_quantities(" ".join(str(s.get("details") or "") for s in (session, old)))
    minutes = {session.get("minutes"), old.get("minutes")} - {None}
    km = {session.get("distance_km"), old.get("distance_km")} - {None}
    allowed = {("time", m * 60) for m in minutes} | {("distance", k * 1000) for k in km}
    allowed |= {(q.kind, q.value) for q in details}
    for sentence in reading.told:
        for match in _PLAN_HAS.finditer(sentence.text):
            if re.search(
                r"\b(?:goal|target|race|under|over|shorter|longer|less|more|fewer|track|ambitious|"
                r"minutes of your|left|too much|a lot|step|jump|warm|first|last|of it|which|instead|permission|above)\b",
                match["rest"],
            ):
                continue
            for q in find_quantities(match["rest"]):
                wrong = (
                    (q.kind == "time" and q.value % 60 == 0 and minutes)
                    or (q.kind == "distance" and q.value >= 1000 and (km or minutes))
                ) and (q.kind, q.value) not in allowed
                if wrong:
                    offset = sentence.start + match.start("rest")
                    yield reading.cue("slot_wrong", offset + q.span.start, offset + q.span.end)


def _reasons(reading: Reading) -> Iterator[Cue]:
    given = [(code, REASON_WORDS[code]) for code in reading.decision.get("reasons") or []
             if code in REASON_WORDS]  # fmt: skip
    for sentence in reading.told:
        match = _BECAUSE.match(sentence.text)
        if match and _NO_PLAN_MATTER.search(match["what"]):
            mine = content_stems(match["why"])
            if any(
                len(mine & content_stems(words)) >= max(1, 0.6 * len(content_stems(words)))
                for _, words in given
            ):
                yield reading.cue("reason_misplaced", sentence.start, sentence.end)
    match = _ABSURD.search(reading.text)
    if match:
        yield reading.cue("reason_absurd", match.start(), match.end())
    told = list(reading.told_clauses())
    for _, words in given:
        theirs = content_stems(words)
        if not theirs:
            continue
        places = []
        for _, start, clause in told:
            shared = content_stems(clause) & theirs
            if len(shared) >= max(1, 0.7 * len(theirs)):
                places.append((start, start + len(clause)))
            if (
                len(shared) >= min(2, len(theirs))
                and not NEGATION.search(words)
                and re.search(
                    r"\byou(?:r|'re)?\b[^.]*\b(?:not|never|\w+n't)\b|\bnot (?:that )?you", clause
                )
            ):
                yield reading.cue("reason_denied", start, start + len(clause))
        if len(places) > 1:
            yield reading.cue("reason_again", *places[1])


def plan_cues(reading: Reading) -> Iterator[Cue]:
    """Yield what is said of the plan, its colour and its reasons, and does not hold."""
    yield from _colours(reading)
    yield from _efforts(reading)
    yield from _sessions(reading)
    yield from _slots(reading)
    yield from _reasons(reading)
