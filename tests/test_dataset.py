"""Gold rows: each rule with a row that it refuses and one that it lets pass; split, leaks, data."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils import dataset, dataset_checks
from josi_utils.decision import REASON_WORDS, SCHEMA_DIR
from josi_utils.errors import JosiError
from josi_utils.paths import data_dir
from josi_utils.persona import WORD_LIMIT

REPLY = "Your legs are sore, so today is an easy 40 minute run in zone 2. How do they feel now?"
ROW = {
    "id": "fe-001",
    "category": "feelings",
    "decision": {
        "day": "today",
        "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
        "reasons": ["sore_muscles"],
    },
    "message": "my legs are heavy from the stairs at work",
    "reply": REPLY,
}
CARD = {
    "id": "zone-01", "title": "Zone 2", "text": "Zone 2 is easy. You can talk in whole sentences.",
    "topic": "zones", "source": "consensus",
}  # fmt: skip
DECK = {CARD["id"]: CARD}
HANDED = {key: CARD[key] for key in ("id", "title", "text")}


def row(reply=REPLY, **changes):
    return {**copy.deepcopy(ROW), "reply": reply, **changes}


def problems(reply=REPLY, **changes):
    return dataset_checks.row_problems(row(reply, **changes), DECK)


def write_gold(folder, rows, name="feelings.jsonl"):
    """Write a small ``data/``: one gold file and a deck of one card."""
    (folder / "gold_examples").mkdir(parents=True, exist_ok=True)
    (folder / "cards").mkdir(exist_ok=True)
    lines = (line if isinstance(line, str) else json.dumps(line) for line in rows)
    path = folder / "gold_examples" / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "cards" / "zones.jsonl").write_text(json.dumps(CARD) + "\n")
    return folder


def different(count):
    """Return rows that share no premise."""
    return [
        row(
            f"So alpha{i} beta{i} gamma{i} delta{i} stays easy. How is it{i}?",
            id=f"fe-{i:03}",
            message=f"one{i} two{i} three{i} four{i}",
            category="feelings" if i % 2 else "progress",
            decision=None,
        )
        for i in range(count)
    ]


# --- the rules of a row -------------------------------------------------------------------------


def test_a_good_row_has_no_problem():
    assert problems() == []


@pytest.mark.parametrize(
    ("refused", "reason", "taken"),
    [
        ("Our algorithm likes easy days. How are you?", "forbidden term 'algorithm'",
         "The plan likes easy days. How are you?"),
        ("An algorithmic plan is set. How are you?", "forbidden term 'algorithmic'",
         "A rhythmic pace is set. How are you?"),
        ("Two ALGORITHMS chose it. How are you?", "forbidden term 'ALGORITHMS'",
         "The logarithm chose it. How are you?"),
        ("The gatc says so. How are you?", "forbidden term 'gatc'", "The plan says so. Is it ok?"),
        ("I am a language model. And you?", "forbidden term", "I am Josi. And you?"),
        ("Rest now.<|im_end|> Are you ok?", "control token", "Rest <now>. Are you ok?"),
        ("Rest\x07 now. Are you ok?", "control character", "Rest now. Are you ok?"),
        ("Take it easy today.", "0 questions; 1 to 2", "Take it easy today. Deal?"),
        ("Tired? Sore? Or sad?", "3 questions; 1 to 2", "Tired? Or sore?"),
        ("Run 45 minutes today. Fine?", "numbers that the case does not have: 45",
         "Run 40 minutes today. Fine?"),
        ("Run 40 minutes at 5:30. Fine?", "does not have: 5:30", "Run 40 minutes. Fine?"),
        ("Call 911 now. Are you alone?", "does not have: 911", "Call 112 now. Are you alone?"),
        ("It is a tempo run today. Fine?", "sessions that the case does not have: tempo",
         "It is an easy run today. Fine?"),
        ("Intervals can wait. Fine?", "does not have: interval", "Hard work can wait. Fine?"),
        ("Hills come later. Fine?", "does not have: hill", "Hurry comes later. Fine?"),
        ("Some strength work is fine. Yes?", "does not have: strength", "Some walking? Yes."),
        ("Go and " + "go " * 26 + "on. Ok?", "a sentence of 29 words; at most 28",
         "Go and " + "go " * 25 + "on. Ok?"),
        ("Physiological adaptation necessitates considerable regeneration. Understood?",
         "hard to read: LIX", "Your body needs rest to grow strong. Do you see?"),
    ],
)  # fmt: skip
def test_each_rule_refuses_one_and_takes_the_other(refused, reason, taken):
    found = problems(refused)
    assert len(found) == 1 and reason in found[0]
    assert problems(taken) == []


def test_a_card_must_stand_so_in_the_deck():
    assert problems(card=HANDED) == []
    assert problems(card={**HANDED, "text": "Zone 2 is hard."}) == [
        "card 'zone-01' does not stand so in the deck"
    ]
    assert problems(card={**HANDED, "title": "Zone 3"}) != []
    assert problems(card={**HANDED, "id": "zone-99"}) != []


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ("13", {"message": "13 km on sunday went well"}),
        ("13", {"message": "thirteen? no, 13.0"}),
        ("40", {"message": "forty was fine", "decision": None}),
        ("1.5", {"message": "i have 90 minutes"}),
        ("1,5", {"message": "i have 90 minutes"}),
        ("90", {"message": "i have 1.5 hours"}),
        ("13", {"history": [{"role": "user", "content": "it was 13 km"}]}),
        ("13", {"card": {"id": "c", "title": "t", "text": "Up to 13 is fine."}}),
        ("2:05", {"message": "goal is 2:05"}),
    ],
)
def test_numbers_are_licensed_by_every_part_of_the_case(said, where):
    assert dataset_checks.unlicensed_numbers(row(f"So {said} it is?", **where)) == []
    bare = row(f"So {said} it is?", decision=None, message="hi")
    assert dataset_checks.unlicensed_numbers(bare) != []


def test_sessions_are_licensed_by_case_and_without_a_decision_by_the_deck():
    reply = "Hill work can wait. Fine?"
    assert dataset_checks.unlicensed_sessions(row(reply)) == ["hill"]
    assert dataset_checks.unlicensed_sessions(row(reply, message="no climbs today?")) == []
    assert dataset_checks.unlicensed_sessions(row(reply), "a hill is steep") == []
    deck = {"h": {**CARD, "text": "A hill makes you strong."}}
    alone = row(reply, decision=None)
    assert dataset_checks.row_problems(alone, deck) == []
    assert dataset_checks.row_problems(row(reply), deck) != []  # a decision stands: it rules


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("twice 40 minutes, 1,5 hours, 10.0 km", {"2", "40", "1.5", "10"}),
        ("at 5:30 for half an hour", {"5:30", "0.5"}),
        ("someone bestowed tenderness", set()),
        ("4x3 in 2nd gear", {"4", "3", "2"}),
    ],
)
def test_numbers_are_read_from_digits_and_small_words(text, numbers):
    assert dataset_checks.numbers_in(text) == numbers


@given(st.text(max_size=60))
def test_a_reply_made_of_the_case_s_own_text_has_its_licence(text):
    assert dataset_checks.unlicensed_numbers(row(text, message=text)) == []


def test_lix_is_bjornsson_s():
    # 10 words in 2 sentences, 2 of them longer than six letters: 10/2 + 100*2/10.
    assert dataset_checks.lix("The longest morning was over. We went home by bus.") == 25.0
    assert dataset_checks.lix("") == 0.0


# --- near-duplicates ----------------------------------------------------------------------------


def jaccard(first, second, n=3):
    def grams(text):
        words = dataset_checks.words_of(text)
        return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}

    a, b = grams(first), grams(second)
    return len(a & b) / len(a | b) if a | b else 0.0


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join), max_size=7))
def test_near_pairs_are_those_of_plain_set_arithmetic(texts):
    expected = [
        (i, j, jaccard(texts[i], texts[j]))
        for i in range(len(texts))
        for j in range(i + 1, len(texts))
        if jaccard(texts[i], texts[j]) > 0.4
    ]
    found = dataset_checks.near_pairs(texts, threshold=0.4)
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    assert [pair[2] for pair in found] == pytest.approx([pair[2] for pair in expected])


def test_a_reply_written_twice_is_rejected_and_named(tmp_path):
    again = row(REPLY.replace("now?", "tonight?"), id="fe-002", message="other words altogether")
    built = dataset.build(write_gold(tmp_path, [row(), again, *different(20)[3:]]))
    assert [(r["file"], r["line"], r["id"]) for r in built.rejected] == [
        ("feelings.jsonl", 2, "fe-002")
    ]
    assert "reply like fe-001" in built.rejected[0]["reasons"][0]
    other = row("The stairs did that, and it passes soon. Sleep well tonight?", id="fe-002",
                message="other words altogether")  # fmt: skip
    assert dataset.build(write_gold(tmp_path, [row(), other])).rejected == []


def test_a_long_message_written_twice_is_rejected_but_hello_may_come_often(tmp_path):
    reply = "The stairs did that, and it passes soon. Sleep well tonight?"
    again = row(reply, id="fe-002")
    built = dataset.build(write_gold(tmp_path, [row(), again]))
    assert "message like fe-001 (1.00" in built.rejected[0]["reasons"][0]
    short = [row(message="good morning to you"), {**again, "message": "good morning to you"}]
    assert dataset.build(write_gold(tmp_path, short)).rejected == []


def test_distinct_openings_and_phrases_count_words():
    texts = ["a b c d e", "a b c d f", "x y z"]
    assert dataset_checks.distinct_ngrams(texts, 3) == 5 / 7
    assert dataset_checks.openings(texts)[0] == ("a b c d", 0.6667)
    assert dataset_checks.common_phrases(texts)[0] == ("a b c d", 2)
    assert dataset_checks.distinct_ngrams([], 3) == 0.0


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"id": "x", ', "not JSON"),
        ("[]", "not a JSON object"),
        ({**ROW, "id": "x", "reply": " ".join(["go"] * 81)}, "reply of 81 words; at most 80"),
        ({**ROW, "id": "x", "category": "dreams"}, "category"),
        ({**ROW, "id": "x", "decision": {"day": "today"}}, "decision: 'session' is a required"),
        ({**ROW, "id": "x", "decision": {"day": "now", "session": {"kind": "easy"}}}, "decision.day"),
        ({**ROW, "message": "again"}, "id 'fe-001' stands in"),
        ({key: value for key, value in ROW.items() if key != "reply"}, "no 'reply'"),
        ({**ROW, "id": "x", "reply": "  "}, "no 'reply'"),
        ({**ROW, "id": "x", "mood": "bad"}, "mood"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named_with_file_and_line(tmp_path, line, what):
    write_gold(tmp_path, [ROW, "", line])
    with pytest.raises(JosiError) as caught:
        dataset.build(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/gold_examples/feelings.jsonl:3: ")
    assert what in message and "\n" not in message


def test_an_id_is_unique_over_all_files(tmp_path):
    write_gold(tmp_path, [ROW])
    write_gold(tmp_path, [ROW], "progress.jsonl")
    with pytest.raises(JosiError, match=r"progress\.jsonl:1: id 'fe-001' stands in .*feelings"):
        dataset.read_gold(tmp_path)


def test_eighty_words_are_taken_and_no_gold_at_all_is_said(tmp_path):
    (_, _, read), *_ = dataset.read_gold(write_gold(tmp_path, [{**ROW, "reply": "go " * 80}]))
    assert len(read["reply"].split()) == WORD_LIMIT
    with pytest.raises(JosiError, match="add gold examples"):
        dataset.build(tmp_path / "empty")
    (tmp_path / "gold_examples" / "feelings.jsonl").write_text(json.dumps(row("No question.")))
    with pytest.raises(JosiError, match="no gold row is left"):
        dataset.build(tmp_path)


@pytest.mark.parametrize("words", [7, 81, 0, -1])
def test_max_words_out_of_range_is_refused(tmp_path, words):
    with pytest.raises(JosiError, match="choose 8 to 80"):
        dataset.build(write_gold(tmp_path, [ROW]), max_words=words)


def test_max_words_leaves_longer_replies_out_by_name(tmp_path):
    short = different(1)[0]
    built = dataset.build(write_gold(tmp_path, [ROW, short]), max_words=12)
    assert [kept["id"] for kept in built.rows] == [short["id"]]
    assert built.rejected[0]["reasons"] == ["20 words, over --max-words 12"]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("It\u2019s  \u201cfine\u201d\n", 'It\'s "fine"'),
        ("caf\u0065\u0301", "caf\u00e9"),
        ("40\u00a0minutes", "40 minutes"),
        ("al\u200bgo\u00adrithm\ufeff", "algorithm"),
    ],
)
def test_text_is_cleaned_of_what_nobody_sees(raw, clean):
    assert dataset.clean_text(raw) == clean


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    once = dataset.clean_text(text)
    assert dataset.clean_text(once) == once


def test_a_hidden_forbidden_term_is_found(tmp_path):
    hidden = row("My algo\u200brithm likes easy days. How are you?", id="fe-002")
    built = dataset.build(write_gold(tmp_path, [ROW, hidden]))
    assert built.rejected[0]["reasons"] == ["forbidden term 'algorithm'"]


# --- split and leaks ----------------------------------------------------------------------------


def test_the_split_is_the_same_each_time_and_whole():
    rows = different(200)
    train, valid = dataset.split(rows, 0.1)
    assert (train, valid) == dataset.split(copy.deepcopy(rows), 0.1)
    assert [r["id"] for r in sorted(train + valid, key=lambda r: r["id"])] == [
        r["id"] for r in rows
    ]
    assert Counter(r["category"] for r in valid) == {"feelings": 10, "progress": 10}


def test_a_new_row_moves_few_others():
    rows = different(200)
    before = {r["id"] for r in dataset.split(rows[:-1], 0.1)[1]}
    after = {r["id"] for r in dataset.split(rows, 0.1)[1]}
    assert len(before ^ after) <= 2


def test_the_split_does_not_depend_on_the_process(tmp_path):
    write_gold(tmp_path, different(60))
    code = (
        "import sys; from pathlib import Path; from josi_utils import dataset\n"
        "print([r['id'] for r in dataset.build(Path(sys.argv[1])).valid])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert told == {f"{[r['id'] for r in dataset.build(tmp_path).valid]}\n"}


@pytest.mark.parametrize("side", ["message", "reply"])
def test_rows_of_one_premise_stay_on_one_side(side):
    rows = different(120)
    for i in range(0, 120, 2):  # pairs that share four of six words on one side
        rows[i + 1][side] = rows[i][side] + " and some"
    train, valid = dataset.split(rows, 0.2)
    sides = {r["id"]: "train" for r in train} | {r["id"]: "valid" for r in valid}
    assert all(sides[f"fe-{i:03}"] == sides[f"fe-{i + 1:03}"] for i in range(0, 120, 2))
    assert valid and dataset.crossing(dataset.Dataset(rows, train, valid)) == []


def test_messages_alike_but_for_case_and_marks_are_one_premise():
    rows = [row(f"r{i} s{i} t{i} u{i}?", id=f"fe-{i}", message=m)
            for i, m in enumerate(["Im tired", "im TIRED!!", "im fine"])]  # fmt: skip
    first, second, third = dataset.premises(rows)
    assert first == second != third


def test_crossing_finds_a_premise_on_both_sides():
    rows = different(4)
    rows[3]["message"] = rows[0]["message"]
    found = dataset.crossing(dataset.Dataset(rows, rows[:2], rows[2:]))
    assert found == [("fe-000", "fe-003")]


def test_leakage_finds_exact_and_near_and_lets_hello_pass():
    rows = different(2)
    rows[0]["message"] = "can i run a bit more today because i feel good"
    rows[1]["message"] = "good morning josi"
    cases = [
        {"id": "ev-1", "message": "Can I run a bit more today, because I feel good?"},
        {"id": "ev-2", "message": "can i run a bit more today because i feel so"},
        {"id": "ev-3", "message": "good morning josi"},
        {"id": "ev-4", "message": "what does my plan look like for the weekend"},
    ]
    found = dataset.leakage(rows, cases)
    assert [(leak["row"], leak["case"]) for leak in found] == [
        ("fe-000", "ev-1"),
        ("fe-000", "ev-2"),
    ]
    assert found[0]["overlap"] == 1.0


def test_a_smaller_set_is_stable_and_keeps_its_sides():
    rows = different(200)
    train, valid = dataset.split(rows, 0.1)
    small = dataset.limited(dataset.Dataset(rows, train, valid), 64)
    assert (len(small.train), len(small.valid)) == (64, 8)
    shuffled = dataset.Dataset(rows, train[::-1], valid[::-1])
    assert dataset.limited(shuffled, 64).train == small.train
    assert all(r in train for r in small.train) and all(r in valid for r in small.valid)


# --- the landed data ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def landed():
    return dataset.build(data_dir())


@pytest.fixture(scope="module")
def stats(landed):
    return dataset.statistics(landed)


def values(*path):
    node = json.loads((SCHEMA_DIR / path[0]).read_text(encoding="utf-8"))
    for key in path[1:]:
        node = node[key]
    return set(node["enum"]) - {None}


def test_no_landed_row_is_rejected(landed):
    assert landed.rejected == []


def test_the_landed_replies_are_many_and_short(stats):
    assert stats["rows"] >= 1149
    assert 45 <= stats["words_mean"] <= 56
    assert stats["words_max"] <= WORD_LIMIT


def test_the_landed_rows_cover_category_reason_red_flag_and_session(stats):
    assert set(stats["categories"]) == values("case.schema.json", "properties", "category")
    assert set(stats["reasons"]) == set(REASON_WORDS)
    kinds = values("decision.schema.json", "$defs", "session", "properties", "kind")
    assert set(stats["sessions"]) == kinds
    flags = values("case.schema.json", "properties", "red_flag")
    assert all(stats["red_flags"][flag] >= 12 for flag in flags)
    assert stats["categories"]["unrealistic_goal"] >= 90
    assert stats["categories"]["realistic_goal"] >= 90
    assert stats["categories"]["internals_probe"] >= 80


@pytest.mark.parametrize("field", ["phase", "readiness"])
def test_the_landed_decisions_cover_phases_and_readiness(landed, field):
    found = {(r.get("decision") or {}).get(field) for r in landed.rows}
    assert found >= values("decision.schema.json", "properties", field)


def test_the_landed_shares_are_those_asked_for(stats):
    assert 0.50 <= stats["share_decision"] <= 0.65
    assert stats["share_alone"] >= 0.30
    assert stats["share_card"] >= 0.20
    assert stats["share_history"] >= 0.12


def test_the_landed_replies_are_varied(landed, stats):
    assert stats["distinct_3"] >= dataset_checks.DISTINCT_3
    assert stats["commonest_opening"][0][1] <= dataset_checks.OPENING_SHARE
    for side in ("reply", "message"):
        texts = [r[side] for r in landed.rows if side == "reply" or len(r[side].split()) >= 8]
        assert dataset_checks.near_pairs(texts, threshold=dataset_checks.NEAR_DUPLICATE) == []


def test_no_premise_of_the_landed_rows_is_on_both_sides(landed):
    assert dataset.crossing(landed) == []
    assert 0.05 <= len(landed.valid) / len(landed.rows) <= 0.10


def test_no_landed_row_is_like_an_evaluation_case(landed):
    assert dataset.check_against_evaluation(landed, data_dir()) == []


def test_the_checked_in_products_are_what_prepare_writes(landed, tmp_path):
    from josi_utils.files import write_jsonl

    train = write_jsonl(tmp_path / "t", map(dataset.training_row, landed.rows)).read_bytes()
    gold = write_jsonl(tmp_path / "g", landed.rows).read_bytes()
    assert (data_dir() / "smollm2_train.jsonl").read_bytes() == train, "run: josi prepare"
    assert (data_dir() / "gold_combined.jsonl").read_bytes() == gold, "run: josi prepare"


def test_what_prepare_writes_is_named_counted_and_whole(landed, tmp_path):
    stats = dataset.write(landed, tmp_path)
    count = lambda name: (tmp_path / name).read_bytes().count(b"\n")  # noqa: E731
    assert count("train.jsonl") + count("valid.jsonl") == stats["rows"]
    assert count("valid_cases.jsonl") == count("valid.jsonl") == stats["valid"]
    assert count("rejected.jsonl") == stats["rejected"]
    assert sum(cell["rows"] for cell in stats["coverage"].values()) == stats["rows"]
    assert json.loads((tmp_path / "stats.json").read_text()) == stats | {
        "commonest_opening": [list(pair) for pair in stats["commonest_opening"]]
    }
