"""How far the scorers can be trusted: their agreement with raters, and the raters' with each other.

The labels were given by language models, not by coaches; the raters being of one make, their
agreement overstates what coaches would reach. No reply is judged by weights that saw its case: the
calibration and model sets are measured leaving one case out at a time, the tuned set by the scores
that the fit kept from weights without the reply's case (``josi_utils.calibration_fit``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from josi_utils.agreement import flag_agreement, krippendorff_alpha, scale_agreement
from josi_utils.calibration_fit import fit_sense, fit_warmth
from josi_utils.calibration_sets import FLAGS, SCALES, SETS, Item, read_set
from josi_utils.errors import JosiError
from josi_utils.scoring.register import plain_weights
from josi_utils.scoring.verdict import judge

#: What the scorers must reach (set, field, measure) -> least value; for MAE and shares the most.
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
    ("tuned", "pass", "balanced_accuracy"): 0.85,
    ("tuned", "pass", "let_through"): 0.05,
}
#: What is wanted and not reached yet, and what must hold meanwhile: docs/log.md says why.
FLOORS: dict[tuple[str, str, str], float] = {("tuned", "pass", "let_through"): 0.09}
_AT_MOST = ("mae", "let_through")


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


def leave_one_case_out(
    items: Sequence[Item], deck: Sequence[dict[str, Any]] = ()
) -> dict[str, dict[str, Any]]:
    """Return each reply's scores by weights that were fitted without any reply to its case.

    Replies of the tuned set (they have a ``voice``) get the scores that the fit kept for them.
    """
    tuned = [i for i in items if i.voice]
    items = [i for i in items if not i.voice]
    judged = {i.id: judge(i.case, i.reply, deck=deck) for i in items}
    out = held_out_scores(tuned)
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


def held_out_scores(items: Sequence[Item]) -> dict[str, dict[str, Any]]:
    """Return the tuned set's scores as the fit kept them, each by weights without its case.

    Raises
    ------
    JosiError
        If the fit does not have a reply: it is older than the set.
    """
    kept = plain_weights()["held_out"]["tuned"]
    missing = [i.id for i in items if i.id not in kept]
    if missing:
        raise JosiError(
            f"no held-out scores of {missing[0]}: run python -m josi_utils.calibration_fit again"
        )
    return {i.id: kept[i.id] for i in items}


def calibrate(
    folder: Path | str | None = None,
    deck: Sequence[dict[str, Any]] = (),
    scorer: Callable[..., dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Measure the scorers against the raters.

    Parameters
    ----------
    folder : path, optional
        Holds ``<set>_replies.jsonl`` and ``<set>_labels.jsonl`` of each of
        :data:`josi_utils.calibration_sets.SETS`.
    deck : sequence of cards
    scorer : callable, optional
        ``scorer(case, reply, deck=deck)`` in place of ours, which is measured on replies held out.

    Returns
    -------
    dict
        ``sets``: agreement per set and field; ``voices``: agreement of ``pass`` by who spoke in the
        tuned set; ``held_out``: gold replies by file and mismatched pairs, how many pass;
        ``raters``: alpha per set and field; ``bars``: list of ``{"set", "field", "measure",
        "value", "bar", "met"}``; ``raters_are``: who rated.
    """
    sets = {name: read_set(name, folder) for name in SETS}
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
        bars.append({"set": name, "field": field, "measure": measure, "value": value, "bar": bar,
                     "met": bool(met)})  # fmt: skip
    voices: dict[str, dict[str, float]] = {}
    for voice in sorted({i.voice for i in sets["tuned"]}):
        spoken = [i for i in sets["tuned"] if i.voice == voice]
        voices[voice] = flag_agreement(
            [scores[i.id]["pass"] for i in spoken], [bool(i.majority("pass")) for i in spoken]
        )
    kept = plain_weights()["held_out"]
    return {
        "sets": table,
        "voices": voices,
        "held_out": {"gold": kept["gold"], "mismatched": kept["mismatched"]},
        "raters": {name: rater_agreement(items) for name, items in sets.items()},
        "bars": bars,
        "raters_are": "language models, not coaches",
    }


def for_page(measured: dict[str, Any]) -> dict[str, Any]:
    """Return :func:`calibrate`'s result as tables for the page and the notebook."""
    rows = [
        [
            SETS[bar["set"]],
            bar["field"],
            bar["measure"].replace("_", " "),
            f"{bar['value']:.2f}",
            ("at most " if bar["measure"] in _AT_MOST else "at least ") + f"{bar['bar']:g}",
            "yes" if bar["met"] else "NO",
        ]
        for bar in measured["bars"]
    ]
    ceiling = [[SETS[name], *("–" if v != v else f"{v:.2f}" for v in fields.values())]
               for name, fields in measured["raters"].items()]  # fmt: skip
    heads = ["replies", *next(iter(measured["raters"].values()))]
    return {
        "tables": [
            {"title": "Scores against raters", "rows": rows,
             "columns": ["replies", "score", "measure", "value", "bar", "met"],
             "note": "Each reply judged by weights that never saw its case; the rules themselves "
                     "were written with these replies in view."},
            {"title": "What passes, and what should", "rows": _passing_rows(measured),
             "columns": ["replies", "good", "refused of the good", "bad", "let through"],
             "note": "Gold replies by weights that saw no reply of their file, or not themselves; "
                     "mismatched pairs are gold replies given to another athlete's message."},
            {"title": "Raters with each other", "columns": heads, "rows": ceiling,
             "note": "Krippendorff's alpha: the ceiling for any scorer."},
        ],
        "note": f"Rated by {measured['raters_are']}.",
    }  # fmt: skip


def _passing_rows(measured: dict[str, Any]) -> list[list[str]]:
    """Return, by set, voice and kind of reply, how many good ones are refused and bad ones pass."""

    def row(name: str, good: float, refused: float, bad: float, through: float) -> list[str]:
        return [
            name,
            f"{good:.0f}",
            f"{refused / good:.0%}" if good else "–",
            f"{bad:.0f}",
            f"{through / bad:.0%}" if bad else "–",
        ]

    def of(name: str, flags: dict[str, float]) -> list[str]:
        good = flags["true_positive"] + flags["false_negative"]
        bad = flags["true_negative"] + flags["false_positive"]
        return row(name, good, flags["false_negative"], bad, flags["false_positive"])

    gold = measured["held_out"]["gold"].values()
    count = sum(g["n"] for g in gold)
    pairs = measured["held_out"]["mismatched"]
    return [
        *(of(words, measured["sets"][name]["pass"]) for name, words in SETS.items()),
        *(of(f"· {voice}", flags) for voice, flags in measured["voices"].items()),
        *(
            row(name, count, count - sum(g[key] for g in gold), 0, 0)
            for name, key in (
                ("gold replies, file unseen", "passed"),
                ("gold replies, row unseen", "passed_by_row"),
            )
        ),
        row("mismatched pairs", 0, 0, pairs["n"], pairs["passed"]),
    ]
