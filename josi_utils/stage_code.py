"""The code that a stage's result rests on, as hashes: notebook, modules, packages, commit."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
from importlib import metadata
from pathlib import Path

from josi_utils.files import read_json, sha256_file
from josi_utils.paths import notebooks_dir

#: Modules that change no result of the stage named, only its bookkeeping or pictures; editing a
#: figure must not cost a training run. ``*`` holds for every stage.
UNCOUNTED: dict[str, frozenset[str]] = {
    "*": frozenset({"stage", "stage_code", "errors", "paths", "plots", "plots_data", "notebook"}),
}

#: Data files of the package that a module reads; they count wherever the module does.
MODULE_DATA: dict[str, tuple[str, ...]] = {
    "decision": ("schemas/case.schema.json", "schemas/decision.schema.json"),
    "manifest": ("schemas/manifest.schema.json",),
    "report": ("templates/report.css", "templates/report.html.j2"),
    "scoring.sense": ("scoring/sense_weights.json",),
    "scoring.warmth": ("scoring/warmth_weights.json",),
}

#: Packages whose version is part of a record's key, as they can change the bytes.
PACKAGES = (
    "torch", "transformers", "trl", "peft", "datasets", "gguf", "llama-cpp-python", "papermill",
)  # fmt: skip


def notebook_hash(name: str) -> str:
    """Return the SHA-256 of a notebook's code (its prose may change freely)."""
    cells = read_json(notebooks_dir() / f"{name}.ipynb")["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def _imports(source: str) -> set[str]:
    """Return the dotted ``josi_utils`` modules that Python source may import, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "josi_utils"}


def _module_file(name: str) -> Path | None:
    base = Path(__file__).parent.joinpath(*name.split(".")[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file() and name != "josi_utils":
            return candidate
    return None


def module_hashes(name: str) -> dict[str, str]:
    """Return ``{module or its data file: SHA-256}`` of what a notebook uses, transitively."""
    cells = read_json(notebooks_dir() / f"{name}.ipynb")["cells"]
    source = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    source = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("%"))
    skip = UNCOUNTED["*"] | UNCOUNTED.get(name, frozenset())
    waiting, hashes = _imports(source), {}
    while waiting:
        module = waiting.pop()
        short = module.removeprefix("josi_utils.")
        path = _module_file(module)
        if path is None or short in hashes or short in skip:
            continue
        hashes[short] = sha256_file(path)
        for data in MODULE_DATA.get(short, ()):
            hashes[data] = sha256_file(Path(__file__).parent / data)
        waiting |= _imports(path.read_text(encoding="utf-8"))
    return dict(sorted(hashes.items()))


def package_versions() -> dict[str, str]:
    """Return the installed versions of the packages that can change a result."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "missing"
    return versions


def git_revision() -> str | None:
    """Return the checkout's commit, with ``+`` when files differ from it; None outside git."""
    root = str(Path(__file__).resolve().parent.parent)
    run = lambda *a: subprocess.run(  # noqa: E731
        ["git", "-C", root, *a], capture_output=True, text=True, check=False
    )
    try:
        head = run("rev-parse", "HEAD")
    except OSError:
        return None
    if head.returncode:
        return None
    return head.stdout.strip() + ("+" if run("status", "--porcelain").stdout.strip() else "")
