"""`make bench`: every benchmark in one run, or those in `only="lens pages"`, as a table and as `results/latest.json`.

Machines differ and are shared, so what counts are the ratios to something measured in the same run.
"""

import argparse
import json
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import (
    audience,
    batch,
    concurrency,
    crowded,
    followers,
    idle,
    lens,
    memory,
    pages,
    pictures,
    postgres,
    torrent,
    trivial,
    waiting,
)
from benchmarks.figures import Figure

RESULTS = Path(__file__).parent / "results" / "latest.json"
ALL: dict[str, Callable[[Path], list[Figure]]] = {
    "trivial": trivial.measure,
    "postgres": postgres.measure,
    "batch": batch.measure,
    "idle": idle.measure,
    "concurrency": concurrency.measure,
    "pictures": pictures.measure,
    "lens": lens.measure,
    "torrent": torrent.measure,
    "pages": pages.measure,
    "crowded": crowded.measure,
    "followers": followers.measure,
    "audience": audience.measure,
    "memory": memory.measure,
    "waiting": waiting.measure,
}


def main() -> None:
    """Runs those that are named, or all."""
    parser = argparse.ArgumentParser(description="Measures Loupe on this machine.")
    parser.add_argument("names", nargs="*", choices=[[], *ALL], help="which ones; all when none is named")
    names = parser.parse_args().names or list(ALL)
    load = psutil.getloadavg()[0]
    beside = f"Others' load on this machine, over the last minute: {load:.1f}"
    if load > (psutil.cpu_count() or 1) / 2:
        beside += ". With that much beside them figures say little, and bounds are missed: measure when it is idle."
    print(f"{beside}\nEach benchmark starts an installation of its own, which takes a minute or more.\n", flush=True)
    print(Figure.HEAD, flush=True)
    figures, failed = [], []
    for name in names:
        try:
            figures += _measured(name)
        except Exception:  # noqa: BLE001 (whatever it is, the others are measured all the same)
            traceback.print_exc()
            failed.append(name)
    RESULTS.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    document: dict[str, object] = {"at": datetime.now(UTC).isoformat(), "machine": machine, "load": load}
    document["figures"] = [asdict(each) for each in figures]
    RESULTS.write_text(json.dumps(document, indent=2) + "\n")
    print(f"\nWritten to benchmarks/results/{RESULTS.name}.")
    if failed:
        sys.exit(f"Not measured, as told above: {', '.join(failed)}.")


def _measured(name: str) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="loupe-bench-") as folder:
        figures = ALL[name](Path(folder))
    for figure in figures:
        print(figure.line(), flush=True)
    return figures


if __name__ == "__main__":
    main()
