"""Each room's record: write it last, read it, and tell whether it still holds."""

from __future__ import annotations

import ast
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json, room_lock, sha256_file, write_json
from josi_utils.paths import STAGES, RunPaths, data_dir, notebooks_dir
from josi_utils.stage_code import (
    git_revision,
    module_hashes,
    notebook_hash,
    package_versions,
)

RECORD = "stage.json"

#: What each stage reads: rooms of the same run (by stage) and patterns below ``data/``.
READS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "01_prepare": ((), ("gold_examples/*.jsonl", "philosophy_enhanced.jsonl", "cards/*", "eval/*")),
    "02_finetune": (("01_prepare",), ()),
    "03_merge": (("01_prepare", "02_finetune"), ()),
    "04_export": (("01_prepare", "03_merge"), ("guard/*", "guard/encoder/*", "cards/*")),
    "05_evaluate": (
        ("03_merge", "04_export"),
        ("eval/*.jsonl", "cards/*", "guard/*", "guard/encoder/*", "calibration/*"),
    ),
    "06_share": (("04_export", "05_evaluate"), ("guard/*", "guard/encoder/*", "cards/*")),
}

#: Outputs that no later stage reads.
PICTURES = (".png", ".svg")

#: Files in a room that are by-products: checkpoints, figures' temporary files.
IGNORED_OUTPUTS = ("checkpoints/",)


@dataclass
class Stage:
    """A stage at work: holds its room's lock from :func:`begin` until :meth:`finish`."""

    name: str
    paths: RunPaths
    parameters: dict[str, Any]
    began: float = field(default_factory=time.monotonic)
    _locks: ExitStack = field(default_factory=ExitStack)

    @property
    def room(self) -> Path:
        """The folder that this stage writes."""
        return self.paths.room(self.name)

    def finish(self, **figures: Any) -> dict[str, Any]:
        """Write the record, last, and give the lock back.

        Parameters
        ----------
        **figures
            What the summary shows of this stage, main figure first.
        """
        record = {
            "stage": self.name,
            "run": self.paths.run,
            "parameters": self.parameters,
            "inputs": input_hashes(self.name, self.paths, self.parameters),
            "notebook_sha256": notebook_hash(self.name),
            "modules": module_hashes(self.name),
            "packages": package_versions(),
            "git_revision": git_revision(),
            "seconds": round(time.monotonic() - self.began, 1),
            "figures": figures,
            "outputs": _output_hashes(self.room),
        }
        write_json(self.room / RECORD, record)
        self._locks.close()
        return record


def begin(name: str, scope: Mapping[str, Any]) -> Stage:
    """Open a stage: check that what it reads is there, lock its room, drop its old record.

    Parameters
    ----------
    name : str
        Such as ``"02_finetune"``.
    scope : mapping
        The notebook's ``globals()``; the names of its ``parameters`` cell are taken from it.

    Raises
    ------
    JosiError
        If a room it reads has no record, or another process writes here.
    """
    parameters = {key: scope[key] for key in parameter_names(name)}
    paths = RunPaths(parameters["run"])
    for earlier in READS[name][0]:
        read_record(paths, earlier)
    stage = Stage(name, paths, parameters)
    stage.room.mkdir(parents=True, exist_ok=True)
    stage._locks.enter_context(room_lock(stage.room))
    (stage.room / RECORD).unlink(missing_ok=True)
    return stage


def read_record(paths: RunPaths, name: str) -> dict[str, Any]:
    """Return a room's record.

    Raises
    ------
    JosiError
        If the stage has not finished in this run.
    """
    path = paths.room(name) / RECORD
    if not path.is_file():
        raise JosiError(f"{path}: no record; run {name} first (run_all.py --run {paths.run})")
    return read_json(path)


@lru_cache(maxsize=8)
def parameters_of(name: str) -> dict[str, Any]:
    """Return the names and default values of a notebook's ``parameters`` cell.

    Raises
    ------
    JosiError
        If the cell holds anything but flat ``name: type = literal`` lines.
    """
    path = notebooks_dir() / f"{name}.ipynb"
    cells = [
        cell
        for cell in read_json(path)["cells"]
        if "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    if len(cells) != 1:
        raise JosiError(f"{path}: {len(cells)} cells tagged 'parameters'; exactly one is needed")
    values: dict[str, Any] = {}
    for node in ast.parse("".join(cells[0]["source"])).body:
        try:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            values[target.id] = ast.literal_eval(node.value)
        except (AttributeError, ValueError):
            raise JosiError(
                f"{path}: parameters must be flat literals, name: type = value"
            ) from None
    return values


def parameter_names(name: str) -> tuple[str, ...]:
    """Return the names in a notebook's ``parameters`` cell, in order."""
    return tuple(parameters_of(name))


def input_hashes(name: str, paths: RunPaths, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return ``{input: SHA-256}`` as it stands now, from the rooms' records and ``data/``."""
    rooms, patterns = READS[name]
    found: dict[str, str] = {}
    for earlier in rooms:
        for file, entry in read_record(paths, earlier)["outputs"].items():
            if not file.endswith(PICTURES):
                found[f"{STAGES[earlier]}/{file}"] = entry["sha256"]
    for pattern in patterns:
        for path in sorted(p for p in data_dir().glob(pattern) if p.is_file()):
            found[f"data/{path.relative_to(data_dir()).as_posix()}"] = sha256_file(path)
    base = Path(str(parameters.get("base_model", "")))
    if (base / "config.json").is_file():
        for path in sorted([base / "config.json", *base.glob("*.safetensors")]):
            found[f"base/{path.name}"] = sha256_file(path)
    return found


def _output_hashes(room: Path) -> dict[str, dict[str, Any]]:
    outputs = {}
    for path in sorted(p for p in room.rglob("*") if p.is_file()):
        relative = path.relative_to(room).as_posix()
        if relative == RECORD or relative.startswith(IGNORED_OUTPUTS):
            continue
        status = path.stat()
        outputs[relative] = {
            "sha256": sha256_file(path),
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
        }
    return outputs


def why_stale(name: str, paths: RunPaths, parameters: Mapping[str, Any]) -> str | None:
    """Return why a stage must run again, in one phrase, or None if its record still holds.

    Outputs whose size and time of change are as recorded are trusted; others are hashed.
    """
    path = paths.room(name) / RECORD
    if not path.is_file():
        return "not done yet"
    record = read_json(path)
    if record.get("parameters") != dict(parameters):
        old = record.get("parameters", {})
        changed = [k for k in parameters if parameters[k] != old.get(k)]
        return f"parameters changed: {', '.join(changed) or 'set of names'}"
    if record.get("notebook_sha256") != notebook_hash(name):
        return "notebook changed"
    now = module_hashes(name)
    if now != record.get("modules"):
        before = record.get("modules", {})
        changed = sorted(k for k in now.keys() | before.keys() if now.get(k) != before.get(k))
        return f"modules changed: {', '.join(changed)}"
    if record.get("packages") != package_versions():
        return "package versions changed"
    try:
        inputs = input_hashes(name, paths, parameters)
    except JosiError:
        return "an earlier room has no record"
    if inputs != record.get("inputs"):
        before = record.get("inputs", {})
        changed = sorted(k for k in inputs.keys() | before.keys() if inputs.get(k) != before.get(k))
        return f"inputs changed: {', '.join(changed[:3])}{' …' if len(changed) > 3 else ''}"
    for relative, entry in record["outputs"].items():
        output = paths.room(name) / relative
        if not output.is_file() or output.stat().st_size != entry["size"]:
            return f"output missing or of another size: {relative}"
        unchanged = output.stat().st_mtime_ns == entry["mtime_ns"]
        if not unchanged and sha256_file(output) != entry["sha256"]:
            return f"output changed: {relative}"
    return None
