"""Figures: labelled, saved twice, the same bytes each time, and honest about few prompts."""

from __future__ import annotations

import pandas as pd
import pytest
from evaluation_samples import make_samples

from josi_utils import plots, plots_data
from josi_utils.errors import JosiError
from josi_utils.gates import aggregate, judge


@pytest.fixture(scope="module")
def figures():
    return aggregate(make_samples(12, 1) + make_samples(8, 1, condition="base"))


def all_figures(figures):
    return {
        "lengths": plots.lengths({"tuned": [20, 45, 60], "base": [3, 120]}, limit=80),
        "categories": plots.categories({"feelings": 12, "progress": 30}),
        "loss": plots.loss_curves([{"step": 1, "loss": 3.0}, {"step": 2, "eval_loss": 2.5}]),
        "gates": plots.gate_intervals(judge(figures)),
        "heatmap": plots.heatmap(figures["conditions"]["tuned"]),
        "pass": plots.pass_by_category(figures["conditions"]),
        "sizes": plots.sizes(pd.DataFrame({"name": ["f16", "q4"], "bytes": [2e8, 1e8]})),
    }


def test_every_figure_has_labelled_axes_and_draws(figures):
    for name, figure in all_figures(figures).items():
        axes = figure.axes[0]
        assert axes.get_xlabel(), name
        named_rows = any(label.get_text() for label in axes.get_yticklabels())
        assert axes.get_ylabel() or named_rows, name
        assert axes.has_data(), name
        figure.canvas.draw()


def test_save_writes_png_and_svg_the_same_each_time(tmp_path, figures):
    first = plots.save(plots.pass_by_category(figures["conditions"]), tmp_path / "a" / "pass.png")
    second = plots.save(plots.pass_by_category(figures["conditions"]), tmp_path / "b" / "pass")
    assert [p.name for p in first] == ["pass.png", "pass.svg"]
    assert first[0].read_bytes().startswith(b"\x89PNG")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_lines_differ_without_colour():
    axes = plots.loss_curves(
        [{"step": s, "loss": 3 - s / 10} for s in range(5)]
        + [{"step": s, "eval_loss": 3 - s / 12} for s in range(5)]
    ).axes[0]
    assert len({(line.get_linestyle(), line.get_marker()) for line in axes.lines}) == 2


def test_loss_curves_draw_the_points_of_the_log():
    entries = [{"step": 2, "loss": 2.0}, {"step": 1, "loss": 3.0}, {"train_runtime": 9, "step": 2}]
    (line,) = plots.loss_curves(entries).axes[0].lines
    assert list(line.get_xdata()) == [1, 2] and list(line.get_ydata()) == [3.0, 2.0]


def test_few_prompts_are_hatched_in_the_heatmap_and_hollow_in_the_rates(figures):
    few, many = (plots.heatmap(figures["conditions"][n]).axes[0].patches for n in ("base", "tuned"))
    assert any(p.get_hatch() for p in few) and not any(p.get_hatch() for p in many)
    axes = plots.pass_by_category(figures["conditions"]).axes[0]
    faces = {
        line.get_label(): line.get_markerfacecolor()
        for line in axes.lines
        if line.get_marker() != "None"
    }
    assert faces["base"] == "white" and faces["tuned"] != "white"


def test_sizes_are_in_millions_of_bytes_in_the_order_given():
    axes = plots.sizes(
        [{"name": "f16", "bytes": 271_000_000}, {"name": "q4", "bytes": 105_000_000}]
    ).axes[0]
    assert [round(p.get_width()) for p in axes.patches] == [105, 271]
    assert axes.get_xlabel() == "size (MB)"


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.lengths([]),
        lambda: plots.categories({}),
        lambda: plots.loss_curves([{"epoch": 1}]),
        lambda: plots.gate_intervals([]),
        lambda: plots.heatmap({"categories": {}}),
        lambda: plots.pass_by_category({}),
        lambda: plots.sizes([]),
    ],
)
def test_nothing_to_draw_is_one_clear_line(draw):
    with pytest.raises(JosiError):
        draw()


COVERAGE = {
    "feelings": {"rows": 9, "card": 2, "sport run": 5, "reason poor_sleep": 4},
    "greeting": {"rows": 3, "alone": 3, "sport run": 0, "reason long_break": 1},
}


def test_coverage_shows_every_count_and_a_dot_where_there_is_none():
    figure = plots_data.coverage(COVERAGE)
    for axes in figure.axes:
        rows = [label.get_text() for label in axes.get_yticklabels()]
        shown = {t.get_position(): t.get_text() for t in axes.texts}
        assert len(shown) == len(rows) * len(COVERAGE)
        for (x, y), text in shown.items():
            cell = list(COVERAGE.values())[x]
            name = {"all rows": "rows", "message alone": "alone"}.get(rows[y], rows[y])
            keys = (name, f"sport {name}", f"reason {name.replace(' ', '_')}")
            assert text == str(next((cell[k] for k in keys if cell.get(k)), "·"))


def test_coverage_can_be_read_at_the_width_of_a_notebook():
    figure = plots_data.coverage(
        {f"category_{i}": {f"reason r{j}": i * j for j in range(18)} for i in range(11)}
    )
    figure.canvas.draw()
    inches = figure.get_size_inches()[0]
    texts = [*figure.axes[0].texts, *figure.axes[0].get_xticklabels()]
    # Shown 700 pixels wide: no text is under 11 pixels high, and all of it lies in the picture.
    assert all(t.get_fontsize() / 72 / inches * 700 >= 11 for t in texts if t.get_text())
    box = figure.bbox
    for text in texts:
        place = text.get_window_extent()
        assert box.x0 <= place.x0 and place.x1 <= box.x1 and place.y1 <= box.y1
