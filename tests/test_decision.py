"""What Josi is handed: the contract held, and the lines that the model copies from."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils import decision as module
from josi_utils.awkward_texts import AWKWARD_TEXTS
from josi_utils.decision import case_messages, read_cases, read_deck, render, validate_case
from josi_utils.errors import JosiError
from josi_utils.paths import data_dir
from josi_utils.persona import IM_START, SYSTEM_PROMPT, render_chatml

DECISION = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
    "replaces": {"kind": "intervals", "sport": "run", "minutes": 60},
    "phase": "build",
    "readiness": "low",
    "reasons": ["sore_muscles", "short_sleep"],
    "goal": {
        "event": "half marathon", "weeks": 1, "target": "under 2:00", "verdict": "unrealistic",
        "alternative": "10 km in May",
    },
}  # fmt: skip
CARD = {"id": "sore-01", "title": "Soreness", "text": "It fades by itself."}
CASE = {"id": "t-1", "category": "explain_decision", "message": "why no intervals"}


def schema(name):
    return json.loads((module.SCHEMA_DIR / name).read_text(encoding="utf-8"))


def with_(path, value, base=None):
    """Return a copy of a full case with one field changed; ``path`` is dotted."""
    case = copy.deepcopy(base or {**CASE, "decision": DECISION, "card": CARD})
    *parents, last = path.split(".")
    inner = case
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return case


def test_a_full_case_word_for_word():
    assert render({**CASE, "decision": DECISION, "card": CARD}) == (
        "Plan: Today: easy run, 40 minutes, zone 2.\n"
        "Before: running intervals, 60 minutes.\n"
        "Reason: your muscles are still sore, and you have slept too little.\n"
        "Readiness: low (red).\n"
        "Phase: build.\n"
        "Goal: half marathon, under 2:00, in 1 week. This is too much. Better: 10 km in May.\n"
        "Card: Soreness. It fades by itself.\n"
        "Athlete: why no intervals"
    )


@pytest.mark.parametrize("extra", [{}, {"decision": None}, {"card": None, "history": []}])
def test_with_no_decision_it_is_the_message_alone(extra):
    assert render({**CASE, **extra}) == "why no intervals"


def test_what_the_app_does_not_know_is_not_shown():
    told = {**CASE, "decision": DECISION, "red_flag": "injury", "note": "a hard one"}
    assert render(told) == render({**CASE, "decision": DECISION})


def test_the_conversation_has_system_history_and_user():
    history = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]
    messages = case_messages({**CASE, "history": history})
    assert messages == [
        {"role": "system", "content": SYSTEM_PROMPT}, *history,
        {"role": "user", "content": "why no intervals"},
    ]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_text_from_outside_becomes_a_control_token(data):
    text = st.text(max_size=30) | st.sampled_from([text for _, text in AWKWARD_TEXTS])
    draw = lambda: data.draw(text)  # noqa: E731
    case = {
        **CASE, "message": draw(), "card": {"id": "c", "title": draw(), "text": draw()},
        "history": [{"role": "user", "content": draw()}],
        "decision": with_("decision.session.details", draw())["decision"],
    }  # fmt: skip
    assert render_chatml(case_messages(case), generation=True).count(IM_START) == 4


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ({"kind": "rest"}, "a rest day"),
        ({"kind": "intervals"}, "intervals"),
        ({"kind": "intervals", "sport": "swim", "minutes": 50}, "swimming intervals, 50 minutes"),
        ({"kind": "strength", "sport": "gym", "minutes": 30}, "strength, 30 minutes"),
        ({"kind": "hills", "sport": "bike"}, "hill bike ride"),
        ({"kind": "race", "sport": "run", "distance_km": 21.1}, "race run, 21.1 km"),
        ({"kind": "long", "sport": "row", "distance_km": 10.0}, "long row, 10 km"),
        ({"kind": "easy", "sport": None, "zone": None}, "easy session"),
        ({"kind": "tempo", "sport": "run", "details": "3 x 8 min"}, "tempo run: 3 x 8 min"),
    ],
)
def test_sessions_in_plain_words(session, words):
    assert module.session_words(session) == words


def test_every_value_of_the_schema_has_its_words():
    properties = schema("decision.schema.json")["properties"]
    assert set(module.REASON_WORDS) == set(properties["reasons"]["items"]["enum"])
    assert set(module.READINESS_COLOURS) == set(properties["readiness"]["enum"]) - {None}
    verdicts = properties["goal"]["properties"]["verdict"]["enum"]
    assert set(module.VERDICT_WORDS) == set(verdicts) - {None}
    session = schema("decision.schema.json")["$defs"]["session"]["properties"]
    assert set(module.SPORT_NOUNS) == set(session["sport"]["enum"]) - {None}
    for kind in session["kind"]["enum"]:
        for sport in session["sport"]["enum"]:
            words = module.session_words({"kind": kind, "sport": sport})
            assert words.strip() == words and "_" not in words and "None" not in words


def test_reasons_are_each_worded_once():
    assert len(set(module.REASON_WORDS.values())) == len(module.REASON_WORDS)


def test_a_good_case_comes_back_unchanged():
    case = {**CASE, "decision": DECISION, "card": CARD}
    assert validate_case(case) is case


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("category", "dreams", "category"),
        ("id", "UPPER", "id"),
        ("message", 3, "message"),
        ("red_flag", "hiccups", "red_flag"),
        ("history", [{"role": "system", "content": "x"}], "history.0.role"),
        ("card", {"id": "c"}, "card"),
        ("extra", 1, "extra"),
        ("decision", {"day": "today"}, "decision"),
        ("decision.day", "someday", "decision.day"),
        ("decision.session", {"kind": "yoga"}, "decision.session.kind"),
        ("decision.session.minutes", 0, "decision.session.minutes"),
        ("decision.session.minutes", 601, "decision.session.minutes"),
        ("decision.session.minutes", "40", "decision.session.minutes"),
        ("decision.session.zone", 6, "decision.session.zone"),
        ("decision.session.distance_km", 0, "decision.session.distance_km"),
        ("decision.reasons", ["because"], "decision.reasons.0"),
        ("decision.readiness", "green", "decision.readiness"),
        ("decision.phase", "summer", "decision.phase"),
        ("decision.goal", {"weeks": 3}, "decision.goal"),
        ("decision.surprise", True, "decision"),
    ],
)
def test_a_case_against_the_contract_is_named_by_place_and_field(path, value, named):
    with pytest.raises(JosiError) as caught:
        validate_case(with_(path, value), "cases.jsonl:7")
    line = str(caught.value)
    assert line.startswith("cases.jsonl:7: ") and named in line and "\n" not in line


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("decision.session.minutes", 1), ("decision.session.minutes", 600),
        ("decision.session.zone", 5), ("decision.session.distance_km", 400),
        ("decision.reasons", None), ("decision.replaces", None), ("decision.goal", None),
        ("decision", None), ("note", None), ("red_flag", None),
    ],
)  # fmt: skip
def test_the_edges_of_the_contract_are_inside(path, value):
    validate_case(with_(path, value))


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_cases_are_read_in_order(tmp_path):
    cases = [CASE, {**CASE, "id": "t-2"}]
    assert read_cases(lines(tmp_path / "c.jsonl", cases)) == cases


def test_a_wrong_case_is_named_with_file_and_line(tmp_path):
    path = lines(tmp_path / "c.jsonl", [CASE, {**CASE, "id": "t-2", "category": "dreams"}])
    with pytest.raises(JosiError, match=r"c\.jsonl:2: category"):
        read_cases(path)
    path = lines(tmp_path / "d.jsonl", [CASE, CASE])
    with pytest.raises(JosiError, match=r"d\.jsonl:2: id 't-1' stands on line 1 too"):
        read_cases(path)
    with pytest.raises(JosiError, match="no case in it"):
        read_cases(lines(tmp_path / "e.jsonl", []))


def test_a_deck_is_sorted_and_its_ids_are_unique(tmp_path):
    card = {**CARD, "topic": "sleep", "source": "consensus"}
    lines(tmp_path / "a.jsonl", [card, {**card, "id": "a-01"}])
    assert [c["id"] for c in read_deck(tmp_path)] == ["a-01", "sore-01"]
    lines(tmp_path / "b.jsonl", [card])
    with pytest.raises(JosiError, match=r"b\.jsonl:1: card id 'sore-01' stands twice"):
        read_deck(tmp_path)
    lines(tmp_path / "b.jsonl", [{**card, "id": "b", "source": ""}])
    with pytest.raises(JosiError, match=r"b\.jsonl:1: card lacks \['source'\]"):
        read_deck(tmp_path)


def test_the_landed_deck_explains_every_reason():
    deck = read_deck(data_dir() / "cards")
    assert len(deck) >= 60
    explained = {reason for card in deck for reason in card.get("reasons", [])}
    assert explained == set(module.REASON_WORDS)
