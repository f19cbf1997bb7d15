"""How far the scorers can be trusted: their agreement with raters, and the raters' with each other.

The labels were given by language models, not by coaches; the raters being of one make, their
agreement
overstates what coaches would reach. Weights are fitted here and stored beside the scorers; the
agreement is measured leaving one case out at a time, so no reply is judged by weights that saw
its case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from josi_utils.agreement import flag_agreement, krippendorff_alpha, scale_agreement
from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl, sha256_file, write_json
from josi_utils.paths import data_dir
from josi_utils.scoring import sense, warmth
from josi_utils.scoring.verdict import Judgement, judge

SCALES = ("warmth", "brevity", "plain")
FLAGS = ("faithful", "question", "leak", "pushback", "safe", "pass")

#: What the scorers must reach (set, field, measure) -> least value; for MAE the most.
BARS: dict[tuple[str, str, str], float] = {
    ("calibration", "leak", "precision"): 0.95,
    ("calibration", "leak", "recall"): 0.95,
    ("calibration", "faithful", "balanced_accuracy"): 0.85,
    ("calibration", "safe", "balanced_accuracy"): 0.85,
    ("calibration", "pushback", "balanced_accuracy"): 0.85,
    ("calibration", "warmth", "spearman"): 0.75,
    ("calibration", "warmth", "mae"): 0.6,
    ("calibration", "brevity", "spearman"): 0.8,
    ("calibration", "pass", "balanced_accuracy"): 0.85,
    ("model", "pass", "balanced_accuracy"): 0.85,
    ("model", "pass", "let_through"): 0.05,
}
_AT_MOST = ("mae", "let_through")


@dataclass(frozen=True)
class Item:
    """One labelled reply: its case, and each rater's label by the rubric's fields."""

    id: str
    case: dict[str, Any]
    reply: str
    labels: tuple[dict[str, Any], ...]

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
        ``"calibration"`` or ``"model"``.
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
        items.append(Item(row["id"], row["case"], row["reply"], tuple(labels[row["id"]])))
    return items


# --- agreement ----------------------------------------------------------------------------------


def rater_agreement(items: Sequence[Item]) -> dict[str, float]:
    """Return alpha between raters per field: ordinal for scales, nominal for flags."""
    return {
        field: krippendorff_alpha(
            [[label[field] for label in item.labels] for item in items],
            "ordinal" if field in SCALES else "nominal",
        )
        for field in (*SCALES, *FLAGS)
    }


def agreement(
    items: Sequence[Item], scores: Sequence[dict[str, Any]]
) -> dict[str, dict[str, float]]:
    """Return each field's agreement of ``scores`` with the raters' mean or majority."""
    out: dict[str, dict[str, float]] = {}
    for field in SCALES:
        out[field] = scale_agreement([s[field] for s in scores], [i.mean(field) for i in items])
    for field in FLAGS:
        known = [(bool(s[field]), i.majority(field)) for s, i in zip(scores, items, strict=True)]
        known = [(a, b) for a, b in known if b is not None]
        out[field] = flag_agreement([a for a, _ in known], [bool(b) for _, b in known])
    return out


# --- fitting ------------------------------------------------------------------------------------


def _ridge(rows: Any, target: Any, weight: Any, penalty: float) -> Any:
    """Return intercept and weights of a weighted ridge regression; the intercept is free."""
    import numpy as np

    design = np.column_stack([np.ones(len(rows)), rows])
    shrink = penalty * np.eye(design.shape[1])
    shrink[0, 0] = 0
    return np.linalg.solve(
        design.T @ (design * weight[:, None]) + shrink, design.T @ (weight * target)
    )


def _logistic(rows: Any, target: Any, penalty: float) -> Any:
    """Return intercept and weights of a class-balanced ridge logistic regression (Newton's
    method)."""
    import numpy as np

    design = np.column_stack([np.ones(len(rows)), rows])
    shrink = penalty * np.eye(design.shape[1])
    shrink[0, 0] = 0
    balance = np.where(
        target == 1, len(target) / 2 / target.sum(), len(target) / 2 / (1 - target).sum()
    )
    coefficients = np.zeros(design.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ coefficients))
        slope = design.T @ (balance * (chance - target)) + shrink @ coefficients
        curve = (design * (balance * chance * (1 - chance))[:, None]).T @ design + shrink
        coefficients = coefficients - np.linalg.solve(curve, slope)
    return coefficients


def _as_weights(coefficients: Any, names: Sequence[str]) -> dict[str, Any]:
    values = [round(float(c), 4) for c in coefficients]
    return {"intercept": values[0], "weights": dict(zip(names, values[1:], strict=True))}


def _sense_class(item: Item) -> int | None:
    """Return 1 for a reply that makes sense, 0 for rated nonsense of the model, None for
    neither."""
    if item.id.startswith("cal-m"):
        return 0 if item.mean("pass") == 0 else None
    return (
        1
        if item.majority("pass") or (item.mean("warmth") >= 3 and item.mean("brevity") >= 3)
        else None
    )


def fit_sense(
    items: Sequence[Item], judged: dict[str, Judgement], penalty: float = 1.0
) -> dict[str, Any]:
    """Fit the seven sense weights: sensible replies of the calibration set against the model's
    nonsense."""
    import numpy as np

    known = [(i, c) for i in items if (c := _sense_class(i)) is not None]
    rows = np.array([[judged[i.id].sense_features[k] for k in sense.FEATURES] for i, _ in known])
    return _as_weights(_logistic(rows, np.array([c for _, c in known]), penalty), sense.FEATURES)


def fit_warmth(
    items: Sequence[Item],
    judged: dict[str, Judgement],
    sense_weights: dict[str, Any],
    *,
    penalty: float = 1.0,
    model_weight: float = 0.3,
) -> dict[str, Any]:
    """Fit the eight warmth weights to the raters' mean; the model's replies count
    ``model_weight`` each."""
    import numpy as np

    rows = []
    for item in items:
        part = judged[item.id]
        chance = min(part.sense_cap, sense.sense_chance(part.sense_features, sense_weights))
        features = {**part.warmth_features, "nonsense": max(0.0, 1 - chance / 0.5)}
        rows.append([features[k] for k in warmth.FEATURES])
    weight = np.array([model_weight if i.id.startswith("cal-m") else 1.0 for i in items])
    target = np.array([i.mean("warmth") for i in items])
    return _as_weights(_ridge(np.array(rows), target, weight, penalty), warmth.FEATURES)


def fit(
    folder: Path | str | None = None, deck: Sequence[dict[str, Any]] = ()
) -> dict[str, dict[str, Any]]:
    """Return the weights of sense and warmth, fitted on both labelled sets, with how it was
    done."""
    items = [*read_set("calibration", folder), *read_set("model", folder)]
    judged = {i.id: judge(i.case, i.reply, deck=deck) for i in items}
    sense_weights = fit_sense(items, judged)
    warmth_weights = fit_warmth(items, judged, sense_weights)
    base = Path(folder) if folder else data_dir() / "calibration"
    record = {
        "by": "josi_utils.calibration.fit",
        "files": {
            f"{n}_{k}.jsonl": sha256_file(base / f"{n}_{k}.jsonl")
            for n in ("calibration", "model")
            for k in ("replies", "labels")
        },
    }
    return {
        "sense": {
            **sense_weights,
            "fitted": {**record, "method": "class-balanced logistic regression, L2 penalty 1"},
        },
        "warmth": {
            **warmth_weights,
            "fitted": {**record, "method": "ridge regression, penalty 1, model replies weigh 0.3"},
        },
    }


def store(fitted: dict[str, dict[str, Any]]) -> None:
    """Write fitted weights beside the scorers that read them."""
    write_json(sense.WEIGHTS_FILE, fitted["sense"])
    write_json(warmth.WEIGHTS_FILE, fitted["warmth"])


# --- the whole ----------------------------------------------------------------------------------


def leave_one_case_out(
    items: Sequence[Item], deck: Sequence[dict[str, Any]] = ()
) -> dict[str, dict[str, Any]]:
    """Return each reply's scores by weights that were fitted without any reply to its case."""
    judged = {i.id: judge(i.case, i.reply, deck=deck) for i in items}
    out: dict[str, dict[str, Any]] = {}
    for case_id in sorted({i.case["id"] for i in items}):
        rest = [i for i in items if i.case["id"] != case_id]
        sense_weights = fit_sense(rest, judged)
        warmth_weights = fit_warmth(rest, judged, sense_weights)
        for item in items:
            if item.case["id"] == case_id:
                out[item.id] = judge(
                    item.case,
                    item.reply,
                    deck=deck,
                    sense_weights=sense_weights,
                    warmth_weights=warmth_weights,
                ).scores
    return out


def calibrate(
    folder: Path | str | None = None,
    deck: Sequence[dict[str, Any]] = (),
    scorer: Callable[..., dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Measure the scorers against the raters.

    Parameters
    ----------
    folder : path, optional
        Holds ``calibration_*.jsonl`` and ``model_*.jsonl``.
    deck : sequence of cards
    scorer : callable, optional
        ``scorer(case, reply, deck=deck)`` in place of ours, which is measured leaving one case out.

    Returns
    -------
    dict
        ``sets``: agreement per set and field; ``raters``: alpha per set and field; ``bars``: list
        of ``{"set", "field", "measure", "value", "bar", "met"}``; ``raters_are``: who rated.
    """
    sets = {name: read_set(name, folder) for name in ("calibration", "model")}
    if scorer is None:
        scores = leave_one_case_out([i for items in sets.values() for i in items], deck)
    else:
        scores = {
            i.id: scorer(i.case, i.reply, deck=deck) for items in sets.values() for i in items
        }
    table = {name: agreement(items, [scores[i.id] for i in items]) for name, items in sets.items()}
    bars = []
    for (name, field, measure), bar in BARS.items():
        value = table[name][field][measure]
        met = value <= bar if measure in _AT_MOST else value >= bar
        bars.append(
            {
                "set": name,
                "field": field,
                "measure": measure,
                "value": value,
                "bar": bar,
                "met": bool(met),
            }
        )
    return {
        "sets": table,
        "raters": {name: rater_agreement(items) for name, items in sets.items()},
        "bars": bars,
        "raters_are": "language models, not coaches",
    }


def for_page(measured: dict[str, Any]) -> dict[str, Any]:
    """Return :func:`calibrate`'s result as tables for the page and the notebook."""
    rows = [
        [
            "rated replies" if bar["set"] == "calibration" else "a bad model's replies",
            bar["field"],
            bar["measure"].replace("_", " "),
            f"{bar['value']:.2f}",
            ("at most " if bar["measure"] in _AT_MOST else "at least ") + f"{bar['bar']:g}",
            "yes" if bar["met"] else "NO",
        ]
        for bar in measured["bars"]
    ]
    columns = ["replies", "score", "measure", "value", "bar", "met"]
    ceiling = [[name, *(f"{v:.2f}" for v in fields.values())] for name, fields in
               measured["raters"].items()]  # fmt: skip
    heads = ["replies", *next(iter(measured["raters"].values()))]
    return {
        "tables": [
            {"title": "Scores against raters", "columns": columns, "rows": rows,
             "note": "Each reply judged by weights that never saw its case; the rules themselves "
                     "were written with these replies in view."},
            {"title": "Raters with each other", "columns": heads, "rows": ceiling,
             "note": "Krippendorff's alpha: the ceiling for any scorer."},
        ],
        "note": f"Rated by {measured['raters_are']}.",
    }  # fmt: skip
