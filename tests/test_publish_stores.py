"""Each store for real, the same promises: dry run, read back, last thing last, cut and killed."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fake_hub
import pytest
import real_servers
import wire
from delivery_world import make_bundle, random_file

from josi_utils import publish_parts, publish_store
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file
from josi_utils.publish import FOREVER, SHORT, publish
from josi_utils.publish_parts import part_size
from josi_utils.publish_store import RemoteStore

#: Small parts, so that a small file has several; moto is told to take them.
PART = 2**18
SIZE = 6 * PART + 77
KINDS = ("file", "sftp", "s3", "gs", "hf")


@dataclass
class Place:
    """A store that is there for one test.

    ``wire`` is what leads to it; ``spoil`` changes a byte of a file behind the publisher's back.
    """

    kind: str
    url: str
    options: dict[str, Any] = field(default_factory=dict)
    wire: wire.Wire | None = None
    hub: fake_hub.Hub | None = None
    spoil: Callable[[str], None] | None = None

    def store(self) -> RemoteStore:
        return RemoteStore(self.url, self.options)

    def publish(self, bundle: Path, **more: Any) -> Any:
        return publish(bundle, self.url, options=self.options, **more)

    def pointer(self) -> dict[str, Any] | None:
        return self.store().read_json("channels/stable.json")

    def rewrite(self, relative: str) -> None:
        """Flip a byte through the store's own client, as no publisher would."""
        store = self.store()
        data = bytearray(b"".join(store.blocks(relative)))
        data[len(data) // 2] ^= 1
        with store.fs.open(store.path(relative), "wb") as out:
            out.write(bytes(data))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(publish_parts, "PART", PART)
    monkeypatch.setattr(publish_store, "_BLOCK", 2**16)


@pytest.fixture(scope="module")
def bucket_server(tmp_path_factory):
    """Return a function that starts a bucket's server once, a wire to it, and gives the wire."""
    started: dict[str, wire.Wire] = {}
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("S3_UPLOAD_PART_MIN_SIZE", "1000")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")

        def start(kind: str) -> wire.Wire:
            if kind not in started:
                run = real_servers.s3 if kind == "s3" else real_servers.gcs
                url = stack.enter_context(run(tmp_path_factory.mktemp(kind)))
                started[kind] = stack.enter_context(wire.lay(int(url.rpartition(":")[2])))
                if kind == "s3":
                    import s3fs

                    s3fs.S3FileSystem(endpoint_url=url).mkdir("josi-test")
            started[kind].mend()
            return started[kind]

        yield start


def sftp_place(tmp_path: Path, stack: contextlib.ExitStack) -> Place:
    """Return an SFTP host behind a wire, known by the wire's address."""
    url = stack.enter_context(real_servers.sftp(tmp_path / "home", tmp_path / "sshd"))
    user, _, port = url.rpartition(":")
    line = stack.enter_context(wire.lay(int(port)))
    known = tmp_path / "home/.ssh/known_hosts"
    known.write_text(known.read_text().replace(f":{port} ", f":{line.port} "))
    options = {"skip_instance_cache": True}
    return Place("sftp", f"{user}:{line.port}{tmp_path}/site", options, line)


def hub_place(stack: contextlib.ExitStack) -> Place:
    """Return a repository on a Hub of ours, the client set to LFS."""
    hub = stack.enter_context(fake_hub.start())
    options = {"endpoint": hub.url, "token": fake_hub.TOKEN, "skip_instance_cache": True}

    def spoil(relative: str) -> None:
        data = bytearray(hub.repos["mivalta/josi"][relative])
        data[len(data) // 2] ^= 1
        hub.repos["mivalta/josi"][relative] = bytes(data)

    return Place("hf", "hf://mivalta/josi", options, hub=hub, spoil=spoil)


@pytest.fixture
def place(request, tmp_path, monkeypatch, bucket_server):
    """Yield the store of the kind that the test asks for, empty."""
    kind, folder = request.param, tmp_path.name
    with contextlib.ExitStack() as stack:
        if kind == "file":
            yield Place(kind, f"file://{tmp_path}/site")
        elif kind == "sftp":
            pytest.importorskip("sshfs", reason="sshfs is not installed")
            monkeypatch.setenv("HOME", str(tmp_path / "home"))
            monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
            yield sftp_place(tmp_path, stack)
        elif kind == "hf":
            from huggingface_hub import constants

            monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
            yield hub_place(stack)
        else:
            line = bucket_server(kind)
            options = {"endpoint_url": f"http://127.0.0.1:{line.port}", "skip_instance_cache": True}
            if kind == "s3":  # one try: what a person's run ends with is the same, only sooner
                options["config_kwargs"] = {"retries": {"max_attempts": 0}}
            else:
                options |= {"token": "anon", "project": "test"}
            yield Place(kind, f"{kind}://josi-test/{folder}", options, line)


def model_path(bundle: Path) -> str:
    return json.loads((bundle / "manifest.json").read_text())["files"][0]["path"]


each = pytest.mark.parametrize("place", KINDS, indirect=True)
resuming = pytest.mark.parametrize("place", ["file", "sftp", "s3", "gs"], indirect=True)
over_a_wire = pytest.mark.parametrize("place", ["sftp", "s3", "gs"], indirect=True)


@each
def test_dry_run_second_run_and_update(place, tmp_path):
    bundle = make_bundle(tmp_path / "1", size=SIZE)
    assert {s.done for s in place.publish(bundle, dry_run=True).steps} == {"would upload"}
    assert place.pointer() is None and place.store().size(model_path(bundle)) is None
    seen: dict[str, tuple[int, int]] = {}
    first = place.publish(
        bundle, progress=lambda name, done, total: seen.__setitem__(name, (done, total))
    )
    assert [step.path.split("/")[0] for step in first.steps] == ["models", "manifests", "channels"]
    assert {step.done for step in first.steps} == {"uploaded"}
    assert all(done == total for done, total in seen.values()) and len(seen) == 6
    assert {step.done for step in place.publish(bundle).steps} == {"there already"}
    # The pointer is replaced, and only then are the apps led to the new model.
    update = place.publish(make_bundle(tmp_path / "2", "1.0.1", 2, size=SIZE, seed=2))
    assert {step.done for step in update.steps} == {"uploaded"}
    assert place.pointer()["sequence"] == 2


@each
def test_what_arrives_wrong_is_noticed_and_the_pointer_stays(place, tmp_path, monkeypatch):
    place.publish(make_bundle(tmp_path / "old", "0.9.0", 1, seed=9))
    new = make_bundle(tmp_path / "new", "1.0.0", 2, size=SIZE)
    plain, target = RemoteStore.put, model_path(new)

    def put(self, local, relative, *more):
        plain(self, local, relative, *more)
        if relative == target:
            (place.spoil or place.rewrite)(relative)

    with monkeypatch.context() as patch:
        patch.setattr(RemoteStore, "put", put)
        with pytest.raises(JosiError, match="not what was sent"):
            place.publish(new)
    assert place.pointer()["sequence"] == 1
    assert place.store().size(target) is None  # what arrived wrong is gone
    assert {step.done for step in place.publish(new).steps} == {"uploaded"}
    assert place.pointer()["sequence"] == 2


@pytest.mark.parametrize("place", ["s3", "gs"], indirect=True)
def test_headers_for_caches_are_stored(place, tmp_path):
    bundle = make_bundle(tmp_path / "b", size=SIZE)
    place.publish(bundle)
    key = place.url.rpartition("/")[2]
    fs, manifest = place.store().fs, "manifests/manifest-1.0.0-1.json"
    wanted = [(model_path(bundle), FOREVER, "application/octet-stream"),
              (manifest, FOREVER, "application/json"),
              ("channels/stable.json", SHORT, "application/json")]  # fmt: skip
    for path, cache, kind in wanted:
        if place.kind == "s3":
            head = fs.call_s3("head_object", Bucket="josi-test", Key=f"{key}/{path}")
            assert (head["CacheControl"], head["ContentType"]) == (cache, kind)
            assert "ContentEncoding" not in head
        else:
            found = fs.info(f"josi-test/{key}/{path}")
            assert (found["cacheControl"], found["contentType"]) == (cache, kind)
            assert not found.get("contentEncoding")


#: A publisher that dies when it has sent half of the model: no goodbye, nothing tidied up.
KILLED = """
import json, os, signal, sys
from josi_utils import publish_parts, publish_store
from josi_utils.publish import publish
bundle, url, options, part = sys.argv[1:]
publish_parts.PART, publish_store._BLOCK = int(part), 2**16

def die(name, done, total):
    if name.startswith("models/") and "read back" not in name and 2 * done >= total:
        os.kill(os.getpid(), signal.SIGKILL)

publish(bundle, url, options=json.loads(options), progress=die)
"""


@resuming
def test_killed_in_the_middle_goes_on_from_there(place, tmp_path):
    bundle = make_bundle(tmp_path / "b", size=SIZE)
    command = [sys.executable, "-c", KILLED, str(bundle), place.url, json.dumps(place.options),
               str(PART)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert place.pointer() is None and place.store().size(model_path(bundle)) is None
    if place.wire:
        place.wire.mend()
    assert {step.done for step in place.publish(bundle).steps} == {"uploaded"}
    if place.wire:
        # At most half of it, one part on its way, and the talk around it.
        assert place.wire.sent < SIZE // 2 + PART + 60_000
    assert leftovers(place) == []


@over_a_wire
def test_cut_in_the_middle_is_one_line_and_goes_on(place, tmp_path, monkeypatch):
    if place.kind == "gs":
        # gcsfs tries six times, with pauses that grow to 16 s.
        import gcsfs.retry

        real = gcsfs.retry.asyncio.sleep
        monkeypatch.setattr(gcsfs.retry.asyncio, "sleep", lambda s, *a: real(min(s, 0.01), *a))
    monkeypatch.setattr(publish_parts, "_STREAMS", 1)
    place.publish(make_bundle(tmp_path / "old", "0.9.0", 1, seed=9))
    new = make_bundle(tmp_path / "new", "1.0.0", 2, size=SIZE)
    place.wire.mend()
    place.wire.cut_after = SIZE // 2
    with pytest.raises(JosiError) as caught:
        place.publish(new)
    assert "\n" not in str(caught.value) and place.url in str(caught.value)
    place.wire.mend()
    assert place.pointer()["sequence"] == 1
    place.wire.mend()
    assert place.publish(new).steps[0].done == "uploaded"
    assert place.wire.sent < SIZE // 2 + 2 * PART + 60_000
    assert place.pointer()["sequence"] == 2 and leftovers(place) == []


def leftovers(place: Place) -> list[str]:
    """Return what unfinished uploads have left in a store."""
    fs, root = place.store().fs, place.store().root
    if place.kind == "s3":
        key = place.url.rpartition("/")[2]
        found = fs.call_s3("list_multipart_uploads", Bucket="josi-test", Prefix=key)
        return [upload["Key"] for upload in found.get("Uploads") or []]
    fs.invalidate_cache()
    return [name for name in fs.find(root) if ".part" in name]


@resuming
def test_parts_of_another_file_are_not_taken(place, tmp_path):
    """Bytes under the right name that are not the file's own, as a disk or a stranger leaves."""
    bundle = make_bundle(tmp_path / "b", size=SIZE)
    store, target = place.store(), model_path(bundle)
    junk = random_file(tmp_path / "junk", SIZE, 99).read_bytes()
    path = store.path(target)
    if place.kind == "s3":
        bucket, key, _ = store.fs.split_path(path)
        there = {"Bucket": bucket, "Key": key}
        upload = store.fs.call_s3("create_multipart_upload", **there)["UploadId"]
        for number in (1, 2):
            store.fs.call_s3(
                "upload_part", **there, PartNumber=number, UploadId=upload, Body=junk[:PART]
            )
    elif place.kind == "gs":
        store.fs.pipe_file(f"{path}.parts/{PART}-01", junk[:PART])
    else:
        store.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with store.fs.open(f"{path}.part", "wb") as out:
            out.write(junk[: 2 * PART])
    assert place.publish(bundle).steps[0].done == "uploaded"
    assert store.sha256(target) == sha256_file(bundle / "josi.gguf")
    assert leftovers(place) == []


@pytest.mark.parametrize("place", ["hf"], indirect=True)
def test_hub_takes_no_blob_twice(place, tmp_path):
    """The Hub goes on file by file: a blob that arrived is not sent again, half of one is."""
    hub, new = place.hub, make_bundle(tmp_path / "new", "1.0.0", 2, size=SIZE)
    place.publish(make_bundle(tmp_path / "old", "0.9.0", 1, seed=5))

    def sent() -> int:
        return sum(line.startswith("PUT /lfs/") for line in hub.asked)

    before, hub.refused = sent(), "Add models/"
    with pytest.raises(JosiError, match="hf://mivalta/josi/models"):
        place.publish(new)
    assert place.pointer()["sequence"] == 1 and sent() == before + 1
    hub.refused = None
    assert place.publish(new).steps[0].done == "uploaded"
    assert place.pointer()["sequence"] == 2 and sent() == before + 1


@pytest.mark.parametrize(
    ("kind", "size", "parts"),
    [("gs", 105_454_432, 7), ("gs", 1_055_609_536, 32), ("gs", 4 * 10**9, 32), ("s3", 10**9, 60),
     ("s3", 400 * 10**9, 10_000)],
)  # fmt: skip
def test_parts_stay_within_what_the_stores_allow(monkeypatch, kind, size, parts):
    monkeypatch.setattr(publish_parts, "PART", 16 * 2**20)
    part = part_size(kind, size)
    assert part % 2**18 == 0 and part >= 5 * 2**20
    assert -(-size // part) <= parts


def test_addresses_of_amazon_and_of_others(monkeypatch):
    class Client:
        class meta:
            endpoint_url = "https://s3.eu-west-1.amazonaws.com"

    class Fs:
        s3 = Client

    store = object.__new__(RemoteStore)
    store.kind, store.fs, store.hub = "s3", Fs, None
    for root, endpoint, wanted in [
        ("b/app", "https://s3.eu-west-1.amazonaws.com", "https://b.s3.eu-west-1.amazonaws.com/app"),
        ("b.c/app", "https://s3.amazonaws.com", "https://s3.amazonaws.com/b.c/app"),
        ("b/app", "https://x.r2.example/", "https://x.r2.example/b/app"),
        ("b", "https://s3.amazonaws.com", "https://b.s3.amazonaws.com"),
    ]:
        store.root, Client.meta.endpoint_url = root, endpoint
        assert store.web_address() == wanted
