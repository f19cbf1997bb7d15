"""Publishing: last thing last, hashes of what arrived, headers, dry run; every store for real."""

import json
import urllib.request
from pathlib import Path

import fake_hub
import pytest
import real_servers
from delivery_world import KEY, make_bundle, random_file

from josi_utils.download import Client, Outcome, Retry, fetch
from josi_utils.errors import JosiError
from josi_utils.publish import FOREVER, SHORT, publish
from josi_utils.publish_store import RemoteStore
from josi_utils.signing import public_key

ANY = Client(load=lambda model, adapter: None)
FAST = Retry(first_pause=0.01, longest_pause=0.05)


def arrives(bundle: Path, root: str, to: Path) -> Outcome:
    """Fetch the stable channel below ``root`` as an app would, and hold it against the bundle."""
    outcome = fetch(f"{root}/channels/stable.json", to, trusted=[public_key(KEY)], client=ANY,
                    retry=FAST)  # fmt: skip
    assert outcome.status == "installed"
    assert outcome.model.read_bytes() == (bundle / "josi.gguf").read_bytes()
    return outcome


def test_model_first_manifest_next_pointer_last(tmp_path):
    result = publish(make_bundle(tmp_path / "b"), f"file://{tmp_path}/site")
    assert [step.path.split("/")[0] for step in result.steps] == ["models", "manifests", "channels"]
    assert {step.done for step in result.steps} == {"uploaded"}
    assert not list((tmp_path / "site").rglob("*.part"))


def test_dry_run_writes_nothing(tmp_path):
    result = publish(make_bundle(tmp_path / "b"), f"file://{tmp_path}/site", dry_run=True)
    assert {step.done for step in result.steps} == {"would upload"}
    assert not (tmp_path / "site").exists()


def test_second_publication_uploads_nothing_again(tmp_path):
    bundle = make_bundle(tmp_path / "b")
    publish(bundle, f"file://{tmp_path}/site")
    again = publish(bundle, f"file://{tmp_path}/site")
    assert {step.done for step in again.steps} == {"there already"}


def test_progress_reaches_the_whole(tmp_path):
    seen = {}
    publish(make_bundle(tmp_path / "b"), f"file://{tmp_path}/site",
            progress=lambda name, done, total: seen.__setitem__(name, (done, total)))  # fmt: skip
    assert all(done == total for done, total in seen.values())
    assert len(seen) == 6  # each file sent, and each read back


def test_interrupted_upload_is_taken_up(tmp_path, monkeypatch):
    bundle = make_bundle(tmp_path / "b")
    entry = json.loads((bundle / "manifest.json").read_text())["files"][0]
    part = tmp_path / "site" / (entry["path"] + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes((bundle / "josi.gguf").read_bytes()[:100_000])
    written = []
    real_open = open

    class Counting:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def truncate(self, size):
            self.file.truncate(size)

        def seek(self, place):
            self.file.seek(place)

        def write(self, block):
            written.append(len(block))
            return self.file.write(block)

    store = RemoteStore(f"file://{tmp_path}/site")
    plain = store.fs.open
    monkeypatch.setattr(
        store.fs, "open",
        lambda path, mode="rb", **k: Counting(plain(path, mode, **k)) if "+" in mode or "w" in mode
        else real_open(path, mode),
    )  # fmt: skip
    store.put(bundle / "josi.gguf", entry["path"], FOREVER)
    assert sum(written) == 200_000
    assert store.sha256(entry["path"]) == entry["sha256"]


def test_bytes_that_arrive_wrong_stop_before_the_pointer(tmp_path, monkeypatch):
    bundle = make_bundle(tmp_path / "b")
    publish(make_bundle(tmp_path / "old", "0.9.0", 0 + 1, seed=9), f"file://{tmp_path}/site")
    before = (tmp_path / "site/channels/stable.json").read_bytes()
    real_put = RemoteStore.put

    def flip(self, local, relative, *more):
        real_put(self, local, relative, *more)
        if relative.startswith("models/"):
            path = Path(self.path(relative))
            path.write_bytes(b"X" + path.read_bytes()[1:])

    monkeypatch.setattr(RemoteStore, "put", flip)
    new = make_bundle(tmp_path / "b", "1.0.0", 2)
    with pytest.raises(JosiError, match="not what was sent"):
        publish(new, f"file://{tmp_path}/site")
    assert (tmp_path / "site/channels/stable.json").read_bytes() == before
    assert bundle == new


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://host/x", "give a file://"),
        ("https://host/x", "give a file://"),
        ("https://me:secret@host/x", "give a file://"),
        ("/srv/site", "no scheme; give a file://"),
        ("sftp://me:secret@host/x", "no password"),
        ("s3://bucket/x?secret=secret", "bucket and folder alone"),
    ],
)
def test_addresses_that_are_refused(tmp_path, url, message):
    with pytest.raises(JosiError, match=message) as caught:
        publish(make_bundle(tmp_path / "b"), url)
    assert "secret" not in str(caught.value)


def test_unsigned_bundle_is_not_published(tmp_path):
    with pytest.raises(JosiError, match="not signed"):
        publish(make_bundle(tmp_path / "b", keys=()), f"file://{tmp_path}/site")


def test_expired_bundle_is_not_published(tmp_path):
    bundle = make_bundle(tmp_path / "b", expires="2020-01-01T00:00:00Z")
    with pytest.raises(JosiError, match="expired on 2020-01-01"):
        publish(bundle, f"file://{tmp_path}/site")
    assert not (tmp_path / "site").exists()


def test_bundle_changed_after_signing_is_not_published(tmp_path):
    bundle = make_bundle(tmp_path / "b")
    random_file(bundle / "josi.gguf", 300_000, seed=5)
    with pytest.raises(JosiError, match="changed since the release"):
        publish(bundle, f"file://{tmp_path}/site")


def test_going_back_needs_a_higher_sequence(tmp_path):
    site = f"file://{tmp_path}/site"
    publish(make_bundle(tmp_path / "2", "2.0.0", 2, seed=2), site)
    old = make_bundle(tmp_path / "1", "1.0.0", 1, seed=1)
    with pytest.raises(JosiError, match="sequence=3"):
        publish(old, site)
    publish(make_bundle(tmp_path / "1", "1.0.0", 3, seed=1), site)
    pointer = json.loads((tmp_path / "site/channels/stable.json").read_text())
    assert pointer["manifest"] == "manifests/manifest-1.0.0-3.json"


def test_another_publisher_in_the_meantime_is_not_overtaken(tmp_path, monkeypatch):
    """An upload takes an hour; what was published during it is newer, and stays."""
    site, newer = f"file://{tmp_path}/site", make_bundle(tmp_path / "2", "2.0.0", 2, seed=2)
    real, once = RemoteStore.put, []

    def put(self, *more):
        if not once:
            once.append(1)
            publish(newer, site)
        real(self, *more)

    monkeypatch.setattr(RemoteStore, "put", put)
    with pytest.raises(JosiError, match="at sequence 2, this release is 1"):
        publish(make_bundle(tmp_path / "1", seed=1), site)
    pointer = json.loads((tmp_path / "site/channels/stable.json").read_text())
    assert pointer["sequence"] == 2


def test_same_sequence_with_other_content_is_refused(tmp_path):
    site = f"file://{tmp_path}/site"
    publish(make_bundle(tmp_path / "1", seed=1), site)
    with pytest.raises(JosiError, match="another manifest of this version"):
        publish(make_bundle(tmp_path / "2", seed=2), site)


def test_staged_rollout_leaves_the_others_on_the_version_before(tmp_path):
    site = f"file://{tmp_path}/site"
    publish(make_bundle(tmp_path / "1", "1.0.0", 1, seed=1), site)
    few = {"percent": 10, "salt": "josi-2.0.0"}
    publish(make_bundle(tmp_path / "2", "2.0.0", 2, seed=2, rollout=few), site)
    pointer = json.loads((tmp_path / "site/channels/stable.json").read_text())
    assert pointer["otherwise"] == "manifests/manifest-1.0.0-1.json"
    more = {"percent": 50, "salt": "josi-2.0.0"}
    publish(make_bundle(tmp_path / "2", "2.0.0", 3, seed=2, rollout=more), site)
    pointer = json.loads((tmp_path / "site/channels/stable.json").read_text())
    assert pointer["otherwise"] == "manifests/manifest-1.0.0-1.json"


def test_nginx_round_trip_with_cache_headers(tmp_path):
    publish(make_bundle(tmp_path / "b"), f"file://{tmp_path}/site")
    with real_servers.nginx(tmp_path / "site", tmp_path / "nginx") as url:
        outcome = arrives(tmp_path / "b", url, tmp_path / "phone")
        model = outcome.model.relative_to(tmp_path / "phone").as_posix()
        for path, expected in ((model, FOREVER), ("channels/stable.json", SHORT)):
            asked = urllib.request.Request(f"{url}/{path}", headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(asked) as answer:
                assert answer.headers["Cache-Control"] == expected
                assert answer.headers["Content-Encoding"] is None


def test_sftp_round_trip_on_openssh(tmp_path, monkeypatch):
    pytest.importorskip("sshfs", reason="sshfs is not installed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    bundle = make_bundle(tmp_path / "b")
    with real_servers.sftp(tmp_path / "home", tmp_path / "sshd") as url:
        result = publish(bundle, f"{url}{tmp_path}/site")
        assert [step.done for step in result.steps] == ["uploaded"] * 3
        assert publish(bundle, f"{url}{tmp_path}/site").steps[0].done == "there already"
        entry = json.loads((bundle / "manifest.json").read_text())["files"][0]
        whole = (tmp_path / "site" / entry["path"]).read_bytes()
        assert whole == (bundle / "josi.gguf").read_bytes()
        # An upload that broke off is taken up.
        (tmp_path / "site" / entry["path"]).unlink()
        (tmp_path / "site" / (entry["path"] + ".part")).write_bytes(whole[:70_000])
        assert publish(bundle, f"{url}{tmp_path}/site").steps[0].done == "uploaded"
        assert (tmp_path / "site" / entry["path"]).read_bytes() == whole
    with real_servers.nginx(tmp_path / "site", tmp_path / "nginx") as url:
        arrives(bundle, url, tmp_path / "phone")


def test_sftp_host_that_is_not_known_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("sshfs", reason="sshfs is not installed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with real_servers.sftp(tmp_path / "home", tmp_path / "sshd") as url:
        (tmp_path / "home/.ssh/known_hosts").write_text("")
        with pytest.raises(JosiError, match="known_hosts"):
            publish(make_bundle(tmp_path / "b"), f"{url}{tmp_path}/site")
    assert not (tmp_path / "site").exists()


def test_s3_round_trip_on_moto(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with real_servers.s3(tmp_path / "moto") as endpoint:
        import s3fs

        options = {"client_kwargs": {"endpoint_url": endpoint}}
        store = s3fs.S3FileSystem(**options)
        store.mkdir("josi-test")
        everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::josi-test/*"}  # fmt: skip
        policy = {"Version": "2012-10-17", "Statement": [everyone]}
        store.call_s3("put_bucket_policy", Bucket="josi-test", Policy=json.dumps(policy))
        bundle = make_bundle(tmp_path / "b")
        result = publish(bundle, "s3://josi-test/app", options=options)
        assert result.channel_url == f"{endpoint}/josi-test/app/channels/stable.json"
        assert publish(bundle, "s3://josi-test/app", options=options).steps[0].done == (
            "there already"
        )
        head = store.call_s3("head_object", Bucket="josi-test", Key="app/channels/stable.json")
        assert head["CacheControl"] == SHORT
        assert head["ContentType"] == "application/json"
        assert "ContentEncoding" not in head
        arrives(bundle, f"{endpoint}/josi-test/app", tmp_path / "phone")


def test_s3_bucket_that_is_not_there_is_one_clear_line(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with real_servers.s3(tmp_path / "moto") as endpoint:
        options = {"client_kwargs": {"endpoint_url": endpoint}}
        with pytest.raises(JosiError, match="s3://nowhere") as caught:
            publish(make_bundle(tmp_path / "b"), "s3://nowhere/x", options=options)
        assert "\n" not in str(caught.value)


def test_gcs_round_trip_on_the_emulator(tmp_path):
    with real_servers.gcs(tmp_path / "gcs") as endpoint:
        options = {"endpoint_url": endpoint, "token": "anon", "project": "test"}
        bundle = make_bundle(tmp_path / "b")
        result = publish(bundle, "gs://josi-test/app", options=options)
        assert [step.done for step in result.steps] == ["uploaded"] * 3
        assert result.channel_url == f"{endpoint}/josi-test/app/channels/stable.json"
        again = publish(bundle, "gs://josi-test/app", options=options)
        assert again.steps[0].done == "there already"
        arrives(bundle, f"{endpoint}/josi-test/app", tmp_path / "phone")


@pytest.fixture
def hub(monkeypatch):
    """Return a Hub on loopback and the options that lead huggingface_hub's real client to it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # LFS, which the Hub still takes
    with fake_hub.start() as hub:
        yield hub, {"endpoint": hub.url, "token": fake_hub.TOKEN, "skip_instance_cache": True}


def test_hub_round_trip_into_a_new_repository(tmp_path, hub):
    hub, options = hub
    bundle = make_bundle(tmp_path / "b")
    result = publish(bundle, "hf://mivalta/josi", options=options)
    assert [step.done for step in result.steps] == ["uploaded"] * 3
    # The card before the model, the pointer last.
    assert hub.commits[0] == "Model card"
    assert [text.split("/")[0] for text in hub.commits[1:]] == [
        "Add models", "Add manifests", "Add channels",
    ]  # fmt: skip
    assert hub.repos["mivalta/josi"]["README.md"] == b"# card\n"
    again = publish(bundle, "hf://mivalta/josi", options=options)
    assert {step.done for step in again.steps} == {"there already"}
    # And an app gets it from there, through the redirect to the store of blobs.
    assert result.channel_url == f"{hub.url}/mivalta/josi/resolve/main/channels/stable.json"
    arrives(bundle, result.channel_url.removesuffix("/channels/stable.json"), tmp_path / "phone")
    assert any(line.startswith("GET /cdn/") for line in hub.asked)


def test_hub_folder_and_next_version(tmp_path, hub):
    hub, options = hub
    place = "hf://mivalta/josi/app"
    publish(make_bundle(tmp_path / "1", "1.0.0", 1), place, options=options)
    result = publish(make_bundle(tmp_path / "2", "1.0.1", 2, seed=2), place, options=options)
    assert result.channel_url == f"{hub.url}/mivalta/josi/resolve/main/app/channels/stable.json"
    outcome = arrives(
        tmp_path / "2", f"{hub.url}/mivalta/josi/resolve/main/app", tmp_path / "phone"
    )
    assert outcome.version == "1.0.1"


def test_hub_dry_run_makes_no_repository(tmp_path, hub):
    hub, options = hub
    result = publish(
        make_bundle(tmp_path / "b"), "hf://mivalta/josi", options=options, dry_run=True
    )
    assert {step.done for step in result.steps} == {"would upload"}
    assert hub.repos == {} and not any(line.startswith(("POST", "PUT")) for line in hub.asked)


def test_hub_without_a_token_is_one_clear_line(tmp_path, hub):
    hub, options = hub
    with pytest.raises(JosiError, match="hf auth login") as caught:
        publish(
            make_bundle(tmp_path / "b"), "hf://mivalta/josi", options=options | {"token": False}
        )
    assert "\n" not in str(caught.value) and hub.repos == {}


@pytest.mark.parametrize("url", ["hf://josi", "hf://spaces/mivalta/josi", "hf://buckets/mivalta/x"])
def test_hub_addresses_that_name_no_model_are_refused(tmp_path, hub, url):
    with pytest.raises(JosiError, match="hf://owner/repository"):
        publish(make_bundle(tmp_path / "b"), url, options=hub[1])
    assert hub[0].asked == []
