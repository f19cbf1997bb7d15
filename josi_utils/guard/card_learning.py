"""Learn from the gold rows which words point to which card, and how sure one must be.

A gold row votes for the cards that its reply quotes. The words of all rows that quote a card, and
the card's own, make its centroid (tf-idf and cosine, as a search engine has it); a situation is
trusted as often as it named a quoted card. The threshold is the lowest at which five-fold
cross-validation is right in nine of ten, for each kind of answer. It counts a card as wrong that the gold reply happens not
to quote, so it errs to the safe side; the situations' phrases themselves were written with gold at
hand, so it errs to the other side there.

``python -m josi_utils.guard.card_learning`` rewrites the index in ``data/guard/fallback.json``: the
same gold and deck, the same bytes.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from josi_utils.files import read_jsonl, write_atomic
from josi_utils.guard.card_index import (
    NEVER,
    Index,
    case_features,
    choose,
    features,
    kind_of,
    written,
)
from josi_utils.guard.data import guard_dir, load
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import Reading, read
from josi_utils.paths import data_dir
from josi_utils.persona import split_sentences

#: A reply quotes a sentence where it has half of the sentence's runs of five words.
RUN, SHARE = 5, 0.5
#: What the words of a card's title and text count beside those of one gold message.
TITLE_COUNTS, TEXT_COUNTS = 2, 1
#: A word of fewer texts than this, and a weight below this, say nothing.
LEAST_TEXTS, LEAST_WEIGHT = 2, 0.06
FOLDS = 5
PRECISION = 0.9
#: The share is taken over all answers down to a certainty; fewer than this would be chance.
LEAST_ANSWERS = 15
#: Categories that no card answers.
_APART = frozenset({"internals_probe", "off_topic"})
_Runs = frozenset[tuple[str, ...]]


class Example(NamedTuple):
    """A gold message: its features, its reading and the cards that its reply quotes."""

    words: list[str]
    reading: Reading
    cards: frozenset[str]
    planned: bool


def _runs(text: str) -> _Runs:
    words = [t.text for t in tokenise(text)]
    return frozenset(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def examples(rows: Sequence[dict[str, Any]], deck: Sequence[dict[str, Any]]) -> list[Example]:
    """Return what there is to learn from gold rows; red flags, probes and the like are left out."""
    sentences = [(card["id"], _runs(s)) for card in deck for s in split_sentences(card["text"])]
    found = []
    for row in rows:
        if row.get("red_flag") or row["category"] in _APART:
            continue
        runs = _runs(row["reply"])
        cards = {c for c, one in sentences if one and len(one & runs) >= SHARE * len(one)}
        cards |= {row["card"]["id"]} if row.get("card") else set()
        found.append(
            Example(
                case_features(row),
                read(row["message"]),
                frozenset(cards),
                bool(row.get("decision")),
            )
        )
    return found


def _trust(taught: Sequence[Example]) -> dict[str, float]:
    """Return of each situation with a card how often it was right, smoothed towards a half."""
    named: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in taught:
        if one.planned:
            continue
        for situation in one.reading.situations:
            for card_id, _ in situation.cards[:1]:
                named[situation.id] += 1
                right[situation.id] += card_id in one.cards
    return {name: round((right[name] + 1) / (named[name] + 2), 2) for name in sorted(named)}


def learn(
    taught: Sequence[Example],
    deck: Sequence[dict[str, Any]],
    least: Mapping[str, float] | None = None,
) -> Index:
    """Return the index of the examples and of the deck itself.

    Parameters
    ----------
    taught
        From :func:`examples`.
    deck
        The cards.
    least
        The thresholds to carry, none by default.
    """
    documents: list[tuple[Sequence[str], frozenset[str]]] = [(e.words, e.cards) for e in taught]
    for card in deck:
        own = frozenset({card["id"]})
        documents += [(features(card["title"]), own)] * TITLE_COUNTS
        documents += [(features(card["text"]), own)] * TEXT_COUNTS
    counts = Counter(word for words, _ in documents for word in words)
    total = 1 + len(documents)
    rarity = {w: math.log(total / (1 + n)) + 1 for w, n in counts.items() if n >= LEAST_TEXTS}
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for words, cards in documents:
        known = [word for word in words if word in rarity]
        norm = math.sqrt(sum(rarity[word] ** 2 for word in known)) or 1.0
        for card_id in sorted(cards):
            for word in known:
                sums[card_id][word] += rarity[word] / norm
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for card_id in sorted(sums):
        length = math.sqrt(sum(value * value for value in sums[card_id].values()))
        for word, value in sums[card_id].items():
            if value / length >= LEAST_WEIGHT:
                table[word][card_id] = round(value / length, 3)
    found = {word: (round(rarity[word], 2), table[word]) for word in sorted(table)}
    return Index(found, round(math.log(total) + 1, 2), _trust(taught), least or {})


def cross_validated(
    taught: Sequence[Example], deck: Sequence[dict[str, Any]], seed: int = 0
) -> dict[str, list[tuple[float, bool]]]:
    """Return (certainty, right) of every message without a decision by kind of answer, surest first."""
    order = list(range(len(taught)))
    random.Random(seed).shuffle(order)
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for fold in range(FOLDS):
        held = set(order[fold::FOLDS])
        index = learn([taught[at] for at in order if at not in held], deck)
        for at in sorted(held):
            one = taught[at]
            choice = None if one.planned else choose(index, one.words, one.reading.situations)
            if choice:
                right = choice.card_id in one.cards
                found[kind_of(choice, one.reading.form)].append((choice.certainty, right))
    return {kind: sorted(answers, reverse=True) for kind, answers in found.items()}


def threshold(answers: Sequence[tuple[float, bool]]) -> tuple[float, float, int]:
    """Return (certainty, precision, answers) of the lowest threshold that is precise enough."""
    right, best = 0, (NEVER, 0.0, 0)
    for number, (certainty, ok) in enumerate(answers, 1):
        right += ok
        if number >= LEAST_ANSWERS and right / number >= PRECISION:
            best = (math.floor(certainty * 100) / 100, right / number, number)
    return best


def rebuilt(
    book: dict[str, Any], rows: Sequence[dict[str, Any]], deck: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, tuple[float, float, int]]]:
    """Return ``fallback.json`` with its index learnt anew, and how the thresholds were found."""
    taught = examples(rows, deck)
    answers = cross_validated(taught, deck)
    found = {kind: threshold(answers[kind]) for kind in sorted(answers)}
    index = learn(taught, deck, {kind: least for kind, (least, _, _) in found.items()})
    table = {
        "least": dict(index.least),
        "rarest": index.rarest,
        "trust": dict(index.trust),
        "words": {word: [rarity, dict(cards)] for word, (rarity, cards) in index.words.items()},
    }
    return book | {"index": table}, found


def gold_rows() -> list[dict[str, Any]]:
    """Return the hand-written rows of ``data/gold_examples`` and ``philosophy_enhanced.jsonl``."""
    files = sorted((data_dir() / "gold_examples").glob("*.jsonl"))
    files.append(data_dir() / "philosophy_enhanced.jsonl")
    return [row for path in files for _, row in read_jsonl(path)]


def main() -> None:
    """Rewrite the index and say how certain it is."""
    from josi_utils.prompt import deck

    book, found = rebuilt(load("fallback"), gold_rows(), deck())
    path = guard_dir() / "fallback.json"
    write_atomic(path, written(book))
    for kind, (least, precision, answers) in found.items():
        print(f"{kind}: a card from {least} on, {precision:.3f} right of {answers} (five-fold)")


if __name__ == "__main__":
    main()
