"""Twenty runs that wait a second each, four at once."""

from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.graphs import WAIT
from benchmarks.installation import drained, running, span, workflow

JOBS = 20


def measure(folder: Path) -> list[Figure]:
    """From the first submit to the last end; 5 s if nothing but the waiting took time."""
    with running(folder, cap=4) as (_product, client):
        path = workflow(client, WAIT)
        for _ in range(JOBS):
            client.post(path, json={}).raise_for_status()
        return [Figure("20 runs of 1 s, cap 4", span(drained(client), "created_at"), "s", 5.1)]
