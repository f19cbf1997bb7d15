"""How a reply begins and what it asks: the message taken up by its situation, words or tone."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

from josi_utils.guard.amounts import amounts
from josi_utils.guard.amounts import table as own_table
from josi_utils.guard.composition import Words, unanswered
from josi_utils.guard.data import load
from josi_utils.guard.mirror import FEW, beside, content, mirror
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.own_words import filled
from josi_utils.guard.situations import Reading, Situation
from josi_utils.guard.wished import told_goal
from josi_utils.persona import count_words

#: An opener that begins so greets by itself.
GREETS = ("Hello", "Good ", "Welcome", "See you", "Sleep well", "Happy ", "A merry ", "Goodbye")
#: Openers that answer yes or no, which "how do i" does not ask for.
_YES_NO = ("Yes,", "No,")
_WHAT = frozenset(("how", "which", "where", "when", "who"))
#: A deed that is not named in its own sentence cannot stand after another one.
_POINTS = ("That ", "It ", "This ", "What ")
#: Animals are near, too, but are no people.
_ANIMALS = frozenset(("dog", "cat", "horse", "rabbit", "labrador", "puppy"))
#: With one of these a message does not only tell.
_NO_WORK = (
    "change", "defies", "why", "orders", "refused", "color", "wish", "moves", "swaps", "intends", "future",
    "greet_hello", "greet_morning", "greet_evening",
)  # fmt: skip
#: A message of no more words that begins with a greeting is one.
GREETING = 12
#: In a message of more words a clause further on is often beside the point, unless it is a deed.
ONE_THING = 15
#: The two halves of mixed news are both named in no more words than this.
HALVES = 40


def greeting(reading: Reading, opener: str, words: Words) -> list[str]:
    """Return a greeting, with a name that is given, for a message that begins with one."""
    for name, text in words.source["greet"].items():
        if reading.has(f"greet_{name}") and not opener.startswith(GREETS):
            named = f"{text[:-1]} {{name}}."
            return [words.of(filled((text, named), reading.tokens, words.message))]
    return []


def taken_up(reading: Reading, words: Words) -> tuple[str | None, Situation | None]:
    """Return the sentence that takes the message up, and the situation that it is from.

    A message with good and bad in it is taken up without a guess which of them weighs more.
    """
    if not reading.situations:
        return None, None
    first, back = reading.situations[0], said_back(reading, words)
    if reading.mood == "both" and first.mood in ("sad", "glad") and not first.strong:
        if back and _deed_first(first, reading, words):
            # What was done stands before what is said against it: "slow as a ferry but done".
            table = words.source["plain"]["sounds_done"]
            done = words.of(filled(table, reading.tokens, words.message))
            return f"{back} {done}", first
        halves = "" if back else _halves(reading, words)
        text = halves or words.say("plain", "said_back" if back else "mixed")
        return f"{back} {text}".strip(), first
    feels = first.mood == "sad" and not first.cards
    opener = f"{lent(reading, words) if feels else ''}{words.of(first.say)}"
    if first.form == "question":
        if opener.startswith(_YES_NO) and first.cards and _asks_what(reading):
            opener = words.say("plain", "question")
        return opener, first
    greets = first.more == "hello" or opener.startswith(GREETS)
    # A deed is named by its own opener; what stands beside it would come first and weigh more.
    # Nor is one of two feelings named before words that are for both.
    told = mirror(words.message) if back and first.mood == "both" else None
    # But a deed that its opener only points at ("That is a step forward") is named before it.
    points = first.done and bool(back) and first.mood == "glad" and opener.startswith(_POINTS[:2])
    points = points and not mirror(words.message).feels
    back = "" if (first.done and not points) or (told and told.feels) else back
    return beside(back or (scene(words) if greets else ""), opener, greets), first


def lent(reading: Reading, words: Words) -> str:
    """Return what is said to a question that wants an ear: "is it silly that i'm nervous?"."""
    if reading.question:
        return ""
    kind = next((one for one in ("silly", "shared") if reading.has(f"ear_{one}")), "")
    return f"{words.say('plain', f'ear_{kind}')} " if kind else ""


def _deed_first(first: Situation, reading: Reading, words: Words) -> bool:
    """Tell whether a deed is told, and that it was slow is all that is said against it."""
    if reading.question:
        return False
    slow = first.id in ("slow_feels_bad", "slow_day", "slow_fine")
    sad = [one.id for one in reading.situations if one.mood == "sad"]
    only = all(name.startswith(("slow", "easy_pointless")) for name in sad)
    return (slow or first.done) and only and "SAD" not in reading.found and deed_told(words)


def _halves(reading: Reading, words: Words) -> str:
    """Return words for a deed and for what weighs beside it, or nothing where one is not sure."""
    if any(one.mood == "both" for one in reading.situations):
        return ""
    done = [one for one in reading.situations if one.mood == "glad" and one.done]
    sad = [one for one in reading.situations if one.mood == "sad"]
    if not (done and sad):
        return ""
    deed = words.of(done[0].say)
    if deed.startswith(_POINTS):
        return ""
    said = f"{words.of(sad[0].say)} All the same, {deed[0].lower()}{deed[1:]}"
    return said if count_words(said) <= HALVES else ""


def _asks_what(reading: Reading) -> bool:
    """Tell whether a message begins with a word that no yes and no "no" answers."""
    said = [t.text for t in reading.tokens[:2]]
    return bool(said) and said[0] in _WHAT and said[1:] != ["if"]


def said_back(reading: Reading, words: Words) -> str:
    """Return what the athlete told, in their own words turned to "you", or nothing.

    From far on in a long message only a deed is said back.
    """
    back = None if reading.has("orders") else mirror(words.message)
    if len(reading.tokens) > ONE_THING and back and not (back.early or deed_told(words)):
        return ""
    heavy = back and back.feels and reading.mood == "sad"
    telling = back and content(back.text)  # "you did it" says nothing
    return back.text if telling and (heavy or not reading.question) else ""


def deed_told(words: Words) -> bool:
    """Tell whether the clause that is said back tells a deed."""
    return _deed_in(words.message)


#: Beside one of these what was done is held up for more: "that isnt long, i did 4 hours".
_HELD_UP = frozenset(["isnt", "arent", "ready"])


@lru_cache(maxsize=64)
def _deed_in(message: str) -> bool:
    tokens = tokenise(message)
    held = {token.text for token in tokens} & _HELD_UP
    return not held and bool(filled(("{Told}",), tokens, message))


def scene(words: Words) -> str:
    """Return words for what stands around a greeting: the coffee, the train, the frost."""
    tokens = " ".join(t.text for t in tokenise(words.message))
    found = (
        said for phrase, said in words.source["scene"].items() if f" {phrase} " in f" {tokens} "
    )
    return words.of(next(found, [""]))


def closing(opener: str, situation: Situation | None, apart: bool, words: Words) -> str:
    """Return a second sentence for a short reply, one that does not say the opener's word again."""
    table = words.source["plain"]
    if situation is None and opener.endswith(tuple(table["said_back"] + table["said_fact"])):
        return words.of(table["more_told"])
    if situation is None and apart:
        return words.of(table["more_apart"])
    kind = (situation.more or ("done" if situation.done else situation.mood)) if situation else ""
    choices = table[f"more_{kind}" if kind else "more"]
    said = {word for word in table["said_once"] if word in opener}
    fresh = [line for line in choices if not any(word in line for word in said)]
    return words.of(fresh or table["more"])


def own_ask(situation: Situation | None, reading: Reading, words: Words) -> str | None:
    """Return a question of the situation's own, if it has one that fits."""
    tells = not (reading.question or reading.has("orders"))
    if situation is None and tells and {"SAD", "GLAD"} & reading.plain == {"SAD"}:
        return words.say("plain", "sad_ask")
    if situation is None and not reading.mood and said_back(reading, words):
        told = mirror(words.message)
        if told and not told.feels and deed_told(words):
            return words.say("plain", "done_ask")
        return words.say("plain", "said_back_ask" if told and told.feels else "said_fact_ask")
    if situation is None and _of_kin(reading):
        return words.say("plain", "said_fact_ask")
    if situation is None and _tells_work(reading, words.message):
        return words.say("plain", "done_ask")
    if situation is None and not (reading.question or reading.has("of_sport")):
        # What is not known is not guessed at: whoever told it may say more.
        told = len(reading.tokens) > GREETING // 2 and not reading.has("orders")
        told = told and not any(reading.has(f"greet_{name}") for name in words.source["greet"])
        return words.say("plain", "told_ask") if told else None
    if situation is None or not situation.ask:
        return None
    if reading.question and reading.mood == "both" and situation.mood != "both":
        return None
    if reading.mood == "both" and _deed_first(situation, reading, words):
        return words.say("plain", "done_ask")
    if reading.mood == "both" and situation.mood != "both":
        if situation.strong:
            return words.of(situation.ask)
        named = said_back(reading, words) and not _halves(reading, words)
        return None if named else words.say("plain", "mixed_ask")
    if reading.question and (situation.cards or situation.form == "question"):
        card = situation.cards[0][0] if situation.cards else ""
        return unanswered(situation.ask, reading, words, card)
    return words.of(situation.ask)


def plain_opener(case: dict[str, Any], reading: Reading, words: Words) -> str:
    """Return words for a message that no situation holds for: by its tone, or of none at all."""
    if not reading.tokens:
        return words.say("plain", "wordless")
    if reading.has("goal_why_signed") and not reading.question:
        return words.say("goal", "why_signed")
    if not case.get("decision") and not reading.question and (goal := told_goal(words.message)):
        return words.say("goal", "wished").replace("{Wish}", goal)
    glad, sad = "GLAD" in reading.plain, "SAD" in reading.plain
    glad = glad or (not sad and _calls_out(reading, words.message))
    back = said_back(reading, words)
    back = back if len(content(back)) >= FEW else ""
    if glad != sad and not reading.question:
        tone = "sounds_glad" if glad else "sounds_sad"
        if glad and (deed_told(words) or _tells_work(reading, words.message)):
            tone = "sounds_done"
        said = filled(words.source["plain"][tone], reading.tokens, words.message)
        return f"{back} {lent(reading, words)}{words.of(said)}".strip()
    table = words.source["plain"]
    if back:
        feels = "said_back" if mirror(words.message).feels else "said_fact"
        done = feels == "said_fact" and (_sounds_done(reading, words.message) or deed_told(words))
        key = "sounds_done" if done else feels
        key = "statement" if key == "said_fact" and _of_kin(reading) else key
        told = words.of(filled(table[key], reading.tokens, words.message))
        return f"{back} {lent(reading, words)}{told}"
    if scene(words) and not reading.question:
        return scene(words)
    if case.get("history"):
        return words.of(table["follow"])
    if _sounds_done(reading, words.message):
        return words.of(filled(table["sounds_done"], reading.tokens, words.message))
    if not reading.question and len(reading.tokens) <= GREETING and greeting(reading, "", words):
        return words.say("plain", "greeted")
    if _tells_work(reading, words.message):
        return words.say("plain", "sounds_work")
    if _of_kin(reading):
        return words.say("plain", "statement")
    # Beside a plan thanks for telling would suppose that something was told.
    return words.say("plain", "with_plan" if case.get("decision") else "statement")


def _of_kin(reading: Reading) -> bool:
    """Tell whether more than a few words tell of somebody near, and ask and order nothing."""
    asks = reading.question or any(reading.has(form) for form in ("orders", "change", "goal"))
    said = [token.text for token in reading.tokens]
    near = any(one in ("my", "our") and two in _near() for one, two in pairwise(said))
    return not asks and len(said) > GREETING // 2 and near


@lru_cache(maxsize=1)
def _near() -> frozenset[str]:
    return frozenset(load("fallback")["groups"]["KIN"]) - _ANIMALS


def _calls_out(reading: Reading, message: str) -> bool:
    """Tell whether a message calls something out, with no word in it that could make it bad."""
    calls = "!!" in message and not (reading.question or reading.has("change"))
    return calls and not {t.text for t in reading.tokens} & set(own_table()["not_deed"])


def _sounds_done(reading: Reading, message: str) -> bool:
    """Tell whether a message calls out a figure or tells a deed, and wishes and asks nothing."""
    if reading.question or reading.found & {"SAD", "NOTYET"}:
        return False
    if any(reading.has(form) for form in ("change", "defies", "why", "orders", "refused", "color")):
        return False
    said, words = {t.text for t in reading.tokens}, own_table()
    if said & set(words["not_deed"]):
        return False
    figure = any(t.text[0].isdigit() for t in reading.tokens)
    if "!" in message and figure and not reading.has("future"):
        return True
    told = said & (set(words["deeds"]) | set(words["cues"]))
    return bool(told) and (figure or reading.has("training"))


def _tells_work(reading: Reading, message: str) -> bool:
    """Tell whether a message tells of training that is over, and of nothing that went wrong."""
    if reading.question or reading.found & {"SAD", "NOTYET"} or "?" in message:
        return False
    said = {token.text for token in reading.tokens}
    theirs = _of_kin(reading) and not said & {"i", "ive", "we", "weve"}
    if theirs or any(reading.has(form) for form in _NO_WORK):
        return False
    over = bool(said & set(own_table()["told_verbs"])) or bool(amounts(reading.tokens))
    sport = reading.has("of_sport") or reading.has("training")
    return over and sport and not said & set(own_table()["work_not"])
