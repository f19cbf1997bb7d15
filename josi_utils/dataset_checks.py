"""The rules that a gold row must keep, each with its threshold in one place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from josi_utils.persona import FORBIDDEN_TERMS, escape_control, split_sentences

#: Rows above this overlap of word 3-grams (Jaccard) are one row written twice.
NEAR_DUPLICATE = 0.7
#: No opening of four words may begin more than this share of the replies.
OPENING_SHARE = 0.03
#: Distinct word 3-grams over all word 3-grams of the replies.
DISTINCT_3 = 0.40
#: Words in the longest sentence of a reply.
SENTENCE_LIMIT = 28
#: LIX, words a sentence plus per cent of words over six letters; under 40 is easy reading
#: (Björnsson 1968). No dictionary and no syllables, so it is stable on short text.
LIX_LIMIT = 40.0
QUESTIONS = (1, 2)

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)?")
_SMALL = {
    "half": "0.5", "one": "1", "once": "1", "two": "2", "twice": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11",
    "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40",
    "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100",
}  # fmt: skip
#: The emergency number that a red-flag reply may name without being handed it.
EMERGENCY_NUMBERS = {"112"}
#: Words that name a kind of session and nothing else; each must be licensed by the case.
_SESSION_WORDS = {
    "tempo": ("tempo",),
    "threshold": ("threshold",),
    "interval": ("interval",),
    "hill": ("hill", "climb", "berg"),
    "strength": ("strength", "gym", "weights", "lift", "squat", "bench"),
    "mobility": ("mobility", "stretch"),
}
_FORBIDDEN = re.compile(
    "|".join(rf"\b{re.escape(term)}(?:s|ic|ics|ical|ically)?\b" for term in FORBIDDEN_TERMS),
    re.IGNORECASE,
)


def words_of(text: str) -> list[str]:
    """Return lower-case words, letters and digits only."""
    return re.findall(r"\w+(?:'\w+)?", text.lower())


def lix(text: str) -> float:
    """Return the LIX readability of a text (Björnsson 1968); lower is easier."""
    words = words_of(text)
    if not words:
        return 0.0
    long_words = sum(len(word) > 6 for word in words)
    return len(words) / max(1, len(split_sentences(text))) + 100 * long_words / len(words)


def numbers_in(text: str) -> set[str]:
    """Return numbers, digits and small number words alike, as digits without trailing zeros."""
    found = {number.replace(",", ".") for number in _NUMBER.findall(text)}
    found |= {_SMALL[word] for word in words_of(text) if word in _SMALL}
    return {str(float(n)).removesuffix(".0") if re.fullmatch(r"[\d.]+", n) else n for n in found}


def case_text(row: dict[str, Any]) -> str:
    """Return all that the reply may draw on as one text: decision, card, history, message."""
    parts: list[str] = [row["message"]]
    parts += [turn["content"] for turn in row.get("history") or []]
    if card := row.get("card"):
        parts += [card["title"], card["text"]]

    def walk(value: Any) -> Iterable[str]:
        if isinstance(value, dict):
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)
        elif value is not None:
            yield str(value)

    return " ".join([*parts, *walk(row.get("decision"))])


def unlicensed_numbers(row: dict[str, Any]) -> list[str]:
    """Return the reply's digit numbers that stand nowhere in the case (minutes and hours convert)."""
    allowed = numbers_in(case_text(row)) | EMERGENCY_NUMBERS
    plain = {float(n) for n in allowed if re.fullmatch(r"[\d.]+", n)}
    allowed |= {f"{n / 60:g}" for n in plain} | {f"{n * 60:g}" for n in plain}
    said = {n.replace(",", ".") for n in _NUMBER.findall(row["reply"])}
    said = {str(float(n)).removesuffix(".0") if re.fullmatch(r"[\d.]+", n) else n for n in said}
    return sorted(said - allowed)


def unlicensed_sessions(row: dict[str, Any], deck_words: str = "") -> list[str]:
    """Return session words of the reply that neither the case nor the deck has."""
    source = (case_text(row) + " " + deck_words).lower()
    reply = row["reply"].lower()
    return sorted(
        word
        for word, licences in _SESSION_WORDS.items()
        if re.search(rf"\b{word}", reply) and not any(licence in source for licence in licences)
    )


def row_problems(row: dict[str, Any], deck: dict[str, dict[str, Any]]) -> list[str]:
    """Return why a gold row must not train Josi; empty when it may.

    Parameters
    ----------
    row : dict
        A case with its ``reply``.
    deck : dict
        Coaching cards by id; a row's card must stand there, word for word.
    """
    reply, problems = row["reply"], []
    if match := _FORBIDDEN.search(reply):
        problems.append(f"forbidden term {match[0]!r}")
    if escape_control(reply) != reply or any(ord(c) < 32 for c in reply):
        problems.append("control token or control character")
    questions = reply.count("?")
    if not QUESTIONS[0] <= questions <= QUESTIONS[1]:
        problems.append(f"{questions} questions; {QUESTIONS[0]} to {QUESTIONS[1]}")
    if numbers := unlicensed_numbers(row):
        problems.append(f"numbers that the case does not have: {', '.join(numbers)}")
    deck_words = "" if row.get("decision") else " ".join(card["text"] for card in deck.values())
    if sessions := unlicensed_sessions(row, deck_words):
        problems.append(f"sessions that the case does not have: {', '.join(sessions)}")
    longest = max((len(words_of(s)) for s in split_sentences(reply)), default=0)
    if longest > SENTENCE_LIMIT:
        problems.append(f"a sentence of {longest} words; at most {SENTENCE_LIMIT}")
    if (value := lix(reply)) > LIX_LIMIT:
        problems.append(f"hard to read: LIX {value:.0f}; at most {LIX_LIMIT:.0f}")
    if card := row.get("card"):
        known = deck.get(card["id"])
        if known is None or any(known[key] != card[key] for key in ("title", "text")):
            problems.append(f"card {card['id']!r} does not stand so in the deck")
    return problems


def near_pairs(
    texts: Sequence[str], *, threshold: float, n: int = 3
) -> list[tuple[int, int, float]]:
    """Return ``(i, j, overlap)``, i < j, for texts whose word n-grams overlap above a threshold.

    Exact Jaccard by a sparse product; for some thousand texts that is faster than hashing and
    misses nothing. Texts shorter than ``n`` words have no n-gram and never pair.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    vectoriser = CountVectorizer(
        analyzer=lambda text: {tuple(g) for g in _ngrams(words_of(text), n)}, binary=True
    )
    try:
        matrix = vectoriser.fit_transform(texts)
    except ValueError:  # no n-gram at all
        return []
    sizes = matrix.sum(axis=1).A1
    shared = (matrix @ matrix.T).tocoo()
    pairs = []
    for i, j, count in zip(shared.row, shared.col, shared.data, strict=True):
        if i < j and (overlap := count / (sizes[i] + sizes[j] - count)) > threshold:
            pairs.append((int(i), int(j), float(overlap)))
    return sorted(pairs)


def _ngrams(words: Sequence[str], n: int) -> Iterable[Sequence[str]]:
    return (words[i : i + n] for i in range(len(words) - n + 1))


def distinct_ngrams(texts: Sequence[str], n: int) -> float:
    """Return distinct word n-grams over all word n-grams."""
    grams = [tuple(g) for text in texts for g in _ngrams(words_of(text), n)]
    return len(set(grams)) / max(1, len(grams))


def openings(texts: Sequence[str], words: int = 4) -> list[tuple[str, float]]:
    """Return the commonest openings of so many words, with their share, commonest first."""
    counts = Counter(" ".join(words_of(text)[:words]) for text in texts)
    return [(opening, round(n / len(texts), 4)) for opening, n in counts.most_common(20)]


def common_phrases(texts: Sequence[str], n: int = 4, top: int = 20) -> list[tuple[str, int]]:
    """Return the commonest word n-grams with their counts, to look at."""
    counts = Counter(" ".join(g) for text in texts for g in _ngrams(words_of(text), n))
    return counts.most_common(top)
