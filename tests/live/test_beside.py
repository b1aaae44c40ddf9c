"""What an installation keeps is in its own folder: others run beside it, and without the folder it is new."""

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psutil
import pytest
from websockets.sync import client as sockets
from websockets.sync.client import ClientConnection

from tests.live.product import Json, Product, ended, make_workflow, submit
from tests.waiting import eventually

NODES = [{"id": "wait", "type": "control.wait", "properties": {"seconds": 0.1}}]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Another installation, with a port and a folder of its own, its database in there, and two web processes."""
    beside = Product(tmp_path_factory.mktemp("beside"), DATABASE_URL="", WEB_PROCESSES=2)
    try:
        yield beside.start()
    finally:
        beside.end()


def workflows(client: httpx.Client) -> set[str]:
    return {item["id"] for item in client.get("/workflows").json()["items"]}


def connect(product: Product, client: httpx.Client, job: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{product.port}/ws/v1/jobs/{job}"
    return sockets.connect(address, additional_headers={"Authorization": client.headers["Authorization"]})


def served_by(process: psutil.Process, programs: list[ClientConnection]) -> bool:
    """Whether one of these is connected to this process."""
    served = {getattr(each.raddr, "port", None) for each in process.net_connections("tcp")}
    return bool(served & {each.local_address[1] for each in programs})


def told_until_ended(program: ClientConnection) -> Json:
    """The job as it was told last."""
    while True:
        frame = json.loads(program.recv(15))
        if frame["type"] == "job" and frame["job"]["ended_at"]:
            job: Json = frame["job"]
            return job


def test_two_installations_run_side_by_side(product: Product, rest: httpx.Client, beside: Product) -> None:
    mine = make_workflow(rest, NODES, [])
    with beside.client() as other:
        theirs = make_workflow(other, NODES, [])
        jobs = [(rest, submit(rest, mine)), (other, submit(other, theirs))]

        assert [ended(client, job)["state"] for client, job in jobs] == ["completed", "completed"]
        assert (mine in workflows(other), theirs in workflows(other)) == (False, True)
        token = {"Authorization": other.headers["Authorization"]}
        assert rest.get("/me", headers=token).status_code == 401
    cookies = [set(httpx.get(each.link).cookies) for each in (product, beside)]
    assert cookies[0].isdisjoint(cookies[1]), "cookies know no ports"


def test_web_processes_share_a_port_and_tell_the_same(beside: Product) -> None:
    with beside.client() as client, ExitStack() as stack:
        workflow = make_workflow(client, NODES, [])
        job = submit(client, workflow)["id"]
        programs: list[ClientConnection] = []

        def all_serve() -> bool:
            programs.append(stack.enter_context(connect(beside, client, job)))
            assert len(programs) < 200, "one of them takes no connection"
            return all(served_by(each, programs) for each in beside.processes("web"))

        eventually(all_serve)
        told = [told_until_ended(each) for each in programs]

        assert len(beside.processes("web")) == 2
        assert {each["id"] for each in told} == {job}
        assert {each["state"] for each in told} == {"completed"}


def test_one_web_process_of_two_is_killed_and_comes_back(beside: Product) -> None:
    killed = beside.signal("web", signal.SIGKILL)
    with beside.client() as client:
        assert client.get("/queue").status_code == 200

    eventually(lambda: len(set(beside.processes("web")) - {killed}) == 2)


def test_removing_the_data_folder_resets_everything(beside: Product) -> None:
    with beside.client() as before:
        make_workflow(before, NODES, [])
        token = before.headers["Authorization"]
    beside.stop()
    shutil.rmtree(beside.data_dir)
    beside.start()

    with beside.client() as after:
        assert after.get("/me", headers={"Authorization": token}).status_code == 401
        assert workflows(after) == set()
