"""The tables to be read aloud: fallbacks among them, evenly chosen, as the model saw them."""

from __future__ import annotations

import json
import re

import pytest
from evaluation_samples import make_samples
from hypothesis import given
from hypothesis import strategies as st

from josi_utils import eval_views, notebook
from josi_utils.errors import JosiError
from josi_utils.prompt import case_messages


def guarded(counts):
    """Return guarded samples, so many of each source."""
    pool = make_samples(12, 1, condition="tuned guarded")
    sources = [source for source, n in counts.items() for _ in range(n)]
    return [
        {**sample, "source": source, "draws": 1}
        for sample, source in zip(pool, sources, strict=False)
    ]


def test_twenty_guarded_replies_have_fallbacks_and_warnings_among_them():
    rows = eval_views.guarded_examples(guarded({"draw": 80, "fallback": 12, "triage": 9}), count=20)
    sources = [row["from"].split(",")[0] for row in rows]
    assert len(rows) == 20
    assert {s: sources.count(s) for s in set(sources)} == {"draw": 11, "fallback": 6, "triage": 3}


def test_where_there_are_few_of_a_kind_the_rest_fill_up():
    rows = eval_views.guarded_examples(guarded({"draw": 60, "fallback": 1}), count=20)
    assert len(rows) == 20 and sum(row["from"].startswith("fallback") for row in rows) == 1
    assert eval_views.guarded_examples([], count=20) == []


def test_what_was_handed_over_is_what_the_model_read():
    (sample,) = guarded({"draw": 1})
    (row,) = eval_views.guarded_examples([sample], count=20)
    assert row["handed over"] == case_messages(sample["case"])[-1]["content"]


def test_side_by_side_has_a_column_for_each_voice():
    samples = [*make_samples(2, 2), *make_samples(2, 1, condition="base", reply="Before.")]
    rows = eval_views.side_by_side(samples, count=5)
    assert len(rows) == 5 and all(list(row) == ["handed over", "base", "tuned"] for row in rows)


def test_side_by_side_leaves_out_what_the_untuned_model_was_not_asked():
    asked = make_samples(2, 1, condition="base", reply="Before.")[:7]
    rows = eval_views.side_by_side([*make_samples(2, 1), *asked], count=30)
    assert rows and len(rows) <= 7
    assert all(row["base"] == "Before." for row in rows)


def test_a_table_puts_each_value_under_its_own_name():
    page = notebook.table([{"a": 1, "c": 3}, {"a": 1, "b": "two", "c": 3}]).data
    lines = [re.findall(r">([^<]*)</t[hd]>", line) for line in page.split("<tr>")[1:]]
    assert lines == [["a", "c", "b"], ["1", "3", ""], ["1", "3", "two"]]


def test_the_worst_come_with_the_gravest_first():
    samples = make_samples(3, 1)
    samples[5]["scores"] |= {"pass": False, "faithful": False}
    samples[7]["scores"] |= {"pass": False, "leak": True}
    samples[9]["scores"] |= {"pass": False, "safe": False}
    shown = [row["category"] for row in eval_views.worst(samples, count=15)]
    assert shown == [samples[i]["case"]["category"] for i in (9, 7, 5)]


@given(st.lists(st.text(max_size=3), unique=True, max_size=60), st.integers(1, 40))
def test_a_spread_is_in_order_without_repeats_and_reaches_both_ends(names, count):
    chosen = eval_views.spread(names, count)
    places = [names.index(name) for name in chosen]
    assert places == sorted(set(places)) and len(chosen) == min(count, len(names))
    if count > 1 and names:
        assert (chosen[0], chosen[-1]) == (names[0], names[-1])


def test_a_stored_run_is_read_or_missed_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    assert eval_views.stored_gates("") is None
    with pytest.raises(JosiError, match="'older' has no gates"):
        eval_views.stored_gates("older")
    room = tmp_path / "outputs" / "older" / "eval"
    room.mkdir(parents=True)
    (room / "gates.json").write_text(json.dumps({"gates": []}))
    assert eval_views.stored_gates("older") == {"gates": []}
    with pytest.raises(JosiError, match="run name"):
        eval_views.stored_gates("../elsewhere")
