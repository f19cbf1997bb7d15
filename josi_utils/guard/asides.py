"""Messages that are not about training: other topics, Josi's workings, hostile words, no words.

What is held stands under ``asides`` in ``fallback.json``, in the form of the situations. Where a
message holds no words that can be read, that is said, and no feeling and no topic is supposed.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from josi_utils.guard.composition import Composition, Words, session_ask
from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token
from josi_utils.guard.openers import taken_up
from josi_utils.guard.situations import Reading, wordings

#: A message of more words than this is taken to say something, whatever its words.
JUNK = 6
#: A message of no more different signs than this, however long, says nothing ("aaaaaa").
FEW_SIGNS = 2
#: So many words of another language, and such a share of all, make a message a foreign one.
FOREIGN, FOREIGN_SHARE = 2, 0.3
#: A question to Josi of more words than this is about more than Josi.
SHORT_QUESTION = 14
#: A beginning of a word tells that it is known if it has at least so many letters.
SHORT_START = 3

#: Who asks one of these in passing, and then tells what weighs, is heard.
_IN_PASSING = frozenset(("person_q",))

#: Pictures that say no more than "ok" or "thanks", in whatever colour of skin.
_NODS = frozenset("👍👌🙏✅✔☑🤝🫡\ufe0f\u200d🏻🏼🏽🏾🏿")


def aside(
    case: dict[str, Any], reading: Reading, words: Words, plan: list[str], probe: bool = False
) -> Composition | None:
    """Return the reply to a message that is not about training, or None.

    Parameters
    ----------
    case : dict
        ``decision``, ``card``, ``history`` and ``message`` are read.
    reading : Reading
        Of the message.
    words : Words
        Drawn by the message.
    plan : list of str
        The session's sentences, if there is a decision.
    probe
        Whether it asks about Josi, in whatever language.
    """
    table = words.source["aside"]
    decision = case.get("decision")
    ask = session_ask(decision, reading, words) if decision else words.of(table["ask"])
    if not case.get("history"):
        kind = unread(case.get("message") or "", reading)
        if kind and not (probe and kind == "english"):
            return Composition([words.of(table[kind])], ask, plan)
    about_training = bool(case.get("card")) or any(one.sure for one in reading.situations)
    of_day = decision and (reading.has("leaves_out") or reading.has("wish_shut"))
    of_day = of_day and not reading.has("orders")
    about_training = about_training or bool(of_day)
    for one in reading.asides:
        if (about_training and not one.always) or (one.short and case.get("history")):
            continue
        opening = [words.of(wordings(one, reading.tokens))]
        opener, first = taken_up(reading, words)
        told = first is not None and (first.strong or reading.mood == "glad")
        if told and first and first.strong and first.mood == "sad" and not one.always:
            continue  # what weighs is taken up by itself, and not as something beside training
        if opener and told and not one.always:
            opening.insert(0, opener)
        english = words.source["probe"]["english"]
        if one.always and reading.has("foreign") and not opening[0].startswith(english):
            opening.insert(0, english)
        if not one.always and not one.whole:
            opening.append(words.of(table["bound"]))
        long = len(reading.tokens) > JUNK
        long = long and len({token.sentence for token in reading.tokens}) > 1
        if one.id in _IN_PASSING and long and first and first.mood == reading.mood == "sad":
            return Composition([*opening, words.of(first.say)], words.of(first.ask), plan)
        return Composition(opening, words.of(one.ask) if one.ask else ask, plan)
    if not case.get("history") and not case.get("card") and _about_josi(reading):
        return Composition([words.of(table["self"])], ask, plan)
    return None


def _about_josi(reading: Reading) -> bool:
    """Tell whether a question is about Josi and about nothing else that is known."""
    if any(one.startswith("request ") for one in reading.plain):
        return False
    forms = ("of_sport", "of_task", "change", "change_plan", "you_changed", "doubts", "why",
             "details_ask", "what_plan", "purpose", "disputes", "moves", "swaps")  # fmt: skip
    other = reading.situations or any(reading.has(form) for form in forms)
    short = len(reading.tokens) <= SHORT_QUESTION
    return reading.question and short and reading.has("to_josi") and not other


def unread(message: str, reading: Reading) -> str | None:
    """Return why a message tells nothing: no word in it, none that is known, or a foreign one."""
    if not reading.tokens:
        if set(message.split()) and set("".join(message.split())) <= set("?¿!"):
            return "mark" if "?" in message else "empty"
        if message.strip() and all(sign in _NODS for sign in message if not sign.isspace()):
            return "nod"
        pictures = any(unicodedata.category(sign) in ("So", "Sk") for sign in message)
        return "picture" if pictures else "empty"
    if all(token.text[0].isdigit() for token in reading.tokens):
        return "number"
    if _foreign(message, reading.tokens):
        return "english"
    few = len(reading.tokens) <= JUNK and not reading.situations and not reading.asides
    if few and len(message) >= JUNK and len(set(message.lower()) - {" "}) <= FEW_SIGNS:
        return "unclear"
    if few and not any(_known(token.text) for token in reading.tokens):
        return "unclear"
    return None


def _foreign(message: str, tokens: tuple[Token, ...]) -> bool:
    letters = [sign for sign in message if sign.isalpha()]
    latin = sum(unicodedata.name(sign, "").startswith("LATIN") for sign in letters)
    if letters and latin * 2 < len(letters) and len(letters) > FOREIGN:
        return True
    foreign = frozenset(load("fallback")["foreign"])
    found = sum(token.text in foreign for token in tokens)
    return found >= FOREIGN and found >= FOREIGN_SHARE * len(tokens)


@lru_cache(maxsize=1)
def _words_known() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return every word of the rules and the vocabulary, and every beginning of a word."""
    source, vocabulary = load("fallback"), load("vocabulary")
    phrases = [p for table in ("forms", "groups", "reasons") for p in source[table].values()]
    phrases += [one[key] for one in source["situations"] for key in ("any", "with") if key in one]
    phrases += [one["any"] for one in source["asides"]]
    phrases += list(load("intent")["families"].values())
    parts = {part for group in phrases for phrase in group for part in phrase.split()}
    words = parts | set(source["common"]) | set(vocabulary["common"]) | set(vocabulary["rare"])
    words |= {word for pair in source["index"]["words"] for word in pair.split()}
    starts = tuple(
        sorted(part[:-1] for part in parts if part[-1] == "*" and len(part) > SHORT_START)
    )
    return frozenset(words), starts


def _known(word: str) -> bool:
    words, starts = _words_known()
    return word in words or word.startswith(starts)
