"""Fit the scorers' weights to rated replies, and keep what they are worth on replies held out.

``python -m josi_utils.calibration_fit`` writes ``scoring/sense_weights.json``,
``scoring/warmth_weights.json`` and ``data/calibration/plain_register.json``; the same data and code
give the same bytes. Run it after any change to the scorers, the rated sets or the gold replies.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils import calibration_plain
from josi_utils.calibration_sets import GoldReply, Item, read_gold, read_set
from josi_utils.files import sha256_file, write_json
from josi_utils.paths import data_dir
from josi_utils.scoring import sense, warmth
from josi_utils.scoring.normalise import content_stems
from josi_utils.scoring.register import weights_path
from josi_utils.scoring.verdict import Judgement, judge

#: A reply of the bad model weighs this much in the fit of warmth.
MODEL_WEIGHT = 0.3
#: Gold replies given to another message: how many, and by which seed.
MISMATCHED, MISMATCH_SEED = 400, 1
#: Replies that would fit many messages are left out of the mismatched pairs.
_FIT_ANY = ("greeting", "internals_probe", "off_topic")


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
    model_weight: float = MODEL_WEIGHT,
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


def mismatched_pairs(gold: Sequence[GoldReply]) -> list[tuple[dict[str, Any], str]]:
    """Return gold replies beside a case that they were not written for (wrong subject, wrong plan).

    Seeded; the two messages share no content word.
    """
    rng = random.Random(MISMATCH_SEED)
    pool = [g for g in gold if g.case["category"] not in _FIT_ANY]
    out: list[tuple[dict[str, Any], str]] = []
    while len(out) < min(MISMATCHED, len(pool)):
        to, other = rng.choice(pool), rng.choice(pool)
        if not content_stems(to.case["message"]) & content_stems(other.case["message"]):
            out.append((to.case, other.reply))
    return out


def scorer_code_hash() -> str:
    """Return the SHA-256 over the scorers' source, without the data they read."""
    digest = hashlib.sha256()
    for path in sorted(Path(sense.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _worth(
    tuned: Sequence[Item],
    gold: Sequence[GoldReply],
    examples: Sequence[calibration_plain.Example],
    weights: dict[str, Any],
    deck: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Return the scores of held-out tuned replies, how many held-out gold replies of each file
    pass, held out with their file and by rows, and how many mismatched pairs pass."""
    by_file = calibration_plain.fit_folds(examples)
    at = {one: fold.weights for fold in by_file for one in fold.ids}
    by_row = {
        one: fold.weights
        for fold in calibration_plain.fit_folds(examples, by_file=False)
        for one in fold.ids
    }
    scores = {
        item.id: {
            k: v
            for k, v in judge(
                item.case, item.reply, deck=deck, plain_weights=at[item.id]
            ).scores.items()
            if k != "why"
        }
        for item in tuned
    }
    passed: dict[str, Counter[str]] = {}
    for one in gold:
        count = passed.setdefault(one.file, Counter())
        count["n"] += 1
        for how, weights_of in (("passed", at), ("passed_by_row", by_row)):
            result = judge(one.case, one.reply, deck=deck, plain_weights=weights_of[one.id])
            count[how] += result.scores["pass"]
    pairs = mismatched_pairs(gold)
    let = sum(
        judge(case, reply, deck=deck, plain_weights=weights).scores["pass"] for case, reply in pairs
    )
    return {
        "tuned": scores,
        "gold": {name: dict(count) for name, count in sorted(passed.items())},
        "mismatched": {"n": len(pairs), "passed": let},
    }


def fit(
    folder: Path | str | None = None,
    deck: Sequence[dict[str, Any]] = (),
    gold: Sequence[GoldReply] | None = None,
) -> dict[str, dict[str, Any]]:
    """Return the weights of plain register, sense and warmth, each with how it was fitted.

    Parameters
    ----------
    folder : path, optional
        The rated sets; ``data/calibration`` by default.
    deck : sequence of cards
    gold : sequence of GoldReply, optional
        Read from ``data/`` by default.
    """
    base = Path(folder) if folder else data_dir() / "calibration"
    gold = read_gold() if gold is None else gold
    tuned = read_set("tuned", base)
    examples = [calibration_plain.read_example(one, deck) for one in (*tuned, *gold)]
    plain = calibration_plain.fit_plain(examples)
    # As JSON gives them back: pairs of stock as a set.
    ready = {**plain, "stock": frozenset(tuple(p.split(" ")) for p in plain["stock"])}
    items = [*read_set("calibration", base), *read_set("model", base)]
    judged = {i.id: judge(i.case, i.reply, deck=deck, plain_weights=ready) for i in items}
    sense_weights = fit_sense(items, judged)
    warmth_weights = fit_warmth(items, judged, sense_weights)
    record = {
        "by": "python -m josi_utils.calibration_fit",
        "files": {
            f"{n}_{k}.jsonl": sha256_file(base / f"{n}_{k}.jsonl")
            for n in ("calibration", "model", "tuned")
            for k in ("replies", "labels")
        },
    }
    return {
        "plain": {
            **plain,
            "held_out": _worth(tuned, gold, examples, ready, deck),
            "fitted": {
                **record,
                "scorers": scorer_code_hash(),
                "gold": _gold_hash(gold),
                "method": "L2-regularised logistic regression over cues, counts and runs of words",
            },
        },
        "sense": {
            **sense_weights,
            "fitted": {**record, "method": "class-balanced logistic regression, L2 penalty 1"},
        },
        "warmth": {
            **warmth_weights,
            "fitted": {
                **record,
                "method": f"ridge regression, penalty 1, model replies weigh {MODEL_WEIGHT}",
            },
        },
    }


def _gold_hash(gold: Sequence[GoldReply]) -> str:
    digest = hashlib.sha256()
    for one in gold:
        digest.update(f"{one.id}\0{one.case['message']}\0{one.reply}\0".encode())
    return digest.hexdigest()


def store(fitted: dict[str, dict[str, Any]]) -> None:
    """Write fitted weights where the scorers read them."""
    write_json(weights_path(), fitted["plain"])
    write_json(sense.WEIGHTS_FILE, fitted["sense"])
    write_json(warmth.WEIGHTS_FILE, fitted["warmth"])


def main() -> None:
    """Fit and store; the sense and warmth of a new plain register are fitted with it."""
    from josi_utils.decision import read_deck

    fitted = fit(deck=read_deck(data_dir() / "cards"))
    store(fitted)
    worth = fitted["plain"]["held_out"]
    gold = worth["gold"].values()
    print(f"{weights_path()}: {len(fitted['plain']['runs'])} runs, "
          f"{len(fitted['plain']['stock'])} stock pairs")  # fmt: skip
    print(f"gold replies: of {sum(g['n'] for g in gold)} pass {sum(g['passed'] for g in gold)} "
          f"held out by file, {sum(g['passed_by_row'] for g in gold)} by row")  # fmt: skip
    print("mismatched pairs: {passed} of {n} pass".format(**worth["mismatched"]))


if __name__ == "__main__":
    main()
