"""The words for a goal: what the athlete told of it taken up, then the verdict or the next step."""

from __future__ import annotations

import re
from typing import Any

from josi_utils.guard.amounts import amounts
from josi_utils.guard.composition import Words, capital
from josi_utils.guard.goal_again import heard_again
from josi_utils.guard.goal_kinds import HURT
from josi_utils.guard.goal_pairs import Pair, pair_of
from josi_utils.guard.goal_steps import placing
from josi_utils.guard.goals import alternative_sentence, goal_sentence, too_soon
from josi_utils.guard.intent import ruled_too_much
from josi_utils.guard.leap import fits as fits_well
from josi_utils.guard.leap import judged, loses_much, special_kind
from josi_utils.guard.meant import goal_meant
from josi_utils.guard.openers import taken_up
from josi_utils.guard.situations import Reading
from josi_utils.guard.told import aim, beginner, flat, level, when
from josi_utils.guard.wished import noun_goal, told_goal, told_habit, wished
from josi_utils.persona import count_words

#: Before a no and another goal, a wish of so many words is said back at most.
_BRIEF = 12
#: Doubts of the athlete that a good verdict answers with a no, and their sentences.
_DOUBTS = ("silly", "soon", "late", "old", "much", "small")
#: What else a message about a goal may have that deserves a word, in this order.
_TAKEN_UP = ("bad_day", "missed", "doubters", "figure", "together", "first")

#: A message that begins so names a goal: "swim 2 km by August".
_BEGINS = frozenset(
    ("run", "ride", "swim", "row", "walk", "hike", "jog", "cycle", "bike", "ski", "do", "finish",
     "complete", "beat", "break", "reach", "climb", "learn", "lift", "squat", "bench", "deadlift",
     "touch", "get", "hit", "hold", "qualify", "win", "improve", "lower", "return", "build", "train")
)  # fmt: skip
#: "Get me a place", "build us a plan": an order to Josi.
_OF_JOSI = frozenset(("me", "us"))
#: "I'm 68 kg" is no age.
_WEIGHS = re.compile(r"\b(?:im|i am) \d+(?:\.\d+)? ?(?:kgs?|kilos?|lbs|pounds|stone)\b")
#: Words of one who wants to weigh less.
_LOSES = frozenset(("lose", "losing", "drop", "shed", "off", "lighter", "cut", "rid", "lost"))
#: A wish to weigh less; who is slim, or would not lose fitness, has none.
_LIGHTER = re.compile(
    r"\b(?:(?:be|get|getting|feel|become|bit|little) (?:lighter|slimmer)|get slim|slim down|"
    r"\d+ (?:kg|kilos?|lbs|pounds|stone) (?:down|off|lighter|less)|los(?:e|ing) (?:\S+ ){0,3}(?:weight|kgs?|kilos?|stones?|pounds|lbs?|belly|tummy|fat))\b"
)

#: A yes of no more words is given one sentence more.
_SHORT = 22
#: Kinds of figures of which it can be asked how they felt.
_FELT = frozenset(("time", "load"))
_DATED = re.compile(r"by |before |in (?:a|\d+|two|three|four|five|six|seven|eight|nine|ten) ")

#: Why a goal is wished, or on what it is made to hang; the first that is told is taken up.
_WHY = (
    "lost", "charity", "test", "wedding", "holiday", "birthday", "bet", "family", "work", "seen",
    "comeback", "age", "child", "signed",
)  # fmt: skip


def _why(reading: Reading, words: Words, others: tuple[str, ...] = ()) -> str | None:
    """Return the sentence on what the athlete tells beside the goal: for whom, for which day."""
    table = words.source["goal"]
    for name in ("if_sleep", "if_train"):
        if reading.has(f"goal_{name}"):
            return words.of(table[name])
    scales = reading.has("lose_weight") or loses_much(reading.tokens)  # "im 71 kg" is no age
    scales = scales or bool(_WEIGHS.search(flat(reading.tokens)))
    reasons = [name for name in _WHY if not (scales and name == "age") and name not in others]
    told = (name for name in reasons if reading.has(f"goal_why_{name}"))
    return next((words.of(table[f"why_{name}"]) for name in told), None)


def _kind_start(reading: Reading, words: Words) -> str:
    """Return what is said before the no: what weighs, why it is wished, or how it is told."""
    opener, first = taken_up(reading, words)
    missed = reading.has("goal_why_lost")
    if opener and first and first.mood == "sad" and reading.mood == "sad" and not missed:
        return opener
    how = _told_how(reading)
    why = _why(reading, words)
    if not why and how in ("asked", "unrealistic"):
        why = _wish(reading, words, "wished_big", _BRIEF)
    return why or words.of(words.source["goal"][f"open_{how}"])


def _wish(reading: Reading, words: Words, key: str, most: int = 17) -> str | None:
    """Return a sentence that says the wish back in the athlete's words, if it is short."""
    wish = told_goal(words.message)
    first = [token.text for token in reading.tokens[:2]]
    if not wish and first and first[0] in _BEGINS and first[-1] not in _OF_JOSI:
        told = words.message.lstrip()
        wish = wished(f"i want to {told[0].lower()}{told[1:]}", asks=False)
    if not wish and goal_meant(words.message):
        wish = noun_goal(words.message)
    if not wish or count_words(wish) > most or reading.has("lose_weight"):
        return None
    return words.say("goal", key).replace("{Wish}", wish.replace("would like to", "want to"))


def _standing(reading: Reading, goal: dict[str, Any]) -> str | None:
    aims = " ".join(str(goal.get(key) or "") for key in ("event", "target", "alternative"))
    return level(reading.tokens, aims)


def doubt(reading: Reading) -> str | None:
    """Return which doubt of the athlete about the goal the message has: "too old", "silly"."""
    return next((name for name in _DOUBTS if reading.has(f"doubt_{name}")), None)


def refusal(goal: dict[str, Any], reading: Reading, refused: bool, words: Words) -> list[str]:
    """Return the kind no to a goal that the engine calls too much, and what it has instead."""
    table = words.source["goal"]
    start = heard_again(reading, words) if refused else _kind_start(reading, words)
    line = goal_sentence(goal, table["unrealistic"])
    now = _standing(reading, goal) or beginner(reading.tokens) or _from(reading)
    if not now and HURT.search(flat(reading.tokens)):
        now = table["bare_heal"]
    if now:
        line = f"{line[:-1]}, because {now}."
    return [
        start,
        line,
        alternative_sentence(goal, table["alternative"]) or table["no_alternative"],
    ]


def _from(reading: Reading) -> str | None:
    """Return "you start from 80 kg" where two figures of one kind tell it."""
    pair = pair_of(flat(reading.tokens))
    return f"you start from {pair.said_now}" if pair and pair.factor > 1 and pair.now else None


def _told_how(reading: Reading) -> str:
    for name in ("cross", "insists", "honest", "together"):
        if reading.has(f"goal_{name}"):
            return name
    return "asked" if reading.question else "unrealistic"


def verdict_line(goal: dict[str, Any], reading: Reading, words: Words) -> str:
    """Return the engine's good verdict in a sentence that answers what was asked."""
    table, verdict = words.source["goal"], goal["verdict"]
    if verdict == "ambitious":
        key = "ambitious_now" if goal.get("weeks") == 0 else "ambitious"
        return goal_sentence(goal, words.of(table[key]))
    yes = reading.question and not doubt(reading) and not reading.has("goal_figure")
    yes = yes and reading.has("goal_yes")
    return goal_sentence(goal, table["on_track"][0 if yes else 1])


def before_verdict(
    goal: dict[str, Any], reading: Reading, sad: str | None, words: Words
) -> list[str]:
    """Return up to two sentences that take up what the athlete told of a goal within reach."""
    table, found = words.source["goal"], []
    if sad:
        return [sad]
    fear = doubt(reading)
    if fear and (fear != "much" or goal.get("verdict") == "on_track"):
        found.append(words.of(table[f"no_{fear}"]))
    now = _standing(reading, goal)
    if now:
        found.append(words.of(table["standing"]).replace("{Now}", capital(now)))
    for name in _TAKEN_UP:
        if len(found) < 2 and reading.has(f"goal_{name}"):
            found.append(words.of(table[f"told_{name}"]))
    wish = None if len(found) > 1 else _wish(reading, words, "wished")
    if not (found or wish) and (why := _why(reading, words, ("child", "seen", "bet"))):
        return [why]
    if wish:
        found = [wish, *found] if not fear else [*found, wish]
    return found or [words.of(table["open_question" if reading.question else "open"])]


def sensible(reading: Reading, words: Words, plainly: bool = True) -> tuple[list[str], str]:
    """Return (opening, question) for a sensible goal of the message alone.

    One that is not told ``plainly`` is heard and not praised: it may be more than it seems.
    """
    table = words.source["goal"]
    lighter = reading.has("lose_weight") or _LIGHTER.search(flat(reading.tokens))
    if lighter and not aim(reading.tokens):
        return [words.of(table["open_lighter"]), words.of(table["bare_lighter"])], words.of(
            table["ask_level"]
        )
    name, by, fear = aim(reading.tokens), when(reading.tokens), doubt(reading)
    pair = pair_of(flat(reading.tokens))
    step = _step(pair) if pair and pair.factor > 1 else ""
    name = step or name
    if name and name.endswith("minutes") and "can" in {t.text for t in reading.tokens}:
        name = None  # it is where the athlete stands
    now = level(reading.tokens, "" if step else name or "")
    found = [words.of(table[f"no_{fear}"])] if fear else []
    fits, big = judged(reading.tokens) is False, "form goal_big" in reading.found
    big = big and not (
        reading.has("goal_ample") and reading.has("goal_ask") and fits_well(reading.tokens)
    )
    yes = not big and not fear and reading.question and (fits or reading.has("goal_ask"))
    kind = "fits" if fits else "plain"
    unsure = not plainly and judged(reading.tokens) is None
    wish = _wish(reading, words, "wished_told" if unsure else "wished")
    habit = None if wish else told_habit(words.message)
    if wish:
        line = wish
    elif habit:
        line = words.say("goal", "bare_habit").replace("{habit}", habit)
    elif unsure and not yes:
        line = words.of(table["bare_told"])
    elif name and not (now and name in now):
        now = None if step else now  # it stands in the goal already
        goal = f"{name} {by}".strip()
        line = words.of(table[f"bare_named_yes_{kind}" if yes else "bare_named"])
        line = line.replace("{Goal}", capital(goal)).replace("{goal}", goal)
    elif yes:
        line = words.of(table[f"bare_yes_{kind}"])
    elif fear:
        line = ""
    else:
        line = words.of(table["bare_open_question" if reading.question else "bare_open"])
    found += [line or table["bare_doubt"]]
    if now:
        found.append(words.of(table["standing"]).replace("{Now}", capital(now)))
    elif beginner(reading.tokens):
        found.append(table["beginner"])
    else:
        told = next(
            (n for n in ("doubters", "together", "first") if reading.has(f"goal_{n}")), None
        )
        why = _why(reading, words)
        found += [why] if why else [words.of(table[f"told_{told}"])] if told else []
    if yes:
        first = (
            found if found[0].startswith("Yes,") else [words.of(table[f"bare_yes_{kind}"]), *found]
        )
        more = [] if count_words(" ".join(first)) > _SHORT else [words.of(table["bare_steps"])]
        return [*first, *more], words.of(table["ask_level" if now else "ask_bare"])
    found.append(
        words.of(table["bare_fits" if fits and not big else "bare_slow" if big else "bare_steps"])
    )
    return found, words.of(table["ask_level" if now else "ask_bare"])


def kind_ask(reading: Reading, words: Words) -> str:
    """Return the question after a kind no to a goal that the engine gives no verdict on."""
    name = special_kind(reading.tokens)
    pair = None if name else pair_of(flat(reading.tokens))
    if pair and pair.factor > 1 and pair.kind in _FELT:
        return words.say("goal", f"ask_{pair.kind}").replace("{now}", pair.said_now)
    return words.say("goal", f"ask_{name}" if name else "ask_unrealistic_alone")


def too_much(reading: Reading, words: Words) -> list[str]:
    """Return the kind no to an extreme goal that the engine gives no verdict on."""
    table = words.source["goal"]
    after = words.of(table["bare_next"])
    special = special_kind(reading.tokens)
    if special:
        start = _why(reading, words) if special in ("several", "volume") else None
        start = start or words.of(table[f"open_{special}"])
        return [start, words.of(table[f"bare_{special}"]), words.of(table[f"next_{special}"])]
    pair = pair_of(flat(reading.tokens))
    lifts = pair is not None and pair.kind != "time"
    if (reading.has("lose_weight") and not lifts) or (
        loses_much(reading.tokens) and not reading.has("goal_looks")
    ):
        kind = "weigh_in" if reading.has("goal_weigh_in") else "weight"
        start = _why(reading, words) or words.of(table[f"open_{kind}"])
        lost = [a.text for a in amounts(reading.tokens) if a.kind == "weight"]
        loses = bool(_LOSES & {token.text for token in reading.tokens})
        loss = lost[0] if len(lost) == 1 and loses else "losing so much"
        line = words.of(table["bare_weight"]).replace("{loss}", loss)
        return [start, line, *table["bare_weight_next"]]
    if reading.has("giant"):
        return [words.of(table["bare_giant"]), after]
    start = _kind_start(reading, words)
    if reading.has("goal_looks"):
        sad = reading.situations and reading.situations[0].mood == reading.mood == "sad"
        start = start if sad else _why(reading, words) or words.of(table["open_weight"])
        return [start, words.of(table["bare_looks"]), after]
    by_figures = judged(reading.tokens) is True
    if reading.has("goal_extreme") or (reading.has("extreme") and not by_figures):
        return [start, words.of(table["bare_extreme"]), after]
    name = aim(reading.tokens)
    # Where no rule knew the figures, which of them is wished and which is the start is not known.
    known = by_figures or ruled_too_much(reading.tokens) or too_soon(reading)
    if name and not known and not name.startswith(("a ", "an ")):
        name = None
    # Minutes of training are where the athlete stands, and never too much in themselves.
    if name and name.endswith("minutes") and not name.startswith("under"):
        name = None
    now = level(reading.tokens, name or "") if known else None
    now = now or beginner(reading.tokens)
    place = placing(flat(reading.tokens))
    if pair and pair.factor > 1 and not (now and name and name.startswith("under")):
        name, now = _step(pair), None
    elif place and (place[1] or not name):
        name, now = place
    line = table["bare_unrealistic"].replace("{goal}", name or "that")
    line = line.replace("{by}", _by_when(reading) or table["bare_soon"])
    return [start, line.replace("{now}", now or table["bare_slowly"]), after]


def _step(pair: Pair) -> str:
    """Return "going from 41 to 24 minutes", the unit once where it is the same."""
    now, goal = pair.said_now, pair.said_goal
    number, _, unit = now.partition(" ")
    return f"going from {number if unit and goal.endswith(' ' + unit) else now} to {goal}"


def _by_when(reading: Reading) -> str:
    """Return by when, where it can stand behind "is too much": "by Sunday", "in 3 weeks"."""
    by = when(reading.tokens)
    return f" {by}" if _DATED.match(by) else ""
