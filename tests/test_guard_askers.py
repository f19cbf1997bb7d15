"""A question is not asked back, what a card leaves open is said, and who asks is named."""

from __future__ import annotations

import pytest

from josi_utils.guard.composition import still_open
from josi_utils.guard.data import load
from josi_utils.guard.fallback import compose
from josi_utils.guard.situations import read
from josi_utils.persona import count_words
from josi_utils.prompt import deck

DECK = deck()
CARDS = {card["id"]: card for card in DECK}
LONG = {
    "day": "sunday",
    "session": {"kind": "long", "sport": "bike", "minutes": 150, "zone": 2},
    "reasons": ["steady_progress"],
}


def said(message: str, card: str | None = None, decision: dict | None = None) -> str:
    case = {"message": message, "card": CARDS[card] if card else None, "decision": decision}
    return compose(case, DECK).text


@pytest.mark.parametrize(
    ("message", "card", "asked"),
    [
        ("my watch said 188 on a stroll. is it broken? I felt completely fine", "pulse-03", "felt"),
        ("im 63 and need three days after hills. just age?", "age-01", "How long"),
        ("stitch again right after a banana, why?", "stitch-01", "did you eat"),
        ("first time in the gym, what weight do i take?", "str-03", "last repeat"),
    ],
)
def test_what_the_message_has_answered_is_not_asked(message: str, card: str, asked: str) -> None:
    ask = said(message, card).rpartition(". ")[2]
    assert ask.endswith("?") and asked not in ask, ask


def test_every_answer_closes_questions_that_exist() -> None:
    book = load("fallback")
    asks = [ask for one in book["situations"] for ask in one.get("ask", ())]
    asks += [a for k, v in book["words"]["card"].items() if k.endswith("_ask") for a in v]
    asks += [ask for some in book["words"]["session_ask"].values() for ask in some]
    for form, parts in book["words"]["answered"].items():
        assert form in book["forms"], form
        assert any(part in ask for part in parts for ask in asks), form
    assert still_open(["How did you sleep?"], read("slept like a log, is that enough?")) == []


def test_a_number_is_told_where_one_is_asked_for() -> None:
    assert "30 to 60 g" in said("how much should i eat on sunday", "fuel-05", LONG)


@pytest.mark.parametrize(
    ("message", "card", "words"),
    [
        ("Our U14 coach wants hill sprints twice a week. Sensible?", "age-03", "can't judge"),
        ("how many days a week should a 70 year old train", "age-02", "number"),
        ("is yoga enough as strength training", "str-01", "depends"),
    ],
)
def test_what_a_card_leaves_open_is_said(message: str, card: str, words: str) -> None:
    assert words in said(message, card).split(". ")[0]


@pytest.mark.parametrize(
    ("message", "card", "words"),
    [
        ("I'm a postman, 14 km on foot. Do I need the easy runs?", "easy-01", "Work like yours"),
        ("I'm 63 and slow after hills. Is that just age?", "age-01", "At 63"),
        ("stupid question maybe: do i need a cool down?", "warm-02", "silly"),
    ],
)
def test_who_asks_is_named_first(message: str, card: str, words: str) -> None:
    text = said(message, card)
    assert words in text.split(". ")[0] and count_words(text) < 80


@pytest.mark.parametrize(
    "message",
    [
        "lifted 60 kg at 63, ok?",
        "at km 63 i was done, why?",
        "im 63 kg, is that a lot for a runner?",
    ],
)
def test_a_figure_that_is_no_age_is_none(message: str) -> None:
    assert "At 63" not in said(message, "age-01") and " at 63." not in said(message, "age-01")


@pytest.mark.parametrize(
    ("message", "not_said", "words"),
    [
        ("is running on asphalt bad for my knees", "Josi from MiValta", "ask a doctor"),
        ("does foam rolling break up scar tissue", "parting", "does not replace rest"),
        ("why does my pulse shoot up at the start", "hurt", "How has your body felt"),
        ("do women recover slower than men", "years", "People differ"),
        ("is 40 too old to learn the piano", "training at any age", "piano"),
        ("give me 5 instagram captions for my medal photo", "sting", "words of your own"),
        ("my back garden flooded, third time this winter", "ill again", "nuisance"),
    ],
)
def test_a_word_is_not_taken_in_the_wrong_sense(message: str, not_said: str, words: str) -> None:
    text = said(message)
    assert words in text and not_said not in text, text
