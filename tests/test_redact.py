"""No secret in what is printed: by form, by name in the environment, and on every verb for real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import fake_hub
import pytest
import real_servers
from delivery_world import KEY, make_bundle
from hypothesis import given
from hypothesis import strategies as st

from josi_utils.redact import HIDDEN, redacted
from josi_utils.signing import public_key

#: Planted everywhere a credential may stand; none may come out anywhere.
PLANTED = "Pl4ntedS3cret"


@pytest.mark.parametrize(
    "text",
    [
        f"https://me:{PLANTED}@host/x", f"sftp://me:{PLANTED}@{PLANTED}@host/x",
        f"GET https://host/x?X-Amz-Signature={PLANTED}&b={PLANTED}: 403",
        f"url='/upload?upload_id={PLANTED}'", f"Authorization: Bearer {PLANTED}",
        f"basic {PLANTED}", f"token hf_{PLANTED}", f"got ya29.{PLANTED}",
        f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----",
        f"-----BEGIN OPENSSH PRIVATE KEY----- {PLANTED}",
    ],
)  # fmt: skip
def test_secrets_by_their_form(text):
    assert PLANTED not in redacted(text) and HIDDEN in redacted(text)


def test_secrets_by_their_name_in_the_environment(monkeypatch):
    monkeypatch.setenv("SOME_SECRET_THING", PLANTED)
    monkeypatch.setenv("JOSI_KEY_PASSPHRASE", "horse battery")
    monkeypatch.setenv("TOKEN_FILE", "/home/me/.token")
    assert redacted(f"<{PLANTED}> horse battery") == f"<{HIDDEN}> {HIDDEN}"
    assert redacted("/home/me/.token: no such file") == "/home/me/.token: no such file"


@given(st.text(alphabet="abc /:.,()-", max_size=60))
def test_what_holds_no_secret_stays(text):
    assert redacted(text) == text


def josi(*arguments: str, home: Path, **environment: str) -> str:
    """Run a verb with logging as talkative as it gets; return all that it printed."""
    code = ("import logging, sys; logging.basicConfig(level=logging.INFO); "
            "from josi_utils.cli import main; sys.exit(main(sys.argv[1:]))")  # fmt: skip
    inherited = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True,
        env=inherited | environment, cwd=home, timeout=300,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture
def home(tmp_path):
    """Return a home with a bundle and planted credentials in files, as the stores keep them."""
    make_bundle(tmp_path / "bundle")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        f"[default]\naws_access_key_id = AKIAPLANTED\naws_secret_access_key = {PLANTED}\n"
    )
    return tmp_path


def written(home: Path) -> bytes:
    """Return the bytes of every file below a home but the credentials' own."""
    own = {home / ".aws/credentials"}
    return b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file() and p not in own)


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{PLANTED}@host/x", f"s3://me:{PLANTED}@bucket/x", f"sftp://me:{PLANTED}@host/x",
        f"s3://bucket/x?aws_secret_access_key={PLANTED}", f"hf://me:{PLANTED}@x/y",
        f"gs://bucket/x#{PLANTED}", f"file://me:{PLANTED}@/tmp/x",
    ],
)  # fmt: skip
def test_an_address_with_a_secret_is_refused_unsaid(home, url):
    told = josi("publish", "./bundle", url, home=home)
    assert told.startswith("josi publish: ") and PLANTED not in told
    assert PLANTED.encode() not in written(home)


@pytest.mark.parametrize(
    "url", [f"http://me:{PLANTED}@127.0.0.1:9/c?sig={PLANTED}", f"https://u:{PLANTED}@h:x/c",
            f"ftp://u:{PLANTED}@h/c", f"http://u:{PLANTED}@[::x/c"],
)  # fmt: skip
def test_fetch_says_no_secret_of_an_address(home, url, monkeypatch):
    told = josi("fetch", url, "--to", "phone", "--key", public_key(KEY), home=home)
    assert "josi fetch: " in told and PLANTED not in told
    assert PLANTED.encode() not in written(home)


def test_signed_address_is_fetched_and_not_written_down(home):
    """A store's signed link works, and its signature is in no file and no line."""
    from josi_utils.publish import publish

    publish(home / "bundle", f"file://{home}/site")
    with real_servers.nginx(home / "site", home / "nginx") as url:
        told = josi("fetch", f"{url}/channels/stable.json?X-Amz-Signature={PLANTED}", "--to",
                    "phone", "--key", public_key(KEY), home=home)  # fmt: skip
    assert "does not load" in told  # random bytes: it was fetched, and that is all that is asked
    assert (home / "phone").is_dir() and PLANTED not in told
    logs = {home / "nginx/log", home / "nginx/err", home / "nginx/error.log"}
    assert all(PLANTED.encode() not in p.read_bytes()
               for p in home.rglob("*") if p.is_file() and p not in logs | {
                   home / ".aws/credentials"})  # fmt: skip


def test_s3_good_and_bad(home):
    with real_servers.s3(home / "moto") as url:
        place = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}
        told = josi("publish", "./bundle", "s3://nowhere/x", home=home, **place)
        assert "cannot" in told and PLANTED not in told
        told = josi("publish", "./bundle", "s3://nowhere/x", home=home, **place,
                    AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY=f"{PLANTED}2",
                    AWS_SESSION_TOKEN=f"{PLANTED}3")  # fmt: skip
        assert "cannot" in told and PLANTED not in told
    told = josi("publish", "./bundle", "s3://nowhere/x", home=home,
                AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")  # fmt: skip
    assert PLANTED not in told
    assert PLANTED.encode() not in written(home)


def test_hub_good_and_bad(home):
    with fake_hub.start() as hub:
        place = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        told = josi("publish", "./bundle", "hf://mivalta/josi", home=home, **place,
                    HF_TOKEN=f"hf_{PLANTED}")  # fmt: skip
        assert "hf auth login" in told and PLANTED not in told
        told = josi("publish", "./bundle", "hf://mivalta/josi", home=home, **place,
                    HF_TOKEN=fake_hub.TOKEN)  # fmt: skip
        assert "uploaded" in told and fake_hub.TOKEN not in told
    assert PLANTED.encode() not in written(home)
    assert fake_hub.TOKEN.encode() not in written(home)


def test_google_without_credentials(home):
    key = {"type": "service_account", "project_id": "x", "private_key": PLANTED,
           "client_email": "a@b", "token_uri": "http://127.0.0.1:9/"}  # fmt: skip
    (home / "google.json").write_text(json.dumps(key))
    told = josi("publish", "./bundle", "gs://bucket/x", home=home,
                GOOGLE_APPLICATION_CREDENTIALS=str(home / "google.json"),
                STORAGE_EMULATOR_HOST="http://127.0.0.1:9", NO_GCE_CHECK="true")  # fmt: skip
    assert "gcloud auth" in told and PLANTED not in told


def test_key_and_passphrase_are_not_said(home):
    told = josi("keygen", "release.pem", home=home)
    pem = (home / "release.pem").read_text().splitlines()[1]
    assert pem not in told and "public key" in told
    assert (home / "release.pem").stat().st_mode & 0o077 == 0
