"""No secret is told: planted in a product that works, fails and loses its Redis, and looked for in all that it says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.live.canaries import (
    Told,
    canary,
    crawl,
    keep_logs,
    keep_redis,
    run,
    valkey_with,
    web_server,
)
from tests.live.product import Json, Product, ended, free_port, make_workflow, submit
from tests.runs.jobs import graph
from tests.waiting import eventually

NAMES = ("SECRET_KEY", "METRICS_TOKEN", "LLM_API_KEY", "redis", "header", "password")
MARK = "a-word-that-is-no-secret"


@pytest.fixture
def planted() -> dict[str, str]:
    return {name: canary(name) for name in NAMES}


@pytest.fixture
def outside(tmp_path: Path, planted: dict[str, str]) -> Iterator[tuple[str, Any]]:
    with valkey_with(planted["redis"], tmp_path) as valkey:
        yield valkey


@pytest.fixture
def web() -> Iterator[tuple[int, list[str]]]:
    with web_server() as server:
        yield server


@pytest.fixture
def product(
    tmp_path: Path, planted: dict[str, str], outside: tuple[str, Any], web: tuple[int, list[str]]
) -> Iterator[Product]:
    """It logs all that it can, and may reach the server."""
    given = {name: planted[name] for name in ("SECRET_KEY", "METRICS_TOKEN", "LLM_API_KEY")}
    product = Product(
        tmp_path, LOG_LEVEL="DEBUG", REDIS_URL=outside[0], HTTP_ALLOW=f"127.0.0.1:{web[0]}", WORKERS=1, **given
    )
    try:
        yield product.start()
    finally:
        product.end()


def sign_in(product: Product, client: httpx.Client, planted: dict[str, str]) -> None:
    """The owner, by the link that was printed."""
    page = client.get(product.link)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token
    client.post(product.link, data={"csrfmiddlewaretoken": token[1]})
    planted["link"] = product.link.rstrip("/").rpartition("/")[2]
    planted["session"] = next(value for name, value in client.cookies.items() if "session" in name)


def fetching(rest: httpx.Client, port: int, header: str) -> str:
    """A workflow that fetches with this header, and fails then."""
    url = f"http://127.0.0.1:{port}/{MARK}"
    nodes: dict[str, tuple[str, Json]] = {
        "get": ("http.get", {"url": url, "headers": {"X-Key": header}}),
        "fail": ("control.fail", {"message": MARK}),
    }
    return make_workflow(rest, **{key: graph(nodes, "get.text > fail.value")[key] for key in ("nodes", "edges")})


def listening(rest: httpx.Client, port: int, planted: dict[str, str]) -> str:
    """The path of a new webhook's deliveries."""
    made = rest.post("/webhooks", json={"url": f"http://127.0.0.1:{port}/", "events": ["job.ended"]}).json()
    planted["webhook"] = made["secret"]
    return f"/webhooks/{made['id']}/deliveries"


def refused(rest: httpx.Client, deliveries: str) -> bool:
    """Whether the receiver has answered all that the webhook was told so far."""
    return {each["status"] for each in rest.get(deliveries).json()["items"]} == {500}


def errors(product: Product, rest: httpx.Client, told: Told, planted: dict[str, str]) -> None:
    """Whatever can be wrong with a request, and each refusal."""
    for path in ("/nothing", "/jobs?state=odd", "/jobs?cursor=odd", f"/workflows/{MARK}"):
        told.answer(rest.get(path))
    for body in (b"{", b'{"name": 1}', b'{"graph": {"nodes": 1}}'):
        told.answer(rest.post("/workflows", content=body, headers={"Content-Type": "application/json"}))
    told.answer(rest.delete("/me"))
    for secret in (planted["token"] + "x", planted["METRICS_TOKEN"], planted["SECRET_KEY"]):
        told.answer(rest.get("/me", headers={"Authorization": f"Bearer {secret}"}))
    metrics = {"Authorization": f"Bearer {planted['METRICS_TOKEN']}"}
    assert told.answer(httpx.get(f"{product.base}/metrics", headers=metrics)).status_code == 200
    told.answer(httpx.get(f"{product.base}/metrics", headers={"Authorization": f"Bearer {planted['token']}"}))
    page = httpx.post(f"{product.base}/sign-in/", data={"username": "owner", "password": planted["password"]})
    told.answer(page)


def follow(product: Product, job: str, told: Told, planted: dict[str, str]) -> None:
    """What a socket tells of an ended job, by a good token and by a wrong one."""
    address = f"{product.base.replace('http', 'ws', 1)}/ws/v1/jobs/{job}"
    with connect(address, additional_headers={"Authorization": f"Bearer {planted['token']}"}) as socket:
        told.keep("socket", "".join(str(socket.recv(30)) for _ in range(2)))
    with connect(f"{address}?ticket={planted['token']}x") as socket, pytest.raises(ConnectionClosed) as closing:
        socket.recv(30)
    told.keep("socket", str(closing.value))


def test_no_secret_is_told_anywhere(
    product: Product, planted: dict[str, str], outside: tuple[str, Any], web: tuple[int, list[str]]
) -> None:
    told = Told()
    with httpx.Client(base_url=product.base, timeout=30) as owner, product.client() as rest:
        sign_in(product, owner, planted)
        planted["token"] = rest.headers["Authorization"].removeprefix("Bearer ")
        jobs, deliveries = [], listening(rest, web[0], planted)
        for port in (web[0], free_port()):
            workflow = fetching(rest, port, planted["header"])
            jobs.append(ended(rest, submit(rest, workflow)))
            follow(product, jobs[-1]["id"], told, planted)
            told.answer(rest.get(f"/jobs/{jobs[-1]['id']}/telemetry"))
        assert [job["error"]["node"] for job in jobs] == ["fail", "get"]
        assert web[1] == [planted["header"]]
        eventually(lambda: refused(rest, deliveries))
        errors(product, rest, told, planted)
        told.answer(rest.get(deliveries))
        told.answer(rest.get("/webhooks"))
        told.answer(rest.get("/jobs"))
        pages = crawl(owner, told, "/", "/settings/tokens/", "/admin/", *(f"/jobs/{job['id']}/" for job in jobs))
        keep_redis(outside[0], told)
        outside[1].kill()
        outside[1].wait()
        assert told.answer(rest.post("/ws-tickets")).status_code == 503
        told.answer(httpx.get(f"{product.base}/readyz"))
        told.keep("doctor", run(product, "doctor"))
    keep_logs(product, told)

    assert {place for place in told.where(MARK) if place.startswith(("GET /jobs/", "GET /admin/runs/job/", "socket"))}
    assert any(page.startswith("/admin/runs/job/") for page in pages)
    assert len(pages) > 30
    assert all(told.texts[f"log {name}.log"] for name in ("web", "workers"))
    assert {name: found for name, secret in planted.items() if (found := elsewhere(told, name, secret))} == {}


@pytest.mark.parametrize("command", ["sign_in_link owner", "run"])
def test_without_its_database_a_command_tells_no_password(tmp_path: Path, command: str) -> None:
    password = canary("database")
    away = f"postgres://loupe:{password}@127.0.0.1:{free_port()}/loupe"

    printed = run(Product(tmp_path, DATABASE_URL=away, LOG_LEVEL="DEBUG"), *command.split())

    assert "database" in printed
    assert password not in printed


def elsewhere(told: Told, name: str, secret: str) -> list[str]:
    """Where a secret stands that should not; what a person wrote into a graph stands in that graph."""
    own = re.compile(r"GET (/api/v1)?/workflows/[0-9a-f-]{36}/(export)?(\?.*)?")
    return [place for place in told.where(secret) if not (name == "header" and own.fullmatch(place))]
