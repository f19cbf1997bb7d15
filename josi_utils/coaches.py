"""Labels of real coaches: filled sheets in, the page's table of trust out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.labelling import KEY_NAME, read_labels
from josi_utils.paths import repository_root

#: What is shown of each field: (field, measure of :mod:`josi_utils.agreement`).
SHOWN = (
    ("pass", "balanced_accuracy"), ("pass", "let_through"), ("warmth", "spearman"),
    ("warmth", "mae"), ("brevity", "spearman"), ("brevity", "mae"), ("plain", "mae"),
    ("faithful", "balanced_accuracy"), ("leak", "balanced_accuracy"),
    ("pushback", "balanced_accuracy"), ("safe", "balanced_accuracy"),
)  # fmt: skip


def parse_sheets(text: str) -> list[tuple[Path, str]]:
    """Return ``"path=rater; path=rater"`` as pairs; paths start at the repository root.

    Raises
    ------
    JosiError
        If a part has no path or no rater, or a rater comes twice.
    """
    pairs = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        path, mark, rater = (piece.strip() for piece in part.rpartition("="))
        if not (path and mark and rater):
            raise JosiError(f"labels: {part!r} is not path=rater; separate sheets with ';'")
        pairs.append((repository_root() / path, rater))
    raters = [rater for _, rater in pairs]
    if len(set(raters)) < len(raters):
        raise JosiError("labels: two sheets carry the same rater's name; give each rater their own")
    return pairs


def rated_replies(sheets: Sequence[tuple[Path, str]]) -> list[Any]:
    """Return the labelled replies of filled sheets as items of the calibration.

    The key of a sheet lies beside it; after a later run there may be several, which cannot differ
    on a reply, as its id is a hash of it.
    """
    from josi_utils.calibration_sets import Item

    labels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    known: dict[str, dict[str, Any]] = {}
    for path, rater in sheets:
        keys = sorted(path.parent.glob(f"{Path(KEY_NAME).stem}*.jsonl"))
        if not keys:
            raise JosiError(f"{path.parent / KEY_NAME}: no such file; keep it beside the sheet")
        rows = [row for key in keys for _, row in read_jsonl(key)]
        known |= {row["id"]: row for row in rows}
        for label in read_labels(path, rows, rater):
            labels[label["id"]].append(label)
    return [
        Item(name, known[name]["case"], known[name]["reply"], tuple(found))
        for name, found in sorted(labels.items())
    ]


def for_page(sheets: str, deck: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Hold the scorers against coaches; the result goes to the page as its calibration.

    Parameters
    ----------
    sheets : str
        As :func:`parse_sheets` reads it.
    deck : sequence of cards
        The app's own cards.
    """
    from josi_utils.calibration import agreement, rater_agreement
    from josi_utils.scoring import score

    pairs = parse_sheets(sheets)
    if not pairs:
        raise JosiError("labels: no sheet given; write path=rater")
    items = rated_replies(pairs)
    found = agreement(items, [score(item.case, item.reply, deck=deck) for item in items])
    rows = [
        [field, measure.replace("_", " "), _figure(found[field][measure]), str(found[field]["n"])]
        for field, measure in SHOWN
    ]
    tables = [
        {
            "title": "Scores against coaches",
            "columns": ["score", "measure", "value", "replies"],
            "rows": rows,
            "note": "Against the coaches' mean, or what most of them say.",
        }
    ]
    twice = [item for item in items if len(item.labels) > 1]
    if twice:
        alpha = rater_agreement(twice)
        tables.append(
            {
                "title": "Coaches with each other",
                "columns": ["replies", *alpha],
                "rows": [[f"{len(twice)} rated twice", *map(_figure, alpha.values())]],
                "note": "Krippendorff's alpha: the ceiling for any scorer.",
            }
        )
    names = [rater for _, rater in pairs]
    raters = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return {"tables": tables, "raters": f"{raters} ({len(items)} replies)", "note": ""}


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
