"""The guard's rules and texts, read once from ``data/guard/*.json``."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json, sha256_file
from josi_utils.paths import data_dir

#: The files that a port needs, beside ``golden.jsonl``.
NAMES: tuple[str, ...] = (
    "letters",
    "triage",
    "concepts",
    "vocabulary",
    "learnt_triage",
    "learnt_flags",
    "learnt_urgent",
    "learnt_goal",
    "encoder",
    "intent",
    "replies",
    "accept",
    "fallback",
    "phrasing",
)


def guard_dir() -> Path:
    """Return the folder of the rules: ``$JOSI_GUARD_DATA`` or ``data/guard``."""
    return Path(os.environ.get("JOSI_GUARD_DATA", data_dir() / "guard"))


@lru_cache(maxsize=32)
def _read(name: str, root: str | None, folder: str | None) -> dict[str, Any]:
    """Read one file; the two variables that move the folder are part of the key."""
    path = guard_dir() / f"{name}.json"
    value = read_json(path)
    if not isinstance(value, dict) or not isinstance(value.get("version"), int):
        raise JosiError(f"{path}: needs a whole number under 'version'; restore the file")
    return value


def load(name: str) -> dict[str, Any]:
    """Return one file of rules as read from disk (cached).

    Raises
    ------
    JosiError
        If the file is missing, is not JSON, or has no version.
    """
    return _read(name, os.environ.get("JOSI_ROOT"), os.environ.get("JOSI_GUARD_DATA"))


def rules_record() -> dict[str, dict[str, Any]]:
    """Return version and SHA-256 of each file of rules, for a manifest or a report."""
    return {
        name: {
            "version": load(name)["version"],
            "sha256": sha256_file(guard_dir() / f"{name}.json"),
        }
        for name in NAMES
    }
