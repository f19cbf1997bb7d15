"""Goals too big for their time that no race's figures tell: volume, a race after an injury, several.

Each kind is told by its own pattern, and has its own words in ``fallback.json`` (``bare_KIND``).
The limits are wide, as in :mod:`josi_utils.guard.leap`, and where a date or a figure is missing
nothing is said.
"""

from __future__ import annotations

import re

from josi_utils.guard import leap_words as words
from josi_utils.guard.leap_words import WORDS, N

#: From so many times the present week, begun within so many days, on a week is too much.
VOLUME_FACTOR, VOLUME_DAYS = 1.75, 75
#: A race within so many days of an illness or an injury that is so many days behind is too soon.
RACE_DAYS, AFTER_ILL, AFTER_HURT = 17, 16, 75
#: So many great events within so many days are too much for anybody.
EVENTS_DAYS = 35
#: A body gains no more kilos of muscle than this in as many days.
MUSCLE_KG, MUSCLE_DAYS = 4, 75

_PER_WEEK = (
    r"(?:a|per|each|every) week|weekly|km weeks|mileage|my volume|training volume|weekly volume"
)
_UNIT = r"(?:km|k|kms|miles|mile|mi|hours|h|runs|sessions)"
_AMOUNT = re.compile(rf"\b{N}(?: {_UNIT})?\b(?! (?:weeks|months|days|years|minutes|kg|th)\b)")
_JUMP = re.compile(
    r"\b(?:double|doubling|triple|tripling|quadruple|treble|trebling) (?:my |the )?(?:whole )?(?:weekly |running |cycling |swim |swimming )?"
    r"(?:running|mileage|volume|distance|km|kilometers|miles|training|load|hours|weekly|week)\b"
)
_SOON = re.compile(
    r"\b(?:next week|this week|from (?:now|tomorrow|monday|today|next week)|starting (?:now|tomorrow|monday|today|next week)"
    r"|on monday|overnight|straight away|at once|right away|every week|(?:in|within) (?:a|one|1|two|2|three|3) weeks?)\b"
)
_MOVES = re.compile(
    r"\b(?:from|to|want|plan|planning|going|gonna|says|said|suggests|starting|begin|begins|starts|will|il|id like|raise|up|jump|jumping|increase|go)\b"
)
_BACK = re.compile(
    r"\b(?:went|did|dropped|was|last year|used to|built|have gone|since) (?:up )?from\b"
)

_RACE = (
    r"(?:marathon|half|ultra|triathlon|tri|ironman|race|racing|races|10 k|5 k|parkrun|fondo|sportive|regatta|duathlon|hyrox|"
    r"loppet|cross country|match|tournament|event|nationals|champs|championships?|relay|time trial|\d+ miler)"
)
_HURT = re.compile(
    r"\b(?:stress fracture|fracture|fractured|broke (?:my|two|three|a|both|some)|broken|surgery|operation|op on|(?:had|after) (?:an|my) op|"
    r"cast (?:came|is|was|came right)|(?:cast|boot|plaster|crutches|stitches)(?: \w+){0,4} off|off (?:the )?crutches|"
    r"(?:took|take) the (?:boot|cast|plaster) off|injury|injured|stitched|stitches|tore|torn|sprain(?:ed)?|dislocated|ruptured|pulled (?:my )?(?:hamstring|calf|groin)|"
    r"hamstring|achilles|meniscus|acl)\b"
)
_ILL = re.compile(
    r"\b(?:covid|flu|influenza|pneumonia|fever|chest infection|stomach bug|norovirus|bronchitis|tonsillitis|virus)\b"
)
_BEHIND = re.compile(
    rf"\b{N} (day|night|week|month)s? (?:ago|post|after|since|out of)\b|\b(yesterday|last night|today|this morning|last week|on monday|on tuesday|on wednesday|on thursday|"
    r"on friday|this week|just|only just|finally|last month|healed|cleared|out of hospital|still)\b"
)
_AGO = {"day": 1, "night": 1, "week": 7, "month": 30}
_GENTLE = re.compile(
    r"\b(?:cheer|cheering|watch|watching|volunteer|marshal|defer|deferred|deferring|pull out|pulling out|withdraw|cancel|cancelled|not racing|"
    r"missed|miss (?:the|my)|had to skip|skip (?:the|my)|gave up|give up my place|before my|hope to|next year|sad|gutted|heartbroken)\b"
)

_GREAT: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rf"\b(?:{pattern})\b")
    for pattern in (
        r"(?<!half )(?<!walking )marathons?", r"half marathons?|a half(?! an)|(?<=day )half", r"ultras?|ultra marathons?", r"ironman|iron man|70\.3", r"full one|the full|a full one",
        r"(?:olympic |sprint |a |the )?(?:triathlon|tri)", r"(?:sportive|gran fondo|century ride|100 mile(?:r| ride| sportive)?)",
        r"everest|mont blanc|kilimanjaro|matterhorn", r"hyrox", r"channel|swim marathon",
        r"[1-9]\d\d (?:k|km|kms|miles?) (?:ride|bike|cycle|run|walk|gravel)",
    )
)  # fmt: skip
_DAYS_NAMED = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:same|one|back to back|next) (?:day|weekend)\b"
)
_BACK_TO_BACK = re.compile(
    rf"\b{N} (?:half |full )?(?:marathons|halfs|half marathons|ultras|ironmans|triathlons) (?:in|over|on|within) {N} (day|weekend|week)s?\b"
    rf"|\b{N} days? {N} (?:half |full )?(?:marathons|ultras|ironmans)\b"
)
_MUSCLE = re.compile(
    rf"\b(?:gain|put on|add|pack on|build) {N} (?:kg|kgs|kilos|kilo)(?: of)?(?: pure| lean)? ?(?:muscles?|mass)?\b"
)
_MONTH_SUM = re.compile(
    rf"\b{N} (?:km|k|kms|miles) (?:this|in a|in one|next) (?:week|month)\b.*\b(?:this year|last month|last week|so far|month before)\b.*?\b{N} (?:km|k|kms|miles)\b"
)
_EACH_DAY = re.compile(
    rf"\b{N} (?:km|k|kms|miles) (?:a|per|every|each) day every (?:single )?day\b"
)
_LAST_THIS = re.compile(
    rf"\blast week\b.{{0,30}}?\b{N} (?:km|k|kms|miles|hours)\b.*\b(?:this|next) week\b.{{0,30}}?\b{N}\b(?! (?:minutes|kg|percent|x|times))"
)
_DAILY = re.compile(
    rf"\b(?:train|run|ride|swim|row|gym|cycle|workout|work out|sessions?)\b.{{0,24}}\b(?:every (?:single )?day|daily|a day|each day)(?: for)? {N} hours\b"
    rf"|\b{N} hours (?:a|every(?: single)?|each|per) day\b(?=.*\b(?:train|run|ride|swim|row|gym|cycle|workout|goal|from)\b)"
)
_BOSTON = re.compile(
    r"\bwin (?:the|a|my|our) (?:\w+ )?marathon\b|\b(?:qualify|qualifying|bq|get in|get into) (?:for |to )?(?:boston|the boston)\b|\bbq\b"
)


def _value(text: str) -> float:
    return float(WORDS.get(text) or text)


def _volume(text: str, days: float | None) -> bool:
    total = _MONTH_SUM.search(text)
    if total and _value(total[1]) >= 4 * max(_value(total[2]), 1) and _value(total[1]) >= 60:
        return True
    each = _EACH_DAY.search(text)
    if each and _value(each[1]) >= 10 and words.NOTHING.search(text):
        return True
    weeks = _LAST_THIS.search(text)
    if weeks and _value(weeks[2]) >= 2 * max(_value(weeks[1]), 1) and _value(weeks[2]) >= 25:
        return True
    daily = _DAILY.search(text)
    if daily and _value(daily[1] or daily[2]) >= (2 if words.NOTHING.search(text) else 4):
        return True
    soon = _SOON.search(text) or (days is not None and 3 < days <= VOLUME_DAYS)
    if not soon or _BACK.search(text):
        return False
    if _JUMP.search(text):
        return True
    if not re.search(rf"\b(?:{_PER_WEEK})\b", text) or not _MOVES.search(text):
        return False
    bare = re.sub(r"\b(?:im|aged?|i am) \d+\b|\b\d+ (?:x|times|days) (?:a|per) week\b", " ", text)
    pair = re.search(rf"\bfrom {N}(?: {_UNIT})?.{{0,40}}? to {N}\b", bare)
    values = sorted(
        {_value(pair[1]), _value(pair[2])} if pair else {_value(n) for n in _AMOUNT.findall(bare)}
    )
    if len(values) != 2 or values[1] < 8:
        return False
    least = VOLUME_FACTOR if days is None or days <= 31 else 2.5
    return values[1] / max(values[0], 1) >= least


def _comeback(text: str, days: float | None) -> bool:
    hurt, ill = _HURT.search(text), _ILL.search(text)
    if not (hurt or ill) or days is None or days > RACE_DAYS or _GENTLE.search(text):
        return False
    if not re.search(rf"\b{_RACE}\b", text):
        return False
    most = AFTER_HURT if hurt else AFTER_ILL
    for found in _BEHIND.finditer(text):
        ago = _value(found[1]) * _AGO[found[2]] if found[1] else 7
        if ago <= most:
            return True
    return bool(re.search(r"\bhad (?:\w+ )?(?:surgery|operation)\b", text))


def _several(text: str, days: float | None) -> bool:
    row = _BACK_TO_BACK.search(text)
    if row:
        many = _value(row[1] or row[4])
        span = (_value(row[2]) * (7 if row[3] != "day" else 1)) if row[1] else many
        return many >= 3 and span <= many * 7
    found = sum(bool(pattern.search(text)) for pattern in _GREAT)
    one_by_one = len(set(_DAYS_NAMED.findall(text))) >= 2
    return found >= 3 and (one_by_one or (days is not None and days <= EVENTS_DAYS))


def _muscle(text: str, days: float | None) -> bool:
    found = _MUSCLE.search(text)
    if not found or days is None or days > MUSCLE_DAYS:
        return False
    return _value(found[1]) >= MUSCLE_KG and bool(re.search(r"\bmuscles?\b|\bmass\b|\bbulk", text))


def qualifies(text: str, days: float | None) -> bool:
    """Tell whether a race that asks for a fast time is wished within a year by a slow runner."""
    best = re.search(r"\b(\d):(\d\d)\b", text)
    soon = (days is not None and days <= 400) or "this year" in text
    return bool(_BOSTON.search(text) and best and int(best[1]) >= 4 and soon)


# --- weight -----------------------------------------------------------------------------------

#: A healthy body loses up to so many kilos a week; more, or much in all, is too much.
FASTEST_LOSS = 1.2


def too_light(text: str, days: float | None) -> bool:
    """Tell whether so much weight is to be lost in so short a time that it is too much."""
    if words.LOOKS.search(text) and days and days <= 35:
        return bool(
            re.search(
                r"\b(?:want|get|lose|drop|need|all|have|give|be|by|getting|too small|smaller|in|currently)\b",
                text,
            )
        )
    bare = re.search(rf"\b(?:{'|'.join(words.KILOS)}) in (?:{words.N}|a)\b", text)
    weigh = words.WEIGH.search(text)
    if weigh and days and 0 < float(weigh[2]) - float(weigh[1]) < 60 and float(weigh[2]) >= 45:
        return (float(weigh[2]) - float(weigh[1])) / days * 7 > FASTEST_LOSS
    down = words.FROM_KG.search(text)
    if down and days and not words.LIFTS.search(text):
        return (float(down[1]) - float(down[2])) / days * 7 > FASTEST_LOSS
    two = words.TWO_KILOS.search(text)
    if two and days and not words.LIFTS.search(text):
        return (float(two[1]) - float(two[2])) / days * 7 > FASTEST_LOSS
    pair = words.FROM_TO.search(text)
    if not (bare or pair or re.search(rf"\b{words.LOSE}\b", text)) or words.LIFTS.search(text):
        return False
    if re.search(rf"\b{words.N} (?:{'|'.join(words.KILOS)}) (?:a|per|each|every) day\b", text):
        return True
    kilos = [_value(n) * words.KILOS[unit] for n, unit in words.WEIGHT.findall(text)]
    loss = (
        (_value(pair[1]) - _value(pair[3])) * words.KILOS[pair[4]]
        if pair
        else min(kilos, default=0)
    )
    if not days or loss < 3 or loss > 60:
        return False
    return loss / days * 7 > FASTEST_LOSS


# --- all kinds ---


def kind_of(text: str, days: float | None) -> str | None:
    """Return what makes a goal too big: ``"volume"``, ``"comeback"``, ``"ill"``, ``"several"``.

    Parameters
    ----------
    text : str
        The message's words (:func:`josi_utils.guard.told.flat`) without its clauses' ends.
    days : float or None
        That are left.

    Examples
    --------
    >>> kind_of("from 20 to 80 km a week from monday", None), kind_of("from 20 to 25 km a week", 7)
    ('volume', None)
    """
    if _comeback(text, days):
        return "comeback" if _HURT.search(text) else "ill"
    if _several(text, days):
        return "several"
    if _volume(text, days):
        return "volume"
    if _muscle(text, days):
        return "muscle"
    return None
