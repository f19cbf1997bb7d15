"""Words that fill: sentences that would fit any message, say a thing twice, or turn in themselves.

One of them is kindness, three are a reply without content; so they are counted, not forbidden.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from josi_utils.scoring.brevity import repeated_sentences
from josi_utils.scoring.normalise import content_words
from josi_utils.scoring.reading import Cue, Reading, uses

_FILLERS: dict[str, re.Pattern[str]] = {
    "is_a_good": re.compile(
        r"\b(?:is|'s|are|was) (?:a|an) (?:good|great|nice|fine|small|big|hard|long|normal|new|slow|"
        r"happy|lovely|strange|funny|rough|bad) (?:goal|start|day|thing|sign|idea|reason|step|"
        r"question|choice|place|time|way|one|body|number|habit|person|feeling|part|session|word|"
        r"source|problem)\b"
    ),
    "you_are": re.compile(
        r"\byou(?:'re| are) (?:on the (?:right )?(?:track|way)|on your way|ready"
        r"(?: for (?:it|this|that|the \w+))?|right(?: to)?|not alone|welcome|still|a good|in a good|"
        r"on a good|very|here|safe)\b"
    ),
    "you_have": re.compile(
        r"\byou have (?:a|an|no|the|your) (?:good |green |new |lot of |medium |small )?(?:day|body|"
        r"plan|reason|time|week|goal|start|build|chance|choice|rest|badge)\b"
    ),
    "it_is": re.compile(
        r"\bit is (?:easy|fine|good|normal|hard|not easy|not hard|a|the|still|not)\b"
    ),
    "you_can": re.compile(
        r"\byou can (?:always |still |also )?(?:talk|go|do|rest|tell|say|ask|see|start|be|choose|"
        r"look|train|build|feel|take)\b"
    ),
    "i_am": re.compile(
        r"\bi(?:'m| am) (?:josi\b|here (?:to|for)|the coach|a coach|not a coach|glad|happy|sorry|"
        r"so glad|so sorry)|\bi hope\b|\bi can (?:help|talk|only|tell|see|hear)\b"
    ),
}
_PLAN_WORDS = frozenset(
    ("run", "rid", "swim", "row", "walk", "eas", "minut", "session", "day", "min", "plan", "week")
)
_UNITS = frozenset(("km", "min", "minut", "hour", "day", "week", "month", "year", "meter", "mil"))
_ORDER = re.compile(
    r"^(?:(?:please|so|and|then|but|just|first|now|today),? )*(?:please )?"
    r"(?:(?:do not|don't|never|always) )?(?:start|choose|take|sit|go|run|ride|swim|walk|row|try|"
    r"keep|let|look|add|build|make|eat|drink|sleep|rest|stop|begin|wear|change|stay|wait|slow|ease|"
    r"find|use|see|listen|be|breathe|talk|train|put|get|leave|hold|carry|write|move|skip|do|have|"
    r"give|warm|stretch|lie|close|open|think|remember|note|avoid|plan|set|turn|count|save|pick|"
    r"enjoy|tell|ask|call)\b"
)
_YOUR = re.compile(
    r"(?:and |but |so )*your (?:body|legs?|muscles?|plan|training|readiness|mind|day|breath\w*|"
    r"heart|goal|week)\b"
)
_ABOUT_SOMEBODY = re.compile(
    r"\b(?:you|your|i|i'm|i'll|me|my|we|let's|you're|you've|it|that|this|plan|today|tomorrow|"
    r"there|nobody|he|she|they|thank|thanks|sorry|yes|no|hello|hi|josi|congrat\w*|welcome|good)\b"
)
_OF_THE_CASE = re.compile(r"\byou(?:r)?\b|\bit is\b|\bthe plan\b|\bday\b")


def _again(reading: Reading) -> Iterator[Cue]:
    """Yield words and sentences that come back, and what is both said and denied."""
    for sentence in reading.told:
        counts = Counter(w.text for w in content_words(sentence.text))
        twice = {w for w, n in counts.items() if n > 1} - _UNITS
        if (
            twice
            and reading.card_share(sentence.text) < 0.7
            and not re.search(r"\d ?x ?\d", sentence.text)
            and not (reading.plan_share(sentence.text) >= 0.6 and twice <= _PLAN_WORDS)
        ):
            yield reading.cue("same_word_again", sentence.start, sentence.end)
    for span in repeated_sentences(reading.text):
        yield reading.cue("same_sentence_again", span.start, span.end)
    seen: dict[str, tuple[bool, bool]] = {}
    for _, start, clause in reading.told_clauses():
        of_case = bool(_OF_THE_CASE.search(clause))
        for word, negated in uses(clause).items():
            denied = all(negated)
            if word in seen and seen[word][0] != denied and of_case and seen[word][1]:
                yield reading.cue("said_and_denied", start, start + len(clause))
            seen.setdefault(word, (denied, of_case))


def filler_cues(reading: Reading) -> Iterator[Cue]:
    """Yield filler, repetition, and claims and orders that neither plan nor card has."""
    for sentence in reading.told:
        for name, pattern in _FILLERS.items():
            for match in pattern.finditer(sentence.text):
                yield reading.cue(
                    f"filler_{name}", sentence.start + match.start(), sentence.start + match.end()
                )
    yield from _again(reading)
    for sentence, start, clause in reading.told_clauses():
        if reading.supported(sentence.text):
            continue
        if _ORDER.match(sentence.text) and not reading.flag:
            if start == sentence.start:
                yield reading.cue("order_not_given", sentence.start, sentence.end)
            continue
        mine = reading.stems(clause)
        if not mine or reading.plan_share(clause) >= 0.6:
            continue
        if _YOUR.match(clause) and not mine <= reading.licence.stems:
            yield reading.cue("claim_of_body", start, start + len(clause))
        elif len(mine) >= 2 and not _ABOUT_SOMEBODY.search(clause) and not clause[0].isdigit():
            yield reading.cue("general_claim", start, start + len(clause))
