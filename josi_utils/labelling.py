"""A labelling sheet for coaches: CSV out, labels back in."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl, write_atomic, write_jsonl
from josi_utils.prompt import render

SHEET_NAME = "labelling_sheet.csv"
KEY_NAME = "labelling_key.jsonl"
#: The rubric's scales of 1 to 5, and what may stay empty where it does not apply; the others are
#: yes or no.
SCALES = ("warmth", "brevity", "plain")
OPTIONAL = ("pushback", "safe")
FIELDS = ("warmth", "brevity", "plain", "faithful", "question", "leak", "pushback", "safe", "pass")
#: As many as a coach can do in about an hour.
SHEET_SIZE = 60
YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0"})


def safe_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula.

    References
    ----------
    OWASP, "CSV Injection": a cell that starts with ``= + - @``, a tab, a return or a line feed may be run.
    """
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text


def choose(samples: Iterable[dict[str, Any]], size: int = SHEET_SIZE) -> list[dict[str, Any]]:
    """Choose replies to label: by lot within each category, half passed and half failed.

    The lot is the SHA-256 of case and reply, so the same samples give the same sheet, in an order
    that says nothing of the score.
    """
    groups: dict[tuple[str, bool], list[tuple[str, dict[str, Any]]]] = {}
    for sample in samples:
        if not (sample.get("reply") or "").strip():
            continue
        text = sample["case"]["id"] + "\0" + sample["reply"]
        lot = hashlib.sha256(text.encode()).hexdigest()
        passed = bool((sample.get("scores") or {}).get("pass"))
        groups.setdefault((sample["case"]["category"], passed), []).append((lot, sample))
    queues = [sorted(dict(g).items(), key=lambda i: i[0]) for _, g in sorted(groups.items())]
    chosen: dict[str, dict[str, Any]] = {}
    while len(chosen) < size and any(queues):
        for queue in queues:
            if queue and len(chosen) < size:
                lot, sample = queue.pop(0)
                chosen[lot] = sample
    return [
        {"id": f"label-{lot[:12]}", "case": sample["case"], "reply": sample["reply"]}
        for lot, sample in sorted(chosen.items())
    ]


def write_sheet(
    samples: Iterable[dict[str, Any]], folder: Path | str, *, size: int = SHEET_SIZE
) -> Path:
    """Write the empty sheet and its key into a folder; return the sheet.

    The sheet is blind: no condition, no score. The key (``id``, ``case``, ``reply`` a line) is what
    :func:`read_labels` checks against, so that what a spreadsheet does to a text cannot matter.
    A sheet that somebody began to fill in is moved aside with its key, never written over.
    """
    folder = Path(folder)
    _keep_filled(folder)
    rows = choose(samples, size)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["id", "what Josi was given", "Josi's reply", *FIELDS, "remark"])
    for row in rows:
        given, reply = safe_cell(render(row["case"])), safe_cell(row["reply"])
        writer.writerow([row["id"], given, reply, *[""] * len(FIELDS), ""])
    write_jsonl(folder / KEY_NAME, rows)
    # The mark at the start is what makes spreadsheets read UTF-8.
    return write_atomic(folder / SHEET_NAME, stream.getvalue().encode("utf-8-sig"))


def _keep_filled(folder: Path) -> None:
    """Rename a filled sheet and its key, so that a new run cannot cost a coach an hour."""
    sheet, key = folder / SHEET_NAME, folder / KEY_NAME
    if not sheet.is_file():
        return
    try:
        filled = any(row.get(field) for _, row in _rows(sheet) for field in (*FIELDS, "remark"))
    except JosiError:  # not the sheet that we wrote: somebody's work all the same
        filled = True
    if filled:
        mark = hashlib.sha256(sheet.read_bytes()).hexdigest()[:8]
        for path in (sheet, key):
            if path.is_file():
                path.rename(path.with_stem(f"{path.stem}-kept-{mark}"))


def read_labels(
    sheet: Path | str, key: Path | str | Sequence[dict[str, Any]], rater: str
) -> list[dict[str, Any]]:
    """Read a filled sheet.

    Parameters
    ----------
    sheet : path
        CSV as a spreadsheet saved it: comma, semicolon or tab; with or without the mark.
    key : path or rows
        ``labelling_key.jsonl`` of the same sheet, or what was read of it.
    rater : str
        Who filled it; a short name.

    Returns
    -------
    list of dict
        ``id``, ``rater`` and the rubric's fields, as in ``calibration_labels.jsonl``. Rows left
        wholly empty are skipped: a sheet may come back half done.

    Raises
    ------
    JosiError
        With file, row and column of the first cell that cannot be read, or if nothing is filled.
    """
    sheet = Path(sheet)
    rows = [row for _, row in read_jsonl(key)] if isinstance(key, Path | str) else key
    known, named = {row["id"] for row in rows}, key if isinstance(key, Path | str) else "its key"
    labels: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, row in _rows(sheet):
        where = f"{sheet}: row {number}"
        if not any(row.get(field) for field in FIELDS):
            continue
        if row.get("id") not in known:
            raise JosiError(
                f"{where}: id {row.get('id', '')!r} is not in {named}; use the sheet of this run"
            )
        if row["id"] in seen:
            raise JosiError(f"{where}: {row['id']} is labelled twice; keep one of the rows")
        seen.add(row["id"])
        labels.append({"id": row["id"], "rater": rater, **_label(row, where)})
    if not labels:
        raise JosiError(f"{sheet}: no row is filled in; rate some replies and save as CSV")
    return labels


def write_calibration(
    sheets: Sequence[tuple[Path | str, str]], key: Path | str, folder: Path | str
) -> tuple[Path, Path]:
    """Turn filled sheets into a calibration set.

    Parameters
    ----------
    sheets : sequence of (path, rater)
        One filled sheet a rater.
    key : path
        The key that they share.
    folder : path
        Gets ``calibration_replies.jsonl`` (``id``, ``case``, ``reply``) and
        ``calibration_labels.jsonl``, the shapes that the calibration of the scorers reads.

    Raises
    ------
    JosiError
        As :func:`read_labels`, or if a rater's name comes twice. Nothing is written then.
    """
    raters = [rater for _, rater in sheets]
    if len(set(raters)) < len(raters):
        raise JosiError("labels: two sheets carry the same rater's name; give each rater their own")
    labels = [label for path, rater in sheets for label in read_labels(path, key, rater)]
    rated = {label["id"] for label in labels}
    replies = [row for _, row in read_jsonl(key) if row["id"] in rated]
    folder = Path(folder)
    return (
        write_jsonl(folder / "calibration_replies.jsonl", replies),
        write_jsonl(folder / "calibration_labels.jsonl", labels),
    )


def _rows(sheet: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the sheet's rows with their number as a spreadsheet shows it (the head is row 1)."""
    try:
        text = sheet.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise JosiError(f"{sheet}: no such file") from None
    except UnicodeDecodeError:
        raise JosiError(f"{sheet}: not UTF-8; save it as 'CSV UTF-8'") from None
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [
            {(k or "").strip(): v.strip() for k, v in row.items() if isinstance(v, str)}
            for row in reader
        ]
    except csv.Error as error:
        raise JosiError(f"{sheet}: not a CSV table ({error}); save it as CSV again") from None
    names = {(name or "").strip() for name in reader.fieldnames or []}
    missing = [name for name in ("id", *FIELDS) if name not in names]
    if missing:
        raise JosiError(f"{sheet}: no column {missing[0]!r}; keep the sheet's first row as it was")
    return list(enumerate(rows, start=2))


def _label(row: dict[str, str], where: str) -> dict[str, Any]:
    label: dict[str, Any] = {}
    for field in FIELDS:
        cell = row.get(field, "").strip().lower()
        if field in SCALES:
            try:
                value = float(cell.replace(",", "."))
            except ValueError:
                value = 0.0
            if value not in (1, 2, 3, 4, 5):
                raise JosiError(f"{where}: {field} is {cell!r}; write 1, 2, 3, 4 or 5")
            label[field] = int(value)
        elif not cell and field in OPTIONAL:
            label[field] = None
        elif cell in YES or cell in NO:
            label[field] = cell in YES
        else:
            raise JosiError(f"{where}: {field} is {cell!r}; write yes or no")
    return label
