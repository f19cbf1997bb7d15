"""Which keys sign a release, and which of them count from then on: the two halves of a rotation."""

from __future__ import annotations

from pathlib import Path

from josi_utils.errors import JosiError
from josi_utils.signing import generate_key, load_key, public_key, read_public_keys


def signing_keys(paths: str, room: Path) -> tuple[list[Path], str]:
    """Return the keys to sign with, and a sentence about them.

    Parameters
    ----------
    paths : str
        Key files, comma-separated: two while one is rotated out. Empty, a throw-away key is made
        beside the bundle, so that the whole flow can be seen; no app should ever trust it.
    room : Path
        Where that one goes.
    """
    keys = [Path(text.strip()).expanduser() for text in paths.split(",") if text.strip()]
    for key in keys:
        if not key.is_file():
            raise JosiError(f"sign_key {key}: no such file; make one with josi keygen FILE")
    if keys:
        return keys, f"signed with {' and '.join(key.name for key in keys)}"
    key = room / "throw-away-key.pem"
    key.unlink(missing_ok=True)
    generate_key(key)
    return [key], "signed with a throw-away key: good for looking, not for an app"


def keys_from_now_on(trusted: str, keys: list[Path]) -> tuple[str, ...]:
    """Return the public keys that a manifest names as the ones that count, none if nothing changes.

    Parameters
    ----------
    trusted : str
        ``.pub`` files or keys, comma-separated. Empty, two signing keys count both.
    keys : list of Path
        The keys that sign.
    """
    given = [text.strip() for text in trusted.split(",") if text.strip()]
    if given:
        files = [Path(text).expanduser() for text in given]
        return tuple(key for file, text in zip(files, given, strict=True)
                     for key in (read_public_keys(file) if file.is_file() else (text,)))  # fmt: skip
    return tuple(public_key(load_key(key)) for key in keys) if len(keys) > 1 else ()
