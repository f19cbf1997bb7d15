"""The loop of a download: connect, read, note what is missing, again, until the hash is right."""

from __future__ import annotations

import os
import shutil
import time

from josi_utils.download_hooks import Hooks, Progress, Retry
from josi_utils.download_http import (
    Body,
    HttpPolicy,
    NotThere,
    Passing,
    RangeRefused,
    get,
    shown,
)
from josi_utils.download_part import BUFFER, Hasher, Part
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file

#: Left free on the disk beside the file: a phone that is filled to the brim misbehaves.
ROOM_TO_SPARE = 64 * 10**6

#: A file that still differs after this many rounds of fetching its bad chunks will not get better.
_ROUNDS = 4


class Transfer:
    """The loop: connect, read, note what is missing, again, until the whole hash is right."""

    def __init__(
        self, urls: list[str], part: Part, policy: HttpPolicy, retry: Retry, hooks: Hooks
    ) -> None:
        self.urls, self.part, self.policy = urls, part, policy
        self.retry, self.hooks = retry, hooks
        self.received = self.failures = self.fruitless = 0
        self.ignored_ranges = self.refused_ranges = 0
        self.began = time.monotonic()
        self.reported = 0.0
        self.hasher: Hasher | None = None

    def run(self) -> None:
        part = self.part
        part.recall()
        if part.size is not None:
            self._take_up()
        rounds = 0
        try:
            while True:
                while part.size is None or part.missing:
                    self._attempt()
                if self._whole_digest() == part.want.sha256:
                    return
                rounds += 1
                if rounds > _ROUNDS:
                    raise JosiError(
                        f"{part.want.name}: not the published bytes after {rounds} rounds; "
                        "the server or the manifest is wrong"
                    )
                self.hooks.notice("bytes differ from the published ones; fetching the bad ones")
                if part.want.chunk_sha256:
                    part.check_chunks()
                    if not part.missing:
                        raise JosiError(f"{part.want.name}: chunk hashes and SHA-256 contradict")
                else:
                    self._start_over()
        finally:
            if self.hasher is not None:
                self.hasher.finish()
            if part.size is not None and part.path.exists():
                part.note()

    def _take_up(self) -> None:
        part, size = self.part, self.part.size
        assert size is not None
        room = shutil.disk_usage(part.path.parent).free
        if room < size - part.have + ROOM_TO_SPARE:
            raise JosiError(
                f"{part.path.parent}: {room / 1e6:.0f} MB free, "
                f"{(size - part.have + ROOM_TO_SPARE) / 1e6:.0f} MB needed; free some room"
            )
        self.hasher = Hasher()
        self.hasher.hashed = part.check_chunks(self.hasher.digest)
        part.note()

    def _start_over(self) -> None:
        """Forget the bytes, not the file's facts."""
        if self.hasher is not None:
            self.hasher.finish()
        self.hasher = Hasher()
        self.part.discard()
        assert self.part.size is not None
        self.part.missing = [(0, self.part.size)]
        self.part.note()

    def _whole_digest(self) -> str:
        hasher, self.hasher = self.hasher, None
        digest = hasher.finish() if hasher else ""
        complete = hasher is not None and hasher.hashed == self.part.size
        return digest if complete else sha256_file(self.part.path)

    def _attempt(self) -> None:
        """Use one connection; on a failure that may pass, wait."""
        if not self.hooks.network():
            raise JosiError(f"{self.part.want.name}: no network it may use; run again on Wi-Fi")
        before = self.received
        try:
            self._connect(self.urls[0])
            return
        except NotThere as error:
            if len(self.urls) == 1:
                raise JosiError(str(error)) from None
            self.urls = self.urls[1:]
            return
        except RangeRefused as error:
            # The first time the validator may be to blame, the second time what is kept.
            self.part.etag = None
            self.refused_ranges += 1
            if self.refused_ranges > 1:
                self._start_over()
            failure: Passing = error
        except Passing as error:
            failure = error
        self.failures += 1
        self.fruitless = 0 if self.received > before else self.fruitless + 1
        if self.fruitless >= self.retry.fruitless or self.failures >= self.retry.total:
            raise JosiError(
                f"{shown(self.urls[0])}: gave up after {self.failures} failures, last: {failure}; "
                "run again to go on from here"
            )
        pause = self.retry.pause(max(1, self.fruitless)) if failure.pause is None else failure.pause
        self.hooks.notice(f"{failure}; trying again in {pause:.1f} s")
        time.sleep(pause)

    def _connect(self, url: str) -> None:
        part = self.part
        start, end = part.missing[0] if part.missing else (0, None)
        open_end = None if end == part.size else end
        etag = part.etag if self.ignored_ranges < 2 else None
        with get(url, self.policy, start=start, end=open_end, etag=etag) as body:
            if part.size is None:
                part.size, part.etag = body.total, body.etag
                self._take_up()
                end = body.total
            if body.total != part.size:
                raise Passing(f"the server's file has {body.total} bytes, not {part.size}")
            if body.start != start:
                self._ranges_ignored(body)
                start, end = part.missing[0]
            else:
                self.ignored_ranges = self.refused_ranges = 0
                if part.etag is None and body.etag is not None:
                    part.etag = body.etag
                    part.note()
            self._read(body, start, end or part.size)

    def _ranges_ignored(self, body: Body) -> None:
        """A 200 to a Range: the body begins at byte 0 and must never be appended.

        Where chunk hashes tell good bytes from bad, what is kept stays good whatever the server
        calls its version, so the range is asked for again, first with the new validator, then
        without one. Only a server that knows no ranges at all gets to send everything again.
        """
        part = self.part
        self.ignored_ranges += 1
        changed = body.etag != part.etag
        if self.ignored_ranges <= 3 and (part.want.chunk_sha256 or not changed):
            part.etag = body.etag
            part.note()
            raise Passing("the server sent the whole file instead of the range")
        part.etag = body.etag
        etag = body.etag
        self._start_over()
        part.etag = etag

    def _read(self, body: Body, start: int, end: int) -> None:
        part = self.part
        position, stop = start, min(end, body.start + body.length)
        on_trial = bool(part.want.chunk_sha256)
        handle = os.open(part.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            while position < stop:
                border = part.chunk_end(position) if on_trial else stop
                count, failure = self._fill_and_write(body, handle, position, min(stop, border))
                position += count
                self.received += count
                part.have = max(part.have, position)
                part.missing[0] = (position, end)
                if on_trial and position == border:
                    # A login page or a wrong file shows in the connection's first chunk, and
                    # costs no more than that one.
                    on_trial = False
                    if not part.good_chunk(handle, position):
                        part.missing[0] = (part.chunk_start(position - 1), end)
                        self._distrust_hash()
                        raise Passing("other bytes than the published ones")
                self._report(position == part.size)
                if failure:
                    raise failure
                if not count:
                    raise Passing(f"the body ended {stop - position} bytes early")
        finally:
            os.close(handle)
            if part.missing and part.missing[0][0] >= part.missing[0][1]:
                part.missing.pop(0)

    def _distrust_hash(self) -> None:
        """Bad bytes went into the running hash: the file is read again at the end."""
        if self.hasher is not None:
            self.hasher.hashed = -1

    def _fill_and_write(
        self, body: Body, handle: int, position: int, stop: int
    ) -> tuple[int, Passing | None]:
        """Fill one buffer, write it, hand it to the hash; return its length and what ended it."""
        hasher = self.hasher
        buffer = hasher.free.get() if hasher else bytearray(BUFFER)
        # No more than a chunk is ever in memory alone, so a kill costs no more than that.
        most = min(BUFFER, self.part.want.chunk_size or BUFFER, stop - position)
        view = memoryview(buffer)[:most]
        filled, failure = 0, None
        began = time.monotonic()
        while filled < most:
            try:
                count = body.read_into(view[filled:])
            except Passing as error:
                failure = error
                break
            filled += count
            waited = time.monotonic() - began
            if not count or (waited > 0.25 and filled >= most // 16):
                break
            if waited > self.policy.stall_timeout:
                if filled < self.policy.slowest_rate * waited:
                    failure = Passing(f"only {filled} bytes in {waited:.0f} s")
                break
        written = 0
        while written < filled:
            written += os.pwrite(handle, view[written:filled], position + written)
        if hasher and hasher.hashed == position:
            hasher.full.put((buffer, filled))
            hasher.hashed += filled
        elif hasher:
            hasher.free.put(buffer)
        return filled, failure

    def _report(self, last: bool) -> None:
        now = time.monotonic()
        if not last and now - self.reported < 0.25:
            return
        self.reported = now
        total = self.part.size or 0
        done = total - sum(end - start for start, end in self.part.missing)
        rate = self.received / max(now - self.began, 1e-6)
        left = (total - done) / rate if rate > 0 else None
        self.hooks.progress(Progress(self.part.want.name, done, total, rate, left))
        if not last and not self.hooks.network():
            raise JosiError(f"{self.part.want.name}: the network is gone; run again on Wi-Fi")
