"""The guard's encoder: a small model that reads what a message means, in whatever words.

MiniLM (23 million weights, 25 MB), tuned on the labelled messages, run by llama.cpp as the phone
runs Josi herself. The mean vector of a message's tokens is read by one sum for each class
(``data/guard/encoder.json``); the log-odds that it is any red flag at all are added to those of
the learnt sums of words. Three sums more tell whether a goal is told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from josi_utils.errors import JosiError
from josi_utils.guard.data import guard_dir, load
from josi_utils.guard.encoder_build import adapter_digest, encoder_file
from josi_utils.guard.flag_reading import ORDER

if TYPE_CHECKING:
    import numpy as np

#: The classes that are no red flag's: none of them; and whether one is urgent, which is learnt
#: beside but tells triage nothing that words do not.
NONE, URGENT = "none", "urgent"
#: Whether a goal of the athlete's own is told. Whether any coach would go along with it is learnt
#: beside, but not well enough to be told.
TOO_MUCH, SENSIBLE, NO_GOAL = "goal too much", "goal sensible", "no goal"
GOALS = (TOO_MUCH, SENSIBLE, NO_GOAL)
CLASSES: tuple[str, ...] = (*ORDER, NONE, URGENT, *GOALS)
#: Tokens of a message that are read at once; it was tuned on no more.
MOST_TOKENS = 160
#: A longer message is read in pieces that overlap by half: so many from its beginning, as many
#: from its end. What is between has the other voices.
PIECES = 3
#: Log-odds are rounded; a port is held to be near them (``verify.NEAR``).
DIGITS = 2


class Meaning(NamedTuple):
    """What the encoder makes of a message.

    Attributes
    ----------
    flag
        Log-odds that it is a red flag.
    kinds
        Log-odds of each flag against all the others.
    aims
        Log-odds of a goal, sensible or not, against none.
    """

    flag: float
    kinds: dict[str, float]
    aims: float


def _log_sum(values: Sequence[float]) -> float:
    highest = max(values)
    return highest + math.log(sum(math.exp(value - highest) for value in values))


def flag_sum(sums: Sequence[float]) -> float:
    """Return the log-odds that a message is a red flag, from the sums of all classes."""
    flags = [s for s, name in zip(sums, CLASSES, strict=True) if name in ORDER]
    return round(_log_sum(flags) - sums[CLASSES.index(NONE)], DIGITS)


def aims_sum(sums: Sequence[float]) -> float:
    """Return the log-odds that a goal is told, too much or not, from the sums of all classes."""
    much, sensible, none = (sums[CLASSES.index(name)] for name in GOALS)
    return round(_log_sum((much, sensible)) - none, DIGITS)


def meaning_of(sums: Sequence[float]) -> Meaning:
    """Return what the sums of all classes say."""
    of = dict(zip(CLASSES, sums, strict=True))
    kinds = {
        name: round(of[name] - _log_sum([of[other] for other in ORDER if other != name]), DIGITS)
        for name in ORDER
    }
    return Meaning(flag_sum(sums), kinds, aims_sum(sums))


class _Encoder:
    """llama.cpp with the encoder loaded; freed with the process."""

    def __init__(self, path: Path) -> None:
        import llama_cpp

        from josi_utils import llama_runtime

        self._lib = llama_cpp
        with llama_runtime.quiet_llama():
            llama_cpp.llama_backend_init()
            self._model = llama_cpp.llama_model_load_from_file(
                str(path).encode(), llama_runtime.model_params()
            )
            if not self._model:
                raise JosiError(f"{path}: llama.cpp cannot load the encoder; delete the file")
            params = llama_cpp.llama_context_default_params()
            params.embeddings = True
            params.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_MEAN
            params.n_ctx = params.n_batch = params.n_ubatch = MOST_TOKENS
            params.n_seq_max = 1
            # A message is too short to share out: threads that wait passively cost more than they do.
            params.n_threads = params.n_threads_batch = 1
            params.no_perf = True
            self._context = llama_cpp.llama_init_from_model(self._model, params)
        if not self._context:
            raise JosiError(f"{path}: llama.cpp cannot make a context; is there memory left?")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.size = llama_cpp.llama_model_n_embd(self._model)
        self._batch = llama_cpp.llama_batch_init(MOST_TOKENS, 0, 1)

    def tokens(self, text: str) -> list[int]:
        """Return the token ids of a text between ``[CLS]`` and ``[SEP]``."""
        raw = text.encode("utf-8", "replace")
        room = 2 * len(raw) + 8
        buffer = (self._lib.llama_token * room)()
        count = self._lib.llama_tokenize(self._vocab, raw, len(raw), buffer, room, True, False)
        return list(buffer[: max(count, 0)])

    def vector(self, tokens: Sequence[int]) -> np.ndarray:
        """Return the mean of the last layer over the tokens, shape ``(size,)``, float32."""
        import numpy as np

        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at], batch.pos[at] = token, at
            batch.n_seq_id[at], batch.seq_id[at][0], batch.logits[at] = 1, 0, True
        if self._lib.llama_encode(self._context, batch):
            raise JosiError("the encoder could not read a message; free some memory")
        found = self._lib.llama_get_embeddings_seq(self._context, 0)
        vector = np.ctypeslib.as_array(found, shape=(self.size,)).copy()
        if not np.isfinite(vector).all():
            raise JosiError("the encoder read no numbers; delete outputs/.cache/encoder-*")
        return vector


@lru_cache(maxsize=1)
def _encoder(path: Path) -> _Encoder:
    return _Encoder(path)


@lru_cache(maxsize=2)
def _sums(version: int, folder: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights, shape ``(classes, size)``, and starts; of this adapter and no other."""
    import numpy as np

    source = load("encoder")
    path = f"{folder}/encoder.json"
    try:
        weights = np.array(source["weights"], np.float32)
        start = np.array(source["start"], np.float32)
        fits = tuple(source["classes"]) == CLASSES
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits or weights.shape != (len(CLASSES), size) or start.shape != (len(CLASSES),):
        raise JosiError(f"{path}: not one sum of {size} weights a class; tune it anew")
    if source.get("adapter_sha256") != adapter_digest():
        raise JosiError(f"{path}: of another adapter than encoder/; restore data/guard")
    return weights, start


def _pieces(tokens: Sequence[int]) -> list[list[int]]:
    """Return a long message's tokens in pieces that overlap, each between the outer two."""
    first, inner, last = tokens[0], list(tokens[1:-1]), tokens[-1]
    room = MOST_TOKENS - 2
    starts = list(range(0, max(len(inner) - room // 2, 1), room // 2))
    if len(starts) > 2 * PIECES:
        starts = starts[:PIECES] + starts[-PIECES:]
    return [[first, *inner[at : at + room], last] for at in starts]


def sums_of(text: str) -> list[float]:
    """Return the sum of every class.

    Of a long text the flags' sums are those of the piece that most calls for help, the goals' those
    of the piece that most tells a goal.
    """
    encoder = _encoder(encoder_file())
    weights, start = _sums(load("encoder")["version"], str(guard_dir()), encoder.size)
    found = [(weights @ encoder.vector(p) + start).tolist() for p in _pieces(encoder.tokens(text))]
    goals = CLASSES.index(GOALS[0])
    return max(found, key=flag_sum)[:goals] + max(found, key=aims_sum)[goals:]


def tokens_of(text: str) -> list[int]:
    """Return a text's token ids, between ``[CLS]`` and ``[SEP]``."""
    return _encoder(encoder_file()).tokens(text)


def meaning(text: str) -> Meaning:
    """Return what a message means: a call for help, a goal (cached).

    Raises
    ------
    JosiError
        If the encoder's base is not installed, or llama.cpp cannot load it.
    """
    return _meaning(text, encoder_file(), str(guard_dir()))


@lru_cache(maxsize=4096)
def _meaning(text: str, path: Path, folder: str) -> Meaning:
    return meaning_of(sums_of(text))


def forget() -> None:
    """Empty the cache of meanings, so that reading can be timed."""
    _meaning.cache_clear()
