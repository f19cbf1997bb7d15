"""Reasons: what a reply may claim to know of this athlete, by topic."""

from __future__ import annotations

#: Reason topics: how a reply claims it of this athlete, what licenses it in their own words, and
#: the reason codes of the engine that stand behind it.
REASON_TOPICS: dict[str, tuple[str, str, frozenset[str]]] = {
    "sleep": (
        r"you(?:'ve| have)?(?: been| are|'re)? (?:sleeping|slept)|your sleep (?:has|is|was)|"
        r"(?:so|too) little sleep|(?:because of|with) (?:your|the) (?:bad |poor |short "
        r")?sleep|"
        r"(?:bad|short|poor|rough) nights?|short on sleep|without (?:enough )?sleep",
        r"sle[ep]p?t?\w*|nights?|bed|awake|insomnia|nap|tired|woke|wake|up (?:at|since|till|"
        r"until)|baby|newborn|alarm",
        frozenset({"short_sleep", "poor_sleep"}),
    ),
    "pulse": (
        r"your (?:resting )?(?:pulse|heart rate)(?: at rest)?(?: is|'s| was| has been| has| "
        r"went| stays)(?: gone| been| still| a bit| \w+ly)* (?:up|high\w*|raised|elevated|"
        r"low\w*|down|dropped)",
        r"pulse|heart|rhr|bpm|hr\b",
        frozenset({"high_resting_pulse"}),
    ),
    "soreness": (
        r"(?:your )?(?:muscles?|legs|body|quads|calves) (?:are|is|feel|were)(?: still| a bit| "
        r"pretty| so| very)* (?:sore|aching)|"
        r"you(?:'re| are)(?: still| a bit| so)* sore|your soreness|the soreness|(?:your|the|"
        r"those|with) sore (?:legs|muscles)",
        r"sore\w*|ach\w+|stiff|hurt\w*|doms|destroyed|heavy|dead|tired|trashed|toast|wooden|"
        r"wood|pain\w*|jelly|wrecked|niggle\w*",
        frozenset({"sore_muscles", "niggle"}),
    ),
    "stress": (
        r"you(?:'ve| have)? (?:had|been having|been under) (?:\w+ ){0,4}stress|your stress|"
        r"under (?:a lot of |so much )?stress|"
        r"you(?:'re| are) stressed",
        r"stress\w*|work|boss|job|exam\w*|deadline\w*|kids?|divorce|moving|busy|"
        r"funeral|died|family|panic|worr\w+|house|uni|school",
        frozenset({"high_stress"}),
    ),
    "illness": (
        r"signs? (?:that you (?:may|might|are|could)(?: be)?(?: getting)? (?:ill|sick|unwell)|"
        r"of (?:a cold|an illness|an infection|getting (?:ill|sick)))|you(?:'re| are| may be| "
        r"might be) (?:getting )?(?:ill|sick)|"
        r"your (?:illness|cold|fever|flu)|fighting (?:something|a cold)",
        r"ill\w*|sick\w*|cold|flu|fever|cough\w*|throat|sniff\w*|virus|covid|nose|"
        r"chest|infection|antibiotic\w*|unwell|"
        r"temperature|snot\w*|doctor|bug|headache",
        frozenset({"illness_signs"}),
    ),
    "load": (
        r"you(?:'ve| have)? (?:done|trained|been (?:doing|training)|stacked|put in|been "
        r"putting in) (?:\w+ ){0,3}"
        r"(?:a lot|so much|lots|plenty|too much)|big (?:recent )?(?:load|training)|"
        r"(?:heavy|hard|big) weeks? (?:behind|you've)|"
        r"your (?:training )?load|recent load",
        r"week|race|marathon|trained|training|sessions?|hard|km|miles|camp|tour|ran|rode|"
        r"long|hours",
        frozenset({"big_recent_load"}),
    ),
    "missed": (
        r"you(?:'ve| have)? missed (?:\w+ ){0,2}(?:sessions?|training|days?|weeks?|runs?|"
        r"rides?|swims?|workouts?)|missed (?:some )?sessions?|(?:the )?sessions? you missed",
        r"miss\w*|skip\w*|off|didn't|havent|haven't|"
        r"nothing|couldn't|flu|sick|ill|holiday|hols|gap|no training|zero|lazy|busy|"
        r"week\w*|days",
        frozenset({"missed_sessions", "long_break"}),
    ),
    "break": (
        r"(?:after|you(?:'ve| have) had) (?:such )?(?:a|your) (?:long |big )?(?:break|pause)|"
        r"your long break|time away",
        r"break|months?|years?|off|back|since|haven't|stopped|pause|return\w*|again|"
        r"hols|holiday|weeks|baby|injur\w*|surgery|ill|flu|sick",
        frozenset({"long_break", "missed_sessions"}),
    ),
    "recovered": (
        r"you(?:'ve| have)? (?:\w+ )?recovered|recovery is good|well[- ]rested|you(?:'re| "
        r"are) (?:fully |well )?(?:rested|recovered|fresh)",
        r"recover\w*|fresh|green|rested|great|good|slept|ready|high",
        frozenset({"good_recovery"}),
    ),
    "race": (
        r"your race is (?:close|near|coming|almost)|race is close|(?:so|this|very) close to "
        r"(?:a|your|the) race|in (?:a|the|your) taper",
        r"race|marathon|k\b|10k|5k|parkrun|tri\w*|event|gala|taper|start|competition|"
        r"days out|sunday|championship\w*|regatta|tour",
        frozenset({"race_close"}),
    ),
    "heat": (
        r"it(?:'s| is| will be) (?:so |very |too |going to be )?hot|(?:because of|in|hot) "
        r"(?:the |this )?(?:heat|weather)|the heat",
        r"hot|heat\w*|sun\w*|degrees|warm|summer|sweat\w*|boil\w*|humid|\d\d ?c\b|weather",
        frozenset({"hot_weather"}),
    ),
    "travel": (
        r"you(?:'ve| have| are|'re) (?:\w+ )?travell?(?:ing|ed)|(?:after|because of|all) "
        r"(?:the|that|your|all that) (?:travel\w*|flight|journey)|"
        r"on the road|jet ?lag",
        r"travel\w*|fl[yie]\w*|hotel|trip|jet\w*|train|holiday|hols|airport|drive|"
        r"drove|plane|away|abroad|road|car|bus|conference",
        frozenset({"travel"}),
    ),
    "niggle": (
        r"something in your body (?:is )?hurt\w*|your niggle|that niggle",
        r"niggle\w*|hurt\w*|pain\w*|knee|calf|achilles|shin|hip|back|foot|ankle|"
        r"shoulder|hamstring|sore|twinge|ache|tight|elbow|wrist|heel|toe|neck|groin",
        frozenset({"niggle", "sore_muscles"}),
    ),
    "progress": (
        r"(?:been |you're |are |making )?(?:making )?steady progress|progress(?:ing|ed) "
        r"(?:\w+ )?steadily|your progress|built up so steadily|"
        r"you(?:'ve| have) (?:been )?(?:so |very )consistent",
        r"progress\w*|better|faster|stronger|further|pb|pr|improv\w*|weeks|first|"
        r"longer|without stopping|row|record|easier|"
        r"getting|anywhere|same|plateau|stuck|march|compared",
        frozenset({"steady_progress"}),
    ),
    "planned": (
        r"(?:your|a|this) planned (?:easy|recovery|rest) week|this is (?:your|a) (?:planned "
        r")?(?:easy|recovery) week",
        r"week|recovery|easy|tame|boring",
        frozenset({"planned_recovery_week"}),
    ),
    "new": (
        r"you(?:'re| are) new to (?:training|this|it|running)|all (?:so )?new to you|"
        r"you(?:'re| are) (?:just )?(?:starting out|a beginner)",
        r"new|first|never|begin\w*|start\w*|learn\w*|just|couch|signed up|before|week 1|"
        r"idea|stupid|what (?:is|are|does)|dumb|my \w+ put this",
        frozenset({"new_to_training"}),
    ),
    "motivation": (
        r"your motivation|you(?:'re| are) (?:not |un)motivated|motivation is low|low "
        r"motivation",
        r"motivat\w*|couch|bored|boring|lazy|bother\w*|cba|"
        r"want|meh|fun|sofa|point|mood|enjoy|quit|hate|don't feel|cant be|can't be|"
        r"nah|ugh",
        frozenset({"low_motivation"}),
    ),
}
