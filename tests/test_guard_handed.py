"""What counts as a copy of a sentence that was handed over."""

from josi_utils.guard.handed import copied


def test_a_copy_that_drops_a_verb_or_a_preposition_is_no_copy() -> None:
    unit = ("how", "has", "your", "training", "been", "lately")
    assert copied(unit, list(unit), 0) == {6}
    assert copied(unit, ["how", "has", "your", "training", "lately"], 0) == set()
    told = ("that", "is", "good", "to", "know")
    assert copied(told, ["that", "is", "very", "good", "to", "know"], 0) == {6}
    assert copied(told, ["that", "good", "to", "know"], 0) == set()
