"""A large batch: how long it takes to make, how long others who write wait meanwhile, and how fast it drains."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.figures import Figure
from benchmarks.graphs import TRIVIAL, Json
from benchmarks.installation import drained, running, span, workflow

JOBS, MANY = 1000, 5000


def measure(folder: Path) -> list[Figure]:
    """1,000 jobs with their drain, then 5,000."""
    with running(folder, cap=2) as (product, client):
        batches = workflow(client, TRIVIAL).replace("/jobs", "/batches")
        turn = product.data_dir / "loupe.sqlite3.lock"
        seconds, hold = _made(client, batches, JOBS, turn)
        drain = JOBS / span(drained(client))
        many_seconds, many_hold = _made(client, batches, MANY, turn)
    return [
        Figure("a batch of 1,000: made in", seconds, "s"),
        Figure("… longest that another writer waited meanwhile", hold * 1000, "ms", 50),
        Figure("… drained, cap 2", drain, "jobs/s", 150, lowest=True),
        Figure("a batch of 5,000: made in", many_seconds, "s"),
        Figure("… longest that another writer waited meanwhile", many_hold * 1000, "ms", 50),
    ]


def _made(client: httpx.Client, path: str, count: int, turn: Path) -> tuple[float, float]:
    """Seconds until the answer, and the longest hold of the database until then."""
    body: Json = {"axes": {}, "repeat": count, "confirm": True}
    with _waiting_for(turn) as waits:
        began = time.monotonic()
        client.post(path, json=body, timeout=120).raise_for_status()
        return time.monotonic() - began, max(waits)


@contextmanager
def _waiting_for(turn: Path) -> Iterator[list[float]]:
    """Takes the writers' turn on SQLite again and again, and notes how long each time it had to wait for it."""
    waits, over = [0.0], threading.Event()

    def take() -> None:
        while not over.wait(0.001):
            file = os.open(turn, os.O_RDWR | os.O_CREAT)
            began = time.monotonic()
            fcntl.flock(file, fcntl.LOCK_EX)
            waits.append(time.monotonic() - began)
            os.close(file)

    taker = threading.Thread(target=take)
    taker.start()
    try:
        yield waits
    finally:
        over.set()
        taker.join()
