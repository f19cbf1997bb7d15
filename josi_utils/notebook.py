"""What notebooks show: versions, tables, replies side by side, progress lines."""

from __future__ import annotations

import html
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: Lines that begin so are passed on to the terminal by ``run_all.py``.
PROGRESS_MARK = "· "


def say(line: str) -> None:
    """Print a progress line; ``run_all.py`` passes it on to the terminal as it comes."""
    print(f"{PROGRESS_MARK}{line}", flush=True)


def versions() -> dict[str, str]:
    """Return Python, device and the versions that can change a result."""
    import torch

    from josi_utils.stage_code import package_versions

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    return {
        "python": platform.python_version(),
        "device": f"{device}, {torch.get_num_threads()} threads",
        **package_versions(),
    }


def facts(values: Mapping[str, Any]) -> Any:
    """Return a two-column table of names and values, to be shown as a cell's result."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(str(k).replace('_', ' '))}</th>"
        f"<td style='text-align:left'>{html.escape(str(v))}</td></tr>"
        for k, v in values.items()
    )
    return _html(f"<table>{rows}</table>")


def table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return rows as a table; text is wrapped and aligned left, floats have four digits.

    Its columns are all that any row has, in the order of their first place; what a row lacks is blank.
    """
    if not rows:
        return _html("<p>nothing to show</p>")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    head = "".join(f"<th style='text-align:left'>{html.escape(str(k))}</th>" for k in columns)
    body = "".join(
        "<tr>"
        + "".join(
            "<td style='text-align:left;white-space:pre-wrap;vertical-align:top;max-width:30em'>"
            f"{html.escape(f'{v:.4g}' if isinstance(v, float) else str(v))}</td>"
            for v in (row.get(key, "") for key in columns)
        )
        + "</tr>"
        for row in rows
    )
    return _html(f"<table><tr>{head}</tr>{body}</table>")


def picture(figure: Any, path: Path) -> Any:
    """Save a figure as PNG and SVG, and return it to be shown, with its title in words."""
    from IPython.display import Image

    from josi_utils.plots import save

    png = next(file for file in save(figure, path) if file.suffix == ".png")
    titles = [axes.get_title() or axes.get_xlabel() for axes in figure.axes]
    return Image(data=png.read_bytes(), width=700, alt="; ".join(filter(None, titles)))


def masked(runs: Sequence[tuple[str, bool]]) -> Any:
    """Return a row's text with the part that the loss counts marked."""
    pieces = "".join(
        f"<mark style='background:#cde8d0'>{html.escape(text)}</mark>" if counted
        else f"<span style='color:#666'>{html.escape(text)}</span>"
        for text, counted in runs
    )  # fmt: skip
    return _html(f"<pre style='white-space:pre-wrap'>{pieces}</pre>")


def files(room: Path) -> Any:
    """Return a room's files with size and the head of each SHA-256."""
    from josi_utils.files import sha256_tree

    return table(
        [
            {"file": name, "bytes": f"{entry['size']:,}", "SHA-256": entry["sha256"][:16]}
            for name, entry in sha256_tree(room).items()
            if not name.startswith("checkpoints/")
        ]
    )


def plain(value: Any) -> Any:
    """Return a value of plain Python types, for JSON: numpy scalars, paths and tuples too."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _html(text: str) -> Any:
    from IPython.display import HTML

    return HTML(text)
