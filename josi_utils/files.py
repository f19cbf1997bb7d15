"""Read and write files so that nothing is ever half there."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from josi_utils.errors import JosiError

#: Seconds between two looks at a lock that is waited for.
LOCK_PAUSE = 0.2


def sha256_file(path: Path | str) -> str:
    """Return the SHA-256 of a file as 64 lower-case hex digits."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_tree(folder: Path | str) -> dict[str, dict[str, Any]]:
    """Return ``{relative path: {"sha256", "size"}}`` for every file below ``folder``, sorted."""
    folder = Path(folder)
    return {
        path.relative_to(folder).as_posix(): {
            "sha256": sha256_file(path),
            "size": path.stat().st_size,
        }
        for path in sorted(p for p in folder.rglob("*") if p.is_file())
    }


@contextlib.contextmanager
def disk_errors_explained(path: Path | str) -> Iterator[None]:
    """Turn a full disk into one clear line; let every other error pass."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise JosiError(f"{path}: the disk is full; free some room and run again") from error
        raise


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside ``path`` that takes its name only if the block succeeds.

    What the block wrote is flushed to disk before the rename; a file that failed is gone.

    Raises
    ------
    JosiError
        If the disk is full. The old file, if any, stands.
    """
    with disk_errors_explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with open(temporary, "rb") as stream:
                os.fsync(stream.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_atomic(path: Path | str, content: bytes | str) -> Path:
    """Write a file whole or not at all.

    Raises
    ------
    JosiError
        If the disk is full. The old file, if any, stands.
    """
    path = Path(path)
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def write_json(path: Path | str, value: Any) -> Path:
    """Write ``value`` as indented UTF-8 JSON, atomically. NaN is refused."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return write_atomic(path, text + "\n")


def write_jsonl(path: Path | str, rows: Iterable[dict[str, Any]]) -> Path:
    """Write one JSON object a line, atomically."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    return write_atomic(path, "".join(lines))


def read_json(path: Path | str) -> Any:
    """Read a JSON file; a missing or broken one is a :class:`JosiError` naming it."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise JosiError(f"{path}: no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise JosiError(f"{path}: not JSON ({error}); restore or rewrite it") from None


def read_jsonl(path: Path | str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, object)`` for each non-empty line; line numbers start at 1.

    Raises
    ------
    JosiError
        At the first line that is not UTF-8 or not a JSON object, as ``file:line: what``.
    """
    try:
        lines = Path(path).read_bytes().splitlines()
    except FileNotFoundError:
        raise JosiError(f"{path}: no such file") from None
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw.decode("utf-8"))
        except UnicodeDecodeError:
            raise JosiError(f"{path}:{number}: not UTF-8; save the file as UTF-8") from None
        except json.JSONDecodeError as error:
            raise JosiError(
                f"{path}:{number}: not JSON ({error.msg} at column {error.colno}); "
                "write one JSON object a line"
            ) from None
        if not isinstance(value, dict):
            raise JosiError(f"{path}:{number}: not a JSON object; write one object a line")
        yield number, value


def require_room_on_disk(folder: Path | str, needed: int) -> None:
    """Refuse to start when ``folder``'s disk has fewer than ``needed`` bytes free."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise JosiError(
            f"{folder}: {free / 1e6:.0f} MB free, about {needed / 1e6:.0f} MB needed; free some room"
        )


@contextlib.contextmanager
def room_lock(room: Path | str, wait: float = 0.0) -> Iterator[None]:
    """Hold a room for one writer; a second writer gets an error, at once or after a wait.

    The lock is the kernel's (``flock``), so it goes with the process, however that ends.

    Parameters
    ----------
    room : path
        The folder that is written.
    wait : float
        Seconds to wait for another writer, for what both would write alike.

    Raises
    ------
    JosiError
        If another process still holds the room.
    """
    room = Path(room)
    room.parent.mkdir(parents=True, exist_ok=True)
    lock_path = room.parent / f".{room.name}.lock"
    with open(lock_path, "w") as handle:
        until = time.monotonic() + wait
        while not _locked(handle):
            if time.monotonic() >= until:
                raise JosiError(
                    f"{room}: another run is writing here; wait for it, or choose another run name"
                )
            time.sleep(LOCK_PAUSE)
        yield


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def fresh_folder(final: Path | str) -> Iterator[Path]:
    """Yield an empty folder that takes ``final``'s place only if the block succeeds."""
    final = Path(final)
    with disk_errors_explained(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}."))
        try:
            yield work
            os.chmod(work, 0o755)
            for file in (p for p in work.rglob("*") if p.is_file()):
                os.chmod(file, 0o644)  # some writers leave 0600, which a shared checkout trips over
            if final.exists():
                shutil.rmtree(final)
            os.replace(work, final)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
