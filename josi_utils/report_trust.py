"""How far to trust the scores: ratings, faults put in on purpose, and what readers said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.report_sections import percent

#: Measures and sets in a reader's words.
WORDS = {
    "spearman": "order agrees (1 is perfect)",
    "mae": "points off on average",
    "balanced accuracy": "right calls (balanced)",
    "precision": "alarms that are right",
    "recall": "faults that are found",
    "let through": "bad replies let through",
    "calibration": "rated replies",
    "model": "a bad model's replies",
}
#: Kinds of mutation in a reader's words; leaks come as ``leak: <disguise>``.
MUTATIONS = {
    "number": "another number of minutes", "unit": "another unit", "zone": "another zone",
    "day": "another day", "session": "another kind of session",
    "negation": "the plan denied or called off",
}  # fmt: skip
#: From here on the gap between rules and readers is said beside the verdict.
CLEARLY = 0.1
READERS = "What readers said"
#: Where a rated reply came from, in a reader's words, in the order shown.
VOICES = {
    "tuned": "the model on its own",
    "accepted draw": "the model, accepted by the guard",
    "composed": "put together by rule, no model",
    "untuned": "the model before training",
    "talking points: first draw, accepted": "with talking points: a draw that the guard shows",
    "talking points: first draw, refused": "with talking points: a draw that the guard refuses",
    "talking points: shown in its place": "with talking points: what it shows in its place",
    "talking points: vetted words of triage": "fixed words for warning signs",
    "talking points: composed": "what is handed over, put together by rule",
}


def trust_tables(
    calibration: dict[str, Any] | None,
    mutations: Sequence[dict[str, Any]] | None = None,
    readers: Sequence[dict[str, Any]] | None = None,
) -> dict[str, Any] | None:
    """Return all that the page shows of trust; None where nothing was measured.

    Parameters
    ----------
    calibration : dict, optional
        As :func:`calibration_tables` takes it.
    mutations : sequence of dict, optional
        Rows of :func:`josi_utils.mutations.mutation_table`.
    readers : sequence of dict, optional
        Rows of :func:`josi_utils.readers.by_voice`.
    """
    found = calibration_tables(calibration) or {"note": "", "raters": "", "tables": []}
    tables = [readers_table(readers)] if readers else []
    tables += [*found["tables"], *(mutation_tables(mutations) if mutations else [])]
    caution = caution_words(readers) if readers else ""
    return {**found, "tables": tables, "caution": caution} if tables else None


def caution_words(rows: Sequence[dict[str, Any]]) -> str:
    """Return one sentence for the verdict where readers were clearly harsher than the rules."""
    worst = max(rows, key=lambda row: row["rules"] - row["readers"])
    if worst["rules"] - worst["readers"] < CLEARLY:
        return ""
    return (
        "The rules are kinder than people would be: of an earlier model's replies, strict readers "
        f"would have sent {percent(worst['readers'])} where the rules passed "
        f"{percent(worst['rules'])}."
    )


def calibration_tables(calibration: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return ``{"note", "raters", "tables": [{"title", "columns", "rows", "note"}]}``, all text.

    Besides that shape, a dictionary of ``{row: {column: value}}`` becomes a table a key, and
    plain values become one table of two columns.
    """
    if not calibration:
        return None
    if "tables" in calibration:
        tables = [
            _table(
                table.get("title", ""),
                [_title(c) for c in table["columns"]],
                [[WORDS.get(text := _cell(c), text) for c in row] for row in table["rows"]],
                table.get("note", ""),
            )
            for table in calibration["tables"]
        ]
        return {
            "note": calibration.get("note", ""),
            "raters": calibration.get("raters", ""),
            "tables": tables,
        }
    plain = [[_title(k), _cell(v)] for k, v in calibration.items() if not isinstance(v, dict)]
    tables = [_nested(k, v) for k, v in calibration.items() if isinstance(v, dict) and v]
    if plain:
        tables.append(_table("In short", ["What", "Value"], plain))
    return {"note": "", "raters": "", "tables": tables}


def mutation_tables(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the mutations as two tables, the disguises of a leak folded away in the second.

    Parameters
    ----------
    rows : sequence of {"kind", "n", "caught", "false_alarms"}
        The row ``"all"`` is computed again from the others.
    """
    slots = [row for row in rows if not row["kind"].startswith("leak: ") and row["kind"] != "all"]
    leaks = [row for row in rows if row["kind"].startswith("leak: ")]
    shown = [(MUTATIONS.get(row["kind"], row["kind"]), [row]) for row in slots]
    if leaks:
        shown.append((f"a forbidden word, in {len(leaks)} disguises", leaks))
    shown.append(("all", [*slots, *leaks]))
    columns = ["What was made wrong", "Replies", "Found", "False alarms", "Recall", "Precision"]
    note = (
        "One thing was made wrong in a reply that was right, by a machine and by lot. A false alarm "
        "is the same objection to the reply as it was before. Recall is the share of faults found, "
        "precision the share of alarms that were faults."
    )
    first = _table(
        "Faults put in on purpose", columns, [_caught(w, part) for w, part in shown], note
    )
    if not leaks:
        return [first]
    disguises = [_caught(row["kind"].removeprefix("leak: "), [row]) for row in leaks]
    folded = _table("Forbidden words by disguise", ["Disguise", *columns[1:]], disguises)
    return [first, {**folded, "folded": True}]


def _caught(words: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    n, caught, false = (sum(row[key] for row in rows) for key in ("n", "caught", "false_alarms"))
    precision = percent(caught / (caught + false)) if caught + false else "–"
    return [words, str(n), str(caught), str(false), percent(caught / n) if n else "–", precision]


def readers_table(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what strict readers and the rules said of the same replies, by where these came from.

    Parameters
    ----------
    rows : sequence of dict
        ``voice``, ``n``, ``readers`` and ``rules`` (shares that may be sent), ``let_through``
        (share of what readers reject that the rules pass; None where they reject nothing) and
        ``agree`` (share of same calls).
    """
    order = [*VOICES, *sorted({row["voice"] for row in rows} - set(VOICES))]
    table = [
        [
            VOICES.get(row["voice"], row["voice"]),
            str(row["n"]),
            percent(row["readers"]),
            percent(row["rules"]),
            "–" if row["let_through"] is None else percent(row["let_through"]),
            "–" if row["agree"] is None else percent(row["agree"]),
        ]
        for row in sorted(rows, key=lambda row: order.index(row["voice"]))
    ]
    note = (
        "Replies of earlier models, each read as a whole by a strict reader who was told nothing "
        "of where it came from (language models once more, not coaches)."
    )
    columns = [
        "Where the reply came from", "Replies", "Readers would send", "The rules would send",
        "Rejected by readers, passed by the rules", "Same call",
    ]  # fmt: skip
    return _table(READERS, columns, table, note)


def _table(
    title: str, columns: Sequence[str], rows: list[list[str]], note: str = ""
) -> dict[str, Any]:
    table = {"title": title, "columns": list(columns), "rows": rows, "note": note}
    return {**table, "folded": False}


def _nested(title: str, table: dict[str, Any]) -> dict[str, Any]:
    rows = {k: v if isinstance(v, dict) else {"value": v} for k, v in table.items()}
    columns = list(dict.fromkeys(c for row in rows.values() for c in row))
    return _table(
        _title(title),
        ["", *map(_title, columns)],
        [[_title(k), *(_cell(row.get(c)) for c in columns)] for k, row in rows.items()],
    )


def _title(key: Any) -> str:
    text = str(key).replace("_", " ")
    return text[:1].upper() + text[1:]


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
