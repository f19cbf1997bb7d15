"""A question about the session in the plan: the reason first, then the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.decision import READINESS_COLOURS, session_name
from josi_utils.guard.composition import Words, plan_lines, reason_first, told_reasons
from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.situations import Reading
from josi_utils.persona import split_sentences

#: Reasons that are good news.
GOOD = frozenset({"good_recovery", "steady_progress"})
#: A question of no more words that names nothing else wonders at the session.
FEW = 5


def asks_why(reading: Reading) -> bool:
    """Tell whether the question is why the plan is so, not why life or the athlete is so."""
    if reading.has("why_life") or reading.has("why_told"):
        return False
    if reading.has("effort") and not reading.has("why_strict"):
        return False
    if reading.question and (reading.has("wonders") or reading.has("all_ok") or _bare(reading)):
        return True
    loosely = reading.question and reading.has("why") and not reading.mood
    return reading.has("why_strict") or loosely


def _bare(reading: Reading) -> bool:
    """Tell whether a question is a few words about the session and nothing else: "a WALK?"."""
    if len(reading.tokens) > FEW or reading.situations or not reading.has("training"):
        return False
    other = ("change", "what_plan", "effort", "goal", "greet_hello", "greet_morning", "asks", "or")
    return not any(reading.has(form) for form in other)


def asks_about_plan(reading: Reading) -> bool:
    checks = reading.has("reason_check") or reading.has("mistake")
    checks = checks or reading.has("my_color") or reading.has("good_check")
    return asks_why(reading) or reading.has("what_plan") or (reading.question and checks)


def explained(
    decision: dict[str, Any], reading: Reading, words: Words
) -> tuple[list[str], list[str]]:
    """Return (opening, plan) for a question about the session: the reason comes first."""
    table, told = words.source["explain"], told_reasons(decision)
    facts = []
    if decision.get("readiness") and reading.has("color"):
        colour = READINESS_COLOURS[decision["readiness"]]
        facts.append(table["color"].replace("{color}", colour))
    fine = "open_fine" if reading.has("feels_fine") else "open"
    start, plan = words.of(table[fine]), plan_lines(decision, words)
    if reading.has("mistake"):
        return [words.of(table["no_mistake"]), *facts], plan
    if reading.has("my_color"):
        colour = READINESS_COLOURS.get(decision.get("readiness") or "")
        means = [words.source["color_means"][colour]] if colour else []
        return [*facts, *means] or [words.say("explain", "unknowable")], plan
    if reading.has("good_check") and set(decision.get("reasons") or ()) & GOOD:
        return [words.of(table["yes_good"]), *facts], plan
    earlier = before(decision, words)
    if told and reading.has("reason_check") and _names_reason(reading, decision):
        yes = words.of(table["yes_reason"]).replace("{reasons}", " and ".join(told))
        return [yes, *facts], [reason_first(decision, words)[-1], *earlier]
    if reading.has("what_plan") and not reading.has("why_strict"):
        return [words.of(table["open_what"]), *facts], plan
    codes = set(decision.get("reasons") or ())
    if reading.has("wish_slept_well") and codes & {"short_sleep", "poor_sleep"}:
        start = words.of(table["one_night"])
    if told and asks_why(reading) and decision["session"]["kind"] != "race":
        return [start, *facts], [*reason_first(decision, words), *earlier]
    if asks_why(reading) and not told:
        return [start, *facts, words.of(table["no_reason"])], [*plan, *earlier]
    if reading.has("what_plan"):
        return [words.of(table["open_what"]), *facts], plan
    return [words.say("plain", "plan_question"), *facts], plan


def why_card(
    decision: dict[str, Any], deck: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the card that says more of the reason for less, and its sentence."""
    codes, table = decision.get("reasons") or [""], load("fallback")["words"]["why_cards"]
    hardness = HARDNESS[decision["session"]["kind"]]
    code = "rest" if codes[0] in GOOD and not hardness else codes[0]
    if code not in table or hardness > HARDNESS["easy"]:
        return None, []
    name, place = table[code]
    card = next((c for c in deck if c["id"] == name), None)
    return (card, [split_sentences(card["text"])[int(place)]]) if card else (None, [])


def _names_reason(reading: Reading, decision: dict[str, Any]) -> bool:
    """Tell whether the athlete names one of the decision's reasons."""
    return any(f"reason {code}" in reading.found for code in decision.get("reasons") or [])


def before(decision: dict[str, Any], words: Words) -> list[str]:
    """Return what stood in the plan before, or how long the same session was."""
    table = words.source["explain"]
    before, now = decision.get("replaces"), decision["session"]
    if not before or before["kind"] == "rest":
        return []
    if _short(before) != _short(now):
        return [table["replaces"].replace("{session}", f"the {_short(before)}")]
    if before.get("minutes") and before["minutes"] != now.get("minutes"):
        return [table["was"].replace("{measure}", f"{before['minutes']} minutes")]
    return []


def _short(session: dict[str, Any]) -> str:
    name = session_name(session)
    return f"{name} session" if session["kind"] in ("strength", "mobility") else name
