"""A deed told is named with its own figures; what a session is for is said from the deck."""

from __future__ import annotations

import time
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.guard.amounts import amounts
from josi_utils.guard.deeds import DEEDS
from josi_utils.guard.fallback import compose
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.tallies import TALLIES
from josi_utils.prompt import deck

DECK = deck()
EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}


def told(name: str, message: str) -> str | None:
    tokens = tokenise(message)
    return (DEEDS | TALLIES)[name](tokens, amounts(tokens), message)


def said(message: str, session: dict | None = None, **decision) -> str:
    plan = {"day": "today", "session": session or EASY, "reasons": ["steady_progress"]} | decision
    return compose({"message": message, "decision": plan}, DECK).text


@pytest.mark.parametrize(
    ("name", "message", "words"),
    [
        ("taken", "knocked 40 sec off my parkrun", "40 seconds off your parkrun time"),
        ("taken", "i want to take 40 sec off my parkrun", None),
        ("pair", "ftp 238 -> 251", "your FTP went from 238 to 251"),
        ("pair", "ftp 251 -> 238", None),
        ("pair", "5k down from 34 to 31:20", "your 5 km time went from 34 to 31:20"),
        ("pair", "5k from 31:20 to 33:10", None),
        ("pair", "resting hr 58 today, was 66 in march",
         "your resting pulse went from 66 in March to 58"),
        ("pair", "my goal: 5k from 28:10 to 25:00", None),
        ("fade", "rowed 2k from 7:05 to 7:40", "7:05 then and 7:40 now"),
        ("fade", "10k in 1:02:30, was 1:08", None),
        ("again", "ran 10k in 58, did it in 61 in march", "you ran 10 km in 58, after 61 in March"),
        ("long", "longest ride ever, 104 km!", "you have done 104 km, your longest ride so far"),
        ("row", "3rd week in a row", "a third week in a row"),
        ("row", "on a six week streak", "a six-week streak"),
        ("place", "came 3rd in my age group", "third in your age group"),
        ("place", "she came 3rd in her age group", None),
        ("missed", "missed 5 sessions this month", "5 missed sessions"),
        ("missed", "missed 1 session", None),
        ("slower", "5 min slower than last week", "5 minutes slower"),
        ("slower", "she was 5 min slower", None),
        ("once", "couldnt do it in january. today i did", "you could not do it in January"),
        ("result", "2k under 8 mins done", "under 8 minutes for 2 km"),
        ("result", "half in 1:58:41, i did it!", "1:58:41 for the half marathon"),
        ("result", "half in 1:58:41, can i go under 1:50?", None),
        ("all", "did all 4 sessions this week", "all 4 sessions"),
        ("pair", "same loop on the bike, 1h12 in spring, 1h11 today",
         "your time on that way went from 1:12 in spring to 1:11"),
        ("pair", "Mon 5k 31:02, Thu 30:40, today 30:11", "you went from 31:02 to 30:11"),
        ("pair", "laps today 1:58 1:57 1:59 1:58", None),
        ("place", "3rd in my age group at the tri", "third in your age group"),
        ("told", "ran past the bakery without stopping to walk, that hill has beaten me",
         "you ran past the bakery without stopping to walk"),
        ("told", "guess who finally swam under the buoy line", "you swam under the buoy line"),
        ("told", "i didnt run past the bakery", None),
        ("told", "she ran the whole way", None),
        ("kept", "41 sessions since january", "41 sessions since January"),
        ("kept", "missed 5 sessions this month", None),
        ("can", "I can do up my own shoelaces again", "you can do up your own shoelaces again"),
        ("can", "i can hardly walk again", None),
        ("rank", "my 2nd fastest time on the loop ever", "your second fastest time"),
        ("monthly", "this month: 12 runs. last month 9 runs",
         "12 runs this month, after 9 last month"),
        ("monthly", "this month: 9 runs. last month 12 runs", None),
        ("week_done", "week 6 of couch to 5k done", "week 6"),
        ("calmer", "HR 142 at 5:30 this week, HR 151 at the same pace in July",
         "142 instead of 151 at the same pace"),
        ("calmer", "HR 151 in July, now HR 142 at the same pace",
         "142 instead of 151 at the same pace"),
        ("calmer", "pulse 142 today, was 151 at the same pace in may",
         "142 instead of 151 at the same pace"),
        ("calmer", "HR 142 in july, now HR 151 at the same pace", None),
        ("calmer", "HR 142 in july, HR 151 at the same pace now", None),
        ("calmer", "HR 142 today at 150 watts, same pace as ever", None),
        ("calmer", "my sister HR 142 now, HR 151 at the same pace in may", None),
        ("rank", "2nd fastest ever!", "your second fastest"),
        ("rank", "my 3rd best week of the year", "your third best week"),
        ("rank", "my second best friend moved away", None),
        ("rank", "my second best ever friend", None),
        ("rank", "my 3rd best time at darts", None),
        ("rank", "5th longest queue of my life", None),
        ("pair", "5k times: my sister 31:02, my dad 30:40, my uncle 30:11", None),
        ("pair", "bus at 9:30, school run 8:45, alarm 6:15", None),
        ("even", "alarm 6:58 7:00 7:01 7:02", None),
        ("kept", "only 2 runs this month", None),
        ("kept", "my sister did 41 runs since january", None),
        ("kept", "my wife and i did 41 runs since january", "41 runs since January"),
        ("week_done", "i never finished week 3", None),
        ("week_done", "my son finished week 3", None),
        ("even", "laps 1:58 1:57 1:59 1:58", "4 times within 2 seconds of each other"),
        ("finally", "finally did a full push-up", "a full push-up"),
        ("pair", "squat 100 -> 180 in 8 weeks. i eat enough", None),
        ("pair", "5k from 34 mins to 33 by end of summer", None),
        ("pair", "make it 100 km not 70", None),
        ("long", "half marathon tmrw. longest 3k", None),
        ("long", "200 km walk in 2 days, longest walk ever is the zoo", None),
        ("place", "my cousin was 9th", None),
        ("place", "came second last. still grinning", None),
        ("row", "4 weeks no missed session!!!", "4 weeks without a miss"),
        ("nonstop", "ran 15 min without a stop", "you ran 15 minutes without a stop"),
    ],
)  # fmt: skip
def test_a_deed_is_told_with_its_own_figures_or_not_at_all(
    name: str, message: str, words: str | None
) -> None:
    assert told(name, message) == words


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("knocked 40 sec off my parkrun, 27:10 now", "40 seconds off your parkrun time"),
        ("longest ride ever today, 104 km!!!", "104 km, your longest ride so far"),
        ("my pulse on the climb was 165, today 152. what does that tell us?", "from 165 to 152"),
        ("skipped 3 days because of a work trip, am i screwed", "3 missed days"),
        ("did 9 of 12 sessions this month. bad?", "9 out of 12"),
    ],
)
def test_it_is_no_request_and_no_goal(message: str, words: str) -> None:
    text = said(message)
    assert words.lower() in text.lower()
    assert "stays as it is" not in text and "too much" not in text


@pytest.mark.parametrize(
    ("message", "session", "words"),
    [
        ("what is the point of an easy run", EASY, "build your endurance"),
        ("why strength, i am a cyclist",
         {"kind": "strength", "sport": "gym", "minutes": 40}, "Strong muscles"),
        ("what is this meant to do for me",
         {"kind": "intervals", "sport": "run", "minutes": 40, "zone": 5}, "tired first"),
        ("what does 3 x 10 mean?",
         {"kind": "tempo", "sport": "run", "minutes": 50, "zone": 3,
          "details": "3 x 10 min, 3 min easy between"},
         "3 times 10 min, with 3 min easy between"),
    ],
)  # fmt: skip
def test_what_a_session_is_for_is_answered(message: str, session: dict, words: str) -> None:
    assert words in said(message, session)


def test_a_changed_session_is_named_where_the_athlete_wonders() -> None:
    text = said("why only this today", replaces={"kind": "tempo", "sport": "run", "minutes": 50})
    assert text.startswith("The plan had a tempo run before") and text.count("tempo run") == 1


def test_nothing_wrong_was_done() -> None:
    text = said("rest again? did i do something wrong?", {"kind": "rest"}, reasons=["poor_sleep"])
    assert text.startswith("No, you have done nothing wrong")


def test_a_good_reason_and_a_bad_one_are_each_told_as_the_reason() -> None:
    assert "because you have been making steady progress" in said("why this run today")
    bad = said("why this run today", reasons=["niggle"])
    assert "reason for the plan is that something in your body is hurting a little" in bad


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("the physio let me do stairs again. no pain. i cried a bit", "Tears"),
        ("deadlift from 60 to 80 since you put me on two days a week", "from 60 to 80"),
        ("i was so slow today, usually its 7:30. it was 31 degrees", "heat"),
        ("DNF on saturday. dont really want to talk about it", "I am sorry"),
        (
            "my sister ran 52 minutes for 10k, i need 63. what am i doing wrong",
            "does not mean that you do anything wrong",
        ),
        ("third monday in a row i didnt go", "happens to everyone"),
        ("week 6 of couch to 5k done", "Week 6"),
        ("kept the easy run easy for once", "easy"),
        ("am i allowed to be proud of 2 km", "Yes"),
        ("did you notice i havent skipped once", "proud"),
    ],
)
def test_what_is_told_of_progress_is_taken_up_as_what_it_is(message: str, words: str) -> None:
    text = said(message)
    assert words in text and "stays as it is" not in text


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("See you Sunday, we are off grid till then!", "until then"),
        ("hey coach got a new puppy!!! name is Bolt", "Hello. You got a new puppy"),
        ("hi! what did i miss?", "missed nothing|missed anything"),
        ("love and hugs from the whole walking group", "kind greeting"),
        ("hey, quick one before the kids wake up: good morning", "good to hear from you|glad"),
    ],
)
def test_greetings_are_no_request_and_ask_nothing_that_was_said(message: str, words: str) -> None:
    text = said(message)
    assert any(part in text for part in words.split("|")) and "When would you like" not in text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_read_without_a_fault(message: str) -> None:
    tokens = tokenise(message)
    for find in (DEEDS | TALLIES).values():
        find(tokens, amounts(tokens), message)


def test_long_messages_are_read_quickly() -> None:
    message = "i ran from 5 to 6 in 7:30 and was not done, 3 x 10 km in a row without a stop " * 12
    tokens, took = tokenise(message), []
    for _ in range(5):
        start = time.perf_counter()
        for find in (DEEDS | TALLIES).values():
            find(tokens, amounts(tokens), message)
        took.append(time.perf_counter() - start)
    assert median(took) < 0.5
