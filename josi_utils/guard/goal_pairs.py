"""A goal and where the athlete stands, read as two figures of one kind: "34 minutes -> 17 minutes".

:mod:`josi_utils.guard.leap` reads races by their event; here any two figures are compared, told
apart by the words around them ("now", "pb", "i lift", "he runs"). Where it is not sure which is
which nothing is said. How big a step is too big stands in :mod:`josi_utils.guard.goal_steps`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from josi_utils.guard import leap_words as words


class Pair(NamedTuple):
    """Where the athlete stands and what is wished, as figures and as they are said."""

    kind: str
    now: float
    goal: float
    said_now: str
    said_goal: str

    @property
    def factor(self) -> float:
        """How many times better the goal is."""
        return self.now / self.goal if self.kind == "time" else self.goal / max(self.now, 1)


#: Two figures further apart than this are not of one kind.
_APART = 6.0
_HELD_APART = 60.0

# --- the figures of a message -----------------------------------------------------------------

_NOISE = re.compile(
    rf"\b{words.N} (?:more |short |whole )?(?:day|night|weekend|week|month|year)s?\b(?! pb)"
    r"|\b(?:im|i am|aged?|turn|turning|turned|before) \d+\b(?= ;| and\b| but\b|$)|\b\d+ (?:yo|yr|years? old|x|times|x)\b"
    r"|\bthe \d+ (?:st|nd|rd|th)\b|\b\d+ (?:am|pm|oclock|percent|euros?|quid|bucks|dollars|pounds a|th|st|nd|rd|k race)\b|\bzone \d\b|\b(?:19|20)\d\d\b"
    r"|\b\d:\d\d (?:am|pm)\b"
)
_DISTANCE = re.compile(
    r"(?<!sub )\b\d+(?:\.\d+)? (?:k|km|kms|miles?|mi|m|meters|metres)\b(?! in a)|\b(?:100|200|400|800|1500|3000|5000|10000)\b(?! (?:kg|watts|w)\b)"
)
_TIME = re.compile(
    r"\b(?:(?P<a>\d+):(?P<b>\d\d)(?: minutes?| hours?)?|(?P<n>\d+(?:\.\d+)?|one|two|three|four|five|six|(?<=under )an|(?<=sub )an|half an) (?P<u>minutes?|hours?|h|seconds?|secs?|sec|s)\b(?: (?P<more>\d\d?)\b(?! (?:k|km|m|kg|minutes?|hours?|seconds?|secs?|weeks?)\b))?"
    r"|(?P<bare>\d\d?(?:\.\d+)?)(?![:.]\d)(?! (?:kg|kgs|kilos?|km|k|m|miles?|watts?|w|reps?|lengths?|laps?|push|pull|press|sit|chin|runs?|rides?|swims?|sessions?|out of|of)\b))"
)
_KG = re.compile(
    r"\b(\d+(?:\.\d+)?)(?: (kg|kgs|kilos?|lbs?|pounds))?(?![:.]\d)(?! (?:x|reps?|sets?|km|k|m|minutes|hours|of|out)\b)"
)
_BARE = re.compile(
    r"\b(\d+|zero|one|two|three|four|five|six|eight|ten|twelve|fifteen|twenty)\b(?![:.]\d)(?! (?:kg|kgs|kilos?|km|k|m|minutes|hours|seconds|sets?|watts|arm|of|out)\b)"
)
#: "Now: 34", but not "40 now; 34".
_COLON = re.compile(
    r"(?<!\d )(?<!kg )(?<!minutes )(?<!watts )\b(now|currently|max|best|pb|goal|target|present|current) ; (?=\d)"
)
_RACE_WORDS = re.compile(
    rf"\b(?:{words.RACE}|half|marathon|parkrun|swim|swimming|run|runs|ran|row|rowing|free|freestyle|breaststroke|im|tt|time trial|leg|lap|loop|climb|sprint|split|regatta|1500|800|400|200|sub)\b"
)
_HOLD = re.compile(
    r"\b(?:without (?:stopping|walking|a break)|non ?stop|plank|in one go|hang|hold|wall sit|keep going|(?:run|jog|swim|row|ride|play|walk)(?: \w+){0,4} for \d+ minutes|the (?:whole|full) \d+|all \d+ minutes)\b"
)
_UNDER = re.compile(r"\b(?:sub|under|below) $")
_TIMED = re.compile(r"\bminutes\b|\bthe (?:whole|full) \d+")
_LIFT = re.compile(
    r"\b(?:bench(?:ing|es)?|squat(?:s|ting)?|deadlift(?:s|ing)?|press|clean|snatch|the bar|lift(?:ing)?|pulls?|overhead|total)\b"
)
_REPS = re.compile(
    r"\b(?:(?:push|pull|press|sit|chin|muscle) ?ups?|lengths?|laps|dips|burpees|pistol squats|toes to bar|double unders)\b"
)
_WATTS = re.compile(r"\b(?:ftp|watts?|w)\b")

_REACH = re.compile(
    r"\bfrom (\d+(?:\.\d+)?)(?: (k|km|kms|miles?|mi|m))? (?:up )?to (\d+(?:\.\d+)?) (k|km|kms|miles?|mi|m)\b(?! (?:a|per|each|every|in(?!\s+;)|weekly|weeks?) )"
)
_LEAD = r"(?: (?:is|was|at|about|around|roughly|just|only|stands|in|it|my|a|the|of|best|time|on|for|like|max|barely|usually|was a|out|run|\d+ (?:k|km|m|miles)|half|marathon|bench|squat|deadlift|did|current)){0,4} ?$"
_NOW_BEFORE = re.compile(
    r"(?:\b(?:from|now|currently|current|pb|pr|best|max|ftp(?= is)|last (?:one|time|year|race|season|summer|autumn|spring|winter|month|week)|"
    r"was|ran|did|swam|rode|rowed|lifted|managed|done|stand|standing|am at|am on|im at|im on|im|were at|stuck|start|starting|since|today|longest|"
    r"(?:i|we) (?:can |only |can only |can just |can barely |just |usually |mostly |already |still |always )?(?:run|swim|do|ride|row|lift|squat|bench|deadlift|manage|press|pull|jog|hang|hold|get|hover|need)|"
    r"(?:takes|took) me|at the minute|(?:blowing|dead|done|puffed|knackered|finished|gassed|gasping|shattered|blown|come off|off|subbed) (?:after|at)|can (?:only |just |barely )?(?:do|manage|hold|lift|squat|bench|deadlift|press|hang)|my (?:1500|5 k|10 k|half|marathon|time|2 k|mile|bench|squat|deadlift) (?:is|was)))"
    + _LEAD
)
_NOW_AFTER = re.compile(
    r"^(?: (?:kg|kilos|minutes|watts|reps|hours|seconds))?(?: ?(?:now|currently|atm|at the moment|at the mo|at present|right now|today|already|so far)(?! (?:\d|i\b|im\b|and|its))|(?: ;)? ?(?:pb\b|pr\b|(?:is|was) my|last (?:year|time|summer|autumn|spring|winter|month|season|race|one)\b|max\b))"
)
_WISH_BEFORE = re.compile(
    r"\b(?:goal|target|aim|aiming|want|wants|wanna|dream|sub|under|below|break|hit|reach|get|need|needs|to|beat|going to do|gonna do|will do|ill do|could i (?:do|run|swim)|can i (?:do|run|swim|get)|how about|what about|happy with|like to (?:do|run|row|swim|lift))"
    r"(?: (?:is|was|at|a|the|my|an|do|run|row|swim|lift|squat|bench|deadlift|get|be|ride|it|in|for|of|to|time|under|sub|about|around|least|down|up|hit|all|whole|full|\d+ (?:k|km|m))){0,4} ?$"
)
_WISH_AFTER = re.compile(
    r"^(?: (?:kg|kilos|minutes|watts|reps|hours|seconds))? (?:by|before|until|till|next|in (?:\d|a|the|two|three|four|five|six|eight|ten)) ?\w"
)
_OTHER = re.compile(
    r"\b(?:he|she|they|his|her|their|kevin|friend|mate|brother|sister|son|daughter|dad|boss|neighbour)(?: (?:can|just|usually|pb|time|best|is|runs|does|swims|rows|rides|lifts|benches|squats|ran|did|has|in|a|about|around)){1,4} ?$"
)
_COMPARE = re.compile(
    r"\b(?:faster|quicker|stronger|fitter|better) than\b|\b(?:beat|catch|outrun|outlift|overtake|keep up with|drop|thrash)\b"
)
_WISHES = re.compile(
    r"\b(?:want|wanna|wish|goal|target|aim\w*|dream|going to|gonna|will|ill|get|sub|under|hit|reach|need|doable|possible|realistic|feasible|love|like to|hope|hoping|happy with|can i|could i|for a bet|bet|by|cheeky|daft|mad|silly|crazy|beat|faster|break|shave|plan)\b"
)
_TO_COME = re.compile(
    r"\b(?:weeks?|months?|days|fancy|thoughts|this one|next|by|tomorrow|until|till|til|before|(?:on|this) \w+day|weekend|goal|summer|spring|autumn|winter)\b"
)
PAST = re.compile(
    r"\b(?:in (?:january|february|march|april|may|june|july|august|september|october|november|december) (?:it|i|we) (?:was|did|could|had|ran|managed)|went from|improved from|dropped from|came down|down from|up from|used to|since (?:january|february|march|april|may|june|july|august|september|october|november|december|i started)|just (?:ran|did|swam|rode|lifted|got)|(?:i|we) (?:did it|finally|managed (?:it|to))|new pb|pb today|pb yesterday)\b"
)


def _one(text: str) -> float:
    return 1.0 if text in ("an", "one") else 0.5 if text == "half an" else float(
        words.WORDS.get(text) or text
    )  # fmt: skip


def _readings(found: re.Match[str]) -> tuple[float, ...]:
    """Return the seconds that a time may stand for: 2:04 is minutes or hours."""
    if found["a"]:
        a, b = int(found["a"]), int(found["b"])
        return (a * 60.0 + b, a * 3600.0 + b * 60) if a < 10 else (a * 60.0 + b,)
    if found["n"]:
        unit = 3600 if found["u"][0] == "h" else 60 if found["u"].startswith("m") else 1
        return (_one(found["n"]) * unit + float(found["more"] or 0) * unit / 60,)
    value = float(found["bare"])
    return (value, value * 60, value * 3600) if value < 10 else (value, value * 60)


def _label(text: str, start: int, end: int) -> str:
    """Return whose a figure is: "now", "wish", "other" or "" where the words do not tell."""
    before = text[:start].rpartition(";")[2][-60:]
    after = text[end : end + 40]
    if _OTHER.search(before):
        return "other"
    if _WISH_AFTER.search(after):
        return "wish"
    wish, now = _WISH_BEFORE.search(before), _NOW_BEFORE.search(before)
    if wish and now:
        return "wish" if wish.start() > now.start() or "get" in now[0] else "now"
    if now or _NOW_AFTER.search(after):
        return "now"
    return "wish" if wish else ""


def _sides(text: str, found: Sequence[re.Match[str]]) -> tuple[int, int] | None:
    """Return which of two figures is the present one and which the goal, or None."""
    labels = [_label(text, *one.span()) for one in found]
    if "other" in labels and _COMPARE.search(text):
        labels = ["wish" if label == "other" else "now" for label in labels]
    elif "other" in labels:
        return None
    between = text[found[0].end() : found[1].start()]
    unit = (
        r"(?: (?:kg|kgs|kilos?|minutes?|watts?|w|reps?|seconds?|secs?|hours?|push ups|pull ups))?"
    )
    steps = re.fullmatch(rf"{unit} (?:(?:down |up )?(?:to|into) |in )?(?:be )?", between)
    if steps and "now" not in labels[1:]:
        return 0, 1
    if labels.count("now") == 1:
        at = labels.index("now")
        return at, 1 - at
    if labels.count("wish") == 1 and "now" not in labels:
        at = labels.index("wish")
        return 1 - at, at
    return None


def _said(figure: str, own: str | None, other: str | None) -> str:
    unit = own or other
    if not unit or ":" in figure:
        return figure
    unit = {"kgs": "kg", "kilos": "kg", "kilo": "kg", "w": "watts", "h": "hours", "s": "seconds",
            "sec": "seconds", "secs": "seconds",
            "hour": "hours", "minute": "minutes"}.get(unit, unit)  # fmt: skip
    return f"{figure} {unit}"


def _time_pair(text: str) -> Pair | None:
    hold = bool(_HOLD.search(text))
    if not hold and words.NOT_RACE.search(text):
        return None
    if not (hold or _RACE_WORDS.search(text) or _DISTANCE.search(text)):
        return None
    plain = _DISTANCE.sub(lambda m: " " * len(m[0]), text)
    found = [
        m for m in _TIME.finditer(plain) if not (hold and m["bare"] and not _TIMED.search(text))
    ]
    if len(found) > 2:
        found = [m for m in found if not m["bare"] or _UNDER.search(text[: m.start()])]
    told = hold or re.search(r"\b(?:sub|under|in \d|from \d|runs? \d|pb)", text)
    if len(found) != 2 or not (told or any(not m["bare"] for m in found)):
        return None
    sides = _sides(text, found)
    if not sides:
        return None
    now, goal = found[sides[0]], found[sides[1]]
    pairs = [(a, b) for a, b in product(_readings(now), _readings(goal)) if a >= 5 and b >= 5]
    if not pairs:
        return None
    a, b = min(pairs, key=lambda p: abs(math.log(p[0] / p[1])))
    figures = [m["n"] or m["bare"] or f"{m['a']}:{m['b']}" for m in (now, goal)]
    figures = [f"{f} {m['u']} {m['more']}" if m["more"] else f for f, m in zip(figures, (now, goal), strict=True)]  # fmt: skip
    units = [None if m["more"] else m["u"] for m in (now, goal)]
    if figures[1] in ("an", "half an"):
        figures[1] = f"{figures[1]} hour"
        units[1] = None
    apart = {u for u in units if u}
    shared = units if len(apart) > 1 or any(":" in f for f in figures) else [next(iter(apart), None)] * 2  # fmt: skip
    better = a < b if hold else a > b
    apart_at_most = _HELD_APART if hold else _APART
    if not better or not 1 / apart_at_most < a / b < apart_at_most:
        return None
    kind = "hold" if hold else "time"
    return Pair(kind, a, b, _said(figures[0], units[0], shared[0]), _said(figures[1], units[1], shared[1]))  # fmt: skip


def _plain_pair(text: str, kind: str, pattern: re.Pattern[str], least: float) -> Pair | None:
    found = [m for m in pattern.finditer(text) if _value(m[1]) >= least]
    seen = {_value(m[1]) for m in found}
    if len(found) != 2 or len(seen) != 2:
        return None
    sides = _sides(text, found)
    if not sides:
        return None
    now, goal = found[sides[0]], found[sides[1]]
    a, b = _value(now[1]), _value(goal[1])
    if a >= b or (kind != "reps" and b / max(a, 1) > _APART):
        return None
    units = [m[2] if m.re.groups > 1 else "watts" if kind == "watts" else None for m in (now, goal)]
    return Pair(kind, a, b, _said(now[1], *units), _said(goal[1], units[1], units[0]))


def _value(figure: str) -> float:
    return 0.0 if figure == "zero" else float(words.WORDS.get(figure) or figure)


@lru_cache(maxsize=64)
def pair_of(text: str) -> Pair | None:
    """Return where the athlete stands and what is wished, or None where that is not sure.

    Parameters
    ----------
    text : str
        The message's words (:func:`josi_utils.guard.told.flat`).

    Examples
    --------
    >>> pair_of("5 k 34 minutes 17 minutes by next weekend").factor
    2.0
    >>> pair_of("i bench 60 kg and want 65")
    Pair(kind='load', now=60.0, goal=65.0, said_now='60 kg', said_goal='65 kg')
    """
    if PAST.search(text) or text.count(" ") > words.LONGEST:
        return None
    told = text
    text = _COLON.sub(r"\1 ", text)
    text = _NOISE.sub(lambda m: " ; ", text)
    if not (_WISHES.search(told) or _TO_COME.search(told)):
        return None
    if _REPS.search(text):
        return _plain_pair(text, "reps", _BARE, 0)
    if _WATTS.search(text):
        return _plain_pair(text, "watts", _KG, 60)
    if _LIFT.search(text) and not re.search(r"\d:\d\d", text):
        return _plain_pair(text, "load", _KG, 15)
    reach = _REACH.search(text)
    if reach:
        # Where the units differ, the first distance is read in the second's.
        now, goal = float(reach[1]), float(reach[3])
        now *= words.KM[reach[2] or reach[4]] / words.KM[reach[4]]
        if 0 < now < goal < now * 10:
            return Pair("reach", now, goal, *_far(reach))
    return _time_pair(text)


def _far(found: re.Match[str]) -> tuple[str, str]:
    """Return two distances as they are said, in km where they were in k."""
    unit = {"k": "km", "kms": "km", "mi": "miles", "mile": "miles"}
    one, other = (unit.get(u, u) for u in (found[2] or found[4], found[4]))
    return _one_of(f"{found[1]} {one}"), _one_of(f"{found[3]} {other}")


def _one_of(said: str) -> str:
    return "1 mile" if said == "1 miles" else said
