"""Who asks: what a question tells of its asker, named before the answer or in place of an opener.

The forms and sentences stand under ``words.asker`` in ``fallback.json``, in the order in which they
are tried: a feeling about the question, a bad experience, a first time, a working life, an age.
"""

from __future__ import annotations

from collections.abc import Sequence

from josi_utils.guard.amounts import amounts
from josi_utils.guard.composition import Words
from josi_utils.guard.normalise import Token
from josi_utils.guard.situations import Reading

#: Openers that say nothing of what is asked, so that who asks may be named in their place.
_EMPTY = (
    "It is fair to ask",
    "It is good that you ask",
    "That is worth knowing",
    "It is a good thing",
)
#: With one of these an opener says more than that.
_SAYS = (" because ", ", and it", ", and the")
#: An opener with one of these is kind by itself.
_KIND = ("sorry", " sore", "no fun", "annoying", "You feel", "embarrassed", "scary", "hurts")
#: Ages that an athlete names.
_AGES = range(18, 100)
#: Behind an age given with a capital "I": "I'm 63 and ...".
_AFTER_AGE = frozenset(("and", "years", "now", "but", "so", "with", "yo", "year", "this", "next"))


def asked_by(start: str, reading: Reading, words: Words) -> list[str]:
    """Return the sentences that open an answer: who asks, if the message tells it, and ``start``."""
    first = next(iter(reading.situations), None)
    if not reading.question or (first and first.mood) or any(word in start for word in _KIND):
        return [start]
    for form, lines in words.source["asker"].items():
        if form == "age" and (age := _age(reading.tokens)):
            said = words.of(lines).replace("{age}", age)
        elif reading.has(f"asker_{form}"):
            said = words.of(lines)
        else:
            continue
        empty = start.startswith(_EMPTY) and not any(word in start for word in _SAYS)
        return [said] if empty else [said, start]
    return [start]


def _age(tokens: Sequence[Token]) -> str | None:
    """Return the athlete's own age: "im 63", "i am 63 and", "47 years old"."""
    measured = {one.start for one in amounts(tokens) if one.kind != "span"}
    for at, token in enumerate(tokens):
        if not (token.text.isascii() and token.text.isdecimal()) or at in measured:
            continue
        if len(token.text) > 2 or int(token.text) not in _AGES:
            continue
        before = [t.text for t in tokens[max(0, at - 2) : at]]
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        ends = after is None or after.clause != token.clause or after.text in _AFTER_AGE
        if (before[-1:] == ["im"] or before == ["i", "am"]) and ends:
            return token.text
    return None
