"""A question about the session in the plan: the reason first, then the plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from josi_utils.decision import READINESS_COLOURS, plan_sentence, session_name, with_article
from josi_utils.guard.composition import GOOD, Words, plan_lines, reason_first, told_reasons
from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.situations import Reading
from josi_utils.persona import count_words, split_sentences

#: What a kind is good for is said under its own name, or, for all that is harder, under one.
_OWN_PURPOSE = ("rest", "recovery", "easy", "long", "strength", "mobility", "test")
#: Situations, by a part of their name, that are about a session's kind.
_PURPOSE_OF = {
    "strength": ("strength",),
    "mobility": ("mobility",),
    "rest": ("rest", "recovery"),
    "easy": ("easy", "long", "recovery", "steady"),
    "zone": ("easy", "long", "recovery", "steady", "tempo", "threshold", "intervals"),
    "tempo": ("tempo", "threshold", "steady"),
    "hill": ("hills",),
    "slow": ("easy", "long", "recovery"),
}
#: "3 x 10 min, 3 min easy between".
_SETS = re.compile(r"(\d+) x (\d+) (min|s|km|m)\b(?: \w+)?(?:, (\d+ (?:min|s) \w+) between)?")
#: From so many words on, the answer to what a session is for has no opening.
LONG_ANSWER = 54
#: A question of no more words that names nothing else wonders at the session.
FEW = 5


def asks_why(reading: Reading) -> bool:
    """Tell whether the question is why the plan is so, not why life or the athlete is so."""
    if (reading.has("why_life") or reading.has("why_told")) and not reading.has("why_taken"):
        return False
    if reading.has("effort") and not reading.has("why_strict"):
        return False
    weighs = reading.mood == "sad" and not reading.question
    disputes = reading.has("disputes") or reading.has("doubts")
    if disputes and not (reading.has("change") or weighs):
        return True
    if reading.question and (reading.has("you_changed") or asks_purpose(reading)):
        return True
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
    checks = checks and not any(one.id.startswith("deed_") for one in reading.situations)
    checks = checks or any(
        reading.has(form) for form in ("my_color", "good_check", "counted_in", "no_race")
    )
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
    start, plan = _start(decision, reading, words), plan_lines(decision, words)
    if not told and start in table["open_hard"]:
        start = words.of(table["open"])
    if decision["session"]["kind"] == "race" and reading.has("no_race"):
        return [words.of(table["no_race"]), *facts], plan
    if reading.has("mistake"):
        return [words.of(table["no_mistake"]), *facts], plan
    said = {token.text for token in reading.tokens}
    asked = [said_of for name, said_of in words.source["color_means"].items() if name in said]
    if len(asked) == 1 and _asks_meaning(reading):
        return [*asked, *facts], plan
    if reading.has("my_color"):
        colour = READINESS_COLOURS.get(decision.get("readiness") or "")
        means = [words.source["color_means"][colour]] if colour else []
        return [*facts, *means] or [words.say("explain", "unknowable")], plan
    if reading.has("good_check") and set(decision.get("reasons") or ()) & GOOD:
        return [words.of(table["yes_good"]), *facts], plan
    earlier = before(decision, words)
    if not reading.has("purpose") and (sets := _sets(decision, reading, words)):
        return [sets, *facts], plan
    if asks_purpose(reading, decision) and (good := purpose(decision, words)):
        lines = reason_first(decision, words) if told else plan
        long = count_words(" ".join([start, good, *lines])) > LONG_ANSWER
        return [*([] if long else [start]), good, *facts], lines
    codes = set(decision.get("reasons") or ())
    cool = "hot_weather" in codes and reading.has("not_hot")
    if told and (checked := _checked(decision, reading, words, cool)):
        return [checked[0], *facts], checked[1]
    doubts = reading.has("why_strict") or reading.has("disputes") or reading.has("doubts")
    if reading.has("what_plan") and not doubts:
        return [words.of(table["open_what"]), *facts], plan
    if reading.has("wish_slept_well") and codes & {"short_sleep", "poor_sleep"}:
        start = words.of(table["one_night"])
    if cool:
        start = words.of(table["not_hot"])
    if "before" in start:
        earlier = []
    doubt = _doubt(decision, reading, words)
    if told and (cool or asks_why(reading)) and decision["session"]["kind"] != "race":
        return [start, *facts], [*reason_first(decision, words), *(doubt or earlier)]
    if asks_why(reading) and not told:
        return [start, *facts, words.of(table["no_reason"])], [*plan, *(doubt or earlier)]
    if reading.has("what_plan"):
        return [words.of(table["open_what"]), *facts], plan
    return [words.say("plain", "plan_question"), *facts], plan


def _checked(
    decision: dict[str, Any], reading: Reading, words: Words, cool: bool
) -> tuple[str, list[str]] | None:
    """Return (opening, plan) where a reason is asked after by its name: is it that, is it in there."""
    table, told = words.source["explain"], told_reasons(decision)
    named, joined = _names_reason(reading, decision), ", and that ".join(told)
    if reading.has("counted_in"):
        line = words.of(table["counted_yes" if named else "counted_in"])
        return line.replace("{reasons}", joined), [plan_sentence(decision)]
    if not reading.has("reason_check") or reading.has("why_strict") or cool:
        return None
    last, earlier = reason_first(decision, words)[-1], before(decision, words)
    if named:
        yes = words.of(table["yes_reason"]).replace("{reasons}", " and ".join(told))
        return yes, [last, *(_doubt(decision, reading, words) or earlier)]
    if reading.question and decision["session"]["kind"] != "race":
        only = words.of(table["only_reason"]).replace("{reasons}", joined)
        return only, [last, *earlier]
    return None


def _asks_meaning(reading: Reading) -> bool:
    """Tell whether it is asked what a colour means: "I mean" asks nothing, and a why comes first."""
    said = {token.text for token in reading.tokens}
    asks = "mean" in said and said & {"what", "whats", "does", "do"}
    asks = asks and "i mean" not in " ".join(token.text for token in reading.tokens)
    return bool(asks or said & {"means", "meaning"}) and not reading.has("why_strict")


def _doubt(decision: dict[str, Any], reading: Reading, words: Words) -> list[str]:
    """Return the answer to a doubt beside the question: too little, too much."""
    hardness = HARDNESS[decision["session"]["kind"]]
    if reading.has("asks_later"):
        return [words.say("explain", "later")]
    for form in ("doubt_punish", "doubt_weaker"):
        if reading.has(form):
            return [words.say("explain", form)]
    if "form doubt_lose" in reading.found and hardness < HARDNESS["steady"]:
        return [words.say("explain", "doubt_lose")]
    if "form doubt_hard" in reading.found and hardness > 0:
        return [words.say("explain", "doubt_hard")]
    if reading.has("doubt_compare"):
        return [words.say("explain", "doubt_compare")]
    little = "form doubt_little" in reading.found and hardness <= HARDNESS["steady"]
    return (
        [words.say("explain", "doubt_rest" if hardness == 0 else "doubt_little")] if little else []
    )


def asks_purpose(reading: Reading, decision: dict[str, Any] | None = None) -> bool:
    """Tell whether the message asks what the session is good for, and not some other thing."""
    if not reading.has("purpose"):
        return False
    kind = decision["session"]["kind"] if decision else ""
    for one in reading.situations:
        of = next((kinds for name, kinds in _PURPOSE_OF.items() if name in one.id), None)
        if (one.sure and of is None) or (of and kind and kind not in of):
            return False
    return True


def _sets(decision: dict[str, Any], reading: Reading, words: Words) -> str | None:
    """Return what "3 x 10 min" of the session means, where it is asked."""
    found = _SETS.search(decision["session"].get("details") or "")
    asks = reading.question or reading.has("why_strict")
    if not found or not asks or not reading.has("details_ask"):
        return None
    if not {found[1], f"{found[1]}x{found[2]}"} & {t.text for t in reading.tokens}:
        return None
    table = words.source["explain"]
    pause = table["sets_pause"].replace("{pause}", found[4]) if found[4] else ""
    line = words.of(table["sets"]).replace("{number}", found[1])
    return line.replace("{length}", f"{found[2]} {found[3]}").replace("{pause}", pause)


def _start(decision: dict[str, Any], reading: Reading, words: Words) -> str:
    """Return an opening that takes up what is asked of which session."""
    table, session, old = words.source["explain"], decision["session"], decision.get("replaces")
    name, minutes = with_article(_short(session)), str(session.get("minutes") or "")
    if reading.has("blame"):
        return words.of(table["blame"])
    if reading.has("too_old") and told_reasons(decision):
        return words.of(table["not_age"])
    if reading.has("disputes"):
        return words.of(table["how_known"])
    if reading.has("feels_fine"):
        return words.of(table["open_fine"])
    if asks_purpose(reading, decision) and session["kind"] not in ("rest", "race"):
        return words.of(table["open_purpose"]).replace("{session}", name)
    if old and reading.has("looked_forward"):
        return words.of(table["open_pity"])
    if old and old["kind"] != "rest" and _short(old) != _short(session):
        return words.of(table["open_replaced"]).replace("{session}", with_article(_short(old)))
    if old and old.get("minutes") and old["minutes"] != session.get("minutes"):
        return words.of(table["open_minutes"]).replace("{minutes}", str(old["minutes"]))
    key = "open"
    if minutes and reading.has("short_word") and HARDNESS[session["kind"]] <= HARDNESS["steady"]:
        key = "open_short"
    elif minutes and reading.has("long_word"):
        key = "open_long"
    elif session["kind"] == "rest":
        key = "open_rest"
    elif HARDNESS[session["kind"]] > HARDNESS["steady"]:
        key = "open_hard"
    return words.of(table[key]).replace("{minutes}", minutes)


def purpose(decision: dict[str, Any], words: Words) -> str | None:
    """Return what a session of this kind is good for, as the deck of cards has it."""
    kind = decision["session"]["kind"]
    sick = {"illness_signs", "niggle"} & set(decision.get("reasons") or ())
    if kind == "race" or (kind == "rest" and sick):
        return None
    own = kind if kind in _OWN_PURPOSE else "hard"
    if kind == "long" and (decision["session"].get("zone") or 2) > 2:
        own = "hard"
    return words.say("explain", f"purpose_{own}")


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
