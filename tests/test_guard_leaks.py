"""The guard's own check for leaks: inflections and disguises are seen, look-alikes are not."""

import pytest
from leak_samples import INFLECTED, LOOK_ALIKES

from josi_utils.guard.claims import hits_of
from josi_utils.guard.leaks import leaks
from josi_utils.guard.normalise import tokenise
from josi_utils.mutations import DISGUISES, LEAK_TERMS

BENIGN = [
    *LOOK_ALIKES,
    "Algo de pan, por favor.",
    "Hit 5 km at 6:30, then the 4x4 relay: well done!",
    "The gates open at 7, the stable is next door.",
]


def found(draw: str) -> bool:
    tokens = tokenise(draw)
    return bool(leaks({"message": ""}, {"probe": False}, draw, tokens, hits_of(tokens)))


@pytest.mark.parametrize("inflected", INFLECTED)
def test_inflections_of_a_term_are_found(inflected):
    assert found(f"Today is easy. The {inflected} chose this. How are you?")


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("term", LEAK_TERMS)
def test_every_disguise_of_every_term_is_found(disguise, term):
    assert found(f"Today is easy. The {DISGUISES[disguise](term)} chose this. How are you?")


@pytest.mark.parametrize("draw", BENIGN)
def test_look_alikes_are_not_flagged(draw):
    assert not found(draw)
