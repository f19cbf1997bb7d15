"""What the athlete wishes or asks for, said back: ``"You want to swim 1 km in one go"``.

As in :mod:`josi_utils.guard.mirror` no sentence is made up: it is the clause behind "i want to" or
"can we", whole, with first persons turned. The lists ``wish_*`` of ``own_words`` in
``fallback.json`` hold how it may be led in, the verbs that it may begin with and where it ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from josi_utils.guard.amounts import table
from josi_utils.guard.mirror import mirror_lists, said_word
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.soundness import sound

#: So many words has what is wished.
_FEWEST, _MOST = 2, 13
_BETWEEN = frozenset(" -'’")
#: What is asked of Josi is said back as a wish, too.
_ORDERS = "You would like to "
#: "60 th" is written in one.
_TIMES = re.compile(r"\b(\d+) x (?=(?:a|an|per|each|every)\b)")
_TH = re.compile(r"\b(\d+) (st|nd|rd|th)\b")
_K = re.compile(r"(\d) k(?:m|ms)?\b")


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    return {
        key[5:]: frozenset(v)
        for key, v in table().items()
        if key.startswith("wish_") and key != "wish_said"
    }


@lru_cache(maxsize=1)
def _days_said() -> dict[str, str]:
    """Return days that are written short, or as what belongs to them, as they are said."""
    return dict(pair.split(" ", 1) for pair in table()["wish_said"])


@lru_cache(maxsize=1)
def _leads() -> list[tuple[tuple[str, ...], str, bool]]:
    """Return how a wish is led in, the longest first, what stands for it, and if it asks nothing."""
    pairs = [
        (tuple(lead.split()), said, name in ("wants", "likes"))
        for name, said in (
            ("wants", "You want to"),
            ("likes", "You would like to"),
            ("asks", "You would like to"),
            ("rathers", "You would rather"),
            ("orders", _ORDERS),
        )
        for lead in table()[f"wish_{name}"]
    ]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


@lru_cache(maxsize=64)
def wished(message: str, *, asks: bool = True) -> str | None:
    """Return what is wished, without the full stop, or None where it can't surely be said back.

    Parameters
    ----------
    message : str
        As it was written.
    asks : bool
        Whether "can i" and "let me" lead a wish in too, as they do beside a plan.

    Examples
    --------
    >>> wished("can we push everything back one day, my in-laws are here")
    'You would like to push everything back one day'
    """
    tokens = tokenise(message)
    words = [token.text for token in tokens]
    if asks and words[:1] and words[0] in _lists()["heads"]:
        text = _clause(tokens, 0, 0, message, True)
        if text and sound(f"{_ORDERS}{text}."):
            return f"{_ORDERS}{text}"
    for at in range(len(tokens)):
        for lead, said, tells in _leads():
            end = at + len(lead)
            if tuple(words[at:end]) != lead or end >= len(tokens):
                continue
            if (
                lead[0] not in _lists()["first"]
                and at
                and tokens[at - 1].clause == tokens[at].clause
            ):
                continue
            if not (asks or tells):
                continue
            text = _clause(tokens, at, end, message, said == _ORDERS)
            if text and sound(f"{said.strip()} {text}."):
                return f"{said.strip()} {text}"
            break
    return None


#: What a goal may be called, before "is" or a colon.
_CALLED = frozenset(("goal", "aim", "target", "dream", "ambition", "mission"))
_LAST = frozenset(("is", "was", "are", "though", "but", "or", "and", "the", "a", "my", "to", "for"))


@lru_cache(maxsize=64)
def called_goal(message: str) -> str | None:
    """Return a goal that is told by its name, said back, without the full stop, or None.

    Examples
    --------
    >>> called_goal("My aim for spring is one 5k without walking. At present I walk a lot.")
    'Your aim for spring is one 5 km without walking'
    """
    tokens, lists, turned = tokenise(message), _lists(), mirror_lists()
    words = [token.text for token in tokens]
    for at in range(len(words) - 3):
        if words[at] not in ("my", "our") or not _CALLED & set(words[at + 1 : at + 3]):
            continue
        end = next(
            (i for i in range(at, len(words)) if tokens[i].clause != tokens[at].clause), None
        )
        part = words[at : end or len(words)]
        barred = set(part) & ((lists["barred"] | turned["barred"]) - lists["allowed"] - _CALLED)
        if "is" not in part[2:8] or barred or not 5 <= len(part) <= _MOST or part[-1] in _LAST:
            continue
        if {"not", "never", "i", "im", "you", "me"} & set(part) or part[-1].isdigit():
            continue
        whole = message[tokens[at].start : tokens[at + len(part) - 1].end]
        if any(c in whole for c in '"“”*/@#<>[]{}&\n?'):
            continue
        said = [said_word(tokens, place, message) for place in range(at, at + len(part))]
        if None in said:
            continue
        text = _K.sub(r"\1 km", " ".join(word for word in said if word))
        text = " ".join(_days_said().get(word, word) for word in text.split())
        text = text[:1].upper() + text[1:]
        return text if text.startswith("Your ") and sound(f"{text}.") else None
    return None


#: A goal called so, and what it is: "Goal: 5k without stopping", "the goal's just to last".
_NAMED = re.compile(
    r"\b(?:goal|aim|target|dream|mission)(?: for [\w ]{3,20}(?= is\b|\s*[:=]))?(?:(?:'s|’s|s| is)\b|\s*[:=])\s*"
    r"(?:(?:just|only|simply|still|now|to be able to|to)\s+)*([^.!?\n;()]+)",
    re.IGNORECASE,
)


def told_goal(message: str) -> str | None:
    """Return a goal said back, however it was told, or None: :func:`wished`, :func:`called_goal`.

    Examples
    --------
    >>> told_goal("goal is just to beat my own 28:40")
    'You want to beat your own 28:40'
    >>> told_goal("back at the erg. Goal: one 5k without stopping")
    'Your goal is one 5 km without stopping'
    """
    told = wished(message, asks=False) or called_goal(message)
    named = _NAMED.search(message)
    if told or not named:
        return told
    habit = told_habit(named[1]) if _HABIT.fullmatch(named[1].strip()) else None
    goal = wished(f"i want to {named[1]}", asks=False)
    return goal or (f"Your goal is {habit}" if habit else called_goal(f"My goal is {named[1]}"))


#: A goal told without a verb: its first clause, up to a sign or "please".
_FIRST = re.compile(
    r"\s*(?:(?:trying|going|aiming|training|shooting|looking) for )?((?:[^,.;:!?()\n]|[.:](?=\d))+)",
    re.I,
)
_NOUN_START = re.compile(
    r"(?:sub|under|an?|my first|first|one|two|three|four|five|six|ten|twelve|\d\S*)\b",
    re.IGNORECASE,
)
_NOUN_DATE = re.compile(
    r"\b(?:by|before|in|next|for|this) (?:\S+ ){0,3}(?:january|february|march|april|may|june|july|"
    r"august|september|october|november|december|jan|feb|spring|summer|autumn|winter|christmas|xmas|"
    r"easter|year|month|birthday|season|weeks|months)$",
    re.IGNORECASE,
)
#: What such a goal is of.
_DOES = re.compile(
    r"\b(?:\d+ ?k|half|marathon|triathlon|ironman|duathlon|century|parkrun|(?:pull|chin|push|press|sit)"
    r"[- ]?ups?|squats?|bench|deadlift|plank|swim|ride|run|walk|hike|row|lengths?|laps?|reps?|miles?|"
    r"kg|kilos?)\b",
    re.IGNORECASE,
)
#: With one of these a clause has a verb of its own, or tells of what is done.
_NO_NOUN = frozenset(
    ("i", "im", "ive", "id", "ill", "is", "are", "was", "were", "am", "do", "did", "does",
     "done", "can", "cant", "could", "have", "has", "had", "need", "want", "wanna", "like",
     "love", "run", "ran", "went", "got", "feel", "felt", "today", "yesterday", "last", "now",
     "already", "ago", "since", "you", "we", "he", "she", "they", "it", "its", "what", "how",
     "why", "when", "but", "so", "not", "no", "never", "too")
)  # fmt: skip


def noun_goal(message: str) -> str | None:
    """Return a goal whose first clause names it without a verb, said back, or None.

    Only for a message that is known to tell a goal.

    Examples
    --------
    >>> noun_goal("12 strict chin ups by June, best so far is 9")
    'Your goal is 12 strict chin ups by June'
    """
    clause = _FIRST.match(message)
    named = clause[1].strip() if clause else ""
    named = re.sub(r"\s+(?:please|pls|plz)$", "", named, flags=re.IGNORECASE)
    words = re.sub("['’]", "", named).lower().split()
    if (
        not _DOES.search(named)
        or not _NOUN_START.match(named)
        or not _NOUN_DATE.search(named)
        or _NO_NOUN & set(words)
    ):
        return None
    return called_goal(f"My goal is {named[0].lower()}{named[1:]}")


#: What is done again and again: "30 min walk a day", "2 swims a week", "stretching every morning".
_DEEDS = r"(?:walk|run|ride|swim|row|jog|hike|stroll|session|workout|gym session|yoga class)"
_DOINGS = r"(?:walking|running|cycling|riding|swimming|rowing|jogging|stretching|yoga|pilates|mobility|strength)"
_NUMBER = r"(?:\d{1,3}|an?|one|two|three|four|five|ten|fifteen|twenty|thirty)"
_SINGLE = ("a", "an", "one", "1")
_EACH = r"(?:(?:a|per|each|every) (?:single )?(?:day|week|morning|evening|night|lunchtime|weekday|weekend)|daily)"
_HABIT = re.compile(
    rf"(?<![\w.:-])(?<!twenty )(?<!thirty )(?<!forty )(?<!fifty )(?:(?P<long>{_NUMBER})[ -]?(?:minutes?|mins?)[ -](?:a |of )?)?"
    rf"(?P<deed>(?:(?P<count>{_NUMBER}) )?(?:(?:easy|gentle|short|little|brisk|slow|long) )?{_DEEDS}s?|{_DOINGS}) (?P<each>{_EACH})\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=64)
def told_habit(message: str) -> str | None:
    """Return what is to be done again and again, as the object of a sentence, or None.

    Examples
    --------
    >>> told_habit("30 min walk a day. boring goal i know")
    'a 30 minute walk a day'
    >>> told_habit("goal: 2 swims a week")
    '2 swims a week'
    >>> told_habit("short walk a day. boring goal i know")
    'a short walk a day'
    """
    found = list(_HABIT.finditer(message))
    if len(found) != 1:
        return None
    names = ("long", "count", "deed", "each")
    long, count, deed, each = (str(found[0][name] or "").lower() for name in names)
    doing = bool(re.fullmatch(_DOINGS, deed))
    plural = deed.endswith("s") and not deed.endswith("ss")
    if not long and count:
        return None if plural is (count in _SINGLE) else f"{deed} {each}"
    if not long:
        if doing or " " not in deed:
            return None
        return f"{deed if plural else f'{_article(deed)} {deed}'} {each}"
    if doing:
        return f"{long} minutes of {deed} {each}" if long not in _SINGLE else None
    if count or plural or long in _SINGLE:
        return None
    return f"{_article(long)} {long} minute {deed} {each}"


def _article(word: str) -> str:
    """Return the article before a word or a figure: "an 8 minute walk", "a short walk"."""
    return "an" if word[0] in "8aeio" or word in ("11", "18") else "a"


#: What "this" may stand before in what is said back.
_SEASONS = frozenset(("winter", "spring", "summer", "autumn", "fall", "year", "season", "month"))


def _clause(tokens: Sequence[Token], lead: int, at: int, message: str, order: bool) -> str | None:
    """Return the words of the wish that begins at ``at`` said back, None if they cannot be."""
    lists, turned = _lists(), mirror_lists()
    while at < len(tokens) and tokens[at].text in lists["adverbs"]:
        at += 1
    last = at
    while last < len(tokens) and tokens[last].clause == tokens[lead].clause:
        after = tokens[last + 1].text if last + 1 < len(tokens) else ""
        word = tokens[last].text
        if word in lists["ends"] or (word in turned["joins"] and after in turned["subjects"]):
            break
        last += 1
    while last > at and tokens[last - 1].text in lists["fillers"] | turned["fillers"]:
        last -= 1
    words = [token.text for token in tokens[at:last]]
    verbs = lists["ordered" if order else "verbs"]
    if not _FEWEST <= len(words) <= _MOST or words[0] not in verbs:
        return None
    if order and {"me", "us"} & set(words):
        return None
    barred = (turned["barred"] - lists["allowed"]) | lists["barred"]
    whole = message[tokens[at].start : tokens[last - 1].end]
    bare = words[-1].isdigit()
    # "this winter" points at nothing that was said before.
    pairs = pairwise(words)
    if all(after in _SEASONS for word, after in pairs if word == "this") and words[-1] != "this":
        barred = barred - {"this"}
    if bare or set(words) & barred or words[-1] in turned["dangling"] or "?" in whole:
        return None
    if any(c in whole for c in '"“”*/@#<>[]{}&\n'):
        return None
    said: list[str] = []
    for place in range(at, last):
        word = said_word(tokens, place, message)
        between = message[tokens[place - 1].end : tokens[place].start] if place > at else ""
        if word is None or not set(between) <= _BETWEEN:
            return None
        glued = place > at and tokens[place].start == tokens[place - 1].end
        if glued and tokens[place - 1].text[0].isdigit():
            glued = False
        said[-1:] = [said[-1] + word] if glued else [*said[-1:], word]
    text = _K.sub(r"\1 km", " ".join(word for word in said if word))
    text = _TIMES.sub(r"\1 times ", _TH.sub(r"\1\2", text))
    return " ".join(_days_said().get(word, word) for word in text.split())
