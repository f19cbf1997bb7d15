"""The page that coaches read: one room's samples in, one self-contained HTML file out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from josi_utils import report_cases, report_record, report_sections, report_trust
from josi_utils.compare import compare
from josi_utils.errors import JosiError
from josi_utils.files import read_json, read_jsonl, sha256_file, write_atomic, write_json
from josi_utils.gates import judge, regressions, verdict
from josi_utils.labelling import SHEET_NAME, safe_cell, write_sheet
from josi_utils.metrics import Sample, aggregate, contradicts, scores_of
from josi_utils.persona import count_words

TEMPLATES = Path(__file__).parent / "templates"
#: Figures of one reply that go into samples.csv, by the rubric's names.
SCORE_COLUMNS = (
    "pass", "warmth", "brevity", "plain", "faithful", "question", "leak", "pushback", "safe",
)  # fmt: skip
#: Files of the room that the page links to, where they are there, and what each is for.
DOWNLOADS = (
    ("samples.csv", "every reply with its scores, as a table for a spreadsheet"),
    (SHEET_NAME, "an empty labelling sheet: rate these replies yourself"),
    ("gates.json", "every figure on this page, for a program"),
    ("samples.jsonl", "every reply with its scores and reasons, for a program"),
    ("inspect", "logs in the format of Inspect AI: inspect view --log-dir inspect opens them"),
)


def write_report(
    room: Path | str,
    *,
    calibration: dict[str, Any] | None = None,
    mutations: Sequence[dict[str, Any]] | None = None,
    readers: Sequence[dict[str, Any]] | None = None,
    history: Sequence[dict[str, Any] | Path | str] | None = None,
    stored: dict[str, Any] | None = None,
) -> Path:
    """Judge the samples of an evaluation room and write its page.

    Parameters
    ----------
    room : path
        Holds ``samples.jsonl`` and ``meta.json``. Gets ``report.html``, ``gates.json``,
        ``samples.csv`` and the labelling sheet with its key.
    calibration : dict, optional
        How well the scorers agree with raters: ``{"note": str, "raters": str, "tables":
        [{"title", "columns", "rows", "note"}]}``. Without ``raters`` the page says that the
        ratings come from language models, not coaches. A plain dictionary of dictionaries is
        shown as tables too.
    mutations : sequence of dict, optional
        Rows of :func:`josi_utils.mutations.mutation_table`: what the scorers find of faults that
        were put into good replies.
    readers : sequence of dict, optional
        Rows of :func:`josi_utils.readers.by_voice`: the same replies judged by readers and rules.
    history : sequence, optional
        Earlier ``gates.json`` files, read or as paths, for the trend. This run's own is left out.
    stored : dict, optional
        The ``gates.json`` to hold this run against; what became worse is flagged.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    JosiError
        If the samples are missing, empty or not what they should be. Nothing is written then.
    """
    room = Path(room)
    samples = [row for _, row in read_jsonl(room / "samples.jsonl")]
    meta = read_json(room / "meta.json")
    if not isinstance(meta, dict):
        raise JosiError(f"{room / 'meta.json'}: not a JSON object; run the evaluation again")
    figures = aggregate(samples)
    gates = judge(figures)
    names = report_sections.roles(figures, meta)
    record = gates_record(meta, figures, gates, names["raw"], sha256_file(room / "samples.jsonl"))
    if stored is not None:
        record["regressions"] = regressions(record, stored)
    earlier = [entry for entry in map(_read, history or []) if entry.get("run") != meta.get("run")]
    write_atomic(room / "samples.csv", samples_csv(samples))
    write_sheet([s for s in samples if s["condition"] == names["raw"]], room)
    write_json(room / "gates.json", record)
    trust = report_trust.trust_tables(calibration, mutations, readers)
    page = render(samples, meta, record, names, trust, earlier, room)
    return write_atomic(room / "report.html", page)


def gates_record(
    meta: dict[str, Any],
    figures: dict[str, Any],
    gates: list[dict[str, Any]],
    candidate: str,
    samples_sha256: str,
) -> dict[str, Any]:
    """Return what ``gates.json`` holds.

    ``passed`` speaks of the candidate on its own; ``verdicts`` of every condition.
    """
    kept = ("run", "date", "model_file", "model_sha256", "cases_sha256", "scorer_hash")
    verdicts = {name: verdict(gates, name) for name in figures["conditions"]}
    return {
        "format": 1,
        **{key: meta.get(key) for key in kept},
        "guard_version": meta.get("guard_version"),
        "samples_sha256": samples_sha256,
        "candidate": candidate,
        "passed": verdicts[candidate]["passed"],
        "verdicts": verdicts,
        "gates": gates,
        "aggregate": figures,
    }


def render(
    samples: list[Sample],
    meta: dict[str, Any],
    record: dict[str, Any],
    names: dict[str, Any],
    trust: dict[str, Any] | None,
    earlier: list[dict[str, Any]],
    room: Path,
) -> str:
    """Return the page's HTML. Everything from athletes and models is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    of = {name: [s for s in samples if s["condition"] == name] for name in names["all"]}
    base, raw, guarded = names["base"], names["raw"], names["guarded"]
    against = [
        {
            "name": name,
            "words": "the untrained model" if name == base else name,
            **report_sections.comparison(found),
        }
        for name in names["others"]
        if (found := _compared(of[raw], of[name])) is not None
    ]
    figures = record["aggregate"]
    page = {
        "meta": {"run": None, "date": None, **meta},
        "names": names,
        "figures": figures,
        "verdict": report_sections.verdict_words(record, names),
        "tiles": report_sections.tiles(record["gates"], names),
        "table": report_sections.condition_table(figures, names),
        "sources": report_sections.source_rows(figures, names),
        "against": against,
        "heatmaps": [
            {"name": name, **report_sections.heatmap(figures["conditions"][name])}
            for name in (raw, guarded)
            if name
        ],
        "worst": report_cases.worst_lists(of, names),
        "pairs": report_cases.pairs(of, names),
        "trend": report_record.trend([*earlier, record]),
        "regressions": _without(record.get("regressions"), base),
        "trust": trust,
        "readers": bool(trust and any(t["title"] == report_trust.READERS for t in trust["tables"])),
        "sheet": SHEET_NAME if (room / SHEET_NAME).exists() else None,
        "settings": report_record.settings(meta, record),
        # The page itself is not there yet, but what it links to is.
        "downloads": [(f, words) for f, words in DOWNLOADS if (room / f).exists()],
    }
    return environment.get_template("report.html.j2").render(page)


def _compared(a: list[Sample], b: list[Sample]) -> dict[str, Any] | None:
    """Return the paired comparison; None where the two share no question."""
    try:
        return compare(a, b)
    except JosiError:
        return None


def _without(found: dict[str, Any] | None, base: str | None) -> dict[str, Any] | None:
    """Return regressions less those of the base model, which nobody trained."""
    flags = [f for f in (found or {}).get("flags", []) if f["condition"] != base]
    return found and {**found, "flags": flags}


def samples_csv(samples: Iterable[Sample]) -> bytes:
    """Return every reply as CSV with a byte-order mark, which spreadsheets need to see UTF-8.

    A text cell never starts a formula, whatever an athlete or a model wrote.
    """
    rows = [_csv_row(sample) for sample in samples]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8-sig")


def _csv_row(sample: Sample) -> dict[str, Any]:
    case, scores, reply = sample["case"], scores_of(sample), sample.get("reply") or ""
    why = "; ".join(
        f"{w['field']}: {w['reason']}" + (f" [{w['text']}]" if w.get("text") else "")
        for w in scores.get("why") or []
    )
    run = ("condition", "seed", "greedy", "source", "draws")
    cost = ("finished", "tokens", "seconds")
    return {
        "case": case["id"],
        "category": case["category"],
        **{key: sample.get(key) for key in run},
        "message": safe_cell(case["message"]),
        "reply": safe_cell(reply),
        "words": count_words(reply),
        **{key: scores.get(key) for key in SCORE_COLUMNS},
        "contradicts": contradicts(sample),
        "reasons": safe_cell(why),
        **{key: sample.get(key) for key in cost},
    }


def _read(entry: dict[str, Any] | Path | str) -> dict[str, Any]:
    """Return an earlier record; an unreadable one is counted as such and keeps no page back."""
    try:
        record = entry if isinstance(entry, dict) else read_json(entry)
    except JosiError:
        return {}
    return record if isinstance(record, dict) else {}
