"""Two figures set side by side: "your FTP went from 238 to 251", "5 minutes slower".

Each finder returns words of ours around figures of the athlete, or None where no fixed pattern
names what the figures are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from josi_utils.guard.amounts import Amount
from josi_utils.guard.figures import (
    CLOCK,
    COUNT,
    FIGURE,
    PAST,
    UNIT,
    WHEN,
    WISHED,
    figure,
    line,
    unit_told,
    when_told,
)
from josi_utils.guard.normalise import Token
from josi_utils.guard.tallies import trend

_VERBS = {
    "ran": "ran", "run": "ran", "rode": "rode", "cycled": "cycled", "swam": "swam",
    "rowed": "rowed", "walked": "walked", "did": "did", "hiked": "hiked", "jogged": "jogged",
    "skied": "skied", "finished": "finished",
}  # fmt: skip
#: More times than these are laps, and no two of them make a pair.
_CLOCKS = 3
#: What a pair of figures is of, how it is said, and whether more of it is better.
_SUBJECTS: tuple[tuple[str, str, bool], ...] = (
    (r"ftp", "your FTP", True),
    (r"vo 2(?: max)?", "your VO2max", True),
    (r"resting (?:pulse|hour|heart rate|hr|rate)|rhr|resting", "your resting pulse", False),
    (r"(?:pulse|heart rate|hour) (?:on|at|up|for)", "your pulse", False),
    (r"at rest", "your resting pulse", False),
    (r"sleep score", "your sleep score", True),
    (r"morning (?:pulse|hour|heart rate)", "your morning pulse", False),
    (r"bench(?: press)?", "your bench press", True),
    (r"squats?", "your squat", True),
    (r"dead ?lifts?", "your deadlift", True),
    (r"plank", "your plank", True),
    (r"knee bend|knee flexion", "your knee bend", True),
    (r"pull ?ups?", "your pull-ups", True),
    (r"push ?ups?|press ups?", "your push-ups", True),
    (r"park ?run", "your parkrun time", False),
    (r"half(?: marathon)?", "your half marathon time", False),
    (r"marathon", "your marathon time", False),
    (r"(?<!per )(?:a )?mile(?! run)", "your mile", False),
    (r"5 k", "your 5 km time", False),
    (r"10 k", "your 10 km time", False),
    (r"2 k", "your 2 km time", False),
    (r"500 m", "your 500 m time", False),
    (r"400 m?", "your 400 m time", False),
    (
        r"same loop|same route|my loop|usual loop|usual route|commute",
        "your time on that way",
        False,
    ),
)
_THINGS = {
    "parkrun": "parkrun time", "park run": "parkrun time", "5 k": "5 km time",
    "10 k": "10 km time", "half": "half marathon time", "half marathon": "half marathon time",
    "marathon": "marathon time", "mile": "mile", "2 k": "2 km time", "pb": "best", "pr": "best",
    "best": "best", "personal best": "best", "loop": "loop", "usual loop": "usual loop",
    "route": "route", "commute": "commute", "time": "time", "best time": "best time",
    "400": "400 m time", "500": "500 m time", "old best": "old best", "old time": "old time",
    "time from last year": "time from last year", "20 k": "20 km time", "climb": "climb",
    "time trial": "time trial",
}  # fmt: skip

_PAIRS = tuple(
    re.compile(pattern)
    for pattern in (
        # from 61 (in march) to 58
        rf"\bfrom (?P<old>{FIGURE}){UNIT}{WHEN} (?:down |up )?to (?P<new>{FIGURE}){UNIT}",
        # ftp 238 251 / bench 60 to 75
        rf"(?P<old>{FIGURE}){UNIT}{WHEN} (?:; )?(?:to |then |and now |now |(?:and )?today |(?:its |it is )?now )(?:its |im at |at |i do |i did |it is )?(?P<new>{FIGURE}){UNIT}\b",
        rf"\b(?:ftp|bench|squat|deadlift|pulse|hour) (?P<old>\d+(?:\.\d+)?){UNIT} (?P<new>\d+(?:\.\d+)?){UNIT}(?=$| in | since | at | ;)",
        rf"(?P<old>{CLOCK}) (?P<new>{CLOCK})(?=$| ;| with | today| on | this | in the | at )",
        # 58, did it in 61 in march / 58 this morning, was 66 when we started
        rf"(?P<new>{FIGURE}){UNIT}(?: (?:now|today|this (?:morning|week|month)|on \w+|yesterday))? (?:; )?(?:and )?(?:it |that |i |which )?(?:was|used to be|did it in|down from|up from|previously|before that|not|did|it took me|took me|old one|old best|the old one was|my old best was|last one|before it was) (?P<old>{FIGURE}){UNIT}{WHEN}",
        # 27:40 in may, 26:05 today
        rf"(?P<old>{FIGURE}){UNIT}{WHEN[:-1]} (?:; )?(?:and )?(?:its |it is )?(?P<new>{FIGURE}){UNIT} (?:today|now|this)\b",
        # 14:32 (15:10 last month)
        rf"(?P<new>{CLOCK}) (?:; )?(?:vs |against |after )?(?P<old>{CLOCK}){WHEN[:-1]}",
        # 7:20. last time 7:58
        rf"(?P<new>{CLOCK}) (?:; )?(?:last (?:time|week|month|year)|before that|previous(?:ly)?(?: best)?|prev|old (?:best|pb|one))(?: ;)? (?:it was |was |i did |in )?(?P<old>{CLOCK})(?= ; |$| i )",
        rf"(?P<new>{FIGURE}) (watts|w|kg|kilos|reps|lengths|laps)(?: [a-z0-9]+){{0,2}} (?:; )?(?:last (?:time|week|month|year)|before|previously|it was|was|used to be) (?:it was |was |i did )?(?P<old>{FIGURE})(?= ;|$| watts?\b| w\b| kg)",
        # 231 w, last time 224 / 20 lengths yesterday, 24 today
        rf"(?P<old>{FIGURE}){UNIT} (?:yesterday|on [a-z]+day|last (?:week|time|month|year|[a-z]+day)) (?:; )?(?:and )?(?:its |did |i did )?(?P<new>{FIGURE}){UNIT} (?:today|now|this [a-z]+)\b",
        # 5:58 today, in spring i was at 6:20
        rf"(?P<new>{CLOCK})\b(?! (?:to|then)).{{1,40}}?{WHEN[:-1]} (?:; )?(?:i was at|i was on|i ran|i did|i had|i needed|it was|it took|i was doing) (?P<old>{CLOCK})",
        # was 66 in march, 58 now / used to row 2 k in 7:05, now 7:40
        rf"\b(?:was|used to be|started at|started on|did|needed|took(?: me)?|used to \w+ (?:a |the )?(?:\w+ ){{0,2}}in) (?P<old>{FIGURE}){UNIT}{WHEN} (?:; )?(?:and |but )?(?:today |now |its |it is |this \w+ )+(?:its |im at |at |i |it |did |is |took |was |took me |needed )*(?P<new>{FIGURE}){UNIT}",
    )
)


def pair(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "your FTP went from 238 to 251", where the later figure is the better one."""
    up = re.search(
        r"\bftp (?:is |went |has gone )?up (?:by )?(\d+) ?(?:w|watts)?\b", line(tuple(tokens))
    )
    steps = re.search(
        r"\bfrom (walking|jogging)(?: \d+ \w+| only)? to (jogging|running)\b", line(tuple(tokens))
    )
    if steps and not WISHED.search(line(tuple(tokens))):
        return f"you went from {steps[1]} to {steps[2]}"
    if row := trend(tokens):
        return row
    if up:
        return f"your FTP went up by {up[1]} watts"
    return _two(tokens, True)


def fade(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "7:05 then and 7:40 now", where the later figure is the worse one."""
    return _two(tokens, False)


def _two(tokens: Sequence[Token], gained: bool) -> str | None:
    text = line(tuple(tokens))
    if WISHED.search(text) or len(re.findall(CLOCK, text)) > _CLOCKS:
        return None
    subjects = [(m.start(), said, more) for p, said, more in _SUBJECTS
                for m in re.finditer(rf"\b(?:{p})\b", text)]  # fmt: skip
    names = {said for _, said, _ in subjects}
    for pattern in _PAIRS:
        found = pattern.search(text)
        if not found:
            continue
        old, new = found["old"], found["new"]
        told = PAST.search(text) or re.search(r"\bdown\b", text)
        if not told and re.search(r"\bin \d+ (?:weeks|months|days)\b", text):
            return None  # "squat 100 to 180 in 8 weeks" may be a wish
        if (":" in old) != (":" in new) and not (len(names) == 1 and not subjects[0][2]):
            continue
        units = [g for g in found.groups()[1:] if g and g in _UNITS]
        named = subjects if len(names) == 1 else []
        if not named and ":" not in old and not set(units) & _GROWS:
            return None
        more = named[0][2] if named else ":" not in old
        before, after = figure(old), figure(new)
        if ":" in old and ":" in new:  # "1:08" beside "1:02:30" is hours
            before *= 60 if old.count(":") < new.count(":") else 1
            after *= 60 if new.count(":") < old.count(":") else 1
        if (":" in old) != (":" in new):  # "from 34 to 31:20"
            before, after = (
                x * 60 if ":" not in f else x for x, f in ((before, old), (after, new))
            )
        if before == after or ((after > before) == more) != gained:
            return None
        if not gained:
            return f"{old} then and {new} now" if ":" in old else None
        if not more and after < before * 0.4:
            return None
        subject = f"{named[0][1]} went " if named else ""
        unit = "" if ":" in old + new else unit_told(*reversed(units))
        when = when_told(found)
        return f"{subject}from {old}{when} to {new}{unit}"
    return None


_UNITS = frozenset(UNIT.split("(")[2].split(")")[0].split("|"))
_GROWS = frozenset(
    ["kg", "kgs", "kilos", "km", "k", "miles", "watts", "w", "lengths", "laps", "reps", "steps"]
)

_RAN_BOTH = re.compile(
    rf"\b(ran|did|rowed|swam|rode|run) (?:a |the |my )?(5 k|10 k|half|half marathon|mile|2 k|parkrun)\b.*? in ({FIGURE}) "
    rf"(?:minutes )?(?:; )?(?:and )?(?:i )?(?:did it in|was|did|it was|it took me|took) ({FIGURE}){WHEN}"
)


def again(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you ran 10 km in 58, after 61 in March"."""
    text = line(tuple(tokens))
    found = _RAN_BOTH.search(text)
    if not found or WISHED.search(text) or figure(found[3]) >= figure(found[4]):
        return None
    what = {"5 k": "5 km", "10 k": "10 km", "2 k": "2 km", "mile": "a mile"}.get(
        found[2], f"the {found[2]}"
    )
    return f"you {_VERBS[found[1]] if found[1] in _VERBS else found[1]} {what} in {found[3]}, after {found[4]}{when_told(found)}"


_TAKEN = re.compile(
    rf"\b(?:knocked|took|taken|shaved|cut|chopped|sliced|dropped) (?:a |nearly |over |almost |another )?({COUNT}|a) "
    rf"(seconds|sec|secs|s|second|minutes|minute|min) off (?:my |the |that |our )?"
    rf"({'|'.join(sorted(_THINGS, key=len, reverse=True))})\b"
)


#: "Dropped my 400 free by 6 seconds".
_BY = re.compile(
    rf"\b(?:dropped|improved|lowered|bettered) (?:my|the|it)\b(?: [a-z0-9]+){{0,4}} by ({COUNT}) "
    r"(seconds|sec|secs|s|second|minutes|minute|min)\b"
)


def taken(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "40 seconds off your parkrun time"."""
    text = line(tuple(tokens))
    by = _BY.search(text)
    if by and not WISHED.search(text):
        unit = "minute" if by[2].startswith("m") else "second"
        return f"{by[1]} {unit}{'' if by[1] in ('1', 'one') else 's'} off your time"
    found = _TAKEN.search(text)
    if not found or WISHED.search(line(tuple(tokens))):
        return None
    unit = "minute" if found[2].startswith("m") else "second"
    many = "" if found[1] in ("a", "1", "one") else "s"
    return f"{found[1]} {unit}{many} off your {_THINGS[found[3]]}"


_SLOWER = re.compile(
    rf"\b({COUNT}|a) (seconds|sec|secs|s|second|minutes|minute|min) (?:(?:per|a|an) (km|k|mile) )?(?:slower|longer than|down on|off my (?:best|pb|usual))(?! per (?:km|k|mile))\b"
)
_LOST = re.compile(
    rf"\b(?<!only )(?<!just )lost ({COUNT}|a) (seconds|sec|secs|s|second|minutes|minute|min) (?:(per|a) km )?(?:to|on|against|compared to|compared with|versus|vs) (?:last|my|the)\b"
)


def slower(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "5 minutes slower"."""
    text = line(tuple(tokens))
    found = _SLOWER.search(text) or _LOST.search(text)
    if not found or re.search(r"\b(?:took|knocked|shaved|cut|she|he|should)\b", text):
        return None
    unit = "minute" if found[2].startswith("m") else "second"
    many = "" if found[1] in ("a", "1", "one") else "s"
    per = {"km": " a km", "k": " a km", "mile": " a mile"}.get(found[3] or "", "")
    return f"{found[1]} {unit}{many}{per} slower"


_FASTER = re.compile(
    rf"\b({COUNT}|a) (seconds|sec|secs|s|second|minutes|minute|min) (?:(?:per|a|an) (km|k|mile) )?(?:quicker|faster) "
    r"(?:than (?:my last|last (?:time|week|month|year)|in|before|the last|my previous|a (?:year|month|week) ago)|today|this time)\b"
)


def faster(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "30 seconds quicker"."""
    text = line(tuple(tokens))
    found = _FASTER.search(text)
    if not found or WISHED.search(text):
        return None
    unit = "minute" if found[2].startswith("m") else "second"
    many = "" if found[1] in ("a", "1", "one") else "s"
    per = {"km": " a km", "k": " a km", "mile": " a mile"}.get(found[3] or "", "")
    return f"{found[1]} {unit}{many}{per} quicker"


_MISSED = re.compile(
    rf"\b(?:missed|skipped|bailed on|lost|skip) (?:my |about |like |nearly |the |out on )?(?:last )?({COUNT}) (?:of my |of the )?"
    r"(sessions?|runs?|rides?|swims?|workouts?|trainings?|weeks?|days?|classes)\b"
)


_NOTHING = re.compile(
    r"\b(?:(?:didnt|did not) (?:manage|do|get to|make|get in) (?:a |one )?(?:single |any )?(?:session|run|ride|swim|workout|training)s?"
    r"|no (?:training|sessions?|running|cycling|swimming))\b.*\b(?:last|this|all|whole) week\b"
)


_FREE = re.compile(
    rf"\b(?:nothing|anything|no training|not trained|havent trained|didnt train|no running|not run|havent run)"
    rf" (?:at all )?(?:for|in) ({COUNT}) (days|weeks)\b"
)


def missed(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "5 missed sessions"."""
    found = _MISSED.search(line(tuple(tokens)))
    whole = re.search(
        r"\bmissed (?:a|the|nearly a)(?: whole| full)? (month|week)\b", line(tuple(tokens))
    )
    if whole:
        return f"a missed {whole[1]}"
    free = _FREE.search(line(tuple(tokens)))
    if free:
        return f"{free[1]} {free[2]} without training"
    if not found and _NOTHING.search(line(tuple(tokens))):
        return "a week without training"
    if not found:
        both = re.search(
            r"\b(?:missed|skipped) (?:yesterday and the day before|[a-z]+day and [a-z]+day)\b",
            line(tuple(tokens)),
        )
        return "two missed days" if both else None
    if found[1] in ("1", "one"):
        return None
    return f"{found[1]} missed {found[2].rstrip('s')}s"
