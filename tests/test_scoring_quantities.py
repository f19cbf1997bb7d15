"""Quantities: units, words, ranges, conversions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from josi_utils.scoring.quantities import find_quantities, number_value


def read(text):
    return {(q.kind, q.value) for q in find_quantities(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45 minutes", ("time", 2700)),
        ("three quarters of an hour", ("time", 2700)),
        ("a 45-minute run", ("time", 2700)),
        ("45 easy minutes", ("time", 2700)),
        ("half an hour", ("time", 1800)),
        ("an hour and a half", ("time", 5400)),
        ("two and a half hours", ("time", 9000)),
        ("1.5 hours", ("time", 5400)),
        ("9h40", ("time", 34800)),
        ("zone 2.", ("zone", 2)),
        ("zone two", ("zone", 2)),
        ("21.1 km", ("distance", 21100)),
        ("10k", ("distance", 10000)),
        ("400 m", ("distance", 400)),
        ("two weeks", ("days", 14)),
        ("eight times 45 seconds", ("reps", 8)),
        ("8 x 45 s", ("time", 45)),
        ("24:31", ("clock", 24 * 3600 + 31 * 60)),
        ("twenty-five minutes", ("time", 1500)),
        ("60 %", ("percent", 60)),
    ],
)
def test_a_quantity_is_read_with_its_unit(text, expected):
    assert expected in read(text)


def test_a_range_gives_both_ends():
    assert {("time", 300), ("time", 600)} <= read("five to ten minutes")


def test_a_word_that_holds_a_number_word_is_no_number():
    assert read("Someone often shone at the tenth stone.") == set()


@given(st.integers(1, 99))
def test_digits_and_words_of_a_number_agree(n):
    units = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    word = (
        units[n - 1] if n < 20 else tens[n // 10 - 2] + (f"-{units[n % 10 - 1]}" if n % 10 else "")
    )
    assert number_value(word) == n == number_value(str(n))
    assert read(f"{word} minutes") == read(f"{n} minutes")


@given(st.text(max_size=120))
def test_spans_point_at_their_text(text):
    assert all(text[q.span.start : q.span.end] == q.span.text for q in find_quantities(text))
