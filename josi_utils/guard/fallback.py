"""If no draw passes: vetted plain words, put together from decision, reasons, goal and card.

Nothing here is drawn: every sentence stands in ``data/guard/fallback.json`` or is the card's own,
and is filled from the decision. Never wrong, a little dull.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from josi_utils.decision import READINESS_COLOURS, REASON_WORDS, plan_sentence, weeks_words
from josi_utils.guard.data import load
from josi_utils.guard.intent import intent, intent_book
from josi_utils.guard.licence import accept_book, stem
from josi_utils.guard.normalise import fold, tokenise
from josi_utils.guard.phrases import NEGATION, Book
from josi_utils.persona import count_words, split_sentences

#: The fallback's own ceiling in words; the product's is 80.
MOST_WORDS = 75


def _pick(choices: Sequence[str], message: str) -> str:
    """Return one of several wordings, always the same one for the same message."""
    return choices[zlib.crc32(message.encode("utf-8", "surrogatepass")) % len(choices)]


@lru_cache(maxsize=1)
def _pick_ups() -> Book:
    families = {
        p["id"]: [w for w in p["phrases"] if "!" not in w] for p in load("fallback")["pick_up"]
    }
    families[NEGATION] = load("intent")["families"][NEGATION]
    return Book({"families": families}, "fallback.json")


def _pick_up(message: str) -> str | None:
    """Return a sentence that takes up what the athlete said, where that is safe."""
    book = _pick_ups()
    tokens = tokenise(message)
    hits = book.hits(tokens)
    negations = frozenset(h.start for h in hits if h.family == NEGATION)
    found = {
        h.family for h in hits if h.family != NEGATION and not book.negated(h, tokens, negations)
    }
    for entry in load("fallback")["pick_up"]:
        if entry["id"] in found:
            return str(entry["say"])
    return None


def find_card(case: dict[str, Any], deck: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the case's own card, or the deck's best for the words of the message.

    The index (``fallback.json``) says how strongly a word points to a card, 0 to 1; below
    ``index_least`` no card is better than a wrong one.
    """
    if case.get("card"):
        return dict(case["card"])
    source = load("fallback")
    history = [t["content"] for t in case.get("history") or [] if t["role"] == "user"][-1:]
    scores: dict[str, float] = {}
    for word in sorted(
        {stem(t.text) for t in tokenise(" ".join([*history, case.get("message") or ""]))}
    ):
        for card_id, weight in source["index"].get(word, {}).items():
            scores[card_id] = scores.get(card_id, 0.0) + weight
    by_id = {card["id"]: card for card in deck}
    known = sorted((-score, card_id) for card_id, score in scores.items() if card_id in by_id)
    if not known or -known[0][0] < source["index_least"]:
        return None
    return by_id[known[0][1]]


def _sound(text: str | None) -> bool:
    """Tell whether text from a decision or a card may be said: no inner workings, no marks.

    A card or a goal can be tampered with; what reads like the machinery is left out.
    """
    if not text:
        return True
    folded = fold(text).text
    if any(mark in folded for mark in ("<", ">", "[", "]", "{", "}", "http", "system", "athlete:")):
        return False
    families = {h.family for h in accept_book().hits(tokenise(text))}
    probes = {h.family for h in intent_book().hits(tokenise(text))}
    return not families & {"LEAK", "LEAK_SOFT", "SCOLD", "MADE_UP"} and "PROBE" not in probes


def _cleaned(case: dict[str, Any]) -> dict[str, Any]:
    """Return the case without details, goal and card sentences that must not be said."""
    case = dict(case)
    decision = case.get("decision")
    if decision:
        decision = dict(decision)
        session = dict(decision["session"])
        if not _sound(session.get("details")):
            session["details"] = None
        goal = decision.get("goal")
        if goal and not all(_sound(goal.get(k)) for k in ("event", "target", "alternative")):
            verdict = goal.get("verdict")
            decision["goal"] = {
                "event": "this goal",
                "weeks": goal.get("weeks"),
                "verdict": verdict,
            }
        case["decision"] = decision | {"session": session}
    if case.get("card"):
        kept = " ".join(s for s in split_sentences(case["card"]["text"]) if _sound(s))
        case["card"] = case["card"] | {"text": kept} if kept else None
    return case


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _session_lines(decision: dict[str, Any]) -> list[str]:
    source = load("fallback")
    lines = [plan_sentence(decision)]
    reasons = [REASON_WORDS[code] for code in decision.get("reasons") or []][:2]
    if reasons:
        lines.append(source["reason"].replace("{reasons}", ", and that ".join(reasons)))
    return lines


def _goal_lines(goal: dict[str, Any], wants: dict[str, bool], message: str) -> list[str]:
    source, verdict = load("fallback"), goal.get("verdict")
    if not verdict:
        return []
    name = f"{goal['event']}, {goal['target']}," if goal.get("target") else goal["event"]
    ahead = "" if goal.get("weeks") is None else f" {weeks_words(goal['weeks'])}"
    line = _pick(source["open"]["unrealistic" if verdict == "unrealistic" else verdict], message)
    if verdict != "unrealistic" and wants["against"]:
        return []
    line = line.replace("{goal}", name).replace("{Goal}", _capital(name)).replace("{weeks}", ahead)
    lines = [re.sub(r",(?= ?[.,])", "", line)]
    if verdict == "unrealistic" and goal.get("alternative"):
        lines.append(source["alternative"].replace("{Alternative}", _capital(goal["alternative"])))
    return lines


@dataclass(frozen=True)
class Composition:
    """A reply in its parts.

    Attributes
    ----------
    opening
        Sentences that take up the message and give Josi's stand.
    plan
        The session's sentence, then the reasons'; empty without a decision.
    more
        Further sentences, such as the card's; said as far as the ceiling allows.
    ask
        The question at the end.
    card
        The card that ``more`` comes from, the case's own or one found in the deck.
    """

    opening: list[str]
    ask: str
    plan: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    card: dict[str, Any] | None = None

    def further(self, ceiling: int = MOST_WORDS) -> list[str]:
        """Return as many sentences of ``more`` as keep the whole under ``ceiling`` words."""
        said: list[str] = []
        for line in self.more:
            words = " ".join([*self.opening, *self.plan, *said, line, self.ask])
            if count_words(words) <= ceiling:
                said.append(line)
        return said

    @property
    def text(self) -> str:
        """The whole reply."""
        return " ".join([*self.opening, *self.plan, *self.further(), self.ask])


def fallback(case: dict[str, Any], deck: Sequence[dict[str, Any]] = ()) -> str:
    """Return a vetted reply to any case that is no red flag: :func:`compose` as text.

    Returns
    -------
    str
        Under 80 words, one question, at its end.
    """
    return compose(case, deck).text


def compose(case: dict[str, Any], deck: Sequence[dict[str, Any]] = ()) -> Composition:
    """Put together a vetted reply to any case that is no red flag.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read.
    deck : sequence of cards
        Where the case has neither card nor decision, the best matching card speaks.
    """
    source = load("fallback")
    message = case.get("message") or ""
    wants = intent(case)
    case = _cleaned(case)
    decision = case.get("decision")
    opens, asks = source["open"], source["ask"]
    goal = (decision or {}).get("goal") or {}
    plan = _session_lines(decision) if decision else []
    if wants["probe"] or wants["off_topic"]:
        kind = "probe" if wants["probe"] else "off_topic"
        opening = [_pick(opens[kind], message)]
        if not decision:
            opening.append(source["probe_more"])
        return Composition(opening, _pick(asks[kind], message), plan)
    if decision:
        lines = _goal_lines(goal, wants, message)
        ask = "unrealistic" if wants["unrealistic"] else "goal" if lines else "session"
        if wants["against"] and not lines:
            lines, ask = [_pick(opens["against"], message)], "against"
        elif wants["unrealistic"] and not lines:
            lines = [_pick(opens["unrealistic_bare"], message)]
        elif not lines:
            lines = [
                _pick_up(message)
                or _pick(opens["greeting" if wants["greeting"] else "plain"], message)
            ]
        if ask == "session" and decision["session"]["kind"] == "rest":
            ask = "rest"
        if len(plan) == 1 and decision.get("readiness"):
            colour = READINESS_COLOURS[decision["readiness"]]
            plan = [*plan, source["readiness"].replace("{colour}", colour)]
        card = case.get("card")
        more = split_sentences(card["text"]) if card else []
        return Composition(lines, _pick(asks[ask], message), plan, more, card)
    if wants["unrealistic"]:
        return Composition(
            [_pick(opens["unrealistic_bare"], message)], _pick(asks["unrealistic"], message)
        )
    if wants["against"]:
        opening = [_pick(opens["plain"], message), source["no_change"], source["no_decision"][0]]
        return Composition(opening, _pick(asks["plain"], message))
    first = _pick_up(message)
    card = find_card(case, deck)
    if card:
        start = first or _pick(opens["why" if "?" in message else "plain"], message)
        more = split_sentences(card["text"])
        return Composition([start], _pick(asks["card"], message), more=more, card=card)
    if wants["greeting"] and not first:
        opening = [_pick(opens["greeting"], message), source["colour_hint"]]
        return Composition(opening, _pick(asks["greeting"], message))
    opening = [first or _pick(opens["plain"], message), _pick(source["no_decision"], message)]
    return Composition(opening, _pick(asks["plain"], message))
