"""A program that follows a job sees all of it, whatever dies in between."""

import signal

import httpx
import pytest
from websockets.exceptions import WebSocketException

from tests.live.product import Json, Product, make_workflow, running, submit
from tests.live.program import EDGES, NODES, WORDS, Program


@pytest.fixture
def job(client: httpx.Client) -> Json:
    return running(client, submit(client, make_workflow(client, NODES, EDGES)))


def has_all(program: Program) -> bool:
    return bool(program.snapshot["text"].get("say", "").split() == WORDS.split())


def test_valkey_is_killed_and_the_socket_goes_on(product: Product, client: httpx.Client, job: Json) -> None:
    program = Program(product, client, job)
    with program.joined() as socket:
        while program.kinds.count("update") < 3:
            program.take(socket)
        product.signal("valkey", signal.SIGKILL)
        while not program.has_ended:
            program.take(socket)
    assert program.states[-1] == "completed"
    assert has_all(program)


def test_the_web_process_is_killed_and_the_program_goes_on_where_it_was(
    product: Product, client: httpx.Client, job: Json
) -> None:
    program = Program(product, client, job)
    with program.joined() as socket:
        while program.kinds.count("update") < 3:
            program.take(socket)
        product.signal("web", signal.SIGKILL)
    while not (program.has_ended and has_all(program)):
        try:
            with program.joined() as socket:
                while not (program.has_ended and has_all(program)):
                    program.take(socket)
        except (OSError, WebSocketException):
            continue
    assert program.states[-1] == "completed"
    assert program.kinds.count("snapshot") == 1
