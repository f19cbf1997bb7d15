"""Single replies on the page: the worst first, and two models side by side."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import pairwise
from typing import Any

from josi_utils.decision import decision_lines
from josi_utils.guard.points import talking_points
from josi_utils.metrics import CATEGORY_WORDS, Sample, by_prompt, contradicts, passed, scores_of
from josi_utils.prompt import deck

#: Worst replies that are open, and as many again behind a fold.
WORST_OPEN, WORST_FOLDED = 8, 24
PAIRS = 10
REASONS_SHOWN = 6
#: What a scorer calls unlicensed, in a reader's words.
KINDS = {
    "time": "a length of time", "clock": "a time of day", "count": "a number", "day": "a day",
    "days": "a number of days or weeks", "reps": "repeats", "kg": "a weight", "zone": "a zone",
    "distance": "a distance", "session": "a session", "sport": "a sport",
}  # fmt: skip
#: Faults by rank of :func:`severity`, in a reader's words.
FAULTS = (
    "unsafe on a warning sign", "telling of its insides", "contradicting the plan",
    "wrong about the goal or wish", "beyond what it knows", "not good enough otherwise",
)  # fmt: skip
#: What a finding is about, gravest first, in a reader's words.
FIELD_WORDS: dict[str, str] = {
    "safe": "Safety",
    "leak": "Tells of its insides",
    "faithful": "Beyond what it knows",
    "pushback": "Pushing back",
    "pass": "Sense",
    "sense": "Sense",
    "brevity": "Length",
    "warmth": "Warmth",
    "plain": "Plain words",
    "question": "Asking back",
}


def severity(sample: Sample) -> tuple[int, float]:
    """Return how bad a reply is: its gravest fault's rank (0 is worst), then its warmth."""
    scores, category = scores_of(sample), sample["case"]["category"]
    if not scores:
        return 1, 0.0
    wrong = scores.get("pushback") is (category == "realistic_goal")
    faults = (
        scores.get("safe") is False,
        bool(scores.get("leak")),
        contradicts(sample),
        scores.get("pushback") is not None and wrong,
        not scores.get("faithful"),
        not passed(sample),
    )
    rank = next((i for i, fault in enumerate(faults) if fault), len(faults))
    return rank, float(scores.get("warmth") or 1.0)


def worst_lists(of: dict[str, list[Sample]], names: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the failing replies of the candidate, on its own and with its guard, worst first.

    One reply a prompt, the worst of its seeds; ``total`` counts the prompts with any, and
    ``counts`` them by their gravest fault.
    """
    lists = []
    for name in (n for n in (names["raw"], names["guarded"]) if n):
        worst = [min(rows, key=severity) for rows in by_prompt(of[name]).values()]
        failing = sorted((s for s in worst if not passed(s)), key=severity)
        counts = Counter(severity(s)[0] for s in failing)
        shown = [entry(s) for s in failing[: WORST_OPEN + WORST_FOLDED]]
        lists.append(
            {
                "name": names["words"][name],
                "total": len(failing),
                "counts": [(counts[i], FAULTS[i]) for i in range(len(FAULTS)) if counts[i]],
                "open": shown[:WORST_OPEN],
                "folded": shown[WORST_OPEN:],
            }
        )
    return lists


def entry(sample: Sample) -> dict[str, Any]:
    """Return one reply as the page shows it: what was given, what was said, what was found."""
    case, scores = sample["case"], scores_of(sample)
    order = list(FIELD_WORDS)
    found = sorted(
        scores.get("why") or [],
        key=lambda w: order.index(w["field"]) if w["field"] in order else len(order),
    )[:REASONS_SHOWN]
    reply = (sample.get("reply") or "").rstrip()
    spans = [w["span"] for w in found if w.get("span")]
    numbers = iter(range(1, len(spans) + 1))
    reasons = [
        {
            "number": next(numbers) if w.get("span") else None,
            "about": FIELD_WORDS.get(w["field"], w["field"]),
            "reason": plain_reason(w["reason"]),
        }
        for w in found
    ]
    if not sample.get("finished"):
        reasons.append({"number": None, "about": "Length", "reason": "cut off by the limit"})
    if not scores:
        words = str(sample.get("error") or "was never scored")
        reasons.append({"number": None, "about": "Error", "reason": words})
    return {
        "id": case["id"],
        "category": CATEGORY_WORDS.get(case["category"], case["category"]),
        "message": case["message"],
        "history": case.get("history") or [],
        "given": decision_lines(case["decision"]) if case.get("decision") else [],
        "card": (case.get("card") or {}).get("text"),
        **_points(case),
        "text": reply,
        "pieces": pieces(reply, spans),
        "reasons": reasons,
        "passed": passed(sample),
        "warmth": scores.get("warmth"),
        "brevity": scores.get("brevity"),
        "seed": sample.get("seed"),
        "source": sample.get("source"),
    }


def _points(case: dict[str, Any]) -> dict[str, str]:
    """Return the talking points that stood in the model's prompt."""
    points = talking_points(case, deck())
    return {"say": points.say, "ask": points.ask}


def plain_reason(reason: str) -> str:
    """Return a scorer's reason without its terms of art."""
    found = re.match(r"unlicensed (\w+)(?:: stands in no .*)?", reason)
    if found:
        kind = KINDS.get(found[1], found[1])
        return f"{kind} that it was not given{reason[found.end() :]}"
    return re.sub(r"^contradicted (\w+)", r"contradicts the \1", reason)


def pieces(reply: str, spans: list[list[int]]) -> list[dict[str, Any]]:
    """Cut a reply where marked spans begin and end.

    Parameters
    ----------
    reply : str
        As scored.
    spans : list
        ``[start, end]`` in characters; the first has number 1. They may overlap.

    Returns
    -------
    list of {"text", "marks", "ends"}
        The texts in order, together the reply; ``marks`` are the numbers of the spans over a
        piece, ``ends`` those that end with it.
    """
    placed = [
        (max(0, span[0]), min(len(reply), span[1]), number)
        for number, span in enumerate(spans, start=1)
        if span[0] < span[1] and span[0] < len(reply)
    ]
    cuts = sorted({0, len(reply), *(s for s, _, _ in placed), *(e for _, e, _ in placed)})
    return [
        {
            "text": reply[a:b],
            "marks": [number for start, end, number in placed if start <= a and b <= end],
            "ends": [number for _, end, number in placed if end == b],
        }
        for a, b in pairwise(cuts)
    ]


def pairs(of: dict[str, list[Sample]], names: dict[str, Any]) -> list[dict[str, Any]]:
    """Return ten cases with base (or the other model) and candidate, chosen and ordered by lot.

    The lot is a hash of the case's id, so neither the cases nor the sides are picked by hand: first
    one of each category, then whatever comes.
    """
    if not names["others"]:
        return []
    raw, other, guarded = names["raw"], names["others"][0], names["guarded"]
    left, right = by_prompt(of[other]), by_prompt(of[raw])
    seen = by_prompt(of[guarded]) if guarded else {}
    shared = sorted(set(left) & set(right), key=_lot)
    first: dict[str, str] = {}
    for case_id in shared:
        first.setdefault(left[case_id][0]["case"]["category"], case_id)
    chosen = list(dict.fromkeys([*first.values(), *shared]))[:PAIRS]
    out = []
    for case_id in sorted(chosen, key=_lot):
        sides = [
            {
                "own": True,
                "who": "After training" if other == names["base"] else raw,
                **entry(right[case_id][0]),
            },
            {"own": False, "who": names["words"][other], **entry(left[case_id][0])},
        ]
        if int(_lot(case_id), 16) % 2:
            sides.reverse()
        shown = _same_seed(seen.get(case_id, []), right[case_id][0])
        out.append({"case": sides[0], "sides": sides, "shown": shown and _shown(shown, sides)})
    return out


def _same_seed(samples: list[Sample], like: Sample) -> Sample | None:
    return next((s for s in samples if s.get("seed") == like.get("seed")), None)


def _shown(sample: Sample, sides: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the guard made of the candidate's reply, ``same`` where it let it pass."""
    found = entry(sample)
    own = next(side for side in sides if side["own"])
    return {**found, "same": found["text"] == own["text"]}


def _lot(case_id: str) -> str:
    return hashlib.sha256(f"side by side {case_id}".encode()).hexdigest()
