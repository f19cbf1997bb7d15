"""The table of quantisations: size, divergence, the job against f16, speed; and which to ship."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import room_lock, write_atomic, write_json
from josi_utils.paths import RunPaths
from josi_utils.quantisation_variants import VARIANTS, Settings, Variant
from josi_utils.quantisations import Progress, Workshop

#: What an athlete would notice; pass and faithful are shares, warmth is on the scale of 1 to 5.
JOB_METRICS = ("pass", "warmth", "faithful")
#: The line of ``docs/quantisation.md`` below which the table stands.
MARK = "<!-- josi quantisations --document docs/quantisation.md writes this -->"


def compare_quantisations(
    paths: RunPaths,
    settings: Settings | None = None,
    *,
    variants: Sequence[Variant] = VARIANTS,
    keep: bool = False,
    say: Progress = lambda line: None,
) -> dict[str, Any]:
    """Make and measure a run's quantisations; write table and figures beside its rooms.

    Parameters
    ----------
    paths : RunPaths
        A run that has been through 04_export. Its rooms are read only; everything goes to
        ``outputs/<run>/quantisations/``. What is measured is kept there, a killed run goes on.
    settings : Settings, optional
        How much is measured.
    variants : sequence of Variant
        f16 is added in front where it is missing: the others are held against it.
    keep : bool
        Keep the model files (about a gigabyte for the 135M).

    Returns
    -------
    dict
        ``model`` (SHA-256 and date of the f16 file), ``settings``, ``rows`` (see
        :func:`table_rows`), ``recommended``, ``sentence``, ``versions``, ``cores``.

    Raises
    ------
    JosiError
        If the run has no f16 file or no validation rows.
    """
    from josi_utils.plots import save
    from josi_utils.plots_export import size_against_divergence

    settings = settings or Settings()
    variants = [Variant("f16"), *(v for v in variants if v != Variant("f16"))]
    room = paths.root / "quantisations"
    if not (paths.gguf / "josi-f16.gguf").is_file():
        raise JosiError(f"{paths.gguf}/josi-f16.gguf: no such file; run 04_export first")
    room.mkdir(parents=True, exist_ok=True)
    with room_lock(room):
        workshop = Workshop(paths, room, settings, say)
        measured = [workshop.measure(variant) for variant in variants]
        samples = {figures["name"]: workshop.samples(figures) for figures in measured}
        rows = table_rows(measured, samples, workshop.speeds(variants))
        made = datetime.fromtimestamp(workshop.f16.stat().st_mtime, UTC)
        best = recommend(rows)
        report = {
            "run": paths.run,
            "model": {"sha256": workshop.source_sha256, "date": made.strftime("%Y-%m-%d")},
            "settings": vars(settings),
            "rows": rows,
            "recommended": best["name"],
            "sentence": sentence(best, rows[0]),
            "versions": {n: importlib.metadata.version(n) for n in ("gguf", "llama-cpp-python")},
            "cores": len(os.sched_getaffinity(0)),
        }
        write_json(room / "quantisations.json", report)
        write_atomic(room / "quantisations.md", markdown(report))
        if len(rows) > 1:
            save(size_against_divergence(rows, best["name"]), room / "quantisations")
        if not keep:
            workshop.sweep()
    return report


def table_rows(
    measured: Sequence[Mapping[str, Any]],
    samples: Mapping[str, Sequence[dict[str, Any]]],
    speeds: Mapping[str, Mapping[str, float]],
) -> list[dict[str, Any]]:
    """Return a row a file; the first of ``measured`` is what the others are held against.

    Returns
    -------
    list of dict
        ``name``, ``size`` (bytes), ``bits_per_weight``, ``kl`` (mean, nats), ``same_top1``,
        ``perplexity_ratio``, ``prefill``, ``decode`` (tokens a second), and for each of
        :data:`JOB_METRICS` a dict: ``value``, and against the first ``difference``, ``low``,
        ``high``, ``p`` (paired, see :mod:`josi_utils.compare`), ``p_holm`` (over all files and
        metrics) and ``n`` (questions). ``fits`` says whether :func:`recommend` may take it.
    """
    from josi_utils.compare import compare
    from josi_utils.statistics import holm

    reference = samples[measured[0]["name"]]
    rows = []
    for figures in measured:
        name, found = figures["name"], figures["divergence"]
        overall = {r["metric"]: r for r in compare(samples[name], reference)["overall"]}
        keys = ("difference", "low", "high", "p", "n")
        rows.append(
            {
                "name": name,
                "size": figures["size"],
                "bits_per_weight": figures["bits_per_weight"],
                "kl": found["kl_mean"],
                "same_top1": found["same_top1"],
                "perplexity_ratio": found["perplexity_ratio"],
                **speeds[name],
                **{
                    metric: {"value": overall[metric]["a"], **{k: overall[metric][k] for k in keys}}
                    for metric in JOB_METRICS
                },
            }
        )
    tests = [row[metric] for row in rows[1:] for metric in JOB_METRICS]
    for test, adjusted in zip(tests, holm([test["p"] for test in tests]), strict=True):
        test["p_holm"] = adjusted
    for row in rows:
        row["fits"] = _fits(row)
    return rows


def _fits(row: Mapping[str, Any]) -> bool:
    """Return whether a file keeps the limits of 04's parity check and loses nothing measurable."""
    from josi_utils.compare import ALPHA
    from josi_utils.metrics import FEW_PROMPTS
    from josi_utils.quality import THRESHOLDS

    limits, tests = THRESHOLDS["quantised"], [row[metric] for metric in JOB_METRICS]
    lost = any(
        test.get("p_holm", 1.0) < ALPHA and test["difference"] < 0 and test["n"] >= FEW_PROMPTS
        for test in tests
    )
    return not lost and (
        row["kl"] <= limits["kl_mean"]
        and row["same_top1"] >= limits["same_top1"]
        and row["perplexity_ratio"] <= limits["perplexity_ratio"]
    )


def recommend(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the smallest file that fits; of files as large to the megabyte, the closest to f16.

    An adapter beside its base is two downloads for the app, and is measured but never taken.
    """
    single = [row for row in rows if row["fits"] and "adapter" not in row["name"]]
    return min(single or rows[:1], key=lambda row: (round(row["size"] / 1e6), row["kl"]))


def sentence(best: Mapping[str, Any], reference: Mapping[str, Any]) -> str:
    """Return the recommendation and what the evidence cannot rule out."""
    size = f"{best['size'] / 1e6:.1f} MB"
    if best["name"] == reference["name"]:
        return f"Ship {best['name']} ({size}): every quantisation measured costs too much."
    passed, warmth = best["pass"], best["warmth"]
    line = (
        f"Ship {best['name']} ({size}, {best['kl']:.3f} nats from f16): the smallest file within "
        f"the limits of 04 that loses nothing measurable on the job. Good enough to send: "
        f"{100 * passed['value']:.1f} % against {100 * reference['pass']['value']:.1f} %, "
        f"p = {passed['p']:.2f}; warmth {warmth['difference']:+.2f}"
    )
    if passed["low"] is not None and passed["low"] < 0:
        line += (
            f". With {passed['n']} questions a loss of up to {-100 * passed['low']:.0f} points "
            "cannot be ruled out"
        )
    return line + "."


def _against(test: Mapping[str, Any], factor: float, digits: int) -> str:
    """Return ``+1.2 (-3.0 to 5.4), p 0.61``."""
    if "p_holm" not in test:
        return "–"
    text = f"{factor * test['difference']:+.{digits}f}"
    if test["low"] is not None:
        text += f" ({factor * test['low']:+.{digits}f} to {factor * test['high']:+.{digits}f})"
    return f"{text}, p {test['p']:.2f}"


def markdown(report: Mapping[str, Any]) -> str:
    """Return the table and its sentence as Markdown."""
    s, model = report["settings"], report["model"]
    first = report["rows"][0]
    head = (
        "| file | MB | bits a weight | KL (nats) | same top-1 | perplexity × | good enough to send "
        "| against f16 (points) | warmth against f16 | faithful against f16 (points) "
        "| tokens/s: prompt | reply |"
    )
    lines = [
        f"Model of {model['date']}, f16 SHA-256 `{model['sha256'][:16]}`, run `{report['run']}`. "
        f"Predictions compared on {s['chats']} validation conversations; {first['pass']['n']} "
        f"validation questions × {s['seeds']} seeds answered and scored by rule, held against f16 "
        "in pairs (McNemar for shares, bootstrap for warmth; 95 % intervals). Importance matrix: "
        f"{s['imatrix_rows']} training chats. Speed: one sequence, {report['cores']} cores, medians "
        "of three rounds, all files in turn.",
        "",
        head,
        "|" + "---|" * (head.count("|") - 1),
    ]
    for row in report["rows"]:
        mark = "**" if row["name"] == report["recommended"] else ""
        lines.append(
            f"| {mark}{row['name']}{mark} | {row['size'] / 1e6:.1f} | {row['bits_per_weight']:.2f} "
            f"| {row['kl']:.4f} | {row['same_top1']:.1%} | {row['perplexity_ratio']:.4f} "
            f"| {row['pass']['value']:.1%} | {_against(row['pass'], 100, 1)} "
            f"| {_against(row['warmth'], 1, 2)} | {_against(row['faithful'], 100, 1)} "
            f"| {row['prefill']:.0f} | {row['decode']:.0f} |"
        )
    left_out = [row["name"] for row in report["rows"][1:] if not row["fits"]]
    lines += ["", f"**{report['sentence']}**"]
    if left_out:
        lines += ["", f"Beyond the limits of 04, or worse on the job: {', '.join(left_out)}."]
    return "\n".join(lines) + "\n"


def write_document(path: Path, table: str) -> None:
    """Write the table as a page, or in place of the one in a page, from its mark to the next title.

    Raises
    ------
    JosiError
        If the page has no mark.
    """
    old = path.read_text(encoding="utf-8") if path.is_file() else f"# Quantisation\n\n{MARK}\n"
    before, mark, after = old.partition(MARK)
    if not mark:
        raise JosiError(f"{path}: no line {MARK}, where the table is to stand; add it")
    _, title, rest = after.partition("\n## ")
    write_atomic(path, f"{before}{MARK}\n\n{table}{title}{rest}")
