"""Answer GET and HEAD for files: Range, If-Range, strong ETag, nothing else."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

#: A client that takes no byte for this many seconds is dropped.
_IDLE_SECONDS = 60

#: One call of sendfile; small enough that an ended share stops within moments.
_PIECE = 4 * 2**20


@dataclass(frozen=True)
class Served:
    """A file as it is served: its open handle, size, SHA-256, and the stamp it was hashed at."""

    name: str
    handle: Any
    size: int
    sha256: str
    stamp: tuple[int, int]

    def unchanged(self) -> bool:
        status = os.fstat(self.handle.fileno())
        return (status.st_size, status.st_mtime_ns) == self.stamp


def open_served(path: Path) -> Served:
    handle = open(path, "rb")  # noqa: SIM115 (held as long as the share stands)
    status = os.fstat(handle.fileno())
    digest = hashlib.file_digest(handle, "sha256").hexdigest()
    stamp = (status.st_size, status.st_mtime_ns)
    return Served(path.name, handle, status.st_size, digest, stamp)


class Source(Protocol):
    """Where the files come from, and for how long: :class:`josi_utils.serve.Share`."""

    @property
    def over(self) -> bool: ...
    @property
    def is_folder(self) -> bool: ...
    def enter(self) -> bool: ...
    def leave(self, to_the_end: bool) -> None: ...
    def find(self, path: str) -> Served | None: ...


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


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "josi", ""
    timeout = _IDLE_SECONDS
    share: Source
    told: Callable[[str], None]
    bytes_per_second: float | None = None

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

    def _file(self, served: Served, with_body: bool) -> bool:
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
        self.send_header("Cache-Control", "no-cache" if self.share.is_folder else "no-store")
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
            sent = self.connection.sendfile(served.handle, start, min(_PIECE, end - start)) or 0
            start += sent
            if self.bytes_per_second:
                time.sleep(sent / self.bytes_per_second)
        self.told(f"sent {served.name} to {self.client_address[0]}")
        return end == served.size


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is no error of ours
