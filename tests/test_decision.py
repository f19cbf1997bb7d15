"""What Josi is handed: the contract held, and the lines that the model copies from."""

from __future__ import annotations

import copy
import json

import pytest

from josi_utils import decision as module
from josi_utils.decision import decision_lines, read_cases, read_deck, validate_case
from josi_utils.errors import JosiError
from josi_utils.paths import data_dir

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


def test_a_decision_word_for_word():
    assert decision_lines(DECISION) == [
        "Plan: Today is an easy run of 40 minutes in zone 2.",
        "Before: an interval run of 60 minutes.",
        "Reason: your muscles are still sore, and you have slept too little.",
        "Readiness: low (red).",
        "Phase: build.",
        "Goal: half marathon, under 2:00, in 1 week. This is too much. Better: 10 km in May.",
    ]


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ({"kind": "rest"}, "a rest day"),
        ({"kind": "intervals"}, "an interval session"),
        ({"kind": "intervals", "sport": "swim", "minutes": 50}, "an interval swim of 50 minutes"),
        ({"kind": "strength", "sport": "gym", "minutes": 30}, "30 minutes of strength in the gym"),
        ({"kind": "hills", "sport": "bike"}, "a hill ride"),
        ({"kind": "race", "sport": "run", "distance_km": 21.1}, "a race run of 21.1 km"),
        (
            {"kind": "long", "sport": "row", "distance_km": 10.0, "minutes": 60},
            "a long row of 60 minutes or 10 km",
        ),
        ({"kind": "easy", "sport": None, "zone": None}, "an easy session"),
        ({"kind": "tempo", "sport": "run", "details": "3 x 8 min"}, "a tempo run: 3 x 8 min"),
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
