"""What every process of an installation holds after 500, 5,000 and 20,000 runs, and what a run costs first and last."""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.figures import Figure
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import running, wait_until_idle, workflow
from benchmarks.yardstick import Yardstick
from tests.live.product import ROLES, Product

FEW, MANY, MOST = 500, 5000, 20_000
BATCH = 500
COUNTED = 4000
"""The runs whose cost is counted: those after the first few, and the last. Each worker is made anew once amid them."""
PATIENCE = 600.0
GROWS = 1.1
VALKEY_HOLDS = 128.0


class Cost(NamedTuple):
    """What one run costs of the processor, in all processes together, with its part of a batch."""

    milliseconds: float
    measured: float
    """In what a piece of Python took meanwhile."""


def measure(folder: Path) -> list[Figure]:
    """Memory that is a process's own (USS), as the largest of each role holds it; the ratios are of its growth."""
    with running(folder, cap=2) as (product, client):
        path = workflow(client, TRIVIAL)
        held = []
        _run(client, path, FEW)
        held.append(_held(product))
        first = _cost(product, client, path)
        _run(client, path, MANY - FEW - COUNTED)
        held.append(_held(product))
        _run(client, path, MOST - MANY - COUNTED - FEW)
        last = _cost(product, client, path)
        _run(client, path, FEW)
        held.append(_held(product))
    found = [
        Figure(f"time of the processors for a run, after {FEW}", first.milliseconds, "ms"),
        Figure(f"… after {MOST - COUNTED - FEW:,}", last.milliseconds, "ms"),
        Figure("… beside it, by what Python takes meanwhile", last.measured / first.measured, "×", 1.1),
    ]
    few, many, most = held
    for role in most:
        brief = role == "valkey"  # has what was told in the last minute, so that it is bounded, and not flat
        held_at_most, grown_at_most = (VALKEY_HOLDS, None) if brief else (None, GROWS)
        found.append(Figure(f"memory of {role} after {MOST:,} runs", most[role], "MB", held_at_most))
        found.append(Figure(f"… after {MANY:,} beside after {FEW}", many[role] / few[role], "×"))
        found.append(Figure(f"… after {MOST:,} beside after {MANY:,}", most[role] / many[role], "×", grown_at_most))
    return found


def _run(client: httpx.Client, path: str, count: int) -> None:
    batches = path.replace("/jobs", "/batches")
    for first in range(0, count, BATCH):
        words = [f"word {first + at}" for at in range(min(BATCH, count - first))]
        client.post(batches, json={"axes": {"word": words}, "confirm": True}).raise_for_status()
        wait_until_idle(client, PATIENCE)


def _cost(product: Product, client: httpx.Client, path: str) -> Cost:
    before = _spent(product)
    with Yardstick() as yardstick:
        _run(client, path, COUNTED)
    seconds = (_spent(product) - before) / COUNTED
    return Cost(1000 * seconds, seconds / yardstick.seconds)


def _spent(product: Product) -> float:
    """By all its processes, those too that have ended, as workers do after many runs: their parents keep the count."""
    times = [each.cpu_times() for each in (product.supervisor, *product.processes())]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def _held(product: Product) -> dict[str, float]:
    """Megabytes by role."""
    held: defaultdict[str, float] = defaultdict(float)
    for role in ROLES:
        for process in product.processes(role):
            held[role] = max(held[role], process.memory_full_info().uss / 1024**2)
    held["supervisor"] = product.supervisor.memory_full_info().uss / 1024**2
    return dict(held)
