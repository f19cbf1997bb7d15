"""How big a step is for its days: far too much, sensible, or neither that words could tell.

The limits are wide: what some people reach is none of Josi's business. Beside two figures of one
kind (:mod:`josi_utils.guard.goal_pairs`) kilos to add, places, persons to beat and feats are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from josi_utils.guard import leap_words as words
from josi_utils.guard.goal_kinds import figure_of
from josi_utils.guard.goal_pairs import PAST, Pair, pair_of

Steps = Sequence[tuple[float, float]]


def limit(steps: Steps, days: float | None) -> float | None:
    """Return the factor that holds for so many days, None where no days are known or too many."""
    if days is None:
        return None
    return next((factor for most, factor in steps if days <= most), None)


#: Up to so many days (first column) a time may at most come down by this factor.
TIME_STEPS: Steps = ((24, 1.16), (46, 1.22), (75, 1.28), (100, 1.33), (210, 1.45), (430, 1.6),
                     (800, 1.9))  # fmt: skip
#: Of each kind, what is far too much by the days that are left, and what is a sensible step.
_TOO_BIG: dict[str, Steps] = {
    "time": ((10, 1.1), *TIME_STEPS),
    "load": ((24, 1.2), (46, 1.25), (75, 1.4), (130, 1.6), (210, 1.9), (430, 2.4)),
    "watts": ((24, 1.16), (46, 1.22), (75, 1.3), (130, 1.4), (210, 1.6), (430, 2.0)),
    "reps": ((10, 2.0), (24, 2.6), (46, 4.0), (75, 6.0), (130, 12.0)),
    "hold": ((10, 2.5), (24, 3.0), (46, 4.0), (75, 8.0)),
    "reach": ((10, 2.0), (24, 3.0), (46, 4.5), (75, 8.0)),
}
_SENSIBLE: dict[str, Steps] = {
    "time": ((24, 1.04), (46, 1.06), (75, 1.09), (130, 1.13), (210, 1.18), (430, 1.25), (9999, 1.5)),
    "load": ((24, 1.05), (46, 1.1), (75, 1.15), (130, 1.25), (210, 1.35), (430, 1.5), (9999, 2.0)),
    "watts": ((24, 1.04), (75, 1.08), (130, 1.12), (210, 1.2), (430, 1.3), (9999, 1.4)),
    "reps": ((24, 1.5), (46, 2.0), (75, 3.0), (130, 4.0), (430, 9.0), (9999, 20.0)),
    "hold": ((24, 1.5), (46, 2.0), (75, 3.0), (130, 4.0), (9999, 9.0)),
    "reach": ((24, 1.25), (46, 1.6), (75, 2.1), (130, 3.0), (430, 6.0), (9999, 9.0)),
}  # fmt: skip
#: A sensible step where no day is named.
_UNDATED = {"time": 1.06, "load": 1.08, "watts": 1.06, "reps": 1.7, "hold": 2.0, "reach": 1.7}
#: So many kilos more, by the days left, are far too much whatever is lifted now.
_KILOS_MORE: Steps = ((24, 15), (46, 25), (75, 35), (130, 50))
#: Fewer repetitions than this are no feat.
_MANY_REPS = 6

#: Nobody who is a sixth slower runs, rows or swims so fast within a year: distance and seconds.
_ELITE: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), seconds)
    for pattern, seconds in (
        (r"100 m(?! (?:free|swim|fly|back|breast))", 11.2), (r"200 m(?! (?:free|swim))", 23),
        (r"400 m(?! (?:free|swim|im))", 52), (r"800 m", 118), (r"(?<!\d )mile", 265),
        (r"5 k", 940), (r"10 k", 1950), (r"half", 4320), (r"(?<!half )marathon", 9000),
    )
)  # fmt: skip
_MORE_KG = re.compile(
    r"\b(\d+) (?:kg|kgs|kilos?) (?:more )?(?:on|to|onto) (?:my |the |our )?(?:bench|squat|deadlift|press|clean|snatch|lifts?|total)\b"
    r"|\b(?:bench|squat|deadlift|press|clean|snatch) (?:press )?(?:up )?by (\d+) (?:kg|kgs|kilos?)\b"
    r"|\b(\d+) (?:kg|kgs|kilos?) (?:more|heavier|extra)\b(?=.*\b(?:bench|squat|deadlift|press)\b)"
)
_MARATHONS = re.compile(r"\b(?:three|four|five|six|seven|ten|[3-9]|\d\d) marathons\b")
_LONGEST = re.compile(
    r"\blongest(?: run)?(?: of my life| so far| ever| yet)?(?: is| was)? (\d+) (?:k|km|miles)\b"
)
_PERSON = re.compile(
    r"\b(?:faster|fitter|stronger|quicker|in better shape) than (?:my|our|his|her|everyone|everybody)\b"
    r"|\b(?:outlift|outrun|outswim|outride|outrow|outsprint|outbench|outpace) (?:my|the|our|all|every\w*|him|her)\b"
)
_WIN = re.compile(r"\b(?:win|winning|podium|gold(?: medal)?|first place|1 st place|come first|on top of the podium|beat every(?:one|body)|beat (?:our|the|my) (?:clubs? )?(?:number one|no 1|champion|best|favou?rite|winner|top seed)|be the fastest|beat them all)\b")  # fmt: skip
_CAME = re.compile(
    r"\b(?:was|came|finished|placed|got|ranked|im|in) (?:\w+ )?(?=(\d+) (?:st|nd|rd|th)\b)|(?:came|finished|placed|ranked) (?=(\d*2) and\b)|\b(?:(?:came|finished|was|were|in the|always|from) (?:dead |second |third )?last|dead last|near the back|in the bottom)\b(?! (?:year|week|month|night|time|season|summer|winter|race|one|spring|autumn|sunday|saturday))"
)
_FEAT = re.compile(
    r"\b(?:muscle ups?|front lever|back lever|planche|one arm (?:pull ?up|push ?up|chin ?up)|human flag|backflip|handstand (?:walk|push ups?)|pistol squats?|iron cross)\b"
)
_FROM_NONE = re.compile(
    r"\b(?:from (?:0|zero|nothing)|0 to|zero to|cant (?:even )?do|cant do|never done|no pull ?ups?|0 pull ?ups?|not one pull ?up|currently hang|only hang|hang for)\b"
)
#: Nobody overtakes somebody in so many days; a race that far away is not won from so far behind.
_FEW_DAYS, _WIN_DAYS, _FAR_BEHIND, _FEAT_DAYS = 12, 100, 15, 45


def pair_verdict(text: str, days: float | None) -> bool | None:
    """Return whether a goal is far too much (True), a sensible step (False), or None.

    Parameters
    ----------
    text : str
        As for :func:`pair_of`.
    days : float or None
        That are left.
    """
    if not PAST.search(text) and (_more(text, days) or _placed(text, days)):
        return True
    pair = pair_of(text)
    if not pair:
        return None
    if pair.kind == "time" and _elite(text, pair) and (days is None or days <= 430):
        return True
    most = limit(_TOO_BIG[pair.kind], days)
    small = pair.kind in ("reps", "reach") and pair.goal < _MANY_REPS
    small = small or (pair.kind == "load" and pair.goal - pair.now < (limit(_KILOS_MORE, days) or 40))  # fmt: skip
    if most and pair.factor >= most and not small:
        return True
    least = limit(_SENSIBLE[pair.kind], days) or _UNDATED[pair.kind]
    return False if pair.factor <= least else None


def _elite(text: str, pair: Pair) -> bool:
    found = [seconds for pattern, seconds in _ELITE if pattern.search(text)]
    on_foot = words.sport_factor("", text) == 1.0
    return bool(found) and on_foot and pair.goal <= found[0] and pair.factor >= 7 / 6


def _more(text: str, days: float | None) -> bool:
    more, most = _MORE_KG.search(text), limit(_KILOS_MORE, days)
    if more and most and float(more[1] or more[2] or more[3]) >= most:
        return True
    many, longest = _MARATHONS.search(text), _LONGEST.search(text)
    if many and longest and float(longest[1]) < 30:
        return True
    feat = _FEAT.search(text) and _FROM_NONE.search(text)
    return bool(feat) and days is not None and days <= _FEAT_DAYS


def _placed(text: str, days: float | None) -> bool:
    if days is None:
        return False
    if _PERSON.search(text) and 1 < days <= _FEW_DAYS:
        return True
    came = _CAME.search(text)
    if not (_WIN.search(text) and came):
        return False
    place = int(came[1] or came[2] or _FAR_BEHIND)
    return place >= (_FAR_BEHIND if days <= _WIN_DAYS else 2 * _FAR_BEHIND)


def by_day(text: str) -> tuple[str, bool]:
    """Return a tour of several days as the distance of one of them: "96 miles in 8 days"."""
    found = words.TOUR.search(text)
    if not found or figure_of(found[3]) < 2:
        return text, False
    each = round(figure_of(found[1]) / figure_of(found[3]) * words.TOUR_FACTOR)
    return f"{text[: found.start()]}{each} {found[2]} {text[found.end() :]}", True


def placing(text: str) -> tuple[str, str | None] | None:
    """Return "winning" and "you came 112th", where a place is wished for, or None."""
    if not _WIN.search(text):
        return None
    podium = "podium" in text
    came = _CAME.search(text)
    ended = {"1": "st", "2": "nd", "3": "rd"}
    number = came and (came[1] or came[2])
    if not number:
        return ("a podium" if podium else "winning"), None
    tail = "th" if number[-2:] in ("11", "12", "13") else ended.get(number[-1], "th")
    return ("a podium" if podium else "winning"), f"you came {number}{tail}"
