"""Get one file whole: resume, retry, check chunks and the whole, and only then give it its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from josi_utils.download_hooks import Hooks, Received, Retry
from josi_utils.download_http import HttpPolicy
from josi_utils.download_lock import fsync_folder, one_client
from josi_utils.download_part import Part, Want
from josi_utils.download_transfer import Transfer
from josi_utils.files import disk_errors_explained, sha256_file


def download(
    url: str | Sequence[str],
    to: Path | str,
    *,
    sha256: str,
    size: int | None = None,
    chunk_size: int = 0,
    chunk_sha256: Sequence[str] = (),
    policy: HttpPolicy | None = None,
    retry: Retry | None = None,
    hooks: Hooks | None = None,
) -> Received:
    """Fetch one file; it takes its name only when its SHA-256 is the one given.

    Parameters
    ----------
    url : str or list of str
        Where it is; further addresses are asked when one does not have it.
    to : path
        The file to write. What an interrupted run left beside it (``.part``) is used.
    sha256 : str
        64 hex digits; none, no download.
    size : int, optional
        Bytes; unknown, the server's word is taken, and the hash decides.
    chunk_size, chunk_sha256
        Hashes of each chunk: after a fault only bad chunks are fetched again.
    policy, retry, hooks
        See their classes.

    Returns
    -------
    Received
        Path and what it cost.

    Raises
    ------
    JosiError
        When it cannot be had; what is there is kept for the next try, and ``to`` is as it was.
    """
    to = Path(to)
    want = Want(to.name, sha256, size, chunk_size, tuple(chunk_sha256))
    hooks = hooks or Hooks()
    with disk_errors_explained(to), one_client(to.parent / f".{to.name}.lock", hooks):
        part = Part(want, to.with_name(to.name + ".part"))
        if to.is_file() and size in (None, to.stat().st_size) and sha256_file(to) == sha256:
            part.discard()
            return Received(to, was_there=True)
        urls = [url] if isinstance(url, str) else list(url)
        transfer = Transfer(urls, part, policy or HttpPolicy(), retry or Retry(), hooks)
        transfer.run()
        with open(part.path, "rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(part.path, to)
        fsync_folder(to.parent)
        part.sidecar.unlink(missing_ok=True)
        return Received(to, transfer.received, transfer.failures)
