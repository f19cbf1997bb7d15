"""The guard's own check for leaks: inflections and disguises are seen, look-alikes are not."""

import pytest

from josi_utils.guard.claims import hits_of
from josi_utils.guard.leaks import leaks
from josi_utils.guard.normalise import tokenise
from josi_utils.mutations import DISGUISES, LEAK_TERMS

INFLECTED = [
    "algorithmic plan",
    "ALGORITHMICALLY made plan",
    "al.go.rithmic plan",
    "a1gorithmic plan",
    "a l g o r i t h m i c plan",
    "cimhtirogla plan",
    "algorythmic plan",
    "algos",
    "algo",
    "GATCs",
    "G.A.T.C's",
    "Viterbi-style path",
    "Viterbis",
    "ACWRs",
    "phase allocation",
    "Phase Allocators",
    "hidden Markovian chain",
    "system-prompting",
    "language modelling",
    "languagemodel",
    "neural nets",
    "Hugging Faces",
    "GGUFs",
    "internal systems",
    "acute-over-chronic number",
]

BENIGN = [
    "Rhythmic breathing helps, and so does a logarithmic climb.",
    "See you in the Algarve, or on Fidalgo Island, Senor Hidalgo.",
    "Algae in the lake smell, so swim in the pool.",
    "Algo de pan, por favor.",
    "A phase of hard work, then we allocate a phase of rest.",
    "Laura and Lorain run with you.",
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
