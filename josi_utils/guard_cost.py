"""What the guard costs and gives: draws needed, waiting on a phone, its own time, pass rate.

Everything comes from the samples of an evaluation: the first draw of every seed, and the guarded
reply with how many draws it took. A phone may show nothing before a reply is accepted, so each
further draw is waited for in full; shown sentence by sentence (``guard/stream``), the athlete waits
for one sentence.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Sample = dict[str, Any]

#: Decode ceilings of a phone at about 25 GB/s of memory bandwidth, tokens a second: a q4_k_m file
#: is read once a token. Real phones stay below it; reading the prompt comes on top.
PHONE_RATES = {"135M": 240.0, "360M": 93.0, "1.7B": 24.0}


def _guarded(samples: Sequence[Sample]) -> list[Sample]:
    return [s for s in samples if s["condition"].endswith(" guarded")]


def by_draws(
    samples: Sequence[Sample], deck: Sequence[dict[str, Any]], *, most: int | None = None
) -> list[dict[str, Any]]:
    """Return what would be shown if the guard might take 1, 2, … draws.

    Parameters
    ----------
    samples : sequence of dict
        Scored samples, those of the guarded condition among them.
    deck : sequence of cards
    most : int, optional
        The most draws; as many as were taken by default.

    Returns
    -------
    list of dict
        ``draws``; ``passed``, ``accepted`` (of those that triage let pass), ``fallback``, shares;
        ``mean_draws``, of those that triage let pass. Empty without guarded samples.
    """
    from josi_utils.guard import fallback
    from josi_utils.scoring import score

    guarded = _guarded(samples)
    if not guarded:
        return []
    asked = [s for s in guarded if s["source"] != "triage"]
    composed: dict[str, bool] = {}

    def passes_composed(case: dict[str, Any]) -> bool:
        if case["id"] not in composed:
            composed[case["id"]] = score(case, fallback(case, deck), deck=deck)["pass"]
        return composed[case["id"]]

    table = []
    for limit in range(1, (most or max(s["draws"] for s in guarded)) + 1):
        drawn = [s for s in asked if s["source"] == "draw" and s["draws"] <= limit]
        late = [s for s in asked if s["source"] == "draw" and s["draws"] > limit]
        passed = sum(s["scores"]["pass"] for s in guarded) + sum(
            passes_composed(s["case"]) - s["scores"]["pass"] for s in late
        )
        table.append(
            {
                "draws": limit,
                "passed": passed / len(guarded),
                "accepted": len(drawn) / max(1, len(asked)),
                "fallback": (len(asked) - len(drawn)) / len(guarded),
                "mean_draws": sum(min(s["draws"], limit) for s in asked) / max(1, len(asked)),
            }
        )
    return table


def draws_figure(table: Sequence[dict[str, Any]]) -> Figure:
    """Return pass rate, acceptance and fallback over the draws allowed."""
    from matplotlib.figure import Figure

    from josi_utils.plots import LINES

    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    limits = [row["draws"] for row in table]
    lines = (
        ("passed", "guarded replies that pass"),
        ("accepted", "a draw was accepted"),
        ("fallback", "the fallback spoke"),
    )
    for (key, label), (colour, dash, marker) in zip(lines, LINES, strict=False):
        shares = [100 * row[key] for row in table]
        axes.plot(limits, shares, color=colour, linestyle=dash, marker=marker, label=label)
    axes.set(xlabel="draws the guard may take", ylabel="share of replies (%)", ylim=(-3, 103))
    axes.set_xticks(limits)
    axes.grid(alpha=0.3)
    axes.legend(loc="center right")
    return figure


def streaming(
    samples: Sequence[Sample], deck: Sequence[dict[str, Any]], *, seed: int = 0
) -> dict[str, Any]:
    """Return what showing the first draw sentence by sentence would have given.

    Parameters
    ----------
    samples : sequence of dict
        Scored samples; the raw draws of ``seed`` count where triage let them pass.
    deck : sequence of cards

    Returns
    -------
    dict
        ``replies``; ``whole`` (share shown just as drawn), ``cut`` (a sentence was not licensed,
        the rest came by rule), ``passed`` (share, scored by the evaluation's scorers),
        ``first_share`` (mean share of a reply's words that its first sentence is),
        ``tokens`` (mean tokens a draw).
    """
    from josi_utils.guard.accept import Desk
    from josi_utils.guard.stream import streamed
    from josi_utils.guard.triage import triage
    from josi_utils.scoring import score

    raw = [
        s
        for s in samples
        if s["condition"] == "tuned" and not s["greedy"] and s["seed"] == seed
        and triage(s["case"]).flag is None
    ]  # fmt: skip
    whole = passed = 0
    first = []
    for sample in raw:
        pieces = list(streamed(Desk(sample["case"], deck), [f"{sample['reply']} "]))
        text = "".join(pieces).strip()
        same = text == sample["reply"].strip()
        whole += same
        scores = sample["scores"] if same else score(sample["case"], text, deck=deck)
        passed += scores["pass"]
        opening = text.split(". ", 1)[0]
        first.append(len(opening.split()) / max(1, len(text.split())))
    count = max(1, len(raw))
    return {
        "replies": len(raw),
        "whole": whole / count,
        "cut": 1 - whole / count,
        "passed": passed / count,
        "first_share": sum(first) / count,
        "tokens": sum(s["tokens"] for s in raw) / count,
    }


def own_time(
    samples: Sequence[Sample], deck: Sequence[dict[str, Any]], *, count: int = 200
) -> dict[str, float]:
    """Return the processor time of triage, talking points and one verdict: median and p95, ms."""
    from josi_utils.guard.accept import Desk, judge
    from josi_utils.guard.encoder import forget
    from josi_utils.guard.triage import triage

    raw = [s for s in samples if s["condition"] == "tuned" and not s["greedy"]][:count]
    parts: dict[str, list[float]] = {"triage": [], "talking points": [], "verdict": []}
    for sample in raw:
        forget()
        marks = [time.process_time()]
        triage(sample["case"])
        marks.append(time.process_time())
        desk = Desk(sample["case"], deck)
        marks.append(time.process_time())
        judge(desk, sample["reply"])
        marks.append(time.process_time())
        for name, a, b in zip(parts, marks, marks[1:], strict=False):
            parts[name].append(1000 * (b - a))
    out = {}
    for name, times in parts.items():
        times.sort()
        if times:
            out[f"{name}, median"] = times[len(times) // 2]
            out[f"{name}, p95"] = times[int(0.95 * (len(times) - 1))]
    return out


def waits(table: Sequence[dict[str, Any]], streamed: dict[str, Any]) -> list[dict[str, str]]:
    """Return how long a reply is waited for at the phone's decode ceilings, one row a model size.

    ``table`` is :func:`by_draws`', whose last row counts; ``streamed`` :func:`streaming`'s. The
    prompt's own time, some tenths of a second to seconds, comes on top in each column.
    """
    if not table:
        return []
    tokens, draws = streamed["tokens"], table[-1]["mean_draws"]
    return [
        {
            "model": name,
            "tokens a second, at most": f"{rate:.0f}",
            "one draw unguarded, shown as it comes": f"{1 / rate:.2f} s to the first word",
            "guarded, shown when accepted": f"{draws * tokens / rate:.1f} s",
            "guarded, worst case": f"{table[-1]['draws'] * tokens / rate:.1f} s",
            "sentence by sentence": (
                f"{streamed['first_share'] * tokens / rate:.1f} s to the first sentence"
            ),
        }
        for name, rate in PHONE_RATES.items()
    ]
