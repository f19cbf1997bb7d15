"""The manifest's form: what is sound passes, a missing hash or a trick does not."""

import copy
import hashlib

import pytest
from delivery_world import make_manifest, random_file
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.files import write_json
from josi_utils.manifest import (
    check_manifest,
    hash_chunks,
    parse_time,
    read_manifest,
    sequence_of,
)
from josi_utils.manifest_records import base_model
from josi_utils.paths import RunPaths
from josi_utils.signing import canonical_json


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    model = random_file(folder / "josi.gguf", 100_001, 3)
    return make_manifest(folder / "site", "1.0.0", 1, model=model)


def test_sound_manifest_survives_the_round_trip(sound):
    assert read_manifest(canonical_json(sound)) == sound


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sha256", ""), ("sha256", None), ("sha256", "0" * 63), ("sha256", "G" * 64),
        ("sha256", "A" * 64), ("size", 0), ("size", -1), ("size", "100"), ("size", 2**60),
        ("name", "josi.gguf\n"),
        ("sha256", "0" * 64 + "\n"), ("name", ""), ("name", "../x"), ("name", "/etc/passwd"), ("name", ".hidden"),
        ("name", "a\\b"), ("name", "a\0b"), ("name", "a..b/../c"), ("name", "x" * 200),
        ("path", "../models/x"), ("path", "/models/x"), ("path", "models//x"),
        ("path", "models/../x"), ("path", "http://h/x"), ("path", "models/x?y"),
        ("urls", ["http://h/x"]), ("urls", ["file:///etc/passwd"]), ("role", "boot"),
        ("chunk_sha256", []), ("chunk_sha256", ["0" * 64]), ("chunk_size", 0),
    ],
)  # fmt: skip
def test_tricks_in_a_file_entry_are_refused(sound, field, value):
    broken = copy.deepcopy(sound)
    broken["files"][0][field] = value
    with pytest.raises(JosiError, match="manifest"):
        check_manifest(broken)


@pytest.mark.parametrize("field", ["sha256", "size", "name", "path", "chunk_sha256", "chunk_size"])
def test_missing_field_of_a_file_is_refused(sound, field):
    broken = copy.deepcopy(sound)
    del broken["files"][0][field]
    with pytest.raises(JosiError, match=field):
        check_manifest(broken)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", "josi.manifest/2"), ("sequence", 0), ("sequence", 1.5), ("sequence", True),
        ("expires", "tomorrow"), ("expires", "2099-13-01T00:00:00Z"), ("files", []),
        ("version", "1"), ("version", "1.0.0/../x"), ("model_id", "../x"),
        ("rollout", {"percent": 101}), ("trusted_keys", []), ("trusted_keys", ["short"]),
    ],
)  # fmt: skip
def test_bad_top_level_field_is_refused(sound, field, value):
    with pytest.raises(JosiError, match="manifest"):
        check_manifest({**sound, field: value})


def test_two_files_that_differ_in_case_alone_are_refused(sound):
    twin = {**sound["files"][0], "name": "JOSI.gguf"}
    with pytest.raises(JosiError, match="two files of one name"):
        check_manifest({**sound, "files": [*sound["files"], twin]})


def test_adapter_without_its_base_is_refused(sound):
    adapter = {**sound["files"][0], "role": "adapter"}
    with pytest.raises(JosiError, match="base"):
        check_manifest({**sound, "files": [adapter]})


@given(junk=st.one_of(st.binary(max_size=100), st.text(max_size=60).map(str.encode)))
@settings(max_examples=60, deadline=None)
def test_junk_is_one_clear_error(junk):
    with pytest.raises(JosiError):
        read_manifest(junk)


@given(size=st.integers(0, 70_000), chunk=st.sampled_from([4096, 10_000, 65_536]))
@settings(max_examples=25, deadline=None)
def test_chunk_hashes_are_those_of_the_slices(tmp_path_factory, size, chunk):
    path = random_file(tmp_path_factory.mktemp("c") / "f", size, size)
    data, hashes = path.read_bytes(), hash_chunks(path, chunk)
    assert hashes.size == size
    assert hashes.sha256 == hashlib.sha256(data).hexdigest()
    slices = [data[i : i + chunk] for i in range(0, size, chunk)]
    assert list(hashes.chunk_sha256) == [hashlib.sha256(part).hexdigest() for part in slices]


def test_sequence_grows_with_the_version():
    versions = ["0.0.1", "0.0.2", "0.1.0", "1.0.0", "1.0.1", "1.10.0", "2.0.0"]
    numbers = [sequence_of(version) for version in versions]
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
    for wrong in ("1", "1.0", "v1.0.0", "1.0.0 ", "1.1000.0"):
        with pytest.raises(JosiError):
            sequence_of(wrong)


def test_time_without_zone_is_refused():
    assert parse_time("2030-01-02T03:04:05Z").tzinfo is not None
    with pytest.raises(JosiError):
        parse_time("2030-01-02T03:04:05")


def test_base_model_is_the_one_that_was_trained_on(tmp_path, monkeypatch):
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    run = RunPaths("r")
    records = {"02_finetune": {"parameters": {"base_model": "135m"}}}
    assert base_model(run, records) == {"name": "135m", "revision": None}
    assert base_model(run, {"02_finetune": {}})["name"] == "unknown"
    facts = {"name": "1.7b", "repository": "a/b", "revision": "abc", "source_file": "x"}
    write_json(run.adapter / "base_model.json", facts)
    assert base_model(run, records) == {"name": "1.7b", "repository": "a/b", "revision": "abc"}
