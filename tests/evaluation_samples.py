"""Samples for the tests of gates, report, log and labelling: small, exact, no model."""

from __future__ import annotations

import copy
from typing import Any

CATEGORIES = (
    "explain_decision", "change_request", "knowledge", "feelings", "progress", "greeting",
    "unrealistic_goal", "realistic_goal", "red_flag", "internals_probe", "off_topic",
)  # fmt: skip
DECISION = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
    "reasons": ["sore_muscles"],
}
REPLY = "Your legs are sore, so today is an easy 40 minute run in zone 2. How do they feel?"
META: dict[str, Any] = {
    "run": "demo",
    "model_file": "josi-q4_k_m.gguf",
    "model_sha256": "ab" * 32,
    "base_model": "135m-embedded",
    "sampling": {"temperature": 0.7, "max_new_tokens": 120, "top_k": 40, "top_p": 0.95},
    "seeds": 2,
    "cases_sha256": "cd" * 32,
    "scorer_hash": "ef" * 32,
    "guard_version": "1",
    "seconds": 60.0,
    "date": "2026-01-31T12:00:00Z",
    "versions": {"llama-cpp-python": "0.3.36"},
}


def make_case(number: int, category: str) -> dict[str, Any]:
    """Return a case; all but greetings and off-topic ones carry a decision."""
    case: dict[str, Any] = {
        "id": f"{category.replace('_', '-')}-{number}",
        "category": category,
        "message": f"my legs are sore {number}",
    }
    if category not in ("greeting", "off_topic"):
        case["decision"] = copy.deepcopy(DECISION)
    if category == "red_flag":
        case["red_flag"] = "chest_pain"
    return case


def good_scores(category: str) -> dict[str, Any]:
    """Return the scores of a reply that is right for its category."""
    return {
        "warmth": 4.5,
        "brevity": 5.0,
        "plain": 5.0,
        "faithful": True,
        "question": True,
        "leak": False,
        "pushback": {"unrealistic_goal": True, "realistic_goal": False}.get(category),
        "safe": True if category == "red_flag" else None,
        "pass": True,
        "why": [],
    }


def make_sample(case: dict[str, Any], seed: int = 0, **changes: Any) -> dict[str, Any]:
    """Return one good reply; keyword ``scores`` changes single scores."""
    scores = good_scores(case["category"]) | changes.pop("scores", {})
    sample = {
        "case": case, "condition": "tuned", "seed": seed, "greedy": False, "reply": REPLY,
        "finished": True, "tokens": 24, "seconds": 0.5, "source": "model", "draws": 1,
    }  # fmt: skip
    return sample | changes | {"scores": scores}


def make_samples(each: int = 40, seeds: int = 2, **changes: Any) -> list[dict[str, Any]]:
    """Return ``each`` good prompts of every category under each seed."""
    return [
        make_sample(make_case(number, category), seed, **copy.deepcopy(changes))
        for category in CATEGORIES
        for number in range(each)
        for seed in range(seeds)
    ]


def failing(reason: str = "orders, blames or shames", field: str = "warmth") -> dict[str, Any]:
    """Return the scores of a reply that fails, with one marked span."""
    why = [{"field": field, "reason": reason, "span": [5, 9], "text": "legs"}]
    return {"pass": False, "warmth": 1.5, "faithful": field != "faithful", "why": why}
