"""Goals too big for their time that no race's distance tells, each kind by its own pattern.

Volume, a race after an injury or an illness, several events at once and muscle have their own words
in ``fallback.json`` (``bare_KIND``); weight and qualifying times stand here too. The limits are
wide, as in :mod:`josi_utils.guard.leap`, and where a date or a figure is missing nothing is said.
"""

from __future__ import annotations

import re

from josi_utils.guard import leap_words as words

#: From so many times the present week, begun within so many days, on a week is too much.
VOLUME_FACTOR, VOLUME_DAYS = 1.75, 75
#: A race within so many days of an illness or an injury that is so many days behind is too soon.
RACE_DAYS, AFTER_ILL, AFTER_HURT = 17, 16, 75
#: So many great events within so many days are too much for anybody.
EVENTS_DAYS = 35
#: A body gains no more kilos of muscle than this in as many days.
MUSCLE_KG, MUSCLE_DAYS = 4, 75
#: A month of so many times the last one, and of so many kilometres at least, is too much.
MONTH_FACTOR, MONTH_KM = 4, 60
#: So much on each day is too much: km for a beginner, hours for a beginner, hours for all others.
DAILY_KM, DAILY_HOURS_NEW, DAILY_HOURS = 10, 2, 4
#: A week of so many times the last one, and of so many kilometres or hours at least, is too much.
WEEK_FACTOR, WEEK_LEAST = 2, 25
#: A week below this is small however it grows; with more than a month left it may grow so far.
SMALL_WEEK, MONTH, VOLUME_FACTOR_LATER = 8, 31, 2.5
#: A healthy body loses up to so many kilos a week; other figures are read as weight within these.
FASTEST_LOSS, LEAST_WEIGHT, LEAST_LOSS, MOST_LOSS = 1.2, 45, 3, 60
#: A wish for another look within so many days is too much; "today" alone is the day of a session.
LOOKS_FROM, LOOKS_DAYS = 2, 35
#: Nobody comes from a marathon of so many hours to a qualifying time in so many days.
SLOW_MARATHON_HOURS, QUALIFY_DAYS = 4, 400

_PER_WEEK = r"(?:a|per|each|every) week|(?:km|k|miles) week|weekly|km weeks|mileage|my volume|training volume|weekly volume"
_UNIT = r"(?:km|k|kms|miles|mile|mi|hours|h|runs|sessions)"
_AMOUNT = re.compile(rf"\b{words.N}(?: {_UNIT})?\b(?! (?:weeks|months|days|years|minutes|kg|th)\b)")
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
    r"(?:marathon|half(?! (?:an|of|hour|the|way|past|a|my|as|today|it|that|is)\b)|"
    r"(?:the|my|a|first) half(?= is)|ultra|triathlon|tri|ironman|race|racing|races|10 k|5 k|parkrun|fondo|sportive|regatta|duathlon|hyrox|"
    r"loppet|cross country|(?:my|the|our|a|cup|first|next|big) (?:match|event)(?! at work)|tournament|nationals|champs|championships?|relay|time trial|\d+ miler)"
)
_RACES = re.compile(rf"\b{_RACE}\b")
_NO = r"(?<!no )(?<!not )(?<!without )(?<!any )(?<!never )(?<!zero )(?<!never had )(?<!never had a )(?<!never had an )(?<!\bor )"
_THINGS = (
    r"(?! (?:sleep|nights?|bike|chain|watch|phone|car|record|down|spokes?|laces?|pb|pr|glasses|"
    r"shoes?|garmin|treadmill|promises?|heart)\b)"
)
#: What is hurt so much that it must heal; a sore part of the body is read beside a race only.
HURT = re.compile(
    rf"{_NO}\b(?:stress fracture|fractures?|fractured|broke (?:my|two|three|a|both|some){_THINGS}|broken{_THINGS}|surgery|operation|op on|(?:had|after) (?:an|my) op|my \w+ op|(?:on|with) crutches|in (?:a|the|my) (?:cast|boot)|"
    r"cast (?:came|is|was|came right)|(?:cast|boot|plaster|crutches|stitches)(?: \w+){0,4} off|off (?:the )?crutches|"
    r"(?:took|take) the (?:boot|cast|plaster) off|injury(?! free)|injured|stitched|(?<!in )stitches(?! from)|tore|torn|sprain(?:ed)?|dislocated|ruptured|pulled (?:my )?(?:hamstring|calf|groin))\b"
)
_HURT = re.compile(rf"{HURT.pattern}|{_NO}\b(?:hamstring|achilles|meniscus|acl)\b")
_ILL = re.compile(
    rf"{_NO}\b(?:covid|flu|influenza|pneumonia|fever|chest infection|stomach bug|norovirus|bronchitis|tonsillitis|virus)\b"
    r"(?! (?:jabs?|shots?|vaccin\w*|boosters?|injection|free|negative))"
)
_BEHIND = re.compile(
    rf"\b{words.N} (day|night|week|month)s? (?:ago|post|after|since|out of)\b|\b(yesterday|last night|today|this morning|last week|on monday|on tuesday|on wednesday|on thursday|"
    r"on friday|this week|just|only just|finally|last month|healed|cleared|out of hospital|still)\b"
)
#: "Today" alone is the day of the session, and the race's only where it is said beside it.
_RACE_TODAY = re.compile(
    rf"\b{_RACE}(?! \w+ was| was)(?: \w+){{0,3}} (?:today|tonight)\b|\b(?:today|tonight)(?: \w+){{0,3}} {_RACE}\b"
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
    rf"\b{words.N} (?:half |full )?(?:marathons|halfs|half marathons|ultras|ironmans|triathlons) (?:in|over|on|within) {words.N} (day|weekend|week)s?\b"
    rf"|\b{words.N} days? {words.N} (?:half |full )?(?:marathons|ultras|ironmans)\b"
)
_MUSCLE = re.compile(
    rf"\b(?:gain|put on|add|pack on|build) {words.N} (?:kg|kgs|kilos|kilo)(?: of)?(?: pure| lean)? ?(?:muscles?|mass)?\b"
)
_MONTH_SUM = re.compile(
    rf"\b{words.N} (?:km|k|kms|miles) (?:this|in a|in one|next) (?:week|month)\b.*\b(?:this year|last month|last week|so far|month before)\b.*?\b{words.N} (?:km|k|kms|miles)\b"
)
_EACH_DAY = re.compile(
    rf"\b{words.N} (?:km|k|kms|miles) (?:a|per|every|each) day every (?:single )?day\b"
)
_LAST_THIS = re.compile(
    rf"\blast week\b.{{0,30}}?\b{words.N} (?:km|k|kms|miles|hours)\b.*\b(?:this|next) week\b.{{0,30}}?\b{words.N}\b(?! (?:minutes|kg|percent|x|times))"
)
_DAILY = re.compile(
    rf"\b(?:train|run|ride|swim|row|gym|cycle|workout|work out|sessions?)\b.{{0,24}}\b(?:every (?:single )?day|daily|a day|each day)(?: for)? {words.N} hours\b"
    rf"|\b{words.N} hours (?:a|every(?: single)?|each|per) day\b(?=.*\b(?:train|run|ride|swim|row|gym|cycle|workout)\b)"
)
#: Hours of work, of sleep or of the road are no training.
_NO_SPORT = (
    r"(?:work(?! ?out)|working|works|sit|sitting|sleep|sleeping|drive|driving|commut\w+|stand|"
    r"standing|study|studying|desk|office|job|shifts?|school|feet|screen|computer|phone|gam\w+)"
)
_WORKS_BEFORE = re.compile(rf"\b{_NO_SPORT}(?: \w+){{0,3}} $")
_WORKS_AFTER = re.compile(rf"^(?: \w+){{0,2}} {_NO_SPORT}\b")
_BOSTON = re.compile(
    r"\bwin (?:the|a|my|our) (?:\w+ )?marathon\b(?! medals?)|\b(?:qualify|qualifying|bq|get in|get into) (?:for |to )?(?:boston|the boston)\b|\bbq\b"
)

#: A marathon's time: no pace, and no hour of the clock.
_NO_CLOCK = r"(?! ?(?:per|pace|am|pm|a k|min|minutes?|km|k|oclock)\b)"
_BEST = re.compile(
    rf"\b(?:pb|pr|best|marathon|ran|run|did|time|currently|now|last)(?: (?!pace|alarm|up\b)\w+){{0,3}} (\d):\d\d\b{_NO_CLOCK}"
    rf"|(?<!pace )(?<!pace of )(?<!alarm at )(?<!is at )\b(\d):\d\d{_NO_CLOCK}(?: (?!pace|alarm)\w+){{0,2}} (?:pb|pr|best|marathon|marathoner)\b"
)


def figure_of(text: str) -> float:
    """Return the figure that digits or a word stand for: 12 for "twelve"."""
    return float(words.WORDS.get(text) or text)


def _is_work(text: str, hours: re.Match[str]) -> bool:
    before, after = text[: hours.start()], text[hours.end() :]
    return bool(_WORKS_BEFORE.search(before) or _WORKS_AFTER.search(after))


def _volume(text: str, days: float | None) -> bool:
    total = _MONTH_SUM.search(text)
    if total and figure_of(total[1]) >= max(MONTH_FACTOR * max(figure_of(total[2]), 1), MONTH_KM):
        return True
    each = _EACH_DAY.search(text)
    if each and figure_of(each[1]) >= DAILY_KM and words.NOTHING.search(text):
        return True
    weeks = _LAST_THIS.search(text)
    if weeks and figure_of(weeks[2]) >= max(WEEK_FACTOR * max(figure_of(weeks[1]), 1), WEEK_LEAST):
        return True
    daily = _DAILY.search(text)
    most = DAILY_HOURS_NEW if words.NOTHING.search(text) else DAILY_HOURS
    if daily and figure_of(daily[1] or daily[2]) >= most and not _is_work(text, daily):
        return True
    soon = _SOON.search(text) or (days is not None and 3 < days <= VOLUME_DAYS)
    if not soon or _BACK.search(text):
        return False
    if _JUMP.search(text):
        return True
    if not re.search(rf"\b(?:{_PER_WEEK})\b", text) or not _MOVES.search(text):
        return False
    bare = re.sub(r"\b(?:im|aged?|i am) \d+\b|\b\d+ (?:x|times|days) (?:a|per) week\b", " ", text)
    pair = re.search(rf"\bfrom {words.N}(?: {_UNIT})?.{{0,40}}? to {words.N}\b", bare)
    values = sorted({figure_of(n) for n in (pair.groups() if pair else _AMOUNT.findall(bare))})
    if len(values) != 2 or values[1] < SMALL_WEEK:
        return False
    least = VOLUME_FACTOR if days is None or days <= MONTH else VOLUME_FACTOR_LATER
    return values[1] / max(values[0], 1) >= least


def _comeback(text: str, days: float | None) -> bool:
    hurt, ill = _HURT.search(text), _ILL.search(text)
    if not (hurt or ill) or days is None or days > RACE_DAYS or _GENTLE.search(text):
        return False
    if not (_RACE_TODAY if days <= 1 else _RACES).search(text):
        return False
    most = AFTER_HURT if hurt else AFTER_ILL
    for found in _BEHIND.finditer(text):
        ago = figure_of(found[1]) * _AGO[found[2]] if found[1] else 7
        if ago <= most:
            return True
    return bool(re.search(r"\bhad (?:\w+ )?(?:surgery|operation)\b", text))


def _several(text: str, days: float | None) -> bool:
    row = _BACK_TO_BACK.search(text)
    if row:
        many = figure_of(row[1] or row[4])
        span = (figure_of(row[2]) * (7 if row[3] != "day" else 1)) if row[1] else many
        return many >= 3 and span <= many * 7
    found = sum(bool(pattern.search(text)) for pattern in _GREAT)
    one_by_one = len(set(_DAYS_NAMED.findall(text))) >= 2
    return found >= 3 and (one_by_one or (days is not None and days <= EVENTS_DAYS))


def _muscle(text: str, days: float | None) -> bool:
    found = _MUSCLE.search(text)
    if not found or days is None or days > MUSCLE_DAYS:
        return False
    muscle = re.search(r"\bmuscles?\b|\bmass\b|\bbulk", text)
    return figure_of(found[1]) >= MUSCLE_KG and muscle is not None


def qualifies(text: str, days: float | None) -> bool:
    """Tell whether a slow marathon runner wants to qualify, or to win, within about a year."""
    best = _BEST.search(text)
    soon = (days is not None and days <= QUALIFY_DAYS) or "this year" in text
    slow = best and int(best[1] or best[2]) >= SLOW_MARATHON_HOURS
    return bool(_BOSTON.search(text) and slow and soon)


# --- weight ---

_WISHES = re.compile(
    r"\b(?:want|wanna|lose|losing|drop|dropping|shed|get|getting|rid|need|goal|wish|like to|too small|smaller|fit into)\b"
)
#: What was lost last week is no wish, but tells that weight is meant.
_LOST_SO_FAR = re.compile(
    rf"\b(?:lost|dropped) {words.N} (?:{'|'.join(words.KILOS)}) (?:this|last) (?:week|month)\b"
)


def too_light(text: str, days: float | None) -> bool:
    """Tell whether so much weight is to be lost in so short a time that it is too much."""
    if words.LOOKS.search(text) and days and LOOKS_FROM <= days <= LOOKS_DAYS:
        return bool(_WISHES.search(text))
    text = _LOST_SO_FAR.sub(" lose ", text)
    bare = re.search(rf"\b(?:{'|'.join(words.KILOS)}) in (?:{words.N}|a)\b", text)
    weigh = words.WEIGH.search(text)
    if weigh and days:
        goal, now = (float(figure) for figure in weigh.groups() if figure)
        if 0 < now - goal < MOST_LOSS and now >= LEAST_WEIGHT:
            return (now - goal) / days * 7 > FASTEST_LOSS
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
    kilos = [figure_of(n) * words.KILOS[unit] for n, unit in words.WEIGHT.findall(text)]
    loss = (
        (figure_of(pair[1]) - figure_of(pair[3])) * words.KILOS[pair[4]]
        if pair
        else min(kilos, default=0)
    )
    if not days or not LEAST_LOSS <= loss <= MOST_LOSS:
        return False
    return loss / days * 7 > FASTEST_LOSS


# --- all kinds ---


def kind_of(text: str, days: float | None) -> str | None:
    """Return what makes a goal too big: or None where nothing does.

    Parameters
    ----------
    text : str
        The message's words (:func:`josi_utils.guard.told.flat`) without its clauses' ends.
    days : float or None
        That are left.

    Returns
    -------
    str or None
        ``"comeback"``, ``"ill"``, ``"several"``, ``"volume"``, ``"muscle"``; weight and times to
        qualify are :func:`too_light` and :func:`qualifies`.

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
