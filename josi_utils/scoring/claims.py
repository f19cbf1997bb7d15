"""Claims without a number: reasons, rules, diagnoses and prescriptions that nobody gave."""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.contradictions import contradiction_findings
from josi_utils.scoring.licence import Licence, deck_gives
from josi_utils.scoring.normalise import Finding, Span, content_stems, plain_quotes, sentences

#: Reason topics: how a reply claims it of this athlete, what licenses it in their own words, and
#: the reason codes of the engine that stand behind it.
REASON_TOPICS: dict[str, tuple[str, str, frozenset[str]]] = {
    "sleep": (
        r"you(?:'ve| have)?(?: been| are|'re)? (?:sleeping|slept)|your sleep (?:has|is|was)|(?:so|too) little sleep|(?:because of|with) (?:your|the) (?:bad |poor |short )?sleep|"
        r"(?:bad|short|poor|rough) nights?|short on sleep|without (?:enough )?sleep",
        r"sle[ep]p?t?\w*|nights?|bed|awake|insomnia|nap|tired|woke|wake|up (?:at|since|till|until)|baby|newborn|alarm",
        frozenset({"short_sleep", "poor_sleep"}),
    ),
    "pulse": (r"your (?:resting )?(?:pulse|heart rate)(?: at rest)?(?: is|'s| was| has been| has| went| stays)(?: gone| been| still| a bit| \w+ly)* (?:up|high\w*|raised|elevated|low\w*|down|dropped)", r"pulse|heart|rhr|bpm|hr\b",
              frozenset({"high_resting_pulse"})),
    "soreness": (
        r"(?:your )?(?:muscles?|legs|body|quads|calves) (?:are|is|feel|were)(?: still| a bit| pretty| so| very)* (?:sore|aching)|"
        r"you(?:'re| are)(?: still| a bit| so)* sore|your soreness|the soreness|(?:your|the|those|with) sore (?:legs|muscles)",
        r"sore\w*|ach\w+|stiff|hurt\w*|doms|destroyed|heavy|dead|tired|trashed|toast|wooden|wood|pain\w*|jelly|wrecked|niggle\w*",
        frozenset({"sore_muscles", "niggle"}),
    ),
    "stress": (r"you(?:'ve| have)? (?:had|been having|been under) (?:\w+ ){0,4}stress|your stress|under (?:a lot of |so much )?stress|"
               r"you(?:'re| are) stressed",
               r"stress\w*|work|boss|job|exam\w*|deadline\w*|kids?|divorce|moving|busy|funeral|died|family|panic|worr\w+|house|uni|school",
               frozenset({"high_stress"})),
    "illness": (r"signs? (?:that you (?:may|might|are|could)(?: be)?(?: getting)? (?:ill|sick|unwell)|of (?:a cold|an illness|an infection|getting (?:ill|sick)))|you(?:'re| are| may be| might be) (?:getting )?(?:ill|sick)|"
                r"your (?:illness|cold|fever|flu)|fighting (?:something|a cold)",
                r"ill\w*|sick\w*|cold|flu|fever|cough\w*|throat|sniff\w*|virus|covid|nose|chest|infection|antibiotic\w*|unwell|"
                r"temperature|snot\w*|doctor|bug|headache", frozenset({"illness_signs"})),
    "load": (r"you(?:'ve| have)? (?:done|trained|been (?:doing|training)|stacked|put in|been putting in) (?:\w+ ){0,3}"
             r"(?:a lot|so much|lots|plenty|too much)|big (?:recent )?(?:load|training)|(?:heavy|hard|big) weeks? (?:behind|you've)|"
             r"your (?:training )?load|recent load",
             r"week|race|marathon|trained|training|sessions?|hard|km|miles|camp|tour|ran|rode|long|hours", frozenset({"big_recent_load"})),
    "missed": (r"you(?:'ve| have)? missed (?:\w+ ){0,2}(?:sessions?|training|days?|weeks?|runs?|rides?|swims?|workouts?)|missed (?:some )?sessions?|(?:the )?sessions? you missed", r"miss\w*|skip\w*|off|didn't|havent|haven't|"
               r"nothing|couldn't|flu|sick|ill|holiday|hols|gap|no training|zero|lazy|busy|week\w*|days", frozenset({"missed_sessions", "long_break"})),
    "break": (r"(?:after|you(?:'ve| have) had) (?:such )?(?:a|your) (?:long |big )?(?:break|pause)|your long break|time away",
              r"break|months?|years?|off|back|since|haven't|stopped|pause|return\w*|again|hols|holiday|weeks|baby|injur\w*|surgery|ill|flu|sick",
              frozenset({"long_break", "missed_sessions"})),
    "recovered": (r"you(?:'ve| have)? (?:\w+ )?recovered|recovery is good|well[- ]rested|you(?:'re| are) (?:fully |well )?(?:rested|recovered|fresh)",
                  r"recover\w*|fresh|green|rested|great|good|slept|ready|high", frozenset({"good_recovery"})),
    "race": (r"your race is (?:close|near|coming|almost)|race is close|(?:so|this|very) close to (?:a|your|the) race|in (?:a|the|your) taper",
             r"race|marathon|k\b|10k|5k|parkrun|tri\w*|event|gala|taper|start|competition|days out|sunday|championship\w*|regatta|tour",
             frozenset({"race_close"})),
    "heat": (r"it(?:'s| is| will be) (?:so |very |too |going to be )?hot|(?:because of|in|hot) (?:the |this )?(?:heat|weather)|the heat",
             r"hot|heat\w*|sun\w*|degrees|warm|summer|sweat\w*|boil\w*|humid|\d\d ?c\b|weather", frozenset({"hot_weather"})),
    "travel": (r"you(?:'ve| have| are|'re) (?:\w+ )?travell?(?:ing|ed)|(?:after|because of|all) (?:the|that|your|all that) (?:travel\w*|flight|journey)|"
               r"on the road|jet ?lag",
               r"travel\w*|fl[yie]\w*|hotel|trip|jet\w*|train|holiday|hols|airport|drive|drove|plane|away|abroad|road|car|bus|conference",
               frozenset({"travel"})),
    "niggle": (r"something in your body (?:is )?hurt\w*|your niggle|that niggle",
               r"niggle\w*|hurt\w*|pain\w*|knee|calf|achilles|shin|hip|back|foot|ankle|shoulder|hamstring|sore|twinge|ache|tight|elbow|wrist|heel|toe|neck|groin",
               frozenset({"niggle", "sore_muscles"})),
    "progress": (r"(?:been |you're |are |making )?(?:making )?steady progress|progress(?:ing|ed) (?:\w+ )?steadily|your progress|built up so steadily|"
                 r"you(?:'ve| have) (?:been )?(?:so |very )consistent",
                 r"progress\w*|better|faster|stronger|further|pb|pr|improv\w*|weeks|first|longer|without stopping|row|record|easier|"
                 r"getting|anywhere|same|plateau|stuck|march|compared", frozenset({"steady_progress"})),
    "planned": (r"(?:your|a|this) planned (?:easy|recovery|rest) week|this is (?:your|a) (?:planned )?(?:easy|recovery) week",
                r"week|recovery|easy|tame|boring", frozenset({"planned_recovery_week"})),
    "new": (r"you(?:'re| are) new to (?:training|this|it|running)|all (?:so )?new to you|you(?:'re| are) (?:just )?(?:starting out|a beginner)",
            r"new|first|never|begin\w*|start\w*|learn\w*|just|couch|signed up|before|week 1|idea|stupid|what (?:is|are|does)|dumb|my \w+ put this",
            frozenset({"new_to_training"})),
    "motivation": (r"your motivation|you(?:'re| are) (?:not |un)motivated|motivation is low|low motivation", r"motivat\w*|couch|bored|boring|lazy|bother\w*|cba|"
                   r"want|meh|fun|sofa|point|mood|enjoy|quit|hate|don't feel|cant be|can't be|nah|ugh", frozenset({"low_motivation"})),
}  # fmt: skip

#: Diagnoses: Josi is no doctor.
DIAGNOSIS = re.compile(
    r"\b(?:angina|heart attack|heart (?:disease|condition|problem)|low blood (?:sugar|pressure)|(?:mild )?concussions?|strained|strain|"
    r"tend[io]n[io]tis|tendinopathy|achilles (?:problem|issue)|stress fractures?|fracture\w*|shin splints|an[a]?emi\w+|overtraining "
    r"syndrome|dehydrat\w+|reflux|asthma\w*|panic attacks?|depress(?:ion|ed)|(?:iron|vitamin) deficien\w+|low iron|arthritis|bursitis|"
    r"heat ?stroke|heat exhaustion|eating disorder|anorexia|bulimia|covid|pneumonia|myocarditis|torn|tear in|sprain\w*|coronary|arrhythmia|"
    r"virus|infection|inflammation|pinched nerve|sciatica|runner's knee|plantar fasci\w+|hypoglyc\w+|vasovagal)\b"
)

#: Things that only a prescription brings up: food by the gram, remedies, drills, gadgets.
PRESCRIPTION = re.compile(
    r"\b(?:carbs?|carbohydrates?|carb[- ]?load\w*|proteins?|caffeine|energy gels?|gels|electrolytes?|supplements?|creatine|magnesium|ibuprofen|"
    r"paracetamol|painkillers?|aspirin|ice baths?|icing|foam[- ]roll\w*|compression (?:socks|\w+)|heel drops|pelvic floor|massage gun|sauna|"
    r"calories|calorie deficit|intermittent fasting|lactate|vo2 ?max|mitochondri\w*|glycogen|threshold pulse|hrmax|hr ?max|1rm|"
    r"neuromuscular|running economy|tendon stiffness|fat oxidation|ventilatory|parasympathetic|sympathetic|cadence of|altitude training|"
    r"beetroot|salt tablets?|something salty|no screens|burn(?:ing)? (?:off|themselves|fat)|work off|half effort)\b"
)

#: Rules and orders of general force.
RULE = re.compile(
    r"\b(?:you (?:should|must|need to|have to) (?:always|never)|(?:should|must) never|never (?:add|run|train|do|increase|eat|skip|go)|"
    r"always (?:eat|rest|drink|keep|run|take|do|start|warm|stretch|add|train)|as a rule|rule of thumb|the rule is|\d+ ?%? rule|"
    r"(?:next week|next month|by week \w+|later on|after that|then) (?:it(?:'ll| will)|we(?:'ll| will)|you(?:'ll| will)) (?:be|go|add|do|run|build|skip|get)|"
    r"keep your (?:pulse|heart rate|hr)|(?:your long run|you) will have to|you'll need to|very disciplined|make up for the (?:time|lost)|"
    r"behind schedule|(?:you've|you have|you) lost (?:a (?:full|whole) week|(?:your |some |all your )?(?:fitness|form|shape))|you(?:'ll| will) (?:get (?:injured|hurt)|drop out|fail|break down|regret)|at your age|for your age|most people need|"
    r"(?:start|begin) with \w+ minutes|set your alarm|recommended:|(?:try|aim) (?:to get |for )?(?:at least|about) \w+ (?:hours|minutes))\b"
)

_CONDITIONAL = re.compile(r"\b(?:if|when|whenever|unless|once|could|might|may|whether|maybe|perhaps)\b")
_NEGATED = re.compile(r"\b(?:not|no|never|isn't|aren't|haven't|hasn't|wasn't|weren't|don't|doesn't|didn't|without|\w+n't)\b")


def _span(reply: str, start: int, end: int) -> Span:
    return Span(start, end, reply[start:end])


def _reason_findings(reply: str, lowered: str, case: dict[str, Any], licence: Licence) -> list[Finding]:
    """Return reasons claimed of this athlete that nobody gave, and given ones denied."""
    given = set((case.get("decision") or {}).get("reasons") or [])
    readiness = (case.get("decision") or {}).get("readiness")
    phase = (case.get("decision") or {}).get("phase")
    out = []
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
                if _NEGATED.search(clause) and not re.search(r"(?:not|isn't|no) (?:a |your )?(?:enough|so|just|only|fault|wonder)", clause) and topic in (
                    "recovered", "race", "new", "planned", "pulse", "travel",
                ):
                    out.append(Finding("faithful", f"contradicted reason: {topic}", _span(reply, start + match.start(), start + match.end())))
                continue
            before = sentence.text[: match.start()]
            if _CONDITIONAL.search(before[-40:]):
                continue
            if re.search(rf"\b(?:{own_words})\b", licence.said) or deck_gives(sentence.text, licence):
                continue
            if (case.get("card") and re.search(rf"\b(?:{own_words})\b", licence.card_text)):
                continue
            out.append(Finding("faithful", f"invented reason: {topic}", _span(reply, start + match.start(), start + match.end())))
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
            sentence = next((s for s in sentences(lowered) if s.start <= match.start() < s.end), None)
            if sentence and deck_gives(sentence.text, licence):
                continue
            if what == "rule" and sentence:
                mine = content_stems(sentence.text)
                # a rule that a card gives in nearly these words is the card's
                if mine and len(mine & content_stems(licence.card_text)) / len(mine) > 0.7:
                    continue
            out.append(Finding("faithful", f"invented {what}: {match.group()}", _span(reply, match.start(), match.end())))
    return out


#: Josi speaking as if it were the athlete.
SPEAKS_AS_ATHLETE = "speaks as if Josi were the athlete"
ROLE = re.compile(
    r"(?<!\w)(?:my (?:legs|coach|family|muscles|run|ride|training|race|knee|calf|heart|marathon|body)\b(?! (?:advice|tip))|i (?:cried|ran|rode|swam|blew up|felt so|"
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
