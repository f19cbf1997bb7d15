"""Before the model: do the athlete's words call for help rather than for training talk?

Twelve red flags, found by three voices and explained by the words that they rest on:

* rules over word families (``data/guard/triage.json``);
* a learnt sum of readable features (``learnt_triage.json``): those rules and families, groups of
  phrases (``concepts.json``), words and pieces of words;
* an encoder that reads what the message means (:mod:`josi_utils.guard.encoder`). Its log-odds are
  added to that sum, and it is not asked where words alone settle it.

The sum speaks up by itself where it is sure, and overrules a rule only where it is sure that
nothing is wrong. Two more sums tell which flag it is (``learnt_flags.json``, the encoder's
log-odds added) and whether it is urgent (``learnt_urgent.json``).

Rules and messages are English, with a few phrases of German, French, Spanish, Italian and Dutch for
the gravest flags; other languages are not triaged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from josi_utils.guard.encoder import meaning
from josi_utils.guard.flag_reading import ORDER, Reading, find, read, rule_book, words_of
from josi_utils.guard.learnt import model
from josi_utils.guard.normalise import Token
from josi_utils.guard.rule_book import Book
from josi_utils.guard.whose import of_another

#: Flags that are another's only where that person is named: "she" alone may be anybody.
NAMED = frozenset(("self_harm", "pregnancy", "minor"))
#: Flags of heart, breath and consciousness.
VITAL = frozenset(("chest_pain", "breathlessness", "fainting"))
#: A rule's emergency goes before a calm flag where its own sum says that it is not unlikely.
LIKELY = -1.0
#: A learnt finding is explained by so many spans at most, as far as they carry this share of it.
SPANS, SHARE = 4, 0.6


class Span(NamedTuple):
    """A piece of the athlete's words: ``text`` stands at ``start:end`` of turn ``turn``.

    ``turn`` is -1 for the message, else the index into the case's history.
    """

    start: int
    end: int
    text: str
    rule: str
    turn: int = -1


@dataclass(frozen=True)
class Triage:
    """What triage found.

    Attributes
    ----------
    flag
        One of the twelve red flags of ``case.schema.json``, or None.
    emergency
        Whether the emergency number belongs into the reply.
    spans
        The words that the finding rests on.
    also
        Further flags that rules found, most urgent first.
    other
        Whether it is somebody else who is in danger, and the athlete who tells of it.
    """

    flag: str | None = None
    emergency: bool = False
    spans: list[Span] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    other: bool = False


def triage(case: dict[str, Any]) -> Triage:
    """Return the red flag in an athlete's words, if there is one.

    Parameters
    ----------
    case : dict
        Of the case, only ``message`` and ``history`` are read: the app knows no ``category``.

    Returns
    -------
    Triage
        With ``flag`` None where nothing was found.
    """
    book, known = rule_book()
    message = case.get("message") or ""
    history = case.get("history") or []
    asked: set[str] = set()
    if history and history[-1]["role"] == "assistant":
        asked = {h.family for h in book.hits(words_of(history[-1]["content"], book, known))}
    now = read(message, asked)
    if _calls(now):
        return _judged(now, -1)
    if not history or any(h.family == "CLEARED" for h in book.hits(now.tokens)):
        return Triage()
    # An earlier flag stays open unless the message says that it is over (family ``CLEARED``).
    earlier = [(i, turn["content"]) for i, turn in enumerate(history) if turn["role"] == "user"]
    for index, text in reversed(earlier[-2:]):
        before = read(text)
        if _calls(before):
            return _judged(before, index)
    return _in_pieces(book, known, *earlier[-1], message, asked) if earlier else Triage()


def flag_total(reading: Reading) -> float:
    """Return the log-odds of a red flag by words and meaning; the encoder is asked where it counts.

    Where words alone speak clearly against one it is not: meaning hardly ever turns that.
    """
    learnt = model("learnt_triage")
    total = learnt.sums(reading.features)["flag"]
    if total < learnt.least["asked_from"]:
        return total
    return total + learnt.encoder_factor * meaning(reading.text).flag


def _calls(reading: Reading) -> bool:
    """Tell whether the voices together call for help."""
    learnt = model("learnt_triage")
    if any(rule.after or rule.sure for rule, _ in reading.found):
        return True
    total = flag_total(reading)
    if not reading.found:
        return total >= learnt.least["alone"]
    return total >= learnt.least["beside_rule"]


def _judged(reading: Reading, turn: int) -> Triage:
    """Return which flag it is, how urgent, and the words that say so."""
    ruled = {rule.flag for rule, _ in reading.found}
    which = model("learnt_flags")
    sums, kinds = which.sums(reading.features), meaning(reading.text).kinds
    sums = {name: sums[name] + which.encoder_factor * kinds[name] for name in ORDER}
    flag = max(ORDER, key=lambda name: (sums[name], name in ruled))
    answered = [rule.flag for rule, _ in reading.found if rule.after]
    if answered:
        flag = answered[0]
    elif "self_harm" in ruled:
        flag = "self_harm"  # whatever else is there: pills and a heavy chest are part of it
    urgent = _urgent(reading, flag)
    graver = [name for name in ORDER if name in ruled and sums[name] >= LIKELY]
    if not urgent and not answered:
        flag = next((name for name in graver if _urgent(reading, name)), flag)
        # After a drug, a heart or breath that is off is urgent; its script asks what was taken.
        urgent = _urgent(reading, flag) or (
            flag == "medication"
            and any(rule.emergency and rule.flag in VITAL for rule, _ in reading.found)
        )
    where = [(h.start, h.end, rule.id) for rule, hits in reading.found for h in hits]
    spans = {_span(reading, *place, turn) for place in where}
    if flag not in ruled:
        spans |= _weighty(reading, flag, turn)
    by_words = bool(ruled) or model("learnt_triage").sums(reading.features)["flag"] >= 0
    if not spans or not by_words:  # meaning made the difference, and it is the whole message's
        spans = {Span(0, len(reading.text), reading.text, "encoder", turn)}
    return Triage(
        flag,
        urgent,
        sorted(spans, key=lambda s: (s.start, s.end)),
        sorted(ruled - {flag}, key=ORDER.index),
        of_another(
            reading.tokens,
            min((s.start for s in spans), default=0),
            named=flag in NAMED,
        ),
    )


def _two_signs(reading: Reading) -> bool:
    """Tell whether two emergencies of heart, breath or consciousness rest on words of their own."""
    places = [
        {at for h in hits for at in range(h.start, h.end)}
        for rule, hits in reading.found
        if rule.emergency and rule.flag in VITAL
    ]
    return any(a.isdisjoint(b) for a, b in combinations(places, 2))


def _urgent(reading: Reading, flag: str) -> bool:
    """Tell whether the number is to be called now; in doubt it is, where a rule says so."""
    if flag in VITAL and _two_signs(reading):
        return True  # an aching chest and a heart gone mad: no sum talks that away
    learnt = model("learnt_urgent")
    total = learnt.sums(reading.features | {f"y:{flag}": 1.0})["urgent"]
    ruled = any(rule.emergency and rule.flag == flag for rule, _ in reading.found)
    return total >= learnt.least["beside_rule" if ruled else "alone"]


def _span(reading: Reading, first: int, last: int, rule: str, turn: int) -> Span:
    start, end = reading.tokens[first].start, reading.tokens[last - 1].end
    return Span(start, end, reading.text[start:end], rule, turn)


def _weighty(reading: Reading, flag: str, turn: int) -> set[Span]:
    """Return the words that weigh most in a finding that no rule made."""
    weighed = {name: 0.0 for name in reading.places}
    for share, name in (
        *model("learnt_triage").for_class("flag", reading.features),
        *model("learnt_flags").for_class(flag, reading.features),
    ):
        if name in weighed:
            weighed[name] += share
    enough = SHARE * sum(weighed.values())
    spans: set[Span] = set()
    taken: set[int] = set()
    for name in sorted(weighed, key=lambda name: (-weighed[name], name)):
        if enough <= 0 or len(spans) == SPANS:
            break
        enough -= weighed[name]
        place = reading.places[name]
        if taken.issuperset(range(*place)):
            continue
        taken.update(range(*place))
        spans.add(_span(reading, place.first, place.last, name, turn))
    return spans


def _in_pieces(
    book: Book, known: frozenset[str], index: int, said: str, message: str, asked: set[str]
) -> Triage:
    """Look for a flag of which one half was said in the turn before, by the rules alone."""
    joined = words_of(f"{said}\n{message}", book, known)
    cut = len(said) + 1
    here = [Token(t.text, t.start - cut, t.end - cut, t.clause, t.sentence, t.raw) for t in joined]
    found = find(book, joined, asked, hits=book.hits(joined), thread=True)
    if not found:
        return Triage()
    spans = set()
    for rule, hits in found:
        for h in hits:
            now = joined[h.start].start >= cut
            words, text = (here, message) if now else (joined, said)
            start, end = words[h.start].start, words[h.end - 1].end
            spans.add(Span(start, end, text[start:end], rule.id, -1 if now else index))
    flags = sorted({rule.flag for rule, _ in found}, key=ORDER.index)
    urgent = [f for f in flags if any(r.flag == f and r.emergency for r, _ in found)]
    flag = urgent[0] if urgent else flags[0]
    return Triage(
        flag,
        bool(urgent),
        sorted(spans, key=lambda s: (s.turn != -1, s.turn, s.start)),
        [f for f in flags if f != flag],
    )
