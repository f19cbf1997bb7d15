"""What Josi is handed: a decision, a card, a case; their checks; and the user turn they become."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.persona import chat, escape_control

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
    "run": "run", "bike": "bike ride", "swim": "swim", "row": "row", "walk": "walk",
    "ski": "ski session", "gym": "gym session", "any": "session",
}  # fmt: skip
SPORT_ADJECTIVES = {"run": "running", "bike": "bike", "swim": "swimming", "row": "rowing"}


def number_words(value: float) -> str:
    """Return ``21.1`` as ``"21.1"`` and ``10.0`` as ``"10"``."""
    return f"{value:g}"


def session_name(session: dict[str, Any]) -> str:
    """Return the session's kind and sport as a coach would say them, such as ``"easy run"``."""
    kind, sport = session["kind"], session.get("sport")
    noun = SPORT_NOUNS.get(sport or "any", "session")
    if kind == "rest":
        return "a rest day"
    if kind == "intervals":
        adjective = SPORT_ADJECTIVES.get(sport or "", "")
        return f"{adjective} intervals".strip()
    if kind in ("strength", "mobility"):
        return kind
    if kind == "hills":
        return f"hill {noun}"
    return f"{kind} {noun}"


def session_words(session: dict[str, Any]) -> str:
    """Return the whole session in plain words, numbers as digits.

    Examples
    --------
    >>> session_words({"kind": "easy", "sport": "run", "minutes": 40, "zone": 2})
    'easy run, 40 minutes, zone 2'
    """
    parts = [session_name(session)]
    if session.get("minutes") is not None:
        parts.append(f"{session['minutes']} minutes")
    if session.get("distance_km") is not None:
        parts.append(f"{number_words(session['distance_km'])} km")
    if session.get("zone") is not None:
        parts.append(f"zone {session['zone']}")
    words = ", ".join(parts)
    return f"{words}: {session['details']}" if session.get("details") else words


def day_words(day: str) -> str:
    """Return the day as it stands at the head of a sentence: ``"This week"``, ``"Monday"``."""
    return day.replace("_", " ").capitalize()


def goal_words(goal: dict[str, Any]) -> str:
    """Return the goal with its verdict and alternative in one line."""
    line = goal["event"]
    if goal.get("target"):
        line += f", {goal['target']}"
    if goal.get("weeks") is not None:
        line += f", in {goal['weeks']} weeks" if goal["weeks"] != 1 else ", in 1 week"
    if goal.get("verdict"):
        line += f". This is {VERDICT_WORDS[goal['verdict']]}"
    if goal.get("alternative"):
        line += f". Better: {goal['alternative']}"
    return line


def decision_lines(decision: dict[str, Any]) -> list[str]:
    """Return the decision as short labelled lines that a small model can copy from."""
    lines = [f"Plan: {day_words(decision['day'])}: {session_words(decision['session'])}."]
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


def render(case: dict[str, Any]) -> str:
    """Return the user turn: decision and card in plain lines, then the athlete's words.

    Without a decision or a card it is the message alone. Neither ``category`` nor ``note`` nor
    ``red_flag`` is shown: the app does not know them. Text can never become a control token.
    """
    lines: list[str] = []
    if case.get("decision"):
        lines += decision_lines(case["decision"])
    if case.get("card"):
        lines.append(f"Card: {case['card']['title']}. {case['card']['text']}")
    if lines:
        lines.append(f"Athlete: {case['message']}")
    return escape_control("\n".join(lines) if lines else case["message"])


def case_messages(case: dict[str, Any]) -> list[dict[str, str]]:
    """Return the conversation that the model sees for ``case``, up to the athlete's last turn."""
    return chat(render(case), case.get("history"))


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
