"""From a change of a job in the database to the frame that tells it, with one, a hundred and five hundred followers."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.figures import Figure, p95
from benchmarks.graphs import WAIT
from benchmarks.installation import open_many_files, pausing, running, workflow

COUNTS = (1, 100, 500)
RUNS = 8
PATIENCE = 120.0


def measure(folder: Path) -> list[Figure]:
    """Each job waits until all its followers have joined; then its start and its end are told to all."""
    open_many_files()
    found = []
    with running(folder, cap=1) as (product, client):
        pause = pausing(product)
        path = workflow(client, WAIT)
        address = f"ws://127.0.0.1:{product.port}/ws/v1/jobs"
        for count in COUNTS:
            delays = [delay for _ in range(RUNS) for delay in _run(client, path, address, count, pause)]
            noun = "follower" if count == 1 else "followers"
            found += [
                Figure(f"from a change to its frame, {count} {noun}, p50", statistics.median(delays), "ms"),
                Figure(f"from a change to its frame, {count} {noun}, p95", p95(delays), "ms"),
            ]
    return found


def _run(client: httpx.Client, path: str, address: str, count: int, pause: Callable[[bool], None]) -> list[float]:
    """The delays of one job's start and end, for each follower, in ms. It waits until all have joined."""
    pause(True)
    job = client.post(path, json={}).json()["id"]
    return asyncio.run(_followed(f"{address}/{job}", client.headers["Authorization"], count, partial(pause, False)))


async def _followed(address: str, token: str, count: int, start: Callable[[], None]) -> list[float]:
    headers = {"Authorization": token}
    followers = [connect(address, additional_headers=headers, compression=None) for _ in range(count)]
    sockets = await asyncio.gather(*[_joined(each) for each in followers])
    telling = asyncio.gather(*[_told(each) for each in sockets])
    await asyncio.to_thread(start)
    told = await asyncio.wait_for(telling, PATIENCE)
    await asyncio.gather(*[each.close() for each in sockets])
    return [delay for each in told for delay in each]


async def _joined(follower: Any) -> ClientConnection:
    socket: ClientConnection = await follower
    await socket.recv()
    return socket


async def _told(socket: ClientConnection) -> list[float]:
    """How long after the database's time of the start and of the end each was heard."""
    heard: dict[str, float] = {}
    while True:
        frame = json.loads(await socket.recv())
        now = time.time()
        if frame["type"] != "job":
            continue
        job = frame["job"]
        heard.setdefault(job["state"], now)
        if job["state"] == "completed":
            times = {"running": job["started_at"], "completed": job["ended_at"]}
            return [1000 * (heard[state] - datetime.fromisoformat(at).timestamp()) for state, at in times.items()]
