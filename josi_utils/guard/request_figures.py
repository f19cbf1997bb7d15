"""The figures of a request: minutes, kilometres and zones that a message names of a session."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from josi_utils.guard.intent import asked_amounts
from josi_utils.guard.normalise import Token
from josi_utils.guard.situations import Reading

#: A number beside one of these words is no length of a session.
_NO_SESSION = frozenset([
    "sleep", "slept", "shift", "shifts", "flight", "drive", "night", "meeting", "meetings", "journey",
    "kip", "farm",
])  # fmt: skip
#: What is called a lot is not asked for.
_LOT = re.compile(
    r"\w+ (?:is|are|feels?|seems?|sounds?) (?:way |far |just |quite |really )?(?:a lot|too|a bit (?:much|long))\b"
)
#: Up to three words after one of these a number is of the night.
_SLEEP = frozenset(["sleep", "slept", "kip", "nap", "napped"])
_BEFORE_NO_SESSION = frozenset(
    {"c", "slept", "aged", "im", "work", "works", "working", "sit", "sitting", "sleep"}
)
_NUMBER = r"\b\d+(?:\.\d+)?"
_TIME = rf"{_NUMBER} (?:hours?|h|minutes?)\b"
#: How far a start is moved is no length: "an hour later", "push it back by 2 hours", "start an hour
#: before work". What one does is: "do 90 minutes later", "run an hour before work", "my 60 back".
_SHIFT = re.compile(
    rf"(?<!\bdo )(?<!\bdoing )(?<!\bfor )(?:{_NUMBER} (?:hours?|h)|(?<!\brun )(?<!\bride )(?<!\bswim )"
    rf"{_NUMBER} minutes?) (?:earlier|later|sooner|ago)\b"
    rf"|\b(?:earlier|later|sooner) by {_TIME}"
    rf"|\b(?:push|bring|move|set)(?: \w+){{0,3}} (?:back|forwards?) (?:by )?{_TIME}"
    rf"|\b(?:push|bring|move|set) (?:it|this|that) {_TIME} (?:back|forwards?)\b"
    rf"|\b(?:move|shift|delay|postpone)(?: \w+){{0,3}} by {_TIME}"
    rf"|\b(?:start|begin|wake|woke|up|eat|ate|(?<!make )(?<!keep )it) {_TIME} (?:before|after)\b"
)
#: "60 instead of the 30", "5 days instead of 3": the first is wished.
_INSTEAD = re.compile(
    r"(?<!did )(?<!ran )(?<!rode )(?<!swam )\b(\d+(?:\.\d+)?)(?: [a-z]+)? (?:instead of|rather than|not) (?:the |my |just |only )?(\d+(?:\.\d+)?)\b"
)
#: Up to this figure what stands after "at" or "by" is an hour of the clock: "at 8 not 7".
_LAST_HOUR = 24
_CLOCK = ("at ", "by ", "from ", "until ", "till ", "before ", "after ")
#: "I will do 90": minutes without their word.
_WILL_DO = re.compile(
    r"\b(?:will do|doing|make (?:it|that)|go for|give me|put|turn it into|let me do|i need|i want) (\d{2,3})"
    r"(?= minutes?\b| (?:instead|today|tonight|tomorrow|then|on it|please|pls|anyway|now|not|and|or|because|but)\b| \.|$)"
)
#: "90 today because tomorrow i can not": the same, at the start of a message.
_TODAY = re.compile(
    r"^(\d{2,3}) (?:today|tonight|tomorrow) (?:because|cos|as|since|please|pls|instead|not|then)\b"
)
#: "Is 30 enough?": minutes without their word.
_BARE = re.compile(r"(?<!at )(?<!by )\b(\d+) (?:enough|instead|ok|okay|not|max|tops)\b")
_UNITS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_ONES = {word: at + 1 for at, word in enumerate(_UNITS)} | {"a": 1, "an": 1, "fifteen": 15}
_TENS = {
    word: 10 * at + 20
    for at, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    )
}
_OF_TENS = re.compile(rf"\b({'|'.join(_TENS)})(?: ({'|'.join(_UNITS[:9])}))?\b")
_OF_ONES = re.compile(
    rf"\b({'|'.join(_ONES)}) (?=(?:hours?|minutes?|km|k|kilomet\w+|miles?|and a half hours)\b)"
)
#: "Half an hour", "an hour and a half": lengths that have no figure.
_SPOKEN = (
    (re.compile(r"\b(?:three quarters of an|3 quarters of an) hour\b"), "45 minutes"),
    (re.compile(r"\bhalf (?:an |a )?hour\b"), "30 minutes"),
    (re.compile(r"\bquarter (?:of an |of a )?hour\b"), "15 minutes"),
    (re.compile(r"\b(?:an|1|one) (?:hour and a half|and a half hours?)\b"), "90 minutes"),
    (re.compile(r"\b(?:2|two) (?:hours and a half|and a half hours)\b"), "150 minutes"),
    (re.compile(r"\b(?:3|three) (?:hours and a half|and a half hours)\b"), "210 minutes"),
    (re.compile(r"\b1 (?:h|hour) (?:and )?30\b(?: minutes)?"), "90 minutes"),
    (re.compile(r"\b(?:a )?couple of hours\b"), "2 hours"),
    (re.compile(r"\b(?:a|the) (?:full|whole) hour\b"), "1 hour"),
)
#: Fewer minutes than these are an interval or a pause, not a session.
SHORTEST = 5
#: "An hour is a lot. 30?"
_ALONE = re.compile(
    r"[.,;:!)] *(?:maybe |just |only |so )?(\d{1,3}) ?(?:mins?|minutes)?(?: ok| instead)? ?\?\s*$"
)
#: With one of these, or a word of training, such a figure is minutes.
_OF_TIME = frozenset([
    "time", "hour", "hours", "minute", "minutes", "busy", "late", "shift", "work", "meeting", "meetings",
    "today", "tonight", "tomorrow", "day", "week", "long", "much", "many", "lot", "short", "shorter",
    "less", "lunch",
])  # fmt: skip
_THEN = r"(?: (?:minutes?|today|tonight|tomorrow|ok|okay|please|instead|max|tops|free|spare|before|after|until|till|because|cos|this|for|then|is|if)\b| ?\.|$)"
#: "ill only have 25", "only 20 today": an age ("im only 25") or a count of something is none.
_ONLY = (
    re.compile(
        r"\b(?:can|could|may) (?:i|we) (?:please |maybe |just |only )*(?:do|have|make it|run|ride|swim|row|go for) (?:just |only )?(\d{1,2})\b"
        rf"(?:{_THEN}| (?:and|but|so|in)\b)"
    ),
    re.compile(
        r"\b(?:(?:only|just) (?:have|got|do|manage|get|time for|squeeze in|fit in)|(?:have|got|do|manage|get) (?:only|just)) (\d{1,2})\b"
        rf"(?:{_THEN}| (?:and|but|so|in)\b)"
    ),
    re.compile(
        r"(?<!im )(?<!am )(?<!is )(?<!its )(?<!was )(?<!be )(?<!are )(?<!turned )(?<!aged )"
        rf"\b(?:only|just) (\d{{1,2}})\b(?!$| \.){_THEN}"
    ),
)


@lru_cache(maxsize=64)
def figured(text: str) -> str:
    """Return words with the numbers among them as figures.

    Examples
    --------
    >>> figured("only half an hour, not forty five minutes")
    'only 30 minutes, not 45 minutes'
    """
    for form, said in _SPOKEN:
        text = form.sub(said, text)
    text = _OF_TENS.sub(lambda one: str(_TENS[one[1]] + _ONES.get(one[2] or "", 0)), text)
    return _OF_ONES.sub(lambda one: f"{_ONES[one[1]]} ", text)


def figured_words(reading: Reading) -> list[str]:
    """Return the words of a message with its numbers as figures."""
    return figured(" ".join(token.text for token in reading.tokens)).split()


def _in_clauses(reading: Reading) -> str:
    """Return the words of a message with its numbers as figures, and a stop between clauses."""
    clauses: dict[int, list[str]] = {}
    for token in reading.tokens:
        clauses.setdefault(token.clause, []).append(token.text)
    return figured(" . ".join(" ".join(clause) for clause in clauses.values()))


def only_minutes(message: str, reading: Reading) -> float | None:
    """Return the only minutes that the athlete has, where they are named without an asking word."""
    alone = _ALONE.search(message)
    words = {token.text for token in reading.tokens}
    if alone and (words & _OF_TIME or reading.has("training")):
        return float(alone[1])
    text = _in_clauses(reading)
    found = next((one for form in _ONLY if (one := form.search(text))), None)
    return float(found[1]) if found else None


def fewer_minutes(message: str, reading: Reading, session: dict[str, Any]) -> int | None:
    """Return the minutes that the athlete has, where they are fewer than the session's.

    Parameters
    ----------
    message : str
        As it was written.
    reading : Reading
        Of the message.
    session : dict
        Of the decision; in one without minutes none are fewer.
    """
    alone = only_minutes(message, reading)
    bare = _BARE.search(" ".join(figured_words(reading)))
    # A figure beside its unit is surer than a bare one, and that than one nobody asks with.
    named = session_amounts(reading)["minutes"]
    if alone and not any(m < (session.get("minutes") or 0) for m in named):
        named = [alone]
    named = named or ([float(bare[1])] if bare else [])
    fewer = [m for m in set(named) if SHORTEST <= m < (session.get("minutes") or 0) and m == int(m)]
    plainly = reading.has("only_got") or alone
    return int(fewer[0]) if plainly and len(fewer) == 1 else None


def session_amounts(reading: Reading) -> dict[str, list[float]]:
    """Return the minutes, kilometres and zones that a message names of a session.

    Hours of sleep, of a shift or of a flight are none, nor is the 25 of "c25k", nor by how much a
    start is moved.
    """
    said = _SHIFT.sub("", " ".join(figured_words(reading)))
    tokens = [Token(word, 0, 0, 0, 0, word) for word in said.split()]
    kept = [
        token
        for at, token in enumerate(tokens)
        if not (
            token.text[0].isdigit()
            and (
                (at and tokens[at - 1].text in _BEFORE_NO_SESSION)
                or any(t.text in _NO_SESSION for t in tokens[at + 1 : at + 4])
                or any(t.text in _SLEEP for t in tokens[max(0, at - 3) : at])
                or _LOT.match(" ".join(t.text for t in tokens[at + 1 : at + 6]))
            )
        )
    ]
    return asked_amounts(kept)


def asks_double(reading: Reading, minutes: int | None = None) -> bool:
    """Tell whether a bigger figure is wished instead of a smaller one, or than the session's."""
    text = " ".join(figured_words(reading))
    found = next((one for one in _INSTEAD.finditer(text) if not _of_clock(one)), None)
    bare = _WILL_DO.search(_in_clauses(reading)) or _TODAY.search(text)
    more = bare is not None and minutes is not None and float(bare[1]) > minutes * 1.05
    return more or (found is not None and float(found[1]) > float(found[2]))


def _of_clock(found: re.Match[str]) -> bool:
    """Tell whether two figures are hours of the clock, which are the athlete's to choose."""
    before, unit = found.string[: found.start()], re.search(r"\d (?:k|km|kmh|mph)\b", found[0])
    latest = max(float(found[1]), float(found[2]))
    return before.endswith(_CLOCK) and latest <= _LAST_HOUR and not unit


def beyond_session(reading: Reading, session: dict[str, Any]) -> bool:
    """Tell whether the message names more minutes, kilometres or a higher zone than the session."""
    asked = session_amounts(reading)
    if asks_double(reading):
        return True
    minutes, distance = session.get("minutes"), session.get("distance_km")
    longest = minutes or (distance * 8 if distance else 0)
    farthest = distance or (minutes / 5 if minutes else 0)
    return (
        any(m > longest * 1.05 for m in asked["minutes"])
        or any(k > farthest * 1.05 for k in asked["km"])
        or any(z > (session.get("zone") or 9) for z in asked["zone"])
    )
