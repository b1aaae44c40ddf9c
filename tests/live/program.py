"""A program that follows one job over a real socket, as the contract tells programs to."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from runs.telemetry import EMPTY, fold
from tests.live.product import LAST_STATES, Product

PATIENCE = 30.0
WORDS = " ".join(f"w{number}" for number in range(300))
NODES = [
    {"id": "say", "type": "text.stream", "properties": {"text": WORDS, "delay_ms": 10}},
    {"id": "out", "type": "output.result", "properties": {"name": "said"}},
]
EDGES = [{"id": "e1", "source": "say", "output": "text", "target": "out", "input": "value"}]
"""A workflow that says 300 words in about three seconds."""


class Program:
    """Folds what it is sent, and finds fault with whatever does not follow on what it has."""

    def __init__(self, product: Product, rest: httpx.Client, job: dict[str, Any]) -> None:
        self.address = f"{product.base.replace('http', 'ws', 1)}/ws/v1/jobs/{job['id']}"
        self.headers = {"Authorization": rest.headers["Authorization"]}
        self.last = ""
        self.snapshot = EMPTY
        self.kinds: list[str] = []
        self.snapshots: list[str] = []
        self.states: list[str] = []
        self.version = 0

    @contextlib.contextmanager
    def joined(self) -> Iterator[ClientConnection]:
        address = f"{self.address}?after={self.last}" if self.last else self.address
        with connect(address, additional_headers=self.headers) as socket:
            yield socket

    def take(self, socket: ClientConnection) -> str:
        """One frame; its type."""
        frame = json.loads(socket.recv(PATIENCE))
        self.kinds.append(frame["type"])
        if frame["type"] == "job":
            assert frame["version"] >= self.version
            self.version = frame["version"]
            self.states.append(frame["job"]["state"])
        elif frame["type"] == "snapshot":
            self.last, self.snapshot = frame["id"], frame["snapshot"]
            self.snapshots.append(frame["id"])
        elif frame["type"] == "update":
            assert frame["after"] == self.last
            self.last, self.snapshot = frame["id"], fold(self.snapshot, frame)
        return str(frame["type"])

    @property
    def has_ended(self) -> bool:
        return bool(self.states) and self.states[-1] in LAST_STATES
