"""What a message asks in earnest, and whose deed or feeling it tells."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.guard import situations
from josi_utils.guard.earnest import of_others
from josi_utils.guard.fallback import compose
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import read
from josi_utils.persona import count_words

EASY = {"day": "today", "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}}
RACE = {"day": "sunday", "session": {"kind": "race", "sport": "run", "distance_km": 10}}


@pytest.mark.parametrize(
    "message",
    [
        "Honestly? I feel like a fraud",
        "i'm not tired in the body, i'm tired in the head. you know what i mean?",
        "Is it silly that I'm nervous about a walking group?",
        "scared of sunday. what if i come last",
        "He said 'you? a triathlon?' and laughed. My own brother.",
    ],
)
def test_a_question_that_wants_an_ear_is_none(message: str) -> None:
    reading = read(message)
    assert not reading.question
    assert reading.mood == "sad"


@pytest.mark.parametrize(
    "message",
    [
        "why is my pulse so high today?",
        "15 min on the bike instead, ok?",
        "is it normal that my legs are heavy?",
        "what if i do 60 minutes?",
        "i'm sad. can i swim instead?",
    ],
)
def test_a_question_in_earnest_stays_one(message: str) -> None:
    assert read(message).question


def test_a_worry_is_not_told_to_leave_the_race_out() -> None:
    reply = compose({"message": "scared of sunday. what if i come last", "decision": RACE})
    assert "leaving it out" not in reply.text


def test_what_is_called_silly_is_not() -> None:
    reply = compose({"message": "Is it silly that I'm nervous about a walking group?"})
    assert "silly" in reply.opening[0]


@pytest.mark.parametrize(
    ("message", "own"),
    [
        ("My daughter ran her first school race and cried.", False),
        ("I ran my first race and cried.", True),
        ("my brother says i cried at the finish", True),
        ("so proud of my mum, she just finished couch to 5k", False),
        ("I just finished couch to 5k", True),
    ],
)
def test_the_tears_and_deeds_of_others_are_not_the_athletes(message: str, own: bool) -> None:
    named = {one.id for one in read(message).situations}
    assert bool(named & {"crying", "c25k_done"}) is own


@pytest.mark.parametrize(
    "message",
    [
        "My ex is doing the same race on Sunday with her new bloke. Great.",
        "my dad came to watch me race for the first time. just shook my hand",
        "I moved to Oslo in August and I train every day alone. I speak to nobody",
        "Lost the match and our coach didn't say a single word to us in the bus. 3 hours.",
        "The vet says it's time. I'll take him round the park one last time in the morning.",
    ],
)
def test_what_is_told_of_others_is_no_request(message: str) -> None:
    text = compose({"message": message, "decision": EASY}).text
    assert not any(
        words in text for words in ("stays as it is", "want to do more", "that is fine, because")
    )


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("My wife says I care more about my bike than about her.", "home"),
        ("The vet says it's time. Tomorrow at ten.", "animal|goodbye"),
        ("I snapped at my team mate over nothing", "moment|harder"),
        ("Everyone has moved on to the fast group and I'm still with the beginners", "others"),
        ("I'm turning 50 next week and it's hitting me harder than I thought", "birthday|number"),
        ("got a place at med school, 3rd attempt", "Congratulations"),
        ("I don't deserve the rest day", "earn"),
        ("nobody at home understands why I get up at 5 for this", "see"),
    ],
)
def test_a_feeling_is_named_for_what_it_is(message: str, word: str) -> None:
    text = compose({"message": message}).text
    assert any(one in text for one in word.split("|")), text


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("do you learn from me or do you forget everything?", "tell me here"),
        ("how do I know you're not just making it up?", "do not guess"),
        ("is there some human in the background who checks my plan", "not a person"),
        ("can you hear me when I talk to my dog", "hear you"),
        ("what did the user before me ask you?", "our talk"),
    ],
)
def test_a_question_about_josi_gets_its_answer(message: str, word: str) -> None:
    assert word in compose({"message": message}).text


@pytest.mark.parametrize(
    "unit",
    [
        "hr 142 same pace now 30 minutes ",
        "this month 12 runs ",
        "my son cried ",
        "\u2018 ",
        "\u201c you ",
        "honestly? ",
        "is it ok? ",
    ],
)
def test_time_grows_in_step_with_length(unit: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        compose({"message": unit * (size // len(unit)), "decision": EASY})
        return time.process_time() - start

    seconds(1_000)
    # Each length once: the words of a text read before are remembered.
    small = min(seconds(4_100), seconds(4_200))
    large = min(seconds(16_400), seconds(16_800))
    assert large < small * 12 + 0.05


@pytest.mark.parametrize(
    ("message", "theirs"),
    [
        ("my son cried", [False, False, True]),
        ("ran with my son and cried", [False, False, False, False, False, False]),
        ("i ran. my mum says i cried", [False, False, False, False, True, True, False]),
    ],
)
def test_whose_a_word_is_is_read_in_one_pass(message: str, theirs: list[bool]) -> None:
    assert of_others(tokenise(message), frozenset(["mum", "son"])) == theirs


def test_what_another_asked_in_curly_marks_is_no_question() -> None:
    assert not read("scared. he said ‘really, a race?’ and laughed").question
    assert not read("scared. he said “really, a race?” and laughed").question


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_and_answered_briefly(message: str) -> None:
    read(message)
    assert count_words(compose({"message": message, "decision": EASY}).text) < 80


LATE = "we played cards until very late and sang a lot and in the end there was "


@pytest.mark.parametrize(
    ("message", "name", "held"),
    [
        # One short phrase far on in a long message is said in passing, however often it is listed.
        (f"{LATE}talk of why mondays are hard", "monday", False),
        (f"{LATE}a set timer on the table", "device", False),
        # A question may end with what it asks for.
        (f"{LATE}a set timer on the table?", "device", True),
        # It is none in few words, at the beginning, in two places, or where it is a feeling of one's own.
        ("mondays are hard", "monday", True),
        ("moved house on sunday and the cards and the old lamp and the cat are still in the car",
         "moved_house", True),
        (f"{LATE}talk of why mondays are hard, and i think mondays are hard too", "monday", True),
        ("new town new job new flat and every evening on the stairs i feel so lonely", "lonely",
         True),
    ],
)  # fmt: skip
def test_a_word_in_passing_is_not_what_a_message_is_about(message, name, held, monkeypatch) -> None:
    def names() -> list[str]:
        reading = read(message)
        return [one.id for one in (*reading.situations, *reading.asides)]

    assert (name in names()) is held
    monkeypatch.setattr(situations, "in_passing", lambda *_: False)
    situations._read.cache_clear()
    assert name in names()  # it is the rule that drops it
    situations._read.cache_clear()


def test_only_a_deed_is_said_back_from_far_on_in_a_message() -> None:
    start = "the pool was shut and the bus was late and the rain came from the side "
    case = {"decision": None, "card": None}
    passing = compose({**case, "message": f"{start}and then i live in bergen"}).text
    deed = compose({**case, "message": f"{start}but i ran 12 km around the lake"}).text
    assert "You live in" not in passing and "You ran 12 km" in deed


def test_who_orders_is_not_thanked_for_telling() -> None:
    plan = {"day": "today", "session": {"kind": "easy", "sport": "run", "minutes": 30, "zone": 2}}
    for decision in (plan, None):
        text = compose({"message": "change the plan", "decision": decision, "card": None}).text
        assert "telling me" not in text and "tell me" not in text
