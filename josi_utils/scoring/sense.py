"""Sense: does the reply answer this message, or is it fluent nonsense?

Small models fail here: the numbers are right and the world is wrong. Fluent nonsense has a grain
that can be counted: words that point at nothing ("the rest of it", "the one"), clauses strung
together, Josi talking of Josi, questions about what never was ("What do you miss most about …?").
Seven counts and one intercept, fitted by ridge-regularised logistic regression
(``josi_utils.calibration.fit_sense``), give the chance of sense; loops, salad and replies that
speak
to nobody are told by rule. What was tried and dropped: sentence embeddings (all-MiniLM-L6-v2:
nonsense
echoes the message, so it is as near to it as a good reply) and likelihood under the untuned
135M (it prefers nonsense to wit: a measure of style).
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from josi_utils.scoring.brevity import repetition
from josi_utils.scoring.licence import Licence, deck_gives
from josi_utils.scoring.normalise import (
    STOP_WORDS,
    Finding,
    content_stems,
    match_span,
    plain_quotes,
    sentences,
    words,
)
from josi_utils.scoring.quantities import find_quantities

WEIGHTS_FILE = Path(__file__).with_name("sense_weights.json")

#: A reply makes sense from this chance on: on the calibration sets the point where at most one in
#: twenty of the rejected gets through and the accepted still pass.
SENSIBLE = 0.45

#: The counts, in the order of the weights.
FEATURES = (
    "odd_question",
    "past_question",
    "present_question",
    "self_talk",
    "pointing",
    "chained",
    "filler",
)

_ANY_I = re.compile(r"\bi(?:'m|'d|'ll|'ve)?\b")
#: What a coach says of itself: sees, hears, is glad, cannot.
_COACH_I = re.compile(
    r"\bi(?:'m| am)(?: \w+)? (?:sorry|glad|happy|proud|here|with you|josi|worried|pleased|"
    r"angry|just|listening|curious|sure|really|all ears|"
    r"no doctor)|\bi (?:hear|understand|know|see|can (?:see|hear|imagine|tell|feel|only|"
    r"always|talk|explain)|can't|cannot|don't "
    r"(?:want|know|have|think)|do (?:not|see)|like|love|hope|believe|wish|think|promise|want|"
    r"would|will not|won't (?:lie|guess)|"
    r"have to be honest|only know|put your|wouldn't|admire|get (?:it|that|why|the)|agree|mean|"
    r"trust|need|may|also|still|too|"
    r"have (?:no|your|the|a word)|answer|talk|explain|listen|ask|look|put|stay|leave|pass on|"
    r"play nobody|was set up|am (?:here|josi|the coach|no ))|\bi(?:'m| am) the coach|\bi'd (?:be|love|like|hate|keep|rather (?:not|keep|"
    r"you))|\bi'll (?:be|explain|keep|always|help)"
)
#: Words that point at something the reply never named.
_POINTING = re.compile(
    r"\b(?:things?|ones?|signs?|bit|rest of|whole|side|end of|bottom|same|something|anything|"
    r"somewhere|somebody|kind of|sort of|way|of it|"
    r"in it|in there|out of it|to it|the others?|the (?:last|first|next)(?= one| of|[.,?!]|$)|"
    r"all of|each of|the both|yours|theirs|in front|ahead of)\b"
)
_ODD_QUESTION = re.compile(
    r"\b(?:miss(?:ed)?|(?:the )?last (?:thing|one|meal|time|\w+) you|next thing|first thing|"
    r"hoped? (?:to|for|the|that)|went through|going through|been waiting|used to|would you "
    r"(?:really )?"
    r"(?:be|like to be)|wanted to|say to|did you do with|been told|do you know (?:yet|so far|"
    r"the)|ever (?:get|wanted)|old self|"
    r"dread|waking|which of the (?:two|three|four|five)\b(?! (?:days|sessions|exercises)))\b"
)
_PAST = re.compile(
    r"\b(?:did|was|were|had|went|said|came|been|thought|told|put|took|gave|made|turned)\b"
)
_PRESENT_QUESTION = re.compile(
    r"\b(?:feel|feeling|sleep|slept|sound|help|enjoy|mood|looking forward|with you|right now|"
    r"today|this week|tired|rest|hurt|sore|stiff|ache|eat|"
    r"who|when|where|how)\b"
)
_CHAINED = re.compile(r", (?:so|and|but|because|though|which|with)\b")
_FILLER = re.compile(
    r"\b(?:you've got(?! it\b)|you've been(?! (?:making|travel|sleep|train|under|ill|sick))|you're "
    r"(?:right|so|the|back|going|asked|left)|you'd|that's (?:a|all|why|the|how)|it's (?:the|"
    r"only|what|why|a (?:good|fair|long)))\b"
)

#: Kindness that would fit any message.
_PLATITUDE = re.compile(
    r"\b(?:journey|you are (?:seen|held|enough|loved)|open heart|your heart|believe in you|"
    r"believe in yourself|softly|trust the process|every (?:single )?step|"
    r"step by step, |ups and downs|exactly where you need|sending (?:you )?|shine|sparkle|"
    r"your story|the best is yet|straight line|warrior|unstoppable|"
    r"be patient with yourself|celebrate the|teacher|breathe|inner|universe|dreams?|blessed|"
    r"magic|soul|embrace|kindness first|light a candle)\b"
)


_COACHING = re.compile(
    r"\b(?:train\w*|sessions?|plan|sleep|rest|body|muscles?|run\w*|ride|riding|swim\w*|"
    r"walk\w*|bike|race|goal|coach|josi|feel\w*|tired|doctor|help|"
    r"today|congrat\w*|sorry|glad|happy|proud|night|morning|welcome)\b"
)


def sense_features(case: dict[str, Any], reply: str) -> dict[str, float]:
    """Return the seven counts of :data:`FEATURES` for a reply, each about 0 to 5."""
    text = plain_quotes(reply).lower()
    pieces = sentences(text)
    asked = " ".join(s.text for s in pieces if s.text.endswith("?"))
    count = max(1, len(text.split()))
    # The athlete's own past may be asked about.
    past_said = bool(_PAST.search(case.get("message", "").lower()))
    return {
        "odd_question": float(min(2, len(_ODD_QUESTION.findall(asked)))),
        "past_question": float(bool(_PAST.search(asked))) * (0.5 if past_said else 1.0),
        "present_question": float(bool(_PRESENT_QUESTION.search(asked))),
        "self_talk": float(min(3, max(0, len(_ANY_I.findall(text)) - len(_COACH_I.findall(text))))),
        "pointing": min(5.0, len(_POINTING.findall(text)) / count * 50),
        "chained": min(0.6, len(_CHAINED.findall(text)) / max(1, len(pieces))),
        "filler": float(min(3, len(_FILLER.findall(text)))),
    }


@lru_cache(maxsize=1)
def _weights() -> dict[str, Any]:
    return json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))


def sense_chance(features: dict[str, float], weights: dict[str, Any] | None = None) -> float:
    """Return the chance of sense from the counts (logistic)."""
    weights = weights or _weights()
    value = weights["intercept"] + sum(weights["weights"][k] * features[k] for k in FEATURES)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def _denies_athlete(text: str, message: str) -> re.Match[str] | None:
    """Return where the reply turns round what the athlete said of themselves."""
    for match in re.finditer(
        r"\b(?:glad|happy|good|great)(?: that)? you(?:'re| are) not (?:so |too )?(\w+)", text
    ):
        if re.search(rf"\b{match[1]}\b", message) and not re.search(
            rf"\bnot (?:\w+ )?{match[1]}\b", message
        ):
            return match
    for match in re.finditer(r"\byou(?:'re| are) (?:an? )(\w+)", text):
        if re.search(rf"\bnot (?:an? )?{match[1]}\b", message):
            return match
    return re.search(
        r"\byou don't feel like me\b|\byou(?:'re| are) not (?:fine|sore|tired|nervous)\b", text
    )


def sense_rules(case: dict[str, Any], reply: str, licence: Licence) -> tuple[float, list[Finding]]:
    """Return the most sense that the rules leave (1 if none speaks), and what they found."""
    text = plain_quotes(reply).lower()
    if not text.strip():
        return 0.0, [Finding("pass", "says nothing")]
    cap = 1.0
    why: list[Finding] = []

    def rule(reason: str, worth: float, match: re.Match[str] | None = None) -> None:
        nonlocal cap
        cap = min(cap, worth)
        why.append(Finding("pass", reason, match_span(match) if match else None))

    if repetition(reply) >= 0.15:
        rule("turns in circles", 0.1)
    denied = _denies_athlete(text, plain_quotes(case.get("message", "")).lower())
    if denied:
        rule("turns round what the athlete said", 0.2, denied)
    if len(_PLATITUDE.findall(text)) >= 3:
        rule("kind words that would fit any message", 0.2, _PLATITUDE.search(text))
    echo = re.match(r"\s*an? [\w' ]{1,25}, (?:yes|no)\b", text)
    if echo:
        rule("echoes a word instead of answering", 0.4, echo)
    told = [s for s in sentences(text) if not s.text.endswith("?")]
    plan = any((q.kind, q.value) in licence.quantities for q in find_quantities(text))
    if len(text.split()) >= 25 and not plan and not any(deck_gives(s.text, licence) for s in told):
        if not re.search(r"\b(?:you|your|you're|you've|let's|yours?)\b", text):
            rule("speaks to nobody", 0.1)
        elif not content_stems(text) & licence.stems and not _COACHING.search(text):
            rule("speaks of something else", 0.2)
    tokens = words(text)
    if len(tokens) >= 8 and sum(w.text in STOP_WORDS for w in tokens) < 0.22 * len(tokens):
        rule("words without grammar", 0.3)
    letters = sum(c.isalpha() for c in text)
    if letters < 0.5 * len(text.replace(" ", "")):
        rule("is hardly words at all", 0.1)
    if (
        case.get("category") == "off_topic"
        and not plan
        and not re.search(
            r"\b(?:train\w*|session|plan|can't|cannot|can not|don't know|no idea|not (?:my|"
            r"something)|outside|only (?:know|talk|help)|won't|leave that|"
            r"isn't (?:something|my)|beyond me|no clue|not for me|what i do have|no (?:editor|"
            r"expert|good at|help in)|nothing that i|my part is|stay out of|i'm (?:just|only)|stick to|run\b|ride\b|swim\b|today is|tomorrow is)",
            text,
        )
    ):
        rule("answers what is not Josi's to answer", 0.2)
    if re.match(r"\s*(?:dear (?:hiring|sir|madam|mr|ms|mrs|team)|to whom it)\b", text):
        rule("writes somebody else's letter", 0.1)
    return cap, why
