"""What the guard costs, from samples of an evaluation."""

import pytest

from josi_utils import guard_cost
from josi_utils.guard import fallback
from josi_utils.prompt import deck

CASE = {
    "id": "a",
    "category": "feelings",
    "message": "my legs are so heavy today",
    "decision": {"day": "today", "session": {"kind": "rest"}, "reasons": ["sore_muscles"]},
}


def sample(reply, source="model", *, draws=1, passed=True, guarded=False, seed=0):
    return {
        "case": CASE,
        "condition": "tuned guarded" if guarded else "tuned",
        "seed": seed,
        "greedy": False,
        "reply": reply,
        "finished": True,
        "tokens": 40,
        "source": source,
        "draws": draws,
        "scores": {"pass": passed},
    }


def test_fewer_draws_mean_more_fallbacks_and_their_pass_counts():
    samples = [
        sample("Good words.", "draw", guarded=True),
        sample("Late words.", "draw", draws=3, guarded=True, passed=False),
        sample(fallback(CASE, deck()), "fallback", draws=3, guarded=True),
        sample("Vetted words.", "triage", draws=0, guarded=True),
    ]
    table = guard_cost.by_draws(samples, deck())
    assert [row["draws"] for row in table] == [1, 2, 3]
    assert [row["fallback"] for row in table] == [0.5, 0.5, 0.25]
    assert [row["accepted"] for row in table] == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert table[2]["passed"] == 0.75  # as shown
    assert table[0]["passed"] == 1.0  # the composed words in place of the late draw pass
    assert [row["mean_draws"] for row in table] == pytest.approx([1, 5 / 3, 7 / 3])
    assert guard_cost.draws_figure(table).axes[0].get_xlabel() == "draws the guard may take"


def test_streaming_shows_a_licensed_reply_as_it_is_and_cuts_nonsense():
    good = fallback(CASE, deck())
    shown = guard_cost.streaming([sample(good)], deck())
    assert (shown["replies"], shown["whole"], shown["passed"]) == (1, 1.0, 1.0)
    assert 0 < shown["first_share"] < 1
    bad = sample("Your dog ran 14 years. What is it?", passed=False)
    cut = guard_cost.streaming([sample(good), bad], deck())
    assert (cut["whole"], cut["cut"], cut["passed"]) == (0.5, 0.5, 1.0)
    waited = guard_cost.waits(
        guard_cost.by_draws([sample(good, "draw", guarded=True)], deck()), cut
    )
    assert [row["model"] for row in waited] == ["135M", "360M", "1.7B"]


def test_the_guards_own_time_is_measured_part_by_part():
    times = guard_cost.own_time([sample(fallback(CASE, deck()))] * 5, deck())
    assert set(times) == {
        f"{part}, {which}"
        for part in ("triage", "talking points", "verdict")
        for which in ("median", "p95")
    }
    assert all(value >= 0 for value in times.values())


def test_no_guarded_samples_no_table():
    assert guard_cost.by_draws([], deck()) == []
    assert guard_cost.waits([], guard_cost.streaming([], deck())) == []
