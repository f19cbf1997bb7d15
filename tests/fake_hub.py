"""A small Hugging Face Hub on loopback, for its real client to talk to.

No package has a server to publish to, so this one answers what ``huggingface_hub`` asks: making a
repository, preupload, LFS, commits, trees, and ``resolve`` with a redirect to a store of blobs as
the Hub has it. Not here: Xet, pull requests, private files.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from josi_utils.serve_http import parse_range

TOKEN = "hf_test"


@dataclass
class Hub:
    """The Hub's state: repositories with their files, blobs, and what was asked."""

    url: str = ""
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refused: str | None = None  # commits whose summary begins so come to nothing


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, value: Any, status: int = 200, **headers: str) -> None:
        self._send(status, json.dumps(value).encode(), Content_Type="application/json", **headers)

    def _missing(self, code: str) -> None:
        self._json({"error": code}, 404, X_Error_Code=code)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _allowed(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        self._json({"error": "Invalid username or password."}, 401)
        return False

    def _answer(self) -> None:
        path = unquote(self.path.split("?")[0])
        self.hub.asked.append(f"{self.command} {path}")
        body = self._body()
        for method, pattern, answer in _ROUTES:
            if self.command in method.split() and (match := re.fullmatch(pattern, path)):
                answer(self, body, *match.groups())
                return
        self._json({"error": f"no such route: {self.command} {path}"}, 500)

    do_GET = do_HEAD = do_POST = do_PUT = _answer

    # repositories

    def create(self, body: bytes) -> None:
        if not self._allowed():
            return
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        status = 409 if name in self.hub.repos else 200
        self.hub.repos.setdefault(name, {})
        self._json({"url": f"{self.hub.url}/{name}"}, status)

    def info(self, body: bytes, repo: str) -> None:
        if repo not in self.hub.repos:
            self._missing("RepoNotFound")
        else:
            self._json({"id": repo, "sha": "0" * 40, "private": False, "tags": [], "siblings": []})

    def tree(self, body: bytes, repo: str, folder: str | None) -> None:
        under = f"{folder}/" if folder else ""
        found: dict[str, dict[str, Any]] = {}
        for path, data in self.hub.repos.get(repo, {}).items():
            if path.startswith(under):
                head, _, rest = path.removeprefix(under).partition("/")
                kind = "directory" if rest else "file"
                found[head] = {"type": kind, "path": under + head, "oid": "0" * 40,
                               "size": 0 if rest else len(data)}  # fmt: skip
        self._json(list(found.values())) if found else self._missing("EntryNotFound")

    def paths_info(self, body: bytes, repo: str) -> None:
        asked, files = parse_qs(body.decode())["paths"], self.hub.repos.get(repo, {})
        self._json([{"type": "file", "path": path, "oid": "0" * 40, "size": len(files[path])}
                    for path in asked if path in files])  # fmt: skip

    # uploads

    def preupload(self, body: bytes, repo: str) -> None:
        if not self._allowed():
            return
        if repo not in self.hub.repos:
            return self._missing("RepoNotFound")
        self._json({"files": [
            {"path": f["path"], "shouldIgnore": False,
             "uploadMode": "lfs" if f["path"].endswith(".gguf") else "regular"}
            for f in json.loads(body)["files"]
        ]})  # fmt: skip

    def batch(self, body: bytes, repo: str) -> None:
        answers = []
        for thing in json.loads(body)["objects"]:
            if thing["oid"] not in self.hub.blobs:
                put = {"href": f"{self.hub.url}/lfs/{thing['oid']}"}
                thing["actions"] = {"upload": put, "verify": {"href": f"{self.hub.url}/verify"}}
            answers.append(thing)
        self._json({"transfer": "basic", "objects": answers})

    def store(self, body: bytes, oid: str) -> None:
        good = hashlib.sha256(body).hexdigest() == oid
        if good:
            self.hub.blobs[oid] = body
        self._send(200 if good else 422)

    def commit(self, body: bytes, repo: str) -> None:
        if not self._allowed():
            return
        files = self.hub.repos[repo]
        summary = json.loads(body.splitlines()[0])["value"]["summary"]
        if self.hub.refused and summary.startswith(self.hub.refused):
            return self._json({"error": "the Hub is at rest"}, 400)
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                self.hub.commits.append(value["summary"])
            elif item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif item["key"] == "deletedFile":
                del files[value["path"]]
        self._json({"commitUrl": f"{self.hub.url}/{repo}/commit/1", "commitOid": "1" * 40})

    # downloads

    def resolve(self, body: bytes, repo: str, path: str) -> None:
        data = self.hub.repos.get(repo, {}).get(path)
        if data is None:
            return self._missing("EntryNotFound")
        digest = hashlib.sha256(data).hexdigest()
        if digest in self.hub.blobs:
            self._send(302, Location=f"{self.hub.url}/cdn/{digest}?signature=secret")
        else:
            self._bytes(data, digest)

    def cdn(self, body: bytes, digest: str) -> None:
        self._bytes(self.hub.blobs[digest], digest)

    def _bytes(self, data: bytes, digest: str) -> None:
        wanted = parse_range(self.headers.get("Range"), len(data))
        if isinstance(wanted, tuple):
            span = f"bytes {wanted[0]}-{wanted[1] - 1}/{len(data)}"
            self._send(206, data[slice(*wanted)], ETag=f'"{digest}"', Content_Range=span)
        else:
            self._send(200, data, ETag=f'"{digest}"')


_REPO = r"/api/models/([\w.-]+/[\w.-]+)"
_ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", lambda h, b: h._json({"errors": [], "warnings": []})),
    ("POST", "/verify", lambda h, b: h._json({})),
    ("GET", _REPO + "(?:/revision/main)?", _Handler.info),
    ("GET", _REPO + "/tree/main(?:/(.+))?", _Handler.tree),
    ("POST", _REPO + "/paths-info/main", _Handler.paths_info),
    ("POST", _REPO + "/preupload/main", _Handler.preupload),
    ("POST", _REPO + "/commit/main", _Handler.commit),
    ("POST", r"/([\w.-]+/[\w.-]+)\.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT", "/lfs/([0-9a-f]{64})", _Handler.store),
    ("GET HEAD", "/cdn/([0-9a-f]{64})", _Handler.cdn),
    ("GET HEAD", r"/([\w.-]+/[\w.-]+)/resolve/main/(.+)", _Handler.resolve),
]


@contextlib.contextmanager
def start() -> Iterator[Hub]:
    """Run a Hub with nothing on it."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
