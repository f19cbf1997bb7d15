"""A release as people read it in 06: its files, its manifest in words, download times, traffic."""

from __future__ import annotations

from typing import Any

#: Megabits a second: a train, a home line, good Wi-Fi.
RATES = (5, 20, 100)

#: How much of a SHA-256 a table shows; the whole stands in ``SHA256SUMS`` and the manifest.
SHORT_HASH = 12

#: The gates' conditions in words, the one that matters first.
CONDITIONS = {
    "tuned guarded": "behind the guard",
    "tuned": "the model alone",
    "base": "before tuning",
}

_FOR_WHOM = {
    "model": "the app",
    "model-gguf-v2": "an app with an old reader",
    "adapter": "the app, on the base it has",
    "template": "the app",
    "guard": "the app",
    "golden": "the app's tests",
    "notes": "the developer",
    "card": "whoever finds the model",
    "licence": "the app's notices",
}


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it: megabytes, or kilobytes below one."""
    return f"{size / 1e6:,.1f} MB" if size >= 10**6 else f"{size / 1e3:,.1f} kB"


def bundle_rows(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each file: name, what it is, for whom, size, head of its SHA-256."""
    return [
        {
            "file": entry["name"],
            "role": entry["role"],
            "for": _FOR_WHOM[entry["role"]],
            "size": megabytes(entry["size"]),
            "SHA-256 begins": entry["sha256"][:SHORT_HASH],
        }
        for entry in manifest["files"]
    ]


def manifest_facts(manifest: dict[str, Any]) -> dict[str, str]:
    """Return what a manifest says of its model, in words; what it lacks is left out."""
    gguf, runtime = manifest.get("gguf") or {}, manifest["runtime"]
    base, rollout = manifest.get("base_model") or {}, manifest.get("rollout") or {}
    facts = {
        "model": f"{manifest['model_id']} {manifest['version']}",
        "sequence": f"{manifest['sequence']:,}; a phone takes no lower one again",
        "good until": manifest["expires"][:10],
        "rollout": f"{rollout.get('percent', 100):g} % of installs",
    }
    if base:
        origin = base.get("repository") or base.get("name", "unknown")
        at = f" at revision {base['revision'][:SHORT_HASH]}" if base.get("revision") else ""
        facts["made from"] = f"{origin}{at}"
    if gguf:
        types = ", ".join(f"{number} {kind}" for kind, number in gguf["type_counts"].items())
        facts["quantisation"] = f"{gguf['file_type']}: {types} tensors"
        facts["bits a weight"] = f"{gguf['bits_per_weight']:g} over {gguf['parameters']:,} weights"
        facts["GGUF"] = f"version {gguf['version']}, {gguf['architecture']}"
        ends = ", ".join(map(str, gguf["end_of_generation_ids"]))
        facts["tokens"] = f"{gguf['vocabulary_size']:,}, no BOS added, ends on {ends}"
    trained = f" of {gguf['trained_context']:,} trained" if gguf.get("trained_context") else ""
    facts["context"] = f"{runtime['context']:,} tokens{trained}"
    facts["sampling"] = ", ".join(
        f"{name.replace('_', ' ')} {value:g}" for name, value in runtime["sampling"].items()
    )
    lowest = [f"llama.cpp b{runtime['min_llama_cpp_build']}"] * ("min_llama_cpp_build" in runtime)
    if runtime.get("min_app_version"):
        lowest.append(f"app {runtime['min_app_version']}")
    if runtime.get("min_ram_bytes"):
        lowest.append(f"{megabytes(runtime['min_ram_bytes'])} of memory")
    facts["needs at least"] = ", ".join(lowest) or "nothing said"
    facts["gates"] = gate_words(manifest.get("gates"))
    return facts


def _gate_list(gates: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the gates as rows, whether they came as a list or by name."""
    rows = (gates or {}).get("gates") or []
    if isinstance(rows, dict):
        rows = [{"name": k, **(v if isinstance(v, dict) else {"value": v})}
                for k, v in rows.items()]  # fmt: skip
    return [row for row in rows if isinstance(row, dict)]


def gate_words(gates: dict[str, Any] | None) -> str:
    """Return in one line how the replies that an athlete would read came through the gates."""
    rows = _gate_list(gates)
    if not rows:
        return "not evaluated"
    guarded = [row for row in rows if "guarded" in str(row.get("condition", ""))]
    counts: dict[str, int] = {}
    for row in guarded or rows:
        counts[str(row.get("status"))] = counts.get(str(row.get("status")), 0) + 1
    colours = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    return f"{'behind the guard: ' if guarded else ''}{colours}"


def gate_rows(gates: dict[str, Any] | None) -> list[dict[str, str]]:
    """Return a row for each gate and a column for each of :data:`CONDITIONS` that was measured."""
    table: dict[str, dict[str, str]] = {}
    rows = _gate_list(gates)
    measured = {str(row.get("condition", "")) for row in rows}
    for row in rows:
        name = str(row.get("name") or row.get("gate") or row.get("metric"))
        shown, _, bar = str(row.get("shown", "")).partition(", bar ")
        shown, none_allowed, _ = shown.partition(", none allowed")
        if not shown:
            value = row.get("value")
            shown, bar = f"{value:.3g}" if isinstance(value, float) else str(value), ""
        bar = "none allowed" if none_allowed else bar.split(",")[0] or str(row.get("bar", ""))
        line = table.setdefault(name, {"gate": name, "bar": bar})
        line[str(row.get("condition", ""))] = f"{row.get('status', '')}: {shown}"
    heads = [c for c in CONDITIONS if c in measured] + sorted(measured - CONDITIONS.keys())
    return [
        {"gate": line["gate"], "bar": line["bar"],
         **{CONDITIONS.get(c, c or "result"): line.get(c, "") for c in heads}}
        for line in table.values()
    ]  # fmt: skip


def download_facts(fetched: dict[str, Any]) -> dict[str, str]:
    """Return in words what an interrupted download came to."""
    return {
        "size": f"{fetched['size']:,} bytes",
        "cut after": f"{fetched['cut_after_bytes']:,} bytes",
        "fetched after the cut": f"{fetched['fetched_after_the_cut']:,} bytes",
        "seconds": f"{fetched['seconds']:g}, on a line slowed for the eye",
        "SHA-256": f"{fetched['sha256'][:SHORT_HASH]}…, equal to the bundle's",
    }


def download_times(size: int) -> list[dict[str, Any]]:
    """Return how long ``size`` bytes take at each of :data:`RATES`, in seconds."""
    return [{"Mbit/s": rate, "seconds": round(size * 8 / (rate * 1e6), 1)} for rate in RATES]


def traffic(
    size: int, installs: tuple[int, ...] = (100, 10_000, 1_000_000)
) -> list[dict[str, Any]]:
    """Return what one version costs in traffic, which is what most stores bill."""
    return [{"installs": f"{n:,}", "traffic": f"{n * size / 1e9:,.0f} GB"} for n in installs]
