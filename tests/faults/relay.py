"""A way to a server that can be cut for one process, while all others go on by it."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

CREDENTIALS = struct.Struct("3i")


class Relay:
    """Listens on the Unix socket `path`, and passes on what goes between its clients and the one at `target`."""

    def __init__(self, path: Path, target: Path) -> None:
        self._target = str(target)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(256)
        self._silent: set[int] = set()
        self._refused: set[int] = set()
        self._open: dict[socket.socket, int] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    @contextmanager
    def without(self, process: psutil.Process, *, silent: bool) -> Iterator[None]:
        """While the block runs nothing passes for this process. Otherwise than silently, it is told: all is closed."""
        cut = self._silent if silent else self._refused
        with self._changed:
            cut.add(process.pid)
            mine = [] if silent else [end for end, pid in self._open.items() if pid == process.pid]
        for end in mine:
            _shut(end)
        try:
            yield
        finally:
            with self._changed:
                cut.discard(process.pid)
                self._changed.notify_all()

    def close(self) -> None:
        """Nobody comes by it any more."""
        _shut(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                pid, _, _ = CREDENTIALS.unpack(
                    client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
                )
                threading.Thread(target=self._serve, args=(client, pid), name="relayed", daemon=True).start()

    def _serve(self, client: socket.socket, pid: int) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            with self._changed:
                if pid in self._refused:
                    return
                self._open[client] = pid
            server.connect(self._target)
            back = threading.Thread(target=self._pass_on, args=(server, client, pid), daemon=True)
            back.start()
            self._pass_on(client, server, pid)
            back.join()
        with self._changed:
            self._open.pop(client, None)

    def _pass_on(self, source: socket.socket, sink: socket.socket, pid: int) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                with self._changed:
                    self._changed.wait_for(lambda: pid not in self._silent)
                sink.sendall(data)
        for end in (source, sink):
            _shut(end)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
