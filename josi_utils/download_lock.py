"""One client at a time in a folder, and renames that survive a power cut."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from josi_utils.download_hooks import Hooks


@contextlib.contextmanager
def one_client(lock: Path, hooks: Hooks | None = None) -> Iterator[None]:
    """Let one client at a time through; the others wait and find its work done.

    The lock is the kernel's, so a killed client gives it back.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if hooks:
                hooks.notice("another download is at work here; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def fsync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
