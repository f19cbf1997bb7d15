"""Names of rooms: every one below ``outputs/<run>/``, and no name that leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from josi_utils import paths
from josi_utils.errors import JosiError
from josi_utils.paths import STAGES, RunPaths


def test_the_root_is_the_checkout_whatever_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.delenv("JOSI_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert paths.repository_root() == Path(__file__).resolve().parent.parent
    assert paths.data_dir().is_dir() and paths.notebooks_dir().is_dir()


def test_josi_root_moves_every_place(tmp_path, monkeypatch):
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    places = [paths.data_dir(), paths.notebooks_dir(), paths.cache_dir(), RunPaths("a").root]
    assert all(place.is_relative_to(tmp_path) for place in places)


def test_each_stage_has_a_room_of_its_own():
    run = RunPaths("demo")
    rooms = [run.room(stage) for stage in STAGES]
    assert len(set(rooms)) == len(STAGES)
    assert [run.dataset, run.adapter, run.merged, run.gguf, run.eval, run.release] == rooms
    others = [run.notebooks, run.index]
    assert all(place.parent == run.root for place in [*rooms, *others])
    assert not set(others) & set(rooms)


@pytest.mark.parametrize("name", ["default", "1.7b", "a", "my_run-2", "x" * 64])
def test_plain_names_are_taken(name):
    assert RunPaths(name).root.name == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "-flag", "a b", "a\n", "ü", "x" * 65]
)
def test_names_that_could_leave_outputs_are_refused(name):
    with pytest.raises(JosiError, match="run name"):
        RunPaths(name)


@given(st.text(max_size=80))
def test_a_name_is_one_folder_below_outputs_or_refused(name):
    try:
        root = RunPaths(name).root
    except JosiError as error:
        assert "\n" not in str(error)
    else:
        assert root.resolve().parent == (paths.repository_root() / "outputs").resolve()
