"""``josi keygen``, ``publish``, ``fetch``, ``verify-guard`` as a person calls them, on loopback."""

from __future__ import annotations

import json

import pytest
from delivery_world import make_bundle, write_gguf

from josi_utils import cli
from josi_utils.cli_share import Told
from josi_utils.download import Store
from josi_utils.serve import serve
from josi_utils.signing import load_key


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return a function that publishes a version of the run ``tiny``, a served site, a key."""
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    assert cli.main(["keygen", str(tmp_path / "release.pem")]) == 0
    key = load_key(tmp_path / "release.pem")
    (tmp_path / "site").mkdir()

    def put(version: str, sequence: int) -> int:
        bundle = tmp_path / "outputs/tiny/release/bundle"
        model = write_gguf(bundle / "josi.gguf", seed=sequence)
        make_bundle(bundle, version, sequence, keys=(key,), model=model)
        return cli.main(["publish", "tiny", f"file://{tmp_path}/site"])

    with serve(tmp_path / "site") as share:
        yield put, f"{share.url}channels/stable.json", tmp_path


def test_publish_fetch_confirm_update_and_back(shop, capsys):
    put, url, folder = shop
    to = ["--to", str(folder / "phone")]
    fetch = ["fetch", url, "--key", str(folder / "release.pem.pub"), *to]
    assert put("1.0.0", 1) == 0 and cli.main(fetch) == 0
    assert cli.main(["fetch", *to, "--confirm"]) == 0
    assert put("1.0.1", 2) == 0 and cli.main(fetch) == 0
    told = capsys.readouterr().out
    for words in ("uploaded", "installed: version 1.0.0", "confirmed: version 1.0.0",
                  "installed: version 1.0.1"):  # fmt: skip
        assert words in told
    assert cli.main(["fetch", *to, "--rollback"]) == 0 and cli.main(fetch) == 0
    told = capsys.readouterr().out
    assert "back at version 1.0.0" in told and "declined: version 1.0.0" in told
    assert Store(folder / "phone").file().is_file()


def test_a_device_that_is_too_old_or_outside_the_rollout_takes_nothing(shop, capsys):
    put, url, folder = shop
    put("1.0.0", 1)
    bundle = folder / "outputs/tiny/release/bundle"
    make_bundle(bundle, "1.0.1", 2, keys=(load_key(folder / "release.pem"),),
                model=bundle / "josi.gguf", rollout={"percent": 0, "salt": "x"},
                runtime={"context": 1024, "sampling": {}, "system_prompt_sha256": "0" * 64,
                         "min_app_version": "2.0", "min_llama_cpp_build": 3482})  # fmt: skip
    cli.main(["publish", "tiny", f"file://{folder}/site"])
    pub = (folder / "release.pem.pub").read_text().strip()
    fetch = ["fetch", url, "--key", pub, "--to", str(folder / "phone")]
    assert cli.main([*fetch, "--app-version", "1.9"]) == 2
    assert cli.main([*fetch, "--llama-cpp-build", "3000"]) == 2
    told = capsys.readouterr().err
    assert "needs the app 2.0" in told and "needs llama.cpp 3482" in told
    assert not (folder / "phone/state.json").exists()
    # Outside the rollout: what everybody had before.
    assert cli.main([*fetch, "--install-id", "a phone"]) == 0
    assert "installed: version 1.0.0" in capsys.readouterr().out


@pytest.mark.parametrize("line", [[], ["http://127.0.0.1:9/x"], ["--key", "k"]])
def test_fetch_says_what_it_lacks(tmp_path, capsys, line):
    assert cli.main(["fetch", *line, "--to", str(tmp_path / "phone")]) == 2
    assert "--key" in capsys.readouterr().err
    assert not (tmp_path / "phone").exists()


@pytest.mark.parametrize("flag", ["--rollback", "--confirm"])
def test_nothing_installed_is_one_clear_line(tmp_path, capsys, flag):
    assert cli.main(["fetch", "--to", str(tmp_path / "phone"), flag]) == 2
    assert "phone: nothing installed; fetch a model first" in capsys.readouterr().err
    assert not (tmp_path / "phone").exists()


def test_progress_is_told_about_once_a_second_and_at_the_end(capsys):
    told = Told()
    for done in range(0, 5_000_001, 500_000):
        told("models/x/josi.gguf", done, 5_000_000)
    told("channels/stable.json", 100, 100)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and lines[-1].startswith("josi.gguf: 5.0 of 5.0 MB")


def test_verify_guard_says_what_holds_and_what_does_not(tmp_path, capsys):
    row = {"id": "a", "kind": "triage", "case": {"message": "hi"}, "flag": None,
           "emergency": False, "reply": None}  # fmt: skip
    (tmp_path / "golden.jsonl").write_text(json.dumps(row) + "\n")
    assert cli.main(["verify-guard", str(tmp_path)]) == 0
    assert "1 cases: all hold" in capsys.readouterr().out
    (tmp_path / "golden.jsonl").write_text(json.dumps({**row, "flag": "medication"}) + "\n")
    assert cli.main(["verify-guard", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "golden.jsonl:1: a: flag is None" in told and "1 cases: FAILED" in told
