"""A program follows a real run over a real socket, is dropped again and again, and misses nothing."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from runs.telemetry import EMPTY, fold
from tests.live.product import Product, make_workflow, running, submit

DROPS = 20
PATIENCE = 30.0
WORDS = " ".join(f"w{number}" for number in range(300))
NODES = [
    {"id": "say", "type": "text.stream", "properties": {"text": WORDS, "delay_ms": 10}},
    {"id": "out", "type": "output.result", "properties": {"name": "said"}},
]
EDGES = [{"id": "e1", "source": "say", "output": "text", "target": "out", "input": "value"}]
LAST_STATES = {"completed", "failed", "cancelled"}


class Program:
    """Follows one job as the contract tells programs to."""

    def __init__(self, product: Product, rest: httpx.Client, job: dict[str, Any]) -> None:
        self.address = f"{product.base.replace('http', 'ws', 1)}/ws/v1/jobs/{job['id']}"
        self.headers = {"Authorization": rest.headers["Authorization"]}
        self.last = ""
        self.snapshot = EMPTY
        self.kinds: list[str] = []
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
        elif frame["type"] == "update":
            assert frame["after"] == self.last
            self.last, self.snapshot = frame["id"], fold(self.snapshot, frame)
        return str(frame["type"])

    @property
    def has_ended(self) -> bool:
        return bool(self.states) and self.states[-1] in LAST_STATES


@pytest.fixture
def job(rest: httpx.Client) -> dict[str, Any]:
    return submit(rest, make_workflow(rest, NODES, EDGES))


def test_twenty_drops_lose_and_double_nothing(product: Product, rest: httpx.Client, job: dict[str, Any]) -> None:
    program = Program(product, rest, running(rest, job))
    for _ in range(DROPS):
        with program.joined() as socket:
            assert program.take(socket) == "job"
            program.take(socket)
    with program.joined() as socket:
        while not program.has_ended:
            program.take(socket)
    assert program.states[-1] == "completed"
    assert program.snapshot["text"]["say"].split() == WORDS.split()
    assert program.snapshot["nodes"]["out"]["status"] == "completed"
    assert program.kinds.count("snapshot") == 1
    kept = rest.get(f"/jobs/{job['id']}/telemetry").json()
    assert (kept["id"], kept["snapshot"]) == (program.last, program.snapshot)


def test_a_job_that_has_ended_is_told_at_once_and_nothing_follows(
    product: Product, rest: httpx.Client, job: dict[str, Any]
) -> None:
    first = Program(product, rest, job)
    with first.joined() as socket:
        while not first.has_ended:
            first.take(socket)
    again = Program(product, rest, job)
    with again.joined() as socket:
        assert [again.take(socket), again.take(socket)] == ["job", "snapshot"]
        with pytest.raises(TimeoutError):
            socket.recv(1.5)
    assert again.snapshot == first.snapshot


def test_a_handshake_from_a_foreign_origin_is_refused_with_403(
    product: Product, rest: httpx.Client, job: dict[str, Any]
) -> None:
    program = Program(product, rest, job)
    headers = program.headers | {"Origin": "http://evil.example"}
    with pytest.raises(InvalidStatus) as refusal, connect(program.address, additional_headers=headers):
        pass
    assert refusal.value.response.status_code == 403
    own = program.headers | {"Origin": product.base}
    with connect(program.address, additional_headers=own) as socket:
        assert program.take(socket) == "job"


def test_a_ticket_lets_a_socket_in_that_can_set_no_header(
    product: Product, rest: httpx.Client, job: dict[str, Any]
) -> None:
    program = Program(product, rest, job)
    ticket = rest.post("/ws-tickets").json()["ticket"]
    with connect(f"{program.address}?ticket={ticket}") as socket:
        assert program.take(socket) == "job"


def test_cancel_over_the_socket_is_seen_as_it_happens(
    product: Product, rest: httpx.Client, job: dict[str, Any]
) -> None:
    program = Program(product, rest, running(rest, job))
    with program.joined() as socket:
        program.take(socket)
        socket.send(json.dumps({"type": "cancel", "ref": 1, "job_id": job["id"]}))
        while not program.has_ended:
            program.take(socket)
    assert program.states[-1] == "cancelled"
    assert "ack" in program.kinds
    assert program.snapshot["nodes"]["say"]["status"] == "cancelled"
