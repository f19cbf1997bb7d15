"""A deed that is told, with its own figures: "your FTP went from 238 to 251".

Each finder returns words of ours around figures of the athlete, or None where no fixed pattern
names what the figures are or where they got worse. Situations of ``fallback.json`` say them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from josi_utils.guard.amounts import Amount, units_of_words
from josi_utils.guard.normalise import Token
from josi_utils.guard.told import flat

Finder = Callable[[Sequence[Token], Sequence[Amount], str], str | None]

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_SHORT = {name[:3]: name for name in _MONTHS.split("|")} | {"sept": "september"}
_COUNT = (
    r"\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty"
)
_CLOCK = r"\d+:\d\d(?::\d\d)?"
_FIG = rf"(?:{_CLOCK}|\d+(?:\.\d+)?)"
_UNIT = r"(?: (kg|kgs|kilos|km|k|miles|m|watts|w|minutes|min|minute|seconds|secs|sec|s|hours|hour|bpm|beats|lengths|laps|reps|steps)\b)?"
_WHEN = (
    rf"(?: (?:back )?in (?P<month>{_MONTHS}|{'|'.join(_SHORT)})\b| (?P<ago>last (?:year|month|summer|"
    r"spring|autumn|winter|season|week|time)|(?:a|one|two|three|six|\d+) (?:year|years|month|months|weeks|week) ago|"
    r"when (?:we|i) started|at the start)\b)?"
)
#: What a pair of figures is of, how it is said, and whether more of it is better.
_SUBJECTS: tuple[tuple[str, str, bool], ...] = (
    (r"ftp", "your FTP", True),
    (r"vo 2(?: max)?", "your VO2max", True),
    (r"resting (?:pulse|hour|heart rate|hr|rate)|rhr|resting", "your resting pulse", False),
    (r"(?:pulse|heart rate|hour) (?:on|at|up|for)", "your pulse", False),
    (r"bench(?: press)?", "your bench press", True),
    (r"squats?", "your squat", True),
    (r"dead ?lifts?", "your deadlift", True),
    (r"plank", "your plank", True),
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
    (r"same loop|same route|my loop|usual loop|usual route|commute", "your time on that way", False),
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
_ORDINALS = {
    "1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "6": "sixth",
    "7": "seventh", "8": "eighth", "9": "ninth", "10": "tenth",
}  # fmt: skip
_ORDERED = rf"(?:(\d+) (?:st|nd|rd|th)|({'|'.join(_ORDINALS.values())}))"
#: Words with which a figure is wished for, of somebody else, or not reached.
_NOT = re.compile(
    r"\b(?:goal|target|aim|aiming|want|wants|hope|hoping|would like|id like|if i|could i|can i|"
    r"will i|should i|realistic|possible|she|he|his|her|him|they|nearly|almost|didnt|couldnt get|"
    r"before i die|by christmas|by summer|need to|trying|try to)\b"
)
_VERBS = {
    "ran": "ran", "run": "ran", "rode": "rode", "cycled": "cycled", "swam": "swam",
    "rowed": "rowed", "walked": "walked", "did": "did", "hiked": "hiked", "jogged": "jogged",
    "skied": "skied", "finished": "finished",
}  # fmt: skip


@lru_cache(maxsize=64)
def _line(tokens: tuple[Token, ...]) -> str:
    """Return the words of a message, a time of hours in one piece."""
    return re.sub(r"\b(\d+:\d\d) ; (\d\d)\b(?! (?:k|km|minutes|weeks|days))", r"\1:\2", flat(tokens))


def _figure(text: str) -> float:
    value = 0.0
    for part in text.split(":"):
        value = value * 60 + float(part)
    return value


def _when(found: re.Match[str]) -> str:
    """Return when the earlier figure was: " in March"."""
    named = found.groupdict()
    if month := named.get("month") or named.get("before"):
        return f" in {_SHORT.get(month, month).capitalize()}"
    ago = named.get("ago") or named.get("back") or ""
    return f" {re.sub(r'when (?:we|i)', 'when you', ago)}" if ago else ""


def _unit(*words: str | None) -> str:
    for word in words:
        if word:
            said = units_of_words().get(word, ("", word))[1]
            return {"w": " watts", "hour": " hours", "min": " minutes"}.get(word, f" {said}")
    return ""


_PAIRS = tuple(
    re.compile(pattern)
    for pattern in (
        # from 61 (in march) to 58
        rf"\bfrom (?P<old>{_FIG}){_UNIT}{_WHEN} (?:down |up )?to (?P<new>{_FIG}){_UNIT}",
        # ftp 238 251 / bench 60 to 75
        rf"(?P<old>{_FIG}){_UNIT}{_WHEN} (?:; )?(?:to |then |and now |now |(?:and )?today |(?:its |it is )?now )(?:its |im at |at |i do |i did |it is )?(?P<new>{_FIG}){_UNIT}\b",
        rf"\b(?:ftp|bench|squat|deadlift) (?P<old>\d+(?:\.\d+)?){_UNIT} (?P<new>\d+(?:\.\d+)?){_UNIT}$",
        rf"(?P<old>{_CLOCK}) (?P<new>{_CLOCK})(?: $|$| ;)",
        # 58, did it in 61 in march / 58 this morning, was 66 when we started
        rf"(?P<new>{_FIG}){_UNIT}(?: (?:now|today|this (?:morning|week|month)|on \w+|yesterday))? (?:; )?(?:and )?(?:it |that |i |which )?(?:was|used to be|did it in|down from|up from|instead of|previously|before that|not|did|it took me|took me) (?P<old>{_FIG}){_UNIT}{_WHEN}",
        # was 66 in march, 58 now / used to row 2 k in 7:05, now 7:40
        rf"\b(?:was|used to be|started at|started on|did|needed|took(?: me)?|used to \w+ (?:a |the )?(?:\w+ ){{0,2}}in) (?P<old>{_FIG}){_UNIT}{_WHEN} (?:; )?(?:and |but )?(?:today |now |its |it is |this \w+ )+(?:its |im at |at |i |it |did |is |took |was |took me |needed )*(?P<new>{_FIG}){_UNIT}",
    )
)


def _pair(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "your FTP went from 238 to 251", where the later figure is the better one."""
    return _two(tokens, True)


def _fade(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "7:05 then and 7:40 now", where the later figure is the worse one."""
    return _two(tokens, False)


def _two(tokens: Sequence[Token], gained: bool) -> str | None:
    text = _line(tuple(tokens))
    if _NOT.search(text):
        return None
    subjects = [(m.start(), said, more) for p, said, more in _SUBJECTS
                for m in re.finditer(rf"\b(?:{p})\b", text)]  # fmt: skip
    names = {said for _, said, _ in subjects}
    for pattern in _PAIRS:
        found = pattern.search(text)
        if not found:
            continue
        old, new = found["old"], found["new"]
        if (":" in old) != (":" in new) and not (len(names) == 1 and not subjects[0][2]):
            continue
        units = [g for g in found.groups()[1:] if g and g in _UNITS]
        named = subjects if len(names) == 1 else []
        if not named and ":" not in old and not set(units) & _GROWS:
            return None
        more = named[0][2] if named else not (":" in old)
        before, after = _figure(old), _figure(new)
        if (":" in old) != (":" in new):  # "from 34 to 31:20"
            before, after = (x * 60 if ":" not in f else x for x, f in ((before, old), (after, new)))
        if before == after or ((after > before) == more) != gained:
            return None
        if not gained:
            return f"{old} then and {new} now" if ":" in old else None
        if not more and after < before * 0.4:
            return None
        subject = f"{named[0][1]} went " if named else ""
        unit = "" if ":" in old + new else _unit(*reversed(units))
        when = _when(found)
        return f"{subject}from {old}{when} to {new}{unit}"
    return None


_UNITS = frozenset(_UNIT.split("(")[2].split(")")[0].split("|"))
_GROWS = frozenset(["kg", "kgs", "kilos", "km", "k", "miles", "watts", "w", "lengths", "laps", "reps", "steps"])

_RAN_BOTH = re.compile(
    rf"\b(ran|did|rowed|swam|rode|run) (?:a |the |my )?(5 k|10 k|half|half marathon|mile|2 k|parkrun)\b.*? in ({_FIG}) "
    rf"(?:minutes )?(?:; )?(?:and )?(?:i )?(?:did it in|was|did|it was|it took me|took) ({_FIG}){_WHEN}"
)


def _again(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you ran 10 km in 58, after 61 in March"."""
    text = _line(tuple(tokens))
    found = _RAN_BOTH.search(text)
    if not found or _NOT.search(text) or _figure(found[3]) >= _figure(found[4]):
        return None
    what = {"5 k": "5 km", "10 k": "10 km", "2 k": "2 km", "mile": "a mile"}.get(
        found[2], f"the {found[2]}"
    )
    return f"you {_VERBS[found[1]] if found[1] in _VERBS else found[1]} {what} in {found[3]}, after {found[4]}{_when(found)}"


_TAKEN = re.compile(
    rf"\b(?:knocked|took|taken|shaved|cut|chopped|sliced|dropped) (?:a |nearly |over |almost |another )?({_COUNT}|a) "
    rf"(seconds|sec|secs|s|second|minutes|minute|min) off (?:my |the |that |our )?"
    rf"({'|'.join(sorted(_THINGS, key=len, reverse=True))})\b"
)


def _taken(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "40 seconds off your parkrun time"."""
    found = _TAKEN.search(_line(tuple(tokens)))
    if not found or _NOT.search(_line(tuple(tokens))):
        return None
    unit = "minute" if found[2].startswith("m") else "second"
    many = "" if found[1] in ("a", "1", "one") else "s"
    return f"{found[1]} {unit}{many} off your {_THINGS[found[3]]}"


_LONGEST = re.compile(
    r"\b(?:longest|furthest|farthest|biggest) (run|ride|swim|walk|hike|row|paddle|ski)?\b"
)


def _long(tokens: Sequence[Token], found: Sequence[Amount], _: str) -> str | None:
    """Return "104 km is your longest ride so far"."""
    text = _line(tuple(tokens))
    longest = _LONGEST.search(text)
    far = {one.text for one in found if one.kind == "distance"}
    if not longest or len(far) != 1 or _NOT.search(text):
        return None
    what = f" {longest[1]}" if longest[1] else ""
    return f"you have done {far.pop()}, your longest{what} so far"


_ROW = re.compile(
    rf"\b(?:({_COUNT}) (weeks?|days?|months|sundays|saturdays|mondays|tuesdays|wednesdays|thursdays|fridays|sessions)"
    r" (?:in a row|running|straight|on the trot|on the bounce)|"
    rf"{_ORDERED} (week|day|month|sunday|saturday|monday|session) (?:in a row|running|straight|on the trot)|"
    rf"({_COUNT}) (week|day|month) streak)\b"
)


def _row(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "three weeks in a row", "a third week in a row" or "a six week streak"."""
    text = _line(tuple(tokens))
    found = _ROW.search(text)
    if not found or _NOT.search(text):
        return None
    if found[1]:
        day = found[2].capitalize() if found[2][:-1].endswith("day") and len(found[2]) > 4 else found[2]
        return f"{found[1]} {day} in a row"
    if found[3] or found[4]:
        order = _ORDINALS.get(found[3] or "", found[4] or f"{found[3]}th")
        day = found[5].capitalize() if found[5].endswith("day") and found[5] != "day" else found[5]
        return f"a {order} {day} in a row"
    return f"a {found[6]}-{found[7]} streak"


_PLACE = re.compile(
    rf"\b(?:came|finished|got|was|placed|took|am) {_ORDERED}(?: place)?(?: in (?:my|the) (age group|category|heat|club))?"
    r"(?! (?:to last|from last|week|day|time|run|session|row|year|half))\b"
)


def _place(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "third in your age group"."""
    text = _line(tuple(tokens))
    found = _PLACE.search(text)
    if not found or _NOT.search(text):
        return None
    order = _ORDINALS.get(found[1] or "", found[2])
    return f"{order}{f' in your {found[3]}' if found[3] else ' place'}" if order else None


_MISSED = re.compile(
    rf"\b(?:missed|skipped|bailed on|lost|skip) (?:my |about |like |nearly |the |out on )?(?:last )?({_COUNT}) (?:of my |of the )?"
    r"(sessions?|runs?|rides?|swims?|workouts?|trainings?|weeks?|days?|classes)\b"
)


_NOTHING = re.compile(
    r"\b(?:(?:didnt|did not) (?:manage|do|get to|make|get in) (?:a |one )?(?:single |any )?(?:session|run|ride|swim|workout|training)s?"
    r"|no (?:training|sessions?|running|cycling|swimming))\b.*\b(?:last|this|all|whole) week\b"
)


def _missed(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "5 missed sessions"."""
    found = _MISSED.search(_line(tuple(tokens)))
    if not found and _NOTHING.search(_line(tuple(tokens))):
        return "a week without training"
    if not found:
        both = re.search(r"\b(?:missed|skipped) yesterday and the day before\b", _line(tuple(tokens)))
        return "two missed days" if both else None
    if found[1] in ("1", "one"):
        return None
    return f"{found[1]} missed {found[2].rstrip('s')}s"


_SLOWER = re.compile(
    rf"\b({_COUNT}|a) (seconds|sec|secs|s|second|minutes|minute|min) (?:(?:per|a|an) (km|k|mile) )?(?:slower|down on|off my (?:best|pb|usual))(?! per (?:km|k|mile))\b"
)


def _slower(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "5 minutes slower"."""
    text = _line(tuple(tokens))
    found = _SLOWER.search(text)
    if not found or re.search(r"\b(?:took|knocked|shaved|cut|she|he|should)\b", text):
        return None
    unit = "minute" if found[2].startswith("m") else "second"
    many = "" if found[1] in ("a", "1", "one") else "s"
    per = {"km": " a km", "k": " a km", "mile": " a mile"}.get(found[3] or "", "")
    return f"{found[1]} {unit}{many}{per} slower"


_ONCE = re.compile(
    rf"{_WHEN[:-1].replace('<month>', '<before>').replace('<ago>', '<back>')} i (?:couldnt|could not|could barely|could hardly|wasnt able to)\b|"
    rf"\b(?:couldnt|could not|could barely|could hardly|wasnt able to|cant|not able to)\b.*?{_WHEN[:-1]} .*?"
    r"\b(?:today|now|yesterday|this (?:morning|week))(?: ;)? i (?:can|went|did|ran|walked|climbed|managed|swam|rode|do|got|made|run|cycle|swim)\b"
)


def _once(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you could not do it in January"."""
    text = _line(tuple(tokens))
    found = _ONCE.search(text)
    if not found or _NOT.search(text.replace("could not", "")):
        return None
    return f"you could not do it{_when(found)}"


_FEAT = re.compile(
    rf"\b(ran|rode|cycled|swam|rowed|walked|did|hiked|jogged|finished) (?:a |the |my |that |first |whole |full )*"
    rf"(\d+(?:\.\d+)?) (k|km|miles|m) (?:[a-z]+ ){{0,3}}?in (?:under )?({_CLOCK}|\d+ minutes|\d+ hours|an hour)\b"
)


def _feat(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you ran 10 km in 58 minutes"."""
    text = _line(tuple(tokens))
    found = _FEAT.search(text)
    if not found or _NOT.search(text):
        return None
    return f"you {found[1]} {found[2]}{_unit(found[3])} in {found[4]}"


_DEBUT = re.compile(
    r"\bfirst time (?:ever )?(?:that )?i(?:ve| have)? (?:ever )?(ran|rode|cycled|swam|rowed|walked|did|hiked|jogged) "
    r"((?:a )?(?:full |whole )?)(\d+(?:\.\d+)? )?(k|km|mile|miles|m|hour|minutes)\b( without stopping| without walking| without a stop| non stop)?"
)


def _debut(tokens: Sequence[Token], amounts: Sequence[Amount], _: str) -> str | None:
    """Return "you swam a full km without stopping"."""
    text = _line(tuple(tokens))
    found = _DEBUT.search(text)
    far = {one.text for one in amounts if one.kind == "distance"}
    if not found and len(far) == 1 and re.search(r"\bfor the (?:first|1 st) time\b", text):
        return None if _NOT.search(text) else f"you have done {far.pop()}"
    if not found or _NOT.search(text) or not (found[2] or found[3]):
        return None
    full = f"{found[2]}{found[3] or ''}{_unit(found[4]).strip()}"
    return f"you {found[1]} {full}{found[5] or ''}"


_EVENT = (
    "half marathon|half|marathon|parkrun|park run|mile|10 mile|5 k|10 k|2 k|20 k|15 k|500 m|400 m|100 m|1500 m"
)
_RESULT = re.compile(
    rf"\b(?:({_EVENT})\b(?: [a-z]+){{0,4}}?(?: ;)? (?:in |[a-z]+ in |at )?({_CLOCK}|\d+ minutes)|"
    rf"({_CLOCK}|\d+ minutes) (?:for |on |in |at )?(?:a |the |my )?({_EVENT}))\b"
)
_CUES = re.compile(r"\b(?:did|done|finished|ran|pb|pr|finally|broke|got|managed|cracked|new best|dipped|went)\b")


def _result(tokens: Sequence[Token], _: Sequence[Amount], message: str) -> str | None:
    """Return "1:58:41 for the half marathon", where it is told as done."""
    text = _line(tuple(tokens))
    hit = _RESULT.search(text)
    if not hit or _NOT.search(text) or not (_CUES.search(text) or "!" in message):
        return None
    event, time = hit[1] or hit[4], hit[2] or hit[3]
    if len(set(re.findall(_CLOCK, text))) > 1:
        return None
    named = {"half": "the half marathon", "park run": "parkrun", "parkrun": "parkrun"}
    event = re.sub(r" k$", " km", event)
    return f"{time} for {named.get(event, event if event[0].isdigit() else f'the {event}')}"


_ALL = re.compile(
    rf"\b(?:did|done|managed|all done) all (?:of )?(?:my |the )?(\d+|two|three|four|five|six|seven)(?: of my)? (sessions|runs|rides|swims|workouts)|"
    rf"\ball (\d+|two|three|four|five|six|seven) (sessions|runs|rides|swims|workouts) (?:done|this week)"
)


def _all(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "all 4 sessions"."""
    text = _line(tuple(tokens))
    found = _ALL.search(text)
    if not found and re.search(r"\b(?:did|done|managed) all (?:my |the )?sessions\b", text):
        return None if _NOT.search(text) else "all your sessions"
    if not found or _NOT.search(text):
        return None
    return f"all {found[1] or found[3]} {found[2] or found[4]}"


_FINALLY = re.compile(
    r"\bfinally (?:did|managed|got|made|nailed) (?:a |my |one |1 )((?:full |proper |real |whole |single |strict |first )*)"
    r"(push up|pull up|chin up|press up|handstand|muscle up|cartwheel|pushup|pullup)\b"
)


def _finally(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "a full push-up"."""
    found = _FINALLY.search(_line(tuple(tokens)))
    if not found:
        return None
    return f"a {found[1]}{re.sub(r' ?up$', '-up', found[2])}"


_FASTER = re.compile(
    rf"\b({_COUNT}|a) (seconds|sec|secs|s|second|minutes|minute|min) (?:(?:per|a|an) (km|k|mile) )?(?:quicker|faster) "
    r"(?:than (?:my last|last (?:time|week|month|year)|in|before|the last|my previous|a (?:year|month|week) ago)|today|this time)\b"
)


def _faster(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "30 seconds quicker"."""
    text = _line(tuple(tokens))
    found = _FASTER.search(text)
    if not found or _NOT.search(text):
        return None
    unit = "minute" if found[2].startswith("m") else "second"
    many = "" if found[1] in ("a", "1", "one") else "s"
    per = {"km": " a km", "k": " a km", "mile": " a mile"}.get(found[3] or "", "")
    return f"{found[1]} {unit}{many}{per} quicker"


_NONSTOP = re.compile(
    r"\b(ran|rode|swam|rowed|walked|jogged|cycled) (?:for )?(\d+) (minutes|minute|hours|hour|k|km|m|lengths|miles)\b.*?"
    r"\b(?:without (?:stopping|walking|a stop|a break|a single stop|a pause)|non stop|nonstop|no walking|no stops|without .* or a stop)\b"
)


def _nonstop(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you ran 15 minutes without a stop"."""
    text = _line(tuple(tokens))
    found = _NONSTOP.search(text)
    if not found or _NOT.search(text):
        return None
    return f"you {found[1]} {found[2]}{_unit(found[3])} without a stop"


#: Questions that a deed told answers first: "what does that tell us?".
_OF_DEED = re.compile(
    r"\b(?:tell (?:us|me|you)|(?:is|was) (?:that|this|it) (?:any )?(?:good|ok|okay|normal|progress|decent|right)|so thats? good|"
    r"thats good|what does (?:that|this) (?:mean|say)|thoughts|working|what do you (?:think|say)|believe|"
    r"guess what|know what|can you believe)\b"
)


def _told(find: Finder) -> Finder:
    """Return a finder that finds nothing where something else is asked."""

    def told(tokens: Sequence[Token], found: Sequence[Amount], message: str) -> str | None:
        if "?" in message and not _OF_DEED.search(_line(tuple(tokens))):
            return None
        return find(tokens, found, message)

    return told


#: By the slot that each fills.
DEEDS: dict[str, Finder] = {
    **{
        name: _told(find)
        for name, find in (
            ("pair", _pair),
            ("debut", _debut),
            ("result", _result),
            ("again", _again),
            ("taken", _taken),
            ("long", _long),
            ("row", _row),
            ("place", _place),
            ("once", _once),
            ("feat", _feat),
            ("all", _all),
            ("finally", _finally),
            ("faster", _faster),
            ("nonstop", _nonstop),
        )
    },
    "fade": _fade,
    "missed": _missed,
    "slower": _slower,
}
