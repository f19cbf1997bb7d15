"""Slips of the pen in listed words: one letter too few, too many or another."""

from __future__ import annotations

from collections.abc import Sequence


def _shorter(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


class Spelling:
    """Listed words and every spelling of them one letter short: a slip is a look-up, no search."""

    def __init__(self, words: Sequence[str]) -> None:
        self._listed: dict[str, str] = {}
        for word in words:
            for short in (word, *sorted(_shorter(word))):
                self._listed.setdefault(short, word)

    def correct(self, word: str) -> str:
        """Return the listed word that ``word`` is one slip away from, else ``word``.

        Only words of six letters and more, with the same first letter.
        """
        if not 6 <= len(word) <= 18:
            return word
        for candidate in (word, *_shorter(word)):
            found = self._listed.get(candidate)
            if found and found[0] == word[0] and abs(len(found) - len(word)) <= 1:
                return found
        return word
