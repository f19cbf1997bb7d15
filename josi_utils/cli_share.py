"""Verbs that hand a model over: keygen, serve, publish, fetch, verify-golden, verify-guard."""

from __future__ import annotations

import argparse
import getpass
import time
from dataclasses import dataclass, field
from pathlib import Path

from josi_utils.cli_verb import add_verb, say
from josi_utils.errors import JosiError


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    """Declare the verbs of this module."""
    verb = add_verb(verbs, "keygen", keygen, "make an Ed25519 key to sign releases with",
                    "josi keygen ~/.config/josi/release.pem")  # fmt: skip
    verb.add_argument("file", type=Path)
    verb.add_argument("--passphrase", action="store_true",
                      help="ask for one; signing then wants it in JOSI_KEY_PASSPHRASE")  # fmt: skip

    verb = add_verb(verbs, "serve", serve, "share one file or a published folder for a while",
                    "josi serve outputs/default/gguf/josi-q4_k_m.gguf --minutes 30")  # fmt: skip
    verb.add_argument("file", type=Path)
    verb.add_argument("--host", default="127.0.0.1", help="0.0.0.0 for the local network")
    verb.add_argument("--port", type=int, default=0, help="0 takes a free one")
    verb.add_argument("--minutes", type=float, default=60.0)
    verb.add_argument("--downloads", type=int, default=1, help="how many whole downloads")

    verb = add_verb(verbs, "publish", publish, "put a run's signed bundle into a store",
                    "josi publish default s3://bucket/josi --channel stable --dry-run")  # fmt: skip
    verb.add_argument("run", help="name of the run, or the folder of a bundle")
    verb.add_argument("url", help="file://, sftp://, s3://, gs:// or hf://")
    verb.add_argument("--channel", default="stable")
    verb.add_argument("--dry-run", action="store_true", help="say what would be done")

    verb = add_verb(verbs, "fetch", fetch, "get a published model as the app would",
                    "josi fetch https://cdn.example/channels/stable.json --to ./install --key K.pub")  # fmt: skip
    verb.add_argument("url", metavar="MANIFEST_URL", nargs="?",
                      help="channel pointer or signed manifest")  # fmt: skip
    verb.add_argument("--to", type=Path, required=True, help="the install's folder")
    verb.add_argument("--key", action="append", default=[], help="trusted public key or its file")
    verb.add_argument("--install-id", default="",
                      help="decides the place in a staged rollout (default: made once a folder)")  # fmt: skip
    verb.add_argument("--app-version", help="held against the manifest's lowest")
    verb.add_argument("--llama-cpp-build", type=int, help="held against the manifest's lowest")
    verb.add_argument("--ram-mb", type=float, help="memory, held against the manifest's lowest")
    verb.add_argument("--adapters", action="store_true", help="take an adapter on the base here")
    verb.add_argument("--again", action="store_true", help="take what was rolled back from")
    instead = verb.add_mutually_exclusive_group()
    instead.add_argument("--confirm", action="store_true",
                         help="fetch nothing: say that the current version has run")  # fmt: skip
    instead.add_argument("--rollback", action="store_true",
                         help="fetch nothing: go back to the version before")  # fmt: skip

    verb = add_verb(verbs, "verify-golden", verify_golden, "replay the golden vectors with a GGUF",
                    "josi verify-golden josi-q4_k_m.gguf golden.json")  # fmt: skip
    verb.add_argument("gguf", type=Path)
    verb.add_argument("golden", type=Path)

    verb = add_verb(verbs, "verify-guard", verify_guard, "replay the guard's golden cases",
                    "josi verify-guard")  # fmt: skip
    verb.add_argument("folder", type=Path, nargs="?", help="rules (default: data/guard)")


def keygen(options: argparse.Namespace) -> int:
    """Make a key pair."""
    from josi_utils.signing import generate_key

    passphrase = None
    if options.passphrase:
        passphrase = getpass.getpass("passphrase: ")
        if not passphrase or getpass.getpass("once more: ") != passphrase:
            raise JosiError("keygen: no passphrase, or two different ones; no key was made")
    public = generate_key(options.file, passphrase=passphrase)
    print(f"private key {options.file} (keep it secret), public key {options.file}.pub: {public}")
    return 0


def serve(options: argparse.Namespace) -> int:
    """Share until fetched or the time is up."""
    from josi_utils.serve import announcement
    from josi_utils.serve import serve as start

    share = start(
        options.file, host=options.host, port=options.port, minutes=options.minutes,
        downloads=options.downloads, told=say,
    )  # fmt: skip
    with share:
        print(announcement(share), flush=True)
        share.wait()
    say(f"the share is over, {share.downloads} whole downloads; the link is dead")
    return 0


def publish(options: argparse.Namespace) -> int:
    """Publish a run's bundle."""
    from josi_utils.paths import RunPaths
    from josi_utils.publish import publish as put

    bundle = Path(options.run)
    if "/" not in options.run and not (bundle / "manifest.json").is_file():
        bundle = RunPaths(options.run).release / "bundle"
    if not bundle.is_dir():
        folder = "/" in options.run
        what = "name a run, or a bundle's folder" if folder else "run 06_share first"
        raise JosiError(f"{bundle}: no bundle; {what}")
    if signed_by_throw_away_key(bundle):
        say("warning: signed with the run's throw-away key, which no app should trust; josi keygen "
            "makes a real one, -p sign_key=FILE signs with it")  # fmt: skip
    told = Told()
    done = put(bundle, options.url, channel=options.channel, dry_run=options.dry_run, progress=told)
    for step in done.steps:
        print(f"{step.done:<13} {step.path} ({step.size:,} bytes)")
    print(f"channel: {done.channel_url or done.channel_path}")
    say(done.then)
    return 0


@dataclass
class Told:
    """Progress of uploads as lines, about one a second."""

    began: dict[str, tuple[float, int]] = field(default_factory=dict)
    last: float = 0.0

    def __call__(self, name: str, done: int, total: int) -> None:
        """Say how far ``name`` is, unless the last word on it was a moment ago."""
        from josi_utils.download_hooks import Progress, progress_line

        now = time.monotonic()
        # What was there before the first word is not of this run, and has no rate.
        began, there = self.began.setdefault(name, (now, done))
        if total < 10**6 or (done < total and min(now - began, now - self.last) < 1):
            return
        self.last = now
        rate = (done - there) / (now - began) if now > began else 0.0
        if not rate:
            say(f"{Path(name).name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB")
            return
        left = (total - done) / rate
        say(f"{Path(name).name}: {progress_line(Progress(name, done, total, rate, left))}")


def signed_by_throw_away_key(bundle: Path) -> bool:
    """Return whether a run's bundle carries the signature of the key that 06 made beside it."""
    from josi_utils.signing import key_id, open_envelope, read_public_keys

    key, envelope = bundle.parent / "throw-away-key.pem.pub", bundle / "manifest.signed.json"
    if not (key.is_file() and envelope.is_file()):
        return False
    _, _, signatures = open_envelope(envelope.read_bytes())
    return key_id(read_public_keys(key)[0]) in {entry["keyid"] for entry in signatures}


#: What a person may want to know next, by what a fetch came to.
AFTER = {
    "installed": "once it has answered: josi fetch --to {to} --confirm; if it is bad: --rollback",
    "held back": "this install is not in the rollout yet",
    "declined": "the channel's version was rolled back from here; --again takes it all the same",
}


def fetch(options: argparse.Namespace) -> int:
    """Fetch, verify, install; or go back, or confirm."""
    from josi_utils.download import Client, Store, confirm, rollback
    from josi_utils.download import fetch as get
    from josi_utils.download_hooks import Hooks, progress_line
    from josi_utils.signing import read_public_keys

    if options.rollback or options.confirm:
        state = (rollback if options.rollback else confirm)(options.to)
        done = "back at" if options.rollback else "confirmed:"
        print(f"{done} version {state.current.version}, {Store(options.to).file()}")
        return 0
    if not options.url or not options.key:
        raise JosiError("give the address of a channel or manifest, and --key")
    trusted = [
        key
        for given in options.key
        for key in (
            read_public_keys(given) if given.endswith(".pub") or Path(given).is_file() else (given,)
        )
    ]
    client = Client(
        install_id=options.install_id,
        app_version=options.app_version,
        llama_cpp_build=options.llama_cpp_build,
        ram_bytes=None if options.ram_mb is None else int(options.ram_mb * 1e6),
        adapters=options.adapters,
    )
    hooks = Hooks(progress=lambda p: say(f"{p.name}: {progress_line(p)}"), notice=say)
    outcome = get(
        options.url, options.to, trusted=trusted, client=client, hooks=hooks, again=options.again
    )
    if outcome.version is None:
        print(f"{outcome.status}: nothing installed")
    else:
        print(f"{outcome.status}: version {outcome.version}, {outcome.model}")
    if outcome.status in AFTER:
        say(AFTER[outcome.status].format(to=options.to))
    return 0


def verify_golden(options: argparse.Namespace) -> int:
    """Replay golden vectors; 1 where one fails."""
    from josi_utils.golden import verify_golden as verify

    outcome = verify(options.gguf, options.golden, progress=say)
    for failure in outcome["failures"]:
        print(failure)
    print(f"{outcome['vectors']} vectors: {'all hold' if outcome['passed'] else 'FAILED'}")
    return 0 if outcome["passed"] else 1


def verify_guard(options: argparse.Namespace) -> int:
    """Replay the guard's golden cases; 1 where one fails."""
    from josi_utils.guard import verify_guard as verify
    from josi_utils.guard.data import guard_dir

    outcome = verify(options.folder or guard_dir())
    for problem in outcome["problems"]:
        print(problem)
    print(f"{outcome['cases']} cases: {'FAILED' if outcome['problems'] else 'all hold'}")
    return 1 if outcome["problems"] else 0
