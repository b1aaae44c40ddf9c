"""One run on an idle machine: from the submit until `completed` is seen on the job's socket, beside bare requests."""

import json
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
from websockets.sync.client import connect

from benchmarks.figures import Figure, p95
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import PATIENCE, running, workflow
from tests.live.product import ROOT, free_port
from tests.waiting import eventually

TURNS = 8
RUNS = 5
"""In each turn."""


def measure(folder: Path) -> list[Figure]:
    """The median and the 95th percentile, beside the median of a web process that does nothing."""
    with running(folder, cap=2) as (product, client), _bare() as bare:
        mine = partial(_one, client, workflow(client, TRIVIAL), f"ws://127.0.0.1:{product.port}/ws/v1/jobs")
        turns = [(_turn(mine), _turn(bare)) for _ in range(1 + TURNS)][1:]  # the first warms them
    times = [each for of_mine, _ in turns for each in of_mine]
    median, least = statistics.median(times), statistics.median(each for _, of_bare in turns for each in of_bare)
    return [
        Figure("one idle run, submit → completed on the socket, p50", median, "ms", 15),
        Figure("one idle run, submit → completed on the socket, p95", p95(times), "ms"),
        Figure("… the same of bare Django, Channels, Daphne, p50", least, "ms"),
        Figure("… beside it", median / least, "×"),
    ]


def _turn(run: Callable[[], float]) -> list[float]:
    return [run() for _ in range(RUNS)]


def _one(client: httpx.Client, path: str, socket: str) -> float:
    """Milliseconds until a run's end is seen. The socket is opened as soon as the submit is answered.

    What closing it takes does not count: by then the client has what it asked for.
    """
    job = str(uuid.uuid4())
    began = time.perf_counter()
    client.post(path, json={"id": job}).raise_for_status()
    headers = {"Authorization": client.headers["Authorization"]}
    with connect(f"{socket}/{job}", additional_headers=headers, compression=None) as frames:
        while True:
            frame = json.loads(frames.recv(30))
            if frame["type"] == "job" and frame["job"]["state"] == "completed":
                return (time.perf_counter() - began) * 1000


@contextmanager
def _bare() -> Iterator[Callable[[], float]]:
    """The same with a web process that does nothing."""
    port = free_port()
    command = [sys.executable, "-m", "daphne", "-v", "0", "-p", str(port), "benchmarks.bare_web:application"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer no"}) as client:
                eventually(lambda: _answers(client), PATIENCE)
                yield partial(_one, client, "/jobs", f"ws://127.0.0.1:{port}/jobs")
        finally:
            process.terminate()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.post("/jobs", json={}).status_code == 201
    except httpx.TransportError:
        return False
