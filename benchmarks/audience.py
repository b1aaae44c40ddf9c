"""A thousand sockets that follow a hundred running jobs, and one more that never reads: one web process, then two."""

import asyncio
import json
import socket
import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.figures import Figure, p95
from benchmarks.graphs import Json
from benchmarks.installation import open_many_files, pausing, running, workflow
from tests.live.product import Product
from tests.waiting import eventually

JOBS, EACH = 100, 10
"""Jobs that run at once, and sockets that follow each."""
DELAY_MS, WORDS = 150, 300
"""Of each job: from word to word, and how many there are."""
WATCH_SECONDS = 15.0
SETTLE_SECONDS = 5.0
MOST_MORE = 128.0
"""MB that a web process may need for all who follow, the one that never reads among them."""
PATIENCE = 600.0
TEXT: Json = {
    "version": 1,
    "nodes": [
        {"id": "say", "type": "text.stream", "properties": {"text": "word " * WORDS, "delay_ms": DELAY_MS}},
        {"id": "out", "type": "output.result", "properties": {"name": "said"}},
    ],
    "edges": [{"id": "e1", "source": "say", "output": "text", "target": "out", "input": "value"}],
}


@dataclass(slots=True)
class Heard:
    """What one socket was told."""

    last: str | None = None
    started: float = 0.0
    frames: int = 0
    broken: int = 0
    delays: list[float] = field(default_factory=list)


def measure(folder: Path) -> list[Figure]:
    """Each job has a worker of its own; what is said of a web process is of the one that holds most."""
    open_many_files()
    return [figure for count in (1, 2) for figure in _with(folder / str(count), count)]


def _with(folder: Path, count: int) -> list[Figure]:
    folder.mkdir()
    with running(folder, cap=JOBS, WORKERS=JOBS, WEB_PROCESSES=count) as (product, client):
        eventually(lambda: len(product.processes("worker")) == JOBS, PATIENCE)
        pause = pausing(product)
        path = workflow(client, TEXT)
        pause(True)
        jobs = [client.post(path, json={}).raise_for_status().json()["id"] for _ in range(JOBS)]
        before = _held(product)
        address = f"ws://127.0.0.1:{product.port}/ws/v1/jobs"
        heard, after, busy = asyncio.run(_followed(product, client, address, jobs, lambda: pause(False)))
    delays = [delay for each in heard for delay in each.delays]
    frames = sum(each.frames for each in heard) / WATCH_SECONDS
    of = f"{JOBS * EACH:,} sockets on {JOBS} jobs, {count} web process{'es' if count > 1 else ''}"
    return [
        Figure(f"{of}: frames told", frames, "/s"),
        Figure("… by each web process, at most of its time", 100 * busy, "%"),
        Figure("… from a word's telling to its frame, p50", 1000 * statistics.median(delays), "ms"),
        Figure("… from a word's telling to its frame, p95", 1000 * p95(delays), "ms", 500),
        Figure("… frames that do not follow on the one before", sum(each.broken for each in heard), "", 0),
        Figure("… memory of a web process, at most", after, "MB"),
        Figure("… more than before anybody followed", after - before, "MB", MOST_MORE),
    ]


async def _followed(
    product: Product, client: httpx.Client, address: str, jobs: list[str], start: Any
) -> tuple[list[Heard], float, float]:
    """What each heard while it was watched, and the most memory (MB) and time (0–1) of a web process meanwhile."""
    headers = {"Authorization": client.headers["Authorization"]}
    stalled = await _stalled(f"{address}/{jobs[0]}", headers)
    sockets: list[ClientConnection] = []
    for job in jobs:
        joining = [connect(f"{address}/{job}", additional_headers=headers, compression=None) for _ in range(EACH)]
        sockets += await asyncio.gather(*joining)
    heard = [Heard() for _ in sockets]
    watching = asyncio.Event()
    tasks = [asyncio.create_task(_hear(*each, watching)) for each in zip(sockets, heard, strict=True)]
    await asyncio.to_thread(start)
    while not all(each.started for each in heard):  # noqa: ASYNC110 (no event tells it)
        await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLE_SECONDS)
    watching.set()
    spent = _spent(product)
    await asyncio.sleep(WATCH_SECONDS)
    watching.clear()
    busy = max((now - spent[pid]) / WATCH_SECONDS for pid, now in _spent(product).items())
    held = _held(product)
    for task in tasks:
        task.cancel()
    stalled.close()
    return heard, held, busy


async def _hear(client: ClientConnection, heard: Heard, watching: asyncio.Event) -> None:
    """Takes every frame, and of those that come while it is watched, how long after the newest word's telling."""
    while True:
        frame = json.loads(await client.recv())
        now = time.time()
        if frame["type"] == "snapshot":
            told = frame["snapshot"]
        elif frame["type"] == "update":
            told = frame
            heard.broken += frame["after"] != heard.last
        else:
            continue
        heard.last = frame["id"]
        heard.frames += watching.is_set()
        say = told.get("nodes", {}).get("say", {})
        if at := say.get("started_at"):
            heard.started = datetime.fromisoformat(at).timestamp()
        if watching.is_set() and say.get("progress") and heard.started:
            heard.delays.append(now - heard.started - (say["progress"][0] - 1) * DELAY_MS / 1000)


async def _stalled(address: str, headers: dict[str, str]) -> socket.socket:
    """A client that joins, with little room for what comes, and never reads."""
    host, port = address.split("/")[2].split(":")
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect((host, int(port)))
    lines = [
        f"GET /{address.split('/', 3)[3]} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    opened.sendall("\r\n".join([*lines, "", ""]).encode())
    return opened


def _spent(product: Product) -> dict[int, float]:
    """Seconds of the processor, by web process."""
    return {each.pid: sum(each.cpu_times()[:2]) for each in product.processes("web")}


def _held(product: Product) -> float:
    return max(float(psutil.Process(each.pid).memory_full_info().uss) / 1024**2 for each in product.processes("web"))
