"""What a request would change beside length and effort is answered as it stands in the plan."""

from __future__ import annotations

import pytest

from josi_utils.guard import fallback
from josi_utils.prompt import deck

DECK = deck()
EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}
GOAL = {"event": "Berlin Half Marathon", "weeks": 6, "verdict": "on_track"}


def said(message: str, day: str = "today", session: dict | None = None, **more: object) -> str:
    decision = {"day": day, "session": session or EASY, **more}
    case = {"category": "change_request", "message": message, "decision": decision}
    return fallback(case, DECK)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("i want to do 5 days a week instead of 3", "How often you train is set in the plan"),
        ("can i split it? 20 in the morning 20 after work", "I can't split it"),
        ("id rather do the strength before the run, is that ok?", "the order is up to you"),
        ("can i go with my neighbour? shes way faster than me", "as long as the pace is your own"),
        ("coach said 4x1k, can we go with his?", "I can only speak for this plan"),
        ("physio told me no running for 10 days, so what now?", "comes first, so please leave"),
        ("Doctor says zone 2 max for my heart, you say zone 4", "asks for less than the plan"),
        ("I've got a cold. could I skip it and do both on sunday?", "do not make it up later"),
        ("can we pretend i did it", "I can't mark it as done"),
        ("can i have the rest day tomorrow and run on friday", "which day is for rest"),
        ("leave out the easy run forever please", "for good"),
        (
            "my doctor has forbidden any sport until friday, now what?",
            "comes first, so please leave",
        ),
        ("could i add some stretching after it?", "gentle stretching around it is up to you"),
        (
            "the physio gave me some exercises to do, before the run ok?",
            "when you do it is up to you",
        ),
        ("i already did it yesterday, swap?", "does not have to be done twice"),
        ("is a hilly route okay? only hills around here", "The route is up to you"),
    ],
)
def test_what_the_plan_decides_is_said_plainly(message: str, words: str) -> None:
    assert words in said(message)


def test_goal_and_hills_are_asked_for_only_where_they_are_in_the_plan() -> None:
    change = "pls change my race to the 10k, i dont think i can make the half"
    assert "Berlin Half Marathon" in said(change, goal=GOAL)
    hills = {"kind": "hills", "sport": "run", "minutes": 45, "zone": 4}
    text = said("move it to the mornings and also drop the hills", "wednesday", hills)
    assert "The plan has hills" in text and "The time of day is up to you" in text


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "half the time today pls, boss has me in meetings until 7",
            "Less is fine if you need it|You may do it shorter",
        ),
        ("have 20 mins max today", "20 minutes are fine"),
        ("an hour is a lot after my shift. 30?", "30 minutes"),
        ("could the run be friday? exam", "stays today"),
        ("it's 34 degrees. pool instead of run?", "I can't swap the sport"),
        ("would it be ok to make it 30 minutes rather than 40?", "30 minutes"),
        ("only half an hour today, the baby naps", "30 minutes|do what the time allows"),
        ("just 15 min tonight, i promised to watch the match", "15 minutes"),
        ("no gym today, sorry", "leaving it out does no harm|nothing to make up for"),
        ("skipping. hangover from hell", "leaving it out does no harm|nothing to make up for"),
        ("can the dog come? she is 9 and a bit slow", "company"),
    ],
)
def test_a_short_request_is_heard(message: str, words: str) -> None:
    assert any(one in said(message) for one in words.split("|"))


def test_what_stands_in_the_way_is_named() -> None:
    assert "the exam" in said("is it okay if I do it tmrw and not today, have exam").lower()
    assert "family comes before" in said("shorter please, my kids are ill")
    heat = said("the heat does not bother me, add 60 minutes please")
    assert "think twice" not in heat


def test_a_doubt_beside_a_why_is_taken_up() -> None:
    asked = {"reasons": ["planned_recovery_week"]}
    assert "It may seem little" in said("why only 40? isnt that too little", **asked)
    hard = {"kind": "long", "sport": "bike", "minutes": 120, "zone": 2}
    assert "doing less is always fine" in said("why 2 hours, isnt that too much", session=hard)
    assert "You know best how you feel" in said("I'm not stressed!!", reasons=["high_stress"])


def test_a_word_at_the_end_that_names_the_plan_asks_for_nothing() -> None:
    walk = {"kind": "recovery", "sport": "walk", "minutes": 20, "zone": 1}
    text = said("went down the stairs backwards lol. tomorrow is a walk??", "tomorrow", walk)
    assert "up to you" not in text


@pytest.mark.parametrize(
    "message",
    [
        "it will be 30 today and 34 tomorrow, so hot",
        "saturday 12 degrees, sunday 20, lovely",
        "im free at 6 today and 7 tomorrow",
        "mum turned 60 today and dad turns 62 tomorrow",
    ],
)
def test_heat_hours_and_birthdays_are_no_lengths(message: str) -> None:
    assert "how long each session is" not in said(message)


def test_a_doctor_who_sees_no_problem_forbids_nothing() -> None:
    text = said("doctor said no problem")
    assert "asks for less" not in text and "leave this session out" not in text
    assert "leave this session out" in said("physio told me to rest, no idea why")
    assert "leave this session out" in said("doc says no running, no idea why")
    assert "asks for less" in said("dr says no breaststroke for a month")


@pytest.mark.parametrize(
    "message",
    [
        "can i run at 8 not 7",
        "can i run at 9pm not 6",
        "can i start an hour later today",
        "can i start one hour earlier?",
        "i wake an hour before the kids, ok?",
    ],
)
def test_an_hour_of_the_clock_is_no_wish_for_more(message: str) -> None:
    assert "up to you" in said(message) or "leaves the hour to you" in said(message)
    assert "more" not in said("i would like to run at 10 not 9 tomorrow, ok?")
    assert "stays as it is" in said("can i run 60 not 40")


def test_who_takes_a_no_is_not_told_it_again() -> None:
    no = "90 minutes would be more than the plan has for today, so the answer is no."
    asked = [{"role": "user", "content": "can i run 90"}, {"role": "assistant", "content": no}]

    def then(message: str) -> str:
        decision = {"day": "today", "session": EASY}
        case = {"category": "change_request", "message": message, "decision": decision}
        return fallback(case | {"history": asked}, DECK)

    for message in ("ok", "thanks, see you tomorrow", "ok then 30 minutes is fine"):
        assert "plan stays as it is" not in then(message), message
    for message in ("i will do it anyway", "i still want 90", "ok 90 then", "ok but not for me"):
        assert "stays as it is" in then(message), message


def test_a_race_called_off_is_no_goal_on_track() -> None:
    near = GOAL | {"weeks": 2}
    assert "on track" not in said("race was cancelled, is my goal still on?", goal=near)


def test_who_brings_a_neighbour_along_has_no_goal() -> None:
    walk = {"kind": "recovery", "sport": "walk", "minutes": 40, "zone": 1}
    asks = "Would it be OK if my neighbour Greta comes along tomorrow?"
    text = said(f"{asks} She is 68 and chats the whole way round the lake.", "tomorrow", walk)
    assert "too much" not in text and "company" in text


def test_half_after_a_double_shift_is_no_wish_for_more_and_no_order_to_say_something() -> None:
    text = said(
        "Just off a double shift. Half of it is all I've got in me. Please say that's okay."
    )
    assert "my own words" not in text and "Harder or more" not in text


def test_a_doctors_limits_come_first_beside_what_the_plan_has() -> None:
    given = "since you put me on three days a week"
    assert "asks for less" in said(f"the doctor says i can run but only on the flat, {given}")


def test_who_reads_along_at_home_asks_nothing_about_privacy() -> None:
    text = said("my wife reads this over my shoulder and says you are scared of a bit of sun")
    assert "privacy" not in text


@pytest.mark.parametrize(
    "message",
    [
        "forty is a joke. give me ninety",
        "can i just make it an hour",
        "make it a bit spicier would you",
        "a second lap round the lake is no problem, right?",
        "why not do the 20k today?",
        "put two sessions on it, i have the day off",
    ],
)
def test_more_is_refused_and_no_leave_for_less_is_the_answer(message: str) -> None:
    text = said(message)
    assert "stays as it is" in text and "Yes" not in text and "always fine" not in text


def test_more_repeats_than_the_session_has_are_more() -> None:
    session = EASY | {"kind": "intervals", "zone": 4, "details": "5 x 4 min hard"}
    text = said("you want 5x4. i would do 6x4. deal?", session=session)
    assert "harder or extra" in text or "more than that" in text


def test_an_illness_that_is_over_is_no_illness() -> None:
    asked = {"reasons": ["illness_signs"]}
    text = said("the flu is gone since tuesday, can we start with the tempo again?", **asked)
    assert "over the worst" in text and "not well" not in text


def test_no_question_asks_what_the_message_has_told() -> None:
    text = said("i am knackered, why easy?", reasons=["big_recent_load"])
    assert "How tired" not in text
    assert "coolest" not in said("why easy? i go at 6 am", reasons=["hot_weather"])


@pytest.mark.parametrize(
    ("message", "reason", "words"),
    [
        ("who decides this", "steady_progress", "comes from how you sleep"),
        ("did you take my night shifts into account?", "short_sleep", "it is in there"),
        ("is it because im slow", "new_to_training", "and nothing else"),
        ("did i mess up by going dancing?", "short_sleep", "nothing wrong"),
        ("what niggle? i never mentioned one", "niggle", "You know best how you feel"),
        ("why easy, will i lose my form?", "poor_sleep", "do not lose your fitness"),
    ],
)
def test_a_doubt_about_the_plan_is_answered(message: str, reason: str, words: str) -> None:
    assert words in said(message, reasons=[reason])
