"""The athlete comes back to a goal that Josi called too much: it is held, or a smaller one taken.

What was too much, by when and why is Josi's own last turn; what is new is the message. Where the
engine gave a goal of its own, its verdict holds and nothing here is asked.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from josi_utils.guard import leap_words as words_of
from josi_utils.guard.composition import Composition, Words, capital
from josi_utils.guard.goal_steps import pair_verdict
from josi_utils.guard.leap import judged, span
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import Reading
from josi_utils.guard.soundness import sound
from josi_utils.guard.told import flat, when

_TOO_MUCH = re.compile(
    r"(?:^|[.!?] )(?:But )?(?P<goal>[^.!?]{1,60}?(?:\.\d+[^.!?]{0,40}?)?) (?P<be>is|are)(?: still)? (?:too much|too soon|too big|too far)"
    r"(?P<by>(?: (?:in|by|for|on|within|over|next|this) [^.,!?]{1,30})?)(?P<why>,? because (?:[^.!?]|\.(?=\d)){3,70})?[.!]"
)
_FIGURE = re.compile(
    r"\b\d+(?:[.:]\d+)?\b|\b(?:one|two|three|four|five|six|eight|ten)\b(?= (?:lengths?|laps?|km|k|miles?|push|pull|press|sessions?|hours?|rounds?)\b)"
)
_SPAN = re.compile(
    r"\b(\d+|two|three|four|five|six|seven|eight|nine|ten|twelve) (?:more )?(days?|weeks?|months?)\b"
)
#: One who asks for another goal, and surely not for more than before.
_SMALLER = re.compile(
    r"\b(?:instead|you win|fair enough|rather|smaller|shorter|easier|not \d+(?::\d+)?|how about|what about|whats about|deal|lower|happy with|is fine|is ok|will do|it is then|settle for|meet me|was (?:nuts|silly|mad|crazy|daft|stupid|too much|bonkers)|would (?:the|a|an) \w+(?: \w+)? (?:be|do|work|count)|then(?= ;|$| lol| ok| \?)|start with)\b"
)
_TAKES = re.compile(
    r"^(?:ok|okay|fine|fair enough|alright|deal|thanks|thank you|understood|youre right|you are right|point taken|cheers|true)\b"
)
_HOLDS = re.compile(
    r"\b(?:still (?:want|sub|under|the|in|going|think|aiming|doing)|but|anyway|no matter|final answer|believes?|negative|soft|boring|please|promised|everyone else|everybody else|would say|told (?:everyone|the|all|my)|counting on|paid|booked|entered|sponsors?|not asking|my way|or nothing|cant (?:back|let|cancel)|cmon|come on|why (?:not|are you|so|do you|cant)|what if|if i|i will|ill do|watch me|prove|wrong|says|thinks|only \d|its only|just put|put it|tell me|makes? (?:an )?exception|trust me)\b"
)
#: A target that is still so near to the one refused is no smaller one.
_SAME = 0.62
#: A distance so many times the present one is a sensible next step.
_NEXT = 1.75
_BRIEF = 12
_WORDY = 4
#: Kilometres on foot of a great event.
_GREAT = 21


class _Before(NamedTuple):
    goal: str
    be: str
    by: str
    why: str


def _refused(case: dict[str, Any]) -> _Before | None:
    """Return what Josi's last turn called too much, by when and why."""
    history = case.get("history") or []
    if not history or history[-1]["role"] != "assistant":
        return None
    found = _TOO_MUCH.search(history[-1]["content"])
    if not found or not sound(found[0]):
        return None
    goal = found["goal"].removeprefix("But ")
    return _Before(goal, found["be"], found["by"] or "", found["why"] or "")


def said_why(case: dict[str, Any]) -> str | None:
    """Return why Josi called the goal too much in her last turn: "your best is 1:58"."""
    before = _refused(case)
    return before.why.removeprefix(",").removeprefix(" because ") if before and before.why else None


def _dated(before: _Before) -> bool:
    return bool(before.by or _FIGURE.search(before.goal) or _WITHIN.search(before.goal))


def again(
    case: dict[str, Any], reading: Reading, words: Words, plan: list[str]
) -> Composition | None:
    """Return the reply to one who comes back to a goal that was too much, or None.

    Parameters
    ----------
    case : dict
        ``history`` and ``decision`` are read.
    reading, words
        Of the message.
    plan : list of str
        The session's sentences, if there is a decision.
    """
    goal = (case.get("decision") or {}).get("goal") or {}
    before = None if goal.get("verdict") else _refused(case)
    if not before or (case.get("decision") and not _dated(before)):
        return None  # a session, and no goal
    text = re.sub(r"\bnot \d+(?:[.:]\d+)?", "instead of", flat(reading.tokens))
    earlier = next((t["content"] for t in case["history"][::-1] if t["role"] == "user"), "")
    stand = _stand(before, text, flat(tokenise(earlier)), reading)
    table = words.source["goal"]
    if stand in ("held", "near"):
        lines = _held(before, text, reading, words, near=stand == "near")
        return Composition(lines, _ask(case, words), plan)
    if stand == "smaller":
        new = _new_goal(before, text)
        lines = [
            words.of(table["again_smaller"]).replace("{goal}", new),
            words.of(table["bare_steps"]),
        ]
        return Composition(lines, words.of(table["ask_level"]), plan)
    if stand == "taken":
        return Composition([words.of(table["again_taken"])], _ask(case, words), plan)
    return None


def _stand(before: _Before, text: str, earlier: str, reading: Reading) -> str:
    """Return "held", "near", "smaller", "taken", or "" where the message is of something else."""
    days = span(text) or span(earlier)
    old, new = set(_FIGURE.findall(before.goal)), set(_FIGURE.findall(_SPAN.sub(" ", text)))
    now = _FIGURE.search(before.why)
    other = new - old - ({now[0]} if now else set())
    asks = bool(_SMALLER.search(text))
    verdict = judged(reading.tokens)
    if verdict is None and now and len(other) == 1:
        verdict = _next_step(before, now[0], next(iter(other)), days)
    if _swapped(before, text):
        return "near"
    if reading.has("still_wants") or (new & old and not other):
        return "held"
    if verdict is True:
        return "near" if other and asks else "held"
    if verdict is False and other:
        return "smaller"
    big = _big(text)
    if other and asks:
        return "near" if big or any(_near(a, b) for a in old for b in other) else "smaller"
    longer = reading.question and len(reading.tokens) <= _BRIEF
    if (asks or longer) and (_SPAN.search(text) or big):
        return "near" if big else "held"
    if _TAKES.search(text) and not re.search(r"\bbut\b", text) and len(reading.tokens) <= _BRIEF:
        return "taken" if not reading.question else ""
    named = {t.text for t in tokenise(before.goal)} & {t.text for t in reading.tokens}
    sport = {w for w in named if len(w) > _WORDY and w.isalpha()}
    return "held" if _HOLDS.search(text) or sport or new & old else ""


def _big(text: str) -> bool:
    """Tell whether a great event is named: half an Ironman is no small step either."""
    return any(pattern.search(text) for pattern, km in words_of.EVENTS if km >= _GREAT)


def _swapped(before: _Before, text: str) -> bool:
    """Tell whether another goal without a figure stands in the place of the one refused."""
    found = re.search(r"\bnot (?:the|an?) (\w+)", text)
    return bool(found) and found[1] in before.goal.lower() and not _FIGURE.search(text)


def _next_step(before: _Before, now: str, wished: str, days: float | None) -> bool | None:
    """Return whether another figure than the refused one is sensible from the present one."""
    unit = next((u for u in ("kg", "watts", "ups") if u in before.goal + before.why), "")
    kind = {"kg": "bench", "watts": "ftp", "ups": "pull ups"}.get(unit, "run")
    verdict = pair_verdict(f"goal {wished} ; now {now} ; {kind}", days)
    far = ":" not in now + wished and now.isdigit() and wished.isdigit() and not unit
    if verdict is None and far and " km" in before.why and float(wished) <= _NEXT * float(now):
        return False
    return verdict


def _new_goal(before: _Before, text: str) -> str:
    """Return the one new figure with its unit, or "that"."""
    old = set(_FIGURE.findall(before.goal + before.why))
    found = re.finditer(
        rf"(?:{_FIGURE.pattern})(?: (km|k|kg|miles?|lengths?|laps?|m|watts)\b)?",
        _SPAN.sub(" ", text),
    )
    new = {m[0] for m in found if m[0].split(" ")[0] not in old}
    return re.sub(r" k$", " km", new.pop()) if len(new) == 1 else "that"


def _near(one: str, other: str) -> bool:
    if ":" in one or ":" in other:
        return one == other
    if not (one[0].isdigit() and other[0].isdigit()):
        return False
    a, b = float(one), float(other)
    return min(a, b) >= _SAME * max(a, b, 0.1)


def _held(before: _Before, text: str, reading: Reading, words: Words, near: bool) -> list[str]:
    """Return the no once more, with what was too much, the new time and the reason."""
    table = words.source["goal"]
    new = None if near else _SPAN.search(text)
    by = f" in {new[1]} {new[2]}" if new else before.by
    name, be = before.goal, before.be
    inside = _WITHIN.search(name)
    if inside:
        name, by = name[: inside.start()], by or inside[0]
    if not near and (day := when(reading.tokens)).startswith(("by ", "before ", "in ")):
        by = f" {day}"
    if not new and _MOVED.search(text):
        by = " for now"
    time = re.match(r"(?:Next|This|Two|Three|\d+) (?:week|weekend|month|year|days)s?$", name)
    if time:
        name, by = "that", by or f" for {name.lower()}"
    if near or name.lower() in ("that", "it", "this"):
        name, be, by = "that", "is", " for now" if near else by
    if name.split(" ")[0] in _LOWER:
        name = name[:1].lower() + name[1:]
    why = before.why or f", because {table['bare_slowly']}"
    line = f"But {name} {be} still too much{by}{why if why[0] == ',' else ',' + why}."
    return [heard_again(reading, words), line, words.of(table["bare_next"])]


_MOVED = re.compile(r"\binstead of (?:next|this|in|by|on)\b")
_WITHIN = re.compile(r" (?:by|before|in|on|until|this|next) (?:the |next |this |\d+ |one |a |two |three |five )?(?:end of the )?(?:tomorrow|week|weekend|month|summer|spring|autumn|winter|christmas|\w+day|weeks|months|days)$", re.I)  # fmt: skip
_LOWER = frozenset(("An", "A", "The", "Under", "Sub", "Winning", "Finishing", "Hard", "Losing",
                    "Going", "Running", "So", "Your"))  # fmt: skip
#: What the athlete holds against the no, and the word for it that is said first.
_HEARD = (
    (re.compile(r"\b(?:kids|children|school|son|daughter|wife|husband|family|mum|dad)\b.*\b(?:told|tell|proud|let them|counting|promised|down)\b|\b(?:promised|told) (?:my|everyone|the)\b"), "again_promised"),
    (re.compile(r"\b(?:paid|booked|sponsors?|euros|tickets?|entered|flights?|paper|raised)\b"), "again_paid"),
    (re.compile(r"\b(?:negative|soft|boring|against (?:it|me)|believes?|mean|unfair|no fun|wrong|rude)\b"), "again_cross"),
    (re.compile(r"\b(?:says|said|did it|does it|people do|youtube|tiktok|video|goggins|guru|coach)\b"), "again_others"),
)  # fmt: skip


def heard_again(reading: Reading, words: Words) -> str:
    """Return what is said first to one who comes back after a no: what they hold against it."""
    text = flat(reading.tokens)
    table = words.source["goal"]
    for pattern, key in _HEARD:
        if pattern.search(text):
            return words.of(table[key])
    name = next((n for n in ("if_sleep", "if_train") if reading.has(f"goal_{n}")), "")
    return words.of(
        table[name or ("again_asked" if _SMALLER.search(text) else "still_unrealistic")]
    )


def _ask(case: dict[str, Any], words: Words) -> str:
    """Return a question that Josi did not ask in her last turn."""
    last = case["history"][-1]["content"]
    asks = [one for one in words.source["goal"]["ask_unrealistic_alone"] if one not in last]
    return words.of(asks or [capital("how does that sound to you?")])
