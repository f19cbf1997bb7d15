"""The athlete comes back to a goal that Josi called too much: it is held, or a smaller one taken.

What was too much, by when and why is Josi's own last turn; what is new is the message. Where the
engine gave a goal of its own, its verdict holds and nothing here is asked.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from josi_utils.guard import leap_words as words_of
from josi_utils.guard.composition import Composition, Words
from josi_utils.guard.goal_kinds import figure_of
from josi_utils.guard.goal_steps import pair_verdict
from josi_utils.guard.leap import judged, span
from josi_utils.guard.licence import stem
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import Reading
from josi_utils.guard.soundness import sound
from josi_utils.guard.told import flat, when

_TOO_MUCH = re.compile(
    r"(?:^|[.!?] )(?:But )?(?P<goal>[^.!?]{1,60}?(?:\.\d+[^.!?]{0,40}?)?) (?P<be>is|are)(?: still)? (?:too much|too soon|too big|too far)"
    r"(?P<by>(?: (?:in|by|for|on|within|over|next|this) [^.,!?]{1,30})?)(?P<why>,? because (?:[^.!?]|\.(?=\d)){3,70})?[.!]"
)
_FIGURE = re.compile(
    rf"\b\d+(?:[.:]\d+)?\b|\b(?:{words_of.NUMBER})\b(?= (?:lengths?|laps?|km|k|miles?|push|pull|press|sessions?|hours?|minutes?|rounds?)\b)"
)
_SPAN = re.compile(rf"\b(\d+|{words_of.NUMBER}) (?:more )?(days?|weeks?|months?)\b")
#: One who asks for another goal, and surely not for more than before.
_SMALLER = re.compile(
    r"\b(?:instead|you win|fair enough|(?:id|would) rather|rather do|smaller|shorter|easier|not \d+(?::\d+)?|how about|what about|whats about|deal|lower|happy with|is fine|is ok|will do|it is then|settle for|meet me|was (?:nuts|silly|mad|crazy|daft|stupid|too much|bonkers)|would (?:the|a|an) \w+(?: \w+)? (?:be|do|work|count)|then(?= ;|$| lol| ok| \?)|start with)\b"
)
_TAKES = re.compile(
    r"^(?:ok|okay|fine|fair enough|alright|deal|thanks|thank you|understood|youre right|you are right|point taken|cheers|true)\b"
)
#: What is told of the goal or of the no itself.
_OF_NO = frozenset(("angry_at_josi", "let_others_down", "goal_told"))
#: A target that is still so near to the one refused is no smaller one.
_SAME = 0.62
#: A distance so many times the present one is a sensible next step.
_NEXT = 1.75
_BRIEF, _FEW = 12, 3
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


def said_too_much(case: dict[str, Any]) -> bool:
    """Tell whether Josi's last turn called a goal too much, so that :func:`again` has looked."""
    return _refused(case) is not None


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
    old, new = (
        _figures(before.goal),
        words_of.goal_figures(_SPAN.sub(" ", text), f"{before.goal}{before.why}"),
    )
    now = _FIGURE.search(before.why)
    other = new - old - ({now[0]} if now else set())
    about = [one for one in reading.situations if one.id not in _OF_NO]
    if any(one.strong and one.mood == "sad" for one in about):
        return ""
    elsewhere = any(one.mood or one.sure or one.cards for one in about)
    insists = (reading.has("goal_insists") and not other) or bool(words_of.HOLDS.search(text))
    insists = insists or reading.has("goal_if_sleep") or reading.has("goal_if_train")
    asks = bool(_SMALLER.search(text))
    verdict = judged(reading.tokens)
    if verdict is None and now and len(other) == 1 and not elsewhere:
        verdict = _next_step(before, text, now[0], next(iter(other)), days)
    if _swapped(before, text):
        return "near"
    if reading.has("still_wants") or (new & old and not (other or elsewhere)):
        return "held"
    if verdict is True:
        return "near" if other and asks else "held"
    if verdict is False and other and not elsewhere:
        return "smaller"
    big = words_of.event_km(text) >= _GREAT
    if (asks or reading.question) and not elsewhere and _below(before, text, earlier, reading):
        return "smaller"
    if other and asks and not elsewhere:
        return "near" if big or any(_near(a, b) for a in old for b in other) else "smaller"
    dated = _SPAN.search(text) or when(reading.tokens)
    asks_on = reading.question and dated and _asks_on(text, big)
    if not elsewhere and (asks_on or (asks and (dated or big))):
        return "near" if big else "held"
    if _TAKES.search(text) and not re.search(r"\bbut\b", text) and len(reading.tokens) <= _BRIEF:
        return "taken" if not reading.question else ""
    own = bool(new & old) or _names(before, text, reading)
    return "held" if (own and insists if elsewhere else own or insists) else ""


def _asks_on(text: str, big: bool) -> bool:
    """Tell whether a question of few words asks for more time, or for another great event."""
    words = _SPAN.sub(" ", text).replace(";", " ").split()
    return len(words) <= (_BRIEF if big else _FEW) and words[:1] not in (["why"], ["rest"])


def _figures(text: str) -> set[str]:
    """Return the figures of a text, in digits."""
    return {str(words_of.WORDS.get(one, one)) for one in _FIGURE.findall(text)}


def _names(before: _Before, text: str, reading: Reading) -> bool:
    """Tell whether a message names the goal, its sport or the days that were too few."""
    goal = {t.text for t in tokenise(before.goal)} - (words_of.ANYWHERE - {"training"})
    said, goal = {t.text for t in reading.tokens}, {w for w in goal if w.isalpha()}
    both = len({stem(w) for w in goal} & {stem(w) for w in said}) > 1
    named = (goal & said) - words_of.ANYWHERE
    days = any(m[0] in f"{before.goal}{before.by}".lower() for m in _SPAN.finditer(text))
    named = {w for w in named if not (reading.question and w.endswith("ing"))}  # of sport at large
    return both or days or any(len(w) > _WORDY for w in named)


def _below(before: _Before, text: str, earlier: str, reading: Reading) -> bool:
    """Tell whether one new distance, or a lesser event, with a date stands for the one refused."""
    if not (_SPAN.search(text) or when(reading.tokens)) or reading.has("past"):
        return False
    goal = before.goal.lower()
    far = [figure_of(n) * words_of.KM[unit] for n, unit in words_of.DISTANCE.findall(text)]
    great, event = words_of.event_km(goal), words_of.event_km(text)
    if great:
        here = words_of.sport_factor(text, text) * far[0] if len(far) == 1 else 0 if far else event
        return 0 < max(here, event) < min(_SAME * great, _GREAT)
    was = words_of.DISTANCE.search(goal)
    later = (span(text) or 0) > (span(f"{goal}{before.by}") or span(earlier) or 0)
    least = figure_of(was[1]) * words_of.KM[was[2]] * (1 if later else _SAME) if was else 0
    return len(far) == 1 and far[0] < least


def _swapped(before: _Before, text: str) -> bool:
    """Tell whether another goal without a figure stands in the place of the one refused."""
    found = re.search(r"\bnot (?:the|an?) (\w+)", text)
    return bool(found) and found[1] in before.goal.lower() and not _FIGURE.search(text)


def _next_step(
    before: _Before, text: str, now: str, wished: str, days: float | None
) -> bool | None:
    """Return whether another figure than the refused one is sensible from the present one."""
    unit = next((u for u in ("kg", "watts", "ups") if u in before.goal + before.why), "")
    kind = {"kg": "bench", "watts": "ftp", "ups": "pull ups"}.get(unit, "run")
    told = (
        rf"\b(?:sub|under|below) {wished}\b|\b{wished} (?:hours?|minutes?) (?:then|instead|next|;)"
    )
    if ":" in now and ":" not in wished and not re.search(told, text):
        return None  # a figure of something else
    verdict = pair_verdict(f"goal {wished} ; now {now} ; {kind}", days)
    far = ":" not in now + wished and now.isdigit() and wished.isdigit() and not unit
    if verdict is None and far and " km" in before.why and float(wished) <= _NEXT * float(now):
        return False
    return verdict


def _new_goal(before: _Before, text: str) -> str:
    """Return the one new figure with its unit, or "that"."""
    old = _figures(before.goal + before.why)
    found = re.finditer(
        rf"(?:{_FIGURE.pattern})(?: (km|k|kg|miles?|lengths?|laps?|m|watts)\b)?",
        _SPAN.sub(" ", text),
    )
    new = {m[0] for m in found if not _figures(f"{m[0]} km") <= old}
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
    first, _, rest = name.partition(" ")
    named = first in words_of.NAMES or first[1:2].isupper() or rest[:1].isupper()
    if not named or first in ("A", "An", "The", "Winning", "Finishing"):
        name = name[:1].lower() + name[1:]
    why = before.why or f", because {table['bare_slowly']}"
    line = f"But {name} {be} still too much{by}{why if why[0] == ',' else ',' + why}."
    return [heard_again(reading, words), line, words.of(table["bare_next"])]


_MOVED = re.compile(r"\binstead of (?:next|this|in|by|on)\b")
_WITHIN = re.compile(r" (?:by|before|in|on|until|this|next) (?:the |next |this |\d+ |one |a |two |three |five )?(?:end of the )?(?:tomorrow|week|weekend|month|summer|spring|autumn|winter|christmas|\w+day|weeks|months|days)$", re.I)  # fmt: skip
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
    last, asks = case["history"][-1]["content"], words.source["goal"]["ask_unrealistic_alone"]
    return words.of([one for one in asks if one not in last] or asks)
