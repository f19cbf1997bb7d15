"""What the athlete tells of a goal: where they stand now, and the goal of the message alone.

Figures are taken over only where a fixed pattern names what they are ("my best is 4:05", "longest
so far 70 km"), so that they can be said again; where none fits, nothing is said of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from josi_utils.guard.normalise import Token

#: Units as messages have them, and as they are said.
UNITS = {
    "km": "km", "k": "km", "kms": "km", "kilometers": "km", "kilometres": "km", "m": "m",
    "meters": "m", "metres": "m", "miles": "miles", "mile": "miles", "mi": "miles", "kg": "kg",
    "kgs": "kg", "kilos": "kg", "minutes": "minutes", "minute": "minutes", "hours": "hours",
    "lengths": "lengths", "watts": "watts",
}  # fmt: skip
_NUM = r"(\d+(?:[.:]\d+)?)"
_NOT = (
    r"(?! (?:weeks?|wks?|days?|months?|years?|yrs?|yr|times?|x|percent|of|th|st|nd|rd|am|pm|or|to|"
    r"and|kids?|runs?|sessions?|reps?|sets?|years|old|a|per|each|but|\d)\b)(?![:.]\d)"
)
_AMOUNT = rf"{_NUM}\b(?: ({'|'.join(UNITS)})\b|(?! (?:{'|'.join(UNITS)})\b)){_NOT}"
#: What is done, as messages have it, and as it is said after "you can".
_DONE = "run|jog|swim|ride|cycle|bike|walk|row|ski|hike|lift|squat|bench|deadlift|do|manage|hold"
_SO = "(?: about| around| just| only| maybe| roughly| at best)?"
_LONGEST = (
    r"longest(?: run| ride| swim| walk| hike| row| ski)?(?: so far| ever| yet| to date| until now)?"
    r"(?: was| is| has been| been| of)?"
)
_BEST = r"(?:pb|best|pr|personal best)(?: time)?(?: so far)?(?: is| was| of| at| stands at| time)?"
_SPORTS = {
    "run": "run", "ran": "run", "jogged": "run", "swim": "swum", "swam": "swum", "swum": "swum",
    "ski": "skied", "skied": "skied", "row": "rowed", "rowed": "rowed", "ride": "ridden",
    "ridden": "ridden", "rode": "ridden", "cycled": "cycled", "climbed": "climbed",
    "lifted": "lifted", "trained": "trained", "raced": "raced",
}  # fmt: skip
#: "you can run 6 km": a figure without a unit is said only where these words make it plain.
_BARE = frozenset({"lift", "squat", "bench", "deadlift"})


def _said(number: str, unit: str | None) -> str:
    """Return a figure as it is said: ``6 k`` as ``6 km``."""
    if not unit:
        return number
    short = UNITS[unit]
    return f"{number} {short[:-1] if number == '1' and short.endswith('s') else short}"


def _with(words: str) -> Callable[[re.Match[str]], str | None]:
    def fill(found: re.Match[str]) -> str | None:
        return f"{words} {_said(found[1], found[2])}"

    return fill


def _can(found: re.Match[str]) -> str | None:
    verb = {"jog": "run", "cycle": "ride", "bike": "ride"}.get(found[1], found[1])
    if not found[3] and ":" not in found[2] and verb not in _BARE:
        return None
    can = "can " if found[0].startswith("i can ") else ""
    return f"you {can}{verb} {_said(found[2], found[3])} now"


def _now(found: re.Match[str]) -> str | None:
    if float(found[1].replace(":", ".")) < 5 and not found[2] and ":" not in found[1]:
        return None
    return f"you start from {_said(found[1], found[2])}"


#: In the order in which they are tried; the first that holds is taken.
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = tuple(
    (re.compile(pattern), fill)
    for pattern, fill in (
        (rf"\b{_BEST}(?: is| was)?{_SO} {_AMOUNT}", _with("your best is")),
        (rf"\b{_AMOUNT} (?:is )?(?:my )?(?:pb|pr|personal best|best)\b", _with("your best is")),
        (rf"\b{_LONGEST}(?: i| ive| i have)?(?: done| did| run| ridden| swum| walked)?"
         rf"(?: so far| ever| yet)?(?: is| was)?{_SO} {_AMOUNT}", _with("your longest is")),
        (rf"\bmost i(?: have|ve)?(?: ever)? (?:done|run|ridden|swum|walked|managed)"
         rf"(?: so far)?(?: is| was){_SO} {_AMOUNT}", _with("your most so far is")),
        (rf"\bfrom {_AMOUNT[:-len(_NOT)]}(?= to \d)", _now),
        (rf"(?<!if )(?<!when )(?<!till )(?<!til )(?<!until )\bi (?:can |can only |can just |can already |can now |already |now |only |just )?"
         rf"({_DONE}){_SO} {_AMOUNT}", _can),
        (rf"\b(?:currently|at present|now)(?: at| on| it is| its)?"
         rf"{_SO} {_AMOUNT}", _now),
        (rf"\b(?:im|up) (?:at|on|to){_SO} {_AMOUNT}", _now),
        (r"\bim (\d+:\d+)() (?:now|atm|currently|at the moment)\b", _now),
        (rf"(?<!im )(?<!am )(?<![:.])\b(?:at |its |it is )?{_AMOUNT} (?:now|atm|currently|at the moment|at the mo|at present|right now)\b",
         _now),
        (r"\b(?:did|ran|rode|swam|rowed)(?: it| a| the| my| one| last)?(?: 5| 10| half)?(?: k| km| marathon)?"
         r"(?: in)? (\d+:\d+)\b()", _with("your time was")),
        (r"\blast (?:year|time|summer|spring|autumn|winter|season) (\d+:\d+)()\b", _with("your time was")),
        (r"\b(\d+:\d+)() (?:last|in) (?:spring|summer|autumn|winter|year|month|week|season|january|"
         r"february|march|april|may|june|july|august|september|october|november|december)\b",
         _with("your time was")),
    )
)  # fmt: skip
_MAY = ("could ", "can ", "will ", "id ", "ill ", "would ")
_NEVER = re.compile(
    rf"\b(?:never|not)(?: ever)? ({'|'.join(_SPORTS)})\b(?: before)?(?! (?:more|up|out|outside|that|this|so|far)\b)"
)
_CANNOT = re.compile(r"\b(?:cant|cannot|can not) (swim|ski|row|ride|run)\b(?: yet)?$|"
                     r"\b(?:cant|cannot|can not) (swim|ski|row|ride) (?:yet|;)")  # fmt: skip


#: "From 8:40 to 8:21 since September" tells of what is done, not of where one stands.
_DONE_SO = re.compile(r"\b(?:since|went|dropped|came down|improved|ago|used to)\b")


def flat(tokens: Sequence[Token]) -> str:
    """Return the words with ``;`` between clauses, so that a pattern stays within one."""
    parts: list[str] = []
    for at, token in enumerate(tokens):
        if at and token.clause != tokens[at - 1].clause:
            parts.append(";")
        parts.append(token.text)
    return " ".join(parts)


_TO_COME = re.compile(r" (?:by|tomorrow|next|tonight|on (?:satur|sun|mon)day)\b")


def _figures(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.:]\d+)?", text))


def _levels(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    done = _DONE_SO.search(text)
    for pattern, fill in _PATTERNS:
        if done and fill is _now:
            continue
        for found in pattern.finditer(text):
            said = fill(found)
            if said and not _TO_COME.match(text[found.end() :]):
                yield said, found.span()


def level(tokens: Sequence[Token], aims: str = "") -> str | None:
    """Return where the athlete stands, such as ``"your best is 4:05"``, or None.

    Parameters
    ----------
    tokens : sequence of Token
        Of the message.
    aims : str
        Event, target and alternative of the goal: a figure of theirs is no level.
    """
    text, taken = flat(tokens), _figures(aims)
    return next((said for said, _ in _levels(text) if not _figures(said) & taken), None)


def _seconds(figure: str, clock: bool) -> float:
    whole, _, part = figure.partition(":")
    return float(whole) * 60 + float(part or 0) if clock or part else float(figure)


def gap(tokens: Sequence[Token]) -> float:
    """Return how many times the time that is wished for the present one is; 1 where none is told.

    Examples
    --------
    >>> from josi_utils.guard.normalise import tokenise
    >>> round(gap(tokenise("sub 30 10k, now 55")), 2)
    1.83
    """
    now, wished = level(tokens), _AIM.findall(flat(tokens))
    figures = re.findall(r"\d+(?:[.:]\d+)?", now or "")
    if len(wished) != 1 or len(figures) != 1:
        return 1.0
    clock = ":" in figures[0] or ":" in wished[0][0]
    aimed = _seconds(wished[0][0], clock)
    return _seconds(figures[0], clock) / aimed if aimed else 1.0


def beginner(tokens: Sequence[Token]) -> str | None:
    """Return ``"you have never run before"`` or the like, where the message says so."""
    text = flat(tokens)
    found = _NEVER.search(text)
    if found and not text[: found.start()].endswith(_MAY):
        return f"you have never {_SPORTS[found[1]]} before"
    cannot = _CANNOT.search(text)
    if cannot:
        return f"you do not {cannot[1] or cannot[2]} yet"
    return None


# --- the goal of a message alone ----------------------------------------------------------------

_EVENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"\bcouch (?:to|2) 5 k\b", "couch to 5 km"),
        (r"\b(?:half ironman|70\.3)\b", "a half Ironman"),
        (r"\b(?:ironman|iron man)\b", "an Ironman"),
        (
            r"\b(?:half marathon|halfmarathon|(?<!and )(?:a|my|the|first|this|\d) half)\b(?! (?:an|of|hour|the|way))",
            "a half marathon",
        ),
        (r"\b(?:ultra|ultramarathon)\b", "an ultra"),
        (r"\bmarathon\b", "a marathon"),
        (r"\b(?:sprint tri|sprint triathlon|super sprint)\b", "a sprint triathlon"),
        (r"\b(?:triathlon|tri)\b", "a triathlon"),
        (r"\bduathlon\b", "a duathlon"),
        (r"\bparkrun\b", "parkrun"),
        (r"\b(?:the )?(?:english )?channel\b", "the Channel"),
        (r"\bolympics\b", "the Olympics"),
        (r"\bhyrox\b", "Hyrox"),
        (r"\b(?:first|one|1|a|single) (?:pull up|pullup)\b", "a first pull-up"),
        (r"\bregatta\b", "a regatta"),
    )
)
_AIM = re.compile(
    rf"\b(?:sub|under|below) (\d+(?:[.:]\d+)?)(?: mile\b)?(?: (minutes|hours|{'|'.join(UNITS)}))?\b{_NOT}"
)
_STEP = re.compile(
    rf"\bfrom {_NUM}(?: ({'|'.join(UNITS)}))? to {_NUM}(?: ({'|'.join(UNITS)}))?\b(?! (?:am|pm|oclock)\b)"
)
#: What is done over a distance, as messages have it, and as a goal has it.
_DOING = {
    "run": "running", "jog": "running", "swim": "swimming", "ride": "riding", "cycle": "riding",
    "bike": "riding", "walk": "walking", "row": "rowing", "ski": "skiing", "squat": "squatting",
    "bench": "benching", "deadlift": "deadlifting", "lift": "lifting",
}  # fmt: skip
_DISTANCE = re.compile(
    rf"\b(?:({'|'.join(_DOING)}) (?:a |the |my |about |for )?(?:first )?|"
    r"(?:push|finish|complete|a|the|my|first|to|want|thinking|press|about|do|for|goal) )"
    r"(\d+(?:\.\d+)?) (km|k|kms|m|miles|mile|kg|kgs|kilos)\b"
    r"(?! (?:behind|each|loop|away|now|walks|runs|comfy|before|time|pb|best|in \d))(?<!off my \d\d km)"
)
_MINUTES = re.compile(r"\b(run|jog|swim|row|ride)(?: for)? (\d+) (minutes)\b")
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_WHEN = re.compile(
    rf"\b(?:(?:by|this|next|before|until) (?:next |the )?(?:summer|spring|autumn|winter|christmas|"
    rf"easter|year|month|season|weekend|week|{_MONTHS}|saturday|sunday|friday|monday)|(?<!\d )in (?:the )?(?:spring|summer|"
    rf"autumn|winter|{_MONTHS})|in (?:\d+|two|three|four|five|six|seven|eight|nine|ten|a few) "
    r"(?:days|weeks|months|years)|in a (?:week|month|year)|on (?:saturday|sunday|friday|monday)|"
    r"by the end of (?:the |this )?(?:month|year|season))\b"
)
_NAMES = frozenset(f"{_MONTHS}|christmas|easter|saturday|sunday|friday|monday".split("|"))


def when(tokens: Sequence[Token]) -> str:
    """Return by when, as the message says it: ``"by next summer"``, or nothing."""
    found = _WHEN.findall(flat(tokens))
    if len(set(found)) != 1 or re.match(rf"by the (?:{_MONTHS})", found[0]):
        return ""
    return " ".join(w.capitalize() if w in _NAMES else w for w in found[0].split())


def aim(tokens: Sequence[Token]) -> str | None:
    """Return the goal that a message without a decision names, or None where that is not sure.

    Examples
    --------
    >>> from josi_utils.guard.normalise import tokenise
    >>> aim(tokenise("can I run a 10k by summer? 5k is my longest")), when(tokenise("by summer"))
    ('running 10 km', 'by summer')
    """
    text = flat(tokens)
    for _, (start, end) in _levels(text):
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    named = list(dict.fromkeys(words for pattern, words in _EVENTS if pattern.search(text)))
    if len(named) > 1 and named[0] == "a half Ironman":
        named = [n for n in named if n != "an Ironman"]
    if len(named) > 1 and "a half marathon" in named:
        text_left = re.sub(r"half marathon", " ", text)
        named = [n for n in named if n != "a marathon" or "marathon" in text_left]
    if len(named) > 1 and "a sprint triathlon" in named:
        named = [n for n in named if n != "a triathlon"]
    step = _STEP.search(flat(tokens))
    if step and not _DONE_SO.search(flat(tokens)):
        own = step[2] if step[2] and UNITS[step[2]] != UNITS[step[4] or step[2]] else None
        return f"going from {_said(step[1], own)} to {_said(step[3], step[4] or step[2])}"
    times = _AIM.findall(text)
    if re.search(r"\bmarathons\b", text) or re.search(r"\b(?:is|did|done|ran) a half\b", text):
        named = [n for n in named if "marathon" not in n]
    clocks = re.search(r"\d:\d\d", flat(tokens))
    distances = list(dict.fromkeys(_DISTANCE.findall(text) + _MINUTES.findall(text)))
    anywhere = {_said(*one) for one in re.findall(rf"(\d+(?:\.\d+)?) ({'|'.join(UNITS)})\b", text)}
    if len(times) > 1 or len(named) > 1:
        return None
    event = named[0] if named else None
    if times:
        time = f"under {_said(times[0][0], times[0][1] or None)}"
        if event and event.startswith(("a ", "an ")):
            return f"{time} in {event}"
        if not event and len(distances) == 1 and distances[0][2] != "minutes":
            return f"{time} over {_said(*distances[0][1:])}"
        return None if distances else time
    if clocks:
        return None
    if event:
        return event
    if len(distances) == 1 and len(anywhere) == 1 and not re.search(r"\blose\b", text):
        verb, number, unit = distances[0]
        return f"{_DOING[verb]} {_said(number, unit)}" if verb else _said(number, unit)
    return None
