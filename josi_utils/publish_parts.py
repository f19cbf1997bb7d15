"""Large files in parts, so that an upload that broke off goes on where it was: S3 and Google.

s3fs and gcsfs throw away what was sent when an upload fails. Here the parts stay in the store and
tell the next run by size and MD5 which of them need not go again; nothing about them is written
down on this machine (Google's own resumable session is an address that lets anyone upload, so it
is not kept either: parts are objects of their own, joined at the end). That the whole is right is
for the SHA-256 of what is read back to say, not for these MD5s.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

#: Bytes of a part: at 20 Mbit/s one that was cut off costs 7 s. S3 takes no less than 5 MiB.
PART = 16 * 2**20

#: Parts on their way at once; each is in memory meanwhile.
_STREAMS = 4

#: S3 allows 10,000 parts of an upload, Google joins 32 objects in one call.
_MOST_PARTS = {"s3": 10_000, "gs": 32}


def in_parts(kind: str, size: int) -> bool:
    """Return whether a file of ``size`` bytes goes in parts to this kind of store."""
    return kind in _MOST_PARTS and size > PART


def part_size(kind: str, size: int) -> int:
    """Return the bytes of each part but the last, a multiple of 256 KiB as Google wants it."""
    unit = 2**18
    return max(PART, -(-size // (_MOST_PARTS[kind] * unit)) * unit)


def put_in_parts(
    kind: str, fs: Any, path: str, local: Path, cache_control: str, content_type: str,
    progress: Callable[[int], None],
) -> None:  # fmt: skip
    """Upload ``local`` in parts, those that an earlier run left there not again.

    Parameters
    ----------
    kind : str
        ``s3`` or ``gs``.
    fs : fsspec file system
        Of that kind.
    path : str
        Bucket and key.
    local : Path
        The file.
    cache_control, content_type : str
        Headers that the object is stored with.
    progress : callable
        Told how many more bytes are there.
    """
    put = _put_s3 if kind == "s3" else _put_google
    put(fs, path, local, cache_control, content_type, progress)


def discard_parts(kind: str, fs: Any, path: str) -> None:
    """Take back the parts of uploads of ``path`` that were never finished; they cost storage."""
    if kind == "s3":
        for upload in _s3_uploads(fs, path):
            _s3_abort(fs, path, upload)
    elif kind == "gs":
        for name in _google_parts(fs, path):
            fs.rm_file(name)


def _send(
    local: Path,
    part: int,
    is_there: Callable[[int, bytes], bool],
    send: Callable[[int, bytes], None],
    progress: Callable[[int], None],
) -> int:
    """Send each part that is not there; return their number. The first failure ends it."""
    number, going = 0, dict[Future[None], int]()

    def settle(at_most: int) -> None:
        while len(going) > at_most:
            for future in wait(going, return_when=FIRST_COMPLETED).done:
                size = going.pop(future)
                future.result()
                progress(size)

    with open(local, "rb") as source, ThreadPoolExecutor(_STREAMS) as pool:
        while block := source.read(part):
            number += 1
            if is_there(number, block):
                progress(len(block))
                continue
            settle(_STREAMS - 1)
            going[pool.submit(send, number, block)] = len(block)
        settle(0)
    return number


def _md5(block: bytes) -> bytes:
    return hashlib.md5(block, usedforsecurity=False).digest()


# S3: a multipart upload, which the store keeps until it is completed or aborted


def _put_s3(
    fs: Any, path: str, local: Path, cache_control: str, content_type: str,
    progress: Callable[[int], None],
) -> None:  # fmt: skip
    bucket, key, _ = fs.split_path(path)
    place = {"Bucket": bucket, "Key": key}
    part = part_size("s3", local.stat().st_size)
    left = {upload: _s3_parts(fs, place, upload) for upload in _s3_uploads(fs, path)}
    upload = max(left, key=lambda name: len(left[name]), default=None)
    kept = left.get(upload, {})
    if upload is None:
        headers = {"CacheControl": cache_control, "ContentType": content_type}
        upload = fs.call_s3("create_multipart_upload", **place, **headers)["UploadId"]
    tags: dict[int, str] = {}

    def is_there(number: int, block: bytes) -> bool:
        size, tag = kept.get(number, (0, ""))
        if size != len(block) or tag.strip('"') != _md5(block).hex():
            return False
        tags[number] = tag
        return True

    def send(number: int, block: bytes) -> None:
        answer = fs.call_s3("upload_part", **place, UploadId=upload, PartNumber=number, Body=block)
        tags[number] = answer["ETag"]

    count = _send(local, part, is_there, send, progress)
    parts = [{"PartNumber": number, "ETag": tags[number]} for number in range(1, count + 1)]
    fs.call_s3(
        "complete_multipart_upload", **place, UploadId=upload, MultipartUpload={"Parts": parts}
    )
    for other in left.keys() - {upload}:
        _s3_abort(fs, path, other)


def _s3_uploads(fs: Any, path: str) -> list[str]:
    """Return the unfinished uploads of a key; none where listing them is not allowed."""
    bucket, key, _ = fs.split_path(path)
    try:
        found = fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=key)
    except (OSError, NotImplementedError):
        return []
    return [entry["UploadId"] for entry in found.get("Uploads") or [] if entry["Key"] == key]


def _s3_parts(fs: Any, place: dict[str, str], upload: str) -> dict[int, tuple[int, str]]:
    """Return size and ETag of each part that an upload has."""
    parts: dict[int, tuple[int, str]] = {}
    marker = 0
    while True:
        try:
            page = fs.call_s3("list_parts", **place, UploadId=upload, PartNumberMarker=marker)
        except OSError:  # not allowed, or gone meanwhile
            return {}
        for entry in page.get("Parts") or []:
            parts[entry["PartNumber"]] = (entry["Size"], entry["ETag"])
        if not page.get("IsTruncated"):
            return parts
        marker = page["NextPartNumberMarker"]


def _s3_abort(fs: Any, path: str, upload: str) -> None:
    bucket, key, _ = fs.split_path(path)
    with contextlib.suppress(OSError):
        fs.call_s3("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload)


# Google Cloud Storage: an object for each part, joined by "compose"


def _put_google(
    fs: Any, path: str, local: Path, cache_control: str, content_type: str,
    progress: Callable[[int], None],
) -> None:  # fmt: skip
    bucket, key, _ = fs.split_path(path)
    part = part_size("gs", local.stat().st_size)
    kept = _google_parts(fs, path)

    def name(number: int) -> str:
        return f"{_google_folder(path)}/{part}-{number:02d}"

    def is_there(number: int, block: bytes) -> bool:
        return kept.get(name(number)) == base64.b64encode(_md5(block)).decode("ascii")

    def send(number: int, block: bytes) -> None:
        fs.pipe_file(name(number), block)

    count = _send(local, part, is_there, send, progress)
    sources = [{"name": fs.split_path(name(number))[1]} for number in range(1, count + 1)]
    stored = {"contentType": content_type, "cacheControl": cache_control}
    fs.call(
        "POST", "b/{}/o/{}/compose", bucket, key,
        headers={"Content-Type": "application/json"},
        json={"kind": "storage#composeRequest", "sourceObjects": sources, "destination": stored},
    )  # fmt: skip
    discard_parts("gs", fs, path)


def _google_folder(path: str) -> str:
    return f"{path}.parts"


def _google_parts(fs: Any, path: str) -> dict[str, str]:
    """Return the MD5 of each part that is there, by its path."""
    return dict(_google_found(fs, path))


def _google_found(fs: Any, path: str) -> Iterator[tuple[str, str]]:
    fs.invalidate_cache()
    with contextlib.suppress(FileNotFoundError):
        for entry in fs.ls(_google_folder(path), detail=True):
            if entry.get("type") == "file":
                yield entry["name"], entry.get("md5Hash") or ""
