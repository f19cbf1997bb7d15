"""Text as the guard reads it: folded letters, then words with their places in the original.

Disguises are undone the way the leak check needs it (compatibility forms, look-alike letters,
marks, invisible characters), and texting is undone the way triage needs it ("cant", "soooo", "n").
Both tables are data (``data/guard/letters.json``), so that a port reads the same ones.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from josi_utils.guard.data import load

#: Letters of any script, or a number with at most one decimal mark or colon. Linear: no part of
#: the pattern can match the same character in two ways.
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)?")
_BREAKS = frozenset(".!?;:\n,()–—|")
_SENTENCE_BREAKS = frozenset(".!?;\n")
#: Words of texts up to this length are kept for the next question about the same text.
REMEMBERED = 4000
_THRICE = re.compile(r"(.)\1\1")
_APOSTROPHES = frozenset("'’‘ʼ`´′")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or number.

    Attributes
    ----------
    text
        Folded, lower-case, apostrophes gone, texting undone.
    start, end
        Where it stands in the original.
    clause, sentence
        Count of commas-and-stops, and of stops, before it.
    raw
        As folded, before texting was undone.
    """

    text: str
    start: int
    end: int
    clause: int
    sentence: int
    raw: str


class Folded(NamedTuple):
    """A text folded to plain lower-case letters; ``offsets[i]`` is where character i came from."""

    text: str
    offsets: list[int]


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    """Fold one character; marks and format characters vanish."""
    lookalikes: dict[str, str] = load("letters")["lookalikes"]
    out: list[str] = []
    for piece in unicodedata.normalize("NFKC", char):
        piece = lookalikes.get(piece, piece)
        for part in unicodedata.normalize("NFKD", piece):
            if unicodedata.category(part) in ("Mn", "Me", "Cf"):
                continue
            part = lookalikes.get(part, part)
            out.append("".join(lookalikes.get(low, low) for low in part.casefold()))
    return "".join(out)


def fold(text: str) -> Folded:
    """Fold a text: NFKC, look-alikes, NFKD without marks and format characters, casefold."""
    if text.isascii():
        return Folded(text.lower(), list(range(len(text))))
    out: list[str] = []
    offsets: list[int] = []
    for index, char in enumerate(text):
        folded = char.lower() if char < "\x80" else _fold_char(char)
        out.append(folded)
        offsets += [index] * len(folded)
    return Folded("".join(out), offsets)


def shorten_runs(word: str, longest: int) -> str:
    """Return a word with no letter more than ``longest`` times in a row ("soooo" -> "so")."""
    out: list[str] = []
    for char in word:
        if len(out) < longest or any(previous != char for previous in out[-longest:]):
            out.append(char)
    return "".join(out)


class Texting(NamedTuple):
    """How texting is undone: slang, and the words that have a double letter."""

    slang: dict[str, str]
    doubled: frozenset[str]


@lru_cache(maxsize=4)
def _texting(version: int) -> Texting:
    source = load("letters")
    return Texting(source["slang"], frozenset(source["doubled"]))


def _plain_word(word: str, texting: Texting) -> str:
    """Undo texting in one folded word."""
    if word in texting.slang:
        return texting.slang[word]
    if _THRICE.search(word):
        # No English word has a letter three times in a row; "feel" needs two, "so" needs one.
        for longest in (2, 1):
            short = shorten_runs(word, longest)
            if short in texting.doubled or longest == 1:
                return texting.slang.get(short, short)
    return word


_SIGNS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b"}


def _unleet(text: str) -> str:
    """Return ``text`` with a single sign between two letters read as a letter ("ch3st")."""
    out = list(text)
    for at in range(1, len(text) - 1):
        if text[at] in _SIGNS and text[at - 1].isalpha() and text[at + 1].isalpha():
            out[at] = _SIGNS[text[at]]
    return "".join(out)


def _plain(raw: str, glued: bool, apostrophe: bool, texting: Texting) -> str:
    """Return a token's text: decimal point, texting undone.

    ``glued``: it stands right behind a digit ("24w"). ``apostrophe``: one was dropped in it.
    """
    if raw[0].isdigit():
        return raw.replace(",", ".")
    if glued and raw in ("w", "wk", "wks"):
        return "weeks"
    if apostrophe and raw in ("ill", "well", "were", "hell", "shell"):
        return {"ill": "i will", "well": "we will", "were": "we are"}.get(raw, "will")
    return _plain_word(raw, texting)


def tokenise(text: str) -> list[Token]:
    """Return the words and numbers of a text with their places, in linear time.

    Parameters
    ----------
    text : str
        Any text, of any script.

    Returns
    -------
    list of Token
        Apostrophes are dropped inside words, so "can't", "can’t" and "cant" are one.
    """
    return list(_remembered(text) if len(text) <= REMEMBERED else _tokenised(text))


@lru_cache(maxsize=512)
def _remembered(text: str) -> tuple[Token, ...]:
    """Return the words of a text that is asked for again and again: message, plan, card, draw."""
    return _tokenised(text)


def _tokenised(text: str) -> tuple[Token, ...]:
    texting = _texting(load("letters")["version"])
    folded = fold(text)
    # An apostrophe inside a word joins its parts; the offsets are kept beside the letters.
    kept = [i for i, char in enumerate(folded.text) if char not in _APOSTROPHES]
    joined = "".join(folded.text[i] for i in kept)
    joined = _unleet(joined)
    tokens: list[Token] = []
    clause = sentence = previous = 0
    after_digit = -1
    run, begun, joined_from = "", 0, 0  # letters and digits that stand together ("2nite")
    for match in _TOKEN.finditer(joined):
        gap = joined[previous : match.start()]
        if gap != " " and not _BREAKS.isdisjoint(gap):
            clause += 1
            if not _SENTENCE_BREAKS.isdisjoint(gap):
                sentence += 1
        raw = match.group()
        after_digit = previous if tokens and tokens[-1].raw[-1].isdigit() else -1
        previous = match.end()
        start = folded.offsets[kept[match.start()]]
        end = folded.offsets[kept[match.end() - 1]] + 1
        if match.start() != joined_from or not tokens:
            run, begun = "", len(tokens)
        run, joined_from = run + raw, match.end()
        if run != raw and run in texting.slang:
            start = tokens[begun].start
            del tokens[begun:]
            tokens += [
                Token(part, start, end, clause, sentence, run)
                for part in texting.slang[run].split()
            ]
            continue
        glued = match.start() == after_digit
        for part in _plain(raw, glued, end - start > len(raw), texting).split():
            tokens.append(Token(part, start, end, clause, sentence, raw))
    return tuple(tokens)
