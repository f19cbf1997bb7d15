"""Cues of nonsense: each is found where it stands, and its look-alike is let be."""

import pytest

from josi_utils.decision import read_deck
from josi_utils.paths import data_dir
from josi_utils.scoring.cues import CUES, find_cues
from josi_utils.scoring.licence import licence_of
from josi_utils.scoring.reading import Reading, clauses, uses

EASY = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
    "readiness": "moderate",
    "reasons": ["sore_muscles"],
}
HARD = {
    "day": "friday",
    "session": {"kind": "intervals", "sport": "run", "minutes": 50, "zone": 4},
    "readiness": "high",
    "reasons": ["good_recovery"],
}
REST = {"day": "today", "session": {"kind": "rest"}, "reasons": ["short_sleep"],
        "replaces": {"kind": "tempo", "sport": "run", "minutes": 45, "zone": 3}}  # fmt: skip
GOAL = {
    **EASY,
    "goal": {"event": "Marathon", "weeks": 5, "target": "under 3 hours", "verdict": "unrealistic",
             "alternative": "finish, around 4:40"},
}  # fmt: skip
COLOURS = {"id": "k", "title": "Colours", "text": "Green means that you look well recovered. "
           "Amber means that you are partly recovered. Red means that your body needs rest. "
           "Do not squeeze two sessions into one day."}  # fmt: skip


def cues_of(reply, message="hi", category="feelings", decision=None, **more):
    case = {"id": "c", "category": category, "message": message, "decision": decision, **more}
    deck = read_deck(data_dir() / "cards")
    return list(find_cues(Reading(case, reply, licence_of(case, deck))))


def names(*args, **more):
    return {cue.name for cue in cues_of(*args, **more)}


#: cue, what fires it, what looks alike and must not; each (reply, keywords of the case).
PAIRS = [
    (
        "needless_emergency",
        ("Please call your local emergency number now, 112 in Europe.", {}),
        ("Please call 112 now.", {"category": "red_flag", "red_flag": "chest_pain"}),
    ),
    (
        "needless_doctor",
        ("Please talk to a doctor first.", {"message": "drowning in emails"}),
        ("If it gets worse, see a doctor.", {"message": "my calf is a bit tight"}),
    ),
    (
        "tell_invented",
        (
            "Tell them that you are in a swimming pool with friends.",
            {"category": "red_flag", "red_flag": "heat", "message": "dizzy and shaking in the sun"},
        ),
        (
            "Tell them that you are dizzy and shaking.",
            {"category": "red_flag", "red_flag": "heat", "message": "dizzy and shaking in the sun"},
        ),
    ),
    (
        "tell_turned",
        (
            "The right arm feels strange. Tell them so.",
            {"category": "red_flag", "red_flag": "chest_pain", "message": "left arm feels odd"},
        ),
        (
            "The left arm feels strange. Tell them so.",
            {"category": "red_flag", "red_flag": "chest_pain", "message": "left arm feels odd"},
        ),
    ),
    (
        "ack_unlicensed",
        ("I am glad that you bought a trampoline.", {"message": "morning"}),
        ("I am glad that you bought a bike.", {"message": "bought a bike yesterday"}),
    ),
    (
        "ack_like",
        ("I'm glad that you like it.", {"message": "python or javascript first"}),
        ("I'm glad that you like it.", {"message": "I love the new plan"}),
    ),
    (
        "feeling_presumed",
        ("You are so proud of yourself.", {"message": "nearly turned round in the car park"}),
        ("You can be proud, you are nervous and still go.", {"message": "bit nervous about it"}),
    ),
    (
        "turned_denied",
        ("You are not surprised.", {"message": "a little surprised by this"}),
        ("You are not lazy.", {"message": "i feel lazy"}),
    ),
    (
        "turned_affirmed",
        ("You are sore.", {"message": "I am not sore any more"}),
        ("You are sore.", {"message": "I am sore again"}),
    ),
    (
        "calls_athlete_josi",
        ("Hello Josi, nice day.", {"message": "hi josi"}),
        ("Hello, I am Josi.", {"message": "hi josi"}),
    ),
    (
        "colour_wrong",
        ("You are on green.", {"decision": EASY}),
        ("You are on amber.", {"decision": EASY}),
    ),
    (
        "plan_called_easy",
        ("The plan keeps it easy.", {"decision": HARD}),
        ("The plan keeps it easy.", {"decision": EASY}),
    ),
    (
        "plan_unseen",
        ("The plan gives you a small piece of it.", {"message": "what is zone 2"}),
        ("The plan gives you a small piece of it.", {"decision": EASY}),
    ),
    (
        "rest_with_session",
        ("Today is a rest day in zone 3.", {"decision": REST}),
        ("Today is a rest day instead of the tempo run in zone 3.", {"decision": REST}),
    ),
    (
        "old_session_told",
        ("It is a slow tempo run of 45 minutes.", {"decision": REST}),
        ("It replaces the tempo run of 45 minutes.", {"decision": REST}),
    ),
    (
        "change_invented",
        ("It replaces the hill run.", {"decision": EASY}),
        ("It replaces the tempo run.", {"decision": REST}),
    ),
    (
        "slot_wrong",
        ("The plan has an easy run of 25 minutes.", {"decision": EASY, "message": "i have 25 min"}),
        ("The plan has an easy run of 40 minutes.", {"decision": EASY, "message": "i have 25 min"}),
    ),
    (
        "reason_absurd",
        ("You have recovered well, so the plan keeps it light.", {"decision": HARD}),
        ("You have recovered well, so the plan has intervals.", {"decision": HARD}),
    ),
    (
        "reason_misplaced",
        ("Under 3 hours is too much, because your muscles are still sore.", {"decision": GOAL}),
        ("Today is an easy run, because your muscles are still sore.", {"decision": GOAL}),
    ),
    (
        "asks_before_done",
        ("How do your legs feel after the easy run?", {"decision": EASY}),
        ("How do your legs feel today?", {"decision": EASY}),
    ),
    (
        "asks_anything",
        ("What would you like to do first?", {}),
        ("What would make the garage feel less empty?", {}),
    ),
    (
        "off_topic_taken_up",
        ("Bitcoin is a very real thing.", {"category": "off_topic", "message": "bitcoin?"}),
        (
            "I can only help with your training.",
            {"category": "off_topic", "message": "bitcoin?"},
        ),
    ),
    (
        "turned_away",
        ("I can only help with your training.", {"message": "i feel lazy"}),
        ("I can hear that easy days feel lazy.", {"message": "i feel lazy"}),
    ),
    (
        "goal_endorsed",
        (
            "Under 3 hours is a good goal.",
            {"category": "unrealistic_goal", "decision": GOAL, "message": "sub 3 please"},
        ),
        (
            "Around 4:40 is a good goal.",
            {"category": "unrealistic_goal", "decision": GOAL, "message": "sub 3 please"},
        ),
    ),
    (
        "card_turned",
        ("Green means that you are partly recovered.", {"card": COLOURS, "message": "colours?"}),
        ("Amber means that you are partly recovered.", {"card": COLOURS, "message": "colours?"}),
    ),
    (
        "same_sentence_again",
        ("You did all the long work. You did all the long work.", {}),
        ("You did all the long work. Rest comes next.", {}),
    ),
    (
        "said_and_denied",
        ("You are ready today. You are not ready.", {}),
        ("You are ready today. Enjoy the evening.", {}),
    ),
]


@pytest.mark.parametrize(("name", "fires", "alike"), PAIRS, ids=[p[0] for p in PAIRS])
def test_a_cue_is_found_and_its_look_alike_is_not(name, fires, alike):
    assert name in names(fires[0], **fires[1])
    assert name not in names(alike[0], **alike[1])


def test_every_cue_of_the_pairs_has_a_meaning():
    assert {p[0] for p in PAIRS} <= set(CUES)


def test_a_cue_points_at_its_place():
    reply = "Good morning to you. I'm glad that you like it. Sleep well?"
    (cue,) = [c for c in cues_of(reply, "python or javascript") if c.name == "ack_like"]
    assert reply[cue.span.start : cue.span.end] == cue.span.text
    assert "you like it" in cue.span.text


def test_a_negation_in_the_card_must_be_kept():
    case = {"card": COLOURS, "message": "may i"}
    assert "card_turned" in names("Squeeze two sessions into one day.", **case)
    assert "card_turned" not in names("Do not squeeze two sessions into one day.", **case)


def test_clauses_keep_their_offsets():
    text = "you ran well, and it counts because you slept"
    assert [text[at : at + len(c)] == c for at, c in clauses(text)] == [True] * 3


def test_negation_reaches_four_words():
    assert uses("you are not at all sore")["sor"] == [True]
    assert uses("not that it matters much today, you are sore")["sor"] == [False]
