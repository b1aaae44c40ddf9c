"""What every process of an installation holds after 500, 5,000 and 20,000 runs, and what a run costs first and last."""

from collections import defaultdict
from pathlib import Path

import httpx

from benchmarks.figures import Figure
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import running, workflow
from tests.live.product import ROLES, Product
from tests.waiting import eventually

FEW, MANY, MOST = 500, 5000, 20_000
BATCH = 500
COUNTED = 2000
"""The runs whose cost is counted: those after the first few, and the last."""
PATIENCE = 600.0
GROWS = 1.1
VALKEY_HOLDS = 128.0


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
        _run(client, path, MOST - MANY - COUNTED)
        last = _cost(product, client, path)
        held.append(_held(product))
    found = [
        Figure(f"time of the processors for a run, after {MOST - COUNTED:,}", last, "ms"),
        Figure(f"… beside after {FEW}", last / first, "×", 1.1),
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
        eventually(lambda: client.get("/queue").json()["mine"] == {"running": 0, "waiting": 0}, PATIENCE)


def _cost(product: Product, client: httpx.Client, path: str) -> float:
    """Milliseconds of the processor that one run costs, in all processes together; with its part of a batch."""
    before = _spent(product)
    _run(client, path, COUNTED)
    return 1000 * (_spent(product) - before) / COUNTED


def _spent(product: Product) -> float:
    times = [each.cpu_times() for each in product.processes()]
    return sum(each.user + each.system for each in times)


def _held(product: Product) -> dict[str, float]:
    """Megabytes by role."""
    held: defaultdict[str, float] = defaultdict(float)
    for role in ROLES:
        for process in product.processes(role):
            held[role] = max(held[role], process.memory_full_info().uss / 1024**2)
    held["supervisor"] = product.supervisor.memory_full_info().uss / 1024**2
    return dict(held)
