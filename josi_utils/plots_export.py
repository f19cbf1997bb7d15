"""Figures of the export: what each step costs, and size against divergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, SECOND = "#14505c", "#c76a1f"
#: KL of a step that changes nothing is 0, which a logarithmic axis cannot show.
LEAST_KL = 1e-10


def parity_steps(steps: Sequence[Mapping[str, Any]]) -> Figure:
    """Return three panels, a row a step: KL divergence, lost top-1, and the change of perplexity.

    Parameters
    ----------
    steps : sequence of mapping
        ``steps`` of :func:`josi_utils.quality.parity_chain`. A step's limit is a black bar on its
        row; what lies right of it fails.
    """
    from matplotlib.figure import Figure

    if not steps:
        raise JosiError("parity: there is no step to draw; run the parity chain first")
    rows = list(reversed(steps))
    panels = (
        ("KL divergence (nats)", "log", lambda s: max(s["kl_mean"], LEAST_KL),
         lambda limits: limits.get("kl_mean")),
        ("another top-1 (% of tokens)", "symlog", lambda s: 100 * (1 - s["same_top1"]),
         lambda limits: 100 * (1 - limits["same_top1"]) if "same_top1" in limits else None),
        ("perplexity (change in %)", "symlog", lambda s: 100 * (s["perplexity_ratio"] - 1),
         lambda limits: 100 * (limits["perplexity_ratio"] - 1)
         if "perplexity_ratio" in limits else None),
    )  # fmt: skip
    figure = Figure(figsize=(10, 1.2 + 0.55 * len(rows)), layout="constrained")
    every_axes = figure.subplots(1, len(panels), sharey=True)
    for axes, (label, scale, value_of, limit_of) in zip(every_axes, panels, strict=True):
        for y, step in enumerate(rows):
            value, limit = value_of(step), limit_of(step.get("limits", {}))
            failed = limit is not None and value > limit
            if limit is not None:
                axes.plot([limit, limit], [y - 0.24, y + 0.24], color="black", linewidth=1.5)
            axes.plot(
                value, y, "X" if failed else "o", color=SECOND if failed else INK, markersize=8
            )
            text = _figure_text(value) + ("" if limit is None else f", limit {limit:.3g}")
            axes.annotate(
                text, (0.99, y + 0.32), xycoords=("axes fraction", "data"), ha="right", fontsize=9
            )
        axes.set_xscale(scale, **({"linthresh": 0.1} if scale == "symlog" else {}))
        axes.set_ylim(-0.5, len(rows) - 0.3)
        axes.margins(x=0.12)
        axes.set_xlabel(label)
        axes.grid(axis="x", color="#dddddd", linewidth=0.7)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    every_axes[0].set_yticks(range(len(rows)), [f"{s['from']} → {s['to']}" for s in rows])
    return figure


def _figure_text(value: float) -> str:
    return f"{value:.1e}" if 0 < abs(value) < 0.001 else f"{value:.3g}"


def size_against_divergence(rows: Sequence[Mapping[str, Any]], recommended: str = "") -> Figure:
    """Return file size against KL divergence, one labelled point a file.

    Parameters
    ----------
    rows : sequence of mapping
        ``rows`` of :func:`josi_utils.quantisation_table.compare_quantisations`; the reference
        itself, of no divergence, is left out.
    recommended : str
        The name of the file to mark.
    """
    from matplotlib.figure import Figure

    shown = [row for row in rows if row["kl"] > 0]
    if not shown:
        raise JosiError("sizes: there is no quantisation to draw; measure at least one")
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for row in shown:
        chosen = row["name"] == recommended
        axes.plot(
            row["size"] / 1e6, row["kl"], "D" if chosen else "o", markersize=9 if chosen else 6,
            color=INK if row["fits"] else SECOND, markerfacecolor=INK if row["fits"] else "white",
        )  # fmt: skip
        axes.annotate(
            row["name"], (row["size"] / 1e6, row["kl"]), xytext=(6, 4),
            textcoords="offset points", fontsize=9, fontweight="bold" if chosen else "normal",
        )  # fmt: skip
    axes.set_yscale("log")
    axes.margins(x=0.18, y=0.1)
    axes.set_xlabel(
        "size (MB); diamond: recommended; hollow: beyond the limits, or worse on the job"
    )
    axes.set_ylabel("KL divergence from f16 (nats)")
    axes.grid(color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
