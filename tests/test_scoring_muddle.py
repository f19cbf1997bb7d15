"""Sentences whose words are right and whose sense is not, and the sound ones beside them."""

import pytest

from josi_utils.decision import validate_case
from josi_utils.scoring.licence import licence_of
from josi_utils.scoring.muddle import muddle_cues
from josi_utils.scoring.reading import Reading


def names(message, reply):
    case = validate_case({"id": "x", "category": "feelings", "message": message, "decision": None})
    return [cue.name for cue in muddle_cues(Reading(case, reply, licence_of(case, ())))]


@pytest.mark.parametrize(
    ("message", "reply", "cue"),
    [
        ("big hill today, scary", "The hill is a bit nervous. Go slowly up it.", "thing_feels"),
        ("rain again", "Running in the rain is proud today.", "thing_feels"),
        ("what is a fartlek", "A fartlek is a fartlek.", None),  # one word: left to other rules
        (
            "what is a brick session",
            "A brick session is a session of bricks.",
            "explained_by_itself",
        ),
        (
            "new pb and i should be proud but no",
            "It is good that you are proud.",
            "wish_taken_for_fact",
        ),
        (
            "in may it was 4 pull ups, 9 now",
            "You did 9 pull ups in May, and that is a lot.",
            "number_moved",
        ),
    ],
)
def test_muddle_is_found(message, reply, cue):
    assert names(message, reply) == ([cue] if cue else [])


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("big hill today, scary", "It is fine to be nervous of the hill. The hill is long."),
        ("hi", "Your legs are tired, and your doctor is happy with you."),
        ("what is a brick session", "A brick session is a ride and a run, one after the other."),
        ("thought i'd be happy", "You do not have to be happy today."),
        ("in may it was 4 pull ups, 9 now", "From 4 pull ups in May to 9 now is a long way."),
        ("all 21 stages in july (its june)", "All 21 stages in July are too much at once."),
    ],
)
def test_sound_sentences_are_let_be(message, reply):
    assert names(message, reply) == []
