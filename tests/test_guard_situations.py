"""The book of situations: its words hold together, its phrases can be found, bad books are named."""

from __future__ import annotations

import ast
import copy
import fnmatch
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.guard import situations as module
from josi_utils.guard.data import load
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import VERSION, check, read, situation_book
from josi_utils.persona import count_words, split_sentences
from josi_utils.prompt import deck

BOOK = load("fallback")
CARDS = {card["id"]: split_sentences(card["text"]) for card in deck()}


def ids(message: str) -> list[str]:
    return [one.id for one in read(message).situations]


def broken(**change) -> dict:
    return copy.deepcopy(BOOK) | change


def test_there_are_many_families_and_each_has_a_name_of_its_own() -> None:
    names = [one["id"] for one in BOOK["situations"]]
    assert len(names) == len(set(names)) >= 150
    assert BOOK["version"] == VERSION


def ids_in(source: str, module_name: str) -> Iterator[str]:
    """Yield the ids, and their beginnings with ``*``, that code holds a situation's id against."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and getattr(node.left, "attr", "") == "id":
            against = node.comparators[0]
            if isinstance(against, ast.Name):
                named = getattr(importlib.import_module(module_name), against.id)
            else:
                named = ast.literal_eval(against)
            yield from [named] if isinstance(named, str) else named
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".id.startswith"):
            yield f"{ast.literal_eval(node.args[0])}*"


def test_every_id_that_is_named_in_code_is_in_the_book() -> None:
    """An id that is renamed in the book would silently never be found by the code."""
    names = [one["id"] for one in (*BOOK["situations"], *BOOK["asides"])]
    named = {
        name
        for path in Path(module.__file__).parent.glob("*.py")
        for name in ids_in(path.read_text(encoding="utf-8"), f"josi_utils.guard.{path.stem}")
    }
    assert {"goal_gone", "compare", "person_q", "funny", "zone_*", "deed_*"} <= named
    assert [one for one in named if not fnmatch.filter(names, one)] == []


def test_every_card_that_a_situation_names_is_in_the_deck_with_its_sentences() -> None:
    for one in BOOK["situations"]:
        for card_id, places in one.get("cards", ()):
            # No places: it belongs to that card too, and the card's own best sentences are said.
            assert all(place < len(CARDS[card_id]) for place in places), one["id"]


def lists(book: object) -> Iterator[list[str]]:
    """Yield the lists of phrases and words of a book."""
    if isinstance(book, list) and book and all(isinstance(one, str) for one in book):
        yield book
    elif isinstance(book, dict | list):
        for one in book.values() if isinstance(book, dict) else book:
            yield from lists(one)


def test_every_group_is_used_and_no_list_says_a_thing_twice() -> None:
    """What nothing reads, and what stands twice, only looks as if it did something."""
    folder = Path(module.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    named = {word for some in lists(BOOK) for text in some for word in text.split()}
    unused = [g for g in BOOK["groups"] if not {f"@{g}", f"!{g}"} & named and f'"{g}"' not in code]
    assert unused == []
    twice = {text for some in lists(BOOK) for text in some if some.count(text) > 1}
    assert twice == set()


def test_openers_are_short_and_say_no_number_and_no_inner_workings() -> None:
    for one in BOOK["situations"]:
        for text in one["say"]:
            assert count_words(text) <= 30 and text.endswith("."), text
            assert not any(c.isdigit() for c in text), text


def test_phrases_are_written_as_messages_are_read() -> None:
    """A phrase with a capital, an apostrophe or a spelling that is folded could never be found."""
    lists = [one[key] for one in BOOK["situations"] for key in ("any", "with", "not") if key in one]
    for phrases in [*lists, *BOOK["groups"].values(), *BOOK["forms"].values()]:
        for phrase in phrases:
            plain = [w for w in phrase.split() if w[0] not in "#@^_$!" and not w.endswith("*")]
            assert [t.text for t in tokenise(" ".join(plain))] == plain, phrase


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("my gran died on sunday", "grief"),
        ("got engaged!!", "engaged"),
        ("cba today", "motivation_low"),
        ("on nights again this week", "night_shift"),
        ("ran 5k without stopping!!", "no_stop"),
        ("thanks josi", "thanks"),
        ("its my birthday today", "birthday_own"),
        ("everybody at the rowing club is faster and nicer than me", "compare"),
        ("He was 14, that dog did every single walk with me.", "grief"),
        ("back from the stag do, dont ask", "wedding_over"),
        ("is zone 2 meant to be this slow", "zone_2"),
    ],
)
def test_a_message_is_known_by_what_it_says(message: str, name: str) -> None:
    assert name in ids(message)


def test_code_that_leaks_is_no_sign_of_the_body() -> None:
    assert "pelvic" not in ids("an underscore? is that some code in there leaking out?")
    assert "pelvic" in ids("i leak when i jump")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("im not tired at all", "tired"),
        ("no longer fed up", "sick_of"),
        ("the phone died on me", "grief"),
        ("giving up coffee for a week", "whats_the_point"),
    ],
)
def test_what_is_denied_or_meant_otherwise_is_not_taken_up(message: str, name: str) -> None:
    assert name not in ids(message)


def test_short_situations_hold_for_short_messages_alone() -> None:
    assert "thanks" in ids("ok thanks")
    assert "thanks" not in ids("thanks to the wind i had to walk all the way home from the lake")


def test_good_and_bad_news_together_have_both_moods() -> None:
    assert read("so proud of my 5k!! but my gran died").mood == "both"
    assert read("so proud of my 5k!!").mood == "glad"
    assert read("the bin is green").mood == ""


def test_a_question_is_known_with_and_without_its_mark() -> None:
    assert read("is zone 2 ok").question and read("zone 2?").question
    assert not read("zone 2 was lovely").question


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 1}, "version 1"),
        ({"goal_words": {}}, "lacks goal_words"),
        ({"situations": [{"id": "x", "any": ["a"], "say": ["Is it?"]}]}, "situation 'x'"),
        ({"situations": [{"id": "x", "any": ["a"], "say": [" "]}]}, "situation 'x'"),
        (
            {"situations": [{"id": "x", "any": ["a"], "say": ["Yes."], "ask": ["No."]}]},
            "'No.' is no question",
        ),
    ],
)
def test_a_bad_book_is_named_in_one_line(change: dict, words: str) -> None:
    with pytest.raises(JosiError, match=words) as error:
        check(broken(**change))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"id": "x", "say": ["Yes."]}, "needs an id"),
        ({"id": "x", "any": ["a"], "say": ["Yes."], "mod": "sad"}, "unknown"),
        ({"id": "x", "any": ["a"], "say": ["Yes."], "mood": "blue"}, "mood"),
        ({"id": "x", "any": ["@NOBODY"], "say": ["Yes."]}, "no group 'NOBODY'"),
    ],
)
def test_a_bad_situation_is_named(entry: dict, words: str, monkeypatch) -> None:
    real = module.load
    spoiled = broken(situations=[entry])
    monkeypatch.setattr(module, "load", lambda n: spoiled if n == "fallback" else real(n))
    with pytest.raises(JosiError, match=words):
        situation_book.__wrapped__()


@given(st.text(max_size=300))
@settings(max_examples=80, deadline=None)
def test_any_text_can_be_read(message: str) -> None:
    reading = read(message)
    assert reading.mood in ("sad", "glad", "both", "")
    assert reading.plain <= reading.found


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("slept 4h and my run was crap. progress gone?", "q_progress_gone"),
        ("a year ago i was puffing to the bus stop. today i jogged past it", "year_ago_today"),
        ("WE HAD THE BABY!! havent slept", "baby_born_tired"),
        ("overdosed on hot cross buns so the first km was a waddle", "ate_waddle"),
        ("my daughter says i should talk to you. so. here i am", "sent_to_josi"),
        ("heyy coach, broke up with the couch finally, long time no see", "back_again"),
        ("morning! slept through the alarm, oops", "overslept"),
        ("i couldnt do one push up in jan, 12 today", "came_far"),
        ("its the anniversary of my brothers death so today is quiet", "grief_anniversary"),
        ("we buried grandpa today, i will run for him tomorrow", "grief_buried"),
        ("my dad beat me at parkrun. hes 68", "beaten_by_kin"),
    ],
)
def test_what_an_athlete_tells_finds_its_own_words(message: str, first: str) -> None:
    assert ids(message)[0] == first


@pytest.mark.parametrize(
    ("message", "never"),
    [
        ("my dad beat me last night", "beaten_by_kin"),
        ("easy days are a waste of time change my mind", "felt_wasted"),
        ("i havent been out of breath on the hill for a week", "missed_plain"),
        ("my pace is slower than last year, a year ago i was fit", "year_ago_today"),
    ],
)
def test_a_word_alone_does_not_make_a_situation(message: str, never: str) -> None:
    assert never not in ids(message)


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("my dad died in the summer and today was his birthday", "grief_day"),
        ("coach i got dumped on saturday by text", "divorce"),
        ("baby is 6 wks old, bad nights, im a zombie", "baby_nights"),
        ("i helped an old man with his shopping", "good_deed"),
        ("my physio says i can run again and im terrified", "cleared_and_scared"),
        ("hill that i walked in august i ran today", "walked_then_ran"),
        ("proud and annoyed: finished the tri but last in my age group", "last_and_both"),
        ("hey, back from the hospital, it's a girl!! 3.2 kilo", "baby_born"),
        ("passed over for promotion again", "rejected"),
        ("my ex is getting married", "ex_marries"),
        ("everyone said i'd quit by week 3. week 7 now", "doubters"),
    ],
)
def test_a_life_beside_training_finds_its_own_words(message: str, first: str) -> None:
    assert ids(message)[0] == first


def test_one_word_that_agrees_asks_for_nothing() -> None:
    for message in ("ok", "k", "alright", "fine"):
        assert not read(message).question and not read(message).has("change")
    assert read("ok?").question
    assert not read("what a relief").question and read("what now").question


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("second thoughts about the whole triathlon thing tbh", "second_thoughts"),
        ("training partner dumped me for a faster one, ouch", "partner_switched"),
        ("I don't know why I even bother writing here", "point_of_writing"),
        ("Hit my goal today, 100 press ups in a week", "goal_hit"),
        ("boss praised me today!!", "praised_at_work"),
        ("Scale hasnt moved but jeans are loose", "scale_same"),
        ("Got the job I wanted, but my dad is back in hospital", "family_hospital"),
    ],
)
def test_second_thoughts_partings_and_halves_are_taken_for_what_they_are(
    message: str, first: str
) -> None:
    assert ids(message)[0] == first
