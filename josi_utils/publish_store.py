"""One way to write to every store: folder, SFTP, S3, Google Cloud Storage, Hugging Face.

fsspec's own backends do the talking; this module adds what they leave out: headers for caches,
names that appear only when the file is whole, and resuming where the store can append.
Credentials come from each store's own usual places (``~/.ssh``, ``~/.aws``, Google's application
default, the Hub's token) and are never read here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from josi_utils.errors import JosiError
from josi_utils.publish_hub import Repository

#: Moved at a time when a store is read or appended to.
_BLOCK = 4 * 2**20

#: What each kind of address needs installed beside fsspec, and where it looks for credentials.
KINDS: dict[str, tuple[str, str]] = {
    "file": ("", ""),
    "sftp": ("sshfs", "~/.ssh: a key or the agent, and the host in known_hosts"),
    "s3": ("s3fs", "AWS's usual places: environment, ~/.aws, the machine's role"),
    "gs": ("gcsfs", "gcloud auth application-default login"),
    "hf": ("huggingface_hub", "hf auth login"),
}

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
        For another kind of address, one with a password in it, or a missing package.
    """

    def __init__(self, url: str, options: dict[str, Any] | None = None) -> None:
        parts = urlsplit(url)
        self.kind = parts.scheme
        if self.kind not in KINDS:
            raise JosiError(f"{url[:60]!r}: give a {', '.join(f'{k}://' for k in KINDS)} address")
        if parts.password is not None:
            raise JosiError(f"{self.kind}://{parts.hostname}: no password in the address; "
                            f"credentials come from {KINDS[self.kind][1]}")  # fmt: skip
        if not (parts.path.strip("/") or parts.netloc):
            raise JosiError(f"{url!r}: no folder in the address")
        self.url = url.rstrip("/")
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
            text = " ".join(str(error).split())[:200] or type(error).__name__
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
            def relative_update(self, inc: int = 1) -> None:
                progress(inc)

        if self.hub is not None:
            self.hub.put(local, relative)
            progress(local.stat().st_size)
            return
        kind = content_type(local.name)
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
        with open(local, "rb") as source, self.fs.open(part, "ab" if there else "wb") as out:
            source.seek(there)
            progress(there)
            while block := source.read(_BLOCK):
                out.write(block)
                progress(len(block))
        self.fs.mv(part, target)

    def _good_prefix(self, local: Path, part: str) -> int:
        """Return how many bytes an interrupted upload left that are the file's own."""
        size = self.size(part)
        if not size or size > local.stat().st_size:
            return 0
        with open(local, "rb") as source:
            for block in self.blocks(part):
                if source.read(len(block)) != block:
                    return 0
            return source.tell() if source.tell() == size else 0

    def remove(self, relative: str) -> None:
        """Remove a file that arrived broken."""
        with self.explained("remove", relative):
            self.fs.rm_file(self.path(relative))

    def web_address(self) -> str | None:
        """Return where apps reach this root over https, where the store itself says so."""
        root = self.root.strip("/")
        if self.kind == "s3":
            bucket, _, prefix = root.partition("/")
            return f"https://{bucket}.s3.amazonaws.com/{prefix}".rstrip("/")
        if self.kind == "gs":
            return f"https://storage.googleapis.com/{root}"
        if self.hub is not None:
            return self.hub.web_address
        return None
