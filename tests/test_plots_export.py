"""Figures of the export draw what was measured, and mark what fails."""

from __future__ import annotations

import pytest

from josi_utils import plots_export
from josi_utils.errors import JosiError
from josi_utils.plots import save


def step(name, kl=0.01, top=0.95, ratio=1.01, **limits):
    return {"from": "x", "to": name, "kl_mean": kl, "same_top1": top, "perplexity_ratio": ratio,
            "limits": limits}  # fmt: skip


def points(axes):
    """Return {value: marker} of what is drawn as a point."""
    return {
        float(line.get_xdata()[0]): line.get_marker()
        for line in axes.lines
        if line.get_marker() not in ("None", "none", "")
    }


def test_parity_has_a_panel_a_figure_and_a_row_a_step(tmp_path):
    steps = [step("merged", kl=0.0, top=1.0, ratio=1.0), step("q", kl_mean=0.005, same_top1=0.9)]
    figure = plots_export.parity_steps(steps)
    kl, top, perplexity = figure.axes
    assert [label.get_text() for label in kl.get_yticklabels()] == ["x → q", "x → merged"]
    assert all(axes.get_xlabel() for axes in figure.axes)
    # The step over its limit is a cross; no limit, no judgement.
    assert points(kl) == {0.01: "X", plots_export.LEAST_KL: "o"}
    assert {round(value, 6): mark for value, mark in points(top).items()} == {5.0: "o", 0.0: "o"}
    assert [round(value, 6) for value in points(perplexity)] == [1.0, 0.0]
    assert "0.01, limit 0.005" in [text.get_text() for text in kl.texts]
    first = [path.read_bytes() for path in save(figure, tmp_path / "a")]
    again = save(plots_export.parity_steps(steps), tmp_path / "b")
    assert first == [path.read_bytes() for path in again]


def test_sizes_leave_out_the_reference_and_mark_the_recommended():
    rows = [
        {"name": "f16", "size": 270e6, "kl": 0.0, "fits": True},
        {"name": "q4_k_m", "size": 105e6, "kl": 0.03, "fits": True},
        {"name": "q4_0", "size": 92e6, "kl": 0.2, "fits": False},
    ]
    figure = plots_export.size_against_divergence(rows, "q4_k_m")
    axes = figure.axes[0]
    assert points(axes) == {105.0: "D", 92.0: "o"}
    assert [text.get_text() for text in axes.texts] == ["q4_k_m", "q4_0"]
    hollow = {float(x.get_xdata()[0]): x.get_markerfacecolor() == "white" for x in axes.lines}
    assert hollow == {105.0: False, 92.0: True}
    assert axes.get_xlabel() and axes.get_ylabel() and axes.get_yscale() == "log"


def test_nothing_to_draw_is_said():
    with pytest.raises(JosiError, match="run the parity chain first"):
        plots_export.parity_steps([])
    with pytest.raises(JosiError, match="measure at least one"):
        plots_export.size_against_divergence([{"name": "f16", "size": 1, "kl": 0, "fits": True}])
