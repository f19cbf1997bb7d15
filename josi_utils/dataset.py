"""Gold examples in, training rows out: read, clean, check, split, count."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from josi_utils.dataset_checks import (
    NEAR_DUPLICATE,
    distinct_ngrams,
    near_pairs,
    openings,
    row_problems,
)
from josi_utils.dataset_split import id_hash, premises, split
from josi_utils.decision import case_problems, read_cases, read_deck
from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl, write_json, write_jsonl
from josi_utils.persona import WORD_LIMIT, count_words
from josi_utils.prompt import case_messages
from josi_utils.taught_points import taught

VALIDATION_SHARE = 0.08


@dataclass
class Dataset:
    """What ``prepare`` makes of the gold examples.

    Attributes
    ----------
    rows : list of dict
        Cleaned gold rows, in file order.
    train, valid : list of dict
        The split of ``rows``.
    rejected : list of dict
        ``{"file", "line", "id", "reasons"}`` for every row left out.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    train: list[dict[str, Any]] = field(default_factory=list)
    valid: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)


def gold_files(data: Path) -> list[Path]:
    """Return the gold files: one a topic, then the philosophy file."""
    files = sorted((data / "gold_examples").glob("*.jsonl"))
    philosophy = data / "philosophy_enhanced.jsonl"
    if philosophy.is_file():
        files.append(philosophy)
    if not files:
        raise JosiError(f"{data}/gold_examples: no *.jsonl there; add gold examples")
    return files


#: Soft hyphen, zero-width space, word joiner, byte order mark: they hide a word from every check.
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))


def clean_text(text: str) -> str:
    """Return text in NFC, straight quotes, no invisible characters, single spaces."""
    text = unicodedata.normalize("NFC", text).translate(
        {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x00A0: " ", **_INVISIBLE}
    )
    return " ".join(text.split())


def read_gold(data: Path) -> list[tuple[Path, int, dict[str, Any]]]:
    """Read and validate every gold row; return ``(file, line, row)``, replies cleaned.

    Raises
    ------
    JosiError
        At the first broken line, as ``file:line: what``: not JSON, against the schema, no reply,
        a reply over the word limit, an id that stands twice.
    """
    rows: list[tuple[Path, int, dict[str, Any]]] = []
    seen: dict[str, str] = {}
    for path in gold_files(data):
        for number, row in read_jsonl(path):
            where = f"{path}:{number}"
            reply = row.get("reply")
            if not isinstance(reply, str) or not reply.strip():
                raise JosiError(f"{where}: no 'reply'; every gold row needs Josi's words")
            case = {key: value for key, value in row.items() if key != "reply"}
            if problems := case_problems(case):
                raise JosiError(f"{where}: {problems[0]}")
            if row["id"] in seen:
                raise JosiError(f"{where}: id {row['id']!r} stands in {seen[row['id']]} too")
            words = count_words(reply)
            if words > WORD_LIMIT:
                raise JosiError(f"{where}: reply of {words} words; at most {WORD_LIMIT}")
            seen[row["id"]] = where
            rows.append((path, number, {**row, "reply": clean_text(reply)}))
    return rows


def build(
    data: Path, *, max_words: int = WORD_LIMIT, valid_share: float = VALIDATION_SHARE
) -> Dataset:
    """Read, check and split the gold examples.

    Parameters
    ----------
    data : Path
        Folder with ``gold_examples/``, ``philosophy_enhanced.jsonl`` and ``cards/``.
    max_words : int
        Replies of more words are left out (and named in ``rejected``).
    valid_share : float
        Share of each category that goes to validation, in whole premises.

    Returns
    -------
    Dataset
        Same input, same output, to the byte.
    """
    if not 8 <= max_words <= WORD_LIMIT:
        raise JosiError(f"--max-words {max_words}: choose 8 to {WORD_LIMIT}")
    deck = {card["id"]: card for card in read_deck(data / "cards")}
    result = Dataset()
    kept: list[tuple[Path, int, dict[str, Any]]] = []
    for path, number, row in read_gold(data):
        reasons = row_problems(row, deck)
        if count_words(row["reply"]) > max_words:
            reasons.append(f"{count_words(row['reply'])} words, over --max-words {max_words}")
        if reasons:
            result.rejected.append(_rejection(path, number, row, reasons))
        else:
            kept.append((path, number, row))
    duplicates: dict[int, str] = {}
    for side in ("reply", "message"):
        for first, second, overlap in near_pairs(
            [row[side] for _, _, row in kept], threshold=NEAR_DUPLICATE
        ):
            # Short messages ("hi", "ok") repeat in life; only a repeat of both sides is one row.
            if side == "message" and len(kept[second][2]["message"].split()) < 8:
                continue
            duplicates.setdefault(
                second, f"{side} like {kept[first][2]['id']} ({overlap:.2f} of word 3-grams)"
            )
    for index, (path, number, row) in enumerate(kept):
        if index in duplicates:
            result.rejected.append(_rejection(path, number, row, [duplicates[index]]))
        else:
            result.rows.append(row)
    if not result.rows:
        raise JosiError(f"{data}: no gold row is left after the checks; see rejected.jsonl")
    result.train, result.valid = split(result.rows, valid_share)
    return result


def _rejection(path: Path, number: int, row: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
    return {"file": path.name, "line": number, "id": row["id"], "reasons": reasons}


def training_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the conversational form that TRL, PEFT and every peer read."""
    points, reply = taught(row)
    messages = [*case_messages(row, points), {"role": "assistant", "content": reply}]
    return {"id": row["id"], "category": row["category"], "messages": messages}


def leakage(
    rows: Sequence[dict[str, Any]], cases: Sequence[dict[str, Any]], threshold: float = 0.5
) -> list[dict[str, Any]]:
    """Return gold rows whose message is (nearly) an evaluation case's, or vice versa.

    Exact repeats of messages under five words ("hi", "good morning") are life, not leakage.
    """
    texts = [row["message"] for row in rows] + [case["message"] for case in cases]
    found = []
    for first, second, overlap in near_pairs(texts, threshold=threshold):
        if first < len(rows) <= second and len(texts[second].split()) >= 5:
            found.append(
                {
                    "row": rows[first]["id"],
                    "case": cases[second - len(rows)]["id"],
                    "overlap": overlap,
                }
            )
    return found


def statistics(dataset: Dataset) -> dict[str, Any]:
    """Return counts and shares of the cleaned rows, for ``stats.json`` and the pages."""
    rows = dataset.rows
    words = [count_words(row["reply"]) for row in rows]
    total = len(rows)
    reasons = Counter(r for row in rows for r in (row.get("decision") or {}).get("reasons") or [])
    sessions = Counter(row["decision"]["session"]["kind"] for row in rows if row.get("decision"))
    share = lambda test: round(sum(map(bool, map(test, rows))) / total, 4)  # noqa: E731
    replies = [row["reply"] for row in rows]
    return {
        "rows": total,
        "train": len(dataset.train),
        "valid": len(dataset.valid),
        "rejected": len(dataset.rejected),
        "words_mean": round(sum(words) / total, 2),
        "words_max": max(words),
        "share_decision": share(lambda r: r.get("decision")),
        "share_alone": share(lambda r: not r.get("decision") and not r.get("card")),
        "share_card": share(lambda r: r.get("card")),
        "share_history": share(lambda r: r.get("history")),
        "distinct_3": round(distinct_ngrams(replies, 3), 4),
        "commonest_opening": openings(replies)[:1],
        "categories": dict(Counter(row["category"] for row in rows).most_common()),
        "reasons": dict(reasons.most_common()),
        "sessions": dict(sessions.most_common()),
        "red_flags": dict(Counter(r["red_flag"] for r in rows if r.get("red_flag")).most_common()),
        "coverage": coverage(rows),
    }


def coverage(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Return the matrix category × (decision, card, history, alone, each sport, each reason)."""
    matrix: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        cell, decision = matrix[row["category"]], row.get("decision")
        cell["rows"] += 1
        cell["card"] += bool(row.get("card"))
        cell["history"] += bool(row.get("history"))
        cell["alone"] += not decision and not row.get("card")
        if decision:
            cell["decision"] += 1
            cell[f"sport {decision['session'].get('sport') or 'none'}"] += 1
            cell.update(f"reason {reason}" for reason in decision.get("reasons") or [])
    return {category: dict(sorted(cell.items())) for category, cell in sorted(matrix.items())}


def write(dataset: Dataset, room: Path) -> dict[str, Any]:
    """Write ``train``, ``valid``, ``valid_cases``, ``rejected`` (JSONL) and ``stats.json``."""
    stats = statistics(dataset)
    write_jsonl(room / "train.jsonl", map(training_row, dataset.train))
    write_jsonl(room / "valid.jsonl", map(training_row, dataset.valid))
    write_jsonl(room / "valid_cases.jsonl", dataset.valid)
    write_jsonl(room / "rejected.jsonl", dataset.rejected)
    write_json(room / "stats.json", stats)
    return stats


def check_against_evaluation(dataset: Dataset, data: Path) -> list[dict[str, Any]]:
    """Return leaks between the gold rows and every file of ``data/eval`` (none is the bar)."""
    cases = [case for path in sorted((data / "eval").glob("*.jsonl")) for case in read_cases(path)]
    return leakage(dataset.rows, cases)


def crossing(dataset: Dataset) -> list[tuple[str, str]]:
    """Return (training id, validation id) pairs of one premise on both sides; none is the bar."""
    rows = [*dataset.train, *dataset.valid]
    numbers = premises(rows)
    trained = {number: row["id"] for number, row in zip(numbers, dataset.train, strict=False)}
    return [
        (trained[number], row["id"])
        for number, row in zip(numbers[len(dataset.train) :], dataset.valid, strict=True)
        if number in trained
    ]


def limited(dataset: Dataset, count: int) -> Dataset:
    """Return a small data set of about ``count`` training rows, for a check of the road.

    Rows are chosen by the hash of their id, so the choice is stable.
    """
    order = lambda rows: sorted(rows, key=lambda row: id_hash(row["id"]))  # noqa: E731
    train, valid = order(dataset.train)[:count], order(dataset.valid)[: max(8, count // 8)]
    return Dataset([*train, *valid], train, valid, dataset.rejected)
