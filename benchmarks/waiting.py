"""Ten thousand jobs wait: what a submit, a list and a look at the queue take then, and how quickly they are drained."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from benchmarks.figures import Figure
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import pausing, running, wait_until_idle, workflow

FEW, MANY = 10, 10_000
ASKED = 60
PATIENCE = 600.0


def measure(folder: Path) -> list[Figure]:
    """The queue is paused until all of them wait."""
    with running(folder, cap=2, MAX_BATCH_JOBS=MANY) as (product, client):
        pause = pausing(product)
        path = workflow(client, TRIVIAL)
        pause(True)
        _wait(client, path, FEW)
        few = _asked(client, path)
        _wait(client, path, MANY)
        many = _asked(client, path)
        waiting = client.get("/queue").json()["waiting"]
        pause(False)
        began = time.monotonic()
        wait_until_idle(client, PATIENCE)
        rate = waiting / (time.monotonic() - began)
    found = []
    for what, times in many.items():
        found.append(Figure(f"{what}: {MANY:,} jobs wait, p50", statistics.median(times), "ms"))
        ratio = statistics.median(times) / statistics.median(few[what])
        found.append(Figure(f"… beside {FEW}", ratio, "×"))
    return [*found, Figure(f"{waiting:,} waiting jobs drained, cap 2", rate, "jobs/s", 150, lowest=True)]


def _wait(client: httpx.Client, path: str, count: int) -> None:
    words = [f"word {at}" for at in range(count)]
    body = {"axes": {"word": words}, "confirm": True}
    client.post(path.replace("/jobs", "/batches"), json=body, timeout=PATIENCE).raise_for_status()


def _asked(client: httpx.Client, path: str) -> dict[str, list[float]]:
    """Milliseconds of each of these calls, which take turns."""
    found: dict[str, list[float]] = {"submit": [], "read the one at the end": [], "list": [], "the queue": []}
    for _ in range(ASKED):
        job = _timed(found["submit"], lambda: client.post(path, json={})).json()["id"]
        _timed(found["read the one at the end"], partial(client.get, f"/jobs/{job}"))
        _timed(found["list"], lambda: client.get("/jobs", params={"limit": 50}))
        _timed(found["the queue"], lambda: client.get("/queue"))
    return found


def _timed(times: list[float], call: Callable[[], httpx.Response]) -> httpx.Response:
    began = time.perf_counter()
    response = call()
    times.append(1000 * (time.perf_counter() - began))
    return response.raise_for_status()
