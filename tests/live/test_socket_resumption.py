"""A program follows a real run over a real socket, is dropped again and again, and misses nothing."""

import json
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.live.product import Product, make_workflow, running, submit
from tests.live.program import EDGES, NODES, WORDS, Program

DROPS = 20
SLOWER = [{**NODES[0], "properties": {"text": WORDS, "delay_ms": 30}}, *NODES[1:]]
"""Goes on for longer than the drops take."""


@pytest.fixture
def job(rest: httpx.Client) -> dict[str, Any]:
    return submit(rest, make_workflow(rest, NODES, EDGES))


def test_twenty_drops_lose_and_double_nothing(product: Product, rest: httpx.Client) -> None:
    job = submit(rest, make_workflow(rest, SLOWER, EDGES))
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
    assert len([first for first in program.snapshots if first != "0-0"]) == 1  # 0-0: it came before the run began
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
        while not (program.has_ended and "ack" in program.kinds):
            program.take(socket)
    assert program.states[-1] == "cancelled"
    assert program.snapshot["nodes"]["say"]["status"] == "cancelled"
