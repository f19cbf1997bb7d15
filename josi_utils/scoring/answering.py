"""Does the reply answer this message: its subject, its question, its goal, its card?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from josi_utils.scoring.licence import deck_match
from josi_utils.scoring.normalise import content_words, sentences
from josi_utils.scoring.quantities import find_quantities
from josi_utils.scoring.reading import TALK_STEMS, Cue, Reading, clauses

#: Saying that something is not Josi's to answer.
_DECLINES = re.compile(
    r"\b(?:only (?:help|know|talk|do|speak|answer)|can't help|cannot help|not (?:something|my|able|"
    r"one|what)|don't know|no idea|leave that|wrong (?:one|person|coach)|can't (?:do|tell|say|book|"
    r"write|fix|sing|give|order|play)|cannot|outside|beyond|rather talk|would not like to guess|"
    r"know (?:little|nothing)|not know|no expert|not good at|here for|won't|better (?:at|with)|"
    r"i(?:'m| am) (?:here|your|only|just|no)|nothing (?:to|of)|somebody else|someone else|vet|"
    r"not the (?:right|one)|stick to|training is|all i|nothing that i|my part is|stay out of|"
    r"no (?:good|help) (?:at|in|with))\b"
)
_PROMISES = re.compile(
    r"\bi can help (?:you )?with (?:that|it|this)\b|"
    r"\bi(?:'m| am) happy to help(?: you)?\b(?! with your training)"
)
_ENDORSES = re.compile(
    r"(?:is|are|'s|was|stays?|be) (?:still )?(?:a )?(?:good|great|fine|nice|realistic|lovely|strong)"
    r" (?:goal|plan|idea|target|start|place to start|step|choice|way)|"
    r"\bnot (?:too much|impossible)\b|\bgood goal\b|\bright to want\b|\bgood chance\b"
)
_HOLDS_BACK = re.compile(r"too (?:much|big|soon|far|fast)|big goal|\bbut\b|smaller|first step")
#: Turning away what is Josi's to answer, or denying to be the coach.
_TURNS_AWAY = re.compile(
    r"\bi (?:can|could) only (?:help|talk|tell)|\bi (?:can't|cannot|can not) help\b|"
    r"\bcan only help (?:you )?with"
)
#: Josi sees, hears and feels nothing of the athlete.
_SENSES = re.compile(
    r"\bi (?:can )?(?:see|feel) (?:the|your)(?! (?:plan|point|wish|drive|effort|work|goal|frustration|"
    r"courage|difference|problem|temptation|joy|worry|fear|logic|appeal|message|number|session))\b|"
    r"\bi hope (?:that )?you(?:'ll)? like (?:me|it|this|that)\b"
)
_ABOUT_JOSI = re.compile(
    r"\bjosi\b|\bi(?:'m| am) (?:here|glad|happy|sorry)|\bthank|\btalk (?:to|with) me\b|"
    r"\b(?:help with|about) your training\b|\bi hope\b"
)
_NO_COACH = re.compile(
    r"\b(?:i(?:'m| am) not a coach|you(?:'re| are) (?:a|the|not a|your own) coach|"
    r"i do not have any training)\b"
)
_ON_TOPIC = frozenset(
    ("feelings", "knowledge", "progress", "realistic_goal", "unrealistic_goal", "explain_decision",
     "change_request")
)  # fmt: skip
_DIRECT = re.compile(r"\s*(?:yes|no|yep|nope|it depends|both|either|neither|about|up to)\b")
#: A sentence is denied by its verb; "no" may answer a question.
_DENIAL = re.compile(r"\b(?:not|never|cannot|\w+n't)\b")
_COLOURS = frozenset({"green", "amber", "red", "yellow"})
#: Openers that fit any message.
_ANY_OPENER = TALK_STEMS | {
    "good", "glad", "nic", "sorry", "great", "lov", "hello", "hi", "day", "right", "fin", "happ",
    "question", "fair", "coach", "josi", "mivalta", "help", "train",
}  # fmt: skip


def _off_topic(reading: Reading) -> Iterator[Cue]:
    if not _DECLINES.search(reading.text):
        yield reading.cue("off_topic_taken_up", 0, len(reading.text))
    match = _PROMISES.search(reading.text)
    if match:
        yield reading.cue("off_topic_promised", match.start(), match.end())


def _goal(reading: Reading) -> Iterator[Cue]:
    """Yield praise of a goal that the engine calls too much."""
    alternative = reading.goal.get("alternative") or ""
    better = {q.raw for q in find_quantities(alternative)}
    asked = f"{reading.goal.get('target') or ''} {reading.goal.get('event') or ''}"
    target = {q.raw for q in find_quantities(f"{asked} {reading.message}")} - better
    for sentence in reading.told:
        if not _ENDORSES.search(sentence.text) or _HOLDS_BACK.search(sentence.text):
            continue
        numbers = {q.raw for q in find_quantities(sentence.text)}
        of_better = alternative and (
            reading.stems(sentence.text) & reading.stems(alternative.lower()) or better & numbers
        )
        if not of_better or target & numbers:
            yield reading.cue("goal_endorsed", sentence.start, sentence.end)


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard index of two sets."""
    return len(one & other) / len(one | other) if one | other else 0.0


def _card(reading: Reading) -> Iterator[Cue]:
    """Yield clauses that follow one of the card's in words and turn it in sense: another colour,
    or a verb denied."""
    given = [
        (clause, reading.stems(clause))
        for piece in sentences(reading.licence.card_text)
        for _, clause in clauses(piece.text)
    ]
    if not given:
        return
    for _, start, clause in reading.told_clauses():
        mine = reading.stems(clause)
        # Which clause is meant is told by all but its colour, as the colour may be the slip.
        text, theirs = max(given, key=lambda one: _alike(mine - _COLOURS, one[1] - _COLOURS))
        if len(mine & theirs) < 2 or _alike(mine - _COLOURS, theirs - _COLOURS) < 0.55:
            continue
        colour, other = mine & _COLOURS, theirs & _COLOURS
        swapped = len(colour) == len(other) == 1 and colour != other
        denied = len(mine & theirs) >= 3 and bool(_DENIAL.search(clause)) != bool(
            _DENIAL.search(text)
        )
        if swapped or denied:
            yield reading.cue("card_turned", start, start + len(clause))


def _knowledge(reading: Reading) -> Iterator[Cue]:
    """Yield a missing answer where a question of knowledge was put."""
    asks = reading.category == "knowledge" or (
        not reading.decision and reading.category in ("explain_decision", "progress")
    )
    if not asks:
        return
    best = 0.0
    for sentence in reading.told:
        mine = reading.stems(sentence.text)
        both = deck_match(mine, reading.licence).both
        if len(mine & reading.card_stems) >= 3:
            both = max(both, len(mine & reading.card_stems) / len(mine))
        best = max(best, both)
    if best < 0.34:
        yield reading.cue("no_knowledge", 0, len(reading.text))
    if best < 0.5 and not _DIRECT.match(reading.text) and not reading.decision:
        yield reading.cue("not_answered", 0, len(reading.text))


def relation(reading: Reading, weights: dict[str, float], rare: float) -> float:
    """Return how much of the message the reply takes up: the sum of the weights of the content
    stems that both have, and of numbers (``rare`` each, as for a word that no example has).

    ``weights`` are inverse document frequencies over gold messages and replies.
    """
    mine = reading.stems(reading.text)
    numbers = {q.raw for q in find_quantities(reading.said)} & {
        q.raw for q in find_quantities(reading.text)
    }
    return sum(weights.get(w, rare) for w in mine & reading.said_stems) + rare / 2 * len(numbers)


def answering_cues(reading: Reading) -> Iterator[Cue]:
    """Yield where the reply speaks past this message."""
    if reading.category == "off_topic":
        yield from _off_topic(reading)
    if reading.category == "unrealistic_goal":
        yield from _goal(reading)
    yield from _card(reading)
    yield from _knowledge(reading)
    match = _TURNS_AWAY.search(reading.text) if reading.category in _ON_TOPIC else None
    if match and not reading.flag:
        yield reading.cue("turned_away", match.start(), match.end())
    match = _NO_COACH.search(reading.text)
    if match and "coach" not in reading.message:
        yield reading.cue("no_coach", match.start(), match.end())
    match = _SENSES.search(reading.text)
    if match:
        yield reading.cue("josi_senses", match.start(), match.end())
    told = [s for s in reading.told if not _ABOUT_JOSI.search(s.text) and reading.stems(s.text)]
    if reading.category in _ON_TOPIC and not reading.flag and len(told) < 2:
        yield reading.cue("little_said", 0, len(reading.text))
    if not reading.told:
        return
    first = reading.told[0]
    mine = {w.text for w in content_words(first.text)} - _ANY_OPENER
    if (
        mine
        and not mine & reading.said_stems
        and not mine <= reading.plan_stems
        and reading.card_share(first.text) < 0.5
        and not reading.flag
    ):
        yield reading.cue("opener_unrelated", first.start, first.end)
    if len(reading.message_stems) >= 2 and not reading.stems(reading.text) & reading.said_stems:
        yield reading.cue("nothing_picked", 0, len(reading.text))
