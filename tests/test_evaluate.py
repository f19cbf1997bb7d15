"""Asking: what is known is not asked again, every draw has its seed, the guard's rounds add up."""

from __future__ import annotations

import itertools
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.asking import SampleLog, ask, progress_bar
from josi_utils.decision import read_deck
from josi_utils.errors import JosiError
from josi_utils.evaluate import (
    DRAW_STRIDE,
    Condition,
    collect,
    collect_guarded,
    load_cases,
    read_replies,
    score_samples,
)
from josi_utils.generate import Backend, Reply, Request
from josi_utils.guard import Verdict, accept, fallback, triage, vetted_reply
from josi_utils.paths import data_dir
from josi_utils.persona import GREEDY, SAMPLING, Sampling

GOOD = (
    "I hear you, an easy day can feel strange. Today is an easy 40 minute run in zone 2, because "
    "your muscles are still sore. Keep it gentle and enjoy it. How do your legs feel right now?"
)
BAD = "Our algorithm says 90 minutes of intervals."


def case(number, message="why is it so easy today", **more):
    return {
        "id": f"t-{number}",
        "category": "explain_decision",
        "decision": {
            "day": "today",
            "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
            "reasons": ["sore_muscles"],
        },
        "message": f"{message} {'again ' * number}".strip(),
        **more,
    }


class Scripted:
    """A backend that says what it is told, backwards in order, and keeps what it was asked."""

    def __init__(self, say=lambda request, sampling: f"{request.seed}", stop_after=None):
        self.name, self.asked, self._say, self._left = "scripted", [], say, stop_after

    def replies(self, requests, sampling: Sampling):
        for index in reversed(range(len(requests))):
            if self._left == 0:
                raise KeyboardInterrupt
            self._left = self._left and self._left - 1
            self.asked.append((requests[index], sampling))
            yield index, Reply(self._say(requests[index], sampling), True, 5)

    def close(self):
        self.name = "closed"


def backend(**options) -> Backend:
    return Scripted(**options)


@pytest.fixture
def log(tmp_path):
    log = SampleLog(tmp_path / "room" / "replies.jsonl")
    yield log
    log.close()


def requests(count):
    return [Request(({"role": "user", "content": f"m{i}"},), seed=i) for i in range(count)]


# --- the log ------------------------------------------------------------------------------------


def test_nothing_is_written_before_the_first_reply(tmp_path):
    SampleLog(tmp_path / "room" / "replies.jsonl").close()
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), st.tuples(st.text(), st.booleans(), st.integers(0)), max_size=5))
def test_replies_come_back_as_they_were(tmp_path_factory, known):
    path = tmp_path_factory.mktemp("log") / "replies.jsonl"
    log = SampleLog(path)
    for key, fields in known.items():
        log.put(key, Reply(*fields))
    log.close()
    again = SampleLog(path)
    assert {key: again.get(key) for key in known} == {k: Reply(*f) for k, f in known.items()}
    assert again.get("no such key, ever") is None


@given(st.integers(0, 500), st.integers(1, 500), st.integers(2, 40))
def test_the_bar_is_full_only_at_the_end(done, total, width):
    bar = progress_bar(done, total, width)
    assert len(bar) == width and set(bar) <= set("█░") and "░█" not in bar
    assert ("░" not in bar) == (done >= total) and ("█" in bar) == (done > 0)


def test_what_is_known_is_not_asked_again(tmp_path):
    path, model = tmp_path / "replies.jsonl", Scripted()
    log = SampleLog(path)
    first = ask(model, requests(4), SAMPLING, log, "sha")
    log.close()
    assert [reply.text for reply in first] == [
        "0",
        "1",
        "2",
        "3",
    ]  # in order, though it came backwards
    again, log = Scripted(), SampleLog(path)
    assert ask(again, requests(6), SAMPLING, log, "sha")[:4] == first
    assert [request.seed for request, _ in again.asked] == [5, 4]
    log.close()


@pytest.mark.parametrize("change", ["model", "sampling", "seed", "prompt"])
def test_another_model_sampling_seed_or_prompt_is_another_reply(log, change):
    ask(Scripted(), requests(1), SAMPLING, log, "sha")
    other = requests(1)
    if change == "seed":
        other = [Request(other[0].messages, seed=9)]
    if change == "prompt":
        other = [Request(({"role": "user", "content": "else"},), seed=0)]
    model = Scripted()
    ask(model, other, GREEDY if change == "sampling" else SAMPLING, log,
        "other" if change == "model" else "sha")  # fmt: skip
    assert len(model.asked) == 1


def test_after_a_crash_only_the_missing_are_asked(tmp_path):
    path = tmp_path / "replies.jsonl"
    log = SampleLog(path)
    with pytest.raises(KeyboardInterrupt):
        ask(Scripted(stop_after=3), requests(5), SAMPLING, log, "sha")
    log.close()
    model, log = Scripted(), SampleLog(path)
    ask(model, requests(5), SAMPLING, log, "sha")
    assert len(model.asked) == 2
    log.close()


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_last_line_cut_anywhere_costs_that_reply_alone(tmp_path, cut):
    path = tmp_path / "replies.jsonl"
    log = SampleLog(path)
    said = lambda request, _: f"{request.seed} läuft 🦵"  # noqa: E731
    whole = ask(Scripted(say=said), requests(3), SAMPLING, log, "sha")
    log.close()
    raw = path.read_bytes()
    end = raw.rindex(b'", "finished"')  # cut backwards from the text's end: within a character too
    path.write_bytes(raw[: end + 2 - cut])
    for expected in (1, 0):  # the reply asked again must itself survive the next start
        model, log = Scripted(say=said), SampleLog(path)
        assert ask(model, requests(3), SAMPLING, log, "sha") == whole
        assert len(model.asked) == expected
        log.close()


def test_line_separators_within_a_reply_do_not_lose_it(tmp_path):
    path = tmp_path / "replies.jsonl"
    log = SampleLog(path)
    log.put("k", Reply("one\u2028two\x85three\x0cfour", True, 3))
    log.close()
    assert SampleLog(path).get("k").text == "one\u2028two\x85three\x0cfour"


def test_a_backend_that_leaves_requests_out_is_said(log):
    class Silent(Scripted):
        def replies(self, requests, sampling):
            return iter(itertools.islice(super().replies(requests, sampling), 1))

    with pytest.raises(JosiError, match="left requests unanswered; run again to resume"):
        ask(Silent(), requests(2), SAMPLING, log, "sha")


def test_progress_is_told_at_the_end(log):
    told = []
    ask(Scripted(), requests(3), SAMPLING, log, "sha", say=told.append, what="drawn")
    assert (
        len(told) == 1 and told[0].startswith(f"drawn: {'█' * 20} 3/3, ") and "0 s left" in told[0]
    )


# --- collecting ---------------------------------------------------------------------------------


def test_each_case_is_drawn_a_seed_and_once_greedily(log):
    cases, model = [case(i) for i in range(3)], Scripted()
    samples = collect(backend(), cases, Condition("tuned", seeds=2), log, "sha")
    found = [(s["case"]["id"], s["seed"], s["greedy"]) for s in samples]
    drawn = [(c["id"], seed, False) for seed in range(2) for c in cases]
    assert found == drawn + [(c["id"], 0, True) for c in cases]
    assert {s["condition"] for s in samples} == {"tuned"}
    assert all(s["reply"] == str(s["seed"]) and s["draws"] == 1 for s in samples)
    assert collect(model, cases, Condition("tuned", seeds=2), log, "sha") == samples
    assert model.asked == []


def test_the_greedy_canary_can_be_left_out_and_uses_temperature_0(log):
    model = Scripted()
    collect(model, [case(0)], Condition("base", seeds=1, greedy=False), log, "a")
    assert [sampling for _, sampling in model.asked] == [SAMPLING]
    collect(model, [case(0)], Condition("base", seeds=1), log, "b")
    assert [sampling.temperature for _, sampling in model.asked[1:]] == [0.7, 0.0]


def raw_samples(log, cases, say):
    raw = collect(Scripted(say=say), cases, Condition("tuned", 1, greedy=False), log, "sha")
    deck = read_deck(data_dir() / "cards")
    return raw, deck


@pytest.fixture
def guard(monkeypatch):
    """A guard that takes GOOD, whole, and nothing else: its own tests say what it should take."""

    def takes(case, text, *, finished, deck):
        return Verdict(text.startswith(GOOD) and finished, [], float(len(text)))

    monkeypatch.setattr("josi_utils.guard.reply.accept", takes)


def test_the_real_guard_turns_the_bad_reply_down():
    assert not accept(case(0), BAD, finished=True).ok


def test_an_accepted_reply_is_shown_as_it_is(log, guard):
    raw, deck = raw_samples(log, [case(0)], lambda *_: GOOD)
    model = Scripted()
    (shown,) = collect_guarded(model, raw, deck, log, "sha")
    assert (shown["reply"], shown["source"], shown["draws"]) == (GOOD, "draw", 1)
    assert shown["condition"] == "tuned guarded" and model.asked == []


def test_a_rejected_reply_is_drawn_again_with_another_seed_till_one_is_taken(log, guard):
    raw, deck = raw_samples(log, [case(0), case(1)], lambda *_: BAD)

    def say(request, _):
        again = "again" in request.messages[-1]["content"]
        return GOOD if request.seed >= DRAW_STRIDE * (3 if again else 1) else BAD

    model = Scripted(say=say)
    first, second = collect_guarded(model, raw, deck, log, "sha", draws=4)
    assert (first["source"], first["draws"]) == ("draw", 2)
    assert (second["source"], second["draws"]) == ("draw", 4)
    seeds = sorted(request.seed for request, _ in model.asked)
    assert seeds == [DRAW_STRIDE, DRAW_STRIDE, 2 * DRAW_STRIDE, 3 * DRAW_STRIDE]


def test_when_no_draw_is_taken_the_vetted_words_are_shown(log, guard):
    raw, deck = raw_samples(log, [case(0)], lambda *_: BAD)
    model = Scripted(say=lambda *_: BAD)
    (shown,) = collect_guarded(model, raw, deck, log, "sha", draws=3)
    assert (shown["source"], shown["draws"], shown["finished"]) == ("fallback", 3, True)
    assert shown["reply"] == fallback(case(0), deck) != BAD
    assert len(model.asked) == 2


def test_the_best_of_all_draws_is_shown_where_that_is_asked_for(log, guard):
    raw, deck = raw_samples(log, [case(0), case(1)], lambda *_: GOOD)
    raw[1] = {**raw[1], "reply": BAD}
    longer = {DRAW_STRIDE: f"{GOOD} And?", 2 * DRAW_STRIDE: f"{GOOD} And then?"}
    model = Scripted(say=lambda request, _: longer.get(request.seed, BAD))
    shown = collect_guarded(model, raw, deck, log, "sha", draws=4, best_of=True)
    assert [s["reply"] for s in shown] == [f"{GOOD} And then?"] * 2
    assert [(s["source"], s["draws"]) for s in shown] == [("draw", 4)] * 2
    assert len(model.asked) == 6


def test_a_red_flag_never_reaches_the_model_s_words(log, guard):
    urgent = case(0, "i have chest pain and my arm is numb")
    raw, deck = raw_samples(log, [urgent, case(1)], lambda *_: GOOD)
    first, second = collect_guarded(Scripted(), raw, deck, log, "sha")
    assert (first["source"], first["draws"], second["source"]) == ("triage", 0, "draw")
    assert first["reply"] == vetted_reply(triage(urgent).flag) != GOOD


def test_an_unfinished_reply_is_not_shown(log, guard):
    raw, deck = raw_samples(log, [case(0)], lambda *_: GOOD)
    cut = [{**raw[0], "finished": False, "reply": GOOD[:40]}]
    (shown,) = collect_guarded(Scripted(say=lambda *_: GOOD), cut, deck, log, "sha")
    assert (shown["draws"], shown["reply"]) == (2, GOOD)


def test_scores_are_added_and_equal_pairs_are_scored_once(log, monkeypatch):
    raw, deck = raw_samples(log, [case(0)], lambda *_: GOOD)
    import josi_utils.scoring as scoring

    calls, real = [], scoring.score
    monkeypatch.setattr(scoring, "score", lambda *a, **k: calls.append(a) or real(*a, **k))
    scored = score_samples([*raw, *raw, {**raw[0], "finished": False}], deck)
    assert len(calls) == 2 and scored[0]["scores"] == scored[1]["scores"]
    assert scored[0]["scores"]["pass"] and "scores" not in raw[0]


# --- cases --------------------------------------------------------------------------------------


CASES = data_dir() / "eval" / "cases.jsonl"


@pytest.mark.parametrize("limit", [1, 11, 22, 60])
def test_a_limit_goes_round_the_categories(limit):
    cases = load_cases(CASES, limit=limit)
    assert len(cases) == limit and len({c["id"] for c in cases}) == limit
    counts = Counter(chosen["category"] for chosen in cases)
    assert len(counts) == min(limit, 11)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_no_limit_takes_all():
    everything = load_cases(CASES)
    assert len(everything) >= 220 and load_cases(CASES, limit=10**6) == everything
    assert min(Counter(c["category"] for c in everything).values()) >= 20
    assert len(load_cases(CASES.with_name("red_team.jsonl"))) >= 80


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"id": "a"', "not JSON"),
        ('{"id": "a", "case": {}}', "a line must be"),
        ('{"id": "a", "case": "x", "reply": "y"}', "a line must be"),
        ('{"id": "a", "case": {"id": "b"}, "reply": "y"}', "'category' is a required"),
    ],
)
def test_given_replies_are_checked_line_by_line(tmp_path, line, what):
    path = tmp_path / "r.jsonl"
    good = json.dumps({"id": "x", "case": case(0), "reply": GOOD})
    path.write_text(f"{good}\n{line}\n")
    with pytest.raises(JosiError) as caught:
        read_replies(path)
    assert str(caught.value).startswith(f"{path}:2: ") and what in str(caught.value)
    path.write_text(good)
    assert [row["reply"] for row in read_replies(path)] == [GOOD]
