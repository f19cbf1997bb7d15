"""What a reply takes for granted of the athlete: feelings, wishes and facts that nobody gave.

"I'm glad that you like it" where nobody liked anything; "You are proud of yourself" to someone
ashamed; "You are not surprised" to someone who is. Restating what was said is fine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from josi_utils.scoring.normalise import content_words
from josi_utils.scoring.reading import NEGATION, TALK_STEMS, Cue, Reading, uses

#: "I am glad that you …", "it is good that you …": what follows is taken as given.
_ACKNOWLEDGED = re.compile(
    r"\b(?:i am|i'm|it is|it's|that is|that's|i (?:can )?(?:see|hear|understand)|how|so|and) ?"
    r"(?:(?:so|very|really|also|truly|why) )*"
    r"(?:glad|happy|sorry|pleased|proud|nice|good|lovely|great|fine|wonderful|normal|hard|easy|"
    r"why|that) ?(?:to (?:hear|see|know|read) )?(?:that |it )?(?=(?:you|your|you're|you've)\b)"
    r"(?P<what>[^,.!?;:]*)"
)
_LIKED = re.compile(
    r"\byou(?:'ve)? (?:have )?(?:really |also )?(?:lik|enjoy|lov)(?:e|ed|es)? (?:it|that|this|them)\b"
)
_LIKING = re.compile(r"\b(?:lik|enjoy|lov|fun|great|best|happy|thank|good|cheers|smile)")
_GLAD_TO_HEAR = re.compile(
    r"\b(?:i am|i'm|it is|it's|that is|that's)(?: \w+)? (?:glad|happy|good|nice|lovely|great)"
    r"(?: news)? to (?:hear|know|see)(?: that| it| this)?(?=$|[,.!]| and| so)"
)
#: Something in the message to be glad of.
_GOOD_NEWS = re.compile(
    r"!|\b(?:good|great|love\w*|nice|fun|happy|yes+|finally|pb|pr|best|first|better|faster|won|"
    r"win|did it|done|made it|proud|enjoy\w*|excit\w*|amazing|brilliant|wonderful|fine|thanks?|"
    r"thank you|cheers|ready|fresh|lovely|well|nailed|managed|record|beat|again|hooked|buzzing|"
    r"stoked|feeling|easier|passed|without|back|longest|further)\b|[\U0001f300-\U0001faff]"
)
_FEELING = re.compile(
    r"\b(?:you(?:'re| are| feel| felt| must (?:be|feel)| were| have been| sound| seem)"
    r"(?: (?:so|very|really|still|not|a bit|too))*|normal (?:to|that you) (?:feel|be|are|felt)"
    r"(?: \w+)?|feeling) (?P<which>proud|excited|happy|disappointed|nervous|worried|scared|sad|"
    r"tired|sore|surprised|embarrassed|lonely|angry|lost|thankful|confused)\b"
)
#: What in the athlete's words can stand behind each feeling.
_BEHIND: dict[str, re.Pattern[str]] = {
    feeling: re.compile(words)
    for feeling, words in {
        "proud": r"proud|pb|pr\b|first|did it|finally|made it|manag|won\b|finish|record|best|"
        r"nailed|without stopping|yes|!!|faster|further|longest|beat",
        "excited": r"excit|buzz|stoked|can'?t wait|!!|hooked|yes|pumped|hyped|let'?s go|gooo|"
        r"season|signed up|woo|jump",
        "happy": r"happ|glad|great|love|yes|!!|fun|good|best|smile|joy|buzz|cry, a good",
        "disappointed": r"disappoint|gutted|fail|miss|slow|worse|lost|last\b|didn'?t|dns|dnf|sad|"
        r"cried|rubbish|shame|behind|again|gone|only|wasted|stuck|frustrat|annoy|hoped|wanted|"
        r"still|\bred\b|\boff\b|tired",
        "nervous": r"nerv|scared|afraid|anxi|worr|race|first|panic|dread|freak|shak|butterfl|fear|"
        r"new\b|\?!|scary|embarrass|feel|what if|tests?\b|worst",
        "worried": r"nerv|scared|afraid|anxi|worr|race|panic|dread|freak|scary|hurt|pain|bad|wrong|"
        r"losing|\?|normal",
        "scared": r"nerv|scared|afraid|anxi|worr|panic|dread|freak|shak|scary|terrif|fear|chest|"
        r"pain|help|heart|blue|breath|die|blood|faint|collaps|hurt|dizz|sick|kill|pills|shock|alone",
        "sad": r"sad|cry|cried|die|dead|lost|funeral|divorce|lonely|alone|down|low|rubbish|gutted|"
        r"hard|left|broke|tears|point|miss|flat|hospital|rough",
        "tired": r"tired|exhaust|sle[ep]|slept|knacker|wreck|shatter|drained|energy|heavy|dead|"
        r"cooked|fried|wiped|worn|awake|night|flat|fatigue|can'?t be|meh|hard|batter|jelly|jetlag|"
        r"broken|legs|lazy|yawn|coffee|😴|🥱",
        "sore": r"sore|ach|stiff|doms|hurt|pain|tight|heavy|jelly|wreck|trash|niggl|concrete|wood|"
        r"squat|destroy|murder|kill|tender",
        "surprised": r"surpris|\?!|\?\?|wow|what\b|really|suddenly|expect",
        "embarrassed": r"embarrass|sham|stare|look|laugh|everyone|stupid|awkward|fool|idiot|last",
        "lonely": r"lonely|alone|nobody|no one|solo|by myself|on my own|no friends|left|empty|miss",
        "angry": r"angry|mad|furious|annoy|pissed|hate|stupid|ridicul|!!|fed up|grr|wtf|stole|took|"
        r"unfair|rant|liar",
        "lost": r"lost|stuck|no idea|confus|don.?t know|dunno|where|overwhelm",
        "thankful": r"thank|thx|cheers|grateful|\bta\b",
        "confused": r"confus|\?|don'?t (?:get|understand)|mean|huh|unclear|what",
    }.items()
}
_OF_ATHLETE = re.compile(
    r"(?:and |but |so |that |yes,? |no,? |well,? )*(?:you|your|you're|you've)\b"
)
_OPEN = re.compile(
    r"\byou(?:'ll|'d)\b|\byou (?:can|could|may|might|need|should|must|would|will|do not have|"
    r"don't have|do not need|don't need|only (?:have|need))\b|\b(?:if|when|unless)\b"
)
_DENIES = re.compile(
    r"\byou(?:'re| are| were| do| did| have| feel| can| will| had)? ?(?:not|n't|never|cannot)\b|"
    r"\byou (?:can't|aren't|don't|didn't|haven't|won't|weren't)\b"
)
_DENIES_LITTLE = re.compile(r"have to|need|must|only|just|alone|should|want")
#: Nobody is a number of minutes; "you are 6 weeks in" is time that has passed.
_IS_A_NUMBER = re.compile(
    r"\byou(?:'re| are) (?:still )?(?:at |on )?\d[\d:.]* ?(?:minutes?|weeks?|km|kg|hours?|miles?|m)\b"
    r"(?! (?:in|into|away|from|out|old|off|behind|ahead|faster|slower|closer|pregnant|post|after|"
    r"past|further|back)\b)"
)
_NOT_YET = re.compile(
    r"(?:and |but |so )*you(?:'ve| have| are|'re| were| did|) (?:not|never|\w+n't)\b|"
    r"(?:and |but |so )*you (?:haven't|aren't|weren't|didn't)\b"
)
#: What people call themselves in a bad hour; denying it is kind.
_SELF_REPROACH = re.compile(
    r"\b(?:lazy|stupid|mad|crazy|silly|monster|bad|behind|soft|weak|slow|idiot|fail\w*|alone|wrong|"
    r"useless|fraud|los[et]\w*|zero|person|old|fat|rude|late|broken|fool|coward|weird|normal|dumb)\b"
)
_AFFIRMS = re.compile(r"\byou (?:are|were|have|can|did|want|like|feel|had)\b|\byou're\b|\byou've\b")
_NAME = re.compile(r"\b(?:hi|hello|hey|good (?:morning|evening|night))[, ]+josi\b")
_OTHERS = re.compile(r"\b(?:he|she|him|her|his)\b")
_PERSON = re.compile(
    r"\b(?:he|she|they|him|her|them|his|their|who|friends?|mum|mom|dad|son|daughter|wife|husband|"
    r"partner|kids?|boss|mate|brother|sister|people|everyone|coach|club|team|lads|doc\w*|baby|dog|"
    r"cat|guys?|man|woman|lady|mother|father|gran\w*|girlfriend|boyfriend|uncle|aunt|niece|nephew|"
    r"teacher|boy|girl|twins?|physio|cousin|neighbour|colleague)\b"
)


def _feelings(reading: Reading) -> Iterator[Cue]:
    for sentence in reading.told:
        for match in _ACKNOWLEDGED.finditer(sentence.text):
            place = (sentence.start + match.start(), sentence.start + match.end())
            what = match["what"]
            mine, foreign = content_words(what), reading.foreign(what)
            if foreign and 2 * len(foreign) >= len(mine):
                yield reading.cue("ack_unlicensed", *place)
            if _LIKED.search(what) and not _LIKING.search(reading.said):
                yield reading.cue("ack_like", *place)
        match = _GLAD_TO_HEAR.search(sentence.text)
        if match and not _GOOD_NEWS.search(reading.message):
            yield reading.cue(
                "glad_without_cause", sentence.start + match.start(), sentence.start + match.end()
            )
        for match in _FEELING.finditer(sentence.text):
            feeling = match["which"]
            stands = _BEHIND[feeling].search(reading.said) or (
                feeling in ("sore", "tired") and feeling in reading.licence.plan_text
            )
            if not stands:
                yield reading.cue(
                    "feeling_presumed", sentence.start + match.start(), sentence.start + match.end()
                )


def _turned(reading: Reading, start: int, clause: str) -> Cue | None:
    """Return a cue if a clause denies what the athlete said of themselves, or says what they
    denied."""
    here = uses(clause)
    shared = [w for w in here if w in reading.said_uses and w not in TALK_STEMS]
    denied = (
        _DENIES.search(clause)
        and not _DENIES_LITTLE.search(clause)
        and not _SELF_REPROACH.search(clause)
    )
    affirmed = _AFFIRMS.search(clause) and not NEGATION.search(clause)
    for word in shared:
        there = reading.said_uses[word]
        if denied and all(here[word]) and not any(there):
            return reading.cue("turned_denied", start, start + len(clause))
        if (
            affirmed
            and all(there)
            and not any(here[word])
            and not re.search(r"\b(?:if|want|wish|would|like)\b", clause)
        ):
            return reading.cue("turned_affirmed", start, start + len(clause))
    return None


def presumed_cues(reading: Reading) -> Iterator[Cue]:
    """Yield feelings, wishes and facts of the athlete that the case does not give."""
    yield from _feelings(reading)
    for sentence, start, clause in reading.told_clauses():
        if re.search(r"\byou(?:r|'re)?\b", clause):
            turned = _turned(reading, start, clause)
            if turned:
                yield turned
        if (
            _OF_ATHLETE.match(clause)
            and not _OPEN.search(clause)
            and reading.card_share(sentence.text) < 0.5
        ):
            for word in reading.foreign(clause):
                yield reading.cue("fact_not_given", start + word.start, start + word.end)
        match = _IS_A_NUMBER.search(clause)
        if match and match.group() not in reading.said and not reading.flag:
            yield reading.cue("is_a_number", start + match.start(), start + match.end())
        if (
            _NOT_YET.match(clause)
            and not _DENIES_LITTLE.search(clause)
            and not _SELF_REPROACH.search(clause)
            and not reading.supported(clause)
        ):
            yield reading.cue("lack_not_given", start, start + len(clause))
        if _OTHERS.search(clause) and not _PERSON.search(reading.said):
            yield reading.cue("somebody_unnamed", start, start + len(clause))
    match = _NAME.search(reading.text)
    if match:
        yield reading.cue("calls_athlete_josi", match.start(), match.end())
