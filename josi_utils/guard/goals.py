"""A goal in a sentence: "Under 3 hours in the marathon is too much in 8 weeks."

Event, target and alternative come from the engine as short notes ("Marathon", "under 3 hours"), so
each is joined by its own pattern; where none fits, the words name no more than "your goal".
"""

from __future__ import annotations

import re
from typing import Any

from josi_utils.decision import weeks_words
from josi_utils.guard.composition import capital
from josi_utils.guard.data import load
from josi_utils.guard.goal_pairs import pair_of
from josi_utils.guard.leap import fits, judged, leap
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import Reading
from josi_utils.guard.told import flat
from josi_utils.guard.wished import told_goal, told_habit

_TIME = re.compile(r"^(?:(?:under|sub|around|about|below|near)\s|\d+(?:[:.,]\d+|\s?h))", re.I)
_AMOUNT = re.compile(r"\d\s?(?:kg|lb|watts?|w|m|km|reps?|miles?)\b|^level\b", re.I)
#: Body weight to lose is in no event.
_LIGHTER = re.compile(r"^\d+\s?(?:kg|kilos?|lbs?|pounds?|stone)\s(?:lighter|less|leaner)\b", re.I)
_ONE = frozenset(("trek", "hike", "climb"))
_TEST = re.compile(r"^(?:FTP|VO2 ?max) (?:of )?\d+(?: ?(?:w|watts))?$", re.I)
_SPAN = re.compile(r"^(?:\d+|one|two|three|a|ten)\s(?:day|days|hours?|weeks?|go)\b|^\d+ h$", re.I)


def _lower_first(text: str, words: frozenset[str]) -> str:
    """Return ``text`` with a plain first word in lower case; names of several words stay."""
    first, _, rest = text.partition(" ")
    if first.lower().strip(",") not in words or any(c.isupper() for c in rest):
        return text
    return f"{first.lower()} {rest}".rstrip()


def event_words(event: str) -> str | None:
    """Return the event as it stands inside a sentence, or None where it is no noun.

    Examples
    --------
    >>> event_words("Spring marathon"), event_words("Kilimanjaro"), event_words("Touch my toes")
    ('the spring marathon', 'Kilimanjaro', None)

    What follows a comma stays, with a comma after it.
    """
    words = load("fallback")["goal_words"]
    bare = event.strip().rstrip(".")
    tokens = [w.lower() for w in re.findall(r"[A-Za-z'-]+", bare.split(",", 1)[0])]
    if len(tokens) > 1 and tokens[0] == "first" and set(tokens[-1:]) & set(words["races"]):
        return f"your {bare[0].lower()}{bare[1:]}"
    if not tokens or tokens[0] in words["verbs"] or set(tokens) & set(words["personal"]):
        return None
    name = _lower_first(bare, frozenset(words["plain"])) + ("," if "," in bare else "")
    if tokens[0] in ("the", "a", "an") or not set(tokens) & set(words["races"]):
        return name
    bare_name = set(tokens) & set(words["without_article"]) and tokens[-1] not in _ONE
    return name if bare_name else f"the {name}"


def _to(text: str) -> str:
    """Return a wish that begins with a verb as "to ...", another as it is."""
    words = load("fallback")["goal_words"]
    first = text.split(" ", 1)[0].lower().strip(",")
    return f"to {text[0].lower()}{text[1:]}" if first in words["verbs"] else text


def goal_name(goal: dict[str, Any]) -> str:
    """Return the goal as the subject of a sentence, without its weeks."""
    words = load("fallback")["goal_words"]
    target = (goal.get("target") or "").strip().rstrip(".")
    event = event_words(goal["event"])
    if event is None:
        return "your goal"
    if not target or target.lower() in goal["event"].lower():
        return event
    first = target.split(" ", 1)[0].lower().strip(",")
    rest = target[len(first) :].strip(" ,")
    if first in ("finish", "finishing", "complete"):
        more = f" {rest}" if rest and rest != "all" and rest[0].islower() else ""
        return f"finishing {event}{more}"
    if first in ("win", "winning") and not rest:
        return f"winning {event}"
    if first in words["verbs"]:
        return f"your goal {_to(target)}"
    if _SPAN.match(target):
        return f"{event} in {target}"
    if first in ("podium", "top", "place", "a"):
        article = "" if first == "a" else "the " if first in ("podium", "top") else "a "
        return f"{article}{target} in {event}"
    if first == "summit":
        return f"the {target[0].lower()}{target[1:]} of {event}" if not rest else "your goal"
    if _LIGHTER.search(target):
        return f"getting {target}"
    if first in ("within", "inside") and event:
        return f"finishing {event} {target[0].lower()}{target[1:]}"
    if _TEST.match(target):
        return target
    if _TIME.match(target) or _AMOUNT.search(target):
        return f"{target[0].lower()}{target[1:]} in {event}"
    return "your goal"


def goal_sentence(goal: dict[str, Any], pattern: str) -> str:
    """Fill ``{goal}``, ``{weeks}`` ("in 8 weeks") and ``{left}`` of a pattern."""
    table, weeks = load("fallback")["words"]["goal"], goal.get("weeks")
    ahead = "" if weeks is None else f" {weeks_words(weeks)}"
    left = ""
    if weeks is not None:
        number = "1 week" if weeks == 1 else f"{weeks} weeks"
        left = table["left"].replace("{number}", number) if weeks else table["left_now"]
    filled = pattern.replace("{goal}", goal_name(goal)).replace("{left}", left)
    filled = filled.replace("{weeks}", ahead).replace(",,", ",").replace(",.", ".")
    filled = filled.replace("for finishing", "to finish").replace("for winning", "to win")
    return capital(filled)


def alternative_sentence(goal: dict[str, Any], pattern: str) -> str | None:
    """Fill ``{alternative}`` of a pattern, or return None where the engine has none."""
    text = (goal.get("alternative") or "").strip().rstrip(".")
    return pattern.replace("{alternative}", _to(text)) if text else None


#: A distance, the same whether it is "5k" or "5 km".
_KM = re.compile(r"\b(\d+) ?(?:k|km|kms)\b")


def names_goal(goal: dict[str, Any], reading: Reading) -> bool:
    """Tell whether the message has a word of the goal's own, such as its event or its time.

    A time of the clock is of the goal where the goal is one.
    """
    if not goal:
        return False
    times = [t for t in reading.tokens if ":" in t.text]
    told = reading.question or not reading.has("past")
    if told and times and ":" in (goal.get("target") or ""):
        return True
    plain = set(load("fallback")["common"]) | set(load("fallback")["goal_words"]["too_common"])
    names = f"{goal['event']} {goal.get('target') or ''}"
    doubts = any(reading.has(form) for form in ("doubt_small", "doubt_silly", "doubt_old"))
    # "10k in under an hour, 12 weeks to go": the distance of the goal, and its date.
    dated = reading.has("goal_ask") or (reading.has("goal") and reading.has("horizon"))
    dated = reading.question and dated
    if (doubts or dated) and set(_KM.findall(names.lower())) & set(
        _KM.findall(flat(reading.tokens))
    ):
        return True
    own = {t.text for t in tokenise(names)} - plain
    return bool(own & {t.text for t in reading.tokens})


_FEW_DAYS = re.compile(r"\b(?:a|per|each|every) day for (?:\d|two|three|four|five|six) days\b")
_DID = re.compile(
    r"\b(?:did|done|finished|completed|managed|ran|rode|swam|rowed|made it|got my|went|took|knocked|dropped|achieved|smashed|got|today|yesterday|last|this morning|walked|lifted|beat)\b"
)
_BY = re.compile(
    r"\b(?:(?:by|before|until|till|til|for) (?:the )?(?:end of|summer|spring|autumn|winter|christmas|easter|new year|next)|"
    r"(?:by|in) (?:january|february|march|april|may|june|july|august|september|october|november|december)|"
    r"next (?:year|spring|summer|autumn|winter|month)|in \w+ (?:weeks|months)|in (?:spring|summer|autumn|winter))\b"
)


def _ahead(reading: Reading) -> bool:
    """Tell whether a message has a date to come and no word of what was done."""
    text = flat(reading.tokens)
    fits_well = judged(reading.tokens) is False
    return bool(_BY.search(text)) and (fits_well or not _DID.search(text))


#: What a goal is made of that needs no date: sport, play, and getting about.
_SPORTY = frozenset(
    ("run", "ride", "swim", "row", "walk", "hike", "jog", "cycle", "bike", "ski", "climb", "squat",
     "bench", "deadlift", "play", "dance", "paddle", "kayak", "skate", "surf", "carry", "kneel",
     "floor", "stairs", "hill", "lift", "stand", "balance", "strong", "fit", "garden", "plank")
)  # fmt: skip
#: These are of sport only beside a second such word: "stand up to him" and "play dead" are none.
_WEAK = frozenset(("play", "stand", "carry", "lift", "balance", "strong", "fit", "floor", "hill",
                   "stairs"))  # fmt: skip
#: Second words of body, play and distance.
_SECOND = frozenset(
    ("football", "soccer", "tennis", "badminton", "squash", "padel", "golf", "hockey", "netball",
     "basketball", "volleyball", "rugby", "cricket", "rounders", "match", "leg", "legs", "foot",
     "knee", "knees", "hip", "hips", "body", "sport", "gym", "training", "breath",
     "puffing", "puffed", "shopping", "bags", "suitcase", "rucksack", "grandkids", "grandchildren",
     "grandson", "granddaughter", "toddler", "minutes", "hour", "seconds", "km", "k", "miles", "kg",
     "kilos", "fitter", "stronger")
)  # fmt: skip
#: So plainly of the body that no second word is needed.
_BODILY = re.compile(
    r"\b(?:(?:get|be|keep|stay) (?:really |properly |super )?fit\b(?! (?:in|into)\b)|"
    r"(?:off the floor|(?:up|climb) the (?:stairs|hill))\b)"
)
_NOT_AHEAD = frozenset(("today", "tonight", "tomorrow", "now", "yesterday"))
#: With one of these a wish is of something else: "i want to run away", "to play the piano".
_ELSEWHERE = frozenset(
    ("away", "out", "over", "life", "everything", "everybody", "piano", "guitar", "violin", "drums",
     "chess", "cards", "xbox", "video", "boss", "ex")
)  # fmt: skip
_WISH = re.compile(
    r"\b(?:(?:i|^) ?(?:just |really )?(?:want|wanna|hope)|(?:would|id) (?:just |really )?(?:like|love)|^(?:want|hoping)) (?:to )?"
    r"(?:be able to )?(?:(?:just|finally) )?(\w+)"
)
_AGED = re.compile(r"\bat [3-9]\d\b")
_CALLED = frozenset(("goal", "goals", "aim", "target"))
_LIGHT = frozenset(("goal_told", "funny"))


def aims_plainly(reading: Reading, message: str) -> bool:
    """Tell whether a message without a decision names a goal that has no date.

    Either a habit that is called a goal ("30 min walk a day, boring goal i know"), or a wish for
    sport and nothing else beside it ("i want to play football with my kids for an hour").
    """
    words, text = {token.text for token in reading.tokens}, flat(reading.tokens)
    doubts = any(reading.has(form) for form in ("doubt_small", "doubt_silly", "doubt_old"))
    doubts = doubts or (reading.has("doubt_late") and bool(_AGED.search(text)))
    asks = doubts or (reading.has("goal_ask") and bool(words & _CALLED))
    if words & _CALLED and told_habit(message) and (asks or not reading.question):
        return not any(one.mood == "sad" for one in reading.situations)
    if any(one.id not in _LIGHT for one in reading.situations):
        return False
    if words & (_NOT_AHEAD | _ELSEWHERE):
        return False
    wish, begins = told_goal(message), _WISH.search(text)
    if (words & _CALLED and wish) or (asks and reading.has("event") and reading.question):
        return True
    sporty = _SPORTY & (set(wish.lower().split()) if wish else {begins[1] if begins else ""})
    if sporty <= _WEAK and not (
        words & _SECOND or len(words & _SPORTY) > 1 or _BODILY.search(text)
    ):
        return False
    return bool(sporty) and (asks or "?" not in message)


def _steps(reading: Reading) -> bool:
    """Tell whether a message has where the athlete stands and what is wished, and means it."""
    pair = pair_of(flat(reading.tokens))
    if not pair or pair.factor <= 1 or any(one.done or one.strong for one in reading.situations):
        return False
    meant = (
        "goal_ask",
        "goal_alone",
        "wish",
        "horizon",
        "goal_strict",
        "doubt_silly",
        "doubt_much",
    )
    return any(reading.has(form) for form in meant)


def has_goal(reading: Reading) -> bool:
    """Tell whether a message without a decision names a goal of its own."""
    if any(one.done for one in reading.situations) and not _ahead(reading):
        return False
    if _steps(reading):
        return True
    event, horizon = "form event" in reading.found, "form horizon" in reading.found
    if reading.has("goal_alone"):
        return horizon or event
    if reading.situations and not reading.has("wish") and not _ahead(reading):
        return False
    spans = any(reading.has(form) for form in ("goal_soon", "goal_short", "goal_ample"))
    if not horizon or not (event or reading.has("wish")):
        return False
    return spans or reading.has("wish") or reading.has("lose_weight") or not reading.has("past")


def wishes_goal(reading: Reading) -> bool:
    """Tell whether a message names a goal with weeks or seasons to go, and no other session."""
    if reading.has("change") or not has_goal(reading):
        return False
    words = set(load("fallback")["goal_words"]["ahead"])
    return bool(words & {t.text for t in reading.tokens})


def too_soon(reading: Reading) -> bool:
    """Tell whether a message names a goal that is far too much for its time.

    Training without rest, what only a few people in the world reach, figures too far apart
    (:mod:`josi_utils.guard.leap`), or a great event and a short time, where nothing tells of
    training and no figure fits.
    """
    if (reading.has("goal_extreme") and not _FEW_DAYS.search(flat(reading.tokens))) or (
        reading.has("giant") and reading.has("wish")
    ):
        return True
    if leap(reading.tokens):
        return True
    if reading.has("goal_ample") or fits(reading.tokens):
        return False
    big, nothing = "form goal_big" in reading.found, "form goal_nothing" in reading.found
    if reading.has("goal_short") and big:
        return True
    if reading.has("goal_short") and nothing and "form event" in reading.found:
        return True
    return big and nothing and reading.has("horizon")
