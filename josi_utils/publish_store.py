"""One way to write to every store: folder, SFTP, S3, Google Cloud Storage, Hugging Face.

fsspec's own backends do the talking; this module adds what they leave out: headers for caches,
names that appear only when the file is whole, and resuming where the store can append.
Credentials come from each store's own usual places (``~/.ssh``, ``~/.aws``, Google's application
default, the Hub's token) and are never read here.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from josi_utils.errors import JosiError
from josi_utils.publish_hub import Repository
from josi_utils.publish_parts import discard_parts, in_parts, put_in_parts
from josi_utils.redact import redacted

#: Moved at a time when a store is read or appended to.
_BLOCK = 4 * 2**20

#: Compared at a time when an upload is taken up: what one wrong byte costs.
_COMPARED = 64 * 2**10

#: What each kind of address needs installed beside fsspec, and where it looks for credentials.
KINDS: dict[str, tuple[str, str]] = {
    "file": ("", ""),
    "sftp": ("sshfs", "~/.ssh: a key or the agent, and the host in known_hosts"),
    "s3": ("s3fs", "AWS's usual places: environment, ~/.aws, the machine's role"),
    "gs": ("gcsfs", "gcloud auth application-default login"),
    "hf": ("huggingface_hub", "hf auth login"),
}

#: Libraries that print the answers they retry, addresses and all, where nobody listens to them.
_TALKATIVE = ("gcsfs", "s3fs", "fsspec", "aiobotocore", "botocore", "asyncssh", "huggingface_hub")

_CONTENT_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown; charset=utf-8",
    ".gguf": "application/octet-stream",
}


def content_type(name: str) -> str:
    """Return the media type that a file is stored with."""
    known = _CONTENT_TYPES.get(Path(name).suffix)
    return known or ("application/octet-stream" if "." in name else "text/plain; charset=utf-8")


class RemoteStore:
    """A place to publish to.

    Parameters
    ----------
    url : str
        ``file://``, ``sftp://``, ``s3://``, ``gs://`` or ``hf://`` address of the root folder.
    options : dict, optional
        Passed to the fsspec backend; tests point it at servers on this machine.

    Raises
    ------
    JosiError
        For another kind of address, one with a password or a query in it, or a missing package.
    """

    def __init__(self, url: str, options: dict[str, Any] | None = None) -> None:
        parts = urlsplit(url)
        self.kind = parts.scheme
        if self.kind not in KINDS:
            given = f"{self.kind}://" if self.kind else f"{url[:60]!r}, which has no scheme"
            raise JosiError(f"cannot publish to {given}; "
                            f"give a {', '.join(f'{k}://' for k in KINDS)} address")  # fmt: skip
        if ":" in parts.netloc.rpartition("@")[0]:
            raise JosiError(f"{self.kind}://{parts.hostname}: no password in the address; "
                            f"credentials come from {KINDS[self.kind][1]}")  # fmt: skip
        if self.kind not in ("file", "sftp") and (parts.query or parts.fragment):
            raise JosiError(f"{self.kind}://{parts.netloc}{parts.path}: the address goes on with "
                            "'?' or '#'; give bucket and folder alone")  # fmt: skip
        if not (parts.path.strip("/") or parts.netloc):
            raise JosiError(f"{url!r}: no folder in the address")
        self.url = url.rstrip("/")
        for library in _TALKATIVE:
            logging.getLogger(library).addHandler(logging.NullHandler())
        with self.explained("open"):
            self.fs, self.root = self._open(dict(options or {}))
            self.hub = Repository(self.url, self.fs) if self.kind == "hf" else None

    def _open(self, options: dict[str, Any]) -> tuple[Any, str]:
        import fsspec

        package = KINDS[self.kind][0]
        try:
            if self.kind == "sftp":
                # fsspec's own sftp accepts any host key; this one is held to known_hosts.
                fsspec.register_implementation("sftp", "sshfs.SSHFileSystem", clobber=True)
                options.setdefault("known_hosts", str(Path.home() / ".ssh" / "known_hosts"))
            fs, root = fsspec.core.url_to_fs(self.url, **options)
        except ImportError:
            raise JosiError(f"{self.kind}:// needs {package}: pip install {package}") from None
        return fs, root.rstrip("/")

    @contextmanager
    def explained(self, doing: str, path: str = "") -> Iterator[None]:
        """Turn a backend's failure into one line that names place and credentials' home."""
        try:
            yield
        except JosiError:
            raise
        except Exception as error:
            text = redacted(" ".join(str(error).split()))[:200] or type(error).__name__
            where = f"{self.url}/{path}" if path else self.url
            help_ = f" (credentials: {KINDS[self.kind][1]})" if KINDS[self.kind][1] else ""
            raise JosiError(f"{where}: cannot {doing}: {text}{help_}") from error

    def path(self, relative: str) -> str:
        """Return the backend's own path of a file below the root."""
        return f"{self.root}/{relative}"

    def size(self, relative: str) -> int | None:
        """Return a file's size in bytes, None if it is not there."""
        with self.explained("look at", relative):
            self.fs.invalidate_cache()
            try:
                info = self.fs.info(self.path(relative))
            except FileNotFoundError:
                return None
            return int(info["size"]) if info.get("type") == "file" else None

    def blocks(self, relative: str) -> Iterator[bytes]:
        """Yield a file's bytes as the store gives them back."""
        with (
            self.explained("read", relative),
            self.fs.open(self.path(relative), "rb", **self._read_options) as file,
        ):
            while block := file.read(_BLOCK):
                yield block

    @property
    def _read_options(self) -> dict[str, Any]:
        return {} if self.kind in ("file", "sftp") else {"cache_type": "none"}

    def sha256(self, relative: str, progress: Callable[[int], None] = lambda n: None) -> str:
        """Read a file back and return its SHA-256: what arrived, not what was sent."""
        digest = hashlib.sha256()
        for block in self.blocks(relative):
            digest.update(block)
            progress(len(block))
        return digest.hexdigest()

    def read_json(self, relative: str) -> Any:
        """Return a small JSON file, None if it is not there."""
        if self.size(relative) is None:
            return None
        try:
            return json.loads(b"".join(self.blocks(relative)).decode("utf-8"))
        except ValueError:
            raise JosiError(
                f"{self.url}/{relative}: not JSON; look at it, then remove it"
            ) from None

    def put(
        self,
        local: Path,
        relative: str,
        cache_control: str,
        progress: Callable[[int], None] = lambda n: None,
    ) -> None:
        """Store a file; it has its name only when it is whole.

        Parameters
        ----------
        local : Path
            The file.
        relative : str
            Where it goes, below the root.
        cache_control : str
            Header for stores that keep one; a folder's or SFTP host's web server sets its own.
        progress : callable
            Told how many more bytes have gone.
        """
        with self.explained("write", relative):
            if self.kind in ("file", "sftp"):
                self._put_by_rename(local, relative, progress)
            else:
                # These stores show an object only when its upload is complete.
                self._put_object(local, relative, cache_control, progress)

    def _put_object(
        self, local: Path, relative: str, cache_control: str, progress: Callable[[int], None]
    ) -> None:
        from fsspec.callbacks import Callback

        class Told(Callback):
            def relative_update(self, inc: int = 1) -> None:  # s3fs tells steps
                self.absolute_update(self.value + inc)

            def absolute_update(self, value: int) -> None:  # gcsfs tells where it is
                progress(value - self.value)
                self.value = value

        if self.hub is not None:
            self.hub.put(local, relative)
            progress(local.stat().st_size)
            return
        kind, size = content_type(local.name), local.stat().st_size
        if in_parts(self.kind, size):
            target = self.path(relative)
            put_in_parts(self.kind, self.fs, target, local, cache_control, kind, progress)
            return
        headers: dict[str, Any] = {
            "s3": {"CacheControl": cache_control, "ContentType": kind},
            "gs": {"content_type": kind, "fixed_key_metadata": {"cache_control": cache_control}},
        }.get(self.kind, {})
        self.fs.put_file(str(local), self.path(relative), callback=Told(), **headers)

    def _put_by_rename(self, local: Path, relative: str, progress: Callable[[int], None]) -> None:
        target = self.path(relative)
        part = f"{target}.part"
        self.fs.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        there = self._good_prefix(local, f"{relative}.part")
        with open(local, "rb") as source, self.fs.open(part, "r+b" if there else "wb") as out:
            if there:
                out.truncate(there)
                for file in (source, out):
                    file.seek(there)
                progress(there)
            while block := source.read(_BLOCK):
                out.write(block)
                progress(len(block))
        self.fs.mv(part, target)

    def _good_prefix(self, local: Path, part: str) -> int:
        """Return how many bytes from 0 an interrupted upload left that are the file's own.

        Writes over SFTP are many at a time, so behind the good ones there may be a gap.
        """
        good = 0
        if not self.size(part):
            return 0
        with open(local, "rb") as source:
            for block in self.blocks(part):
                for at in range(0, len(block), _COMPARED):
                    piece = block[at : at + _COMPARED]
                    if source.read(len(piece)) != piece:
                        return good
                    good += len(piece)
        return good

    def remove(self, relative: str) -> None:
        """Remove a file that arrived broken."""
        with self.explained("remove", relative):
            self.fs.rm_file(self.path(relative))

    def discard_parts(self, relative: str) -> None:
        """Remove what unfinished uploads of a file that is whole by now left behind."""
        with self.explained("tidy up", relative):
            if self.kind in ("file", "sftp"):
                if self.size(f"{relative}.part") is not None:
                    self.remove(f"{relative}.part")
            else:
                discard_parts(self.kind, self.fs, self.path(relative))

    def web_address(self) -> str | None:
        """Return where apps reach this root over https, where the store itself says so."""
        root = self.root.strip("/")
        if self.kind == "s3":
            bucket, _, prefix = root.partition("/")
            endpoint = str(self.fs.s3.meta.endpoint_url).rstrip("/")
            host = urlsplit(endpoint).hostname or ""
            # Amazon's certificate covers no bucket with a dot; other stores may know paths alone.
            if host.endswith("amazonaws.com") and "." not in bucket:
                return f"https://{bucket}.{host}/{prefix}".rstrip("/")
            return f"{endpoint}/{root}"
        if self.kind == "gs":
            return f"{str(self.fs.base).split('/storage/v1')[0]}/{root}"
        if self.hub is not None:
            return self.hub.web_address
        return None
