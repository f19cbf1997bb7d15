"""One GET of a byte range: redirects, headers and everything a server may answer wrongly.

The standard library's ``http.client`` is used because it reads straight into our buffer, follows
no redirect and decodes no body by itself: each of these is a decision that belongs here.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import ipaddress
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from josi_utils import __version__
from josi_utils.errors import JosiError
from josi_utils.redact import redacted

#: A server that asks for a longer pause than this is asked again after it all the same.
LONGEST_RETRY_AFTER = 60.0


class Passing(Exception):
    """A failure that may pass: try again, after ``pause`` seconds if the server said so."""

    def __init__(self, what: str, pause: float | None = None) -> None:
        super().__init__(what)
        self.pause = pause


class NotThere(Exception):
    """This place does not have the file, or not for us; another may."""


class RangeRefused(Passing):
    """416: the server has no such range; what was kept may be of another file."""


@dataclass(frozen=True)
class HttpPolicy:
    """What the client accepts of a connection.

    Attributes
    ----------
    connect_timeout : float
        Seconds until a connection must stand.
    stall_timeout : float
        Seconds without a byte, or below ``slowest_rate``, after which a connection is given up.
    slowest_rate : float
        Bytes a second, over ``stall_timeout``, that count as alive; 1 KiB/s would take 12 days
        for a 1 GB file, and is below any link that a person would wait for.
    redirects : int
        How many are followed.
    allow_http : bool
        Whether plain http is taken from hosts other than this machine. Never after https.
    ca_file : str or None
        Certificates to trust instead of the system's.
    """

    connect_timeout: float = 20.0
    stall_timeout: float = 30.0
    slowest_rate: float = 1024.0
    redirects: int = 5
    allow_http: bool = False
    ca_file: str | None = None

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """The TLS settings; built once, as loading the system's certificates takes a while."""
        return ssl.create_default_context(cafile=self.ca_file)


def shown(url: str) -> str:
    """Return a URL without user, password and query, which may hold secrets, for messages."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def is_loopback(host: str | None) -> bool:
    """Return whether a host name means this machine."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def check_url(url: str, policy: HttpPolicy, before: SplitResult | None = None) -> SplitResult:
    """Return the parts of a URL that the policy allows.

    Raises
    ------
    JosiError
        For anything but https, or http where the policy or loopback allows it; for a step from
        https down to http; for a step from another host to this machine.
    """
    try:
        parts = urlsplit(url)
        port_is_a_number = parts.port is None or parts.port >= 0
    except ValueError:
        raise JosiError(f"{redacted(url)[:80]!r}: not a web address") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_a_number:
        raise JosiError(f"{shown(url)}: only https addresses can be fetched")
    if re.search(r"[\x00-\x20\x7f]", url):
        raise JosiError(f"{shown(url)!r}: a space or control character in the address")
    if parts.scheme == "http":
        if before is not None and before.scheme == "https":
            raise JosiError(f"{shown(url)}: redirected from https to plain http; refused")
        if not policy.allow_http and not is_loopback(parts.hostname):
            raise JosiError(f"{shown(url)}: plain http; use https")
    if before is not None and is_loopback(parts.hostname) and not is_loopback(before.hostname):
        raise JosiError(f"{shown(url)}: redirected to this very machine; refused")
    return parts


@dataclass
class Body:
    """An answer that was checked, its body not yet read.

    Attributes
    ----------
    start : int
        Offset in the file of the body's first byte.
    length : int
        Bytes that the body will have.
    total : int
        Size of the whole file.
    etag : str or None
        Strong validator, None where the server gives none or a weak one.
    """

    start: int
    length: int
    total: int
    etag: str | None
    _response: Any
    _read: int = 0

    def read_into(self, view: memoryview) -> int:
        """Read what is there, at most ``len(view)`` bytes; 0 at the end, early or not."""
        # One system call at most, and never past the end: the connection may be kept alive.
        view = view[: self.length - self._read]
        try:
            count = self._response.fp.readinto1(view) if len(view) and self._response.fp else 0
            self._read += count
            return count
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Passing(f"connection lost ({error or type(error).__name__})") from None


@contextlib.contextmanager
def _connected(parts: SplitResult, policy: HttpPolicy) -> Iterator[http.client.HTTPConnection]:
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, port, timeout=policy.connect_timeout, context=policy.tls
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=policy.connect_timeout)
    try:
        yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def get(
    url: str, policy: HttpPolicy, *, start: int = 0, end: int | None = None, etag: str | None = None
) -> Iterator[Body]:
    """Ask for ``[start, end)`` of a file and check the answer's head.

    Parameters
    ----------
    url : str
        Address.
    policy : HttpPolicy
        What is accepted.
    start, end : int
        Range in bytes; ``end`` None is the end of the file. Both left out: no Range is sent.
    etag : str, optional
        Strong validator for ``If-Range``.

    Yields
    ------
    Body
        Its ``start`` is 0 where the server answered 200, whatever was asked for.

    Raises
    ------
    Passing
        For anything that may pass: connection, 5xx, 429, a head that contradicts itself.
    JosiError
        For a refused address.
    NotThere
        For answers that will not change (401, 403, 404, 410).
    """
    headers = {
        "Accept-Encoding": "identity",  # Range and hashes are about the file, not its gzip
        "Accept": "*/*",
        "User-Agent": f"josi/{__version__}",
    }
    ranged = start > 0 or end is not None
    if ranged:
        headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        if etag:
            headers["If-Range"] = etag
    before = None
    for _ in range(policy.redirects + 1):
        parts = check_url(url, policy, before)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _connected(parts, policy) as connection:
            try:
                connection.request("GET", target, headers=headers)
                if connection.sock is not None:
                    connection.sock.settimeout(policy.stall_timeout)
                response = connection.getresponse()
            except ssl.SSLCertVerificationError as error:
                raise JosiError(
                    f"{shown(url)}: certificate not trusted ({error.verify_message})"
                ) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise Passing(f"no answer ({error or type(error).__name__})") from None
            if response.status in (301, 302, 303, 307, 308):
                place = response.getheader("Location")
                if not place:
                    raise Passing("a redirect to nowhere")
                before, url = parts, urljoin(url, place)
                continue
            yield _checked(response, url, start, end, ranged)
            return
    raise JosiError(f"{shown(url)}: more than {policy.redirects} redirects; check the address")


def _retry_after(response: http.client.HTTPResponse) -> float | None:
    text = (response.getheader("Retry-After") or "").strip()
    if text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER)
    if text:
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            wait = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
            return min(max(wait, 0.0), LONGEST_RETRY_AFTER)
    return None


def _checked(
    response: http.client.HTTPResponse,
    url: str,
    start: int,
    end: int | None,
    ranged: bool,
) -> Body:
    """Return the body of a 200 or a fitting 206; raise for everything else."""
    status = response.status
    if status in (404, 410):
        raise NotThere(f"{shown(url)}: not there (HTTP {status})")
    if status in (401, 403):
        # S3 says 403 for what is not there, unless the bucket may be listed.
        raise NotThere(f"{shown(url)}: access refused (HTTP {status}); has the link run out?")
    if status == 416:
        raise RangeRefused("the server refuses the range")
    if status not in (200, 206):
        raise Passing(f"HTTP {status}", _retry_after(response))
    if (encoding := response.getheader("Content-Encoding", "identity").lower()) != "identity":
        raise Passing(f"the server sent the body as {encoding[:20]!r}, not as it is")
    length = response.getheader("Content-Length", "")
    if response.getheader("Transfer-Encoding") or not re.fullmatch(r"\d{1,15}", length):
        raise Passing("the server does not say how long the body is")
    size, etag = int(length), response.getheader("ETag")
    strong = etag if etag and re.fullmatch(r'"[\x21\x23-\x7e]*"', etag) else None
    if status == 200:
        return Body(0, size, size, strong, response)
    span = re.fullmatch(
        r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", response.getheader("Content-Range", "")
    )
    if not ranged or not span:
        raise Passing("a partial answer without a readable Content-Range")
    first, last, total = (int(group) for group in span.groups())
    wanted = (total if end is None else min(end, total)) - 1
    if first != start or last > wanted or last < first or size != last - first + 1:
        raise Passing(f"bytes {first}-{last}/{total} of {size} for bytes from {start}")
    return Body(first, size, total, strong, response)
