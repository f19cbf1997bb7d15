"""Brevity: everything that matters in about 20 to 60 words, no padding, no loop, not cut off."""

from __future__ import annotations

import re

from josi_utils.persona import count_words
from josi_utils.scoring.normalise import Finding, Span, content_stems, sentences, words

#: The rubric's bands: (most words, score), the first that fits counts.
BANDS: tuple[tuple[int, float], ...] = (
    (7, 1.0),
    (11, 2.0),
    (19, 4.0),
    (60, 5.0),
    (70, 4.0),
    (79, 3.0),
    (95, 2.0),
)

_CLOSED = re.compile(r"[.!?…)\]\"'”’*]\s*$")


def is_cut_off(reply: str, finished: bool = True) -> bool:
    """Return whether the reply ends in mid-sentence.

    An emoji at the end closes a sentence; a bare letter, digit, comma or dash does not.
    """
    text = reply.rstrip()
    if not text:
        return True
    if _CLOSED.search(text):
        return not finished and text[-1] not in ".!?…"
    last = text[-1]
    return last.isalnum() or last in ",;:-–—(" or not finished


def repetition(reply: str) -> float:
    """Return the share of four-word runs that stood in the reply before (0 to 1)."""
    tokens = [w.text for w in words(reply)]
    runs = [tuple(tokens[i : i + 4]) for i in range(len(tokens) - 3)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def repeated_sentences(reply: str) -> list[Span]:
    """Return sentences that say what an earlier one said (their words are nearly the same)."""
    seen: list[set[str]] = []
    out = []
    for sentence in sentences(reply):
        stems = content_stems(sentence.text)
        if len(stems) >= 2:
            if any(len(stems & old) / len(stems | old) >= 0.75 for old in seen):
                out.append(sentence)
            seen.append(stems)
    return out


def score_brevity(
    reply: str, finished: bool = True, *, sense: float = 1.0, bare: bool = False
) -> tuple[float, list[Finding]]:
    """Score brevity from 1 to 5: the rubric's word bands, less for what is spare or missing.

    Parameters
    ----------
    reply : str
    finished : bool
        Whether it ended by itself.
    sense : float
        Chance that it makes sense; words without sense are padding.
    bare : bool
        Whether it neither says what is planned nor asks anything.

    Returns
    -------
    score : float
    why : list of Finding
    """
    count = count_words(reply)
    score = next((value for most, value in BANDS if count <= most), 1.0)
    why = []
    if score < 5:
        why.append(Finding("brevity", f"{count} words; about 20 to 60 is right"))
    again = repeated_sentences(reply)
    share = repetition(reply)
    if again or share >= 0.08:
        score -= 3.0 if share >= 0.25 else 2.0 if share >= 0.15 else 1.0
        why.append(Finding("brevity", "says the same thing again", again[0] if again else None))
    if sense < 0.5:
        score -= 2.0 if sense <= 0.2 and score > 3 else 0.5
        why.append(Finding("brevity", "words that say nothing here"))
    elif bare:
        score -= 0.7
        why.append(Finding("brevity", "what matters is not in it"))
    if reply.count("?") >= 3:
        score -= 1.0
        why.append(Finding("brevity", "several questions at once"))
    if is_cut_off(reply, finished):
        score = 1.0
        last = sentences(reply)[-1:] or [None]
        why.append(Finding("brevity", "cut off in mid-sentence", last[0]))
    return max(1.0, score), why
