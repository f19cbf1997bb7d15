"""A forbidden term in twenty disguises, put into a reply that was clean."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_CYRILLIC = str.maketrans("aceopxyiTBHMK", "асеорхуіТВНМК")
_GREEK = str.maketrans("aotviGATBHKM", "αοτνιGΑΤΒΗΚΜ")
_LEET = str.maketrans("aeiostbg", "43105789")
_SMALL_CAPS = str.maketrans("abcdeghijklmnoprtuvwz", "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ")


def _shifted(base_upper: int, base_lower: int) -> Callable[[str], str]:
    def convert(text: str) -> str:
        return "".join(
            chr(base_upper + ord(c) - 65)
            if "A" <= c <= "Z"
            else chr(base_lower + ord(c) - 97)
            if "a" <= c <= "z"
            else c
            for c in text
        )

    return convert


#: Twenty ways to write a forbidden term so that a plain search misses it.
DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "dots between": ".".join,
    "spaces between": " ".join,
    "dashes between": "-".join,
    "underscores between": "_".join,
    "stars between": "*".join,
    "two signs between": "._".join,
    "zero-width spaces": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "word joiners": "\u2060".join,
    "combining marks": lambda t: "".join(c + "\u0336" for c in t),
    "accents": lambda t: "".join(unicodedata.normalize("NFC", c + "\u0301") for c in t),
    "full width": _shifted(0xFF21, 0xFF41),
    "mathematical bold": _shifted(0x1D400, 0x1D41A),
    "circled letters": _shifted(0x24B6, 0x24D0),
    "Cyrillic look-alikes": lambda t: t.translate(_CYRILLIC),
    "Greek look-alikes": lambda t: t.translate(_GREEK),
    "leetspeak": lambda t: t.translate(_LEET),
    "small capitals": lambda t: t.lower().translate(_SMALL_CAPS),
}

LEAK_TERMS = ("GATC", "Viterbi", "ACWR", "algorithm", "SmolLM")


def leak_mutant(reply: str, disguise: str, term: str) -> str:
    """Put a disguised term into a sentence of its own before the last one."""
    hidden = DISGUISES[disguise](term)
    sentence = f"The {hidden} chose this."
    cut = max(reply.rfind(". "), reply.rfind("! "))
    return f"{reply[: cut + 1]} {sentence}{reply[cut + 1 :]}" if cut >= 0 else f"{reply} {sentence}"
