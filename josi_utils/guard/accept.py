"""After the model: may this draw reach the athlete, and which of several is best?

The rules are the guard's own (``data/guard/accept.json``); the evaluation's scorers, which are
stricter and different, judge what the guard lets through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from josi_utils.guard.claims import (
    hits_of,
    missing_facts,
    number_problems,
    session_problems,
    state_problems,
)
from josi_utils.guard.data import load
from josi_utils.guard.intent import intent
from josi_utils.guard.licence import licence_of
from josi_utils.guard.normalise import Token, fold, tokenise
from josi_utils.guard.phrases import Hit
from josi_utils.guard.sense import (
    FOREIGN_ALLOWED,
    LEAST_KNOWN_RUNS,
    UNKNOWN_ALLOWED,
    foreign_words,
    loops,
    odd_sentences,
    share_of_known_runs,
)
from josi_utils.guard.stance import negated_before, stance_problems
from josi_utils.persona import count_words

_ENDS = re.compile(r"[.!?…][\"'”’)\]]?[^\w.!?]{0,6}$")
_CONTROL = ("<|", "|>", "<s>", "[INST]", "im_start", "im_end", "```", "Athlete:", "Plan:", "Card:")
#: A draw of more words than this is refused unread: 120 tokens of the model are fewer.
MOST_TOKENS = 300
#: Sign-for-letter writing, undone word by word before the leak terms are looked up.
_LEET = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "3": "e",
        "4": "a",
        "5": "s",
        "7": "t",
        "8": "b",
        "9": "g",
        "$": "s",
        "!": "i",
        "@": "a",
    }
)


class Reason(NamedTuple):
    """Why a draw is refused: ``text`` stands at ``start:end`` of the draw, or nothing does."""

    rule: str
    why: str
    start: int = 0
    end: int = 0
    text: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the guard makes of one draw.

    Attributes
    ----------
    ok
        Whether it may be shown.
    reasons
        Why not, each with its place.
    rank
        Among accepted draws the highest is shown: it takes up more of the athlete's words, has a
        fitting length and asks something else than what every reply asks.
    """

    ok: bool
    reasons: list[Reason] = field(default_factory=list)
    rank: float = 0.0


_SMALL = frozenset(("a", "an", "the", "my", "your", "of"))


def _leaks(
    case: dict[str, Any],
    wants: dict[str, bool],
    draw: str,
    tokens: Sequence[Token],
    hits: Sequence[Hit],
) -> list[tuple[str, int, int]]:
    found = [("leak", h.start, h.end) for h in hits if h.family == "LEAK"]
    said = {t.text for t in tokenise(case.get("message") or "")} if not wants["probe"] else set()
    found += [
        ("leak", h.start, h.end)
        for h in hits
        if h.family == "LEAK_SOFT"
        and not said & {tokens[i].text for i in range(h.start, h.end)} - _SMALL
    ]
    denied = {i for h in hits if h.family == "DENIES" for i in range(h.start, h.end)}
    found = [f for f in found if f[1] not in denied]
    terms = {
        p.rstrip("*").replace(" ", "")
        for p in load("accept")["families"]["LEAK"]
        if len(p.rstrip("*")) >= 4
    }
    chunks = fold(draw).text.split()
    plain = [re.sub(r"[\W_]", "", c.translate(_LEET)) for c in chunks]
    odd = [p for p, c in zip(plain, chunks, strict=True) if not c.strip(".,!?'\"").isalpha()]
    spelled = "".join(p if len(p) == 1 else " " for p in plain)
    suspects = odd + [p[::-1] for p in plain if len(p) > 5] + spelled.split()
    if any(s in terms for s in suspects):
        found.append(("leak in disguise", 0, 0))
    return found


def _questions(draw: str) -> int:
    return len(re.findall(r"\?+", draw))


def _form(draw: str, finished: bool) -> list[tuple[str, str]]:
    low, high = load("accept")["words"]
    count = count_words(draw)
    found = []
    if not finished:
        found.append(("end", "was cut off"))
    elif not _ENDS.search(draw):
        found.append(("end", "does not end with a sentence"))
    if count < low:
        found.append(("length", f"{count} words are too few"))
    if count > high:
        found.append(("length", f"{count} words are too many"))
    questions = _questions(draw)
    if not 1 <= questions <= 2:
        found.append(("question", f"asks {questions} questions"))
    if any(mark in draw for mark in _CONTROL):
        found.append(("control", "shows the prompt's marks"))
    if "\n\n" in draw or re.search(r"^\s*(?:[-*#•]|\d+[.)])\s", draw, re.MULTILINE):
        found.append(("form", "is a list, not a message"))
    return found


def accept(
    case: dict[str, Any],
    draw: str,
    *,
    finished: bool = True,
    deck: Sequence[dict[str, Any]] = (),
) -> Verdict:
    """Accept or refuse one draw of the model.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read; ``category``, ``note`` and
        ``red_flag`` are not.
    draw : str
        The reply as drawn.
    finished : bool
        Whether the model ended it by itself.
    deck : sequence of cards
        Licensed knowledge where the case has no card.

    Returns
    -------
    Verdict
        Not ok with every reason found, each with its span in ``draw``.
    """
    draw = draw.strip()
    tokens = tokenise(draw)
    reasons = [Reason(rule, why) for rule, why in _form(draw, finished)]
    if not tokens:
        return Verdict(False, [*reasons, Reason("empty", "says nothing")])
    if len(tokens) > MOST_TOKENS:
        return Verdict(False, [*reasons, Reason("length", "is far too long")])
    hits = hits_of(tokens)
    licence = licence_of(case, deck)
    wants = intent(case)

    def add(rule: str, why: str, first: int, last: int) -> None:
        if last <= first:
            reasons.append(Reason(rule, why))
            return
        start, end = tokens[first].start, tokens[last - 1].end
        reasons.append(Reason(rule, why, start, end, draw[start:end]))

    for problem in _leaks(case, wants, draw, tokens, hits):
        add("leak", *problem)
    for problem in number_problems(tokens, hits, licence):
        add("number", *problem)
    for problem in session_problems(case, tokens, hits, licence):
        add("session", *problem)
    for problem in state_problems(case, tokens, hits, licence):
        add("state", *problem)
    for why in missing_facts(case, tokens, hits):
        add("missing", why, 0, 0)
    for problem in stance_problems(case, wants, tokens, hits):
        add("stance", *problem)
    for hit in hits:
        if hit.family == "HELP_STRONG" and hit.family not in licence.families:
            add("help", "calls for help where triage found no need", hit.start, hit.end)
        if (
            hit.family == "SCOLD"
            and "SCOLD" not in licence.families
            and not negated_before(hit, hits)
        ):
            add("tone", "is not kind", hit.start, hit.end)
        if hit.family == "MADE_UP":
            add("sense", "speaks as if Josi were the athlete", hit.start, hit.end)
    unknown, rare = foreign_words(tokens, licence)
    if len(unknown) > UNKNOWN_ALLOWED:
        add("sense", "words that do not belong here", unknown[0], unknown[0] + 1)
    if len(unknown) + len(rare) > FOREIGN_ALLOWED:
        first = (unknown + rare)[0]
        add("sense", "drifts away from the matter", first, first + 1)
    known = share_of_known_runs(tokens, licence)
    if known < LEAST_KNOWN_RUNS:
        add("sense", f"only {known:.0%} of its phrases are plain ones", 0, 0)
    for first, last in odd_sentences(tokens, licence)[:1]:
        add("sense", "a sentence that does not belong here", first, last)
    for at in loops(tokens)[:1]:
        add("loop", "repeats itself", at, at + 1)
    return Verdict(not reasons, reasons, _rank(case, draw, tokens, known))


_STOCK_QUESTION = ("how", "do", "your", "legs", "feel")


def _rank(case: dict[str, Any], draw: str, tokens: Sequence[Token], known: float) -> float:
    """Return how good an accepted draw is, as :class:`Verdict` states it; higher is better."""
    words = [t.text for t in tokens]
    said = {t.text for t in tokenise(case.get("message") or "") if len(t.text) > 3}
    stock = any(tuple(words[i : i + 5]) == _STOCK_QUESTION for i in range(len(words)))
    fit = 1.0 - abs(count_words(draw) - 48) / 48
    return round(0.5 * min(len(said & set(words)), 4) + fit + known - 0.5 * stock, 3)
