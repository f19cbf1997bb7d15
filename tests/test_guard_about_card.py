"""A card's own words before its answer, and a plain word on what no card answers."""

from __future__ import annotations

import pytest

from josi_utils.guard.card_index import best_sentences
from josi_utils.guard.data import load
from josi_utils.guard.fallback import compose
from josi_utils.guard.normalise import tokenise
from josi_utils.persona import count_words
from josi_utils.prompt import deck

DECK = deck()
CARDS = {card["id"]: card for card in DECK}
EASY = {"day": "today", "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}}
WIND = {
    "id": "wind-x",
    "title": "Riding in the wind",
    "text": "Into a headwind keep the effort steady. A lower position helps. Hold the bars.",
}


def test_the_deck_has_openers_and_a_question_for_nearly_every_card() -> None:
    table = load("fallback")["words"]["card"]
    assert set(CARDS) - set(table) <= {"safety-02"}
    assert all(table[f"{name}_ask"] for name in CARDS if name in table)
    assert all(count_words(text) <= 24 for name in CARDS for text in table.get(name, ()))


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("fuel-01", "is porridge 20 mins before i head out ok or will it sit like a brick"),
        ("easy-03", "my mum overtook me walking the dog while i was running. is that ok lol"),
        ("sleep-02", "six hours is plenty for me, no? im 26 and a new dad"),
    ],
)
def test_a_cases_own_card_opens_with_its_own_words(card: str, message: str) -> None:
    own = load("fallback")["words"]["card"][card]
    said = compose({"message": message, "card": CARDS[card]}, DECK).text
    # Who asks may be named before them.
    assert any(line in said.partition("?")[0] for line in own), said
    assert said.startswith(tuple(own) + tuple(load("fallback")["words"]["asker"]["kids"])), said


def test_who_said_so_is_named_kindly() -> None:
    message = "my flatmate rolls every night and swears it replaces rest days. right?"
    said = compose({"message": message, "card": CARDS["roll-01"]}, DECK).text
    assert "your flatmate" in said and "does not replace rest" in said


def test_a_card_that_the_deck_does_not_have_is_named_by_its_title() -> None:
    case = {"message": "Howling headwind, push on at the same speed?", "card": WIND}
    said = compose(case, DECK).text
    assert "riding in the wind" in said and "keep the effort steady" in said


@pytest.mark.parametrize(
    ("message", "named", "who"),
    [
        ("What tyre pressure should I run on 28mm tyres?", "tyre pressure", "shop"),
        ("is creatine worth it for a 60 year old woman", "creatine", "doctor"),
        ("does cold water therapy help recovery", "cold water", "physiotherapist"),
        ("how do i do a proper burpee", "burpees", "coach"),
        ("when does the ballot for London close?", "ballot", "organise the race"),
    ],
)
def test_what_no_card_answers_is_named_with_who_could_help(
    message: str, named: str, who: str
) -> None:
    for decision in (None, EASY):
        said = compose({"message": message, "decision": decision}, DECK).text
        assert named in said and who in said, said


def test_a_question_about_the_plan_is_no_gap_in_knowledge() -> None:
    decision = EASY | {"reasons": ["illness_signs"]}
    case = {"message": "why off and why easy, just a runny nose", "decision": decision}
    assert "getting ill" in compose(case, DECK).text and "Your doctor" not in compose(case).text


def test_the_fitting_sentences_of_a_card_are_kept_and_none_that_points_back_alone() -> None:
    card = {"text": "Wool is warm. It dries slowly. A thin layer of jelly helps raw skin."}
    assert best_sentences(card, tokenise("what helps raw skin"), 2) == [
        "Wool is warm.",
        "A thin layer of jelly helps raw skin.",
    ]
    assert best_sentences(card, tokenise("how slowly does it dry"), 2) == [
        "Wool is warm.",
        "It dries slowly.",
    ]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("finished Severance last night, no spoilers but wow. anything like it?", "watch"),
        (
            "My 14 year old won't speak to me since we took his phone. What would you do?",
            "teenager",
        ),
        ("where does my sleep data go? do you sell it", "privacy page"),
        ("Is there a doctor or real coach checking what you say to me?", "doctor"),
        ("asdkjh sorry cat on keyboard", "No harm done"),
        ("Is climate change a hoax? My uncle won't shut up about it", "stay out of"),
        ("i need a poem for my nan's funeral", "sorry for your loss"),
    ],
)
def test_other_topics_and_questions_about_josi_are_met(message: str, said: str) -> None:
    for decision in (None, EASY):
        assert said in compose({"message": message, "decision": decision}, DECK).text
