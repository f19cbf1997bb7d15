"""A deed told without a time or a distance: in a clause, by how often it was done, by its rank.

Each finder fills a slot of ``fallback.json``: ``{Told}`` ("You ran past the bakery without stopping
to walk"), ``{Kept}`` ("41 sessions since January"). The words that a clause of a deed may begin
with, and those that make it none, stand in ``own_words``.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Callable, Sequence

from josi_utils.guard.amounts import Amount, table
from josi_utils.guard.data import load
from josi_utils.guard.figures import CLOCK, FIGURE, WISHED, figure, line, unit_told
from josi_utils.guard.mirror import content, mirror, mirror_lists, said_word
from josi_utils.guard.normalise import Token, tokenise

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_KEPT = re.compile(
    r"(?<!of )(?<!from )(?<!missed )(?<!skipped )\b(\d{1,3}) (sessions|runs|rides|swims|rows|walks|workouts|trainings|classes|parkruns)"
    rf"(?: (?:done|logged|in))?(?: (since (?:{_MONTHS})|this (?:year|month|summer|winter|spring|autumn)|"
    r"since (?:i|we) started|so far))\b"
)
#: Right before what is counted: not done, or too few to be praised for.
_UNDONE = re.compile(r"\b(?:only|never|not|havent|hasnt|hadnt|didnt|dont)(?: [a-z]+){0,3} $")
#: Whoever is named so has only come along: "with my wife", "my wife and i".
_COMPANY = re.compile(r"\b(?:with|for|by|beside) (?:my|the|our) [a-z]+|\bmy [a-z]+ and i\b")
#: Times that are no results, and what a message of results tells of.
_TIMETABLE = re.compile(rf"\b(?:(?<!was )at|alarms?|bus|trains?|starts?|up)(?: at| ;)? {CLOCK}")
_MEASURED = re.compile(
    r"\b(?:\d+ (?:k|km|m|s|metres?|meters?)|miles?|half|marathon|parkruns?|laps?|splits?|"
    r"loops?|runs?|running|ran|rides?|rode|cycled|cycling|bike|swims?|swam|lengths|rows?|rowed|rowing|"
    r"erg|races?|tri|triathlon|walks?|walked|jogs?|jogged|pace|intervals|reps|sprints?|track|climb|hill|x \d+)\b"
)
#: What leads to a deed in a clause that was said back.
_FIRST = re.compile(r"^It was the first time (?:ever )?(?:that )?")
#: How many words of a clause are looked at for its verb: "you actually ran".
_VERB_WITHIN = 3
#: To move so is a deed, on whatever way.
_MOVING = frozenset(
    ["ran", "rode", "walked", "cycled", "jogged", "swam", "rowed", "skated", "paddled"]
)
_WITHOUT = frozenset(["stopping", "help", "pain", "car", "bus"])
_WAYS = frozenset(["work", "home", "school", "back", "early"])
#: So many words of a clause are said back.
_TOLD_LONG = range(3, 13)


def _own(text: str, at: int) -> bool:
    """Tell whether what is counted at ``at`` is done, and by nobody near to the athlete instead."""
    kin, said = load("fallback")["groups"]["KIN"], _COMPANY.sub("", text).split()
    theirs = any(word in kin or word.removesuffix("s") in kin for word in said)
    return not (theirs or WISHED.search(text) or _UNDONE.search(text[:at]))


def told(tokens: Sequence[Token], _: Sequence[Amount], message: str) -> str | None:
    """Return a clause of a deed said back: "you ran past the bakery without stopping to walk"."""
    back = mirror(message)
    text = _FIRST.sub("", back.text) if back and not back.feels else ""
    own = table()
    if content(text) and _is_deed([token.text for token in tokenise(text)]):
        return f"{text[0].lower()}{text[1:-1]}"
    for at, token in enumerate(tokens):
        if token.text in own["told_verbs"] and _led(tokens, at):
            said = _clause(tokens, at, message)
            if said:
                return said
    return None


def _is_deed(words: Sequence[str]) -> bool:
    """Tell whether "you" with these words behind it is a deed, and a good one."""
    own = table()
    verb = set(words[1:_VERB_WITHIN]) & set(own["told_verbs"]) if words[0] == "you" else set()
    spare = _WAYS if verb & _MOVING else frozenset()  # "cycled to work" is one
    spare |= _WITHOUT if "without" in words else frozenset()
    return bool(verb) and not set(words[1:]) & (set(own["told_not"]) - spare)


def _led(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether nothing but "finally i" or the like stands before a verb in its clause."""
    lists = mirror_lists()
    before = [one.text for one in tokens[:at] if one.clause == tokens[at].clause]
    # "Today this girl swam" is of somebody else, "they finished" too.
    return bool(before or len(tokens) > at + 1) and set(before) <= (
        lists["leads"] | lists["adverbs"] | {"i", "we", "who", "ive", "have", "first", "time"}
    ) - {"never", "almost", "nearly", "that", "because", "only"}


def _clause(tokens: Sequence[Token], at: int, message: str) -> str | None:
    """Return the clause from ``at`` on, as much of it as can be said back."""
    lists = mirror_lists()
    end = next(
        (n for n in range(at, len(tokens)) if tokens[n].clause != tokens[at].clause), len(tokens)
    )
    cuts = [n for n in range(at + 2, end) if tokens[n].text in lists["joins"] | lists["cuts"]]
    for last in (end, *reversed(cuts)):
        words = [one.text for one in tokens[at:last]]
        while words and words[-1] in lists["fillers"]:
            words.pop()
        if len(words) not in _TOLD_LONG or words[-1] in lists["dangling"] | {"it", "that", "this"}:
            continue
        if set(words) & lists["barred"] or not _is_deed(["you", *words]):
            continue
        said = [said_word(tokens, place, message) for place in range(at, at + len(words))]
        if all(said):
            return f"you {' '.join(word or '' for word in said)}"
    return None


def kept(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "41 sessions since January"."""
    text = line(tuple(tokens))
    found = _KEPT.search(text)
    if not found or not _own(text, found.start()):
        return None
    when = re.sub(r"since (?:i|we)", "since you", found[3])
    when = re.sub(rf"\b(?:{_MONTHS})\b", lambda m: m[0].capitalize(), when)
    return f"{found[1]} {found[2]} {when}"


#: So many words has a clause on what is possible again, and one of these.
_CAN_LONG = range(4, 13)
_AGAIN = frozenset(["again", "now", "finally", "without"])


def can(tokens: Sequence[Token], _: Sequence[Amount], message: str) -> str | None:
    """Return what is possible again: "you can do up your own shoelaces again"."""
    lists = mirror_lists()
    for at, token in enumerate(tokens[:-1]):
        if (token.text, tokens[at + 1].text) != ("i", "can"):
            continue
        before = tokens[at - 1].text if at and tokens[at - 1].clause == token.clause else ""
        end = next(
            (n for n in range(at, len(tokens)) if tokens[n].clause != token.clause
             or tokens[n].text in lists["joins"] | lists["cuts"]), len(tokens),
        )  # fmt: skip
        words = {one.text for one in tokens[at:end]}
        sure = before in lists["leads"] | {""} and end - at in _CAN_LONG and words & _AGAIN
        if not sure or words & (lists["barred"] | set(table()["can_not"])):
            continue
        said = [said_word(tokens, place, message) for place in range(at, end)]
        if all(said) and tokens[end - 1].text not in lists["dangling"]:
            return " ".join(word or "" for word in said)
    return None


#: Where and when a time, a week or a result is one of training: "3rd best time at darts" is none.
_WHERE = (
    r"\d+|year|season|summer|winter|spring|autumn|life|all|training|race|races|parkrun|track|pool|gym|"
    r"loop|lap|course|route|hill|climb|segment|half|marathon|distance|run|running|ride|riding|swimming|row|rowing"
)
_RANKS = {"2 nd": "second", "3 rd": "third", "4 th": "fourth", "5 th": "fifth"}
_RANKED = re.compile(
    r"\b(?<!came )(2 nd|3 rd|4 th|5 th|second|third|fourth|fifth) (fastest|best|quickest|longest|biggest)"
    r"(?: ever)?(?: (time|run|ride|swim|row|week|month|result|5 k|10 k|half|parkrun|lap)\b|(?<=ever)(?= (?:on|today|this|and|so)\b)|(?= ;|$))"
    rf"(?! (?:at|of|for|to|with|in) (?!(?:(?:the|my|our|this) )?(?:{_WHERE})\b))"
)
_SINCE = re.compile(
    r"\b(fastest|best|quickest|longest) (?:(time|run|ride|swim|row|5 k|10 k|half|parkrun|lap) )?"
    r"(this (?:year|season|summer|winter|month)|in (?:\d+|two|three|four|five|ten) (?:years|months)|"
    r"since (?:20[0-2]\d|lockdown|school|uni|i was \d+|my (?:twenties|thirties|forties|fifties)))\b"
)


def rank(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "your second fastest time" or "your fastest run this year"."""
    text = line(tuple(tokens))
    if WISHED.search(text):
        return None
    found = _RANKED.search(text)
    if found:
        what = re.sub(r" k$", " km", found[3] or "")
        return f"your {_RANKS.get(found[1], found[1])} {found[2]} {what}".rstrip()
    found = _SINCE.search(text)
    if not found:
        return None
    what = f" {re.sub(r' k$', ' km', found[2])}" if found[2] else ""
    when = found[3].replace("i was", "you were").replace("since my", "since your")
    return f"your {found[1]}{what} {when}"


_MONTHLY = re.compile(
    rf"\bthis (month|week|year)\b(?: [a-z]+| ;){{0,4}} ({FIGURE}) (km|k|miles|hours|runs|sessions|rides|swims|walks)\b"
    rf".{{0,40}}?\blast \1\b(?: [a-z]+| ;){{0,4}} ({FIGURE}) \3\b"
)


def monthly(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "12 runs this month, after 9 last month"."""
    text = line(tuple(tokens))
    found = _MONTHLY.search(text)
    if not found or WISHED.search(text) or figure(found[2]) <= figure(found[4]):
        return None
    unit = unit_told(found[3]) if found[3] in ("km", "k", "miles") else f" {found[3]}"
    return f"{found[2]}{unit} this {found[1]}, after {found[4]} last {found[1]}"


_WEEK_DONE = re.compile(
    r"\bweek (\d{1,2}|one|two|three|four|five|six|seven|eight|nine)(?: of [a-z0-9 ]{1,20}?)?(?: is)? "
    r"(?:done|finished|complete|completed|in the bag|ticked off)\b|"
    r"\b(?:finished|completed|did|done|survived) week (\d{1,2}|one|two|three|four|five|six|seven|eight|nine)\b"
)


def week_done(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "week 6"."""
    text = line(tuple(tokens))
    found = _WEEK_DONE.search(text)
    return f"week {found[1] or found[2]}" if found and _own(text, found.start()) else None


#: So many times make a row of times.
_TREND = 3
_SINCE_MONTH = re.compile(
    rf"{CLOCK} (?:; )?in ({_MONTHS}) (?:it was |i was at |; )?({CLOCK})(?= ;? ?in (?:{_MONTHS}) )"
)
_PULSE = r"(?:of |was |is |at )?(\d{2,3})\b(?! (?:minutes|min|seconds|watts|w|km|k|m|miles)\b)"
_SAME_PACE = re.compile(
    rf"\b(?:(?<!\d )hour|hr|pulse|heart rate|bpm) {_PULSE}.*?"
    rf"\b(?:(?<!\d )hour|hr|pulse|heart rate|bpm|was) {_PULSE}"
)
_NOW = re.compile(r"\b(?:now|today|this (?:week|month|morning|year))\b")
_NEXT = re.compile(r" (?:;|and|but|vs|versus|while|whereas) ")


def _results(text: str) -> bool:
    """Tell whether the times in a text are the athlete's own results."""
    first = re.search(CLOCK, text)
    own = first is not None and _own(text, first.start())
    return own and bool(_MEASURED.search(text)) and not _TIMETABLE.search(text)


def trend(tokens: Sequence[Token]) -> str | None:
    """Return "you went from 31:02 to 30:11" where three times and more get shorter and shorter."""
    text = line(tuple(tokens))
    times = re.findall(CLOCK, text)
    if len(times) < _TREND or not _results(text):
        return None
    if all(figure(a) > figure(b) for a, b in itertools.pairwise(times)):
        return f"you went from {times[0]} to {times[-1]}"
    # "8:02. In January 9:15. In May 8:30": the newest is told first.
    first = _SINCE_MONTH.search(text)
    if first and len(times) == _TREND and figure(times[0]) < min(map(figure, times[1:])):
        return f"you went from {first[2]} in {first[1].capitalize()} to {times[0]}"
    return None


def calmer(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "142 instead of 151 at the same pace", where the lower pulse is the one of now."""
    text = line(tuple(tokens))
    found = _SAME_PACE.search(text)
    if not found or not _own(text, 0) or not re.search(r"\bsame (?:pace|speed)\b", text):
        return None
    ends = [one.end() for one in _NEXT.finditer(text)]
    new = {_newer(now, found, ends) for now in _NOW.finditer(text)}
    if new not in ({1}, {2}):
        return None
    newer, older = int(found[min(new)]), int(found[3 - min(new)])
    return f"{newer} instead of {older} at the same pace" if newer < older else None


def _newer(now: re.Match[str], found: re.Match[str], ends: Sequence[int]) -> int:
    """Return which of two figures a word for now belongs to: the one in its clause, or neither."""
    places = (found.start(1), found.start(2), now.start())
    first, second, at = (bisect.bisect_right(ends, place) for place in places)
    if first == second == at:
        between = found.end(1) < now.start() < found.start(2)
        return 0 if between else 2 if now.start() > found.end(2) else 1
    return {first: 1, second: 2}.get(at, 0) if first != second else 0


#: So many times within so many seconds are even ones.
_LAPS, _EVEN = 4, 5


def even(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "5 times within 2 seconds of each other"."""
    text = line(tuple(tokens))
    times = [figure(one) for one in re.findall(CLOCK, text)]
    if len(times) < _LAPS or not _results(text) or not max(times) - min(times) <= _EVEN:
        return None
    apart = int(max(times) - min(times))
    return f"{len(times)} times within {apart} seconds of each other" if apart > 1 else None


#: By the slot that each fills.
TALLIES: dict[str, Callable[[Sequence[Token], Sequence[Amount], str], str | None]] = {
    "told": told,
    "kept": kept,
    "can": can,
    "rank": rank,
    "monthly": monthly,
    "week_done": week_done,
    "calmer": calmer,
    "even": even,
}
