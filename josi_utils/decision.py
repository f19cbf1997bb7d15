"""What Josi is handed: a decision, a card, a case; their checks, and a decision in plain words."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl

SCHEMA_DIR = Path(__file__).parent / "schemas"

#: One plain wording a reason. A small model copies what stands in its prompt, so these are the
#: words that it should say, and the gold replies use them.
REASON_WORDS: dict[str, str] = {
    "short_sleep": "you have slept too little",
    "poor_sleep": "your sleep has been poor",
    "sore_muscles": "your muscles are still sore",
    "high_stress": "you have had a lot of stress",
    "illness_signs": "there are signs that you may be getting ill",
    "big_recent_load": "you have trained a lot lately",
    "missed_sessions": "you have missed some sessions",
    "long_break": "you have had a long break",
    "good_recovery": "you have recovered well",
    "race_close": "your race is close",
    "hot_weather": "it is hot",
    "travel": "you have been travelling",
    "niggle": "something in your body is hurting a little",
    "steady_progress": "you have been making steady progress",
    "planned_recovery_week": "this is your planned easy week",
    "new_to_training": "you are new to training",
    "low_motivation": "your motivation is low right now",
    "high_resting_pulse": "your resting pulse is up",
}

#: The app shows readiness as a colour, and athletes speak of it so.
READINESS_COLOURS = {"low": "red", "moderate": "amber", "high": "green"}

VERDICT_WORDS = {
    "on_track": "on track",
    "ambitious": "ambitious but possible",
    "unrealistic": "too much",
}

SPORT_NOUNS = {
    "run": "run", "bike": "ride", "swim": "swim", "row": "row", "walk": "walk",
    "ski": "ski session", "gym": "gym session", "any": "session",
}  # fmt: skip
#: How a kind of session stands before its sport; the others stand as they are.
KIND_ADJECTIVES = {"intervals": "interval", "hills": "hill"}


def number_words(value: float) -> str:
    """Return ``21.1`` as ``"21.1"`` and ``10.0`` as ``"10"``."""
    return f"{value:g}"


def with_article(words: str) -> str:
    """Return ``words`` with the indefinite article that fits them."""
    return f"an {words}" if words[:1] in "aeiou" else f"a {words}"


def session_name(session: dict[str, Any]) -> str:
    """Return the session's kind and sport as a coach would say them, such as ``"easy run"``."""
    kind = session["kind"]
    if kind == "rest":
        return "rest day"
    if kind in ("strength", "mobility"):
        return kind
    noun = SPORT_NOUNS.get(session.get("sport") or "any", "session")
    return f"{KIND_ADJECTIVES.get(kind, kind)} {noun}"


def session_words(session: dict[str, Any]) -> str:
    """Return the whole session as a sentence has it, numbers as digits.

    Examples
    --------
    >>> session_words({"kind": "easy", "sport": "run", "minutes": 40, "zone": 2})
    'an easy run of 40 minutes in zone 2'
    >>> session_words({"kind": "strength", "sport": "gym", "minutes": 30})
    '30 minutes of strength in the gym'
    """
    kind, name = session["kind"], session_name(session)
    if kind == "rest":
        return with_article(name)
    amounts = []
    if session.get("minutes") is not None:
        amounts.append(f"{session['minutes']} minutes")
    if session.get("distance_km") is not None:
        amounts.append(f"{number_words(session['distance_km'])} km")
    measure = (", " if kind == "race" else " or ").join(amounts)
    if kind in ("strength", "mobility"):
        words = f"{measure} of {name}" if measure else name
        words += " in the gym" if session.get("sport") == "gym" else ""
    else:
        words = with_article(f"{name} of {measure}" if measure else name)
    if session.get("zone") is not None:
        words += f" in zone {session['zone']}"
    return f"{words}: {session['details']}" if session.get("details") else words


def day_words(day: str) -> str:
    """Return the day as it stands at the head of a sentence: ``"This week"``, ``"Monday"``."""
    return day.replace("_", " ").capitalize()


def plan_sentence(decision: dict[str, Any]) -> str:
    """Return the decision's session as the sentence that Josi should say.

    Examples
    --------
    >>> plan_sentence({"day": "today", "session": {"kind": "rest"}})
    'Today is a rest day.'
    """
    verb = "has" if decision["day"] == "this_week" else "is"
    return f"{day_words(decision['day'])} {verb} {session_words(decision['session'])}."


def weeks_words(weeks: int) -> str:
    """Return ``5`` as ``"in 5 weeks"``, 0 as ``"this week"``."""
    return "this week" if weeks == 0 else "in 1 week" if weeks == 1 else f"in {weeks} weeks"


def goal_words(goal: dict[str, Any]) -> str:
    """Return the goal with its verdict and alternative in one line."""
    line = goal["event"]
    if goal.get("target"):
        line += f", {goal['target']}"
    if goal.get("weeks") is not None:
        line += f", {weeks_words(goal['weeks'])}"
    if goal.get("verdict"):
        line += f". This is {VERDICT_WORDS[goal['verdict']]}"
    if goal.get("alternative"):
        line += f". Better: {goal['alternative']}"
    return line


def decision_lines(decision: dict[str, Any]) -> list[str]:
    """Return the decision as short labelled lines, each in words that a reply may copy.

    A small model copies far better than it words, so the session stands as the sentence that it
    should say.
    """
    lines = [f"Plan: {plan_sentence(decision)}"]
    if decision.get("replaces"):
        lines.append(f"Before: {session_words(decision['replaces'])}.")
    reasons = [REASON_WORDS[code] for code in decision.get("reasons") or []]
    if reasons:
        lines.append(f"Reason: {', and '.join(reasons)}.")
    if decision.get("readiness"):
        colour = READINESS_COLOURS[decision["readiness"]]
        lines.append(f"Readiness: {decision['readiness']} ({colour}).")
    if decision.get("phase"):
        lines.append(f"Phase: {decision['phase']}.")
    if decision.get("goal"):
        lines.append(f"Goal: {goal_words(decision['goal'])}.")
    return lines


@lru_cache(maxsize=1)
def _validators() -> tuple[Any, Any]:
    """Return (case validator, decision validator); built once, as building is slow."""
    from jsonschema import Draft202012Validator

    decision = json.loads((SCHEMA_DIR / "decision.schema.json").read_text(encoding="utf-8"))
    case = json.loads((SCHEMA_DIR / "case.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(case), Draft202012Validator(decision)


def case_problems(case: dict[str, Any]) -> list[str]:
    """Return what is wrong with a case by its schema, worst first; empty if nothing is."""
    case_validator, decision_validator = _validators()
    found = [(error, "") for error in case_validator.iter_errors(case)]
    decision = case.get("decision")
    if decision is not None:
        found += [(error, "decision") for error in decision_validator.iter_errors(decision)]
    return [
        ".".join([*([root] if root else []), *map(str, error.path)]) + f": {error.message[:160]}"
        for error, root in found
    ]


def validate_case(case: dict[str, Any], where: str = "case") -> dict[str, Any]:
    """Return ``case`` unchanged if it keeps the contract.

    Raises
    ------
    JosiError
        With the place, the field and the reason.
    """
    problems = case_problems(case)
    if problems:
        raise JosiError(f"{where}: {problems[0].lstrip(': ')}; see josi_utils/schemas")
    return case


def read_cases(path: Path | str) -> list[dict[str, Any]]:
    """Read and check evaluation cases (JSONL); ids must be unique.

    Raises
    ------
    JosiError
        With ``file:line`` of the first case that is wrong, or if there is none at all.
    """
    cases: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for number, case in read_jsonl(path):
        validate_case(case, f"{path}:{number}")
        if case["id"] in seen:
            raise JosiError(
                f"{path}:{number}: id {case['id']!r} stands on line {seen[case['id']]} too"
            )
        seen[case["id"]] = number
        cases.append(case)
    if not cases:
        raise JosiError(f"{path}: no case in it")
    return cases


def read_deck(folder: Path | str) -> list[dict[str, Any]]:
    """Read the coaching cards of ``data/cards/*.jsonl``, sorted by id; ids must be unique."""
    deck: dict[str, dict[str, Any]] = {}
    for path in sorted(Path(folder).glob("*.jsonl")):
        for number, card in read_jsonl(path):
            missing = [
                key for key in ("id", "title", "text", "topic", "source") if not card.get(key)
            ]
            if missing or card["id"] in deck:
                what = f"lacks {missing}" if missing else f"id {card['id']!r} stands twice"
                raise JosiError(f"{path}:{number}: card {what}")
            deck[card["id"]] = card
    return [deck[key] for key in sorted(deck)]
