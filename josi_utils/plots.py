"""Figures of the notebooks: tables or plain lists in, a matplotlib ``Figure`` out.

Every figure has labelled axes with units, says one thing, and can be read in grey: lines differ by
dash and marker, bars by shade. Nothing touches pyplot's global state, so figures can be made in any
order, without a display, and need not be closed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import write_atomic
from josi_utils.metrics import BY_KEY, CATEGORY_WORDS, FEW_PROMPTS, HEAT_METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SECOND, SOFT = "#14505c", "#c76a1f", "#8a94a0"
#: Dash and marker of each line in turn, so that colour carries nothing alone.
LINES = ((INK, "-", "o"), (SECOND, "--", "s"), ("#444444", ":", "^"), (SOFT, "-.", "D"))


def save(figure: Figure, path: Path | str) -> list[Path]:
    """Save a figure as PNG and SVG beside each other.

    Parameters
    ----------
    figure : Figure
    path : path
        With or without an ending; both endings are written.

    Returns
    -------
    list of Path
        The PNG (150 dots an inch) and the SVG. The same figure gives the same bytes.
    """
    import matplotlib

    base = Path(path)
    base = base.with_suffix("") if base.suffix in (".png", ".svg") else base
    written = []
    for kind in ("png", "svg"):
        stream = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        with matplotlib.rc_context({"svg.hashsalt": "josi"}):
            figure.savefig(stream, format=kind, dpi=150, metadata=metadata)
        written.append(write_atomic(base.parent / f"{base.name}.{kind}", stream.getvalue()))
    return written


def lengths(words: Sequence[int] | Mapping[str, Sequence[int]], limit: int | None = None) -> Figure:
    """Return histograms of reply lengths in words, one outline a group, with the limit marked.

    Parameters
    ----------
    words : sequence of int, or mapping of name to sequence
        Words a reply.
    limit : int, optional
        A dashed line, such as :data:`josi_utils.persona.WORD_LIMIT`.
    """
    groups = words if isinstance(words, Mapping) else {"": words}
    if not any(len(values) for values in groups.values()):
        raise JosiError("lengths: there is nothing to draw; give at least one length")
    figure, axes = _figure()
    highest = max(max(v, default=0) for v in groups.values())
    bins = range(0, max(highest, limit or 0) + 6, 5)
    for (name, values), (colour, dash, _) in zip(groups.items(), _styles(len(groups)), strict=True):
        filled = len(groups) == 1
        axes.hist(
            values, bins=bins, histtype="stepfilled" if filled else "step", color=colour,
            linestyle=dash, linewidth=1.8, label=name or None, alpha=0.85 if filled else 1,
        )  # fmt: skip
    if limit is not None:
        axes.axvline(limit, color="black", linestyle="--", linewidth=1.2)
        axes.annotate(
            f"limit {limit}", (limit, 1), xycoords=("data", "axes fraction"),
            xytext=(4, -12), textcoords="offset points",
        )  # fmt: skip
    return _labelled(figure, axes, "words in a reply", "replies", legend=len(groups) > 1)


def categories(counts: Mapping[str, int]) -> Figure:
    """Return horizontal bars of how many rows each category has, most first."""
    if not counts:
        raise JosiError("categories: there is nothing to draw; give at least one count")
    items = sorted(counts.items(), key=lambda item: item[1])
    figure, axes = _figure(height=0.6 + 0.36 * len(items))
    bars = axes.barh([CATEGORY_WORDS.get(k, k) for k, _ in items], [v for _, v in items], color=INK)
    axes.bar_label(bars, padding=3)
    axes.margins(x=0.1)
    return _labelled(figure, axes, "rows", "")


def loss_curves(entries: Iterable[Mapping[str, Any]]) -> Figure:
    """Return training and validation loss over steps.

    Parameters
    ----------
    entries : iterable of mapping
        The trainer's log: ``step`` with ``loss`` or ``eval_loss``; other entries are passed over.
    """
    rows = [entry for entry in entries if "step" in entry]
    figure, axes = _figure()
    drawn = 0
    for (key, name), (colour, dash, marker) in zip(
        (("loss", "training"), ("eval_loss", "validation")), LINES, strict=False
    ):
        points = sorted((row["step"], row[key]) for row in rows if row.get(key) is not None)
        if points:
            drawn += 1
            marks = marker if len(points) <= 40 else None
            axes.plot(*zip(*points, strict=True), color=colour, linestyle=dash, marker=marks,
                      markersize=4, label=name)  # fmt: skip
    if not drawn:
        raise JosiError("loss curves: no entry has a step with loss or eval_loss; train first")
    return _labelled(figure, axes, "optimiser steps", "cross-entropy (nats a token)", legend=True)


def gate_intervals(gates: Sequence[Mapping[str, Any]]) -> Figure:
    """Return each gate's figure, interval and bar; one row a gate, one marker a condition.

    Parameters
    ----------
    gates : sequence of mapping
        From :func:`josi_utils.gates.judge`. Scales of 1 to 5 are drawn as shares of their range.
    """
    known = [g for g in gates if g["value"] is not None]
    if not known:
        raise JosiError("gates: no gate has a value; run the evaluation first")
    names = list(dict.fromkeys(g["name"] for g in known))
    conditions = list(dict.fromkeys(g["condition"] for g in known))
    figure, axes = _figure(height=0.9 + 0.5 * len(names), width=8)
    styles = dict(zip(conditions, _styles(len(conditions)), strict=True))
    for gate in known:
        row = len(names) - 1 - names.index(gate["name"])
        spread = 0.16 * (conditions.index(gate["condition"]) - (len(conditions) - 1) / 2)
        low_end, high_end = gate["scale"]
        value, low, high, bar = (
            None if x is None else (x - low_end) / (high_end - low_end)
            for x in (gate["value"], gate["low"], gate["high"], gate["bar"])
        )
        colour, _, marker = styles[gate["condition"]]
        if low is not None and high is not None:
            axes.plot([low, high], [row - spread] * 2, color=colour, linewidth=2)
        hollow = "white" if gate["status"] != "GREEN" else colour
        axes.plot(
            value, row - spread, marker, color=colour, markerfacecolor=hollow, markersize=7,
            label=gate["condition"],
        )  # fmt: skip
        axes.plot([bar, bar], [row - 0.38, row + 0.38], color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_xlim(-0.03, 1.03)
    label = "share, or place on the scale of 1 to 5; dashed: the bar; filled: GREEN"
    return _labelled(figure, axes, label, "", legend=True)


def heatmap(condition: Mapping[str, Any], keys: Sequence[str] = HEAT_METRICS) -> Figure:
    """Return categories × metrics as shades with numbers; hatched where there are too few prompts.

    Parameters
    ----------
    condition : mapping
        One entry of ``aggregate(...)["conditions"]``.
    keys : sequence of str
        Metrics, left to right.
    """
    from matplotlib.patches import Rectangle

    rows = list(condition["categories"].items())
    if not rows:
        raise JosiError("heatmap: there is no category to draw; run the evaluation first")
    figure, axes = _figure(height=1.4 + 0.42 * len(rows), width=2.4 + 0.9 * len(keys))
    for y, (_, found) in enumerate(rows):
        for x, key in enumerate(keys):
            metric, cell = BY_KEY[key], found["metrics"][key]
            text, shade, hatch = "–", 1.0, None
            if cell["value"] is not None:
                low, high = metric.scale
                good = (cell["value"] - low) / (high - low)
                shade = good if metric.higher_is_better else 1 - good**0.5
                mean = metric.kind == "mean"
                text = f"{cell['value']:.1f}" if mean else f"{100 * cell['value']:.0f} %"
                if cell["n"] < FEW_PROMPTS:
                    shade, hatch = 0.92, "////"
            face = str(0.25 + 0.75 * shade)
            box = {"facecolor": face, "edgecolor": "#bbbbbb", "hatch": hatch}
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, **box))
            ink = "white" if 0.25 + 0.75 * shade < 0.5 else "black"
            ground = {"facecolor": face, "edgecolor": "none", "pad": 1} if hatch else None
            axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=9, bbox=ground)
    axes.set_xlim(-0.5, len(keys) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    labels = [f"{CATEGORY_WORDS.get(name, name)} ({found['prompts']})" for name, found in rows]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_xticks(range(len(keys)), [BY_KEY[k].label for k in keys], rotation=30, ha="right")
    label = f"darker is worse; hatched: fewer than {FEW_PROMPTS} prompts"
    return _labelled(figure, axes, label, "kind of question (prompts)", grid=False)


def pass_by_category(conditions: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Return the pass rate and its interval for each category, one marker a condition.

    Parameters
    ----------
    conditions : mapping
        ``aggregate(...)["conditions"]``, or a part of it.
    """
    names = sorted({c for found in conditions.values() for c in found["categories"]}, reverse=True)
    if not names:
        raise JosiError("pass by category: there is nothing to draw; run the evaluation first")
    figure, axes = _figure(height=1 + 0.5 * len(names), width=8)
    for k, ((name, found), (colour, _, marker)) in enumerate(
        zip(conditions.items(), _styles(len(conditions)), strict=True)
    ):
        for row, category in enumerate(names):
            cell = found["categories"].get(category, {}).get("metrics", {}).get("pass")
            if not cell or cell["value"] is None:
                continue
            y = row - 0.16 * (k - (len(conditions) - 1) / 2)
            axes.plot([100 * cell["low"], 100 * cell["high"]], [y, y], color=colour, linewidth=2)
            few = cell["n"] < FEW_PROMPTS
            axes.plot(
                100 * cell["value"], y, marker, color=colour, markersize=7,
                markerfacecolor="white" if few else colour, label=name,
            )  # fmt: skip
    axes.set_yticks(range(len(names)), [CATEGORY_WORDS.get(n, n) for n in names])
    axes.set_xlim(-3, 103)
    label = f"pass rate (%), 95 % interval; hollow: fewer than {FEW_PROMPTS} prompts"
    return _labelled(figure, axes, label, "", legend=True)


def sizes(table: Any, name: str = "name", size: str = "bytes") -> Figure:
    """Return horizontal bars of file sizes in megabytes (10⁶ bytes), in the table's order.

    Parameters
    ----------
    table : DataFrame or sequence of mapping
        One row a file.
    name, size : str
        The columns of the label and of the size in bytes.
    """
    rows = table.to_dict("records") if hasattr(table, "to_dict") else list(table)
    if not rows:
        raise JosiError("sizes: there is nothing to draw; give at least one file")
    figure, axes = _figure(height=0.8 + 0.4 * len(rows))
    names = [str(row[name]) for row in reversed(rows)]
    bars = axes.barh(names, [row[size] / 1e6 for row in reversed(rows)], color=INK)
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.margins(x=0.12)
    return _labelled(figure, axes, "size (MB)", "")


def _figure(height: float = 4.0, width: float = 7.0) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _styles(n: int) -> list[tuple[str, str, str]]:
    return [LINES[i % len(LINES)] for i in range(n)]


def _labelled(
    figure: Figure, axes: Axes, x: str, y: str, *, legend: bool = False, grid: bool = True
) -> Figure:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if grid:
        axes.grid(color="#dddddd", linewidth=0.7)
        axes.set_axisbelow(True)
    if legend:
        # Above the axes, where it can cover no point.
        figure.legend(*_unique(axes), loc="outside upper center", ncols=4, frameon=False)
    return figure


def _unique(axes: Axes) -> tuple[list[Any], list[str]]:
    """Return handles and labels for a legend, each label once."""
    handles, labels = axes.get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    return list(known.values()), list(known)
