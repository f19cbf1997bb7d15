"""Share one file (or one published folder) over HTTP for a while: unguessable path, then gone.

For handing a model to the person at the next desk. Something permanent is ``josi publish``.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import mimetypes
import os
import re
import secrets
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote

from josi_utils.download_http import is_loopback
from josi_utils.errors import JosiError

#: A client that takes no byte for this many seconds is dropped.
_IDLE_SECONDS = 60

#: One call of sendfile; small enough that an ended share stops within moments.
_PIECE = 4 * 2**20


@dataclass(frozen=True)
class _Served:
    """A file as it is served: its open handle, size, SHA-256, and the stamp it was hashed at."""

    name: str
    handle: Any
    size: int
    sha256: str
    stamp: tuple[int, int]

    def unchanged(self) -> bool:
        status = os.fstat(self.handle.fileno())
        return (status.st_size, status.st_mtime_ns) == self.stamp


def _open_served(path: Path) -> _Served:
    handle = open(path, "rb")  # noqa: SIM115 (held as long as the share stands)
    status = os.fstat(handle.fileno())
    digest = hashlib.file_digest(handle, "sha256").hexdigest()
    stamp = (status.st_size, status.st_mtime_ns)
    return _Served(path.name, handle, status.st_size, digest, stamp)


@dataclass
class Share:
    """A running share.

    Attributes
    ----------
    url : str
        The link of the file, or of the folder's root (ending in ``/``).
    sha256, size
        Of the file; of a folder, empty and 0.
    downloads : int
        Downloads that went to the last byte.
    """

    url: str
    sha256: str
    size: int
    _server: ThreadingHTTPServer
    _expires: float
    _limit: int | None
    _root: Path | None
    _token: str
    downloads: int = 0
    _files: dict[str, _Served] = field(default_factory=dict)
    _active: int = 0
    _change: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False

    def find(self, path: str) -> _Served | None:
        """Return the file behind a request's path, or None; the token is compared first."""
        token, _, rest = unquote(path.split("?")[0]).lstrip("/").partition("/")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return None
        if self._root is None:
            served = self._files.get(rest)
            return served if served and served.unchanged() else None
        parts = rest.split("/")
        if any(part.startswith(".") or not part or "\\" in part or "\0" in part for part in parts):
            return None
        path_on_disk = self._root.joinpath(*parts)
        with contextlib.suppress(OSError):
            if path_on_disk.resolve().is_relative_to(self._root) and path_on_disk.is_file():
                status = path_on_disk.stat()
                kept = self._files.get(rest)
                if kept and kept.stamp == (status.st_size, status.st_mtime_ns):
                    return kept
                self._files[rest] = _open_served(path_on_disk)
                return self._files[rest]
        return None

    @property
    def over(self) -> bool:
        """Whether the share has ended, by time, by count or by hand."""
        return self._over or time.monotonic() >= self._expires

    def enter(self) -> bool:
        """Count a request in; False once the share is over or every download is being taken."""
        with self._change:
            if self.over or (self._limit is not None and self.downloads >= self._limit):
                return False
            self._active += 1
            return True

    def leave(self, to_the_end: bool) -> None:
        """Count a request out, and a download if it went to the last byte."""
        with self._change:
            self._active -= 1
            self.downloads += to_the_end
            if self._limit is not None and self.downloads >= self._limit:
                self._over = True
            self._change.notify_all()

    def stop(self) -> None:
        """End the share now."""
        with self._change:
            self._over = True
            self._change.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the share is over; return whether it is."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._change:
            while not (self.over and (not self._active or self._over)):
                now = time.monotonic()
                if until is not None and now >= until:
                    return False
                # Not past the expiry, which nobody notifies of.
                limits = [t - now for t in (until, self._expires) if t is not None and t > now]
                self._change.wait(min([*limits, 0.5]))
        return True

    def _watch(self) -> None:
        self.wait()
        self.stop()
        self._server.shutdown()
        self._server.server_close()
        for served in self._files.values():
            served.handle.close()

    def __enter__(self) -> Share:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()


def parse_range(header: str | None, size: int) -> tuple[int, int] | str | None:
    """Return ``(start, end)`` of a Range header, None to send all, or ``"unsatisfiable"``.

    More than one range, another unit and bad syntax are ignored, as RFC 9110 (14.2) allows.
    """
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", (header or "").replace(" ", ""))
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        return (max(0, size - length), size) if length and size else "unsatisfiable"
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    return (start, end) if start < size else "unsatisfiable"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "josi", ""
    timeout = _IDLE_SECONDS
    share: Share
    told: Callable[[str], None]

    def log_message(self, format: str, *args: Any) -> None:  # the path is a secret: not logged
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        if not self.share.enter():
            self._plain(410)
            return
        finished = False
        try:
            served = self.share.find(self.path)
            if served is None:
                self._plain(404)
            else:
                finished = self._file(served, with_body)
        except (OSError, ValueError):
            self.close_connection = True  # the client went away, or the share ended
        finally:
            self.share.leave(finished)

    def _plain(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _file(self, served: _Served, with_body: bool) -> bool:
        """Send a file or a range of it; return whether its last byte went out."""
        etag = f'"{served.sha256}"'
        wanted = parse_range(self.headers.get("Range"), served.size)
        if self.headers.get("If-Range", etag) != etag:
            wanted = None
        held = [tag.strip() for tag in self.headers.get("If-None-Match", "").split(",")]
        start, end = wanted if isinstance(wanted, tuple) else (0, served.size)
        if etag in held or "*" in held:
            status, start, end = 304, 0, 0
        elif wanted == "unsatisfiable":
            status, start, end = 416, 0, 0
        else:
            status = 206 if wanted else 200
        self.send_response(status)
        self.send_header("ETag", etag)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-cache" if self.share._root else "no-store")
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{served.size}")
        elif status == 416:
            self.send_header("Content-Range", f"bytes */{served.size}")
        if status != 304:
            self.send_header("Content-Length", str(end - start))
        if status in (200, 206):
            kind = mimetypes.guess_type(served.name)[0] or "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Disposition", f'attachment; filename="{quote(served.name)}"')
            digest = b64encode(bytes.fromhex(served.sha256)).decode()
            self.send_header("Repr-Digest", f"sha-256=:{digest}:")
            self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if not with_body or status not in (200, 206):
            return False
        self.wfile.flush()
        while start < end:
            if self.share.over:
                self.close_connection = True
                return False
            start += self.connection.sendfile(served.handle, start, min(_PIECE, end - start)) or 0
        self.told(f"sent {served.name} to {self.client_address[0]}")
        return end == served.size


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is no error of ours


def _own_address() -> str:
    """Return this machine's address as others on the network see it; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def serve(
    path: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    minutes: float = 60.0,
    downloads: int | None = 1,
    told: Callable[[str], None] = lambda line: None,
) -> Share:
    """Share a file until it has been fetched or the time is up.

    Parameters
    ----------
    path : path
        A file; or a folder (such as one that ``josi publish`` filled), of which every file whose
        name does not begin with a dot can be had, none listed.
    host : str
        Address to listen on. The default is this machine alone; ``0.0.0.0`` is everyone near,
        unencrypted, with the unguessable path as the only lock.
    port : int
        0 takes a free one.
    minutes : float
        When it ends by itself.
    downloads : int or None
        How many whole downloads it allows; None any number; a folder has no limit.
    told : callable
        Called with a line about each finished download.

    Returns
    -------
    Share
        Running in the background; use ``with``, ``.wait()`` or ``.stop()``.

    Raises
    ------
    JosiError
        If there is nothing to share or the port is taken.
    """
    path = Path(path).resolve()
    if not path.is_file() and not path.is_dir():
        raise JosiError(f"{path}: no such file; give the model to share")
    if minutes <= 0 or (downloads is not None and downloads < 1):
        raise JosiError("give more than 0 minutes and at least 1 download")
    token = secrets.token_urlsafe(24)
    handler = type("Handler", (_Handler,), {"told": staticmethod(told)})
    kind = _Server
    if ":" in host:
        kind = type("Server6", (_Server,), {"address_family": socket.AF_INET6})
    try:
        server = kind((host, port), handler)
    except OSError as error:
        raise JosiError(f"{host}:{port}: cannot listen there ({error.strerror})") from None
    seen = _own_address() if host in ("0.0.0.0", "") else host
    seen = f"[{seen}]" if ":" in seen else seen
    root = path if path.is_dir() else None
    share = Share(
        url=f"http://{seen}:{server.server_address[1]}/{token}/",
        sha256="",
        size=0,
        _server=server,
        _expires=time.monotonic() + 60 * minutes,
        _limit=None if root else downloads,
        _root=root,
        _token=token,
    )
    if root is None:
        served = _open_served(path)
        share._files[served.name] = served
        share.url += quote(served.name)
        share.sha256, share.size = served.sha256, served.size
    handler.share = share
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    threading.Thread(target=share._watch, daemon=True).start()
    return share


def announcement(share: Share) -> str:
    """Return what to print: the link, the checksum, how to fetch it, a QR code for a phone."""
    import segno

    picture = io.StringIO()
    segno.make(share.url, error="l").terminal(out=picture, compact=True)
    lines = [f"link    {share.url}"]
    if share.sha256:
        lines += [f"size    {share.size:,} bytes", f"sha256  {share.sha256}"]
    host = share.url.split("//")[1].split(":")[0]
    if not is_loopback(host):
        lines.append("plain http: whoever has the link on this network can read the file")
    return "\n".join([*lines, "", picture.getvalue()])
