"""PostgreSQL with commits that reach the disk: runs drained by two workers, and the connections that Loupe holds."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.figures import Figure
from benchmarks.graphs import TRIVIAL
from benchmarks.installation import drained, running, workflow
from tests.live.product import ROOT
from tests.postgres import serving

JOBS, SUBMITTED = 500, 200
FEW, MANY = 2, 8
"""Workers."""
SUBMITTERS = 8
COMMITS = 200


def measure(folder: Path) -> list[Figure]:
    """Each in a database of its own, on one server."""
    with serving(durable=True) as url:
        commit = _commit(_database(url, "commits"))
        drain = _run("full_queue", _database(url, "drained"), folder / "drained", JOBS)
        opened = _run("connecting", _database(url, "opened"), folder / "opened")
        few = _held(_database(url, "few"), folder / "few", FEW)
        many = _held(_database(url, "many"), folder / "many", MANY)
    return [
        Figure("PostgreSQL: one commit that reaches the disk, p50", commit, "ms"),
        Figure("… trivial runs drained, cap 2", drain["full"], "jobs/s", 120, lowest=True),
        Figure("… beside RQ alone", drain["full"] / drain["bare"], "×"),
        Figure("… a connection from the pool, p50", opened["pooled"], "ms", 1),
        Figure("… a connection made anew, p50", opened["anew"], "ms"),
        Figure(f"… connections of an installation with {FEW} workers, at rest", few[0], ""),
        Figure("…… most under load", few[1], "", _most(FEW)),
        Figure(f"… connections of an installation with {MANY} workers, at rest", many[0], ""),
        Figure("…… most under load", many[1], "", _most(MANY)),
    ]


def _most(workers: int) -> int:
    """Two a worker, the pool's own, and as many as the web process may have."""
    return 2 * workers + 6 + 20


def _commit(url: str) -> float:
    """Milliseconds of the least that can be committed: the floor of whatever writes."""
    times = []
    with _connected(url) as connection:
        connection.execute("CREATE TABLE least (value integer)")
        for _ in range(COMMITS):
            began = time.perf_counter()
            connection.execute("INSERT INTO least VALUES (1)")
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _run(module: str, url: str, folder: Path, *words: object) -> dict[str, float]:
    """What a process of its own measures there, which it prints last."""
    folder.mkdir()
    command = [sys.executable, "-m", f"benchmarks.{module}", str(folder), *map(str, words)]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _held(url: str, folder: Path, workers: int) -> tuple[int, int]:
    """The connections of an installation at rest; and the most that it had while runs were submitted and drained."""
    folder.mkdir()
    with running(folder, workers, DATABASE_URL=url) as (_, client), _connected(url) as server:
        at_rest = _count(server)
        path = workflow(client, TRIVIAL)
        with _watched(server) as counts, ThreadPoolExecutor(SUBMITTERS) as submitters:
            for answer in submitters.map(lambda _: client.post(path, json={}), range(SUBMITTED)):
                answer.raise_for_status()
            drained(client)
        return at_rest, max(counts)


@contextmanager
def _watched(server: "psycopg.Connection[tuple[int]]") -> Iterator[list[int]]:
    counts, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            counts.append(_count(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield counts
    finally:
        over.set()
        watcher.join()


def _count(server: "psycopg.Connection[tuple[int]]") -> int:
    """Those to this database, but for the one that asks."""
    mine = "datname = current_database() AND pid <> pg_backend_pid()"
    found = server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {mine}").fetchone()
    return found[0] if found else 0


def _database(url: str, name: str) -> str:
    """The URL of a new database on that server."""
    with _connected(url) as server:
        server.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


def _connected(url: str) -> "psycopg.Connection[tuple[int]]":
    folder, _, name = url.partition("@/")[2].rpartition("/")
    return psycopg.connect(host=folder, user="loupe", dbname=name, autocommit=True)
