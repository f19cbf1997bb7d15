"""Plain words: would a friend say it so? Jargon, long sentences, lists and long words count."""

from __future__ import annotations

import re

from josi_utils.scoring.normalise import Finding, match_span, plain_quotes, sentences, words

#: Words of textbooks, laboratories and training science.
JARGON = re.compile(
    r"\b(?:lactate|vo2 ?max|vo2|mitochondri\w*|glycogen|aerobic\w*|anaerobic\w*|ventilatory|"
    r"parasympath\w*|sympathetic "
    r"(?:dominance|tone)|neuromuscular|physiolog\w*|biomechanic\w*|hrv|hrmax|hr ?max|rpe|1rm|"
    r"periodi[sz]ation|mesocycle|"
    r"microcycle|macrocycle|supercompensation|adaptations?|stimulus|stimuli|cadence drift|"
    r"kinetics|metaboli\w*|oxidation|"
    r"biogenesis|capillar\w*|cardiovascular|cardiac drift|homeosta\w*|autonomic|cortisol|"
    r"hormon\w*|tendon stiffness|"
    r"running economy|recruitment|incidence|soleus|gastrocnemius|quadriceps|hamstring complex|"
    r"plantar|eccentric|concentric|"
    r"isometric|plyometric\w*|hypertroph\w*|suboptimal|optimal\w*|optimi[sz]\w*|attenuat\w*|"
    r"elevated|conjunction|"
    r"protocol|parameters?|metrics?|volume|intensity|load management|modalit\w*|elicit\w*|"
    r"facilitat\w*|utili[sz]\w*|"
    r"mitigat\w*|physiotherapeutic|pgc\w*|vt1|vt2|lt1|lt2|ftp|psychosocial|subjective\w*|"
    r"objective of|indicated|"
    r"algorithm\w*|viterbi|gatc|acwr|hmm|markov|ratio|model|hidden states?|carbohydrates?|"
    r"intervention|threshold pulse|"
    r"coronary|angina|therefore|furthermore|moreover|regarding|prior to|in accordance|"
    r"adherence|compliance)\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_MARKUP = re.compile(r"\*\*|^#|<\||```|\|\s*\w+\s*\|", re.MULTILINE)


def _syllables(word: str) -> int:
    """Return about how many syllables a word has (vowel groups, silent final e left out)."""
    groups = re.findall(r"[aeiouy]+", word.lower())
    silent = word.lower().endswith("e") and not word.lower().endswith("le") and len(groups) > 1
    return max(1, len(groups) - silent)


def score_plain(reply: str, licensed: str = "") -> tuple[float, list[Finding]]:
    """Score plainness from 1 to 5.

    Parameters
    ----------
    licensed : str
        The athlete's and the card's words: jargon that the athlete used is half forgiven.
    """
    text = plain_quotes(reply)
    tokens = [w.text for w in words(text)]
    why: list[Finding] = []
    penalty = 0.0
    seen: set[str] = set()
    for match in JARGON.finditer(text):
        term = match.group().lower()
        if term not in seen:
            penalty += 0.4 if term in licensed.lower() else 0.8
            seen.add(term)
            why.append(Finding("plain", f"textbook word: {match.group()}", match_span(match)))
    long_words = [w for w in tokens if _syllables(w) >= 4]
    penalty += 6.0 * max(0.0, len(long_words) / max(1, len(tokens)) - 0.05)
    pieces = sentences(text)
    longest = max(pieces, key=lambda s: len(s.text.split()), default=None)
    if longest and len(longest.text.split()) > 30:
        penalty += min(1.5, (len(longest.text.split()) - 30) * 0.06)
        why.append(Finding("plain", f"a sentence of {len(longest.text.split())} words", longest))
    if _LIST.search(text) or _MARKUP.search(text):
        penalty += 1.5
        why.append(Finding("plain", "a list or mark-up, not talk"))
    # Several "Label: value." pieces read like a form.
    labels = len(re.findall(r"(?:^|[.\n] *)[A-Z]\w+: ?\S", text))
    if labels >= 3:
        penalty += 2.5
        why.append(Finding("plain", "reads like a form"))
    return max(1.0, 5.0 - penalty), why
