"""A running Loupe to measure, and what it knows afterwards."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx

from benchmarks.graphs import Json
from tests.live.product import Product
from tests.waiting import eventually

PATIENCE = 300.0
"""Seconds until a benchmark gives up."""
OPEN_FILES = 8192


@contextmanager
def running(folder: Path, cap: int, **settings: object) -> Iterator[tuple[Product, httpx.Client]]:
    """A product with this cap, all its workers idle, and a client of its API."""
    product = Product(folder, MAX_CONCURRENT_JOBS=cap, LEASE_SECONDS=30, **settings)
    try:
        product.start(PATIENCE)
        eventually(lambda: httpx.get(f"{product.base}/readyz", timeout=30).status_code == 200, PATIENCE)
        with product.client() as client:
            yield product, client
        product.stop()
    finally:
        product.end()


def open_many_files() -> None:
    """From now on this process may have as many sockets as a benchmark needs, and the processes that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(OPEN_FILES, hard)), hard))


def workflow(client: httpx.Client, graph: Json) -> str:
    """The path under which jobs of a new workflow with this graph are submitted."""
    made = client.post("/workflows", json={"name": "Measured", "graph": graph})
    made.raise_for_status()
    return f"/workflows/{made.json()['id']}/jobs"


def pausing(product: Product) -> Callable[[bool], None]:
    """Pauses and resumes the queue, as staff may."""

    def pause(paused: bool) -> None:
        with product.client("chief", "admin", "--superuser") as client:
            client.patch("/queue", json={"paused": paused}).raise_for_status()

    return pause


def wait_until_idle(client: httpx.Client, patience: float = PATIENCE) -> None:
    """Returns when no job is active. It asks seldom: what asks takes the processor from what is measured."""
    eventually(lambda: set(client.get("/queue").json()["mine"].values()) == {0}, patience, every=0.3)


def drained(client: httpx.Client) -> list[Json]:
    """All jobs, once none is active; every one of them must have completed."""
    wait_until_idle(client)
    jobs: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("/jobs", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
        jobs += page["items"]
        cursor = page["next"]
    assert all(job["state"] == "completed" for job in jobs), "a measured job did not complete"
    return jobs


def span(jobs: list[Json], first: str = "started_at") -> float:
    """Seconds from the first start (or submit) to the last end, by the product's own records."""
    begun = min(datetime.fromisoformat(job[first]) for job in jobs)
    return (max(datetime.fromisoformat(job["ended_at"]) for job in jobs) - begun).total_seconds()
