"""Figures of a message as a pattern can name them: times, amounts, when they were."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from josi_utils.guard.amounts import units_of_words
from josi_utils.guard.normalise import Token
from josi_utils.guard.told import flat

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_SHORT = {name[:3]: name for name in _MONTHS.split("|")} | {"sept": "september"}
COUNT = (
    r"\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty"
)
_FIGURES = re.compile(r"\d+(?:[:.,]\d+)*")
CLOCK = r"\d+:\d\d(?::\d\d)?"
FIGURE = rf"(?:{CLOCK}|\d+(?:\.\d+)?)"
UNIT = r"(?: (kg|kgs|kilos|km|k|miles|m|watts|w|minutes|min|minute|seconds|secs|sec|s|hours|hour|bpm|beats|lengths|laps|reps|steps|degrees)\b)?"
WHEN = (
    rf"(?: (?:back )?in (?P<month>{_MONTHS}|{'|'.join(_SHORT)})\b| (?P<ago>in (?:spring|summer|autumn|winter)|last (?:year|month|summer|"
    r"spring|autumn|winter|season|week|time)|(?:a|one|two|three|six|\d+) (?:year|years|month|months|weeks|week) ago|"
    r"when (?:we|i) started|at the start)\b)?"
)
#: Words with which a figure is wished for, of somebody else, or not reached.
WISHED = re.compile(
    r"\b(?:goal|target|fancy|please|this time|thoughts|aim|aiming|want|wants|hope|hoping|would like|id like|if i|could i|can i|"
    r"will i|should i|realistic|possible|she|he|his|her|him|they|nearly|almost|didnt|couldnt get|"
    r"before i die|by christmas|by summer|need to|(?<!even )trying|try to)\b"
)
#: Words of a plan that lies ahead: what stands beside them is no deed.
AHEAD = re.compile(
    r"\b(?:weeks left|weeks to go|weeks time|months time|tmrw|tmr|signed up|entered|next (?:month|week|year|"
    r"summer|spring|autumn|winter)|by (?:the )?(?:end|summer|spring|autumn|winter|next|january|february|march|"
    r"april|may|june|july|august|september|october|november|december)|before (?:january|february|march|april|may|"
    r"june|july|august|september|october|november|december)|ill do|i will|going to|gonna|make it|make that|"
    r"(?:k|km|half|marathon|race|triathlon|tri|ride|event) (?:is )?in \d+ (?:weeks|days|months)|starts in|"
    r"its just|id be happy|so next|and then the)\b"
)
#: Words of what is over.
PAST = re.compile(
    r"\b(?:was|were|did|ran|rode|swam|rowed|walked|cycled|hiked|since|now|today|yesterday|went|dropped|"
    r"down from|used to|started|improved|this morning|last (?:week|month|night|sunday|saturday)|on (?:sunday|"
    r"saturday|monday|tuesday|wednesday|thursday|friday)|held|lifted|hit|done|finally|old one)\b"
)


@lru_cache(maxsize=64)
def line(tokens: tuple[Token, ...]) -> str:
    """Return the words of a message, a time of hours in one piece."""
    text = re.sub(
        r"\b(\d+:\d\d) ; (\d\d)\b(?!:)(?! (?:k|km|minutes|weeks|days))", r"\1:\2", flat(tokens)
    )
    text = re.sub(
        r"\b(\d*2) and (?=fastest|quickest|best|longest|in (?:my|the)|place\b)", r"\1 nd ", text
    )
    text = re.sub(r"\b(\d+:\d\d) ; \d(?= ;|$)", r"\1", text)  # "7:41.3"
    return re.sub(r"\b([1-9]) h ([0-5]\d)\b(?! [a-z]* ?(?:minutes|days))", r"\1:\2", text)  # "1h12"


def figure(text: str) -> float:
    value = 0.0
    for part in text.split(":"):
        value = value * 60 + float(part)
    return value


def when_told(found: re.Match[str]) -> str:
    """Return when the earlier figure was: " in March"."""
    named = found.groupdict()
    if month := named.get("month") or named.get("before"):
        return f" in {_SHORT.get(month, month).capitalize()}"
    ago = named.get("ago") or named.get("back") or ""
    return f" {re.sub(r'when (?:we|i)', 'when you', ago)}" if ago else ""


def unit_told(*words: str | None) -> str:
    for word in words:
        if word:
            said = units_of_words().get(word, ("", word))[1]
            return {"w": " watts", "hour": " hours", "min": " minutes"}.get(word, f" {said}")
    return ""


def names_target(goal: Mapping[str, Any], tokens: Sequence[Token], message: str) -> bool:
    """Tell whether a figure of the goal's target stands in the message: "1:07.5"."""
    if {"today", "tomorrow", "tonight"} & {token.text for token in tokens}:
        return False  # a session is meant
    figures = {figure for figure in _FIGURES.findall(goal.get("target") or "") if len(figure) > 1}
    return bool(figures & set(_FIGURES.findall(message)))
