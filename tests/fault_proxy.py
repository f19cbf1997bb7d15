"""A proxy that answers wrongly on purpose: one planned fault a request, then honestly.

Run as a process of its own (``start``), told what to do by ``POST /__plan__``. It stands in front
of a real server, so that an honest answer is that server's.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: What can be done to a request for a model file.
FILE_FAULTS = (
    "cut", "reset", "whole-for-range", "new-etag", "flip", "stall", "drip", "503", "429", "500",
    "gzip", "garbage", "short-length", "long-length", "no-length", "wrong-range", "shifted-range",
    "416", "redirect", "redirect-loop", "redirect-plain", "close", "nonsense", "login-page",
    "404-page-200", "partial-fewer", "multipart",
)  # fmt: skip

#: What can be done to a request for a pointer or a manifest.
SMALL_FAULTS = (
    "cut", "reset", "flip", "stall", "503", "gzip", "garbage", "login-page", "redirect-plain",
    "close", "nonsense", "no-length", "empty",
)  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        plan = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.guard:
            self.server.plan = plan
            self.server.used = []
        self.send_response(204)
        self.end_headers()

    def do_GET(self) -> None:
        self.close_connection = True
        if self.path == "/__used__":
            self._send(200, {}, json.dumps(self.server.used).encode())
            return
        kind = "file" if self.path.startswith("/models/") else "small"
        with self.server.guard:
            waiting = self.server.plan.get(kind, [])
            fault = waiting.pop(0) if waiting else None
            if fault:
                self.server.used.append(fault[0])
            salt = self.server.plan.get("salt", 0)
            if fault and fault[0] == "new-etag":
                salt = self.server.plan["salt"] = salt + 1
        headers = {k: self.headers[k] for k in ("Range", "If-Range") if k in self.headers}
        if fault and fault[0] == "whole-for-range":
            headers = {}
        if salt and "If-Range" in headers:
            mark = f'-{salt}"'
            if headers["If-Range"].endswith(mark):
                headers["If-Range"] = headers["If-Range"][: -len(mark)] + '"'
            else:
                headers = {}  # the validator is of another version: the whole file
        host, _, folder = self.server.origin.partition("/")
        origin = http.client.HTTPConnection(host, timeout=10)
        origin.request("GET", f"/{folder}{self.path}" if folder else self.path, headers=headers)
        answer = origin.getresponse()
        body = answer.read()
        keep = ("ETag", "Content-Range", "Content-Type", "Accept-Ranges")
        out = {k: v for k in keep if (v := answer.getheader(k))}
        if salt and "ETag" in out:
            out["ETag"] = f'{out["ETag"][:-1]}-{salt}"'
        origin.close()
        if fault is None or fault[0] in ("whole-for-range", "new-etag"):
            self._send(answer.status, out, body)
        else:
            with contextlib.suppress(OSError):
                self._spoil(fault[0], random.Random(fault[1]), answer.status, out, body)

    def _send(self, status: int, headers: dict[str, str], body: bytes, length: int | None = -1,
              upto: int | None = None) -> None:  # fmt: skip
        """Send an answer; ``length`` is what Content-Length says (None: nothing)."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length == -1 else length))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body[:upto])

    def _spoil(
        self, fault: str, rng: random.Random, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        at = rng.randrange(len(body) + 1)
        there = f"http://{self.headers['Host']}{self.path}"
        if fault == "cut":
            self._send(status, headers, body, upto=at)
        elif fault == "reset":
            self._send(status, headers, body, upto=at)
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif fault == "flip" and body:
            where = rng.randrange(len(body))
            flipped = bytes([body[where] ^ 1 << rng.randrange(8)])
            self._send(status, headers, body[:where] + flipped + body[where + 1 :])
        elif fault == "stall":
            self._send(status, headers, body, upto=at)
            time.sleep(0.6)
        elif fault == "drip":
            self._send(status, headers, body, upto=at)
            for byte in range(at, min(at + 8, len(body))):
                self.wfile.write(body[byte : byte + 1])
                time.sleep(0.08)
        elif fault in ("503", "429", "500"):
            more = {"Retry-After": "0"} if rng.random() < 0.5 else {}
            self._send(int(fault), more, b"busy")
        elif fault == "gzip":
            packed = gzip.compress(body, 1)
            self._send(status, {**headers, "Content-Encoding": "gzip"}, packed)
        elif fault == "garbage":
            self._send(status, headers, rng.randbytes(len(body)))
        elif fault == "short-length":
            self._send(status, headers, body, length=at, upto=at)
        elif fault == "long-length":
            self._send(status, headers, body + b"junk")
        elif fault == "no-length":
            self._send(status, headers, body, length=None, upto=at)
        elif fault == "wrong-range":
            total = len(body)
            more = {**headers, "Content-Range": f"bytes 0-{total - 1}/{total}"}
            self._send(206, more, body)
        elif fault == "shifted-range":
            self._send(status, headers, body[1:] + b"\0")
        elif fault == "416":
            self._send(416, {"Content-Range": "bytes */1"}, b"")
        elif fault == "redirect":
            self._send(302, {"Location": there}, b"moved")
        elif fault == "redirect-loop":
            self.server.plan.setdefault("file", [])[:0] = [["redirect", 0]] * 6
            self._send(302, {"Location": there}, b"moved")
        elif fault == "redirect-plain":
            self._send(302, {"Location": f"http://198.51.100.7{self.path}"}, b"moved")
        elif fault == "nonsense":
            self.wfile.write(rng.randbytes(200) + b"\r\n\r\n")
        elif fault in ("login-page", "404-page-200", "empty"):
            page = b"" if fault == "empty" else b"<html>Welcome to our Wi-Fi</html>"
            self._send(200, {"Content-Type": "text/html"}, page)
        elif fault == "partial-fewer" and "Content-Range" in headers and at > 1:
            span, total = headers["Content-Range"].split("/")
            first = int(span.split()[1].split("-")[0])
            more = {**headers, "Content-Range": f"bytes {first}-{first + at - 1}/{total}"}
            self._send(206, more, body[:at])
        elif fault == "multipart":
            more = {**headers, "Content-Type": "multipart/byteranges; boundary=x"}
            more.pop("Content-Range", None)
            self._send(206, more, b"--x\r\n\r\n" + body[:100] + b"\r\n--x--")
        # "close" and what does not fit this request: the connection just ends


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Proxy:
    """The running proxy, from the outside."""

    def __init__(self, url: str) -> None:
        self.url = url

    def plan(self, **faults: list[list[Any]]) -> None:
        """Set the faults of the next requests: ``file=[[name, seed], …], small=[…]``."""
        data = json.dumps({"salt": 0, **faults}).encode()
        urllib.request.urlopen(f"{self.url}/__plan__", data=data, timeout=10).close()

    def used(self) -> list[str]:
        """Return the faults that have happened since the plan was set."""
        with urllib.request.urlopen(f"{self.url}/__used__", timeout=10) as answer:
            return json.load(answer)


@contextlib.contextmanager
def start(origin: str) -> Iterator[Proxy]:
    """Run the proxy in front of ``origin`` (with a folder, if any) as a process of its own."""
    parts = urlsplit(origin)
    place = parts.netloc + parts.path.rstrip("/")
    command = [sys.executable, str(Path(__file__)), place]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Proxy(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.terminate()
        process.wait(10)


def main(origin: str) -> None:
    """Serve until terminated; the port is the first line of output."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.origin, server.plan, server.used = origin, {}, []
    server.guard = threading.Lock()
    print(server.server_address[1], flush=True)
    server.serve_forever(0.1)


if __name__ == "__main__":
    main(sys.argv[1])
