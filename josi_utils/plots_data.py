"""Figures of the gold examples: counts, coverage, overlaps, a map of the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    """Return category × what the app hands over as a shaded table with the counts."""
    import numpy as np
    from matplotlib.figure import Figure

    columns = sorted({key for cell in matrix.values() for key in cell})
    order = ["rows", "decision", "card", "history", "alone"]
    columns = [c for c in order if c in columns] + [c for c in columns if c not in order]
    values = np.array([[cell.get(column, 0) for column in columns] for cell in matrix.values()])
    figure = Figure(figsize=(0.42 * len(columns) + 2, 0.42 * len(matrix) + 2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.log1p(values), cmap="Greys", aspect="auto")
    axes.set_xticks(range(len(columns)), [c.replace("_", " ") for c in columns], rotation=90)
    axes.set_yticks(range(len(matrix)), [c.replace("_", " ") for c in matrix])
    dark = np.log1p(values).max() / 2
    for (i, j), value in np.ndenumerate(values):
        colour = "white" if np.log1p(value) > dark else "black"
        axes.text(j, i, str(value), ha="center", va="center", color=colour, fontsize=7)
    axes.set_title("Examples by category and by what is handed over")
    return figure


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
