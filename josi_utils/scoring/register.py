"""The plain register: replies put together from stock phrases, and the chance that one makes sense.

A small model that was tuned on plain replies talks in their phrases; its nonsense is fluent and
plain, so nothing of the wit-or-nonsense counts of ``sense`` sees it. In this register good replies
are made of few kinds of sentence, so each can be held against the case: the cues (``cues``) and
the runs of words that rated nonsense has and good replies lack, weighed by a logistic regression
(``josi_utils.calibration_fit``; weights in ``data/calibration/plain_register.json``). A reply that
does not talk in stock phrases is none of this module's business.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.paths import data_dir
from josi_utils.scoring.answering import relation
from josi_utils.scoring.cues import CUES
from josi_utils.scoring.licence import WEEKDAYS, names_plan
from josi_utils.scoring.normalise import STOP_WORDS, Finding, Span, stem
from josi_utils.scoring.reading import Cue, Reading
from josi_utils.scoring.sense import sense_features

WEIGHTS_NAME = "plain_register.json"

#: From this share of stock pairs of words on a reply is in the plain register. Of the tuned
#: model's replies 98 % are, of the calibration set's 5 %, of held-out gold replies 73 %.
PLAIN = 0.68
#: A cue counts so often at most.
MOST_OF_A_CUE = 2
#: So many cues at most are shown as the reason.
SHOWN = 3
#: Longest and shortest run of words that carries a weight.
RUN_LENGTHS = (2, 3, 4)
#: Under this relation a reply that names neither plan nor card speaks of something else (see
#: :func:`josi_utils.scoring.answering.relation`): 1 in 100 gold replies, 8 in 10 that were given
#: to another message.
LEAST_RELATION = 2.5
#: Where a reply has message, plan or card to speak of, and not Josi's own lines.
_OF_THE_MESSAGE = ("knowledge", "feelings", "progress", "explain_decision", "realistic_goal",
                   "change_request")  # fmt: skip

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.:,]\d+)*|[?!.,:;]")
_DAYS = frozenset((*WEEKDAYS, "today", "tomorrow"))
_COLOURS = frozenset(("green", "amber", "red"))


def tokens(text: str) -> list[tuple[str, int, int]]:
    """Return the words and signs of a lower-cased text with their places; numbers are ``#``."""
    return [
        ("#" if m.group()[0].isdigit() else m.group(), m.start(), m.end())
        for m in _TOKEN.finditer(text)
    ]


def pairs(text: str) -> list[tuple[str, str]]:
    """Return the pairs of neighbouring words and signs of a lower-cased text."""
    return list(pairwise(["<s>", *(word for word, _, _ in tokens(text))]))


def stock_share(reading: Reading, stock: frozenset[tuple[str, str]]) -> float:
    """Return the share of a reply's pairs of words that are stock; what the case says itself is
    left out. 1 where nothing is left."""
    own = set(pairs(reading.licence.text))
    mine = [p for p in pairs(reading.text) if p not in own]
    return sum(p in stock for p in mine) / len(mine) if mine else 1.0


def runs(reading: Reading) -> Iterator[tuple[str, int, int]]:
    """Yield the runs of two to four words of all sentences that restate neither plan nor card.

    Each run comes twice, as it stands and with the athlete's and the plan's words as ``SAID`` and
    ``PLAN``; days, colours and numbers are ``DAY``, ``COL`` and ``#``. With places in the reply.
    """
    for sentence in reading.sentences:
        asked = sentence.text.endswith("?")
        if not asked and (
            reading.plan_share(sentence.text) >= 0.7 or reading.card_share(sentence.text) >= 0.6
        ):
            continue
        row = [("<q>" if asked else "<s>", 0, 0)]
        for text, start, end in tokens(sentence.text):
            word = "DAY" if text in _DAYS else "COL" if text in _COLOURS else text
            row.append((word, sentence.start + start, sentence.start + end))
        row[0] = (row[0][0], sentence.start, sentence.start)
        marked = [(_whose(word, reading), start, end) for word, start, end in row]
        for line in (row, marked):
            for length in RUN_LENGTHS:
                for at in range(len(line) - length + 1):
                    part = line[at : at + length]
                    yield " ".join(p[0] for p in part), part[0][1], part[-1][2]


def _whose(word: str, reading: Reading) -> str:
    """Return ``SAID`` or ``PLAN`` for a content word of the athlete or the plan, else itself."""
    if word.isalpha() and word.islower() and word not in STOP_WORDS:
        base = stem(word)
        if base in reading.said_stems:
            return "SAID"
        if base in reading.plan_stems:
            return "PLAN"
    return word


def measures(reading: Reading) -> dict[str, float]:
    """Return the counts beside the cues: how much of the reply is whose."""
    told, said = reading.told, reading.said_stems
    kinds: Counter[str] = Counter()
    for sentence in told:
        mine = reading.stems(sentence.text)
        if reading.plan_share(sentence.text) >= 0.7:
            kinds["of_plan"] += 1
        elif reading.card_share(sentence.text) >= 0.7:
            kinds["of_card"] += 1
        elif mine and not mine & said:
            kinds["of_neither"] += 1
    first = reading.stems(told[0].text) if told else frozenset()
    asked = reading.stems(" ".join(s.text for s in reading.asked))
    whole = reading.stems(reading.text)
    return {
        "of_card": float(kinds["of_card"]),
        "of_plan": float(kinds["of_plan"]),
        "of_neither": float(kinds["of_neither"]),
        "sentences": float(len(told)),
        "opener_shared": float(min(3, len(first & said - reading.plan_stems))),
        "opener_share": len(first & said) / max(1, len(first)),
        "question_shared": float(min(2, len(asked & said))),
        "picked": float(min(5, len(whole & said - reading.plan_stems))),
        "covered": len(whole & reading.message_stems) / max(3, len(reading.message_stems)),
        "new_words": float(min(8, len(whole - reading.licence.stems))),
        "short_message": float(len(reading.message_stems) <= 2),
        "length": len(reading.reply.split()) / 50,
        **sense_features(reading.case, reading.reply),
    }


def cue_counts(cues: Sequence[Cue]) -> dict[str, float]:
    """Return how often each cue was found, :data:`MOST_OF_A_CUE` at most."""
    found = Counter(cue.name for cue in cues)
    return {name: float(min(MOST_OF_A_CUE, found[name])) for name in CUES}


@lru_cache(maxsize=1)
def plain_weights() -> dict[str, Any]:
    """Return the fitted weights, ``stock`` as a set of pairs.

    Raises
    ------
    JosiError
        If ``data/calibration/plain_register.json`` is missing or no such file.
    """
    path = weights_path()
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        stock = frozenset(tuple(p.split(" ")) for p in raw["stock"])
        return {**raw, "stock": stock}
    except (OSError, ValueError, KeyError) as error:
        raise JosiError(
            f"{path}: no weights of the scorers ({error}); "
            "fit them with python -m josi_utils.calibration_fit"
        ) from error


def weights_path() -> Path:
    """Return where the fitted weights lie."""
    return data_dir() / "calibration" / WEIGHTS_NAME


def is_plain(reading: Reading, weights: dict[str, Any] | None = None) -> bool:
    """Return whether a reply is in the plain register."""
    weights = weights or plain_weights()
    return stock_share(reading, weights["stock"]) >= PLAIN


def plain_chance(
    reading: Reading, cues: Sequence[Cue], weights: dict[str, Any] | None = None
) -> tuple[float, list[Finding]]:
    """Return the chance that a plain reply makes sense, and what speaks most against it.

    Parameters
    ----------
    reading : Reading
    cues : sequence of Cue
        From :func:`josi_utils.scoring.cues.find_cues`.
    weights : dict, optional
        In place of the stored ones.

    Returns
    -------
    chance : float
    against : list of Finding
        The heaviest :data:`SHOWN` cues, and the sentence whose words weigh most.
    """
    weights = weights or plain_weights()
    counts = {**cue_counts(cues), **measures(reading)}
    value = weights["intercept"]
    value += sum(weights["counts"].get(name, 0.0) * count for name, count in counts.items())
    known: dict[str, tuple[float, Span]] = {}
    for run, start, end in runs(reading):
        weight = weights["runs"].get(run)
        if weight and run not in known:
            known[run] = (weight, Span(start, end, reading.reply[start:end]))
    value += sum(weight for weight, _ in known.values())
    chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
    first = {cue.name: cue for cue in reversed(cues)}
    heavy = sorted((weights["counts"].get(name, 0.0), name) for name in first)
    against = [
        Finding("pass", CUES[name].reason, first[name].span)
        for weight, name in heavy[:SHOWN]
        if weight < 0
    ]
    sums = [
        (sum(w for w, span in known.values() if one.start <= span.start < one.end), one)
        for one in reading.sentences
    ]
    weight, oddest = min(sums, key=lambda pair: pair[0], default=(0.0, None))
    if oddest and weight < 0:
        place = Span(oddest.start, oddest.end, reading.reply[oddest.start : oddest.end])
        against.append(Finding("pass", "worded as nonsense is", place))
    return chance, against


def speaks_past(reading: Reading, weights: dict[str, Any] | None = None) -> bool:
    """Return whether a reply takes up neither the message nor the plan nor the card."""
    if (
        reading.flag
        or reading.category not in _OF_THE_MESSAGE
        or len(reading.message_stems) < 2
        or names_plan(reading.reply, reading.licence)
        or any(reading.plan_share(s.text) >= 0.5 for s in reading.told)
    ):
        return False
    # A goal is answered as a goal, whatever its words: among readers' calls the relation tells
    # nothing there (35 % of the good and 43 % of the bad lie below it).
    if reading.category == "realistic_goal" and "goal" in reading.text:
        return False
    weights = weights or plain_weights()
    return relation(reading, weights["rarity"], weights["rarest"]) < LEAST_RELATION
