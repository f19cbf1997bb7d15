"""The patterns by which figures of a goal are read (:mod:`josi_utils.guard.leap`)."""

from __future__ import annotations

import re

#: A message of more words tells too much beside a goal for its figures to be of one kind.
LONGEST = 60
WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "hundred": 100, "couple": 2, "few": 3,
}  # fmt: skip
N = rf"(\d+(?:\.\d+)?|{'|'.join(WORDS)})"
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
MONTH = re.compile(rf"\b(?:{'|'.join(m[:3] + '(?:' + m[3:] + ')?' for m in MONTHS)}|sept)\b")
DAYS_OF = {"hour": 1 / 24, "day": 1, "night": 1, "weekend": 7, "week": 7, "month": 30, "year": 365}
#: What stands before a span that lies behind, or that is not what is left.
BEHIND = (
    r"(?<!for )(?<!last )(?<!past )(?<!since )(?<!after )(?<!a )(?<!every )(?<!each )(?<!over )"
    r"(?<!per )(?<!previous )(?<!all )(?<!at it )(?<!doing it )(?<!been )"
)
SPAN = re.compile(
    rf"{BEHIND}\b{N} (?:more |short |little |and a half |of )?(day|night|weekend|week|month|year)s?\b"
    r"(?! (?:ago|off|old|of training|of my|training|now|break|holiday|long|postpartum|straight|in a row|a)\b)"
)
#: Spans that are surely what is left; what was done in ten weeks is none.
LEFT = re.compile(
    rf"(?<!\bk )\b(?:in|within|inside|got|have|its|thats|(?:christmas|xmas|easter|birthday|wedding|reunion)(?: ;)?) (?:about |just |only |under )?{N} (?:short |little )?(day|night|weekend|week|month|year)s?\b(?! (?:ago|of|since|old|already))"
)
LEFT_AFTER = re.compile(
    rf"\b{N} (day|night|weekend|week|month|year)s? (?:away|to go|left|from now|from today|out|till|til|until|to get|to train)\b"
)
MORE = re.compile(rf"\b{N} more (day|night|weekend|week|month|year)s?\b")
#: Spans in words, in days; the longest that is found counts.
SPANS: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), days)
    for pattern, days in (
        (r"(?:in|within|by|inside) an hour|tonight|today", 1),
        (r"tomorrow|overnight", 2),
        (r"(?:on|by|till|til|until|next|this|coming|leaving|leave|starts|starting|starts on|leaving on) (?:mon|tues|wednes|thurs|fri|satur|sun)day|"
         r"(?:this|coming|the|next) weekend|(?:by|is|on|next|this|coming) (?:fri|sat|sun)(?! (?:\d|and))|(?:end of|in|within) (?:the |a |one |this )?week|this week", 7),
        (r"(?<!every )(?<!each )(?<!last )(?<!my )(?<!since )(?:satur|sun|fri)day(?! (?:ride|run|swim|group|morning|session|long|evening|night))", 7),
        (r"(?:satur|sun|fri|thurs)day (?:week|after next)|weekend after next|next week|a week on (?:mon|tues|wednes|thurs|fri|satur|sun)day", 12),
        (r"a fortnight|week after next|(?:two|2) weeks today", 14),
        (r"(?:in|within|is|by|inside|only|got|have) (?:a|one|1) month|a month(?! ago)|next month|this month|end of (?:the )?month|"
         r"months time|till the end of the month|(?:by|on|till|til|until|before) the \d+ (?:st|and|nd|rd|th)", 35),
        (r"(?:champs|race|regatta|meet|competition|comp|event|gala|cup|match|test|party|its|thats)(?: is)?(?: this| on)? (?:mon|tues|wednes|thurs|fri)day", 7),
        (r"end of next month", 55),
        (r"this (?:spring|summer|autumn|winter|season)|in (?:the )?(?:spring|summer|autumn|winter)|by (?:spring|summer|autumn|winter|easter|christmas|xmas|new year)|"
         r"(?:till|til|until|before) (?:the )?(?:summer|christmas|easter|spring|winter|new year|season)", 200),
        (r"next (?:spring|summer|autumn|winter|season|year)|by next year|in a year|this year|"
         r"end of (?:the )?year", 420),
        (r"some ?day|(?<!in )one day|eventually|long term|no rush|no hurry|slowly|over the years", 3000),
    )
)  # fmt: skip
DONE = re.compile(
    r"\b(?:(?:i|we) (?:did it|finished|completed|managed it|made it|smashed it)|just (?:ran|did|finished|completed)"
    r" (?:my|a|the|it)|did my first|was (?:a )?(?:joke|joking)|my (?:friend|mate|neighbour|colleague) wants|would never)\b"
)


KILOS = {"kg": 1.0, "kgs": 1.0, "kilo": 1.0, "kilos": 1.0, "lb": 0.45, "lbs": 0.45,
          "pounds": 0.45, "stone": 6.35, "stones": 6.35}  # fmt: skip
LOSE = r"(?:lose|losing|drop|dropping|shed|cut|cutting|down|off|lighter|weight|weigh|slim|burn)"
WEIGHT = re.compile(rf"\b{N} ({'|'.join(KILOS)})\b")
FROM_TO = re.compile(
    rf"\b(?:from |im |at )?{N}(?: (kg|kgs|kilo|kilos|lb|lbs))? (?:down )?to {N} (kg|kgs|kilo|kilos|lb|lbs)\b"
)
FROM_KG = re.compile(
    r"\bfrom (\d+(?:\.\d+)?) (?:kg|kgs|kilos?) (?:down )?to (\d+(?:\.\d+)?)(?: (?:kg|kilos?))? (?:by|in|for|before|until)\b"
)
TWO_KILOS = re.compile(
    r"\b(\d+(?:\.\d+)?) (?:kg|kgs|kilos?) (?:now|currently|at present) ;? ?(\d+(?:\.\d+)?)(?: kg| kilos)? (?:by|in|at)\b"
)
WEIGH = re.compile(
    r"\b(?:weigh|down to) (\d+(?:\.\d+)?)(?: kg| kilos?)?\b.*\b(?:im|i am|weigh|at) (\d+(?:\.\d+)?)(?: kg| kilos?)? (?:now|today|at the moment|currently)\b"
    r"|\b(?:weigh|be|get to|down to|reach) (\d+(?:\.\d+)?)(?: kg| kilos?)? .*\b(?:im|i am|weigh|at|now|currently) (\d+(?:\.\d+)?)(?: kg| kilos?)\b"
)
LOOKS = re.compile(
    r"\b(?:dress sizes?|sizes? too small|six pack(?! of)|sixpack(?! of)|flat stomach|bikini body|beach body|"
    r"(?:lose|losing|shed|rid of|burn|flatten|shrink) (?:\w+ )?(?:\w+ )?belly|belly (?:gone|off)|belly fat|flat belly|"
    r"(?:get|getting|be|look|am|become) (?:ripped|shredded)|(?:ripped|shredded) (?:by|in|for|before|body)|"
    r"(?:see|show|get|have|want|visible|defined) (?:my |some |visible |defined )?abs|abs (?:by|for|before)|"
    r"look like (?:the rock|thor|arnold|arnie|a (?:\w+ )?model|a bodybuilder|a superhero|brad pitt|ronaldo)|washboard|from size|size \d+ to|thigh gap|clothes? sizes?|jeans sizes?|sizes smaller|love handles)\b"
)
LIFTS = re.compile(r"\b(?:bench|squat|deadlift|press|lift|clean|snatch|curl|pull)\w*\b")


RACE = r"(?:(?:5|10|20|21|42|3|1\.5|1|2|50|100|200|400|800|1500) (?:k|km|m|miles?)|half|marathon|mile|erg|parkrun|bleep|race|pace|ironman|triathlon|tri|marathoner|1500|beat)"
LONG = re.compile(r"\b(?:marathon|marathoner|half|ironman|ultra)\b")
TIME = re.compile(
    r"\b(?:(\d+):(\d+)(?! ?(?:am|pm|oclock))|(\d+(?:\.\d+)?|one|two|three|four|five|six) (minutes|minute|hours|hour|h)\b(?: (\d+)(?! k\b| km\b))?"
    r"|(?:sub|under|below|break|beat|hit) (\d+(?:\.\d+)?)(?! (?:km|k|m|kg|watts|minutes|minute|hours|hour|h|miles|%)\b)"
    r"|(?:pb|best|pr|ran|run it in|in|from|to|want|now|currently|requires|needs?|takes|took) (?:me )?(\d+)(?= (?:to|now|currently|pb|;|want|for the|for it|atm|on|over|in the|at)| ;|$))"
)
NOW_TIME = r"\b(?:now|current|currently|pb|best|pr|at present|atm|at the moment|at the mo|last|did|ran|was|am|im|from|personal|i run|i do|take|took|runner|is my|was my)\b"
NOT_RACE = re.compile(
    r"\b(?:without (?:stopping|walking|a break)|non ?stop|plank|hold(?! \d)|minutes (?:a|per|every|each|daily) ?(?:day)?|loop|in a row|in one go|"
    r"sleep|slept|walk|walks|walking|commute|jog for|run for|hang)\b"
)
LOAD_OF = re.compile(
    r"\b(?:bench|squat|squats|deadlift|press|ftp|watts|vertical|jump|push ups?|pushups?|pull ups?|pullups?|press ups?|"
    r"pressups?|sit ups?|chin ups?|burpees|curl|clean|snatch)\b"
)
#: So many kilometres in so many days; day after day each of them is as long as so much more.
TOUR = re.compile(rf"\b{N} (km|k|kms|miles|mi) (?:in|over|across) {N} days\b")
TOUR_FACTOR = 1.3
#: Minutes that one can keep going now; six of them are about a kilometre on foot.
MINUTES_NOW = re.compile(
    r"\b(?:i (?:can )?(?:ride|run|row|swim|jog|do|only do)|can (?:do|run|ride|swim)) (?:about |only |just )?(\d+) minutes\b"
)
HAS_DONE = re.compile(r"\b(?:pb|best|pr|ran|did|now|currently|was|today)\b")
DONE_SO = re.compile(r"\b(?:since|went|dropped|came down|improved|ago|used to|last year)\b")
#: "Longest: 15 km": the word belongs to what follows it.
AFTER_NOW = re.compile(r"\b(longest|currently|now|max|best|pb|goal|target|present) ; (?=\d)")
#: "16,000 km", but not the 42.195 km of a marathon.
THOUSANDS = re.compile(r"\b(?!42\.|21\.)(\d{1,3})\.(\d{3})(?= (?:km|k|m|miles)\b)")
#: "Take 8 minutes off my 5 k ; 32 now".
TAKE_OFF = re.compile(
    r"\b(?:take|knock|cut|drop|shave) (\d+) minutes (?:off|from)\b.*?\b(?:pb |best |now |currently )?(\d+)(?::(\d+))?(?: minutes)?(?: now| currently| at present|$)"
)
#: Words of one who trains: such a one knows what an event asks.
TRAINED = re.compile(
    r"\b(?:training (?:is )?(?:done|behind)|months of training|taper\w*|trained for|longest|times a week|(?:[2-7]|two|three|four|five) x a week|every (?:sunday|weekend|week)|on (?:sundays|weekends)|"
    r"weekly|regularly|(?:sunday|saturday|weekend|long|weekly) (?:rides|runs|swims|walks|hikes|ride is|run is|swim is|walk is)|i (?:bike|run|swim|ride|row|cycle|train)|pb|personal best|pbs|(?:did|done|ran|rode|swam|walked|finished) (?:a|an|the|my|it|\d+|two|three)|last (?:week|weekend|saturday|sunday|month|year|spring|autumn|summer)|in training|comfortabl\w+|happily|was \d|half was|done \d)\b"
)
#: How far an event is, in kilometres on foot.
EVENTS: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), km)
    for pattern, km in (
        (r"half (?:ironman|iron man|distance)|70\.3", 60),
        (r"ironman|iron man|full distance", 110),
        (r"half marathon|halfmarathon|(?<!second )(?<!first )(?<!other )(?<!in )(?<!and a )half(?! (?:an|of|hour|the|way|iron|past|a|my|as|asleep|dead)\b)", 21),
        (r"marathon des sables", 250),
        (r"marathon(?:s|er)?|26\.2|42\.2", 42),
        (r"ultra\w*", 60),
        (r"hundred miler?|century (?:run)", 160),
        (r"(?:the )?channel|dover to calais|calais|bosphorus|bosporus", 130),
        (r"everest|kona", 300),
        (r"(?:24|twenty four|36|48|72) (?:h|hour|hours) (?:\w+ )?(?:race|run|row|ride|swim|bike|challenge|relay|walk)", 120),
        (r"(?:12|twelve) (?:h|hour|hours) (?:\w+ )?(?:race|run|row|ride|swim|bike|challenge)", 60),
        (r"(?:cross|over|across) the (?:alps|pyrenees)", 150),
        (r"kilimanjaro|mont blanc|matterhorn|alpe dhuez|(?:mont )?ventoux|stelvio|galibier|tourmalet", 45),
        (r"vasaloppet|birken\w*", 60),
        (r"(?:lands end|land s end) to|lejog|paris roubaix|tour of flanders|(?:the )?tour", 90),
        (r"(?:from )?spain to africa|gibraltar", 60),
        (r"across (?:the )?(?:us|usa|america|europe|atlantic|pacific|country)|transatlantic|the atlantic", 3000),
        (r"the (?:200|300|400|600)(?= (?:with|brevet|audax|ride|on|k brevet)\b)", 65),
        (r"alcatraz", 12),
        (r"olympic triathlon|triathlon|first tri", 14),
    )
)  # fmt: skip
#: What stands before an event that is done.
EVENT_DONE = re.compile(
    r"\b(?:longest(?: ever| run| so far| ride)?(?: was| is)|(?:ive|have|i|only|never|just) (?:done|run|did|ran|finished|completed|swum|walked)|did|ran|finished|completed|done)"
    r"(?: only| just| my| a| an| one| two| three| four| five| six| \d+| few| some| couple of| the| first| last| single)*(?: city| spring| road| trail| full| flat)? $"
)
DIST = rf"\b{N} (km|k|kms|kilometers|kilometres|miles|mile|miler|milers|mi|m|lengths|ks)\b"
NOW_DIST = re.compile(
    r"\b(?:longest|furthest|farthest|most|max|so far|i (?:can )?(?:do|run|swim|ride|walk|jog|cycle|manage|row)|can (?:do|run|swim|ride|walk)|"
    r"never|currently|current|now|at present|at the moment|walked|ran|rode|swam|did|done|up to|went|today i|present|more than|only|twice a week|jogger|"
    r"times a week|tops|a week|per week|have been|(?<!in )a day|from (?=\d)|my (?:long |usual |normal |sunday |saturday |weekend |weekly )?(?:ride|run|swim|walk|jog|hike) is|my (?:record|best|most)|record is|already|ok for me|comfy|is fine|is ok)"
)
BARE_NOW = (
    r"\b(?:(?:rides|runs|swims|walks|hikes) (?:are|of)|(?:furthest|farthest|longest)(?: ive| i have| i)?(?: ever)?(?: been| gone| done| ridden| run| swum| walked| rowed| cycled)?(?: is| was)?|(?:i|we) (?:do|run|ride|swim|walk|row)|most (?:ive|i have) (?:ever )?(?:ridden|run|swum|walked|done|rowed)(?: so far)? (?:is|was)|am at|im at|currently|longest(?: run| ride| swim| walk| ever| so far| is| was)*|max(?: is| was)?|most is|up to|did|done) (\d+)"
    r"(?= now\b| on (?:sun|satur|week)\w+| already\b| at present\b| ;|$| currently\b| flat\b| atm\b| a week\b| so far\b| and\b| but\b)"
)
#: Words that tell that nothing has been done so far.
NOTHING = re.compile(
    r"\b(?:couch|sofa|from (?:zero|0|scratch|nothing|a standing start)|(?:point|at|absolute|total) zero|zero (?:training|cycling|running|swimming)|"
    r"(?:cant|cannot|dont|can not|could not|couldnt) (?:really )?(?:swim|run|ride|row|ski|train|do any sport)(?! (?:more|further|that|much|faster|this|so|as|far))|non swimmer|"
    r"learn(?:ing)? to (?:swim|ride|ski|row)|swim lessons?|(?:learned|learnt) (?:to swim|swimming|breaststroke|front crawl|crawl) (?:in (?:january|february|march|april|may|june|july|august|september|october|november|december)|this year|last month)|never (?:really |even |actually )?(?:run|ran|swum|swam|cycled|skied|rowed|ridden|skated|climbed|trained|hiked|touched|"
    r"done (?:any|sport|it|one|this)|been (?:on|above))|not (?:run|swum|trained|exercised|ridden) (?:before|since)|no (?:training|sport|exercise|bike|fitness)\b|no (?:swimming|running|cycling|climbing|rowing) (?:skills?|experience|background)|dont (?:own|have) a bike|empty bar|zero fitness|"
    r"(?:havent|have not|hadnt|not) (?:really )?(?:run|trained|exercised|moved|swum|ridden|done (?:any|anything|sport))|w o training|without (?:any )?training|without having trained|untrained|"
    r"(?:complete|total|absolute|as a) beginner|started (?:last|on|this|yesterday|monday|today)|just (?:bought|started)|bought (?:a|my) |first (?:road )?bike|"
    r"tired walking|last (?:ran|run|rode|trained|swam|rowed) in (?:19|20)\d\d|since (?:primary |high )?school|none of us|city bike|shopping bike|foldable|folding bike|ride it to the|(?:ride|walk|cycle|bike) to (?:the|work)|training so far|currently ; 0|currently 0|start lessons|the bar$|walking to the|out of breath|get puffed|move more|used (?:a|the) \S+(?: \S+)? (?:once|twice)|last ran for|sitting on my|i (?:mostly )?sit\b|walk my dog|walks? to the|"
    r"panic in|twice ever|been running for a week|(?:\d+|twenty|ten|thirty) minutes? walks?|with floaties|mostly sit|beginner|(?:did|had|done|took|after|only) (?:\d|two|three|four|five) lessons|lessons so far|(?:stood|sat|been) on one (?:once|twice)|fell (?:off )?both times|walk with a stick|walking stick|get tired (?:from|just|walking|climbing|after|hoovering)|not (?:a )?sporty|started (?:running|cycling|swimming|rowing|training) (?:in|on|this|last) (?:january|february|march|april|may|june|july|august|september|october|november|december|year|month|week))\b"
)
#: What nobody, or hardly anybody, ever does.
FAST = re.compile(
    r"\bmarathon\b.*\b(?:sub|under|in) (?:2|3|2:\d\d|3:[01]\d)\b(?! (?:weeks|months|days|years))"
    r"|\b(?:sub|under|in) (?:a )?(?:2|3|2:\d\d|3:[01]\d)(?: hours?| h)? marathon\b"
    r"|\b10 k\b.*\b(?:sub|under) 3\d\b|\b(?:sub|under) 3\d(?: minutes)?(?: for)? 10 k\b"
    r"|\b5 k\b.*\b(?:sub|under) 1\d\b|\b(?:sub|under) 1\d(?: minutes)?(?: for)? 5 k\b"
)
NOBODY = re.compile(
    r"\b(?:win (?:wimbledon|the olympics|the tour de|olympic|the world cup|the world champion\w*|roland garros|the us open)|beat (?:kipchoge|bolt|usain|jakob|ingebrigtsen|pogacar|phelps|ledecky|farah|hassan)|(?:become|be) an olympian|climb k 2|sub 2(?: hours?| h)? marathon|(?:fastest|strongest|best) (?:\w+ ){0,3}in (?:the|my|our) (?:whole )?(?:world|country)|"
    r"(?:be|become|go|going|turn|im|i am) (?:a |the )?(?:pro|professional|national champion|world champion|olympic champion)(?: cyclist| runner| athlete| footballer| triathlete)?(?= (?:in|by|within|next)\b)|"
    r"(?:[2-5]|two|three|four) times my (?:body ?)?weight (?:by|in|within) (?:next month|a month|[1-9] weeks|the end of the month)|"
    r"(?:double|triple|[2345] x|two times|three times) (?:my )?body ?weight in (?:two|2|one|1|a|three|3) (?:months?|weeks?))\b"
)


# --- one who comes back to a goal (:mod:`josi_utils.guard.goal_again`) ---

NUMBER = "|".join(word for word in WORDS if word not in ("couple", "few", "hundred"))
#: Figures of something else than a goal: "3 years old", "90 grams", "3 am".
OF_ELSE = re.compile(
    rf"\b(?:\d+|{NUMBER}) (?:years?|yrs?|yo|grams?|g|am|pm|oclock|euros?|quid|kids?|children|people|friends|of (?:us|them|my))\b"
    r"|\b\d+:\d\d (?:am|pm)\b"
)
#: So far away is a goal of which the message names a figure and its unit.
DISTANCE = re.compile(rf"\b(\d+(?:\.\d+)?|{NUMBER}) (k|km|miles?|m|lengths?|laps?)\b")
#: A figure that may be a goal's: a unit of sport, the clause's end or a small word stands behind.
MAY_BE_GOAL = re.compile(
    rf"(?<!zone )(?<!week )(?<!im )(?<!am )(?<!aged )(?<!age )(?<!over )(?<!level )\b(\d+(?:[.:]\d+)?|{NUMBER})\b(?![.:]\d)"
    r"(?=(?: (k|km|kms|miles?|m|lengths?|laps?|kg|kgs|kilos?|watts|minutes?|hours?|seconds?|sessions?|rounds?|push|pull|press|reps|marathons?|half))?"
    r"(?: ?$| ;| (?:in|by|at|then|instead|or|and|next|this|is|isnt|for|to|on|over|now|would|will|ok|please|lol|pls|until|before|not|than|race|run|ride|swim|row|ups?|with|every|a|per|be|was|today|tomorrow)\b|(?<=[a-z]) ))"
)
#: Such a unit fits a goal that has one of its kind.
KIND_OF_UNIT = {**dict.fromkeys(("minute", "minutes", "hour", "hours", "second", "seconds"), "time"),
                **dict.fromkeys(("kg", "kgs", "kilo", "kilos"), "kg"), "watts": "watts"}  # fmt: skip
#: What can be said of nothing else than of Josi's no: to her, or of her, or of doing it anyhow.
HOLDS = re.compile(
    r"^(?:but|oh|ok|josi|cmon|come on|plea+se|pls|why|why not|what if|watch me|trust me|tell me|says who|just put it(?: in)?|i can|i want(?: it| to)?|i really want(?: it| to)?|everyone (?:says|thinks) i can| )+[ ;?]*$"
    r"|^(?:but )?(?:cmon|come on) (?:its|just|say|let)\b"
    r"|^but (?:i|we|ive|weve) (?:have |already |just )*(?:paid|booked|entered|promised|signed|told|bought|really want|want (?:it|to do|this))\b"
    r"|^i (?:have |already )*(?:entered|promised (?:it|everyone|them|my \w+)|told everyone)\b"
    r"|\b(?:final answer|believes? in me|not asking|or nothing|or death|my way|no matter what|prove (?:you|them|it)|cant (?:back out|cancel|let)|counting on (?:me|us)|sponsors? (?:are|is|have|paid)|an exception)\b"
    r"|\b(?:you are|youre|your|are you|you)(?: just| so| too| being| always)* (?:wrong|negative|soft|boring|mean|unfair|against (?:it|me|this))\b"
    r"|\b(?:says?|said|thinks?|promised me|told me|would say)(?: that)? (?:i|we|its|it is|it) (?:can|could|will|should|possible|fine|doable|ok)\b"
    r"|\b(?:do|doing|try|trying|run|climb|in) (?:it |this |that )?(?:anyway|regardless|no matter)\b"
    r"|\bits (?:only|just) (?:a|an|\d+(?:\.\d+)?) (?:k|km|kg|miles?|lengths?|laps?|minutes|hours|half|marathon|race)\b"
)
#: Words of a goal that any message may have.
ANYWHERE = frozenset(
    ("a", "an", "the", "in", "of", "to", "for", "on", "by", "at", "is", "it", "and", "one", "two",
     "three", "four", "five", "day", "under", "hours", "hour", "minutes", "every", "days", "weeks",
     "months", "miles", "today", "tomorrow", "week", "weekend", "month", "year", "first", "going",
     "finishing", "losing", "from", "your", "with", "training", "sessions", "without", "than",
     "more", "this", "next", "that")
)  # fmt: skip
#: First words that keep their great letter.
NAMES = frozenset(
    ("Ironman", "Hyrox", "Everest", "Kilimanjaro", "Matterhorn", "Ventoux", "Stelvio", "Kona",
     "Boston", "London", "Berlin", "Christmas", "Easter", *map(str.capitalize, MONTHS),
     *(f"{day}day" for day in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")))
)  # fmt: skip
#: Kilometres of a unit of distance.
KM = {"k": 1.0, "km": 1.0, "kms": 1.0, "mile": 1.609, "miles": 1.609, "mi": 1.609, "m": 0.001,
      "length": 0.025, "lengths": 0.025, "lap": 0.4, "laps": 0.4}  # fmt: skip


def goal_figures(text: str, goal: str) -> set[str]:
    """Return the figures of a text that may stand for a goal of that kind, in digits."""
    of_time = ":" in goal or re.search(r"\b(?:under|sub|minutes?|hours?|seconds?)\b", goal.lower())
    kinds = {"time": bool(of_time), "kg": "kg" in goal, "watts": "watts" in goal}
    return {
        str(WORDS.get(one, one))
        for one, unit in MAY_BE_GOAL.findall(OF_ELSE.sub(" ", text))
        if (unit or (one[0].isdigit() and (":" not in goal or ":" in one or f"sub {one}" in text)))
        and kinds.get(KIND_OF_UNIT.get(unit, ""), True)
    }


def event_km(text: str) -> float:
    """Return how far the greatest event of a text is, in kilometres on foot; 0 where none is."""
    return max((km for pattern, km in EVENTS if pattern.search(text)), default=0.0)


def sport_factor(clause: str, text: str) -> float:
    """Return how many kilometres on foot one of the text's kilometres is."""
    for where in (clause, text):
        if re.search(r"\b(?:swim|swimming|swam|swum|lengths|crawl|open water|channel)\b", where):
            return 4.0
        if re.search(
            r"\b(?:ride|riding|rode|bike|cycle|cycling|cycled|gran fondo|fondo|sportive|gravel)\b",
            where,
        ):
            return 0.33
        if re.search(r"\b(?:row|rowing|erg|ski|skiing|skied)\b", where):
            return 0.6
        if re.search(r"\b(?:walk|walking|walked|hike|hiking|camino)\b", where):
            return 0.5
    return 1.0
