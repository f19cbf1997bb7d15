"""Figures in, words and table cells out: what each section of the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.metrics import (
    BY_KEY,
    CATEGORY_WORDS,
    FEW_PROMPTS,
    HEAT_METRICS,
    METRICS,
    Metric,
)

#: With a space that no line breaks at.
PERCENT = "\u00a0%"
STATUS_SYMBOLS = {"GREEN": "✓", "AMBER": "~", "RED": "✗"}


def roles(figures: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    """Return which condition is the candidate on its own, with its guard, and what it meets.

    The candidate is ``meta["candidate"]`` if given, else ``"tuned"``, else the first condition that
    is neither guarded nor base. ``others`` are the models it is held against, base first. Missing
    ones are None.
    """
    names = list(figures["conditions"])
    own = [n for n in names if not n.endswith(" guarded")]
    base = "base" if "base" in own else None
    wished = [meta.get("candidate"), "tuned", *(n for n in own if n != base), *own, *names]
    raw = next(name for name in wished if name in names)
    guarded = f"{raw} guarded" if f"{raw} guarded" in names else None
    first = [n for n in (raw, guarded, base) if n]
    ordered = list(dict.fromkeys([*first, *names]))
    words = {name: name for name in names} | {raw: "On its own"}
    if guarded:
        words[guarded] = "With its guard"
    if base and base != raw:
        words[base] = "Before training"
    return {
        "raw": raw,
        "guarded": guarded,
        "base": base,
        "others": [n for n in dict.fromkeys((base, *own)) if n and n != raw],
        "all": ordered,
        "words": words,
    }


def percent(share: float, digits: int = 0) -> str:
    """Return ``0.607`` as ``"61 %"``; never ``"100 %"`` or ``"0 %"`` for what is not whole."""
    text = f"{100 * share:.{digits}f}"
    if float(text) in (0.0, 100.0) and share not in (0.0, 1.0):
        text = f"{100 * share:.1f}" if 0.0005 <= share <= 0.9995 else f"{100 * share:.2f}"
    return text + PERCENT


def show(metric: Metric, value: float | None, digits: int = 2) -> str:
    """Return a value in its own unit, ``digits`` for scales; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if metric.kind == "mean" else percent(value)


def interval_words(metric: Metric, figure: dict[str, Any]) -> str:
    """Return ``"55 to 66 %"`` or ``"3.7 to 3.8"``; empty where unknown."""
    low, high = figure["low"], figure["high"]
    if low is None or high is None:
        return ""
    if metric.kind == "mean":
        return f"{low:.2f} to {high:.2f}"
    return f"{percent(low).removesuffix(PERCENT)} to {percent(high)}"


def count_words_of(n: int, noun: str) -> str:
    """Return ``"1 bar"`` or ``"3 bars"``."""
    return f"{n} {noun}" + ("" if n == 1 else "s")


def verdict_words(record: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Return the page's first sentence, the one after it, its colour, and each side's bars.

    The colour is the model's own; a guard never lifts it, it only adds a sentence.
    """
    raw = record["verdicts"][names["raw"]]
    total = sum(len(raw[s]) for s in STATUS_SYMBOLS)
    head = {
        "GREEN": f"Ready: on its own the model clears all {total} bars, chance allowed for.",
        "AMBER": (
            f"Not proven yet: on its own the model misses none of {total} bars, but "
            f"{count_words_of(len(raw['AMBER']), 'result')} could be chance."
        ),
        "RED": f"Not ready: on its own the model misses {len(raw['RED'])} of {total} bars.",
    }[raw["status"]]
    if not names["guarded"]:
        after = "It was not tried with its guard, so what an athlete would see is not known."
    else:
        guarded = record["verdicts"][names["guarded"]]
        reds, ambers = len(guarded["RED"]), len(guarded["AMBER"])
        if guarded["status"] == "GREEN":
            after = f"With its guard, which is what an athlete would see, it clears all {total}."
        else:
            parts = [f"misses {reds}"] if reds else ["misses none"]
            parts += [f"is not sure of {ambers}"] if ambers else []
            after = f"With its guard, which is what an athlete would see, it {' and '.join(parts)}."
    sides = [
        _side(names["words"][name], record["verdicts"][name], total)
        for name in (names["raw"], names["guarded"])
        if name
    ]
    return {"status": raw["status"], "head": head, "after": after, "sides": sides}


def _side(who: str, found: dict[str, Any], total: int) -> dict[str, Any]:
    """Return one condition's verdict: who, colour, and the bars missed, not sure of and cleared."""
    lists = [(words, found[status]) for status, words in
             (("RED", "Missed"), ("AMBER", "Not sure"), ("GREEN", "Cleared"))]  # fmt: skip
    return {
        "who": who,
        "status": found["status"],
        "symbol": STATUS_SYMBOLS[found["status"]],
        "cleared": f"{len(found['GREEN'])} of {total} bars cleared",
        "lists": [(words, gates) for words, gates in lists if gates],
    }


def tiles(gates: Sequence[dict[str, Any]], names: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one tile a gate, the candidate on its own and with its guard side by side."""
    shown = [n for n in (names["raw"], names["guarded"]) if n]
    out: list[dict[str, Any]] = []
    for gate in (g for g in gates if g["condition"] == names["raw"]):
        both = [g for n in shown for g in gates if (g["condition"], g["gate"]) == (n, gate["gate"])]
        ends = _ends(both)
        rows = [_tile_row(g, names["words"][g["condition"]], ends) for g in both]
        out.append({**gate, "bar_words": bar_words(gate), "rows": rows})
    return out


def bar_words(gate: dict[str, Any]) -> str:
    """Return the bar as ``"over 80 %"`` or ``"not once"``."""
    if gate["comparison"] == "none":
        return "not once"
    sign = {">": "over", ">=": "at least", "<=": "at most"}[gate["comparison"]]
    return f"{sign} " + (f"{gate['bar']:g}" if gate["kind"] == "mean" else percent(gate["bar"]))


def _ends(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the ends of the drawn scale, one for all rows of a tile.

    Rates that should be near 0 or 1 get a short scale, or their bar would hug the edge.
    """
    metric, bar = BY_KEY[rows[0]["gate"]], rows[0]["bar"]
    lows = [g["low"] for g in rows if g["low"] is not None]
    highs = [g["high"] for g in rows if g["high"] is not None]
    low_end, high_end = metric.scale
    if metric.kind != "mean" and lows:
        if not metric.higher_is_better:
            high_end = next(e for e in (0.1, 0.25, 0.5, 1.0) if max(highs) <= e)
        elif bar > 0.95:
            low_end = next(e for e in (0.9, 0.75, 0.5, 0.0) if min(lows) >= e)
    return low_end, high_end


def _tile_row(gate: dict[str, Any], who: str, ends: tuple[float, float]) -> dict[str, Any]:
    metric = BY_KEY[gate["gate"]]
    low_end, high_end = ends
    reason, interval = gate["reason"], interval_words(metric, gate)
    if not gate["n"]:
        value = "–"
    elif gate["comparison"] == "none":
        value = count_words_of(gate["events"], "slip")
        # Interval and reason say the same here; the tile has room for one.
        reason, interval = ("", interval) if gate["events"] else (reason, "")
    else:
        value = f"{gate['value']:.2f}" if metric.kind == "mean" else percent(gate["value"], 1)

    def place(x: float | None) -> float | None:
        return None if x is None else round(100 * (x - low_end) / (high_end - low_end), 2)

    return {
        "who": who,
        "status": gate["status"],
        "symbol": STATUS_SYMBOLS[gate["status"]],
        "value": value,
        "interval": interval,
        "reason": reason[:1].upper() + reason[1:],
        "n": gate["n"],
        "x": {k: place(gate[k]) for k in ("value", "low", "high", "bar")},
        "ends": (show(metric, low_end, 0), show(metric, high_end, 0)),
    }


def condition_table(figures: dict[str, Any], names: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row a metric with a cell a condition; greedy beside them as a canary."""
    rows = []
    for metric in METRICS:
        cells = []
        for name in names["all"]:
            found = figures["conditions"][name]["metrics"][metric.key]
            canary = figures["conditions"][name]["greedy"]["metrics"].get(metric.key)
            cells.append(
                {
                    "value": show(metric, found["value"]),
                    "interval": interval_words(metric, found),
                    "n": found["n"],
                    "greedy": show(metric, canary["value"]) if canary else "",
                }
            )
        wish = "higher is better" if metric.higher_is_better else "lower is better"
        rows.append({"label": metric.label, "wish": wish, "cells": cells})
    return rows


def source_rows(figures: dict[str, Any], names: dict[str, Any]) -> list[tuple[str, str]]:
    """Return where the guarded replies came from, most frequent first."""
    if not names["guarded"]:
        return []
    words = {
        "triage": "a fixed safety reply, before the model was asked",
        "draw": "the model, accepted by the guard",
        "model": "the model",
        "fallback": "put together by rule, after the guard turned down every draw",
    }
    sources = figures["conditions"][names["guarded"]]["sources"]
    total = sum(sources.values())
    return [(percent(count / total), words.get(key, key)) for key, count in sources.items()]


def comparison(against: dict[str, Any]) -> dict[str, Any]:
    """Return the rows of one paired comparison with findings in words."""
    overall = []
    for row in against["overall"]:
        metric = BY_KEY[row["metric"]]
        clear = row["low"] is not None and (row["low"] > 0 or row["high"] < 0)
        overall.append(
            {
                "label": metric.label,
                "a": show(metric, row["a"]),
                "b": show(metric, row["b"]),
                "difference": _difference(metric, row),
                "finding": _finding(row, clear),
            }
        )
    categories = [
        {
            "label": CATEGORY_WORDS.get(row["category"], row["category"]),
            "n": row["n"],
            "a": percent(row["a"]),
            "b": percent(row["b"]),
            "wins": row["wins"],
            "losses": row["losses"],
            "finding": _finding(row, row["finding"]),
        }
        for row in against["categories"]
    ]
    return {"n": against["n"], "overall": overall, "categories": categories}


def _difference(metric: Metric, row: dict[str, Any]) -> str:
    factor, digits, unit = (1, 2, "") if metric.kind == "mean" else (100, 0, " points")
    text = f"{factor * row['difference']:+.{digits}f}{unit}"
    if row["low"] is None:
        return text
    bounds = f"{factor * row['low']:+.{digits}f} to {factor * row['high']:+.{digits}f}"
    return f"{text} ({bounds})"


def _finding(row: dict[str, Any], clear: bool) -> str:
    if not clear:
        return "could be chance"
    return "clearly better" if row["difference"] > 0 else "clearly worse"


def heatmap(condition: dict[str, Any]) -> dict[str, Any]:
    """Return categories × metrics with a shade each; darker is worse, grey is too few to say."""
    rows = []
    for name, found in condition["categories"].items():
        cells = []
        for key in HEAT_METRICS:
            metric, figure = BY_KEY[key], found["metrics"][key]
            value = figure["value"]
            if value is None:
                cells.append({"text": "–", "class": "none", "n": 0})
                continue
            low, high = metric.scale
            good = (value - low) / (high - low)
            # Of what should never happen a little is a lot: 10 % gets a third of the shade.
            badness = 1 - good if metric.higher_is_better else good**0.5
            few = figure["n"] < FEW_PROMPTS
            shade = "few" if few else f"h{min(8, int(badness * 9))}"
            cells.append({"text": show(metric, value, 1), "class": shade, "n": figure["n"]})
        label = CATEGORY_WORDS.get(name, name)
        rows.append({"label": label, "n": found["prompts"], "cells": cells})
    return {"columns": [BY_KEY[key].label for key in HEAT_METRICS], "rows": rows}
