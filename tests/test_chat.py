"""Chat: the words stream, the scores and the guard's word stand below, plan and card can change."""

from __future__ import annotations

import itertools
import json

import pytest

from josi_utils import chat
from josi_utils.decision import read_deck
from josi_utils.errors import JosiError
from josi_utils.generate import Reply
from josi_utils.guard import fallback, vetted_reply
from josi_utils.paths import data_dir

DECK = read_deck(data_dir() / "cards")
PLAN = (
    '{"day": "today", "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}, '
    '"reasons": ["sore_muscles"]}'
)
BAD = "Our algorithm says 90 minutes of intervals."
ASKED = "why is it so easy today"
#: What the guard would say itself, which it cannot object to.
GOOD = fallback(
    {"id": "c", "category": "feelings", "message": ASKED, "decision": json.loads(PLAN)}, DECK
)


class Scripted:
    """Says its lines in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self, *lines):
        self.name, self.asked = "scripted", []
        self._lines = itertools.chain(lines, itertools.repeat(lines[-1]))

    def aloud(self, request, sampling, hear):
        ((_, reply),) = self.replies([request], sampling)
        for word in reply.text.split(" "):
            hear(word + " ")
        return reply

    def replies(self, requests, sampling):
        for index, request in enumerate(requests):
            self.asked.append(request)
            yield index, Reply(next(self._lines), True, 9)

    def close(self):
        self.name = "closed"


def talk(monkeypatch, backend, *said, **options):
    lines = iter(said)
    monkeypatch.setattr("builtins.input", lambda _: next(lines, ""))
    chat.conversation(backend, DECK, **options)


def test_a_good_reply_streams_and_is_shown_once(monkeypatch, capsys):
    backend = Scripted(GOOD)
    talk(monkeypatch, backend, f"/decision {PLAN}", ASKED)
    told = capsys.readouterr().out
    assert told.count(GOOD[:40]) == 1
    assert "guard lets it through" in told and "warmth" in told and "Josi:" not in told
    assert "Plan: Today is an easy run of 40 minutes in zone 2." in backend.asked[0].prompt


def test_a_bad_reply_is_replaced_and_the_talk_goes_on_with_what_was_read(monkeypatch, capsys):
    backend = Scripted(BAD)
    talk(monkeypatch, backend, f"/decision {PLAN}", "why is it so easy", "and now")
    told = capsys.readouterr().out
    assert "would fail" in told and "turns it down" in told and "puts its own" in told
    # Four draws for the first message, then the second message has the athlete's view before it.
    assert len({request.seed for request in backend.asked[:4]}) == 4
    first_shown = told.split("Josi:  ")[1].split("\n")[0]
    assert first_shown in backend.asked[4].prompt and BAD not in backend.asked[4].prompt


def test_a_later_draw_may_be_taken(monkeypatch, capsys):
    talk(monkeypatch, Scripted(BAD, GOOD), f"/decision {PLAN}", ASKED)
    told = capsys.readouterr().out
    assert "takes draw 2" in told and f"Josi:  {GOOD}" in told


def test_without_the_guard_the_models_words_stay(monkeypatch, capsys):
    backend = Scripted(BAD)
    talk(monkeypatch, backend, "hello", "again", guard=False)
    assert "Josi:" not in capsys.readouterr().out
    assert BAD in backend.asked[-1].prompt


def test_a_warning_sign_is_answered_by_the_guard_alone(monkeypatch, capsys):
    talk(monkeypatch, Scripted("Run on!"), "i have chest pain when i run")
    told = capsys.readouterr().out
    assert "answers by itself: chest pain" in told
    assert vetted_reply("chest_pain", emergency=True).split(".")[0] in told


def test_a_bad_decision_is_one_line_and_the_chat_goes_on(monkeypatch, capsys):
    backend = Scripted(GOOD)
    talk(monkeypatch, backend, "/decision {nonsense", "/decision none", "/card Drink water.", "hi")
    told = capsys.readouterr().out
    assert "decision: not JSON" in told
    assert "Drink water." in backend.asked[0].prompt and "Plan:" not in backend.asked[0].prompt


def test_the_end_of_input_ends_the_chat(monkeypatch):
    def ended(_):
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    chat.conversation(Scripted(GOOD), DECK)


def test_the_notebook_cell_shows_prompt_scores_and_guard(monkeypatch, capsys):
    backend = Scripted(BAD)
    monkeypatch.setattr(chat, "open_backend", lambda *_, **__: backend)
    case = {"id": "chat", "category": "greeting", "message": "hello <b>you</b>"}
    shown = chat.one_turn("any.gguf", case, DECK).data
    assert BAD in capsys.readouterr().out and backend.name == "closed"
    assert "hello &lt;b&gt;you" in shown and "warmth" in shown and "turns it down" in shown
    assert fallback(case, DECK).split(".")[0] in shown


def test_a_case_of_the_wrong_shape_is_refused_before_a_model_is_loaded():
    with pytest.raises(JosiError):
        chat.one_turn("no-such.gguf", {"id": "chat", "message": "hi"}, DECK)
