"""Questions that make no sense here: about what has not happened yet, or about nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from josi_utils.scoring.reading import Cue, Reading

_AFTER = re.compile(
    r"\bhow (?:do|did|does|was|were|has|have)\b[^?]*\b(?:after|during|before) "
    r"(?:the|your|this|that|today's) (?!last|day\b|night|week|goal|plan|idea|way|end|moment|next)"
    r"(?:\w+[- ]?){1,4}\?"
)
_AFTER_RACE = re.compile(r"\b(?:after|during) (?:the|your|this) (?:\w+ )?(?:race|goal|marathon)\b")
_HOW_WAS = re.compile(
    r"^(?:and |so )?how (?:did (?:it|that) (?:feel|go)|was (?:it|that)|did the \w+ (?:feel|go)|"
    r"was the \w+|did you feel (?:on|when|about|at))"
)
_PAST_HABIT = re.compile(r"\b(?:last|sleep|slept|night|week|today|so far|yesterday)\b")
#: The athlete speaks of something done.
_DONE = re.compile(
    r"\b(?:did|done|finished|ran|rode|swam|rowed|walked|just|yesterday|this morning|went|was|were|"
    r"managed|had|today i|after|nailed|completed|back from|got|came|made|felt|took|been|landed|"
    r"missed|skipped|lost|won|slept|started|cycled|used to|jogged|trained|raced|rested|climbed|lifted|"
    r"tried|worked|stopped|crashed|hurt|felt|beat|hit|set|paced|passed|signed|squatted|hiked|skied|"
    r"benched|pulled|pushed|added|moved|played|danced|carried|dragged|survived|cried)\b"
)
#: Questions that would end any reply.
_ANY_REPLY = re.compile(
    r"\b(?:first thing|next step|do next|do first|tell me first|talk about|comes? to mind|"
    r"your name|what would you like to do\b|(?:ask|know|hear|say|eat|see|go) first|your first step|"
    r"what would you like to (?:ask|hear|know|say)\b|what are you doing (?:now|right now)|"
    r"what do you think of (?:this|it|the plan))"
)
_ODD = re.compile(
    r"\b(?:in your|with your|of your) (?:head|bed|seat)\b|\byour (?:first|last) (?:breath|lamp|"
    r"letter)\b|next to you\b|\bwhich of the (?:last|next)\b|\blast one feel\b|after a long \w+\?|"
    r"\b(?:after|before)(?: the)? \d+[.:\d]*\?|\bthan you\?|\byourself\?|\bin the (?:air|car|studio)\?|"
    r"\bhow (?:do|did) you sleep (?:in|after|through|like)\b"
)


def asking_cues(reading: Reading) -> Iterator[Cue]:
    """Yield questions that ask after what was not done, or ask nothing of this athlete."""
    done = bool(_DONE.search(reading.said))
    for sentence in reading.asked:
        text = sentence.text
        place = (sentence.start, sentence.end)
        if (not done and _AFTER.search(text) and not re.search(r"\bbefore\b", text)) or (
            reading.goal and _AFTER_RACE.search(text) and "race" not in reading.said
        ):
            yield reading.cue("asks_before_done", *place)
        if not done and _HOW_WAS.search(text) and not _PAST_HABIT.search(text):
            yield reading.cue("asks_how_it_was", *place)
        if _ANY_REPLY.search(text):
            yield reading.cue("asks_anything", *place)
        if _ODD.search(text):
            yield reading.cue("asks_oddly", *place)
    if reading.asked and len(reading.foreign(reading.asked[-1].text)) >= 2:
        yield reading.cue("asks_foreign", reading.asked[-1].start, reading.asked[-1].end)
    if not reading.asked:
        yield reading.cue("asks_nothing", 0, 0)
