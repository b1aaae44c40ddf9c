"""One run on an idle machine: from the submit until `completed` is seen on the job's socket."""

import json
import statistics
import time
import uuid
from pathlib import Path

import httpx
from websockets.sync.client import connect

from benchmarks.figures import Figure, p95
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import running, workflow

RUNS = 40
WARM = 5


def measure(folder: Path) -> list[Figure]:
    """The median and the 95th percentile."""
    with running(folder, cap=2) as (product, client):
        path = workflow(client, TRIVIAL)
        socket = f"ws://127.0.0.1:{product.port}/ws/v1/jobs"
        times = [_one(client, path, socket) for _ in range(WARM + RUNS)][WARM:]
    return [
        Figure("one idle run, submit → completed on the socket, p50", statistics.median(times), "ms", 15),
        Figure("one idle run, submit → completed on the socket, p95", p95(times), "ms"),
    ]


def _one(client: httpx.Client, path: str, socket: str) -> float:
    """Milliseconds of one run. The socket is opened as soon as the submit is answered."""
    job = str(uuid.uuid4())
    began = time.perf_counter()
    client.post(path, json={"id": job}).raise_for_status()
    headers = {"Authorization": client.headers["Authorization"]}
    with connect(f"{socket}/{job}", additional_headers=headers, compression=None) as frames:
        while True:
            frame = json.loads(frames.recv(30))
            if frame["type"] == "job" and frame["job"]["state"] == "completed":
                break
    return (time.perf_counter() - began) * 1000
