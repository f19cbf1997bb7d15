"""Fit the learnt sums of triage and of goals; the same messages and encoder give the same bytes.

Learnt from the gold messages and ``data/guard/messages``. Thresholds come from cross-validation,
never from the messages that a model was fitted on::

    python -m josi_utils.guard.fit            # writes data/guard/learnt_*.json
    python -m josi_utils.guard.fit --check    # says whether they are what would be written
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from josi_utils.files import write_atomic
from josi_utils.guard.data import guard_dir
from josi_utils.guard.encoder import NO_GOAL
from josi_utils.guard.features import Features
from josi_utils.guard.fit_messages import (
    COST,
    Row,
    encoder_crossed,
    encoder_goals,
    goal_of,
    in_chat,
    learning_rows,
)
from josi_utils.guard.flag_reading import ORDER, read
from josi_utils.guard.learnt import UNIT

#: Share of gold and everyday messages without a flag that all voices together may take for one.
#: The others of ``messages`` are written to mislead.
FALSE_ALARMS = 0.0125
#: A rule that is not sure is overruled below this sum. Sure are those of which at most 3 of 100
#: messages that they hold for are calm.
RULE_STANDS = 1.5
#: It is urgent from this sum on, below even odds: calling in vain is the lesser harm.
URGENT = -0.25
#: Strength of the weights (inverse of the penalty), chosen by cross-validation.
STRENGTH = {"triage": 3.0, "flags": 2.0, "urgent": 1.0, "goal": 1.0}
#: How many features are kept.
KEPT = {"triage": 7000, "flags": 2500, "urgent": 1500, "goal": 1500}
FOLDS = 5
#: Every message is learnt from a second time in the middle of everyday chat, with this weight:
#: athletes wrap what is wrong into a week's news.
IN_CHAT = 0.5
#: How much of the encoder's log-odds is added to each sum, chosen by cross-validation: of how
#: urgent a flag is it knows no more than the words do.
ENCODER = {"triage": 0.8, "flags": 1.0}
#: Below this sum of words the encoder is not asked: meaning lifts one flag in 3,000 from there.
ENCODER_FROM = -2.0
#: So many of the goals may have a sum of words below which the encoder is not asked about goals.
GOALS_LOST = 0.02
#: So many of the messages without a goal may be taken for one.
MOST_AIMS = 0.02


class Sheet:
    """The features of messages as a matrix, scaled by how rare a word is."""

    def __init__(self, features: Sequence[Features]) -> None:
        import numpy as np
        from scipy import sparse
        from sklearn.feature_extraction import DictVectorizer

        self.vectors = DictVectorizer(sort=True)
        matrix = self.vectors.fit_transform(features)
        names = self.vectors.get_feature_names_out()
        seen = np.asarray((matrix > 0).sum(0)).ravel()
        of_words = np.array([name[:2] in ("w:", "c:") for name in names])
        # Rarer words say more (inverse document frequency), as in any search engine.
        rare = 1.5 * (np.log((1 + len(features)) / (1 + seen)) + 1) / 5
        self.scale = np.where(of_words, rare, 1.0)
        keep = np.flatnonzero(seen >= np.where(of_words, 3, 2))
        self.keep, self.scale, self.names = keep, self.scale[keep], names[keep]
        self.matrix = sparse.csr_matrix(matrix[:, keep]) @ sparse.diags(self.scale)

    def of(self, features: Sequence[Features]) -> Any:
        """Return further messages as a matrix of the same columns."""
        from scipy import sparse

        matrix = sparse.csr_matrix(self.vectors.transform(features)[:, self.keep])
        return matrix @ sparse.diags(self.scale)


def _fit(matrix: Any, wanted: Any, weight: Any, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, solver="liblinear", random_state=0, max_iter=300)
    return model.fit(matrix, wanted, sample_weight=weight)


def _strongest(matrix: Any, models: Sequence[Any], count: int) -> Any:
    """Return the columns that move the sums most, in order of place."""
    import numpy as np

    size = np.sqrt(np.asarray(matrix.power(2).mean(0)).ravel())
    moved = np.max([np.abs(model.coef_[0]) for model in models], axis=0) * size
    order = np.lexsort((np.arange(len(moved)), -np.round(moved, 9)))
    return np.sort(order[:count])


def _models(sheet: Any, targets: Any, weight: Any, name: str) -> tuple[Any, list[Any]]:
    """Fit one model a target, keep the strongest features, and fit again on them alone."""
    first = [_fit(sheet, target, weight, STRENGTH[name]) for target in targets]
    kept = _strongest(sheet, first, KEPT[name])
    return kept, [_fit(sheet[:, kept], target, weight, STRENGTH[name]) for target in targets]


def _with_chat(sheet: Any, chat: Any, targets: Sequence[Any], weight: Any) -> tuple[Any, ...]:
    """Return sheet, targets and weights with those of the messages in chat below them."""
    import numpy as np
    from scipy import sparse

    both = sparse.csr_matrix(sparse.vstack([sheet, chat]))
    return both, [np.tile(t, 2) for t in targets], np.concatenate([weight, weight * IN_CHAT])


def crossed(
    sheet: Any, targets: Sequence[Any], weight: Any, labels: Any, name: str, chat: Any = None
) -> Any:
    """Return each message's sums by models that never saw it, one row a target.

    ``chat`` are the same messages in chat: learnt from beside them, never in the fold held out.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    split = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    sums = np.zeros((len(targets), sheet.shape[0]))
    for learn, hold in split.split(np.zeros(len(labels)), labels):
        seen = (sheet[learn], [t[learn] for t in targets], weight[learn])
        if chat is not None:
            seen = _with_chat(seen[0], chat[learn], seen[1], seen[2])
        kept, models = _models(*seen, name)
        for at, model in enumerate(models):
            sums[at, hold] = model.decision_function(sheet[hold][:, kept])
    return sums


def least_for_alarms(sums: Any, ruled: Any, share: float) -> float:
    """Return the sum of words and meaning from which it may call without a rule.

    Parameters
    ----------
    sums : array of float
        Of messages without a red flag.
    ruled : array of bool
        Whether a rule speaks up in them: those that stand are false alarms already.
    share : float
        How much of the messages all voices together may take for a red flag.
    """
    import numpy as np

    left = int(share * len(sums)) - int((sums[ruled] >= RULE_STANDS).sum())
    ranked = np.sort(sums[~ruled])[::-1]
    return float(np.ceil(ranked[max(left, 0)] * UNIT + 1) / UNIT)


def _file(about: str, sheet: Sheet, kept: Any, models: Sequence[Any], classes: Sequence[str],
          least: dict[str, float], factor: float | None = None) -> str:  # fmt: skip
    """Return a model as JSON, one feature a line, weights in hundredths; zeros are left out."""
    weights = {}
    names, scale = sheet.names[kept], sheet.scale[kept]
    for at, name in enumerate(names):
        row = [round(float(m.coef_[0][at]) * float(scale[at]) * UNIT) for m in models]
        if any(row):
            weights[str(name)] = row[0] if len(row) == 1 else row
    head = {
        "version": 2,
        "about": f"{about} A feature's weight in hundredths; written by guard/fit.py.",
        "classes": list(classes),
        "start": [round(float(m.intercept_[0]) * UNIT) for m in models],
        "least": least,
    }
    head |= {} if factor is None else {"encoder_factor": factor}
    lines = [f"{json.dumps(k)}: {json.dumps(v)}," for k, v in head.items()]
    body = [
        f" {json.dumps(k, ensure_ascii=False)}: {json.dumps(weights[k], separators=(',', ':'))}"
        for k in sorted(weights)
    ]
    return "\n".join(["{", *lines, '"weights": {', ",\n".join(body), "}", "}"]) + "\n"


def fitted(rows: Sequence[Row], say: Callable[[str], None]) -> dict[str, str]:
    """Return the files as text, by name; ``say`` is told what cross-validation found."""
    import numpy as np

    readings = [read(row["message"]) for row in rows]
    features = [reading.features for reading in readings]
    ruled = np.array([any(not rule.after for rule, _ in r.found) for r in readings])
    sure = np.array([any(rule.sure for rule, _ in r.found) for r in readings])
    labels = np.array([row["label"] for row in rows])
    flagged = np.isin(labels, ORDER)
    weight = np.array([row["weight"] for row in rows])
    gold, everyday = (np.array([row[name] for row in rows]) for name in ("gold", "everyday"))

    sheet = Sheet(features)
    cost = weight * np.array([COST.get(label, 1.0) for label in labels])
    chat = sheet.of([read(text).features for text in in_chat(rows)])
    sums = crossed(sheet.matrix, [flagged], cost, labels, "triage", chat)[0]
    asked = sums >= ENCODER_FROM
    sums[asked] += ENCODER["triage"] * encoder_crossed(rows)[asked]
    say(f"the encoder is asked about {asked[~flagged].mean():.0%} of others")
    sums[sure] = np.inf
    usual = (gold | everyday) & ~flagged
    alone = least_for_alarms(sums[usual], ruled[usual], FALSE_ALARMS)
    over = sums >= np.where(ruled, RULE_STANDS, alone)
    for name, some in (("gold", gold), ("everyday", everyday & ~gold), ("others", ~everyday)):
        say(
            f"{name}: from {alone} on, {over[flagged & some].mean():.1%} of red flags, "
            f"{over[~flagged & some].mean():.2%} of others, cross-validated"
        )
    kept, models = _models(*_with_chat(sheet.matrix, chat, [flagged], cost), "triage")
    least = {"alone": alone, "beside_rule": RULE_STANDS, "asked_from": ENCODER_FROM}
    about = "Which messages call for help."
    out = {"learnt_triage": _file(about, sheet, kept, models, ["flag"], least, ENCODER["triage"])}

    own = np.flatnonzero(flagged)
    sheet = Sheet([features[at] for at in own])
    targets = [labels[own] == flag for flag in ORDER]
    which = crossed(sheet.matrix, targets, weight[own], labels[own], "flags")
    right = np.array(ORDER)[which.argmax(0)] == labels[own]
    say(f"which flag: {right.mean():.1%} right by words alone, cross-validated")
    kept, models = _models(sheet.matrix, targets, weight[own], "flags")
    about = "Which red flag it is, where there is one."
    out["learnt_flags"] = _file(about, sheet, kept, models, ORDER, {}, ENCODER["flags"])

    told = [at for at in own if rows[at].get("emergency") is not None]
    sheet = Sheet([features[at] | {f"y:{labels[at]}": 1.0} for at in told])
    urgent, even = np.array([bool(rows[at]["emergency"]) for at in told]), np.ones(len(told))
    sums = crossed(sheet.matrix, [urgent], even, labels[told], "urgent")[0]
    over = sums >= URGENT
    say(
        f"urgent: {over[urgent].mean():.1%} of emergencies, {over[~urgent].mean():.1%} of others, "
        "cross-validated"
    )
    kept, models = _models(sheet.matrix, [urgent], even, "urgent")
    least = {"alone": URGENT, "beside_rule": URGENT}
    about = "Whether a red flag is an emergency."
    out["learnt_urgent"] = _file(about, sheet, kept, models, ["urgent"], least)

    out["learnt_goal"] = _goal_file(rows, features, say)
    return out


def _goal_file(
    rows: Sequence[Row], features: Sequence[Features], say: Callable[[str], None]
) -> str:
    """Return the sum of words that says whether the encoder is asked about a goal, and its limit."""
    import numpy as np

    known = [at for at, row in enumerate(rows) if goal_of(row)]
    sheet = Sheet([features[at] for at in known])
    goals = np.array([goal_of(rows[at]) != NO_GOAL for at in known])
    even = np.ones(len(known))
    sums = crossed(sheet.matrix, [goals], even, goals, "goal")[0]
    asked_from = float(np.floor(np.quantile(sums[goals], GOALS_LOST) * UNIT) / UNIT)
    over = sums >= asked_from
    say(
        f"goals: the encoder is asked from {asked_from} on, about {over[goals].mean():.1%} of "
        f"them and {over[~goals].mean():.1%} of others, cross-validated"
    )
    kept, models = _models(sheet.matrix, [goals], even, "goal")
    about = "Whether a goal may be told, and the encoder is asked."
    by_meaning = encoder_goals(rows)
    told = np.array([by_meaning[at] for at in known])
    ranked = sorted(told[~goals].tolist(), reverse=True)
    aims = round(ranked[int(MOST_AIMS * len(ranked))] + 1 / UNIT, 2)
    told = (told >= aims) & over
    say(
        f"goals: {told[goals].mean():.1%} of them and {told[~goals].mean():.1%} of others are "
        "told by meaning, cross-validated"
    )
    return _file(about, sheet, kept, models, ["goal"], {"asked_from": asked_from, "aims": aims})


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description="Fit the learnt sums of triage and of goals.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    options = parser.parse_args(arguments)
    stale = 0
    for name, text in fitted(learning_rows(), print).items():
        path = guard_dir() / f"{name}.json"
        if not options.check:
            write_atomic(path, text)
            print(f"{path.name}: {len(text) // 1024} kB")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale += 1
            print(f"{path.name}: stale; run python -m josi_utils.guard.fit")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
