"""What a message means beside a card of its own: which situations stay, and the card's own words.

A card that is not in the deck is taken for the one of the deck that it surely resembles.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from josi_utils.guard.card_index import card_index, choose, features
from josi_utils.guard.composition import still_open
from josi_utils.guard.data import load
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.own_words import filled
from josi_utils.guard.situations import Reading, Situation

#: From this certainty a card that is not in the deck is taken for the one that it resembles.
ALIKE = 0.2
#: Words of an opener that suppose a question.
_ANSWERS = frozenset(("ask", "ask,", "fair", "wonder", "question"))
#: A card with one of these tells how many.
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "week", "minute")
#: A message with one of these forms is about the plan first.
_PLAN = (
    "why_strict", "why_told", "what_plan", "mistake", "change", "change_plan", "wonders",
    "reason_check", "my_color", "good_check",
)  # fmt: skip


def about_card(reading: Reading, card: dict[str, Any] | None, message: str) -> Reading:
    """Return a reading without answers that the card is not about; one of the card's own instead.

    Parameters
    ----------
    reading : Reading
        Of the message.
    card : dict or None
        The case's own.
    message : str
        As it was written.
    """
    if not card:
        return reading
    name = deck_id(card["id"], f"{card['title']}. {card['text']}")
    kept = tuple(
        one
        for one in reading.situations
        if not (one.sure and one.cards and one.form == "question") or name in dict(one.cards)
    )
    staying = tuple(_asking_on(one, card, reading, message) for one in kept if _stays(one, name))
    if reading.question and reading.has("inquires") and not any(one.strong for one in staying):
        # What only weighs a little comes after an answer that the card has.
        staying = tuple(sorted(staying, key=lambda one: not _answers(one, name)))
    if staying or not (reading.question or (not kept and _points_to(name, message))):
        return replace(reading, situations=staying if reading.question else kept)
    say, ask = card_words(card, reading, message)
    if not reading.question and _ANSWERS & set(say[0].split()):
        return replace(reading, situations=kept)
    sure = not any(reading.has(form) for form in _PLAN)
    own = Situation(f"card {name}", tuple(say), tuple(ask), ((card["id"], ()),), sure=sure)
    return replace(reading, situations=(own,))


def _asking_on(one: Situation, card: dict[str, Any], reading: Reading, message: str) -> Situation:
    """Return a situation with what fits a question about the card.

    One that weighs gets the card's questions; one for who tells of it gives way to plain words where
    the question is general.
    """
    apart = one.mood == "sad" and not one.strong and not one.cards
    told = reading.has("general") and one.cards and not (one.form or one.mood)
    if told and reading.question:
        return replace(one, say=tuple(load("fallback")["words"]["card"]["general"]))
    if not (apart and reading.question and reading.has("inquires")):
        return one
    more = load("fallback")["words"]["card"].get(f"{card['id']}_more_ask", ())
    asks = still_open([*card_words(card, reading, message)[1], *more], reading)
    return replace(one, ask=tuple(asks or one.ask))


def off_card(reading: Reading, card: dict[str, Any], message: str) -> bool:
    """Tell whether what is asked is not known, and the card is not about it either."""
    first = next(iter(reading.situations), None)
    name = deck_id(card["id"], f"{card['title']}. {card['text']}")
    return first is not None and first.more == "unknown" and not _points_to(name, message)


def _answers(one: Situation, name: str) -> bool:
    """Tell whether a situation comes first beside the card: it is about it, or knows no answer."""
    return one.more == "unknown" or (one.sure and name in dict(one.cards))


def _points_to(name: str, message: str) -> bool:
    """Tell whether the words of a message point to the card more than to any other."""
    choice = choose(card_index(), features(message), ())
    return choice is not None and choice.card_id == name


def card_words(card: dict[str, Any], reading: Reading, message: str) -> tuple[list[str], list[str]]:
    """Return the wordings that open what a card says to a question, and questions that fit it."""
    table = load("fallback")["words"]["card"]
    name = deck_id(card["id"], f"{card['title']}. {card['text']}")
    if name in table:
        say, ask = table[name], table[f"{name}_ask"]
    else:
        title = card["title"][:1].lower() + card["title"][1:]
        doing = title.partition(" ")[0].endswith("ing")
        say = [t.replace("{title}", title) for t in table["titled" if doing else "other"]]
        ask = table["other_ask"]
    said_by = filled(table["source"], reading.tokens, message)
    others = load("fallback")["words"]["lead_cards"]["others"]
    if reading.has("for_other") and name in others:
        return table["for_other"], table["for_other_ask"]
    if reading.has("general"):
        say = table["general"]
    elif not said_by and (lead := _lead(name, card, reading)):
        return lead, ask
    return said_by or filled(say, reading.tokens, message), ask


def _lead(name: str, card: dict[str, Any], reading: Reading) -> list[str]:
    """Return words that say what of a question a card leaves open, or nothing where it tells."""
    table = load("fallback")["words"]
    leads: dict[str, list[str]] = table["leads"]
    kind = next((kind for kind in leads if reading.has(f"lead_{kind}")), "")
    fits = kind == "count" or name in table["lead_cards"]["cards"]
    if not (reading.question and kind and fits):
        return []
    said = {token.text for token in tokenise(card["text"])}
    numbers = any(word[0].isdigit() for word in said) or said & set(_NUMBERS)
    return [] if kind in ("count", "number") and numbers else leads[kind]


def _stays(one: Situation, name: str) -> bool:
    """Tell whether a situation is about the card, tells of a feeling or deed, or knows no answer."""
    heavy = one.mood in ("sad", "both") or one.strong or one.done or one.more
    return name in dict(one.cards) or bool(heavy)


@lru_cache(maxsize=256)
def deck_id(card_id: str, text: str) -> str:
    """Return the id of the deck's card that a card is, or surely resembles, else its own."""
    if card_id in load("fallback")["words"]["card"]:
        return card_id
    choice = choose(card_index(), features(text), ())
    return choice.card_id if choice and choice.certainty >= ALIKE else card_id
