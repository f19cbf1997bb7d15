"""Training and validation apart: what is one premise stays on one side."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from josi_utils.dataset_checks import near_pairs

#: Messages this alike (word 3-grams) are one premise and stay on one side of the split.
SAME_PREMISE = 0.3


def premises(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Return a premise number a row: rows with messages or replies much alike share one."""
    parent = list(range(len(rows)))

    def find(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for side in ("message", "reply"):
        for first, second, _ in near_pairs([row[side] for row in rows], threshold=SAME_PREMISE):
            parent[find(second)] = find(first)
    for first, second in _same_words(rows):
        parent[find(second)] = find(first)
    return [find(index) for index in range(len(rows))]


def _same_words(rows: Sequence[dict[str, Any]]) -> Iterable[tuple[int, int]]:
    """Yield pairs whose messages are the same but for case and punctuation."""
    first_seen: dict[str, int] = {}
    for index, row in enumerate(rows):
        key = " ".join("".join(c if c.isalnum() else " " for c in row["message"].lower()).split())
        if key in first_seen:
            yield first_seen[key], index
        first_seen.setdefault(key, index)


def split(
    rows: Sequence[dict[str, Any]], valid_share: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Split rows into training and validation, whole premises at a time.

    The order in which premises are offered to validation is the hash of their first id, so adding
    a row moves few others.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for index, premise in enumerate(premises(rows)):
        groups[premise].append(index)
    wanted = {
        category: valid_share * count
        for category, count in Counter(row["category"] for row in rows).items()
    }
    chosen: set[int] = set()
    for members in sorted(groups.values(), key=lambda m: id_hash(rows[m[0]]["id"])):
        category = rows[members[0]]["category"]
        if len(members) <= wanted[category]:
            chosen.update(members)
            wanted[category] -= len(members)
    train = [row for index, row in enumerate(rows) if index not in chosen]
    return train, [row for index, row in enumerate(rows) if index in chosen]


def id_hash(text: str) -> str:
    """Return the hash by which rows are put into a stable order that is not theirs."""
    return hashlib.sha256(text.encode()).hexdigest()
