"""Runs that do nothing: what the queue itself costs, beside RQ doing nothing on the same Valkey."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks.figures import Figure
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import drained, running, span, workflow
from tests.live.product import ROOT

JOBS = 300
SUBMITTERS = 4


def measure(folder: Path) -> list[Figure]:
    """Drained from a full queue; and submitted over REST while others run."""
    bare, full = _drained(folder / "drained")
    over_rest = _submitted(folder / "submitted")
    return [
        Figure("RQ alone, two SimpleWorkers, nothing to do", bare, "jobs/s"),
        Figure("trivial runs drained, cap 2", full, "jobs/s", 200, lowest=True),
        Figure("… beside RQ alone", full / bare, "×"),
        Figure("trivial runs submitted over REST while others run, cap 2", over_rest, "jobs/s", 60, lowest=True),
    ]


def _drained(folder: Path) -> tuple[float, float]:
    """Jobs a second of bare RQ and of Loupe, each from a full queue, in one process tree of its own."""
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.full_queue", str(folder), str(JOBS)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["bare"], found["full"]


def _submitted(folder: Path) -> float:
    folder.mkdir()
    with running(folder, cap=2) as (_product, client):
        path = workflow(client, TRIVIAL)
        with ThreadPoolExecutor(SUBMITTERS) as submitters:
            list(submitters.map(lambda _: _submit(client, path), range(JOBS)))
        return JOBS / span(drained(client), "created_at")


def _submit(client: httpx.Client, path: str) -> None:
    client.post(path, json={}).raise_for_status()
