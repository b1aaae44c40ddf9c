"""Requests to an installation that has run 100,000 jobs, beside one that has run 1,000."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure, p95
from benchmarks.installation import pausing, running
from tests.live.product import ROOT, Product

FEW, MANY = 1000, 100_000
ROUNDS, WARM = 200, 20
Ask = Callable[[], httpx.Response]


def measure(folder: Path) -> list[Figure]:
    """Both stand side by side and are asked in turns, so that what else the machine does comes to both."""
    with ExitStack() as stack:
        asked = {count: _filled(stack, folder / str(count), count) for count in (FEW, MANY)}
        times: dict[tuple[int, str], list[float]] = {}
        for turn in range(WARM + ROUNDS):
            for count, ways in asked.items():
                for way, ask in ways.items():
                    took = _timed(ask)
                    if turn >= WARM:
                        times.setdefault((count, way), []).append(took)
    return [figure for way in asked[FEW] for figure in _figures(way, times[FEW, way], times[MANY, way])]


def _filled(stack: ExitStack, folder: Path, count: int) -> dict[str, Ask]:
    """What is asked of an installation with so many runs. Its queue is paused: what is submitted waits."""
    folder.mkdir()
    product, client = stack.enter_context(running(folder, cap=1))
    workflow = _fill(product, count)
    pausing(product)(True)
    jobs = client.get("/jobs", params={"workflow": workflow, "limit": 200}).json()["items"]
    turn = iter(range(10**9))
    return {
        "submit": lambda: client.post(f"/workflows/{workflow}/jobs", json={"params": {"word": str(next(turn))}}),
        "list": lambda: client.get("/jobs", params={"workflow": workflow, "state": "completed"}),
        "read": lambda: client.get(f"/jobs/{jobs[next(turn) % len(jobs)]['id']}"),
        "list of all, by duration": lambda: client.get("/jobs", params={"order": "-duration"}),
        "assets of a node": lambda: client.get(f"/workflows/{workflow}/assets", params={"node": "out"}),
    }


def _fill(product: Product, count: int) -> str:
    """The id of the workflow that was run last."""
    command = [sys.executable, "-m", "benchmarks.filled", str(count)]
    environment: Any = product.environment
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()[-1]


def _timed(ask: Ask) -> float:
    began = time.perf_counter()
    ask().raise_for_status()
    return (time.perf_counter() - began) * 1000


def _figures(way: str, few: list[float], many: list[float]) -> list[Figure]:
    """One asks after the other, so requests a second are one by their mean."""
    slowest = [p95(times) for times in (few, many)]
    means = [statistics.mean(times) for times in (few, many)]
    return [
        Figure(f"{way}: 100,000 jobs there, one asks", 1000 / means[1], "req/s"),
        Figure(f"{way}: 100,000 jobs there, p95", slowest[1], "ms"),
        Figure(f"{way}: time beside 1,000 jobs, mean", means[1] / means[0], "×", 1.3),
        Figure(f"{way}: time beside 1,000 jobs, p95", slowest[1] / slowest[0], "×", 1.3),
    ]
