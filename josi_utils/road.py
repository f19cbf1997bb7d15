"""Run the notebooks in order, skip what still holds, and leave one page to open."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from josi_utils.errors import JosiError
from josi_utils.files import read_json, write_atomic
from josi_utils.notebook import PROGRESS_MARK
from josi_utils.paths import STAGES, RunPaths, notebooks_dir
from josi_utils.stage import RECORD, read_record, why_stale

#: Longer runs of progress lines are cut short on the page.
MOST_PROGRESS = 8
#: Scripts of nbconvert's template that load code from other hosts, or would with a URL set.
FETCHING_SCRIPT = r"\bsrc=|addWidgetsRenderer|mermaid|require\.config|MathJax"


class ProgressLines:
    """A text stream that lets only progress lines through, indented."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._rest = stream, ""

    def write(self, text: str) -> int:
        """Forward whole lines that begin with the mark."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.startswith(PROGRESS_MARK):
                self._stream.write(f"    {line}\n")
                self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Flush the stream below."""
        self._stream.flush()


def select(only: str | None, first: str | None, last: str | None) -> list[str]:
    """Return the stages to run; names may be short (``"04"`` or ``"export"``).

    Raises
    ------
    JosiError
        If a name fits no stage, or ``--only`` is mixed with ``--from``/``--to``.
    """
    names = list(STAGES)

    def find(text: str) -> int:
        hits = [i for i, name in enumerate(names) if text in (name, name[:2], name[3:])]
        if not hits:
            raise JosiError(f"stage {text!r}: there are {', '.join(names)}")
        return hits[0]

    if only and (first or last):
        raise JosiError("--only stands alone: leave --from and --to out")
    if only:
        return [names[find(only)]]
    start, end = find(first) if first else 0, find(last) if last else len(names) - 1
    if start > end:
        raise JosiError(f"--from {first} comes after --to {last}")
    return names[start : end + 1]


def run_stages(
    run: str,
    stages: Sequence[str],
    parameters: Mapping[str, Mapping[str, Any]],
    *,
    force: bool = False,
    out: TextIO = sys.stdout,
) -> list[dict[str, Any]]:
    """Execute the stages of a run; return one summary line's facts a stage.

    Raises
    ------
    JosiError
        If a notebook fails: its error in one line, and the path of the notebook as executed.
    """
    paths = RunPaths(run)
    done = []
    for name in stages:
        stale = "forced" if force else why_stale(name, paths, parameters[name])
        if stale is None:
            print(f"{name}: up to date, skipped", file=out, flush=True)
        else:
            print(f"{name}: running ({stale})", file=out, flush=True)
            _execute(name, paths, parameters[name], out)
        record = read_record(paths, name)
        done.append({"stage": name, "skipped": stale is None, **_headline(record)})
    write_index(paths)
    return done


def _headline(record: Mapping[str, Any]) -> dict[str, Any]:
    figures = record.get("figures", {})
    main = next(iter(figures.items()), None)
    text = f"{main[0].replace('_', ' ')} {main[1]}" if main else ""
    return {"seconds": record["seconds"], "figure": text}


def _execute(name: str, paths: RunPaths, parameters: Mapping[str, Any], out: TextIO) -> None:
    """Run one notebook by papermill; keep it as executed, failing or not, with its HTML."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    executed = paths.notebooks / f"{name}.ipynb"
    executed.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        papermill.execute_notebook(
            notebooks_dir() / f"{name}.ipynb",
            executed,
            parameters=dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            stdout_file=ProgressLines(out),
            cwd=str(notebooks_dir()),
        )
    except PapermillExecutionError as error:
        message = error.evalue if error.ename == "JosiError" else f"{error.ename}: {error.evalue}"
        raise JosiError(f"{name}: {message.strip()}\n  as executed: {executed}") from None
    write_html(executed)
    print(f"{name}: done in {time.monotonic() - began:.0f} s", file=out, flush=True)


def without_most_progress(text: str) -> str:
    """Return a stream's text with each long run of progress lines cut to its first and last two."""
    lines: list[str] = []
    for moving, run in groupby(
        text.splitlines(keepends=True), lambda x: x.startswith(PROGRESS_MARK)
    ):
        said = list(run)
        if moving and len(said) > MOST_PROGRESS:
            said = [*said[:2], f"{PROGRESS_MARK}… {len(said) - 4} lines more …\n", *said[-2:]]
        lines += said
    return "".join(lines)


def write_html(notebook: Path) -> Path:
    """Write a notebook's HTML beside it: self-contained, no request to any other host.

    Progress that was worth seeing while it moved is cut short; the notebook keeps it all.
    """
    import re

    import nbformat
    from nbconvert import HTMLExporter
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    exporter = HTMLExporter(template_name="lab", embed_images=True)
    exporter.mathjax_url = exporter.require_js_url = exporter.jquery_url = ""
    exporter.widget_renderer_url = exporter.mermaid_js_url = ""
    # Lines that were printed one by one are one text before they are cut.
    page, _ = CoalesceStreamsPreprocessor(enabled=True)(nbformat.read(notebook, as_version=4), {})
    for cell in page.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = without_most_progress(output.text)
    title = {"metadata": {"name": notebook.stem}}
    body, _ = exporter.from_notebook_node(page, resources=title)
    # What the template fetches from other hosts is for widgets, formulas and diagrams: we have none.
    body = re.sub(
        r"<script\b[^>]*>.*?</script>",
        lambda found: "" if re.search(FETCHING_SCRIPT, found[0]) else found[0],
        body,
        flags=re.DOTALL,
    )
    return write_atomic(notebook.with_suffix(".html"), body)


def write_index(paths: RunPaths) -> Path:
    """Write ``outputs/<run>/index.html``: what ran, the gates, where everything is."""
    rows, links = [], []
    for name, room in STAGES.items():
        record_path = paths.room(name) / RECORD
        if not record_path.is_file():
            rows.append(f"<tr><td>{name}</td><td colspan=3>not done</td></tr>")
            continue
        record = read_json(record_path)
        facts = "; ".join(f"{k.replace('_', ' ')} {v}" for k, v in record["figures"].items())
        page = f"notebooks/{name}.html"
        link = f'<a href="{page}">{name}</a>' if (paths.root / page).is_file() else name
        rows.append(
            f"<tr><td>{link}</td><td>{record['seconds']:.0f} s</td>"
            f"<td>{html.escape(facts)}</td><td><a href='{room}/'>{room}/</a></td></tr>"
        )
    if (paths.eval / "report.html").is_file():
        links.append(
            '<p class="main"><a href="eval/report.html">The report: how good is Josi?</a></p>'
        )
    gates = "".join(
        f"<li><b>{html.escape(gate['status'])}</b> {html.escape(gate['text'])}</li>"
        for gate in gate_lines(paths)
    )
    body = INDEX.format(
        run=html.escape(paths.run), links="".join(links), gates=gates, rows="".join(rows)
    )
    return write_atomic(paths.index, body)


def gate_lines(paths: RunPaths) -> list[dict[str, str]]:
    """Return the gates of a run as ``{"status", "text"}``; empty before 05 has run."""
    path = paths.eval / "gates.json"
    if not path.is_file() or not (paths.eval / RECORD).is_file():
        return []
    return [
        {"status": gate["status"], "text": f"{gate['condition']}: {gate['name']} {gate['shown']}"}
        for gate in read_json(path)["gates"]
    ]


INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Josi: run {run}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }}
table {{ border-collapse: collapse; width: 100%; }} .box {{ overflow-x: auto; }}
td, th {{ text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #ccc; vertical-align: top; }}
.main {{ font-size: 1.25rem; }} a {{ color: #0b4f8a; }}
</style></head><body>
<main><h1>Josi: run {run}</h1>{links}
<h2>Gates</h2><ul>{gates}</ul>
<h2>Stages</h2><div class="box"><table>
<tr><th>notebook</th><th>time</th><th>figures</th><th>room</th></tr>{rows}</table></div>
</main></body></html>
"""
