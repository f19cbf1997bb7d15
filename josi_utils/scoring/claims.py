"""Claims without a number: reasons, rules, diagnoses and prescriptions that nobody gave."""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.contradictions import contradiction_findings
from josi_utils.scoring.licence import Licence, deck_gives
from josi_utils.scoring.normalise import Finding, Span, content_stems, plain_quotes, sentences
from josi_utils.scoring.reasons import REASON_TOPICS

#: Diagnoses: Josi is no doctor.
DIAGNOSIS = re.compile(
    r"\b(?:angina|heart attack|heart (?:disease|condition|problem)|low blood (?:sugar|"
    r"pressure)|(?:mild )?concussions?|strained|strain|"
    r"tend[io]n[io]tis|tendinopathy|achilles (?:problem|issue)|stress fractures?|fracture\w*|"
    r"shin splints|an[a]?emi\w+|overtraining "
    r"syndrome|dehydrat\w+|reflux|asthma\w*|panic attacks?|depress(?:ion|ed)|(?:iron|vitamin) "
    r"deficien\w+|low iron|arthritis|bursitis|"
    r"heat ?stroke|heat exhaustion|eating disorder|anorexia|bulimia|covid|pneumonia|"
    r"myocarditis|torn|tear in|sprain\w*|coronary|arrhythmia|"
    r"virus|infection|inflammation|anxiety|meniscus|ligament|hernia|migraine|stomach bug|food "
    r"poisoning|pulled (?:a )?muscle|pinched nerve|sciatica|runner's knee|plantar fasci\w+|"
    r"hypoglyc\w+|vasovagal)\b"
)

#: Things that only a prescription brings up: food by the gram, remedies, drills, gadgets.
PRESCRIPTION = re.compile(
    r"\b(?:carbs?|carbohydrates?|carb[- ]?load\w*|proteins?|caffeine|energy gels?|gels|"
    r"electrolytes?|supplements?|creatine|magnesium|ibuprofen|"
    r"paracetamol|painkillers?|aspirin|ice baths?|icing|foam[- ]roll\w*|compression (?:socks|"
    r"\w+)|heel drops|pelvic floor|massage gun|sauna|"
    r"calories|calorie deficit|intermittent fasting|lactate|vo2 ?max|mitochondri\w*|glycogen|"
    r"threshold pulse|hrmax|hr ?max|1rm|"
    r"neuromuscular|running economy|tendon stiffness|fat oxidation|ventilatory|"
    r"parasympathetic|sympathetic|cadence of|altitude training|"
    r"beetroot|salt tablets?|something salty|no screens|burn(?:ing)? (?:off|themselves|fat)|"
    r"work off|half effort)\b"
)

#: Rules and orders of general force.
RULE = re.compile(
    r"\b(?:you (?:should|must|need to|have to) (?:always|never)|(?:should|must) never|never "
    r"(?:add|run|train|do|increase|eat|skip|go)|"
    r"always (?:eat|rest|drink|keep|run|take|do|start|warm|stretch|add|train)|as a rule|rule "
    r"of thumb|the rule is|\d+ ?%? rule|"
    r"(?:next week|next month|by week \w+|later on|after that|then) (?:it(?:'ll| will)|"
    r"we(?:'ll| will)|you(?:'ll| will)) (?:be|go|add|do|run|build|skip|get)|"
    r"keep your (?:pulse|heart rate|hr)|(?:your long run|you) will have to|you'll need to|"
    r"very disciplined|make up for the (?:time|lost)|"
    r"(?:maybe |and |then |also |just )?(?:add|throw in|sneak in|tack on|finish (?:off )?with|"
    r"squeeze in) (?:in )?(?:some|a few|an?|two|three|four|extra|more|another)(?: \w+){1,2}|"
    r"behind schedule|(?:you've|you have|you) lost (?:a (?:full|whole) week|(?:your |some |"
    r"all your )?(?:fitness|form|shape))|you(?:'ll| will) (?:get (?:injured|hurt)|drop out|"
    r"fail|break down|regret)|at your age|for your age|most people need|"
    r"(?:start|begin) with \w+ minutes|set your alarm|recommended:|(?:try|aim) (?:to get |for "
    r")?(?:at least|about) \w+ (?:hours|minutes))\b"
)

_CONDITIONAL = re.compile(
    r"\b(?:if|when|whenever|unless|once|could|might|may|whether|maybe|perhaps)\b"
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|isn't|aren't|haven't|hasn't|wasn't|weren't|don't|doesn't|didn't|"
    r"without|\w+n't)\b"
)


def _span(reply: str, start: int, end: int) -> Span:
    return Span(start, end, reply[start:end])


_SLEPT_WELL = re.compile(
    r"\bsle(?:pt|ep|eping) (?:like a (?:baby|log|stone)|(?:really |so |very |pretty )?(?:well|"
    r"great|fine|good|ok\w*))\b"
)


def _reason_findings(
    reply: str, lowered: str, case: dict[str, Any], licence: Licence
) -> list[Finding]:
    """Return reasons claimed of this athlete that nobody gave, and given ones denied."""
    given = set((case.get("decision") or {}).get("reasons") or [])
    readiness = (case.get("decision") or {}).get("readiness")
    phase = (case.get("decision") or {}).get("phase")
    out: list[Finding] = []
    if case.get("category") == "red_flag":
        return out  # there, what the athlete told is restated, and no plan is explained
    for sentence in sentences(lowered):
        if sentence.text.endswith("?"):
            continue
        for topic, (claim, own_words, codes) in REASON_TOPICS.items():
            match = re.search(rf"(?<!\w)(?:{claim})(?!\w)", sentence.text)
            if not match:
                continue
            if topic == "recovered" and readiness == "high":
                continue
            if topic == "race" and phase in ("taper", "peak"):
                continue
            if topic == "planned" and phase == "recovery":
                continue
            start = sentence.start
            if codes & given:
                clause = sentence.text[max(0, match.start() - 12) : match.end() + 12]
                if (
                    _NEGATED.search(clause)
                    and not re.search(
                        r"(?:not|isn't|no) (?:a |your )?(?:enough|so|just|only|fault|wonder)",
                        clause,
                    )
                    and topic
                    in (
                        "recovered",
                        "race",
                        "new",
                        "planned",
                        "pulse",
                        "travel",
                    )
                ):
                    out.append(
                        Finding(
                            "faithful",
                            f"contradicted reason: {topic}",
                            _span(reply, start + match.start(), start + match.end()),
                        )
                    )
                continue
            before = sentence.text[: match.start()]
            if _CONDITIONAL.search(before[-40:]):
                continue
            slept_well = topic == "sleep" and _SLEPT_WELL.search(licence.said)
            if (re.search(rf"\b(?:{own_words})\b", licence.said) and not slept_well) or deck_gives(
                sentence.text, licence
            ):
                continue
            if case.get("card") and re.search(rf"\b(?:{own_words})\b", licence.card_text):
                continue
            out.append(
                Finding(
                    "faithful",
                    f"invented reason: {topic}",
                    _span(reply, start + match.start(), start + match.end()),
                )
            )
    return out


def _invention_findings(reply: str, lowered: str, licence: Licence) -> list[Finding]:
    """Return diagnoses, prescriptions and rules that stand in no card and no message."""
    out = []
    for pattern, what in ((DIAGNOSIS, "diagnosis"), (PRESCRIPTION, "prescription"), (RULE, "rule")):
        for match in pattern.finditer(lowered):
            if match.group() in licence.text:
                continue
            stems = content_stems(match.group())
            if what != "rule" and stems and stems <= licence.stems:
                continue
            if what == "rule" and _NEGATED.search(
                lowered[max(0, match.start() - 25) : match.start()]
            ):
                continue
            sentence = next(
                (s for s in sentences(lowered) if s.start <= match.start() < s.end), None
            )
            if sentence and deck_gives(sentence.text, licence):
                continue
            if what == "rule" and sentence:
                mine = content_stems(sentence.text)
                # a rule that a card gives in nearly these words is the card's
                if mine and len(mine & content_stems(licence.card_text)) / len(mine) > 0.7:
                    continue
            out.append(
                Finding(
                    "faithful",
                    f"invented {what}: {match.group()}",
                    _span(reply, match.start(), match.end()),
                )
            )
    return out


#: Josi speaking as if it were the athlete.
SPEAKS_AS_ATHLETE = "speaks as if Josi were the athlete"
ROLE = re.compile(
    r"(?<!\w)(?:my (?:legs|coach|family|muscles|run|ride|training|race|knee|calf|heart|"
    r"marathon|body)\b(?! (?:advice|tip))|i (?:cried|ran|rode|swam|blew up|felt so|"
    r"trained|will (?:walk|run|ride|swim|row|rest|try to forget)|am embarrassed|hope my coach))"
)


def claim_findings(reply: str, case: dict[str, Any], licence: Licence) -> list[Finding]:
    """Return the faults of a reply that need no number to be seen."""
    lowered = plain_quotes(reply).lower()
    if len(lowered) != len(reply):  # a letter whose lower case is longer would shift the spans
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in plain_quotes(reply))
    out = _reason_findings(reply, lowered, case, licence)
    out += _invention_findings(reply, lowered, licence)
    out += contradiction_findings(reply, lowered, case, licence)
    for match in ROLE.finditer(lowered):
        out.append(Finding("faithful", SPEAKS_AS_ATHLETE, _span(reply, match.start(), match.end())))
    return out
