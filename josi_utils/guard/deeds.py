"""A deed that is told, with its own figures: "104 km, your longest ride so far".

Each finder returns words of ours around figures of the athlete, or None where no fixed pattern
names what the figures are. Situations of ``fallback.json`` say them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from josi_utils.guard.amounts import Amount
from josi_utils.guard.figures import (
    AHEAD,
    CLOCK,
    COUNT,
    PAST,
    WHEN,
    WISHED,
    line,
    unit_told,
    when_told,
)
from josi_utils.guard.gains import again, fade, faster, missed, pair, slower, taken
from josi_utils.guard.normalise import Token

Finder = Callable[[Sequence[Token], Sequence[Amount], str], str | None]

_ORDINALS = {
    "1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "6": "sixth",
    "7": "seventh", "8": "eighth", "9": "ninth", "10": "tenth",
}  # fmt: skip
_ORDERED = rf"(?:(\d+) (?:st|nd|rd|th)|({'|'.join(_ORDINALS.values())}))"

_LONGEST = re.compile(
    r"\b(?:longest|furthest|farthest|biggest) (run|ride|swim|walk|hike|row|paddle|ski)?\b"
)


def _long(tokens: Sequence[Token], found: Sequence[Amount], message: str) -> str | None:
    """Return "104 km is your longest ride so far"."""
    text = line(tuple(tokens))
    longest = _LONGEST.search(text)
    far = {one.text for one in found if one.kind == "distance"}
    past = "!" in message or PAST.search(text)
    if not past or re.search(r"\bin \d+ (?:weeks|months|days)\b|\bonce\b", text):
        return None
    if not longest or len(far) != 1 or WISHED.search(text):
        return None
    what = f" {longest[1]}" if longest[1] else ""
    did = re.search(r"\b(?:ran|rode|swam|walked|rowed|did|hiked|cycled|skied|paddled)\b", text)
    return f"you {did[0] if did else 'have done'} {far.pop()}, your longest{what} so far"


_ROW = re.compile(
    rf"\b(?:({COUNT}) (weeks?|days?|months|sundays|saturdays|mondays|tuesdays|wednesdays|thursdays|fridays|sessions)"
    r" (?:in a row|running|straight|on the trot|on the bounce)|"
    rf"{_ORDERED} (week|day|month|sunday|saturday|monday|session) (?:in a row|running|straight|on the trot)|"
    rf"({COUNT}) (week|day|month) streak)\b"
)


def _row(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "three weeks in a row", "a third week in a row" or "a six week streak"."""
    text = line(tuple(tokens))
    found = _ROW.search(text)
    clean = re.search(
        rf"\b({COUNT}) (weeks|months|days) (?:without (?:missing|skipping|cancelling|(?:a|one|any)(?: single)? (?:miss|missed|cancelled|skipped))|no missed)",
        text,
    )
    if clean and not found:
        return f"{clean[1]} {clean[2]} without a miss"
    if not found or WISHED.search(text):
        return None
    if found[1]:
        day = (
            found[2].capitalize()
            if found[2][:-1].endswith("day") and len(found[2]) > 4
            else found[2]
        )
        return f"{found[1]} {day} in a row"
    if found[3] or found[4]:
        order = _ORDINALS.get(found[3] or "", found[4] or f"{found[3]}th")
        day = found[5].capitalize() if found[5].endswith("day") and found[5] != "day" else found[5]
        return f"a {order} {day} in a row"
    return f"a {found[6]}-{found[7]} streak"


_PLACE = re.compile(
    rf"(?:^|; |\bi |\band |\bjust |\bactually |\bfinally )(?:came|finished|placed) {_ORDERED}"
    r"(?: place)?(?: in (?:my|the) (age group|category|heat|club))?"
    r"(?! (?:last|to last|from last|week|day|time|run|session|row|year|half))\b"
)
_PLACED = re.compile(
    rf"(?:^|; |\bi got |\bi was |\bwas |\btook ){_ORDERED}(?: place)? (?:in (?:my|the) (age group|category|heat|club)|(?:woman|lady|man|female|overall|girl|senior|veteran))\b"
)


def _place(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "third in your age group"."""
    text = line(tuple(tokens))
    found = _PLACE.search(text) or _PLACED.search(text)
    if not found or WISHED.search(text):
        return None
    order = _ORDINALS.get(found[1] or "", found[2])
    return f"{order}{f' in your {found[3]}' if found[3] else ''}" if order else None


_ONCE = re.compile(
    rf"{WHEN[:-1].replace('<month>', '<before>').replace('<ago>', '<back>')}(?: ;)? (?:i )?(?:couldnt|could not|could barely|could hardly|wasnt able to)\b|"
    rf"\b(?:couldnt|could not|could barely|could hardly|wasnt able to|cant|not able to)\b.*?{WHEN[:-1]} .*?"
    r"\b(?:today|now|yesterday|this (?:morning|week))(?: ;)? i (?:can|went|did|ran|walked|climbed|managed|swam|rode|do|got|made|run|cycle|swim)\b"
)


def _once(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you could not do it in January"."""
    text = line(tuple(tokens))
    found = _ONCE.search(f" {text}")
    if not found or WISHED.search(text.replace("could not", "")):
        return None
    return f"you could not do it{when_told(found)}"


_FEAT = re.compile(
    rf"\b(ran|rode|cycled|swam|rowed|walked|did|hiked|jogged|finished) (?:a |the |my |that |first |whole |full )*"
    rf"(\d+(?:\.\d+)?) (k|km|miles|m) (?:[a-z]+ ){{0,3}}?in (?:under )?({CLOCK}|\d+ minutes|\d+ hours|an hour)\b"
)
_FEAT_BARE = re.compile(
    rf"(?:^|; )(\d+(?:\.\d+)?) (k|km|miles|m) (?:row |run |swim |ride |walk |erg )?in ({CLOCK}) (?:today|yesterday|this morning|tonight|just now)\b"
)


def _feat(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you ran 10 km in 58 minutes"."""
    text = line(tuple(tokens))
    found = _FEAT.search(text)
    bare = _FEAT_BARE.search(text)
    if not found and bare and not WISHED.search(text):
        return f"{bare[1]}{unit_told(bare[2])} in {bare[3]}"
    if not found or WISHED.search(text):
        return None
    return f"you {found[1]} {found[2]}{unit_told(found[3])} in {found[4]}"


_DEBUT = re.compile(
    r"\bfirst time (?:ever )?(?:that )?i(?:ve| have)? (?:ever )?(ran|rode|cycled|swam|rowed|walked|did|hiked|jogged) "
    r"((?:a )?(?:full |whole )?)(\d+(?:\.\d+)? )?(k|km|mile|miles|m|hour|minutes)\b( without stopping| without walking| without a stop| non stop)?"
)


def _debut(tokens: Sequence[Token], amounts: Sequence[Amount], _: str) -> str | None:
    """Return "you swam a full km without stopping"."""
    text = line(tuple(tokens))
    found = _DEBUT.search(text)
    far = {one.text for one in amounts if one.kind == "distance"}
    if not found and len(far) == 1 and re.search(r"\bfor the (?:first|1 st) time\b", text):
        return None if WISHED.search(text) else f"you have done {far.pop()}"
    clean = re.search(
        r"\b(?:first|1 st)(?: ever)? (\d+) (k|km|minutes|miles) (without (?:stopping|walking))\b",
        text,
    )
    if clean:
        return f"you have done {clean[1]}{unit_told(clean[2])} {clean[3]}"
    if not found or WISHED.search(text) or not (found[2] or found[3]):
        return None
    full = f"{found[2]}{found[3] or ''}{unit_told(found[4]).strip()}"
    return f"you {found[1]} {full}{found[5] or ''}"


_EVENT = "half marathon|half|marathon|parkrun|park run|mile|10 mile|5 k|10 k|2 k|20 k|15 k|500 m|400 m|100 m|1500 m"
_RESULT = re.compile(
    rf"\b(?:({_EVENT})\b(?: [a-z]+){{0,4}}?(?: ;)? (?:in |[a-z]+ in |at )?({CLOCK}|\d+ minutes)|"
    rf"({CLOCK}|\d+ minutes) (?:for |on |in |at )?(?:a |the |my )?({_EVENT}))\b"
)
_CUES = re.compile(
    r"\b(?:did|done|finished|ran|pb|pr|finally|broke|got|managed|cracked|new best|dipped|went)\b"
)


def _result(tokens: Sequence[Token], _: Sequence[Amount], message: str) -> str | None:
    """Return "1:58:41 for the half marathon", where it is told as done."""
    text = line(tuple(tokens))
    hit = _RESULT.search(text)
    if not hit or WISHED.search(text) or not (_CUES.search(text) or "!" in message):
        return None
    event, time = hit[1] or hit[4], hit[2] or hit[3]
    if len(set(re.findall(CLOCK, text))) > 1:
        return None
    under = re.search(rf"\b(?:under|sub|below|inside) {re.escape(time)}", text)
    time = f"under {time}" if under else time
    named = {"half": "the half marathon", "park run": "parkrun", "parkrun": "parkrun"}
    event = re.sub(r" k$", " km", event)
    return f"{time} for {named.get(event, event if event[0].isdigit() else f'the {event}')}"


_ALL = re.compile(
    r"\b(?:did|done|managed|all done) all (?:of )?(?:my |the )?(\d+|two|three|four|five|six|seven)(?: of my)? (sessions|runs|rides|swims|workouts)|"
    r"\ball (\d+|two|three|four|five|six|seven) (sessions|runs|rides|swims|workouts) (?:done|this week)"
)


def _all(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "all 4 sessions"."""
    text = line(tuple(tokens))
    found = _ALL.search(text)
    if not found and re.search(r"\b(?:did|done|managed) all (?:my |the )?sessions\b", text):
        return None if WISHED.search(text) else "all your sessions"
    if not found or WISHED.search(text):
        return None
    return f"all {found[1] or found[3]} {found[2] or found[4]}"


_FINALLY = re.compile(
    r"\bfinally (?:did|managed|got|made|nailed) (?:a |my |one |1 )((?:full |proper |real |whole |single |strict |first )*)"
    r"(push up|pull up|chin up|press up|handstand|muscle up|cartwheel|pushup|pullup)\b"
)


def _finally(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "a full push-up"."""
    found = _FINALLY.search(line(tuple(tokens)))
    if not found:
        return None
    return f"a {found[1]}{re.sub(r' ?up$', '-up', found[2])}"


_NONSTOP = re.compile(
    r"\b(ran|rode|swam|rowed|walked|jogged|cycled) (?:for )?(\d+) (minutes|minute|hours|hour|k|km|m|lengths|miles)\b.*?"
    r"\b(?:without (?:stopping|walking|a stop|a break|a single stop|a pause)|non stop|nonstop|no walking|no stops|without .* or a stop)\b"
)


def _nonstop(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "you ran 15 minutes without a stop"."""
    text = line(tuple(tokens))
    found = _NONSTOP.search(text)
    if not found or WISHED.search(text):
        return None
    return f"you {found[1]} {found[2]}{unit_told(found[3])} without a stop"


#: Questions that a deed told answers first: "what does that tell us?".
_OF_DEED = re.compile(
    r"\b(?:tell (?:us|me|you)|(?:is|was) (?:that|this|it) (?:any )?(?:good|ok|okay|normal|progress|decent|right)|so thats? good|"
    r"thats good|what does (?:that|this) (?:mean|say)|thoughts|working|what do you (?:think|say)|believe|"
    r"guess what|know what|can you believe|am i (?:getting|improving)|trending|discuss|is \d+ (?:good|ok|okay|decent))\b"
)


def _told(find: Finder) -> Finder:
    """Return a finder that finds nothing where something else is asked."""

    def told(tokens: Sequence[Token], found: Sequence[Amount], message: str) -> str | None:
        text = line(tuple(tokens))
        if ("?" in message and not _OF_DEED.search(text)) or AHEAD.search(text):
            return None
        if find is not _result and re.search(r"\b(?:sub|under) \d", text):
            return None
        return find(tokens, found, message)

    return told


#: By the slot that each fills.
DEEDS: dict[str, Finder] = {
    **{
        name: _told(find)
        for name, find in (
            ("pair", pair),
            ("debut", _debut),
            ("result", _result),
            ("again", again),
            ("taken", taken),
            ("long", _long),
            ("row", _row),
            ("place", _place),
            ("once", _once),
            ("feat", _feat),
            ("all", _all),
            ("finally", _finally),
            ("faster", faster),
            ("nonstop", _nonstop),
        )
    },
    "fade": fade,
    "missed": missed,
    "slower": slower,
}
