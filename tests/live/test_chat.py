"""A model asked by a real worker: what people and programs see of it, and what nobody ever sees."""

import json
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.live.product import Json, Product, ended, make_workflow, submit
from tests.live.program import Program
from tests.loopback import Server, served
from tests.speaking import PATH, pausing, refusal, spoken
from tests.waiting import eventually

KEY = "sk-canary-4711-never-shown"
NODES: list[Json] = [
    {"id": "chat", "type": "llm.chat", "properties": {"prompt": "Sing.", "system": "You sing."}},
    {"id": "out", "type": "output.result", "properties": {"name": "song"}},
]
EDGES: list[Json] = [{"id": "e1", "source": "chat", "output": "text", "target": "out", "input": "value"}]


@pytest.fixture(scope="module")
def service() -> Iterator[Server]:
    with served({}) as server:
        yield server


@pytest.fixture(scope="module")
def asking(service: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A Loupe that asks this service, and would log whatever it can."""
    settings = {"LLM_BASE_URL": f"{service.url}/v1", "LLM_API_KEY": KEY, "LLM_MODEL": "tiny", "LOG_LEVEL": "DEBUG"}
    product = Product(tmp_path_factory.mktemp("asking"), **settings)
    try:
        yield product.start()
    finally:
        product.end()


@pytest.fixture(scope="module")
def rest(asking: Product) -> Iterator[httpx.Client]:
    with asking.client(scope="admin") as client:
        yield client


def sung(rest: httpx.Client) -> Json:
    return ended(rest, submit(rest, make_workflow(rest, NODES, EDGES)))


def kept(product: Product) -> bytes:
    """All that this Loupe has written, and printed."""
    parts = [product.printed().encode()]
    for file in product.data_dir.rglob("*"):
        with suppress(FileNotFoundError):  # what is only just cleared up
            parts += [file.read_bytes()] if file.is_file() else []
    return b"".join(parts)


def test_an_answer_comes_word_by_word_with_its_tokens(asking: Product, rest: httpx.Client, service: Server) -> None:
    service.answers[PATH] = spoken("Tra", "la", "la")
    job = submit(rest, make_workflow(rest, NODES, EDGES))
    program = Program(asking, rest, job)
    with program.joined() as socket:
        while not program.has_ended:
            program.take(socket)
    assert program.states[-1] == "completed"
    assert program.snapshot["text"]["chat"] == "Tralala"
    asked = {"provider": service.url.removeprefix("http://"), "model": "tiny", "status": "completed"}
    assert program.snapshot["providers"] == [{"node": "chat", **asked, "tokens": 12, "cost": None}]
    assert ended(rest, job)["outputs"] == {"song": "Tralala"}
    assert ended(rest, job)["cost"] is None
    assert f"Bearer {KEY}" in service.heard[-1]


def test_a_cancelled_run_hangs_up(rest: httpx.Client, service: Server) -> None:
    service.left.clear()
    service.answers[PATH] = pausing("Once ", "upon ")
    job = submit(rest, make_workflow(rest, NODES, EDGES))
    eventually(lambda: "Once " in json.dumps(rest.get(f"/jobs/{job['id']}/telemetry").json()))
    assert not service.left.is_set()
    assert rest.post(f"/jobs/{job['id']}/cancellation").status_code == 202
    eventually(service.left.is_set, 5)
    assert ended(rest, job)["state"] == "cancelled"


def test_the_key_is_in_nothing_that_is_kept_or_shown(asking: Product, rest: httpx.Client, service: Server) -> None:
    service.answers[PATH] = refusal("400 Bad Request", f"{KEY} may not ask for sea shanties")
    job = sung(rest)
    assert job["error"]["code"] == "refused"
    assert "… may not ask for sea shanties" in job["error"]["message"]
    service.answers[PATH] = refusal("401 Unauthorized", f"Bearer {KEY}?")
    assert sung(rest)["error"]["code"] == "unauthorized"
    shown = [rest.get(f"/jobs/{job['id']}{part}").text for part in ("", "/telemetry", "/assets")]
    assert KEY not in "".join(shown)
    eventually(lambda: b"sea shanties" in kept(asking))  # so it is a place where the key would be found
    assert KEY.encode() not in kept(asking)


def test_only_models_reach_the_service(rest: httpx.Client, service: Server) -> None:
    fetch = [{"id": "get", "type": "http.get", "properties": {"url": f"{service.url}/"}}]
    job = ended(rest, submit(rest, make_workflow(rest, fetch, [])))
    assert job["error"]["code"] == "forbidden_address"
