"""What every process of an installation holds after 5,000 runs, beside after 500."""

from collections import defaultdict
from pathlib import Path

import httpx

from benchmarks.figures import Figure
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import running, workflow
from tests.live.product import ROLES, Product
from tests.waiting import eventually

FEW, MANY = 500, 5000
BATCH = 500
PATIENCE = 600.0


def measure(folder: Path) -> list[Figure]:
    """Memory that is a process's own (USS), as the largest of each role holds it; the ratio is of its growth."""
    with running(folder, cap=2) as (product, client):
        path = workflow(client, TRIVIAL)
        _run(client, path, FEW)
        before = _held(product)
        _run(client, path, MANY - FEW)
        after = _held(product)
    found = []
    for role, megabytes in after.items():
        found.append(Figure(f"memory of {role} after 5,000 runs", megabytes, "MB"))
        found.append(Figure("… beside after 500 runs", megabytes / before[role], "×"))
    return found


def _run(client: httpx.Client, path: str, count: int) -> None:
    batches = path.replace("/jobs", "/batches")
    for first in range(0, count, BATCH):
        words = [f"word {first + at}" for at in range(min(BATCH, count - first))]
        client.post(batches, json={"axes": {"word": words}, "confirm": True}).raise_for_status()
        eventually(lambda: client.get("/queue").json()["mine"] == {"running": 0, "waiting": 0}, PATIENCE)


def _held(product: Product) -> dict[str, float]:
    """Megabytes by role."""
    held: defaultdict[str, float] = defaultdict(float)
    for role in ROLES:
        for process in product.processes(role):
            held[role] = max(held[role], process.memory_full_info().uss / 1024**2)
    held["supervisor"] = product.supervisor.memory_full_info().uss / 1024**2
    return dict(held)
