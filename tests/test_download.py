"""The download: resume, faults, signatures, replays, rollout, updates, rollback, adapters."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

import fault_proxy
import faults
import pytest
import real_servers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from delivery_world import make_manifest, put_channel, random_file, write_gguf

from josi_utils import download_http
from josi_utils.download import (
    Client,
    Hooks,
    HttpPolicy,
    Progress,
    Retry,
    Store,
    confirm,
    download,
    fetch,
    in_rollout,
    progress_line,
    rollback,
)
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file
from josi_utils.manifest import hash_chunks
from josi_utils.serve import serve
from josi_utils.signing import public_key

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NEW_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
TRUSTED = (public_key(KEY),)
FAST = Retry(first_pause=0.001, longest_pause=0.01)
IMPATIENT = HttpPolicy(stall_timeout=0.3, slowest_rate=200.0)
CHUNK = 64 * 1024
SIZE = 10 * CHUNK + 77


def any_model(model: Path, adapter: Path | None) -> None:
    """Load nothing: random bytes stand for a model here."""


ANY = Client(install_id="phone-1", load=any_model)


@pytest.fixture
def file(tmp_path):
    return random_file(tmp_path / "site/models/x/josi.gguf", SIZE, 1)


@pytest.fixture
def proxy(tmp_path, file):
    """A fault proxy in front of our own server of ``tmp_path/site``."""
    with serve(tmp_path / "site", downloads=None) as share:
        # The proxy forwards paths as they are: give it the share's token as its root.
        share._token = "models"
        share._root = tmp_path / "site/models"
        with fault_proxy.start(urljoin(share.url, "/")) as proxy:
            yield proxy


def get_with(proxy, file, to, *faults, chunks=True, **more):
    hashes = hash_chunks(file, CHUNK)
    proxy.plan(file=[[name, 7] for name in faults])
    extra = {"chunk_size": CHUNK, "chunk_sha256": hashes.chunk_sha256} if chunks else {}
    options = {"policy": IMPATIENT, "retry": FAST, "size": SIZE, **extra, **more}
    return download(f"{proxy.url}/models/x/josi.gguf", to, sha256=hashes.sha256, **options)


# one file


@pytest.mark.parametrize("chunks", [True, False])
@pytest.mark.parametrize(
    "fault", sorted(set(fault_proxy.FILE_FAULTS) - {"redirect-plain", "redirect-loop"})
)
def test_fault_is_survived(proxy, file, tmp_path, fault, chunks):
    received = get_with(proxy, file, tmp_path / "got", fault, "cut", fault, chunks=chunks)
    assert (tmp_path / "got").read_bytes() == file.read_bytes()
    if chunks:
        assert received.bytes <= SIZE + 3 * CHUNK
    assert {p.name for p in tmp_path.iterdir()} == {"site", "got", ".got.lock"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("gzip", "sent the body as 'gzip'"),
        ("multipart", "without a readable Content-Range"),
        ("no-length", "does not say how long"),
        ("login-page", "has 33 bytes, not"),
        ("503", "HTTP 503"),
        ("garbage", "other bytes than the published ones"),
        ("whole-for-range", "whole file instead of the range"),
        ("stall", "timed out"),
        ("416", "refuses the range"),
    ],
)
def test_fault_is_seen_for_what_it_is(proxy, file, tmp_path, fault, said):
    """Not only outlived thanks to the hashes, which would hide a missing check."""
    lines = []
    first = ["cut"] if fault == "whole-for-range" else []
    get_with(proxy, file, tmp_path / "got", *first, fault, hooks=Hooks(notice=lines.append))
    assert said in lines[len(first)]


def test_range_other_than_asked_for_is_seen(file):
    """Answers by hand, as no real server gives them."""

    class Answer:
        status = 206

        def __init__(self, span, length):
            self.headers = {"Content-Range": span, "Content-Length": str(length)}

        def getheader(self, name, default=None):
            return self.headers.get(name, default)

    def check(span, length, start=10, end=None, ranged=True):
        return download_http._checked(Answer(span, length), "http://h/", start, end, ranged)

    assert check("bytes 10-99/100", 90).total == 100
    assert check("bytes 10-19/100", 10).length == 10  # fewer than asked for is allowed
    assert check("bytes 10-19/100", 10, end=20).length == 10
    for span, length, more in [
        ("bytes 9-99/100", 91, {}), ("bytes 11-99/100", 89, {}), ("bytes 10-100/100", 91, {}),
        ("bytes 10-9/100", 0, {}), ("bytes 10-99/*", 90, {}), ("bytes */100", 0, {}),
        ("bytes 10-99/100", 91, {}), ("bytes 10-29/100", 20, {"end": 20}), ("", 90, {}),
        ("bytes 10-99/100", 90, {"ranged": False}),
    ]:  # fmt: skip
        with pytest.raises(download_http.Passing):
            check(span, length, **more)


def test_garbage_after_a_cut_costs_one_chunk(proxy, file, tmp_path):
    received = get_with(proxy, file, tmp_path / "got", "cut", "garbage")
    assert received.bytes <= SIZE + CHUNK


@pytest.mark.parametrize("fault", ["redirect-plain", "redirect-loop"])
def test_bad_redirect_ends_the_try_and_keeps_what_is_there(proxy, file, tmp_path, fault):
    with pytest.raises(JosiError, match=r"plain http|redirects"):
        get_with(proxy, file, tmp_path / "got", "cut", fault)
    kept = (tmp_path / "got.part").stat().st_size
    assert kept > 0
    received = get_with(proxy, file, tmp_path / "got")
    assert received.bytes == SIZE - kept


def test_whole_answer_to_a_range_is_never_appended(proxy, file, tmp_path):
    """The bug of many apps: 200 to a Range, body appended, size or hash wrong for good."""
    received = get_with(proxy, file, tmp_path / "got", "cut", *["whole-for-range"] * 3)
    assert (tmp_path / "got").read_bytes() == file.read_bytes()
    assert received.bytes == SIZE


def test_server_that_knows_no_ranges_sends_everything_again(proxy, file, tmp_path):
    received = get_with(proxy, file, tmp_path / "got", "cut", *["whole-for-range"] * 4)
    assert (tmp_path / "got").read_bytes() == file.read_bytes()
    assert SIZE < received.bytes < 2 * SIZE


def test_changed_etag_without_chunk_hashes_starts_over(proxy, file, tmp_path):
    received = get_with(proxy, file, tmp_path / "got", "cut", "new-etag", chunks=False)
    assert (tmp_path / "got").read_bytes() == file.read_bytes()
    assert received.bytes > SIZE


def test_one_flipped_bit_costs_one_chunk(proxy, file, tmp_path):
    received = get_with(proxy, file, tmp_path / "got", "flip")
    assert received.bytes in (SIZE + CHUNK, SIZE + 77)


def test_damage_on_disk_between_runs_costs_one_chunk(proxy, file, tmp_path):
    with pytest.raises(JosiError):
        get_with(proxy, file, tmp_path / "got", "cut", "redirect-plain")
    part = tmp_path / "got.part"
    kept = part.stat().st_size
    assert kept > CHUNK
    with open(part, "r+b") as stream:
        stream.write(b"damage")
    received = get_with(proxy, file, tmp_path / "got")
    assert received.bytes == SIZE - kept + CHUNK


def test_part_of_another_file_is_not_used(proxy, file, tmp_path):
    (tmp_path / "got.part").write_bytes(b"x" * 1000)
    (tmp_path / "got.part.json").write_text('{"sha256": "0", "size": 5, "etag": null}')
    assert get_with(proxy, file, tmp_path / "got").bytes == SIZE


@pytest.mark.parametrize("sidecar", ["", "[]", "{", '{"sha256": 1}', "\x00"])
def test_broken_sidecar_is_not_fatal(proxy, file, tmp_path, sidecar):
    (tmp_path / "got.part").write_bytes(b"x" * 1000)
    (tmp_path / "got.part.json").write_text(sidecar)
    assert get_with(proxy, file, tmp_path / "got").bytes == SIZE


def test_server_that_only_lies_is_given_up(proxy, file, tmp_path):
    (tmp_path / "got").write_bytes(b"the version before")
    with pytest.raises(JosiError, match="gave up"):
        get_with(proxy, file, tmp_path / "got", *["login-page"] * 50)
    assert (tmp_path / "got").read_bytes() == b"the version before"


def test_other_bytes_than_published_never_get_the_name(proxy, file, tmp_path):
    with pytest.raises(JosiError, match="not the published bytes"):
        download(f"{proxy.url}/models/x/josi.gguf", tmp_path / "got", sha256="0" * 64, retry=FAST)
    assert not (tmp_path / "got").exists()


def test_chunk_hashes_that_contradict_the_whole_are_noticed(proxy, file, tmp_path):
    hashes = hash_chunks(file, CHUNK)
    with pytest.raises(JosiError, match="contradict"):
        download(f"{proxy.url}/models/x/josi.gguf", tmp_path / "got", sha256="0" * 64, size=SIZE,
                 chunk_size=CHUNK, chunk_sha256=hashes.chunk_sha256, retry=FAST)  # fmt: skip


@pytest.mark.parametrize("sha256", ["", None, "0" * 63, "A" * 64])
def test_no_hash_no_download(tmp_path, sha256):
    with pytest.raises(JosiError, match="refused"):
        download("http://127.0.0.1:9/x", tmp_path / "got", sha256=sha256)
    assert not list(tmp_path.iterdir())


def test_file_that_is_there_is_not_fetched_again(proxy, file, tmp_path):
    get_with(proxy, file, tmp_path / "got")
    again = get_with(proxy, file, tmp_path / "got", "404-page-200")
    assert again.was_there and again.bytes == 0
    assert proxy.used() == []


def test_second_address_is_asked_when_the_first_has_nothing(proxy, file, tmp_path):
    urls = [f"{proxy.url}/models/nothing", f"{proxy.url}/models/x/josi.gguf"]
    download(urls, tmp_path / "got", sha256=sha256_file(file), retry=FAST)
    with pytest.raises(JosiError, match="not there"):
        download(urls[:1], tmp_path / "other", sha256=sha256_file(file), retry=FAST)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.com/x", "plain http"),
        ("file:///etc/passwd", "only https"),
        ("ftp://127.0.0.1/x", "only https"),
        ("http://127.0.0.1.example.com/x", "plain http"),
        ("http://127.0.0.1/a b", "space"),
        ("https://", "only https"),
    ],
)
def test_address_is_refused(tmp_path, url, message):
    with pytest.raises(JosiError, match=message):
        download(url, tmp_path / "got", sha256="0" * 64)


def test_step_down_from_https_and_into_this_machine_is_refused():
    check, policy = download_http.check_url, HttpPolicy(allow_http=True)
    secure = check("https://host/x", policy)
    for there in ("http://host/x", "http://127.0.0.1/x"):
        with pytest.raises(JosiError, match="refused"):
            check(there, policy, secure)
    with pytest.raises(JosiError, match="this very machine"):
        check("https://localhost/x", policy, secure)


def test_secrets_in_an_address_are_not_shown():
    assert download_http.shown("https://u:p@h:1/x?key=s") == "https://h:1/x"


def test_https_on_nginx(tmp_path, file):
    """TLS for real: the right certificate is taken, an unknown one and a step down refused."""
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
            str(tmp_path / "key.pem"), "-out", str(tmp_path / "ca.pem")]  # fmt: skip
    try:
        subprocess.run(make, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    pem = tmp_path / "tls.pem"
    pem.write_text((tmp_path / "key.pem").read_text() + (tmp_path / "ca.pem").read_text())
    sha256, policy = sha256_file(file), HttpPolicy(ca_file=str(tmp_path / "ca.pem"))
    with real_servers.nginx(tmp_path / "site", tmp_path / "nginx", pem=pem) as url:
        place = f"{url}/models/x/josi.gguf"
        with pytest.raises(JosiError, match="certificate"):
            download(place, tmp_path / "got", sha256=sha256, retry=FAST)
        with pytest.raises(JosiError, match="from https to plain http"):
            download(f"{url}/down/x", tmp_path / "got", sha256=sha256, policy=policy)
        download(place, tmp_path / "got", sha256=sha256, policy=policy, retry=FAST)
    assert (tmp_path / "got").read_bytes() == file.read_bytes()


def test_full_disk_is_one_clear_line_and_can_go_on(proxy, file, tmp_path, monkeypatch):
    real, room = os.pwrite, [3 * CHUNK]

    def pwrite(handle, data, position):
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(handle, data[: room[0]], position)
        room[0] -= count
        return count

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(JosiError, match="disk is full"):
        get_with(proxy, file, tmp_path / "got")
    room[0] = 10**9
    assert get_with(proxy, file, tmp_path / "got").bytes <= SIZE - 2 * CHUNK
    assert (tmp_path / "got").read_bytes() == file.read_bytes()


def test_real_full_disk(proxy, file, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    try:
        with pytest.raises(JosiError, match="free some room"):
            get_with(proxy, file, small / "got")
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_too_little_room_is_said_before_the_first_byte(proxy, file, tmp_path, monkeypatch):
    from josi_utils import download_transfer

    usage = type("usage", (), {"free": 1000})
    monkeypatch.setattr(download_transfer.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(JosiError, match="free some room"):
        get_with(proxy, file, tmp_path / "got")


def test_no_network_it_may_use_asks_nobody(proxy, file, tmp_path):
    with pytest.raises(JosiError, match="Wi-Fi"):
        get_with(proxy, file, tmp_path / "got", "cut", hooks=Hooks(network=lambda: False))
    assert proxy.used() == []


def test_two_clients_share_one_download(proxy, file, tmp_path):
    seen = []

    def one():
        seen.append(get_with(proxy, file, tmp_path / "got").bytes)

    jobs = [threading.Thread(target=one) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert sorted(seen) == [0, SIZE]


def test_progress_grows_to_the_whole(proxy, file, tmp_path):
    seen: list[Progress] = []
    get_with(proxy, file, tmp_path / "got", "cut", hooks=Hooks(progress=seen.append))
    assert seen[-1].done == seen[-1].total == SIZE
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert progress_line(Progress("x", 10**6, 2 * 10**6, 5e5, 2.0)) == (
        "1.0 of 2.0 MB, 0.5 MB/s, 0:02 left"
    )


# channel, manifest, versions


@pytest.fixture
def site(tmp_path):
    """A published folder, served: ``publish(version, sequence, …)`` and ``url``."""
    folder = tmp_path / "site"
    folder.mkdir(exist_ok=True)

    class Site:
        root = folder

        def publish(self, version, sequence, *, keys=(KEY,), otherwise=None, seed=None, **more):
            seed = sequence if seed is None else seed
            model = random_file(tmp_path / f"made/{version}-{seed}/josi.gguf", 200_000, seed)
            manifest = make_manifest(folder, version, sequence, model=model, **more)
            return put_channel(folder, manifest, list(keys), otherwise=otherwise)

        def fetch(self, client=ANY, **more):
            more.setdefault("trusted", TRUSTED)
            return fetch(f"{self.url}channels/stable.json", tmp_path / "phone", client=client,
                         policy=IMPATIENT, retry=FAST, **more)  # fmt: skip

    made = Site()
    with serve(folder, downloads=None) as share:
        made.url = share.url
        yield made


def test_first_launch_installs_and_second_asks_for_nothing(site, tmp_path):
    site.publish("1.0.0", 1)
    first, second = site.fetch(), site.fetch()
    assert (first.status, first.bytes) == ("installed", 200_000)
    assert (second.status, second.bytes) == ("current", 0)
    assert second.model == first.model == Store(tmp_path / "phone").file()
    assert Store(tmp_path / "phone").manifest()["runtime"]["context"] == 1024


def test_manifest_address_works_without_a_channel(site, tmp_path):
    name = site.publish("1.0.0", 1)
    got = fetch(f"{site.url}{name}", tmp_path / "p", trusted=TRUSTED, client=ANY, retry=FAST)
    assert got.status == "installed"


def test_bundle_folder_can_be_fetched_from_as_it_is(site, tmp_path):
    name = site.publish("1.0.0", 1)
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "manifest.signed.json").write_bytes((site.root / name).read_bytes())
    (next(tmp_path.glob("made/*/josi.gguf"))).rename(flat / "josi.gguf")
    with serve(flat) as share:
        got = fetch(f"{share.url}manifest.signed.json", tmp_path / "p", trusted=TRUSTED, client=ANY,
                    retry=FAST)  # fmt: skip
    assert got.status == "installed"


def test_update_keeps_the_previous_until_the_new_one_has_run(site, tmp_path):
    site.publish("1.0.0", 1)
    old = site.fetch().model
    confirm(tmp_path / "phone")
    site.publish("2.0.0", 2)
    new = site.fetch().model
    assert old.exists() and new.exists() and old != new
    confirm(tmp_path / "phone")
    assert new.exists() and not old.exists()


def test_version_that_never_ran_is_not_what_is_kept(site, tmp_path):
    for number in (1, 2, 3):
        site.publish(f"{number}.0.0", number)
        site.fetch()
        if number == 1:
            confirm(tmp_path / "phone")
    assert Store(tmp_path / "phone").read().previous.version == "1.0.0"


def test_rollback_on_the_phone_and_no_return_by_itself(site, tmp_path):
    site.publish("1.0.0", 1)
    old = site.fetch().model
    confirm(tmp_path / "phone")
    site.publish("2.0.0", 2)
    site.fetch()
    rollback(tmp_path / "phone")
    assert Store(tmp_path / "phone").file() == old
    declined = site.fetch()
    assert (declined.status, declined.version) == ("declined", "1.0.0")
    site.publish("2.0.1", 3)
    assert site.fetch().version == "2.0.1"
    with pytest.raises(JosiError, match="no previous"):
        confirm(tmp_path / "phone")
        rollback(tmp_path / "phone")


def test_publisher_rolls_back_by_a_higher_sequence_without_a_new_download(site, tmp_path):
    site.publish("1.0.0", 1)
    site.fetch()
    confirm(tmp_path / "phone")
    site.publish("2.0.0", 2)
    site.fetch()
    site.publish("1.0.0", 3, seed=1)
    back = site.fetch()
    assert (back.status, back.version, back.bytes) == ("installed", "1.0.0", 0)


def test_replay_of_an_older_manifest_is_refused(site):
    site.publish("1.0.0", 1)
    site.fetch()
    site.publish("2.0.0", 2)
    site.fetch()
    site.publish("1.0.0", 1)
    with pytest.raises(JosiError, match="replay"):
        site.fetch()


def test_another_manifest_of_the_same_sequence_is_refused(site):
    site.publish("1.0.0", 1)
    site.fetch()
    site.publish("1.0.1", 1)
    with pytest.raises(JosiError, match="another manifest of sequence 1"):
        site.fetch()


def test_expiry_is_held_against_the_clock(site):
    site.publish("1.0.0", 1, expires="2030-01-01T00:00:00Z")
    late = Client(load=any_model, now=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    with pytest.raises(JosiError, match="expired"):
        site.fetch(late)
    early = Client(load=any_model, now=lambda: datetime(2029, 12, 31, tzinfo=UTC))
    assert site.fetch(early).status == "installed"


@pytest.mark.parametrize("keys", [(), (NEW_KEY,)])
def test_unsigned_and_forged_are_refused(site, tmp_path, keys):
    site.publish("1.0.0", 1, keys=keys)
    with pytest.raises(JosiError, match="no trusted key"):
        site.fetch()
    assert Store(tmp_path / "phone").read().current is None


def test_key_rotation_moves_installs_along(site):
    site.publish("1.0.0", 1)
    site.fetch()
    both = [public_key(KEY), public_key(NEW_KEY)]
    site.publish("1.0.0", 2, keys=(KEY, NEW_KEY), trusted_keys=both, seed=1)
    site.fetch()
    site.publish("1.1.0", 3, keys=(NEW_KEY,), trusted_keys=[public_key(NEW_KEY)])
    assert site.fetch().version == "1.1.0"
    # The old key, perhaps stolen, is worth nothing now …
    site.publish("6.6.6", 66, keys=(KEY,))
    with pytest.raises(JosiError, match="no trusted key"):
        site.fetch()
    # … and an app that ships the new key starts from that one.
    site.publish("1.2.0", 4, keys=(NEW_KEY,))
    assert site.fetch(trusted=[public_key(NEW_KEY)]).version == "1.2.0"


@pytest.mark.parametrize(
    ("needs", "client", "message"),
    [
        ({"min_app_version": "2.10"}, {"app_version": "2.9.5"}, "needs the app 2.10"),
        ({"min_llama_cpp_build": 5000}, {"llama_cpp_build": 4999}, "needs llama.cpp 5000"),
        ({"min_ram_bytes": 2 * 10**9}, {"ram_bytes": 10**9}, "2000 MB of memory"),
    ],
)
def test_device_that_cannot_run_it_keeps_what_it_has(site, needs, client, message):
    runtime = {"context": 1024, "sampling": {}, "system_prompt_sha256": "0" * 64, **needs}
    site.publish("1.0.0", 1, runtime=runtime)
    with pytest.raises(JosiError, match=message):
        site.fetch(Client(load=any_model, **client))
    enough = {key: "2.10.0" if key == "app_version" else 3 * 10**9 for key in client}
    assert site.fetch(Client(load=any_model, **enough)).status == "installed"


def test_rollout_share_is_stable_and_grows():
    ids = [f"install-{i}" for i in range(4000)]
    ten = {i for i in ids if in_rollout(i, {"percent": 10, "salt": "v2"})}
    half = {i for i in ids if in_rollout(i, {"percent": 50, "salt": "v2"})}
    assert ten < half
    assert 0.08 < len(ten) / len(ids) < 0.12
    assert 0.47 < len(half) / len(ids) < 0.53
    other = {i for i in ids if in_rollout(i, {"percent": 10, "salt": "v3"})}
    assert len(ten & other) < len(ten) / 2
    assert not any(in_rollout(i, {"percent": 0, "salt": "v2"}) for i in ids)
    assert all(in_rollout(i, {"percent": 100, "salt": "v2"}) for i in ids)


def test_install_outside_the_rollout_gets_what_everybody_has(site):
    everybody = site.publish("1.0.0", 1)
    site.publish("2.0.0", 2, otherwise=everybody, rollout={"percent": 0, "salt": "x"})
    assert site.fetch().version == "1.0.0"
    assert site.fetch().status == "current"
    site.publish("2.0.0", 3, seed=2, otherwise=everybody, rollout={"percent": 100, "salt": "x"})
    assert site.fetch().version == "2.0.0"


def test_early_install_outside_the_next_rollout_keeps_what_it_has(site):
    """2.0.0 went to a few, then 2.0.1 goes to others first: nobody is sent back to 1.0.0."""
    everybody = site.publish("1.0.0", 1)
    site.publish("2.0.0", 2, otherwise=everybody, rollout={"percent": 100, "salt": "x"})
    assert site.fetch().version == "2.0.0"
    site.publish("2.0.1", 3, otherwise=everybody, rollout={"percent": 0, "salt": "y"})
    held = site.fetch()
    assert (held.status, held.version, held.bytes) == ("held back", "2.0.0", 0)
    # A pointer is not signed: whoever puts an old manifest there gets no more than that.
    site.publish("6.6.6", 1, keys=(NEW_KEY,))
    forged = "manifests/manifest-6.6.6-1.json"
    site.publish("2.0.1", 4, otherwise=forged, rollout={"percent": 0, "salt": "y"}, seed=3)
    with pytest.raises(JosiError, match="no trusted key"):
        site.fetch()


def test_folder_has_an_id_of_its_own_that_stays(site, tmp_path):
    """Without one given: random, kept, and what decides the place in a staged rollout."""
    nameless, rollout = Client(load=any_model), {"percent": 50, "salt": "x"}
    everybody = site.publish("1.0.0", 1)
    site.publish("2.0.0", 2, otherwise=everybody, rollout=rollout)
    version = site.fetch(nameless).version
    own = Store(tmp_path / "phone").install_id()
    assert len(own) == 32 and Store(tmp_path / "phone").install_id() == own
    assert version == ("2.0.0" if in_rollout(own, rollout) else "1.0.0")
    assert Store(tmp_path / "other").install_id() != own


def test_model_that_does_not_load_leaves_the_previous_one(site, tmp_path):
    site.publish("1.0.0", 1)
    old = site.fetch().model

    def fails(model, adapter):
        raise RuntimeError("out of memory")

    site.publish("2.0.0", 2)
    with pytest.raises(JosiError, match="does not load"):
        site.fetch(Client(load=fails))
    assert Store(tmp_path / "phone").file() == old
    again = site.fetch()
    assert (again.version, again.bytes) == ("2.0.0", 0)  # there already, only loaded


def test_gguf_header_is_read_before_anything_becomes_current(site, tmp_path):
    site.publish("1.0.0", 1)  # random bytes, no GGUF
    with pytest.raises(JosiError, match="does not load"):
        site.fetch(Client())
    model = write_gguf(tmp_path / "real/josi.gguf")
    put_channel(site.root, make_manifest(site.root, "1.0.1", 2, model=model), [KEY])
    assert site.fetch(Client()).status == "installed"


def test_adapter_is_taken_only_on_the_base_it_was_made_for(site, tmp_path):
    site.publish("1.0.0", 1)
    base = site.fetch().model
    adapter = random_file(tmp_path / "made/adapter.gguf", 30_000, 77)
    loaded = []
    client = Client(load=lambda m, a: loaded.append((m, a)), adapters=True)
    model = random_file(tmp_path / "made/2/josi.gguf", 200_000, 2)
    for sequence, bound in ((2, sha256_file(base)), (3, "0" * 64)):
        manifest = make_manifest(site.root, f"{sequence}.0.0", sequence, model=model,
                                 adapter=adapter, base_sha256=bound)  # fmt: skip
        put_channel(site.root, manifest, [KEY])
        outcome = site.fetch(client)
        if sequence == 2:
            assert outcome.bytes == 30_000
            assert loaded[-1] == (base, Store(tmp_path / "phone").file("adapter"))
        else:
            assert outcome.bytes == 200_000
            assert loaded[-1] == (outcome.model, None)


def test_adapter_alone_without_its_base_is_refused(site, tmp_path):
    adapter = random_file(tmp_path / "made/adapter.gguf", 30_000, 77)
    manifest = make_manifest(site.root, "2.0.0", 2, model=None, adapter=adapter,
                             base_sha256="0" * 64)  # fmt: skip
    put_channel(site.root, manifest, [KEY])
    with pytest.raises(JosiError, match="base is not installed"):
        site.fetch()


@pytest.mark.parametrize(
    "path", ["../x", "/x", "//h/x", "http://h/x", "a/../x", "a//x", ".x", "a\\x", "a?x", "", 5,
             "x\n"],
)  # fmt: skip
def test_pointer_may_only_name_a_plain_path(site, path):
    import json

    pointer = {"schema": "josi.channel/1", "manifest": path}
    (site.root / "channels").mkdir()
    (site.root / "channels/stable.json").write_text(json.dumps(pointer))
    with pytest.raises(JosiError, match="not a plain path"):
        site.fetch()


def test_broken_state_is_not_replaced_in_silence(site, tmp_path):
    site.publish("1.0.0", 1)
    site.fetch()
    (tmp_path / "phone/state.json").write_text("{")
    with pytest.raises(JosiError, match="remove it"):
        site.fetch()


def test_client_survives_a_kill_at_every_step():
    """Each call that touches the disk, before and after, one by one, until none is left."""
    with faults.scratch_folder() as scratch, faults.world(Path(scratch)) as world:
        for step in range(1, 400):
            phone = Path(scratch) / f"phone{step}"
            meter = faults.Meter()
            one = faults.Round(world.proxy.url, "v2.0.0", kill_at_step=step)
            codes = one.run_clients(phone, world.sha256, meter)
            assert faults.look(phone, world.sha256, False) == []
            if codes == [faults.DONE]:
                break
            honest = faults.Round(world.proxy.url, "v2.0.0")
            assert honest.run_clients(phone, world.sha256, meter) == [faults.DONE]
            assert meter.total <= faults.SIZES["2.0.0"] + faults.CHUNK
        assert 20 < step < 399


def test_forty_random_schedules(capsys):
    """The short run; the long one is ``make faults``."""
    total = faults.run(40, seed=20240501)
    with capsys.disabled():
        print(f"\nfaults: seed {total['seed']}, {total['faults']} faults in {total['rounds']} "
              f"rounds, {total['worst_again_per_fault']:.2f} chunks again a fault at worst")  # fmt: skip
    assert total["failed"] == []
    assert total["faults"] > 80


def test_memory_stays_flat(tmp_path):
    """A file far larger than the buffers, in a process of its own."""
    big = tmp_path / "big"
    with open(big, "wb") as stream:
        stream.truncate(400 * 2**20)
    digest = hashlib.sha256()
    for _ in range(400):
        digest.update(bytes(2**20))
    code = (
        "import re, sys; from josi_utils.download import download; "
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]); "
        "start = peak(); download(sys.argv[1], sys.argv[2], sha256=sys.argv[3]); "
        "print(peak() - start)"
    )
    with serve(big) as share:
        assert share.sha256 == digest.hexdigest()
        command = [sys.executable, "-c", code, share.url, str(tmp_path / "got"), share.sha256]
        grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert grown < 40_000  # KiB: four buffers of 4 MiB, and not the file
