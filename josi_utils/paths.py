"""Where everything is: the repository root, the data, and the rooms of a run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from josi_utils.errors import JosiError

#: The stages in road order, with the room that each one writes.
STAGES: dict[str, str] = {
    "01_prepare": "dataset",
    "02_finetune": "adapter",
    "03_merge": "merged",
    "04_export": "gguf",
    "05_evaluate": "eval",
    "06_share": "release",
}


def repository_root() -> Path:
    """Return the checkout's root, independent of the working directory.

    Notebook runners disagree about the working directory (papermill keeps the caller's, others
    change to the notebook's), so every path starts here.
    """
    return Path(os.environ.get("JOSI_ROOT", Path(__file__).resolve().parent.parent))


def data_dir() -> Path:
    """Return ``data/``, the immutable input."""
    return repository_root() / "data"


def notebooks_dir() -> Path:
    """Return ``notebooks/``."""
    return repository_root() / "notebooks"


def cache_dir() -> Path:
    """Return the folder for derived base models, shared by all runs."""
    return repository_root() / "outputs" / ".cache"


@dataclass(frozen=True)
class RunPaths:
    """Names every room of one run.

    Parameters
    ----------
    run : str
        The run's name; a folder under ``outputs/``.

    Raises
    ------
    JosiError
        If the name could leave ``outputs/`` or is not a plain folder name.
    """

    run: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", self.run):
            raise JosiError(
                f"run name {self.run!r}: use 1 to 64 letters, digits, dots, dashes or underscores"
            )

    @property
    def root(self) -> Path:
        """``outputs/<run>/``."""
        return repository_root() / "outputs" / self.run

    def room(self, stage: str) -> Path:
        """Return the folder that ``stage`` (such as ``"02_finetune"``) writes."""
        return self.root / STAGES[stage]

    dataset = property(lambda self: self.room("01_prepare"))
    adapter = property(lambda self: self.room("02_finetune"))
    merged = property(lambda self: self.room("03_merge"))
    gguf = property(lambda self: self.room("04_export"))
    eval = property(lambda self: self.room("05_evaluate"))
    release = property(lambda self: self.room("06_share"))

    @property
    def notebooks(self) -> Path:
        """Executed notebooks and their HTML."""
        return self.root / "notebooks"

    @property
    def index(self) -> Path:
        """The one page to open."""
        return self.root / "index.html"
