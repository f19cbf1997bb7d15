"""Is a draw made of words that belong here? Loops, unknown words, words from nowhere, odd runs.

How plain a draw is, is read off the runs of three words that the gold replies and the cards use:
held-out gold replies share 74 % of theirs (one in a hundred under 46 %), the fluent nonsense of
``data/calibration/model_replies.jsonl`` 32 % (nine in ten under 45 %).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from josi_utils.guard.data import load
from josi_utils.guard.licence import Licence, stem
from josi_utils.guard.normalise import Token

#: Words that a reply may use that are in neither the case nor the vocabulary (names, slips).
UNKNOWN_ALLOWED = 2
#: Words from nowhere together: unknown ones, and rare ones of the vocabulary that the case lacks.
FOREIGN_ALLOWED = 6
#: Lowest share of three-word runs that must be known ones.
LEAST_KNOWN_RUNS = 0.48
#: One sentence may not have so many foreign words and fewer known runs than this share.
FOREIGN_IN_SENTENCE = 3
LEAST_KNOWN_IN_SENTENCE = 0.4
#: A run of so many words that comes twice is a loop.
LOOP = 7

Run = tuple[str, str, str]


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    source = load("vocabulary")
    common = frozenset(source["common"]) | {stem(w) for w in source["common"]}
    rare = frozenset(source["rare"]) | {stem(w) for w in source["rare"]}
    return common, rare


@lru_cache(maxsize=1)
def known_runs() -> dict[str, frozenset[str]]:
    """Return the known runs: the first two words, then every third."""
    return {pair: frozenset(third.split()) for pair, third in load("phrasing")["next"].items()}


def trigrams(tokens: Sequence[Token]) -> Iterator[tuple[Run, tuple[int, int]]]:
    """Yield runs of three words with the places of the first and the last word.

    ``#`` stands for a number and ``.`` for a sentence's edge.
    """
    words: list[tuple[str, int]] = []
    sentence = -1
    for at, token in enumerate(tokens):
        if token.sentence != sentence:
            words.append((".", at))
            sentence = token.sentence
        words.append(("#" if token.text[0].isdigit() else token.text, at))
    words.append((".", len(tokens) - 1))
    for first, second, third in zip(words, words[1:], words[2:], strict=False):
        yield (first[0], second[0], third[0]), (first[1], third[1])


def share_of_known_runs(tokens: Sequence[Token], licence: Licence) -> float:
    """Return the share of three-word runs that are known; runs with the athlete's words pass.

    A word that stands in the case but is no common one (a name, a place) makes its runs neutral.
    """
    runs = known_runs()
    common, _ = _vocabulary()
    known = counted = 0
    for run, _ in trigrams(tokens):
        if any(w.isalpha() and w not in common and w in licence.words for w in run):
            continue
        counted += 1
        known += run[2] in runs.get(f"{run[0]} {run[1]}", ())
    return known / counted if counted else 0.0


def odd_sentences(tokens: Sequence[Token], licence: Licence) -> list[tuple[int, int]]:
    """Return the sentences with three and more foreign words and hardly a known run."""
    runs = known_runs()
    unknown, rare = foreign_words(tokens, licence)
    foreign = Counter(tokens[at].sentence for at in unknown + rare)
    found = []
    for sentence in [s for s, count in foreign.items() if count >= FOREIGN_IN_SENTENCE]:
        places = [at for at, token in enumerate(tokens) if token.sentence == sentence]
        part = tokens[places[0] : places[-1] + 1]
        share = [run[2] in runs.get(f"{run[0]} {run[1]}", ()) for run, _ in trigrams(part)]
        if sum(share) < LEAST_KNOWN_IN_SENTENCE * len(share):
            found.append((places[0], places[-1] + 1))
    return found


def foreign_words(tokens: Sequence[Token], licence: Licence) -> tuple[list[int], list[int]]:
    """Return the places of unknown words and of rare ones that the case does not hold."""
    common, rare = _vocabulary()
    unknown, ungrounded = [], []
    for at, token in enumerate(tokens):
        word = token.text
        if not word.isalpha() or len(word) < 3:
            continue
        base = stem(word)
        if word in common or base in common or word in licence.words or base in licence.words:
            continue
        (ungrounded if word in rare or base in rare else unknown).append(at)
    return unknown, ungrounded


def loops(tokens: Sequence[Token]) -> list[int]:
    """Return where a run of :data:`LOOP` words begins for the second time, or a word stutters."""
    words = [t.text for t in tokens]
    seen: set[tuple[str, ...]] = set()
    found = []
    for at in range(len(words) - LOOP + 1):
        run = tuple(words[at : at + LOOP])
        if run in seen and not any(w[0].isdigit() for w in run):
            found.append(at)
        seen.add(run)
    return found + [
        at for at in range(2, len(words)) if words[at] == words[at - 1] == words[at - 2]
    ]
