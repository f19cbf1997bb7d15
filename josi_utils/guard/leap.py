"""A step too big for its time, told by figures: where the athlete stands, what is wished, by when.

Weight, times, loads and distances are compared each with its own kind. The limits are wide: a goal
that some people reach is none of Josi's business, and where a figure or a date is missing nothing
is said. What is told as done, or with years to go, is never a step too big.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from josi_utils.guard import leap_words as words
from josi_utils.guard.goal_kinds import figure_of, kind_of, qualifies, too_light
from josi_utils.guard.goal_steps import TIME_STEPS, by_day, limit, pair_verdict
from josi_utils.guard.normalise import Token
from josi_utils.guard.told import flat


def span(text: str) -> float | None:
    """Return the days that are left for the wish, the longest that is named, or None.

    Examples
    --------
    >>> span("10 k in 3 weeks"), span("in august ; and it is july"), span("i ran 2 years ago")
    (21.0, 31.0, None)
    """
    text = re.sub(rf"\b{words.N} (?:day|week|month|year)s?(?: ago| old)\b", " ", text)
    exact = [
        figure_of(n) * words.DAYS_OF[unit]
        for n, unit in words.LEFT.findall(text) + words.LEFT_AFTER.findall(text)
    ]
    more = [figure_of(n) * words.DAYS_OF[unit] for n, unit in words.MORE.findall(text)]
    if exact or more:
        return max(more or exact)
    days = [figure_of(n) * words.DAYS_OF[unit] for n, unit in words.SPAN.findall(text)]
    days += [float(length) for pattern, length in words.SPANS if pattern.search(text)]
    named = list(dict.fromkeys(m[0][:3] for m in words.MONTH.finditer(text)))
    places = [next(i for i, m in enumerate(words.MONTHS) if m[:3] == one) for one in named]
    now = re.search(
        rf"\b(?:its|it is|now|today is)(?: only| already)? ({words.MONTH.pattern}) ?(?:now)?\b",
        text,
    )
    christmas = re.search(r"\b(?:christmas|xmas|new years?)\b", text)
    if len(places) == 2 and now and not days:
        today = next(i for i, m in enumerate(words.MONTHS) if m[:3] == now[1][:3])
        days.append((sum(places) - 2 * today) % 12 * 31.0)
    elif len(places) == 1 and christmas:
        days = [(11 - places[0]) % 12 * 31.0 + 25]
    elif places:
        days.append(330.0)
    return max(days) if days else None


# --- times ------------------------------------------------------------------------------------


def _seconds(found: re.Match[str], long: bool) -> float:
    high, low, number, unit, more, wish, bare = found.groups()
    if high:
        hours = long and int(high) <= 9
        return (int(high) * 60 + int(low)) * (60 if hours else 1)
    if number:
        factor = 3600 if unit.startswith("h") else 60
        return figure_of(number) * factor + (float(more) * factor / 60 if more else 0)
    figure = float(wish or bare)
    return figure * (3600 if long and figure <= 7 else 60)


def _times(text: str, days: float | None) -> bool | None:
    if not re.search(rf"\b{words.RACE}\b", text) or words.NOT_RACE.search(text):
        return None
    if re.search(r"\bhalve my\b.*\b(?:time|pb)\b", text):
        return days is not None and days <= 430
    off = words.TAKE_OFF.search(text)
    if off and days is not None and float(off[1]) < float(off[2]):
        most = limit(TIME_STEPS, days)
        return most is not None and most <= float(off[2]) / (float(off[2]) - float(off[1]))
    kinds = set(re.findall(rf"\b{words.RACE}\b", text)) - {"race", "pace", "beat", "k", "ks"}
    if ({"half", "marathon"} <= kinds and "half marathon" not in text) or len(
        {k for k in kinds if k[0].isdigit()}
    ) > 1:
        return None
    if len(kinds) > 1 and any(k[0].isdigit() for k in kinds) and kinds & {"half", "marathon"}:
        return None
    long = bool(words.LONG.search(text))
    found = [(m, _seconds(m, long)) for m in words.TIME.finditer(text)]
    values = sorted({round(s) for _, s in found if s >= 10})
    if len(values) != 2:
        return None
    low, high = values
    if high / low > 6:  # 1:05 beside 39 minutes is an hour and five
        found = [(m, v * 60 if m[1] in ("1", "2") and v < 180 else v) for m, v in found]
        values = sorted({round(v) for _, v in found if v >= 10})
        low, high = values if len(values) == 2 else (low, high)
    at = next(i for i, (_, value) in enumerate(found) if round(value) == low)
    wished, before = found[at][0], found[at - 1][0].end() if at else 0
    start, after = text[before : wished.start()][-18:], text[wished.end() : wished.end() + 12]
    falls = round(found[0][1]) == high and not words.DONE_SO.search(text)
    told = words.HAS_DONE.search(after if falls else start + after)
    wish = re.search(
        r"\b(?:sub|under|want|to|need|aim|goal|break|target|beat)\b", start + wished[0]
    )
    if told and not wish and "beat" not in text:
        return None
    if not falls and not re.search(words.NOW_TIME, text):
        return None
    most = limit(TIME_STEPS, days) if days is not None else 1.55
    return most is not None and most <= high / low < 6


# --- loads, watts, repetitions ----------------------------------------------------------------

_LOAD_STEPS = ((24, 1.3), (46, 1.4), (75, 1.5), (130, 1.7), (210, 1.9), (430, 2.4))
_REP_STEPS = ((16, 3.0), (35, 4.0), (75, 6.0), (130, 12.0), (210, 15.0), (400, 25.0))
#: Fewer repetitions than this are no feat, whatever one can do now.
MANY_REPS = 15


def _loads(text: str, days: float | None) -> bool | None:
    if not words.LOAD_OF.search(text) or days is None or days > 430:
        return None
    if re.search(r"\b(?:double|triple) my (?:squat|bench|deadlift|ftp|lift|max|press)\b", text):
        return days <= 75
    text = re.sub(r"(?:female|male|aged?|woman|man|nurse) ; \d+ (?=;)|;", " ", text)
    reps = bool(re.search(r"\b(?:push|pull|press|sit|chin) ?ups?\b|\bburpees\b", text))
    bare = re.sub(
        rf"\b{words.N} (?:day|night|week|month|year|minute|second|time|x)s?\b|\b\d+ (?:th|st|yo|years?|f|m)\b|\b(?:im|aged?|i am) \d+\b(?! (?:kg|now))|\d+:\d+",
        " ",
        text,
    )
    values = sorted({float(n) for n in re.findall(r"\b\d+(?:\.\d+)?\b", bare)})
    if reps:
        if re.search(r"\b(?:none|cant do one|cant do any|never|zero)\b", text):
            values = [0.0, *values]
        if len(values) < 2:
            return None
        most = limit(_REP_STEPS, days)
        return (
            most is not None and values[-1] >= MANY_REPS and values[-1] / max(values[0], 1) >= most
        )
    if len(values) != 2 or values[0] < 15:
        return None
    most = limit(_LOAD_STEPS, days)
    return most is not None and most <= values[1] / values[0] < 8


# --- distances --------------------------------------------------------------------------------

#: A distance doubles in about so many weeks at the quickest.
WEEKS_TO_DOUBLE = 2.8
#: Up to this factor a race may be longer than the longest outing.
EASY_FACTOR = 1.75
#: A great event so many times as long as what is done now is not of this year.
FAR_OFF = 40
_ZERO = 2.0
#: So far, swum miles counted as on foot, is too much for a beginner in so few days.
FAR_NEW, DAYS_NEW = 6, 12


def _distances(text: str, days: float | None, nothing: bool) -> bool | None:
    text, daily = by_day(text)
    days = span(text) if daily else days
    if days is None or days > 400:
        return None
    now: list[float] = []
    wished: list[float] = []
    for pattern, km in words.EVENTS:
        event = pattern.search(text)
        if event:
            before = text[: event.start()].rpartition(";")[2]
            (now if words.EVENT_DONE.search(before) else wished).append(km)
    wished = wished[:1]
    for found in re.finditer(words.DIST, text):
        clause_start = text.rfind(";", 0, found.start()) + 1
        end = text.find(";", found.end())
        clause = text[clause_start : end if end >= 0 else len(text)]
        unit, value = found[2], figure_of(found[1])
        if unit == "lengths":
            now.append(value * 0.1)
            continue
        if unit == "m" and value < 100:
            continue
        km = value * (1.609 if unit.startswith("mi") else 0.001 if unit == "m" else 1.0)
        km *= words.sport_factor(clause, text)
        near = (
            text[max(clause_start, found.start() - 32) : found.end()]
            + text[found.end() :][:18].split(";")[0]
        )
        aims = re.search(
            r"\b(?:want|aim|goal|target|could i|can i|should i|would|to (?:run|ride|swim|walk|do)|signed|entered|going to)\b",
            near,
        )
        (now if words.NOW_DIST.search(near) and not aims else wished).append(km)
    for bare in re.finditer(words.BARE_NOW, text):
        now.append(float(bare[1]) * words.sport_factor("", text))
    now += [float(m[1]) / 6 for m in words.MINUTES_NOW.finditer(text)]
    if not wished:
        return None
    want = max(wished)
    if nothing and re.search(r"\b(?:everest|kona)\b", text):
        return True
    if nothing and days <= 300 and words.FAST.search(text):
        return True
    if want >= 1000 and days <= 400 and (nothing or days <= 60):
        return True
    age = re.search(r"\b(?:im|i am|aged?) (\d+)\b|\b(\d+) (?:yo|year old|years old)\b", text)
    if age and 5 < int(age[1] or age[2]) <= 15 and want >= 40:
        return True
    if nothing:
        now = [min(max(now, default=_ZERO), _ZERO * 4)]
    if not now:
        return None
    have = max(max(now), 1.0)
    if want < 15 and have >= 4.5:
        return False
    factor = want / have
    if factor >= FAR_OFF and want >= 60:
        return True
    if factor <= EASY_FACTOR:
        return None if nothing else False
    if want < 10:
        return True if nothing and want >= FAR_NEW and days <= DAYS_NEW else None
    slow = 1.25 if want >= 60 else 1.0
    return days / 7 < WEEKS_TO_DOUBLE * slow * math.log2(factor) or (None if nothing else False)


def judged(tokens: Sequence[Token], nothing: bool = False) -> bool | None:
    """Return whether the figures of a message are a step too big (True), fit (False), or None.

    Parameters
    ----------
    tokens : sequence of Token
        Of the message.
    nothing : bool
        Whether it says that nothing has been done so far.

    Examples
    --------
    >>> from josi_utils.guard.normalise import tokenise
    >>> judged(tokenise("lose 10 kg in a fortnight")), judged(tokenise("half in 5 weeks, longest 17 km"))
    (True, False)
    """
    return _judged(flat(tokens), nothing)


@lru_cache(maxsize=64)
def _read(said: str) -> tuple[str, str, float | None] | None:
    """Return text, text without its clauses' ends and days left; None if done or too long."""
    text = words.AFTER_NOW.sub(r"\1 ", said).replace("half a stone", "7 lbs")
    text = words.THOUSANDS.sub(r"\1\2", text)
    if words.DONE.search(text) or said.count(" ") > words.LONGEST:
        return None
    return text, text.replace("; ", ""), span(text)


@lru_cache(maxsize=64)
def _judged(said: str, nothing: bool) -> bool | None:
    if not (goal := _read(said)):
        return None
    text, plain, days = goal
    nothing = nothing or bool(words.NOTHING.search(text))
    if words.NOBODY.search(text):
        return True
    found = [
        _times(plain, days),
        qualifies(plain, days) or None,
        _loads(text, days),
        _distances(text, days, nothing),
        pair_verdict(text, days),
    ]
    if True in found or too_light(plain, days) or kind_of(plain, days):
        return True
    return False if False in found else None


def special_kind(tokens: Sequence[Token]) -> str | None:
    """Return what makes a goal too big, where it is no figure of a race."""
    goal = _read(flat(tokens))
    return kind_of(goal[1], goal[2]) if goal else None


def loses_much(tokens: Sequence[Token]) -> bool:
    """Tell whether more weight is to be lost than a healthy body loses in the time."""
    goal = _read(flat(tokens))
    return goal is not None and too_light(goal[1], goal[2])


def leap(tokens: Sequence[Token]) -> bool:
    """Tell whether the figures of a message are a step that is far too big for its time."""
    return judged(tokens) is True


def fits(tokens: Sequence[Token]) -> bool:
    """Tell whether a goal's figures fit, or whether it is told by one who trains."""
    return judged(tokens) is False or bool(words.TRAINED.search(flat(tokens)))
