"""README names every file that a reader may look for, and no file that is not there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TREE = (ROOT / "README.md").read_text(encoding="utf-8").split("## What is where", 1)[1]
MODULES = sorted(
    p.relative_to(ROOT).as_posix()
    for folder in ("josi_utils", "benchmarks", "notebooks")
    for p in (ROOT / folder).rglob("*")
    if p.suffix in (".py", ".ipynb")
    and p.name != "__init__.py"
    and ".ipynb_checkpoints" not in p.parts
)


def part_of(folder: str) -> str:
    """Return the lines of the tree that stand under a folder's heading."""
    lines = TREE.splitlines()
    at = max(i for i, line in enumerate(lines) if line.strip().startswith(f"{folder}/"))
    depth = len(lines[at]) - len(lines[at].lstrip())
    end = next(
        (
            i
            for i, line in enumerate(lines[at + 1 :], at + 1)
            if not line.strip() or len(line) - len(line.lstrip()) <= depth
        ),
        len(lines),
    )
    return "\n".join(lines[at + 1 : end])


@pytest.mark.parametrize("path", MODULES)
def test_each_module_has_its_line(path):
    folder, name = path.rsplit("/", 1)
    section = TREE if folder == "josi_utils" else part_of(folder.rsplit("/", 1)[-1])
    assert re.search(rf"(?m)^\s*{re.escape(name)}\s+\S", section), f"README's tree lacks {path}"


def test_no_line_names_a_module_that_is_gone():
    named = re.findall(r"(?m)^\s+(\w+\.(?:py|ipynb))\s{2,}\S", TREE)
    # Not outputs/, which other tests write at the same time.
    rooms = [ROOT / name for name in ("josi_utils", "notebooks", "tests", "benchmarks")]
    files = [*ROOT.glob("*.py"), *(p for room in rooms for p in room.rglob("*"))]
    there = {p.name for p in files if p.suffix in (".py", ".ipynb")}
    assert set(named) <= there
