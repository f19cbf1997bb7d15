"""What the caller of a download sets and sees: retries, progress, network, what it cost."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Retry:
    """How often, and with which pauses, a download is tried again.

    Attributes
    ----------
    fruitless : int
        Failures in a row without one new byte before giving up.
    total : int
        Failures of one file before giving up, progress or not.
    first_pause, longest_pause : float
        Seconds; the pause is drawn from 0 to ``first_pause * 2**n`` ("full jitter"), so that
        a thousand phones do not come back at one moment.
    """

    fruitless: int = 8
    total: int = 100
    first_pause: float = 0.5
    longest_pause: float = 30.0

    def pause(self, failure: int) -> float:
        """Return the seconds to wait after the ``failure``-th fruitless failure (from 1)."""
        return random.uniform(0, min(self.longest_pause, self.first_pause * 2 ** (failure - 1)))


@dataclass(frozen=True)
class Progress:
    """How far a download is: bytes done and in all, bytes a second, seconds left or None."""

    name: str
    done: int
    total: int
    rate: float
    seconds_left: float | None


@dataclass
class Hooks:
    """What the caller may watch and decide.

    Attributes
    ----------
    progress : callable
        Called with :class:`Progress` about four times a second.
    network : callable
        Asked before each connection and about once a second; False ends the download with what
        is there kept (the app's "Wi-Fi only").
    notice : callable
        Called with a line about each failure that is retried.
    """

    progress: Callable[[Progress], None] = lambda _: None
    network: Callable[[], bool] = lambda: True
    notice: Callable[[str], None] = lambda _: None


@dataclass
class Received:
    """What a download cost: bytes of bodies, connections that failed, whether it was there."""

    path: Path
    bytes: int = 0
    failures: int = 0
    was_there: bool = False


def progress_line(progress: Progress) -> str:
    """Return progress as people read it: bytes, rate, time left."""
    done, total, rate = progress.done / 1e6, progress.total / 1e6, progress.rate / 1e6
    line = f"{done:.1f} of {total:.1f} MB, {rate:.1f} MB/s"
    if progress.seconds_left is None:
        return line
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    return f"{line}, {minutes}:{seconds:02d} left"
