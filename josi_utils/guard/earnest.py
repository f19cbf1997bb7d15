"""What a message asks in earnest, what it says in passing, and what is the athlete's own.

"You know?" wants an ear and no answer, and so does "is it silly that i'm nervous?". And "my son
cried" tells of other tears than "i cried". Both are read off the words and their places here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar

from josi_utils.guard.normalise import Token
from josi_utils.guard.phrases import Hit

#: What a clause that asks begins with, and what follows.
_ASKS = frozenset(["is", "are", "can", "could", "should", "would", "will", "may", "does", "shall"])
_ASKED = frozenset(
    ["i", "it", "that", "this", "the", "a", "an", "my", "she", "he", "we", "they", "you", "there"]
)
#: Somebody else's words: "he said 'you? a triathlon?' and laughed".
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^“”\n]{0,200}”|(?<![^\W_])['‘][^'‘’\n]{0,200}['’](?![^\W_])")
#: Families of ``fallback.json`` with questions that want an ear.
EAR = ("form ear_silly", "form ear_shared", "form ear_told")
#: A sentence of these words alone asks nothing: "Honestly? I'm fed up."
_ASIDES = frozenset(
    ["honestly", "seriously", "eh", "huh", "see", "result", "the result is", "you know", "know what", "you know what", "and you know what", "guess what", "the result",
     "truth", "the truth", "my mood", "mood", "worst part", "the worst part", "the best part",
     "the best bit", "the worst bit", "best part", "and me", "me"]
)  # fmt: skip
#: Situations that are the athlete's own, as every deed is: "my son cried" is none of them.
OWN = frozenset(
    ["crying", "ashamed", "feel_low", "tired", "sad", "meh", "angry", "annoyed", "lonely", "worried",
     "excited", "race_nerves", "shaky", "bored", "not_good_enough", "motivation_low", "great_mood",
     "proud", "guilty", "gutted", "stuck", "overwhelmed", "work_stress", "cant_sleep", "short_night",
     "relieved", "felt_strong", "feel_high", "proud_of_me", "test_nerves", "irritable", "excited_race",
     "self_doubt", "tired_legs", "exam_stress", "joy_gone", "sick_of", "quit_thoughts"]
)  # fmt: skip
_OWN = frozenset(["i", "im", "ive", "id", "me", "my", "we", "our", "us", "weve", "were", "myself"])
_THEY = frozenset(["he", "hes", "she", "shes", "hed", "shed", "who", "whos"])
#: Who is named after one of these does nothing: "ran with my wife", "proud of my son".
_BESIDE = frozenset(
    ["with", "of", "for", "by", "than", "to", "from", "at", "beside", "behind", "past", "against",
     "beat", "about", "and", "without", "before", "after", "on", "like", "told", "made", "let"]
)  # fmt: skip
_HIS = frozenset(["my", "our", "the", "his", "her", "little", "best", "old", "older", "younger",
                  "teenage", "youngest", "eldest", "big", "baby"])  # fmt: skip


#: A message of more words tells more than one thing, and one of them may be said in passing.
LONG = 12
#: Phrases of so many words are hardly ever said in passing.
TELLING = 3
#: What stands in this part of a message, from its beginning on, is no more said in passing.
FIRST_PART = 1 / 3
#: A feeling is the athlete's own right after one of these, wherever it stands.
_FEELS = frozenset(["i", "im", "ive", "feel", "feeling", "felt"])


class _Entry(Protocol):
    """What is read of an entry of the book of situations."""

    id: str
    done: bool
    strong: bool
    mood: str
    cards: Sequence[object]
    any_of: frozenset[str]


Entry = TypeVar("Entry", bound=_Entry)


def asks_later(tokens: Sequence[Token]) -> bool:
    """Tell whether a later clause begins as a question does: "not up for it, can i walk"."""
    return bool(_later(tokens))


def _later(tokens: Sequence[Token]) -> set[int]:
    return {
        one.sentence
        for before, one, two in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if one.text in _ASKS and two.text in _ASKED and one.clause == two.clause != before.clause
    }


def wants_answer(message: str, tokens: Sequence[Token], hits: Sequence[Hit], feels: bool) -> bool:
    """Tell whether one of a message's questions is more than a way of speaking.

    Parameters
    ----------
    message : str
        That asks something.
    tokens : sequence of Token
        Its words.
    hits : sequence of Hit
        Of the phrases of ``fallback.json``.
    feels : bool
        Whether it tells a feeling: only then a question may want no more than an ear.
    """
    asked = _later(tokens) | _marked(message, tokens)
    asked |= {tokens[h.start].sentence for h in hits if h.family == "form asks"}
    heard = {tokens[h.start].sentence for h in hits if feels and h.family in EAR}
    said: dict[int, list[str]] = defaultdict(list)
    for token in tokens:
        said[token.sentence].append(token.text)
    for sentence in asked - heard:
        if " ".join(said[sentence]) not in _ASIDES or len(said) == 1:
            return True
    return not asked and not _QUOTED.search(message)


def _marked(message: str, tokens: Sequence[Token]) -> set[int]:
    """Return the sentences that end in a question mark, in words of the athlete's own."""
    said = _QUOTED.sub(lambda quote: " " * len(quote[0]), message)
    message = said if "?" in said or "said" in message.lower() else message
    ends = list(zip(tokens, [*(t.start for t in tokens[1:]), len(message)], strict=True))
    return {token.sentence for token, after in ends if "?" in message[token.end : after]}


def athletes_own(
    held: Sequence[Entry], tokens: Sequence[Token], hits: Sequence[Hit], kin: Sequence[str]
) -> tuple[tuple[Entry, ...], frozenset[str]]:
    """Return the entries without those that tell of somebody else, and what these tell.

    Parameters
    ----------
    held : sequence of Situation
        That hold for a message.
    tokens, hits : sequence of Token, of Hit
        Its words, and the phrases of ``fallback.json`` in it.
    kin : sequence of str
        Words for those who may be near to an athlete.

    Returns
    -------
    tuple of Situation, frozenset of str
        ``THEIRSAD`` and ``THEIRDONE``, families of the book, are what somebody else feels or did.
    """
    may_be = [one for one in held if one.done or one.id in OWN]
    if not may_be:
        return tuple(held), frozenset()
    theirs = of_others(tokens, frozenset(kin))
    own = {h.family for h in hits if not theirs[h.start]}
    lost = [one for one in may_be if not one.any_of & own]
    told = {"THEIRDONE" if one.done or one.mood == "glad" else "THEIRSAD" for one in lost}
    return tuple(one for one in held if one not in lost), frozenset(told)


def of_others(tokens: Sequence[Token], people: frozenset[str]) -> list[bool]:
    """Return for each word whether another one than the athlete does or feels what begins there.

    In one pass: a word that decides nothing leaves it to the word before it.

    Parameters
    ----------
    tokens : sequence of Token
        The words of the message.
    people : frozenset of str
        Words for those who may be near to an athlete.
    """
    begins: list[bool] = []
    behind: list[bool] = []  # what is known behind each word, for the rest of its sentence
    first = 0  # where the words such as "my little" begin that stand right before this one
    for place, token in enumerate(tokens):
        word = token.text
        same = place > 0 and tokens[place - 1].sentence == token.sentence
        begins.append(same and behind[place - 1])
        if word in people or word.removesuffix("s") in people:
            lead = tokens[first - 1] if first > 0 else None
            if lead and lead.text in _BESIDE and lead.sentence == token.sentence:
                behind.append(behind[first - 1])
            else:
                behind.append(first < place)
        elif word in _THEY:
            behind.append(True)
        else:
            behind.append(word not in _OWN and begins[place])
        if word not in _HIS:
            first = place + 1
    return begins


def in_passing(one: Entry, hits: Sequence[Hit], tokens: Sequence[Token]) -> bool:
    """Tell whether an entry rests on one short phrase somewhere on in a long message.

    Such words are seldom what the message is about: "we played cards, and in the end there was
    talk of why mondays are hard". Read by people, what such a phrase led to fitted one message in
    four (docs/log.md). Where a card answers, it is left to the card.

    Parameters
    ----------
    one : Entry
        That holds for the message.
    hits : sequence of Hit
        Of the message.
    tokens : sequence of Token
        Its words.
    """
    if one.cards or one.done or one.strong or len(tokens) <= LONG:
        return False
    at, end = len(tokens), 0
    for hit in sorted(hit for hit in hits if hit.family in one.any_of):
        if end and hit.start >= end:
            return False  # it is said in two places
        at, end = min(at, hit.start), max(end, hit.end)
    feels = {token.text for token in tokens[max(at - 2, 0) : at + 1]} & _FEELS
    far = at >= FIRST_PART * len(tokens) and end - at < TELLING
    return far and not (one.mood and feels)
