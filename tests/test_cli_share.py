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


def test_memory_again_and_held_back_are_said_plainly(shop, capsys):
    put, url, folder = shop
    pub = (folder / "release.pem.pub").read_text().strip()
    fetch = ["fetch", url, "--key", pub, "--to", str(folder / "phone")]
    put("1.0.0", 1)
    cli.main(fetch)
    cli.main(["fetch", "--to", str(folder / "phone"), "--confirm"])
    put("1.0.1", 2)
    cli.main(fetch)
    cli.main(["fetch", "--to", str(folder / "phone"), "--rollback"])
    capsys.readouterr()
    assert cli.main(fetch) == 0 and "--again" in capsys.readouterr().err
    assert cli.main([*fetch, "--again"]) == 0
    told = capsys.readouterr()
    assert "installed: version 1.0.1" in told.out and "--confirm" in told.err
    bundle = folder / "outputs/tiny/release/bundle"
    make_bundle(bundle, "1.0.2", 3, keys=(load_key(folder / "release.pem"),),
                model=bundle / "josi.gguf", rollout={"percent": 0, "salt": "x"},
                runtime={"context": 1024, "sampling": {}, "system_prompt_sha256": "0" * 64,
                         "min_ram_bytes": 2 * 10**9})  # fmt: skip
    assert cli.main(["publish", str(bundle), f"file://{folder}/site"]) == 0  # a folder, too
    assert cli.main([*fetch, "--ram-mb", "1999"]) == 2
    assert "2000 MB of memory" in capsys.readouterr().err
    alone = f"{url.removesuffix('channels/stable.json')}manifests/manifest-1.0.2-3.json"
    assert cli.main(["fetch", alone, "--key", pub, "--to", str(folder / "empty")]) == 0
    told = capsys.readouterr()
    assert told.out == "held back: nothing installed\n" and "not in the rollout yet" in told.err


def test_throw_away_key_is_warned_of(shop, capsys):
    put, _, folder = shop
    put("1.0.0", 1)
    assert "throw-away" not in capsys.readouterr().err
    pub = folder / "outputs/tiny/release/throw-away-key.pem.pub"
    pub.write_text((folder / "release.pem.pub").read_text())
    put("1.0.1", 2)
    assert "throw-away key, which no app should trust" in capsys.readouterr().err


def test_keygen_with_a_passphrase(tmp_path, monkeypatch, capsys):
    answers = ["horse", "house"]
    monkeypatch.setattr("getpass.getpass", lambda prompt: answers.pop(0))
    key = tmp_path / "key.pem"
    assert cli.main(["keygen", str(key), "--passphrase"]) == 2 and not key.exists()
    answers[:] = ["horse", "horse"]
    assert cli.main(["keygen", str(key), "--passphrase"]) == 0
    assert b"ENCRYPTED" in key.read_bytes() and "horse" not in capsys.readouterr().out


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


def test_progress_is_told_about_once_a_second_and_at_the_end(capsys, monkeypatch):
    told, clock = Told(), [100.0]
    monkeypatch.setattr("josi_utils.cli_share.time.monotonic", lambda: clock[0])
    for done in range(1_000_000, 5_000_001, 500_000):  # the first million was there before
        told("models/x/josi.gguf", done, 5_000_000)
        clock[0] += 0.5
    told("channels/stable.json", 100, 100)
    told("models/y/small.gguf", 2_000_000, 2_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "josi.gguf: 2.0 of 5.0 MB, 1.0 MB/s, 0:03 left",
        "josi.gguf: 3.0 of 5.0 MB, 1.0 MB/s, 0:02 left",
        "josi.gguf: 4.0 of 5.0 MB, 1.0 MB/s, 0:01 left",
        "josi.gguf: 5.0 of 5.0 MB, 1.0 MB/s, 0:00 left",
        "small.gguf: 2.0 of 2.0 MB",
    ]


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
