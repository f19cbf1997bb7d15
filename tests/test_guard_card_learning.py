"""The index of cards: learnt from gold, the same bytes each time, right nine times in ten."""

from __future__ import annotations

import json

import pytest

from josi_utils.guard.card_index import (
    NEVER,
    Index,
    best_sentences,
    card_index,
    choose,
    features,
    find_card,
    written,
)
from josi_utils.guard.card_learning import (
    LEAST_ANSWERS,
    PRECISION,
    examples,
    gold_rows,
    rebuilt,
    threshold,
)
from josi_utils.guard.data import guard_dir, load
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import read
from josi_utils.prompt import deck

DECK = deck()


def found(message: str) -> str | None:
    answer = find_card({"message": message}, DECK, read(message))
    return answer[0]["id"] if answer else None


@pytest.fixture(scope="module")
def anew():
    return rebuilt(load("fallback"), gold_rows(), DECK)


def test_the_file_holds_what_gold_teaches_to_the_byte(anew) -> None:
    book, _ = anew
    assert (guard_dir() / "fallback.json").read_text(encoding="utf-8") == written(book)


def test_cards_are_said_where_they_were_right_nine_times_in_ten(anew) -> None:
    _, kinds = anew
    for least, precision, answers in kinds.values():
        assert least == NEVER or (precision >= PRECISION and answers >= LEAST_ANSWERS)
    assert kinds["question named"][2] if "question named" in kinds else True


def test_the_threshold_is_the_lowest_that_is_precise_enough() -> None:
    answers = [(0.9, True)] * 30 + [(0.5, False)] * 3 + [(0.4, True)] + [(0.3, False)] * 9
    assert threshold(answers) == (0.4, 31 / 34, 34)
    assert threshold([(0.9, False)] * 50)[0] == NEVER
    assert threshold([(0.9, True)] * 3)[0] == NEVER


@pytest.mark.parametrize(
    "message",
    [
        "the landlord wrote us a letter about the heating",
        "my new shoes came today and i love them",
        "which film shall we watch tonight",
        "",
        "zzz qqq",
    ],
)
def test_no_card_answers_what_no_card_is_about(message: str) -> None:
    assert found(message) is None


@pytest.mark.parametrize(
    ("message", "card"),
    [
        ("can i drink coffee before training?", "coffee"),
        ("how do i know im in zone 2?", "zones-03"),
        ("i have a stitch when i run, what can i do?", "stitch"),
    ],
)
def test_a_card_answers_what_it_is_about(message: str, card: str) -> None:
    answer = found(message)
    assert answer is not None
    title = next(c["title"] for c in DECK if c["id"] == answer)
    assert card == answer or card in title.lower()


def test_a_gold_row_teaches_the_card_that_its_reply_quotes() -> None:
    card = DECK[0]
    row = {"category": "knowledge", "message": "so?", "reply": f"Good. {card['text']} Why?"}
    silent = row | {"reply": "Good. Why?"}
    flagged = row | {"red_flag": "chest_pain"}
    taught = examples([row, silent, flagged], DECK)
    assert [e.cards for e in taught] == [frozenset({card["id"]}), frozenset()]


def test_an_empty_index_names_no_card() -> None:
    assert choose(Index({}, 5.0, {}, {}), features("what is zone 2"), ()) is None


def test_the_sentences_that_share_most_are_said_in_the_card_s_order() -> None:
    card = {"text": "Cats sleep. Dogs run far. Birds sing. Fish swim far."}
    chosen = best_sentences(card, tokenise("how far do dogs run and fish swim"))
    assert chosen == ["Cats sleep.", "Dogs run far.", "Fish swim far."]


def test_the_written_book_reads_back_and_has_an_entry_a_line() -> None:
    book = load("fallback")
    text = written(book)
    assert json.loads(text) == book
    assert max(map(len, text.splitlines())) < 20000
    assert len(text.splitlines()) > len(book["situations"]) + len(book["index"]["words"])


def test_the_index_is_read_as_numbers() -> None:
    index = card_index()
    assert index.least and all(0 < value <= NEVER for value in index.least.values())
    assert all(0 <= trust <= 1 for trust in index.trust.values())
