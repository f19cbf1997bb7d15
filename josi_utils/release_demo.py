"""The hand-over shown live in 06: a key, a cut download that resumes, and first words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import sha256_file

#: Megabits a second: a train, a home line, good Wi-Fi.
RATES = (5, 20, 100)


def signing_key(path: str, room: Path) -> tuple[Path, str]:
    """Return the key to sign with, and a sentence about it.

    Without a path a throw-away key is made beside the bundle, so that the whole flow can be seen;
    no app should ever trust it.
    """
    from josi_utils.signing import generate_key

    if path:
        key = Path(path).expanduser()
        if not key.is_file():
            raise JosiError(f"sign_key {path}: no such file; make one with josi keygen FILE")
        return key, f"signed with {key.name}"
    key = room / "throw-away-key.pem"
    key.unlink(missing_ok=True)
    generate_key(key)
    return key, "signed with a throw-away key: good for looking, not for an app"


def download_times(size: int) -> list[dict[str, Any]]:
    """Return how long ``size`` bytes take at each of :data:`RATES`, in seconds."""
    return [{"mbit_s": rate, "seconds": round(size * 8 / (rate * 1e6), 1)} for rate in RATES]


def interrupted_download(
    built: Any, to: Path, *, say: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Serve the model on loopback, cut the download half-way, resume it, check the hash.

    Returns
    -------
    dict
        Size, where it was cut, what was asked again, seconds, and whether the hash is right.
    """
    from josi_utils.download_file import download
    from josi_utils.download_hooks import Hooks
    from josi_utils.serve import serve

    class Cut(Exception):
        """Stands for a phone that goes into a tunnel."""

    size, digest = built.model.stat().st_size, sha256_file(built.model)
    to.mkdir(parents=True, exist_ok=True)
    target = to / built.model.name
    cut_at: list[int] = []

    def stop_half_way(progress: Any) -> None:
        if progress.done > size // 2:
            cut_at.append(progress.done)
            raise Cut

    began = time.monotonic()
    # Slow enough that half-way is seen: a file on loopback is through in a blink.
    with serve(built.model, downloads=2, minutes=5, bytes_per_second=size / 3) as share:
        try:
            download(
                share.url, target, sha256=digest, size=size, hooks=Hooks(progress=stop_half_way)
            )
        except Cut:
            if say:
                say(f"cut after {cut_at[0]:,} of {size:,} bytes; {target.name} is not there yet")
        if target.exists():
            raise JosiError("download: the file took its name before it was whole")
        received = download(share.url, target, sha256=digest, size=size)
    if sha256_file(target) != digest:
        raise JosiError("download: SHA-256 differs from the bundle's")
    if say:
        say("resumed and complete, SHA-256 equal")
    return {
        "size": size,
        "cut_after_bytes": cut_at[0] if cut_at else 0,
        "fetched_after_the_cut": received.bytes,
        "seconds": round(time.monotonic() - began, 2),
        "sha256": digest,
    }


def first_words(model: Path) -> str:
    """Return what the fetched file answers to a plain greeting, greedily."""
    from josi_utils.generate import LlamaBackend, Request, answer
    from josi_utils.persona import GREEDY, chat

    backend = LlamaBackend(model, slots=1)
    try:
        return answer(backend, [Request(tuple(chat("hi josi, how are you")))], GREEDY)[0].text
    finally:
        backend.close()
