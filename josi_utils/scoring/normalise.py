"""Text as the scorers see it: sentences, words and stems with spans, and a folded form for leaks.

Every finding points back into the reply, so every derived text keeps the offsets of its source.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple


class Span(NamedTuple):
    """A piece of a reply: ``text`` stands at ``start:end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Finding:
    """Why a scorer said what it said.

    Attributes
    ----------
    field
        The rubric's field the finding speaks to.
    reason
        One short line for a reader who is not an engineer.
    span
        The piece of the reply it is about; None where something is missing.
    """

    field: str
    reason: str
    span: Span | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as the record ``josi score`` writes."""
        span = [self.span.start, self.span.end] if self.span else None
        return {
            "field": self.field,
            "reason": self.reason,
            "span": span,
            "text": self.span.text if self.span else "",
        }


def match_span(match: re.Match[str], group: int | str = 0) -> Span:
    """Return a regular expression's match as a :class:`Span`."""
    return Span(match.start(group), match.end(group), match.group(group))


# A full stop ends a sentence only before white space or the end, so "4.5 h" and "1.9 km" hold.
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|\n+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def sentences(text: str) -> list[Span]:
    """Split a text into sentences, each with its place; white space at the ends is left out."""
    out: list[Span] = []
    start = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.end() if match else len(text)
        piece = text[start:end]
        stripped = piece.strip()
        if stripped:
            offset = start + len(piece) - len(piece.lstrip())
            out.append(Span(offset, offset + len(stripped), stripped))
        start = end
    return out


# One reply's pieces are looked at by many scorers, so the last few thousand texts are remembered.
@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Span, ...]:
    """Return the words (runs of letters and digits, inner apostrophes kept), lower-cased."""
    return tuple(
        Span(m.start(), m.end(), plain_quotes(m.group()).lower()) for m in _WORD.finditer(text)
    )


def plain_quotes(text: str) -> str:
    """Replace typographic apostrophes, quotes and dashes one for one, so offsets hold."""
    return text.translate(_PLAIN)


_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "‑": "-",
        "×": "x",
        "\u00a0": " ",
        "\u202f": " ",
    }
)

#: Words that carry no subject: articles, pronouns, auxiliaries, prepositions, connectives.
STOP_WORDS = frozenset(
    """
    a about above after again all almost also although am an and any anyway are aren't around as
    at back be because been before being below between both but by can can't cannot could
    couldn't did didn't do does doesn't doing don't done down during each either else even ever
    every few for from get gets getting go goes going got had hadn't has hasn't have haven't
    having he he's her here here's hers him his how i i'd i'll i'm i've if in into is isn't it
    it'd it'll it's its itself just kind lot lots made make makes many maybe me mean might mine
    more most much must my myself need needn't never no nor not nothing now of off oh ok okay on
    once one ones only or other our ours out over own perhaps quite rather really same see shall
    she she's should shouldn't so some someone something still such than that that's the their
    them then there there's these they they'd they'll they're they've thing things this those
    though through till to too u under until up upon us very was wasn't way we we'd we'll we're
    we've well were weren't what what's when where which while who who's why will with won't
    would wouldn't yes yet you you'd you'll you're you've your yours yourself
    """.split()  # noqa: SIM905
)

_SUFFIXES = ("ings", "ing", "edly", "ed", "es", "s", "ly")


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Return a word without its commonest endings, so "runs", "running" and "run" meet."""
    word = word.removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


@lru_cache(maxsize=4096)
def content_words(text: str) -> tuple[Span, ...]:
    """Return the words that carry a subject, stemmed; numbers and stop words are left out."""
    return tuple(
        Span(w.start, w.end, stem(w.text))
        for w in words(text)
        if w.text not in STOP_WORDS and not any(c.isdigit() for c in w.text) and len(w.text) > 1
    )


@lru_cache(maxsize=4096)
def content_stems(text: str) -> frozenset[str]:
    """Return the set of stems of :func:`content_words`."""
    return frozenset(w.text for w in content_words(text))


# --- folding, for forbidden terms in disguise ------------------------------------------------

#: Letters of other scripts that pass for Latin ones on a screen (Unicode TR39, the common part),
#: and Latin letters that have no decomposition.
_LOOKALIKES: dict[str, str] = {}
for _latin, _others in {
    "a": "аɑαΑА⍺ᴀᗅ𐊠Ꭺꓮ@",
    "b": "ЬƄʙВΒᏴᏼꓐвЪ",
    "c": "сϲⅽСϹᴄꮯᏟꓚ",
    "d": "ԁⅾɗᏧᎠᴅđꓓ",
    "e": "еєҽΕЕᴇεэЭΈέƐɛꓰ℮",
    "f": "ƒϝғꓝꜰ",
    "g": "ɡցԌɢᶃꓖᏀǥ",
    "h": "һհНΗʜᏂᎻнꓧђћħ",
    "i": "іıɩιΙІӀΪїЇɪᎥꓲǀ¡",
    "j": "јϳЈᴊᎫꓙ",
    "k": "кκКΚᴋᏦꓗ",
    "l": "ⅼӏⅬʟᏞꓡłℓ|",
    "m": "мМΜᴍⅿᎷꓟϻ",
    "n": "ոռпΝɴηйꓠи",
    "o": "оοσОΟᴏօ০ଠഠ൦ⲟøØꓳ",
    "p": "рρРΡᴘᏢꓑþ",
    "q": "ԛգɋʠ",
    "r": "гᴦʀᏒꓣя",
    "s": "ѕЅꜱʂՏᏚꓢ",
    "t": "тτТΤᴛᎢꓔŧ",
    "u": "υսцᴜꓴЦʊ",
    "v": "ѵνⅴᴠᏙꓦ",
    "w": "ԝωшщѡᴡᎳꓪ",
    "x": "хχХΧⅹꓫ",
    "y": "уүУΥҮʏγꓬ",
    "z": "ᴢΖᏃꓜʐ",
}.items():
    for _other in _others:
        _LOOKALIKES[_other] = _latin
for _index in range(26):  # regional indicators, negative circled and negative squared letters
    for _base in (0x1F1E6, 0x1F150, 0x1F170):
        _LOOKALIKES[chr(_base + _index)] = chr(ord("a") + _index)


class Folded(NamedTuple):
    """A text folded to plain lower-case Latin; ``offsets[i]`` is where character i came from."""

    text: str
    offsets: list[int]

    def span(self, original: str, start: int, end: int) -> Span:
        """Return the place in ``original`` that ``text[start:end]`` came from."""
        first, last = self.offsets[start], self.offsets[end - 1] + 1
        return Span(first, last, original[first:last])


def fold(text: str) -> Folded:
    """Fold a text for term matching: NFKC, look-alikes, NFKD without marks, casefold.

    Marks (``Mn``, ``Me``) and format characters (``Cf``: zero-width space and joiner, soft
    hyphen, direction marks, tags) vanish; everything else keeps its order, so a match can be
    shown in the original. NFKC alone misses all of these (garak#1867).
    """
    out: list[str] = []
    offsets: list[int] = []
    for index, char in enumerate(text):
        if char < "\x80" and char not in "@|":
            out.append(char.lower())
            offsets.append(index)
            continue
        for piece in unicodedata.normalize("NFKC", char):
            piece = _LOOKALIKES.get(piece, piece)
            for part in unicodedata.normalize("NFKD", piece):
                if unicodedata.category(part) in ("Mn", "Me", "Cf"):
                    continue
                for folded in _LOOKALIKES.get(part, part).casefold():
                    out.append(_LOOKALIKES.get(folded, folded))
                    offsets.append(index)
    return Folded("".join(out), offsets)
