"""Figures of the gold examples: counts, coverage, overlaps, a map of the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#14505c"
#: Markers of the map's categories in turn, as colour alone would not do.
MARKERS = "os^vD<>pP*X"


def bars(counts: Mapping[str, int], *, title: str, xlabel: str) -> Figure:
    """Return horizontal bars with their numbers, in the order given."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.6 + 0.3 * max(1, len(counts))), layout="constrained")
    axes = figure.subplots()
    drawn = axes.barh([k.replace("_", " ") for k in counts], list(counts.values()), color=INK)
    axes.bar_label(drawn, padding=3)
    axes.invert_yaxis()
    axes.set(title=title, xlabel=xlabel)
    axes.margins(x=0.1)
    return figure


def histogram(
    values: Sequence[float], *, bar: float, xlabel: str, title: str, bins: int = 40
) -> Figure:
    """Return a histogram with a vertical line at the bar that no value may pass."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    axes.hist(values, bins=bins, range=(0, 1), color=INK)
    axes.axvline(bar, color="#a00", linestyle="--", label=f"bar {bar:g}")
    axes.set(xlabel=xlabel, ylabel="pairs", title=title)
    axes.legend()
    return figure


def coverage(matrix: Mapping[str, Mapping[str, int]]) -> Figure:
    """Return what is handed over × category as shaded tables with the counts.

    Three tables one below the other: the parts of a prompt, sports, reasons. Darker is more; an
    empty cell is a hole, and shown as a dot.

    Parameters
    ----------
    matrix : mapping
        Category to counts: ``rows``, ``decision``, …, ``sport <name>``, ``reason <name>``.
    """
    from matplotlib.figure import Figure

    names = {key for cell in matrix.values() for key in cell}
    order = [c for c in ("rows", "decision", "card", "history", "alone") if c in names]
    groups = {
        "handed over": order + sorted(n for n in names - set(order) if " " not in n),
        "sport": sorted(n for n in names if n.startswith("sport ")),
        "reason": sorted(n for n in names if n.startswith("reason ")),
    }
    groups = {title: rows for title, rows in groups.items() if rows}
    heights = [len(rows) for rows in groups.values()]
    figure = Figure(figsize=(7.5, 1.8 + 0.27 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)
    for number, (axes, (title, rows)) in enumerate(zip(panels[:, 0], groups.items(), strict=True)):
        counts = [[cell.get(row, 0) for cell in matrix.values()] for row in rows]
        _shaded(axes, counts, [_short(row, title) for row in rows])
        axes.set_ylabel(title, fontsize=10)
        axes.set_xticks(range(len(matrix)))
        labels = [category.replace("_", " ") for category in matrix] if number == 0 else []
        axes.tick_params(axis="x", top=False, bottom=False, labelbottom=False, labeltop=True)
        axes.set_xticklabels(labels or [""] * len(matrix), rotation=40, ha="left", fontsize=9)
    figure.align_ylabels()
    panels[0, 0].set_title("Examples by what is handed over and by category", fontsize=11)
    return figure


def _short(name: str, group: str) -> str:
    plain = {"rows": "all rows", "alone": "message alone"}.get(name, name)
    return plain.removeprefix(f"{group} ").replace("_", " ")


def _shaded(axes: Axes, counts: Sequence[Sequence[int]], labels: Sequence[str]) -> None:
    """Draw counts as a table, shaded by their logarithm."""
    import numpy as np

    shade = np.log1p(np.array(counts))
    axes.imshow(shade, cmap="Greys", aspect="auto", vmin=0, vmax=max(shade.max(), 1))
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    for (i, j), value in np.ndenumerate(shade):
        colour = "white" if value > 0.6 * shade.max() else "black"
        text = str(counts[i][j]) if counts[i][j] else "·"
        axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=9)


def message_map(messages: Sequence[str], categories: Sequence[str]) -> Figure:
    """Return the messages' TF-IDF vectors in two dimensions (truncated SVD), by category."""
    from matplotlib.figure import Figure
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    vectors = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(messages)
    reduced = TruncatedSVD(3, random_state=0).fit_transform(normalize(vectors))
    # The first direction is how common a message's words are; the next two tell what it is about.
    points = reduced[:, 1:3]
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for number, category in enumerate(sorted(set(categories))):
        chosen = [i for i, name in enumerate(categories) if name == category]
        axes.scatter(
            points[chosen, 0], points[chosen, 1], s=14, alpha=0.6,
            marker=MARKERS[number % len(MARKERS)], label=category.replace("_", " "),
        )  # fmt: skip
    axes.set(xlabel="second direction", ylabel="third direction", title="What athletes write")
    axes.legend(fontsize=7, ncols=2)
    return figure
