"""Muddled sentences: right words on the wrong thing.

A feeling laid on a thing ("running in the dark is nervous"), a word explained by itself ("a tempo
run is a run with a tempo"), a wish taken for what is ("I thought I'd be happy" answered by "you
are happy"), a number moved to another time ("10 now, 2 in June" answered by "10 in June").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from josi_utils.scoring.licence import WEEKDAYS
from josi_utils.scoring.normalise import content_stems, sentences
from josi_utils.scoring.reading import Cue, Reading, clauses

#: What only somebody can be; a day may be happy, a song sad, a room lonely.
_OF_PEOPLE = (
    r"nervous|anxious|spooked|worried|scared|afraid|angry|proud|thirsty|hungry|sleepy|bored|"
    r"jealous|embarrassed|ashamed|disappointed|excited|surprised|thankful|grateful|confused"
)
_FEELING = rf"{_OF_PEOPLE}|happy|sad|lonely|glad|good|ready"
_THING_FEELS = re.compile(
    r"^(?:(?:yes|no|and|but|so),? )?(?P<who>(?:the|a|an|this|that|your) [\w' -]{2,40}?|\w+ing"
    r"\b[\w' -]{0,30}?|today|tomorrow|" + "|".join(WEEKDAYS) + r")"
    r" (?:is|are|was|were) (?:(?:also|so|very|too|a bit|a little|quite|still) )*"
    rf"(?:{_OF_PEOPLE})(?: (?:today|now|too|then|here))?$"
)
#: Who, or what of somebody, can feel.
_SOMEBODY = re.compile(
    r"\b(?:you|one|who|people|everyone|somebody|anyone|body|mind|head|heart|legs?|self|side|part|"
    r"tummy|stomach|brain|soul|coach|friends?|mum|mom|dad|son|daughter|wife|husband|partner|kids?|"
    r"children|child|boss|mate|brother|sister|team|club|baby|dog|cat|puppy|horse|girl|boy|man|"
    r"woman|doctor|nurse|physio|midwife|dentist|parents?|runners?|athletes?|riders?|swimmers?|beginners?|being|feeling|getting)\b"
)
_DEFINES = re.compile(
    r"^(?:(?:yes|well|so),? )?(?:an? |the )?(?P<what>[\w -]{3,40}?) (?:is|are|means?) "
    r"(?:when you |that you )?(?:an? |the )?(?P<how>[\w' -]{3,60})$"
)
#: "I thought I'd be …", "I should be …": not what is.
_WISHED = re.compile(
    r"\b(?:thought|wish(?:ed)?|hoped?|want(?:ed)?|should|supposed|expected|used)\b[^.,;!?]{0,20}?"
    rf"\b(?:be|feel|was|were) (?:so |more |really )?({_FEELING})\b"
)
_TIME = (
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"last (?:week|month|year|spring|summer|autumn|winter)|yesterday|then|" + "|".join(WEEKDAYS)
)
_NUMBER = re.compile(r"\b\d+(?:[.:,]\d+)*\b")


def _pieces(text: str) -> Iterator[str]:
    """Yield the clauses of a text's sentences; a bracket stands apart."""
    for sentence in sentences(re.sub(r"[()]", ". ", text)):
        for _, clause in clauses(sentence.text):
            yield clause


def _numbers_by_time(text: str) -> tuple[dict[str, set[str]], set[str]]:
    """Return the numbers that share a clause with each time that is named, and all others."""
    beside: dict[str, set[str]] = {}
    free: set[str] = set()
    for clause in _pieces(text):
        numbers = set(_NUMBER.findall(clause))
        times = re.findall(rf"\b(?:{_TIME})\b", clause)
        for time in times:
            beside.setdefault(time, set()).update(numbers)
        if not times:
            free |= numbers
    return beside, free


def _moved(reading: Reading) -> Iterator[Cue]:
    """Yield clauses that put a number of the message at another time than the message does."""
    then, now = _numbers_by_time(reading.message)
    for _, start, clause in reading.told_clauses():
        for time, numbers in _numbers_by_time(clause)[0].items():
            given = then.get(time)
            if given and numbers & (now - given) and not numbers & given:
                yield reading.cue("number_moved", start, start + len(clause))


def muddle_cues(reading: Reading) -> Iterator[Cue]:
    """Yield sentences whose words are right and whose sense is not."""
    wished = {m[1] for m in _WISHED.finditer(reading.message)}
    for _, start, clause in reading.told_clauses():
        match = _THING_FEELS.match(clause)
        if match and not _SOMEBODY.search(match["who"]):
            yield reading.cue("thing_feels", start, start + len(clause))
        match = _DEFINES.match(clause)
        if match:
            what, how = content_stems(match["what"]), content_stems(match["how"])
            if len(how) >= 2 and how == what:
                yield reading.cue("explained_by_itself", start, start + len(clause))
        for feeling in wished:
            if re.search(rf"\byou(?:'re| are| feel) (?:so |very )?{feeling}\b", clause):
                yield reading.cue("wish_taken_for_fact", start, start + len(clause))
    yield from _moved(reading)
