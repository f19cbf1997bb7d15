"""Sentence by sentence: show what is licensed while the model still speaks, and finish by rule.

A sentence is shown as soon as it has ended and is licensed as it stands; nothing that was shown is
ever taken back. At the first sentence that is not, the model is stopped, and what the reply still
lacks (its stand, the plan, the reason, the question) is added in vetted words. So the athlete waits
for one sentence instead of for whole draws, and always gets a reply that is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from josi_utils.guard.accept import Desk, judge
from josi_utils.guard.fallback import Composition, compose
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.pieces import HANDED

#: A sentence has ended where white space follows its stop: "10." may still become "10.5".
_SENTENCE = re.compile(r"[.!?…]+[\"'”’)]*(?=\s)")
#: Rules that a reply may still come to keep while it grows.
PENDING = frozenset(("length", "missing", "end"))


def settled(desk: Desk, text: str, *, shown: int = 0, finished: bool = False) -> tuple[int, bool]:
    """Return how much of an unfinished draw may be shown, and whether to read on.

    Parameters
    ----------
    text : str
        The draw so far.
    shown : int
        How many of its characters are shown already.
    finished : bool
        Whether the model has ended it.

    Returns
    -------
    (characters, on) : tuple of int and bool
        ``on`` is False where a sentence is not licensed, or nothing may follow.
    """
    ends = [match.end() for match in _SENTENCE.finditer(text)]
    ends += [len(text)] if finished and text.rstrip()[-1:] in (".", "!", "?") else []
    for end in (e for e in ends if e > shown):
        sentence, part = text[shown:end], text[:end]
        verdict = judge(desk, part)
        if "?" in sentence:  # the last word: only where nothing is lacking any more
            return (end, False) if verdict.ok else (shown, False)
        if any(r.rule not in PENDING and (r.end or r.rule == "leak") for r in verdict.reasons):
            return shown, False
        if any(r.rule in ("control", "form") for r in verdict.reasons):
            return shown, False
        shown = end
    return shown, not finished


def completed(desk: Desk, shown: str, whole: Composition) -> str:
    """Return ``shown`` with what it lacks, in the words of ``whole``.

    Parameters
    ----------
    shown : str
        Licensed sentences, as :func:`settled` gives them; may be empty.
    whole : Composition
        The vetted reply to the case.
    """
    shown = shown.strip()
    if not shown:
        return whole.text
    if judge(desk, shown).ok:
        return shown
    reading = desk.reader.read(shown, tokenise(shown))
    said = {piece.number for piece in reading.pieces if piece.source == "say"}
    sources = {piece.source for piece in reading.pieces}
    own = any(piece.source in HANDED for piece in reading.pieces)
    opening = [line for at, line in enumerate(whole.opening) if at not in said]
    lacking = {r.rule for r in judge(desk, shown).reasons}
    lines = opening if "stance" in lacking or not own else []
    if whole.plan:
        lines = lines + (whole.plan[:1] if lacking & {"missing", "stance"} else [])
        lines = lines + ([] if sources & {"reason", "state"} else whole.plan[1:])
    short = " ".join([shown, *lines, whole.ask])
    full = " ".join([shown, *opening, *whole.plan, *whole.further(), whole.ask])
    # Every sentence of both is licensed; what was shown is never taken back.
    return full if not judge(desk, short).ok and judge(desk, full).ok else short


def streamed(desk: Desk, pieces: Iterable[str]) -> Iterator[str]:
    """Yield what may be shown of a draw that arrives in pieces, sentence by sentence.

    Parameters
    ----------
    pieces : iterable of str
        The model's words as they come; no more are taken once a sentence is not licensed.

    Yields
    ------
    str
        The next piece of the reply; all of them together are the reply.
    """
    text, shown, on, ends = "", 0, True, 0
    for piece in pieces:
        text = (text + piece).lstrip()
        if ends == (ends := len(_SENTENCE.findall(text))):
            continue
        reach, on = settled(desk, text, shown=shown)
        if reach > shown:
            yield text[shown:reach]
            shown = reach
        if not on:
            break
    if on:
        reach, _ = settled(desk, text, shown=shown, finished=True)
        if reach > shown:
            yield text[shown:reach]
            shown = reach
    said = text[:shown].strip()
    rest = completed(desk, said, compose(desk.case, desk.deck))[len(said) :]
    if rest:
        yield rest
