"""Rated replies as the calibration reads them: replies, cases, and each rater's labels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.paths import data_dir

SCALES = ("warmth", "brevity", "plain")
FLAGS = ("faithful", "question", "leak", "pushback", "safe", "pass")

#: Name -> what it is called on the page. ``pointed`` and ``composed`` (:mod:`josi_utils.readers`) are
#: none of these: no weight is fitted on them and no bar is set.
SETS: dict[str, str] = {
    "calibration": "rated replies",
    "model": "a bad model's replies",
    "tuned": "the tuned model's replies",
}


@dataclass(frozen=True)
class Item:
    """One labelled reply: its case, each rater's label by the rubric's fields, and who spoke."""

    id: str
    case: dict[str, Any]
    reply: str
    labels: tuple[dict[str, Any], ...]
    voice: str = ""

    def mean(self, field: str) -> float:
        """Return the raters' mean on a scale."""
        return sum(label[field] for label in self.labels) / len(self.labels)

    def majority(self, field: str) -> bool | None:
        """Return what more than half of the raters say; None where the field does not apply."""
        votes = [label[field] for label in self.labels if label[field] is not None]
        return sum(votes) * 2 > len(votes) if votes else None


def read_set(name: str, folder: Path | str | None = None) -> list[Item]:
    """Read ``<name>_replies.jsonl`` and ``<name>_labels.jsonl``.

    Parameters
    ----------
    name : str
        One of :data:`SETS`, or ``pointed`` or ``composed``.
    folder : path, optional
        Where they are; ``data/calibration`` by default.

    Raises
    ------
    JosiError
        If a file is missing or broken, or a reply has no label.
    """
    folder = Path(folder) if folder else data_dir() / "calibration"
    labels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, row in read_jsonl(folder / f"{name}_labels.jsonl"):
        missing = [k for k in ("id", "rater", *SCALES, *FLAGS) if k not in row]
        if missing:
            raise JosiError(
                f"{folder / f'{name}_labels.jsonl'}:{number}: lacks {', '.join(missing)}"
            )
        labels[row["id"]].append(row)
    items = []
    for number, row in read_jsonl(folder / f"{name}_replies.jsonl"):
        if not labels.get(row.get("id", "")):
            raise JosiError(
                f"{folder / f'{name}_replies.jsonl'}:{number}: no label for {row.get('id')!r}"
            )
        items.append(
            Item(
                row["id"],
                row["case"],
                row["reply"],
                tuple(labels[row["id"]]),
                row.get("voice", ""),
            )
        )
    return items


@dataclass(frozen=True)
class GoldReply:
    """A gold reply with its case and file: a reply that makes sense, unrated."""

    id: str
    file: str
    case: dict[str, Any]
    reply: str


def read_gold(folder: Path | str | None = None) -> list[GoldReply]:
    """Read every gold reply of ``data/`` (``gold_examples/*.jsonl``, ``philosophy_enhanced``)."""
    folder = Path(folder) if folder else data_dir()
    files = [*sorted((folder / "gold_examples").glob("*.jsonl")),
             folder / "philosophy_enhanced.jsonl"]  # fmt: skip
    return [
        GoldReply(row["id"], path.stem, {k: v for k, v in row.items() if k != "reply"},
                  row["reply"])
        for path in files
        for _, row in read_jsonl(path)
    ]  # fmt: skip
