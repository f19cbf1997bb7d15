"""Break the download in every way we know, again and again, and count what it cost.

    python tests/faults.py --schedules 1000 --seed 1 [--json FILE]

A schedule is a phone (empty, or with a version that runs) and one to four rounds against a server
that misbehaves, with kills, a full disk, two clients, forged, expired and replayed manifests; then
one honest round. After each round the phone is looked at. The counts that must be 0: a current
model whose bytes are not the published ones, a previous version gone, an honest round that did not
complete, a crash, a bad manifest taken, a file outside the folder, bytes fetched again beyond one
chunk a fault.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import dataclasses
import errno
import json
import mmap
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import fault_proxy
import real_servers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from delivery_world import make_manifest, put_channel, random_file

from josi_utils.download import Client, Hooks, HttpPolicy, Retry, Store, confirm, fetch
from josi_utils.download_http import Body
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file
from josi_utils.manifest import read_manifest
from josi_utils.signing import canonical_json, public_key, sign, verify

CHUNK = 64 * 1024
SIZES = {"0.9.0": 5 * CHUNK + 17, "1.0.0": 9 * CHUNK + 4321, "2.0.0": 16 * CHUNK + 12345}

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ROGUE = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))

#: Impatient, so that a thousand schedules take minutes.
POLICY = HttpPolicy(connect_timeout=2.0, stall_timeout=0.3, slowest_rate=200.0)
RETRY = Retry(fruitless=8, total=100, first_pause=0.001, longest_pause=0.01)

#: Manifests and pointers that no client may act on.
BAD_CHANNELS = ("forged", "tampered", "unsigned", "expired", "replayed", "other-type", "no-hash",
                "trick-name", "trick-path", "pointer-up", "pointer-host", "pointer-url",
                "other-model")  # fmt: skip

#: Exit codes of a client process.
DONE, REFUSED, CRASHED, CORRUPT = 0, 2, 70, 77


@dataclasses.dataclass
class World:
    """The publisher's folder, the proxy in front of it, and what the truth is."""

    site: Path
    proxy: fault_proxy.Proxy
    template: Path  # a phone that runs 1.0.0
    sha256: dict[str, str]


def build_site(folder: Path) -> dict[str, str]:
    """Publish three honest versions and every bad channel; return SHA-256 by version."""
    hashes = {}
    for number, (version, size) in enumerate(SIZES.items(), start=1):
        model = random_file(folder.parent / f"made-{version}" / "josi.gguf", size, number)
        hashes[version] = sha256_file(model)
        manifest = make_manifest(folder, version, number, model=model, chunk=CHUNK)
        put_channel(folder, manifest, [KEY])
        (folder / "channels/stable.json").rename(folder / f"channels/v{version}.json")
    newest = make_manifest(folder, "9.0.0", 99, model=model, chunk=CHUNK)

    def bad(name: str, envelope: bytes) -> None:
        (folder / f"manifests/{name}.json").write_bytes(envelope)
        pointer = {"schema": "josi.channel/1", "manifest": f"manifests/{name}.json", "sequence": 99}
        (folder / f"channels/{name}.json").write_text(json.dumps(pointer))

    def changed(**more: Any) -> bytes:
        return canonical_json({**newest, **more})

    entry = newest["files"][0]
    good = json.loads(sign(changed(), [KEY]))
    good["payload"] = base64.b64encode(changed(version="9.0.1")).decode()
    bad("forged", sign(changed(), [ROGUE]))
    bad("tampered", json.dumps(good).encode())
    bad("unsigned", sign(changed(), []))
    bad("expired", sign(changed(expires="2020-01-01T00:00:00Z"), [KEY]))
    bad("other-type", sign(changed(), [KEY], payload_type="application/json"))
    bad("other-model", sign(changed(model_id="other"), [KEY]))
    bad("no-hash", sign(changed(files=[{**entry, "sha256": ""}]), [KEY]))
    bad("trick-name", sign(changed(files=[{**entry, "name": "../../out"}]), [KEY]))
    bad("trick-path", sign(changed(files=[{**entry, "path": "a/../../out"}]), [KEY]))
    shutil.copy(folder / "channels/v0.9.0.json", folder / "channels/replayed.json")
    for name, path in (("pointer-up", "../../etc/passwd"), ("pointer-host", "//198.51.100.7/m"),
                       ("pointer-url", "http://198.51.100.7/m.json")):  # fmt: skip
        pointer = {"schema": "josi.channel/1", "manifest": path, "sequence": 99}
        (folder / f"channels/{name}.json").write_text(json.dumps(pointer))
    return hashes


@contextlib.contextmanager
def _serving(origin: str, site: Path, work: Path) -> Iterator[str]:
    """Serve ``site`` by nginx, or put it into an S3 or Google bucket that everyone may read."""
    if origin == "nginx":
        if not real_servers.find("nginx"):
            raise SystemExit("nginx is not installed (apt-get install nginx-light)")
        work.parent.chmod(0o755)
        with real_servers.nginx(site, work) as url:
            yield url
    elif origin == "s3":
        import s3fs

        os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
        with real_servers.s3(work) as url:
            fs = s3fs.S3FileSystem(endpoint_url=url, skip_instance_cache=True)
            fs.mkdir("josi-test", acl="public-read")
            for path in site.rglob("*.*"):
                key = f"josi-test/{path.relative_to(site)}"
                fs.pipe_file(key, path.read_bytes(), ACL="public-read")
            yield f"{url}/josi-test"
    else:
        with real_servers.gcs(work) as url:
            import gcsfs

            fs = gcsfs.GCSFileSystem(
                endpoint_url=url, token="anon", project="test", skip_instance_cache=True
            )
            for path in site.rglob("*.*"):
                fs.pipe_file(f"josi-test/{path.relative_to(site)}", path.read_bytes())
            yield f"{url}/josi-test"


@contextlib.contextmanager
def world(folder: Path, origin: str = "nginx") -> Iterator[World]:
    """Set everything up: what is published, a real server of it, and the proxy before that."""
    site = folder / "site"
    site.mkdir(parents=True)
    hashes = build_site(site)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(_serving(origin, site, folder / "server"))
        proxy = stack.enter_context(fault_proxy.start(url))
        template = folder / "template"
        code = Round(proxy.url, "v1.0.0").run_clients(template, hashes, Meter())
        assert code == [DONE], code
        confirm(template)
        # Imported and compiled once here, not in each of some thousand child processes.
        envelope = (site / "manifests/manifest-2.0.0-3.json").read_bytes()
        read_manifest(verify(envelope, [public_key(KEY)]).payload)
        yield World(site, proxy, template, hashes)


class Meter:
    """Bytes of bodies that clients took, in memory that outlives a killed client."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 16)

    def add(self, slot: int, count: int) -> None:
        (now,) = struct.unpack_from("q", self._map, 8 * slot)
        struct.pack_into("q", self._map, 8 * slot, now + count)

    @property
    def total(self) -> int:
        return sum(struct.unpack("2q", self._map))


@dataclasses.dataclass
class Round:
    """One start of the app: which channel, which faults, and how it ends."""

    url: str
    channel: str
    file_faults: list[list[Any]] = dataclasses.field(default_factory=list)
    small_faults: list[list[Any]] = dataclasses.field(default_factory=list)
    kill_at_step: int | None = None
    kill_after: float | None = None
    disk_full_after: int | None = None
    clients: int = 1

    @property
    def blows(self) -> int:
        """Faults that do not come from the proxy."""
        kills = (self.kill_at_step is not None) + (self.kill_after is not None)
        return self.clients * (kills + (self.disk_full_after is not None))

    def run_clients(self, phone: Path, hashes: dict[str, str], meter: Meter) -> list[int]:
        """Run the clients of this round as processes; return their exit codes, -9 for killed."""
        children = [self._fork(phone, hashes, meter, slot) for slot in range(self.clients)]
        if self.kill_after is not None:
            time.sleep(self.kill_after)
            for pid in children:
                os.kill(pid, signal.SIGKILL)
        return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]

    def _fork(self, phone: Path, hashes: dict[str, str], meter: Meter, slot: int) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = CRASHED
        try:
            code = self._client(phone, hashes, meter, slot)
        except JosiError as error:
            if os.environ.get("FAULTS_VERBOSE"):
                print("   refused:", error, file=sys.stderr)
            code = REFUSED
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _client(self, phone: Path, hashes: dict[str, str], meter: Meter, slot: int) -> int:
        corrupt = []

        def load(model: Path, adapter: Path | None) -> None:
            if sha256_file(model) not in hashes.values():
                corrupt.append(model)

        plain_read = Body.read_into

        def read_into(body: Body, view: memoryview) -> int:
            count = plain_read(body, view)
            if body.total in SIZES.values():  # pointers and manifests are not counted
                meter.add(slot, count)
            return count

        Body.read_into = read_into
        if self.kill_at_step is not None:
            _kill_at(self.kill_at_step)
        if self.disk_full_after is not None:
            _fill_disk_after(self.disk_full_after)
        notice = print if os.environ.get("FAULTS_VERBOSE") else lambda line: None
        fetch(f"{self.url}/channels/{self.channel}.json", phone, trusted=[public_key(KEY)],
              client=Client(install_id="x", load=load), policy=POLICY, retry=RETRY,
              hooks=Hooks(notice=notice))  # fmt: skip
        return CORRUPT if corrupt else DONE


def _kill_at(step: int) -> None:
    """Kill this process before or after its ``step``-th call that touches the disk."""
    left = [step]

    def armed(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **more)
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapped

    for name in ("replace", "fsync", "pwrite", "open", "unlink", "truncate", "mkdir", "fdopen",
                 "chmod", "rmdir"):  # fmt: skip
        setattr(os, name, armed(getattr(os, name)))


def _fill_disk_after(room: int) -> None:
    """Let this process write ``room`` bytes more, then say that the disk is full."""
    left = [room]
    plain_write, plain_open = os.pwrite, os.fdopen

    def pwrite(handle: int, data: memoryview, position: int) -> int:
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = plain_write(handle, data[: left[0]], position)
        left[0] -= count
        return count

    def fdopen(*args: Any, **more: Any) -> Any:
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return plain_open(*args, **more)

    os.pwrite, os.fdopen = pwrite, fdopen


def draw_rounds(rng: random.Random, url: str, has_previous: bool) -> list[Round]:
    """Draw the dishonest rounds of a schedule."""
    rounds = []
    for _ in range(rng.randint(1, 4)):
        if rng.random() < 0.2:
            channel = rng.choice(BAD_CHANNELS)
            if not has_previous and channel in ("replayed", "other-model"):
                channel = "forged"  # an empty phone cannot know what is old
            rounds.append(Round(url, channel))
            continue
        one = Round(url, "v2.0.0")
        for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
            name = rng.choice(fault_proxy.FILE_FAULTS)
            one.file_faults.append([name, rng.randrange(2**31)])
        if rng.random() < 0.25:
            name = rng.choice(fault_proxy.SMALL_FAULTS)
            one.small_faults.append([name, rng.randrange(2**31)])
        kind = rng.random()
        if kind < 0.25:
            one.kill_at_step = rng.randint(1, 140)
        elif kind < 0.35:
            one.kill_after = rng.uniform(0.0, 0.12)
        elif kind < 0.45:
            one.disk_full_after = rng.randrange(SIZES["2.0.0"])
        if rng.random() < 0.2:
            one.clients = 2
        rounds.append(one)
    return rounds


def look(phone: Path, sha256: dict[str, str], has_previous: bool) -> list[str]:
    """Return what is wrong with a phone."""
    store, wrong = Store(phone), []
    state = store.read()
    for name, version in (("current", state.current), ("previous", state.previous)):
        for entry in version.files if version else ():
            path = store.path(entry)
            if not path.is_file() or sha256_file(path) != sha256.get(version.version):
                wrong.append(f"corrupt {name}")
    if has_previous:
        kept = {v.version for v in (state.current, state.previous) if v}
        if "1.0.0" not in kept:
            wrong.append("lost previous")
    if state.highest_sequence > 3 or (state.current and state.current.version not in sha256):
        wrong.append("bad manifest taken")
    return wrong


def run_schedule(at: World, folder: Path, seed: str) -> dict[str, Any]:
    """Run one schedule; return what happened and what was wrong."""
    rng = random.Random(seed)
    has_previous = rng.random() < 0.6
    folder.mkdir()
    phone = folder / "phone"
    if has_previous:
        shutil.copytree(at.template, phone)
    meter, faults, wrong, kinds = Meter(), 0, [], Counter()
    rounds = draw_rounds(rng, at.proxy.url, has_previous)
    for one in [*rounds, Round(at.proxy.url, "v2.0.0")]:
        at.proxy.plan(file=one.file_faults, small=one.small_faults)
        codes = one.run_clients(phone, at.sha256, meter)
        used = at.proxy.used()
        faults += len(used) + one.blows
        kinds.update(used)
        if one.channel in BAD_CHANNELS:
            kinds[one.channel] += 1
            if REFUSED not in codes:
                wrong.append(f"{one.channel} not refused")
        kinds["kill"] += sum(code == -signal.SIGKILL for code in codes)
        kinds["disk full"] += one.disk_full_after is not None
        kinds["two clients"] += one.clients > 1
        wrong += ["crash"] * codes.count(CRASHED) + ["corrupt load"] * codes.count(CORRUPT)
        wrong += look(phone, at.sha256, has_previous)
    state = Store(phone).read()
    if codes != [DONE] or state.current is None or state.current.version != "2.0.0":
        wrong.append("honest round not completed")
    again = meter.total - SIZES["2.0.0"]
    if again > faults * CHUNK:
        wrong.append("more than one chunk a fault")
    if {p.name for p in folder.iterdir()} != {"phone"}:
        wrong.append("file outside")
    if list(phone.rglob("*.part")):
        wrong.append("part left behind")
    if not wrong:
        shutil.rmtree(folder)
    return {"seed": seed, "faults": faults, "rounds": len(rounds) + 1, "again": max(0, again),
            "kinds": kinds, "wrong": wrong}  # fmt: skip


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a temporary folder in memory where there is one: thousands of fsyncs cost nothing."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(
        prefix="josi-faults-", dir=memory if os.access(memory, os.W_OK) else None
    )


def run(
    schedules: int, seed: int, origin: str = "nginx", say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Run schedules and return the counts."""
    began = time.monotonic()
    total: dict[str, Any] = {"schedules": schedules, "seed": seed, "origin": origin, "rounds": 0, "faults": 0,
                             "bytes_again": 0, "worst_again_per_fault": 0.0, "failed": []}  # fmt: skip
    kinds: Counter[str] = Counter()
    with scratch_folder() as scratch, world(Path(scratch), origin) as at:
        for number in range(schedules):
            one = run_schedule(at, Path(scratch) / f"s{number}", f"{seed}:{number}")
            kinds.update(one["kinds"])
            total["rounds"] += one["rounds"]
            total["faults"] += one["faults"]
            total["bytes_again"] += one["again"]
            if one["faults"]:
                worst = one["again"] / CHUNK / one["faults"]
                total["worst_again_per_fault"] = max(total["worst_again_per_fault"], worst)
            if one["wrong"]:
                total["failed"].append({"seed": one["seed"], "wrong": one["wrong"]})
                say(f"schedule {one['seed']}: {', '.join(one['wrong'])}")
            if (number + 1) % 100 == 0:
                say(f"{number + 1} schedules, {len(total['failed'])} failed")
    total["kinds"] = dict(sorted(kinds.items()))
    total["chunk"] = CHUNK
    total["seconds"] = round(time.monotonic() - began, 1)
    return total


def main() -> int:
    """Run from the command line; exit 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--origin", choices=("nginx", "s3", "gs"), default="nginx")
    parser.add_argument("--one", help="run one schedule by its printed seed, such as 1:17")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.one:
        with scratch_folder() as scratch, world(Path(scratch), args.origin) as at:
            print(run_schedule(at, Path(scratch) / "s", args.one))
        return 0
    total = run(args.schedules, args.seed, args.origin)
    text = json.dumps(total, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
