"""Share one file (or one published folder) over HTTP for a while: unguessable path, then gone.

For handing a model to the person at the next desk. Something permanent is ``josi publish``.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import secrets
import shlex
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, unquote, urlsplit

from josi_utils.download_http import is_loopback
from josi_utils.errors import JosiError
from josi_utils.serve_http import Handler, Served, Server, open_served


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
    _files: dict[str, Served] = field(default_factory=dict)
    _active: int = 0
    _change: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False

    def find(self, path: str) -> Served | None:
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
                self._files[rest] = open_served(path_on_disk)
                return self._files[rest]
        return None

    @property
    def is_folder(self) -> bool:
        """Whether a folder is shared, not one file."""
        return self._root is not None

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
    bytes_per_second: float | None = None,
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
    bytes_per_second : float, optional
        Sends no faster, to see what a phone on a slow line sees.
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
    handler = type(
        "Handler", (Handler,), {"told": staticmethod(told), "bytes_per_second": bytes_per_second}
    )
    kind = Server
    if ":" in host:
        kind = type("Server6", (Server,), {"address_family": socket.AF_INET6})
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
        served = open_served(path)
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
        name = shlex.quote(unquote(share.url.rpartition("/")[2]))
        lines += [f"size    {share.size:,} bytes", f"sha256  {share.sha256}",
                  f"get     curl --fail -C - -o {name} {share.url}",
                  f"check   echo '{share.sha256}  '{name} | sha256sum -c"]  # fmt: skip
    elif share._root and (share._root / "channels").is_dir():
        names = sorted(path.name for path in (share._root / "channels").glob("*.json"))
        lines += [f"get     josi fetch {share.url}channels/{name} --to ./install --key FILE.pub"
                  for name in names]  # fmt: skip
    left = share._expires - time.monotonic()
    count = "" if share._limit is None else f", or after {share._limit} whole downloads"
    lines.append(f"ends    in {left / 60:.0f} minutes{count}; Ctrl-C ends it now")
    if not is_loopback(urlsplit(share.url).hostname):
        lines.append("plain http: whoever has the link on this network can read the file")
    return "\n".join([*lines, "", picture.getvalue()])
