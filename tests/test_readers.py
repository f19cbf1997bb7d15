"""What readers said beside what the rules say, voice by voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from josi_utils.calibration_sets import Item
from josi_utils.readers import by_voice


def item(voice, *votes):
    return Item("i", {}, "", tuple({"pass": vote} for vote in votes), voice)


def test_shares_and_calls_are_counted_by_hand():
    items = [
        item("tuned", True, True),
        item("tuned", False, False),
        item("tuned", False),
        item("tuned", True, False),  # the readers differ: nobody's call is wrong
        item("composed", True),
    ]
    composed, tuned = by_voice(items, [True, True, False, True, False])
    assert tuned == {
        "voice": "tuned", "n": 4, "readers": pytest.approx(1.5 / 4), "rules": 0.75,
        "let_through": 0.5, "agree": pytest.approx(2 / 3),
    }  # fmt: skip
    assert composed == {
        "voice": "composed", "n": 1, "readers": 1.0, "rules": 0.0, "let_through": None, "agree": 0.0
    }  # fmt: skip


votes = st.lists(st.booleans(), min_size=1, max_size=3)


@given(st.lists(st.tuples(st.sampled_from("ab"), votes, st.booleans()), max_size=20))
def test_no_row_claims_more_than_it_has(rows):
    found = by_voice([item(v, *vote) for v, vote, _ in rows], [ours for _, _, ours in rows])
    assert sum(row["n"] for row in found) == len(rows)
    for row in found:
        for key in ("readers", "rules", "let_through", "agree"):
            assert row[key] is None or 0 <= row[key] <= 1
