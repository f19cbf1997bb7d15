"""The batch keeps its sequences apart: who sits where, who left and who came changes no reply."""

from __future__ import annotations

import itertools

import pytest
from gguf_models import tiny_gguf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.generate import LlamaBackend, Request, answer
from josi_utils.llama_batch import CELLS, BatchDecoder
from josi_utils.persona import Sampling, chat

#: A random model never ends by itself, so the limit is what ends its replies.
GREEDY = Sampling(temperature=0, max_new_tokens=6)
DRAWN = Sampling(max_new_tokens=6)
WORDS = (
    "my", "legs", "are", "tired", "can", "i", "run", "today", "why", "is", "it", "red", "and",
    "how", "long", "40", "zone", "2", "hi",
)  # fmt: skip
MESSAGES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def alone():
    """Return the greedy reply of a message asked by itself, of a decoder with one place."""
    backend, known = LlamaBackend(tiny_gguf(), slots=1, threads=1), {}

    def reply(message):
        if message not in known:
            known[message] = answer(backend, [request(message)], GREEDY)[0]
        return known[message]

    yield reply
    backend.close()


@pytest.fixture(scope="module")
def three():
    backend = LlamaBackend(tiny_gguf(), slots=3, threads=1)
    yield backend
    backend.close()


def request(message, seed=0):
    return Request(tuple(chat(message)), seed)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(MESSAGES, st.integers(0, 3)), min_size=1, max_size=12))
def test_a_batch_says_what_each_request_gets_alone(three, alone, asked):
    replies = answer(three, [request(message, seed) for message, seed in asked], GREEDY)
    assert replies == [alone(message) for message, _ in asked]


@pytest.mark.parametrize("seeds", [1, 2, 3, 4, 7])
def test_one_prompt_with_fewer_or_more_seeds_than_places(three, seeds):
    requests = [request("can i run", seed) for seed in range(seeds)]
    replies = answer(three, requests, DRAWN)
    assert len(replies) == seeds and all(reply.tokens == 6 for reply in replies)
    assert replies == answer(three, requests, DRAWN)


def test_replies_of_unequal_length_leave_no_gap(three, alone, monkeypatch):
    """Sequences end at odd times; whoever moves up keeps what it was saying."""
    messages = [" ".join(WORDS[i : i + 3]) for i in range(9)]
    whole = {m: alone(m).text for m in messages}
    lengths = dict(zip(range(9), itertools.cycle((1, 5, 2, 6, 3)), strict=False))
    own = BatchDecoder._over
    monkeypatch.setattr(
        BatchDecoder, "_over",
        lambda self, s, sampling: len(s.tokens) >= lengths[s.index] or own(self, s, sampling),
    )  # fmt: skip
    replies = answer(three, [request(m) for m in messages], GREEDY)
    assert [reply.tokens for reply in replies] == [lengths[i] for i in range(9)]
    for message, reply in zip(messages, replies, strict=True):
        assert whole[message].startswith(reply.text)


def test_a_run_that_was_left_half_way_does_not_touch_the_next(three, alone):
    drawn = three.replies([request(m) for m in ("hi", "my legs", "why is it red", "run")], GREEDY)
    next(drawn)
    drawn.close()
    assert answer(three, [request("my legs")], GREEDY) == [alone("my legs")]


def test_the_places_grow_with_a_long_prompt_and_the_limit_is_one_line():
    backend = LlamaBackend(tiny_gguf(), slots=2, threads=1)
    try:
        long = request("tired " * CELLS)
        (reply,) = answer(backend, [long], GREEDY)
        assert reply.tokens == 6
        short = answer(backend, [request("hi")], GREEDY)
        with pytest.raises(JosiError, match="shorten the history"):
            answer(backend, [request("tired " * 4000)], GREEDY)
        assert answer(backend, [request("hi")], GREEDY) == short
    finally:
        backend.close()


@pytest.mark.parametrize("slots", [0, -1, 256])
def test_an_impossible_number_of_places_is_one_line(slots):
    with pytest.raises(JosiError, match="slots"):
        LlamaBackend(tiny_gguf(), slots=slots)


def test_a_prompt_is_read_from_where_it_differs_and_once_for_all_its_seeds(three, monkeypatch):
    answer(three, [request("hi")], GREEDY)
    decoder, read = three._decoder, []
    own = decoder._decode
    monkeypatch.setattr(decoder, "_decode", lambda entries: (read.append(entries), own(entries)))
    prompt = decoder._tokenise(request("how long").prompt)
    system = decoder._tokenise(request("hi").prompt)
    shared = next(i for i, (a, b) in enumerate(zip(prompt, system, strict=False)) if a != b)
    answer(three, [request("how long", seed) for seed in range(3)], GREEDY)
    at_desk = [entries for entries in read if entries[0][2] == decoder._desk]
    assert [len(entries) for entries in at_desk] == [len(prompt) - shared]
    assert {len(entries) for entries in read if entries is not at_desk[0]} == {3}


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=12))
def test_pieces_told_aloud_are_whole_characters_and_make_the_reply(raw):
    """Tokens may cut a character in two; what is told never does."""
    from josi_utils.llama_batch import _Sequence

    decoder = BatchDecoder.__new__(BatchDecoder)
    decoder._bytes = lambda tokens: bytes(tokens)
    decoder._ended = lambda sequence: False
    text = raw.decode("utf-8", "ignore") + "é✓"
    said, told = text.encode(), []
    sequence = _Sequence(7, None, 0)
    for byte in said:
        sequence.tokens.append(byte)
        decoder._tell([sequence], lambda index, piece: told.append((index, piece)))
    assert "".join(piece for _, piece in told) == text
    assert {index for index, _ in told} == {7} and "\ufffd" not in text


def test_aloud_says_the_same_as_asking(three):
    told = []
    reply = three.aloud(request("why is it red", 5), DRAWN, told.append)
    assert "".join(told).strip() == reply.text and len(told) > 1
    assert [reply] == answer(three, [request("why is it red", 5)], DRAWN)


def test_closing_twice_is_safe():
    decoder = BatchDecoder(tiny_gguf(), slots=1, threads=1)
    decoder.close()
    decoder.close()
