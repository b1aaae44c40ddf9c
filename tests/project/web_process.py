"""Runs the web process with the probe, and talks to it as clients do."""

import contextlib
import http.client
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = "tests.project.asgi_probe:application"
DEADLINE_SECONDS = 20
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


@dataclass
class WebProcess:
    process: subprocess.Popen[bytes]
    log_path: Path

    @property
    def address(self) -> tuple[str, int]:
        match = re.search(r"Listening on (\S+) port (\d+)", self.log)
        assert match is not None, self.log
        return match[1], int(match[2])

    @property
    def memory_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def get(self, path: str, *, method: str = "GET", body: Any = None, headers: Any = None) -> tuple[int, bytes]:
        with contextlib.closing(self.client()) as client:
            client.request(method, path, body=body, headers=headers or {})
            answer = client.getresponse()
            return answer.status, answer.read()

    def json(self, path: str, **options: Any) -> Any:
        return json.loads(self.get(path, **options)[1])

    def count(self, name: str) -> int:
        return int(self.json("/counts").get(name, 0))

    def client(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=DEADLINE_SECONDS)

    def websocket(self, path: str, max_queue: int = 16) -> ClientConnection:
        host, port = self.address
        client = connect(f"ws://{host}:{port}{path}", proxy=None, max_size=None, max_queue=max_queue)
        assert isinstance(client, ClientConnection)
        return client

    def raw(self, request: bytes = b"") -> socket.socket:
        client = socket.create_connection(self.address, timeout=DEADLINE_SECONDS)
        client.sendall(request)
        return client

    def raw_handshake(self, path: str, more: str = "") -> socket.socket:
        return self.raw(
            f"GET {path} HTTP/1.1\r\nHost: probe\r\n{more}Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )

    def raw_websocket(self, path: str) -> socket.socket:
        """A WebSocket that answers nothing of itself, its handshake done."""
        client = self.raw_handshake(path)
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
        return client

    def terminate(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def exit_code(self) -> int:
        return self.process.wait(timeout=DEADLINE_SECONDS)


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener


def serving(
    listener: socket.socket, log_path: Path, module: str = "project.server"
) -> contextlib.AbstractContextManager[WebProcess]:
    """Run a web process on a socket that it inherits, until the block ends."""
    return running(log_path, "--fd", str(listener.fileno()), module=module, inherited=[listener.fileno()])


@contextlib.contextmanager
def running(
    log_path: Path, *options: str, module: str = "project.server", inherited: Collection[int] = ()
) -> Iterator[WebProcess]:
    command = [sys.executable, "-m", module, "--application", APPLICATION, *options]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=inherited, stderr=log)
    try:
        web = WebProcess(process, log_path)
        eventually(lambda: "Listening" in web.log or web.has_ended(), DEADLINE_SECONDS)
        yield web
        process.terminate()
        process.wait(timeout=DEADLINE_SECONDS)
    finally:
        process.kill()
        process.wait()


def settled(value: Callable[[], int]) -> int:
    """What `value` gives once it gives the same for half a second."""
    newest, since = value(), time.monotonic()
    while time.monotonic() - since < 0.5:
        if (now := value()) != newest:
            newest, since = now, time.monotonic()
        time.sleep(0.02)
    return newest


def close_code(client: ClientConnection) -> int:
    """The code with which the server closes, now or after what it still sends."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            client.recv(timeout=DEADLINE_SECONDS)
    return client.close_code or 0


def masked_frame(opcode: int, payload: bytes) -> bytes:
    """One whole frame of a client, under 64 KiB, masked with zeros."""
    size = struct.pack("!B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BH", 0xFE, len(payload))
    return bytes([0x80 | opcode]) + size + bytes(4) + payload


def read_frame(client: socket.socket) -> tuple[int, bytes]:
    """The next short frame of the server: its opcode and payload."""
    first, size = client.recv(2, socket.MSG_WAITALL)
    return first & 0x0F, client.recv(size, socket.MSG_WAITALL)


def read_until(client: socket.socket, end: bytes) -> bytes:
    """All that the server sends up to `end`, or until it closes the connection."""
    received = b""
    while not received.endswith(end) and (data := client.recv(1)):
        received += data
    return received


def read_all(client: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(65_536):
            received += data
    return received
