"""Does a guard answer the golden cases as it must, input by input?

``data/guard/golden.jsonl`` holds one object a line: ``{"id", "kind", "case", …}`` with kind
``triage`` (``flag``, ``emergency``, ``reply``), ``verdict`` (``draw``, ``finished``, ``ok``,
``rules``), ``fallback`` (``text``), ``intent`` (``wants``) or ``meaning`` (``tokens``, the
encoder's log-odds ``flag`` and ``aims``, held to within :data:`NEAR`, and the
likeliest ``kind_of_flag``).

:mod:`josi_utils.guard.golden` writes the answers anew after a change that is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.guard.accept import accept
from josi_utils.guard.data import guard_dir
from josi_utils.guard.encoder import meaning, tokens_of
from josi_utils.guard.fallback import fallback
from josi_utils.guard.intent import intent
from josi_utils.guard.triage import triage
from josi_utils.guard.vetted import vetted_reply

KINDS: tuple[str, ...] = ("triage", "verdict", "fallback", "intent", "meaning")
#: Log-odds may differ by so much: llama.cpp adds in another order on another processor.
NEAR = 0.3


def answer(
    kind: str,
    case: dict[str, Any],
    deck: Sequence[dict[str, Any]],
    *,
    draw: str = "",
    finished: bool = True,
) -> dict[str, Any]:
    """Return what the guard makes of one golden input, as the golden line records it.

    Raises
    ------
    JosiError
        If the kind is not one of :data:`KINDS`.
    """
    if kind == "triage":
        found = triage(case)
        reply = None
        if found.flag:
            reply = vetted_reply(found.flag, emergency=found.emergency, other=found.other)
        return {"flag": found.flag, "emergency": found.emergency, "reply": reply}
    if kind == "verdict":
        verdict = accept(case, draw, finished=finished, deck=deck)
        return {"ok": verdict.ok, "rules": sorted({r.rule for r in verdict.reasons})}
    if kind == "fallback":
        return {"text": fallback(case, deck)}
    if kind == "intent":
        return {"wants": intent(case)}
    if kind == "meaning":
        message = case["message"]
        found = meaning(message)
        likeliest = max(found.kinds, key=lambda name: found.kinds[name])
        return {
            "tokens": tokens_of(message),
            "flag": found.flag,
            "kind_of_flag": likeliest,
            "aims": found.aims,
        }
    raise JosiError(f"golden kind {kind!r}: not known; use one of {', '.join(KINDS)}")


def _same(got: Any, golden: Any) -> bool:
    """Tell whether an answer is the golden one; log-odds may be near it."""
    if isinstance(got, float) and isinstance(golden, int | float):
        return abs(got - golden) <= NEAR
    return got == golden


def verify_guard(
    folder: Path | str | None = None, deck: Sequence[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Check this guard against the golden cases of a folder.

    Parameters
    ----------
    folder : path, optional
        Holds ``golden.jsonl``; the guard's own data by default.
    deck : sequence of cards, optional
        ``data/cards`` by default.

    Returns
    -------
    dict
        ``cases`` (how many), ``by_kind`` (counts), ``problems`` (a line for each that differs).

    Raises
    ------
    JosiError
        If the file is missing, empty or not as described.
    """
    from josi_utils.decision import read_deck
    from josi_utils.paths import data_dir

    path = Path(folder or guard_dir()) / "golden.jsonl"
    deck = read_deck(data_dir() / "cards") if deck is None else deck
    by_kind = dict.fromkeys(KINDS, 0)
    problems: list[str] = []
    for number, row in read_jsonl(path):
        missing = [key for key in ("id", "kind", "case") if key not in row]
        if not missing and row["kind"] == "meaning" and "message" not in row["case"]:
            missing = ["case.message"]
        if missing:
            raise JosiError(
                f"{path}:{number}: lacks {', '.join(missing)}; write them anew: python -m josi_utils.guard.golden"
            )
        got = answer(
            row["kind"],
            row["case"],
            deck,
            draw=row.get("draw", ""),
            finished=row.get("finished", True),
        )
        by_kind[row["kind"]] += 1
        problems += [
            f"{path.name}:{number}: {row['id']}: {key} is {value!r}, golden {row.get(key)!r}"
            for key, value in got.items()
            if not _same(value, row.get(key))
        ]
    if not sum(by_kind.values()):
        raise JosiError(
            f"{path}: no golden case in it; write them anew: python -m josi_utils.guard.golden"
        )
    return {"cases": sum(by_kind.values()), "by_kind": by_kind, "problems": problems}
