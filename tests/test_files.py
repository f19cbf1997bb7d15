"""Files are whole or not there; what cannot be read is named with file and line."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils import files
from josi_utils.errors import JosiError

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_sha256_equals_hashlib_and_coreutils(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(os.urandom(200_001))
    assert files.sha256_file(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    told = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout
    assert told.split()[0] == files.sha256_file(path)


def test_sha256_tree_names_every_file_with_its_size(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two").write_bytes(b"22")
    (tmp_path / "one").write_bytes(b"1")
    tree = files.sha256_tree(tmp_path)
    assert list(tree) == ["b/two", "one"]
    assert tree["b/two"] == {"sha256": hashlib.sha256(b"22").hexdigest(), "size": 2}


def test_write_atomic_makes_folders_and_is_readable_by_all(tmp_path):
    path = files.write_atomic(tmp_path / "a" / "b" / "f.txt", "ü\n")
    assert path.read_bytes() == "ü\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(path.parent) == ["f.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line_and_the_old_file_stands(tmp_path, monkeypatch, number):
    path = tmp_path / "f"
    path.write_text("old")

    def full(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JosiError, match=r"f: the disk is full; free some room"):
        files.write_atomic(path, "new")
    assert path.read_text() == "old" and names(tmp_path) == ["f"]


def test_a_real_full_device_is_one_line():
    with (
        pytest.raises(JosiError, match="the disk is full"),
        files.disk_errors_explained("/dev/full"),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")


def test_other_errors_of_the_disk_pass_and_leave_nothing(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="input/output"):
        files.write_atomic(tmp_path / "f", "new")
    assert names(tmp_path) == []


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    code = (
        "import os, sys; from josi_utils import files\n"
        "os.fsync = lambda _: os.kill(os.getpid(), 9)\n"
        "files.write_atomic(sys.argv[1], 'new')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9
    assert path.read_text() == "old"


def test_not_a_number_is_refused_and_the_old_file_stands(tmp_path):
    path = files.write_json(tmp_path / "f.json", {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(path, {"a": float("nan")})
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_jsonl(path, [{"a": 1}, {"a": float("inf")}])
    assert files.read_json(path) == {"a": 1}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=4), max_size=5))
def test_jsonl_reads_back_as_written_line_by_line(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("jsonl") / "f.jsonl"
    files.write_jsonl(path, rows)
    assert list(files.read_jsonl(path)) == list(enumerate(rows, start=1))
    raw = path.read_bytes()
    assert raw.count(b"\n") == len(rows)
    assert [json.loads(line) for line in raw.split(b"\n")[:-1]] == rows


def test_empty_lines_are_skipped_and_still_counted(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'\n{"a": 1}\r\n   \n{"a": 2}')
    assert list(files.read_jsonl(path)) == [(2, {"a": 1}), (4, {"a": 2})]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"a": 1', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"a": "\xff"}', "not UTF-8"),
    ],
)
def test_a_broken_line_is_named_with_file_and_number(tmp_path, line, what):
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"a": 1}\n\n' + line + b'\n{"a": 2}\n')
    with pytest.raises(JosiError) as caught:
        list(files.read_jsonl(path))
    assert str(caught.value).startswith(f"{path}:3: {what}")
    assert "\n" not in str(caught.value)


def test_missing_and_broken_files_are_named(tmp_path):
    with pytest.raises(JosiError, match="no such file"):
        list(files.read_jsonl(tmp_path / "none.jsonl"))
    with pytest.raises(JosiError, match="no such file"):
        files.read_json(tmp_path / "none.json")
    (tmp_path / "cut.json").write_bytes(b'{"a": ')
    with pytest.raises(JosiError, match=r"cut\.json: not JSON"):
        files.read_json(tmp_path / "cut.json")
    (tmp_path / "latin.json").write_bytes(b'"\xe9"')
    with pytest.raises(JosiError, match=r"latin\.json: not JSON"):
        files.read_json(tmp_path / "latin.json")


def test_too_little_room_on_the_disk_is_said_before_the_work(tmp_path):
    files.require_room_on_disk(tmp_path / "new", 1)
    with pytest.raises(JosiError, match="MB needed; free some room"):
        files.require_room_on_disk(tmp_path / "new", 1 << 62)


def test_a_second_writer_is_refused_and_may_come_afterwards(tmp_path):
    room = tmp_path / "run" / "dataset"
    with (
        files.room_lock(room),
        pytest.raises(JosiError, match="another run is writing here"),
        files.room_lock(room),
    ):
        pass
    with files.room_lock(room), files.room_lock(tmp_path / "run" / "adapter"):
        pass


def test_the_lock_goes_with_a_killed_process(tmp_path):
    code = (
        "import sys, time; from josi_utils import files\n"
        "with files.room_lock(sys.argv[1]):\n    print('held', flush=True); time.sleep(60)"
    )
    room = tmp_path / "dataset"
    with subprocess.Popen([sys.executable, "-c", code, room], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(JosiError, match="another run"), files.room_lock(room, wait=0.3):
            pass
        threading.Timer(0.3, holder.kill).start()
        with files.room_lock(room, wait=30):
            pass
        holder.wait()
    with files.room_lock(room):
        pass


def test_a_fresh_folder_takes_the_place_only_when_all_went_well(tmp_path):
    final = tmp_path / "model"
    final.mkdir()
    (final / "old").write_text("old")
    with pytest.raises(RuntimeError), files.fresh_folder(final) as work:
        (work / "half").write_text("half")
        raise RuntimeError
    assert names(tmp_path) == ["model"] and names(final) == ["old"]
    with files.fresh_folder(final) as work:
        (work / "new").write_text("new")
        os.chmod(work / "new", 0o600)
    assert names(tmp_path) == ["model"] and names(final) == ["new"]
    assert (final / "new").stat().st_mode & 0o777 == 0o644
