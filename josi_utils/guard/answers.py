"""The athlete's answer to the question that Josi asked: what was asked, and how the answer is met.

Read without this, an answer is taken for what it would be as a first message: "my wife, she is
great" for a plea, "9 hours" for a wish, "the hill sprints" for more training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from josi_utils.guard.card_index import found_card
from josi_utils.guard.composition import Words, refused_before
from josi_utils.guard.data import load
from josi_utils.guard.intent import against_score
from josi_utils.guard.leap import leap
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.request_figures import beyond_session, session_amounts
from josi_utils.guard.request_signs import wants_more
from josi_utils.guard.situations import Reading, read
from josi_utils.persona import split_sentences

#: What Josi's question may be about, in the order in which it is looked for (``asked_*`` of
#: ``forms``); the last is any other question.
KINDS = (
    "who", "no", "step", "hard", "sleep", "body", "help", "change", "start", "usual", "joy",
    "place", "week", "feel", "open", "other",
)  # fmt: skip
#: Forms that make a request or an order of a message, whatever was asked before.
_REQUESTS = (
    "change", "swaps", "orders", "still_wants", "anyway", "wish_anyway", "change_plan",
    "goal_insists", "disputes", "wish", "accepts", "why_strict", "probe", "intends", "refused",
    "answer_asks",
)  # fmt: skip
#: Forms that do so unless the message tells of the past: "the hill sprints last month".
_REQUESTS_NOW = ("moves", "pushes", "hard_kinds")
#: "way too many" defies nobody who was asked how many.
_DEFIES, _COUNTED = "defies", ("usual", "sleep", "place")
#: After a no, who names training or more of it asks on; of rest and bed one speaks without it.
_ASKS_ON, _RESTS = ("more", "training", "effort"), ("sleep", "feel", "who", "week")
#: Forms of a wish that follow a question on what comes next.
_AHEAD, _WISHES_ON = ("other", "step", "open", "help", "joy"), ("more",)
#: Words by which an answer goes on to insist, beside a plan.
_INSISTS = frozenset(["but", "though", "please", "pls", "plz"])
#: Questions after a no on which one who says no insists.
_ON_NO = ("no", "step", "other")
#: Situations that are in the tone alone and tell nothing.
TONE_ONLY = frozenset(["funny"])
#: An answer of more words tells something of its own.
_LONGEST = 18
#: After a no, a longer one goes on to say why it should be a yes.
_LONGEST_AFTER_NO = 7


def asked_kind(case: dict[str, Any], reading: Reading) -> str:
    """Return what Josi's last question was about if the message answers it, else nothing.

    Returns
    -------
    str
        One of :data:`KINDS`, or ``""``.
    """
    history = case.get("history") or []
    if not history or history[-1]["role"] != "assistant" or not reading.tokens:
        return ""
    said = split_sentences(history[-1]["content"])
    if not (said and said[-1].endswith("?")) or len(reading.tokens) > _LONGEST:
        return ""
    before = [turn["content"] for turn in history if turn["role"] == "user"][-1:]
    if any(leap(tokenise(text)) for text in before):
        return ""  # a goal that is far too much is still in the air
    refused = refused_before(case)
    if refused and len(reading.tokens) > _LONGEST_AFTER_NO:
        return ""
    if case.get("decision") and _INSISTS & {token.text for token in reading.tokens}:
        return ""
    asked = read(said[-1])
    kind = next((kind for kind in KINDS if f"form asked_{kind}" in asked.found), KINDS[-1])
    if refused and kind in _ON_NO and tone(reading) in ("no", "bad"):
        return ""
    if reading.question or _asks(kind, reading, refused) or _against(kind, case, reading):
        return ""
    return kind


def _against(kind: str, case: dict[str, Any], reading: Reading) -> bool:
    """Tell whether a message plainly asks against the plan, for more than it has."""
    if not case.get("decision") or against_score(case) < load("intent")["against"]["least"]:
        return False
    session = case["decision"]["session"]
    night = kind == "sleep" and session_amounts(reading)["minutes"]  # "fully rested, 9 hours"
    return wants_more(reading, session) or (not night and beyond_session(reading, session))


def _asks(kind: str, reading: Reading, refused: bool) -> bool:
    """Tell whether a message asks for something though a question went before it."""
    past = reading.has("past") or reading.has("answer_past")
    forms = [*_REQUESTS]
    if not past:
        forms += _REQUESTS_NOW
    if refused or kind not in _COUNTED:
        forms.append(_DEFIES)
    if kind in _AHEAD and not past:
        forms += _WISHES_ON
    if refused and not past:
        forms += _ASKS_ON[: 1 if kind in _RESTS else None]
    return any(reading.has(form) for form in forms)


def tone(reading: Reading) -> str:
    """Return whether an answer sounds ``"good"`` or ``"bad"``, says ``"no"``, or just ``"told"``."""
    good = "GLAD" in reading.plain or reading.has("answer_good")
    bad = "SAD" in reading.plain or reading.has("answer_bad")
    if good != bad:
        return "good" if good else "bad"
    return "no" if reading.has("answer_no") and not good else "told"


def met(kind: str, reading: Reading, words: Words) -> tuple[str, str]:
    """Return a sentence that meets an answer, and the next question."""
    table, heard = words.source["answers"], tone(reading)
    key = f"{kind}_{heard}" if f"{kind}_{heard}" in table else f"{kind}_told"
    return words.of(table[key]), words.of(table[f"{key}_ask"])


def topic(
    case: dict[str, Any], deck: Sequence[dict[str, Any]], words: Words
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return what Josi has not said yet on the athlete's turn before: a card's sentences, or words.

    Returns
    -------
    card : dict or None
        The card, if one surely answers the earlier turn.
    lines : list of str
        Its sentences, or one of the words for a feeling that was told there; may be empty.
    """
    history = case["history"]
    before = [turn["content"] for turn in history if turn["role"] == "user"]
    if not before:
        return None, []
    said = " ".join(turn["content"] for turn in history if turn["role"] == "assistant")
    earlier = read(before[-1])
    card, lines = found_card({"message": before[-1]}, deck, earlier)
    if not card and earlier.situations and earlier.situations[0].mood and not earlier.question:
        lines = [words.of(earlier.situations[0].say)]
    return card, [line for line in lines if line not in said]


def told_already(case: dict[str, Any], plan: str) -> bool:
    """Tell whether Josi's last turn named the session in these words."""
    history = case.get("history") or []
    return bool(history) and plan.rstrip(".") in history[-1]["content"]
