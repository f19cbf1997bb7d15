"""A full disk, torn checkpoints and other work's checkpoints, without training."""

from __future__ import annotations

import errno
import json

import pytest

from josi_utils.checkpoints import (
    full_disk_explained,
    is_full_disk,
    mark_whole,
    matching_checkpoint,
    newest_whole,
)
from josi_utils.errors import JosiError


def checkpoint(folder, step, *, whole=True):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "weights").write_text("x")
    if whole:
        mark_whole(path, step)
    return path


def chained(outer, inner):
    try:
        try:
            raise inner
        except Exception as error:
            raise outer from error
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"), True),
        (Exception("Error while serializing: I/O error: No space left on device (os error 28)"),
         True),
        (chained(RuntimeError("saving failed"), OSError(errno.ENOSPC, "full")), True),
        (RuntimeError("size mismatch"), False),
    ],
)  # fmt: skip
def test_a_full_disk_is_known_by_every_writers_words(error, full):
    assert is_full_disk(error) is full


def test_a_full_disk_drops_the_torn_checkpoint_and_names_the_one_kept(tmp_path):
    checkpoint(tmp_path / "checkpoints", 5)
    checkpoint(tmp_path / "checkpoints", 10)
    torn = checkpoint(tmp_path / "checkpoints", 15, whole=False)
    with pytest.raises(JosiError, match=r"disk is full.*checkpoint-10 is kept"), \
            full_disk_explained(tmp_path):  # fmt: skip
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not torn.exists() and newest_whole(tmp_path / "checkpoints").name == "checkpoint-10"


def test_another_error_passes_unchanged_and_touches_nothing(tmp_path):
    torn = checkpoint(tmp_path / "checkpoints", 15, whole=False)
    with pytest.raises(KeyError), full_disk_explained(tmp_path):
        raise KeyError("x")
    assert torn.exists()


def test_the_newest_whole_checkpoint_of_the_same_work_is_found(tmp_path):
    assert matching_checkpoint(tmp_path, {"rank": 2}) is None
    for step in (2, 10, 9):
        checkpoint(tmp_path, step)
    checkpoint(tmp_path, 12, whole=False)
    assert matching_checkpoint(tmp_path, {"rank": 2}).name == "checkpoint-10"
    assert not (tmp_path / "checkpoint-12").exists()


@pytest.mark.parametrize("spoil", ["other work", "torn mark", "no resume"])
def test_other_works_checkpoints_are_never_gone_on_from(spoil, tmp_path):
    matching_checkpoint(tmp_path, {"rank": 2})
    checkpoint(tmp_path, 10)
    if spoil == "torn mark":
        (tmp_path / "work.json").write_text('{"ra')
    work = {"rank": 4} if spoil == "other work" else {"rank": 2}
    assert matching_checkpoint(tmp_path, work, resume=spoil != "no resume") is None
    assert not list(tmp_path.glob("checkpoint-*"))
    assert json.loads((tmp_path / "work.json").read_text()) == work
