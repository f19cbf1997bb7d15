"""One model against another, prompt by prompt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.metrics import BY_KEY, FEW_PROMPTS, Sample, by_prompt, prompt_values
from josi_utils.statistics import holm, mcnemar_exact, paired_bootstrap

#: A difference is called one below this Holm-adjusted p-value.
ALPHA = 0.05
#: What :func:`compare` reports; those with a bar on passing first.
COMPARED = ("pass", "warmth", "brevity", "plain", "faithful")


def compare(a: Iterable[Sample], b: Iterable[Sample]) -> dict[str, Any]:
    """Hold A against B on the prompts that both answered.

    Parameters
    ----------
    a, b : iterables of dict
        Samples of one condition each.

    Returns
    -------
    dict
        ``n`` (shared prompts), ``only_a`` and ``only_b`` (prompts the other lacks), ``overall`` (a
        row a metric of :data:`COMPARED`) and ``categories`` (a row a category, on ``pass``). A row
        has ``a``, ``b``, ``difference`` (A less B), ``low``, ``high``, ``p``; on ``pass`` also
        ``wins`` and ``losses`` (prompts that only A, only B passes under most seeds; p is exact
        McNemar's). Rows of categories have ``p_holm`` and ``finding``.

    Raises
    ------
    JosiError
        If they share no prompt, or either holds more than one condition.
    """
    sides = []
    for name, samples in (("A", list(a)), ("B", list(b))):
        if len({s["condition"] for s in samples}) > 1:
            raise JosiError(f"compare: {name} holds more than one condition; pick one")
        sides.append(by_prompt(samples))
    shared = sorted(set(sides[0]) & set(sides[1]))
    if not shared:
        raise JosiError("compare: A and B answered no prompt in common; run both on the same cases")
    left, right = ({i: side[i] for i in shared} for side in sides)
    categories: dict[str, list[str]] = {}
    for case_id in shared:
        categories.setdefault(left[case_id][0]["case"]["category"], []).append(case_id)
    rows = [
        {"category": name, **_paired("pass", {i: left[i] for i in ids}, {i: right[i] for i in ids})}
        for name, ids in sorted(categories.items())
    ]
    for row, adjusted in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = adjusted
        row["finding"] = adjusted < ALPHA and row["n"] >= FEW_PROMPTS
    return {
        "n": len(shared),
        "only_a": len(sides[0]) - len(shared),
        "only_b": len(sides[1]) - len(shared),
        "overall": [{"metric": key, **_paired(key, left, right)} for key in COMPARED],
        "categories": rows,
    }


def _paired(key: str, left: dict[str, list[Sample]], right: dict[str, list[Sample]]) -> dict:
    means = [
        {i: sum(v) / len(v) for i, v in prompt_values(BY_KEY[key], side).items() if v}
        for side in (left, right)
    ]
    ids = sorted(set(means[0]) & set(means[1]))
    a, b = ([side[i] for i in ids] for side in means)
    difference, low, high, p = paired_bootstrap(a, b)
    row: dict[str, Any] = {"n": len(ids), "a": sum(a) / len(ids), "b": sum(b) / len(ids)}
    row |= {"difference": difference, "low": low, "high": high, "p": p}
    if len(ids) < 2:
        row |= {"low": None, "high": None, "p": 1.0}  # one prompt says nothing of the rest
    if BY_KEY[key].kind == "share":
        # A prompt counts as passed where most seeds pass; half is not most.
        wins = sum(x > 0.5 >= y for x, y in zip(a, b, strict=True))
        losses = sum(y > 0.5 >= x for x, y in zip(a, b, strict=True))
        row |= {"wins": wins, "losses": losses, "p": mcnemar_exact(wins, losses)}
    return row
