"""Warmth: is what this athlete said picked up, the feeling met, and the help given without orders?

Eight counts fitted by ridge regression to the raters' mean
(``josi_utils.calibration.fit_warmth``; the
weights stand in ``warmth_weights.json``), then the rubric's own caps: kind words without content,
gush,
lectures, orders and nonsense are 2 at most. Words of praise alone move little, so a salad of them
cannot win.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from josi_utils.scoring.licence import Licence
from josi_utils.scoring.normalise import Finding, content_stems, match_span, plain_quotes, sentences
from josi_utils.scoring.pushback import UNKIND
from josi_utils.scoring.question import real_questions

WEIGHTS_FILE = Path(__file__).with_name("warmth_weights.json")

#: The counts, in the order of the weights.
FEATURES = ("picked", "care", "question", "short", "bossy", "wrong", "invented", "nonsense")

#: Acknowledging a feeling or an effort.
CARE = re.compile(
    r"\b(?:sorry|glad|happy (?:for|that)|thank\w*|i (?:hear|understand|know|get|can (?:hear|"
    r"see|imagine)|like|love|believe)|proud|well done|great|lovely|wonderful|brilliant|good "
    r"(?:that|morning|of|on|luck)|congrat\w*|"
    r"welcome|hello|hi|hey|no wonder|it's (?:hard|normal|okay|fine|fair)|it is (?:hard|normal|"
    r"okay|fine|fair|good|easy to understand|great)|of course|sting\w*|rough|ouch|ugh|wow|"
    r"woohoo|hats off|nice|"
    r"kind|fair|scary|tough|annoying|horrible|lonely|restless|nerv\w*|exciting|excited|grit|"
    r"guts|nerve|courage|brave|hard to|hurts?|enjoy|must (?:be|have)|sounds? like|feel\w*|not "
    r"stupid|nothing wrong|nice try|promise|"
    r"you're not alone|with you|take your time|no rush|deserve|earned|matter\w*|it counts|"
    r"counts)\b",
    re.IGNORECASE,
)
#: Orders, blame and shame.
COLD = re.compile(
    r"\b(?:you (?:must not|must (?:follow|obey|train|do|stop|be (?:more|tough\w*|disciplined|"
    r"strong\w*|patient)|learn|work|try|accept)|will need to be|are now behind|have no right|"
    r"should know better)|discipline (?:wins|is)|very disciplined|please try not|do not miss|"
    r"behind schedule|back to being good|calories|burn themselves|work off|(?:is|are) not a "
    r"criterion|continue with the plan|champions follow|you are not serious|not serious about|"
    r"^get up|(?<=[.!] )get up\b|"
    r"stop (?:making|complaining|whining)|no (?:more )?excuses(?! from)|making excuses|"
    r"you(?:'re| are) (?:just )?(?:weak|lazy|soft|wrong|slow|fat|too old)|for amateurs|does "
    r"not care|please note|no discussion|your own fault|"
    r"nobody (?:is looking|cares)|pull yourself together|man up|toughen up|grow up|deal with "
    r"it|don't be (?:silly|lazy|weak|soft)|as i (?:already )?(?:said|told)|simply (?:follow|"
    r"do|obey)|"
    r"what an odd|(?:so|and|now) (?:do|finish) (?:your|the) \d+|best medicine|(?:is|that's|"
    r"was|were) (?:just |a bit |so )?(?:silly|childish|embarrassing|"
    r"pathetic|ridiculous)|next time no|(?:is|that's|that is) (?:a shame|no excuse|a pity)|"
    r"your fault)\b",
    re.IGNORECASE,
)
_GUSH = re.compile(
    r"!{2,}|\b(?:superstar|legend|champ|omg|so{3,}|smash|crush|amazing|incredible|pure joy|"
    r"absolute)\b",
    re.IGNORECASE,
)
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u2b50]")
_ORDER = re.compile(
    r"^(?:get|do|stop|continue|train|follow|go|run|ride|swim|finish|eat|always|never|avoid|"
    r"make sure|remember)\b",
    re.IGNORECASE,
)


def cold_places(text: str) -> list[re.Match[str]]:
    """Return the orders, blame and shame in a reply that are not denied ("not your fault")."""
    return [
        m
        for m in COLD.finditer(text)
        if not re.search(
            r"\b(?:not|\w+n't|nobody|never|no one|nothing)\b[^.!?]{0,30}$",
            text[: m.start()].lower(),
        )
    ]


def gush(text: str) -> float:
    """Return how far a reply gushes, from 0 (a coach) to 1 (a fan)."""
    count = len(_GUSH.findall(text)) + len(_EMOJI.findall(text)) / 2
    return min(1.0, max(0.0, count - 1) / 3)


def warmth_features(
    case: dict[str, Any],
    reply: str,
    licence: Licence,
    *,
    sense: float = 1.0,
    wrong: bool = False,
    invented: int = 0,
) -> dict[str, float]:
    """Return the counts of :data:`FEATURES`, each 0 to 1.

    Parameters
    ----------
    sense : float
        Chance that the reply makes sense.
    wrong : bool
        Whether it is unsafe or pushes back wrongly: kindness there is not kind.
    invented : int
        Rules, diagnoses and prescriptions made up.
    """
    text = plain_quotes(reply)
    said = content_stems(
        f"{case.get('message', '')} "
        + " ".join(t.get("content", "") for t in case.get("history") or [])
    )
    plan = content_stems(licence.plan_text)
    picked = content_stems(text) & said
    orders = sum(bool(_ORDER.match(s.text)) for s in sentences(text) if not s.text.endswith("?"))
    return {
        "picked": min(1.0, (len(picked - plan) + 0.5 * len(picked & plan)) / 3),
        "care": min(1.0, len(CARE.findall(text)) / 2),
        "question": float(bool(real_questions(text))),
        "short": max(0.0, (20 - len(text.split())) / 20),
        "bossy": min(1.0, (len(cold_places(text)) + len(UNKIND.findall(text))) / 2 + 0.25 * orders),
        "wrong": float(wrong),
        "invented": min(1.0, invented / 2),
        "nonsense": max(0.0, 1 - sense / 0.5),
    }


@lru_cache(maxsize=1)
def _weights() -> dict[str, Any]:
    return json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))


def score_warmth(
    case: dict[str, Any],
    reply: str,
    licence: Licence,
    *,
    sense: float = 1.0,
    wrong: bool = False,
    invented: int = 0,
    plain: float = 5.0,
    fits: bool = True,
    weights: dict[str, Any] | None = None,
) -> tuple[float, list[Finding]]:
    """Score warmth from 1 to 5, and say what weighs against it.

    ``fits`` is False where a rule found that the words do not fit the message (salad, platitudes).
    """
    text = plain_quotes(reply)
    features = warmth_features(case, reply, licence, sense=sense, wrong=wrong, invented=invented)
    fitted = weights or _weights()
    value = fitted["intercept"] + sum(fitted["weights"][k] * features[k] for k in FEATURES)
    why = [Finding("warmth", "orders, blames or shames", match_span(m)) for m in cold_places(text)][
        :2
    ]
    caps = (
        (len(cold_places(text)) >= 2 or features["bossy"] >= 0.75, 1.3, ""),
        (features["bossy"] >= 0.5, 2.0, ""),
        (gush(text) >= 0.66, 2.2, "gushes"),
        (not fits, 2.0, "kind words, if any, do not fit this message"),
        (plain <= 1.5, 1.5, "a lecture"),
        (plain <= 2.2, 2.3, "reads like a textbook"),
    )
    for holds, most, reason in caps:
        if holds and value > most:
            value = most
            if reason:
                why.append(Finding("warmth", reason))
    if not features["picked"]:
        why.append(Finding("warmth", "picks up nothing this athlete said"))
    return max(1.0, min(5.0, value)), why
