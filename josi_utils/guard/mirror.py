"""One thing that the athlete told, said back with "you": ``"You miss the club."``.

English first persons turn into second ones word by word, so no sentence is made up: it is a clause
of the message, whole, with ``i``, ``my`` and ``me`` turned. The lists ``mirror_*`` of
``own_words`` in ``fallback.json`` hold how such a clause may begin and which words must not stand
in it (wishes and orders, words against oneself, the body's alarms). Where a clause is not surely
one that can be said back, there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from josi_utils.guard.amounts import table
from josi_utils.guard.data import load
from josi_utils.guard.earnest import FIRST_PART
from josi_utils.guard.licence import stem
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.soundness import sound
from josi_utils.persona import count_words

#: So many words has a clause that is said back.
_FEWEST, _MOST = 3, 13
#: What everybody does is told at such a length, and not only said.
_LONG = 7
#: The only verb whose second person is another.
_SECOND = (("you am ", "you are "), ("you was ", "you were "), ("you wasn't ", "you weren't "))
#: It has at least so many words that tell, and with an opener it has at most so many words.
FEW, _LONG_OPENER = 2, 38
#: An opener that begins so takes a feeling up without saying again what was told.
_ALLOWS = ("You do not have to", "You may", "You can", "You deserve")
#: Before a condolence nothing is said back.
_CONDOLES = ("I am so sorry", "I am sorry about")
#: "Made me laugh" has its subject before it, so "you made you laugh" is not what was told.
_ITSELF = ("ou made you ", "ou made your day", "ou made your morning", "ou made your week")
#: Who is named without "my", as in "mum is in hospital".
_BARE_KIN = frozenset(("mum", "dad", "husband", "wife", "gran", "grandad", "nan", "boss", "son"))
#: A verb of a third person is longer than this.
_VERB = 3
#: Signs that may stand between two of its words.
_BETWEEN = frozenset(" -'’")


class Mirror(NamedTuple):
    """What is said back, whether it names a feeling, and whether it stands near the beginning."""

    text: str
    feels: bool
    early: bool


@lru_cache(maxsize=1)
def mirror_lists() -> dict[str, frozenset[str]]:
    """Return the lists of clauses that may be said back."""
    return {key[7:]: frozenset(v) for key, v in table().items() if key.startswith("mirror_")}


@lru_cache(maxsize=1)
def _turned() -> dict[str, str]:
    return dict(pair.split(" ", 1) for pair in table()["mirror_turned"])


@lru_cache(maxsize=64)
def mirror(message: str) -> Mirror | None:
    """Return a sentence that says one clause of the message back, the most telling one, or None.

    Parameters
    ----------
    message : str
        As it was written.

    Examples
    --------
    >>> mirror("Ugh. I miss my old club and i feel like the new kid here").text
    'You miss your old club, and you feel like the new kid here.'
    """
    tokens = tokenise(message)
    found: list[tuple[int, int, str, bool]] = []
    at = 0
    while at < len(tokens):
        one = _clause(tokens, at, message)
        if one:
            found.append((at, *one))
            at = one[0]
        else:
            at += 1
    if not found:
        return None
    best = next((n for n, one in enumerate(found) if one[3]), 0)
    said = [found[best]]
    for other in (best - 1, best + 1):
        if len(said) == 1 and 0 <= other < len(found):
            pair = sorted([found[best], found[other]])
            near = pair[1][0] - pair[0][1] <= 1
            if near and sum(len(one[2].split()) for one in pair) <= _MOST:
                said = pair
    text = ", and ".join(one[2] for one in said)
    text = f"{text[0].upper()}{text[1:]}."
    return (
        Mirror(text, any(one[3] for one in said), said[0][0] < FIRST_PART * len(tokens))
        if sound(text) and not any(said in text for said in _ITSELF)
        else None
    )


def content(text: str) -> frozenset[str]:
    """Return the stems of a text without its common words."""
    common = load("fallback")["common"]
    return frozenset(stem(t.text) for t in tokenise(text) if t.text not in common)


def beside(back: str, opener: str, greets: bool = False) -> str:
    """Return an opener with what is said back before it, behind it where it greets.

    Alone it stays where both would say the same, or be too long together.
    """
    if opener.startswith(_CONDOLES):
        return opener
    told, new = content(opener), content(back)
    twice = bool(told & new) and opener.startswith("You") and not opener.startswith(_ALLOWS)
    if twice or len(new - told) < FEW or count_words(f"{back} {opener}") > _LONG_OPENER:
        return opener
    return f"{opener} {back}" if greets else f"{back} {opener}"


def _clause(tokens: Sequence[Token], at: int, message: str) -> tuple[int, str, bool] | None:
    """Return (end, words, whether it names a feeling) of the clause that begins at ``at``."""
    lists = mirror_lists()
    if at and tokens[at].clause == tokens[at - 1].clause and not _opened(tokens, at):
        return None
    end = at + 1
    cuts: list[int] = []
    while end < len(tokens) and tokens[end].clause == tokens[at].clause:
        after = tokens[end + 1].text if end + 1 < len(tokens) else ""
        word = tokens[end].text
        new = word in lists["stops"] or (word in lists["joins"] and after in lists["subjects"])
        if new and (word != "and" or after not in lists["others"]):
            break
        if word in lists["joins"] or word in lists["cuts"]:
            cuts.append(end)
        end += 1
    for last in [end, *reversed(cuts)]:
        text = _whole(tokens, at, last, message)
        if text:
            words = {t.text for t in tokens[at : min(last, at + 6)]}
            return last, text, bool(words & (lists["states"] - lists["not_alone"] | lists["feels"]))
    return None


def _whole(tokens: Sequence[Token], at: int, last: int, message: str) -> str | None:
    """Return the words from ``at`` up to ``last`` said back, None if they cannot be."""
    lists = mirror_lists()
    while last > at and tokens[last - 1].text in lists["fillers"]:
        last -= 1
    words = [t.text for t in tokens[at:last]]
    cut = last < len(tokens) and tokens[last].clause == tokens[at].clause
    fewest = _FEWEST + (cut or bool(set(words[:2]) & lists["unable"]))
    if not fewest <= len(words) <= _MOST:
        return None
    start, close = _head(words), tokens[last - 1].end
    whole, tail = message[tokens[at].start : close], message[close : close + 3]
    if start is None or "?" in whole + tail or words[-1] in lists["dangling"]:
        return None
    barred = any(w in lists["barred"] for w in words)
    if barred or any(c in whole for c in '"“”*/@#<>[]{}&\n'):
        return None
    said = [start]
    for place in range(at, last):
        word = said_word(tokens, place, message)
        if word is None or words[place - at : place - at + 2] in (["is", "that"], ["is", "this"]):
            return None
        between = message[tokens[place - 1].end : tokens[place].start] if place > at else ""
        if not set(between) <= _BETWEEN:
            return None
        if said[-1].lower() == word.lower():
            continue
        glued = place > at and tokens[place].start == tokens[place - 1].end
        said[-1:] = [said[-1] + word] if glued else [said[-1], word]
    text = " ".join(word for word in said if word)
    for wrong, right in _SECOND:
        text = text.replace(wrong, right)
    for word in lists["adverbs"]:
        text = text.replace(f"you {word} was ", f"you {word} were ")
    return text


def _opened(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether the words before ``at``, back to the clause's start, only lead to it."""
    lists, place = mirror_lists(), at - 1
    joins = tokens[place].text in lists["joins"] and tokens[place].text != "so"
    if joins and tokens[at].text in lists["subjects"]:
        return True
    while place >= 0 and tokens[place].clause == tokens[at].clause:
        if tokens[place].text not in lists["leads"]:
            return False
        place -= 1
    return True


def _head(words: Sequence[str]) -> str | None:
    """Return what is put before a clause ("you", "you are" or nothing), None if it is no such."""
    lists = mirror_lists()
    rest = list(words)
    first = rest[0] if rest else ""
    second = next((w for w in rest[1:] if w not in lists["adverbs"]), "")
    if first in ("i", "ive"):
        if second in ("am", "was", "have") or first == "ive":
            been = [w for w in rest[1:] if w not in lists["adverbs"] | {"am", "was", "the"}]
            if first == "ive" or second == "have":
                been = [w for w in been if w != "have"]
                told = been and (been[0] in lists["since"] | lists["acts"] or been[0][-3:] == "ing")
                return "" if told else None
            return "" if been and been[0] in lists["states"] else None
        return "" if second in lists["acts"] | lists["feels"] else None
    if first == "im":
        return "" if second in lists["states"] else None
    if first in _BARE_KIN:
        return "your" if second in lists["verbs"] else None
    if first in ("my", "our"):
        nouns = [w for w in rest[1:4] if w in lists["nouns"]]
        verb = rest[rest.index(nouns[0]) + 1] if nouns and nouns[0] != rest[-1] else ""
        person = bool(nouns) and nouns[0] not in lists["parts"]
        verbs = verb in lists["verbs"] or (person and len(verb) > _VERB and verb[-1] in "sd")
        return "" if verbs or (nouns and nouns[0].endswith("s") and verb == "been") else None
    if first == "its":
        return "" if rest[1:2] == ["my"] else None
    if first == "feels" or rest[:2] in (["it", "feels"], ["it", "felt"]):
        return ("it" if first == "feels" else "") if "like" in rest[:4] else None
    if rest[:2] == ["first", "time"]:
        return "it was the" if "i" in rest else None
    if first in ("nobody", "noone", "everyone", "everybody"):
        return "" if {"i", "my", "me"} & set(rest) or len(rest) >= _LONG else None
    if first in lists["wide"]:
        own = {"me", "i"} & set(rest[1:])
        told = len(rest) > _FEWEST and own and not lists["not_wide"] & set(rest)
        return "" if told else None
    if first == "been":
        return "you have" if second in lists["states"] else None
    bare = next((w for w in rest if w not in lists["adverbs"]), "")
    if first == "did" and not (second in lists["did"] or second[:1].isdigit()):
        return None  # "did it count" asks.
    if first in lists["no_start"] or (first == "went" and set(rest[1:2]) & lists["went"]):
        return None
    if first in lists["acts"] | lists["feels"] and first in lists["alone"]:
        if first in ("feel", "felt") and rest[1:2] == ["like"]:
            return None  # It may be the run that felt like it.
        return "you are" if first in ("feeling", "dreading") else "you"
    after = rest[rest.index(bare) + 1 :][:1] if bare else []
    if bare == "fed" and after != ["up"]:
        return None  # "Fed the hens."
    loose = bare in ("proud", "happy", "missing") and after not in (
        ["of"],
        ["for"],
        ["that"],
        ["my"],
    )
    # "Lonely long run" is of the run.
    loose = loose or bool(after and bare != "missing" and after[0] not in lists["after"])
    sure = bare in lists["states"] and bare not in lists["not_alone"] and not loose
    if sure and "for" in rest and rest[-1] in ("days", "weeks", "months", "years"):
        return "you have been"
    if sure and (first == "bit" or "wreck" in rest[1:3]):
        return "you are a"
    return "you are" if sure else None


def said_word(tokens: Sequence[Token], place: int, message: str) -> str | None:
    """Return one word as it is said back: turned, its texting undone, its capital kept if a name."""
    token = tokens[place]
    if place and (token.start, token.end) == (tokens[place - 1].start, tokens[place - 1].end):
        # Parts of one written word ("gonna").
        return _turned().get(token.text, token.text)
    if token.text in _turned() and not message[token.start : token.end].lower().endswith(
        ("'s", "’s")
    ):
        return _turned()[token.text]
    written = message[token.start : token.end]
    if token.raw != token.text and written.lower() not in mirror_lists()["as_written"]:
        return token.text
    if written.replace("’", "'") == "it's" or written == "It's":
        return "it is"
    if token.text == "its":
        return "it is" if tokens[place + 1].text in ("my", "just") else None
    opens = place == 0 or tokens[place - 1].sentence != token.sentence
    name = written[0].isupper() and not opens and not written.isupper()
    word = written if name else written.lower()
    return word if all(c.isalnum() or c in "'’-.:," for c in word) else None
