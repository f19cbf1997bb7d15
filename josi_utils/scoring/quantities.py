"""Read every quantity in a text: numbers with units, ranges, number words, zones, clock times.

"three quarters of an hour", "45 min" and "0:45 h" are one quantity; so are "6x2 min" and "six times
two minutes". Base units: seconds, metres, days; other classes keep their own number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from josi_utils.scoring.normalise import Span, plain_quotes

_UNITS = [
    "zero",
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
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORD_VALUES = {w: float(i) for i, w in enumerate(_UNITS)}
_WORD_VALUES |= {w: 10.0 * (i + 2) for i, w in enumerate(_TENS)}
_SMALL = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_UNITS[1:10])}))?|"
    rf"{'|'.join(reversed(_UNITS))})"
)
_HUNDREDS = (
    rf"(?:(?:(?:an?|{'|'.join(_UNITS[1:10])}) )?hundred(?: and {_SMALL})?|(?:an?|"
    rf"{'|'.join(_UNITS[1:10])}) thousand)"
)
_NUM = rf"(?:\d+(?:[.,]\d+)?|\b{_HUNDREDS}\b|\b{_SMALL}\b)"

#: unit pattern -> (class, factor into the class's base unit)
UNITS: tuple[tuple[str, str, float], ...] = (
    (r"hours?|hrs?|h(?=\b|\d)", "time", 3600),
    (r"minutes?|mins?|min", "time", 60),
    (r"seconds?|secs?|sec|s", "time", 1),
    (r"kilomet(?:er|re)s?|kms?|k", "distance", 1000),
    (r"miles?", "distance", 1609.34),
    (r"met(?:er|re)s?|m", "distance", 1),
    (r"days?", "days", 1),
    (r"nights?", "nights", 1),
    (r"weeks?|wks?|wk", "days", 7),
    (r"months?", "days", 30),
    (r"years?|yrs?", "days", 365),
    (r"%|percent|per cent", "percent", 1),
    (r"watts?|w", "watts", 1),
    (r"bpm|beats?", "beats", 1),
    (r"kilos?|kgs?|kilograms?", "kg", 1),
    (r"grams?|g", "grams", 1),
    (r"mg", "mg", 1),
    (r"litres?|liters?|ml|glasses", "volume", 1),
    (r"degrees?|°c?", "degrees", 1),
    (r"sets?", "sets", 1),
)
_UNIT_PATTERN = "|".join(f"(?P<u{i}>{p})" for i, (p, _, _) in enumerate(UNITS))


@dataclass(frozen=True)
class Quantity:
    """One quantity: its class ("time", "zone", "count" …), value in base units, and place."""

    kind: str
    value: float
    raw: float
    span: Span


def number_value(token: str) -> float:
    """Return the value of a number written in digits or words (0 if it is neither)."""
    token = token.strip().lower().replace(",", ".")
    try:
        return float(token)
    except ValueError:
        pass
    total = 0.0
    for word in re.split(r"[- ]", token):
        if word == "hundred":
            total = (total or 1.0) * 100
        elif word == "thousand":
            total = (total or 1.0) * 1000
        elif word in ("a", "an"):
            total = 1.0
        else:
            total += _WORD_VALUES.get(word, 0.0)
    return total


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    flags = re.IGNORECASE
    sep = r"(?:\s*-?\s*)"
    return {
        "clock": re.compile(r"(?<![\d:])(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\d:])"),
        "hm": re.compile(r"(?<![\d.])(\d{1,2}) ?h ?([0-5]\d)(?!\d)", flags),
        "zone": re.compile(
            rf"\b(?:zones?|z)[ -]?({_NUM})(?:(?: ?(?:-|to|and|or|/) ?)({_NUM}))?(?!\d|\.\d)", flags
        ),
        "scale": re.compile(rf"({_NUM}) ?(?:/|out of) ?({_NUM})", flags),
        "fraction": re.compile(
            r"\b(?:(?P<tq>three[- ]quarters? of an hour)|(?P<half>half[- ](?:an? )?hour|half "
            r"of an hour)"
            r"|(?P<q>(?:a )?quarter of an hour)|(?P<ohh>(?:an|one) hour and a half|one and a "
            r"half hours|hour and a half)"
            r"|(?P<ohq>an hour and a quarter)|(?P<an>an hour|one hour))\b",
            flags,
        ),
        "andhalf": re.compile(
            rf"({_NUM}) (?:and a half )({'|'.join(p for p, _, _ in UNITS)})(?![a-z])", flags
        ),
        "times": re.compile(
            rf"({_NUM}) ?(?:x|times|lots of|rounds of|blocks of|reps of) ?(?=(?:{_NUM}))", flags
        ),
        "range": re.compile(
            rf"(?<![\d.])({_NUM})(?:(?<=\d)-(?=\d)| - | ?(?:to|or|and) "
            rf")({_NUM}){sep}(?:{_UNIT_PATTERN})(?![a-z0-9])",
            flags,
        ),
        "unit": re.compile(
            rf"(?<![\d.])({_NUM})(?: (?:easy|steady|hard|full|whole|calm|relaxed|gentle|light|"
            rf"more|short|"
            rf"good|quiet|slow|little|"
            rf"entire))?{sep}(?:{_UNIT_PATTERN})(?![a-z0-9])",
            flags,
        ),
        "count": re.compile(rf"(?<![\d.,:])({_NUM})(?![\d:])", flags),
    }


def _unit_of(match: re.Match[str]) -> tuple[str, float]:
    for i, (_, kind, factor) in enumerate(UNITS):
        if match.group(f"u{i}"):
            return kind, factor
    return "count", 1.0


def find_quantities(text: str) -> list[Quantity]:
    """Return the quantities of a text in order; each character belongs to one at most."""
    plain = plain_quotes(text)
    taken = [False] * (len(plain) + 1)
    found: list[Quantity] = []

    def free(start: int, end: int) -> bool:
        return not any(taken[start:end])

    def add(
        kind: str, value: float, raw: float, start: int, end: int, *, keep: bool = True
    ) -> None:
        found.append(Quantity(kind, round(value, 3), raw, Span(start, end, text[start:end])))
        if keep:
            taken[start:end] = [True] * (end - start)

    patterns = _patterns()
    for m in patterns["clock"].finditer(plain):
        seconds = float(m[1]) * 3600 + float(m[2]) * 60 + float(m[3] or 0)
        add("clock", seconds, float(m[1]), *m.span())
    for m in patterns["hm"].finditer(plain):
        if free(*m.span()):
            add("time", float(m[1]) * 3600 + float(m[2]) * 60, float(m[1]), *m.span())
    for m in patterns["zone"].finditer(plain):
        if free(*m.span()):
            for number in filter(None, (m[1], m[2])):
                add("zone", number_value(number), number_value(number), *m.span())
    for m in patterns["fraction"].finditer(plain):
        if free(*m.span()):
            minutes = {"tq": 45, "half": 30, "q": 15, "ohh": 90, "ohq": 75, "an": 60}[
                m.lastgroup or "an"
            ]
            add("time", minutes * 60, minutes, *m.span())
    for m in patterns["scale"].finditer(plain):
        if free(*m.span()):
            add("scale", number_value(m[1]), number_value(m[1]), *m.span())
    for m in patterns["andhalf"].finditer(plain):
        if free(*m.span()):
            value = number_value(m[1]) + 0.5
            kind, factor = next((k, f) for p, k, f in UNITS if re.fullmatch(p, m[2], re.IGNORECASE))
            add(kind, value * factor, value, *m.span())
    for m in patterns["times"].finditer(plain):
        if free(*m.span()):
            add("reps", number_value(m[1]), number_value(m[1]), *m.span(1))
    for m in patterns["range"].finditer(plain):
        if free(*m.span()):
            kind, factor = _unit_of(m)
            for number in (m[1], m[2]):
                add(kind, number_value(number) * factor, number_value(number), *m.span())
    for m in patterns["unit"].finditer(plain):
        if free(*m.span()):
            kind, factor = _unit_of(m)
            add(kind, number_value(m[1]) * factor, number_value(m[1]), *m.span())
    for m in patterns["count"].finditer(plain):
        if free(*m.span()):
            add("count", number_value(m[1]), number_value(m[1]), *m.span())
    return sorted(found, key=lambda q: (q.span.start, q.span.end))
