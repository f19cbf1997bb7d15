"""A stretch of network on loopback that counts what is sent through it, and can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Wire:
    """Forwards connections to a server.

    Attributes
    ----------
    port : int
        Where it listens.
    sent : int
        Bytes that went to the server.
    cut_after : int or None
        Once ``sent`` is past this, every connection ends, and every new one at once.
    """

    target: tuple[str, int]
    port: int = 0
    sent: int = 0
    cut_after: int | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_cut(self) -> bool:
        return self.cut_after is not None and self.sent > self.cut_after

    def mend(self) -> None:
        """Let everything through again, and count from nought."""
        self.cut_after, self.sent = None, 0

    def _pump(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if counted:
                    with self._guard:
                        self.sent += len(data)
                if self.is_cut:
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _carry(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            if self.is_cut:
                return
            with socket.create_connection(self.target) as far:
                back = threading.Thread(target=self._pump, args=(far, near, False), daemon=True)
                back.start()
                self._pump(near, far, True)
                back.join()


@contextlib.contextmanager
def lay(port: int) -> Iterator[Wire]:
    """Lay a wire to a server of this machine."""
    wire = Wire(("127.0.0.1", port))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire.port = listener.getsockname()[1]

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    threading.Thread(target=wire._carry, args=(near,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield wire
        listener.shutdown(socket.SHUT_RDWR)
