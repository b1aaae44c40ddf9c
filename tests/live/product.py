"""Loupe as people run it: the supervisor with Valkey, workers and the web process, on its own port and data folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx
import psutil
import psycopg
from django.conf import settings
from psycopg.sql import SQL, Identifier

from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 60.0
ENDS_WITHIN = 30.0
"""Seconds, with room for a machine that does much else."""
ROLES = {
    "valkey": "valkey-server",
    "pool": "manage.py workers",
    "web": "project.server",
    "worker": "manage.py worker ",
    "watchdog": "watchdog.py",
}
LAST_STATES = {"completed", "failed", "cancelled"}
Json = dict[str, Any]


class Product:
    """One installation in `folder`. `changed` settings go into its environment."""

    def __init__(self, folder: Path, **changed: object) -> None:
        self.data_dir = folder / "data"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "LEASE_SECONDS": "3",
            "LOUPE_DEMO": "0",
            **_own_database(),
            **{name: str(value) for name, value in changed.items()},
        }
        self._printed = folder / "printed"
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def supervisor(self) -> psutil.Process:
        assert self._supervisor
        return psutil.Process(self._supervisor.pid)

    def start(self, within: float = STARTS_WITHIN) -> "Product":
        """Returns when the sign-in link is printed and the web process answers."""
        self.launch()
        eventually(lambda: "/sign-in/" in self.printed() or self.has_ended(), within)
        assert not self.has_ended(), self.printed()
        return self

    def launch(self) -> None:
        """Starts it and does not wait."""
        with self._printed.open("wb") as output:
            self.launch_on(output.fileno())

    def launch_on(self, output: int) -> "subprocess.Popen[bytes]":
        """Starts it, printing into this open file, and does not wait."""
        self._supervisor = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        return self._supervisor

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Asks it to end, waits, and answers after how many seconds it had. The exit code must be 0."""
        assert self._supervisor
        began = time.monotonic()
        self._supervisor.send_signal(number)
        code = self._supervisor.wait(ENDS_WITHIN)
        assert code == 0, self.printed()
        return time.monotonic() - began

    def kill(self) -> None:
        """Kills the supervisor alone."""
        assert self._supervisor
        self._supervisor.kill()
        self._supervisor.wait()

    def end(self) -> None:
        """Leaves nothing of it, in whatever state it is."""
        if self._supervisor:
            processes = self.processes()
            self.kill()
            eventually(lambda: not alive(processes), ENDS_WITHIN)

    def has_ended(self) -> bool:
        assert self._supervisor
        return self._supervisor.poll() is not None

    def answers(self) -> bool:
        """Whether the web process does."""
        try:
            return httpx.get(f"{self.base}/healthz").is_success
        except httpx.TransportError:
            return False

    def printed(self) -> str:
        return self._printed.read_text()

    @property
    def link(self) -> str:
        found = re.search(r"http\S+/sign-in/\S+", self.printed())
        assert found, self.printed()
        return found[0]

    def log(self, name: str) -> str:
        """What `valkey`, `workers` or `web` has logged."""
        return (self.data_dir / "logs" / f"{name}.log").read_text()

    def processes(self, role: str = "") -> list[psutil.Process]:
        """All its processes, or those of one of `ROLES`; without the supervisor."""
        try:
            children = self.supervisor.children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [process for process in children if ROLES.get(role, "") in command_line(process)]

    def signal(self, role: str, number: signal.Signals) -> psutil.Process:
        """Signals the first process of this role, which it answers."""
        process = self.processes(role)[0]
        process.send_signal(number)
        return process

    def command(self, *arguments: str) -> str:
        """What `./loupe …` prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,  # beside a hundred workers that start it takes minutes
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def client(self, user: str = "owner", scope: str = "write", *options: str) -> Iterator[httpx.Client]:
        """REST, by a token of `user`, who is made when missing. `options` go to `create_token`."""
        token = self.command("create_token", user, "--scope", scope, "--create", *options)
        with httpx.Client(
            base_url=f"{self.base}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
        ) as client:
            yield client


def _own_database() -> dict[str, str]:
    """Where the tests run on a PostgreSQL: a database there for this product alone."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return {}
    name, default = f"product_{uuid.uuid4().hex}", settings.DATABASES["default"]
    with psycopg.connect(host=default["HOST"], user=default["USER"], dbname="postgres", autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}


def free_port() -> int:
    """Below those that the system gives of itself, lest it gives this one to another before it is used."""
    while True:
        port = SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie does not."""
    return [process for process in processes if command_line(process)]


def submit(client: httpx.Client, workflow: str, **body: object) -> Json:
    """A new job of the workflow, as REST answers it."""
    answer = client.post(f"/workflows/{workflow}/jobs", json=body)
    assert answer.status_code == 201, answer.text
    job: Json = answer.json()
    return job


def make_workflow(client: httpx.Client, nodes: list[Json], edges: list[Json]) -> str:
    """The id of a new workflow."""
    answer = client.post("/workflows", json={"name": "test", "graph": {"version": 1, "nodes": nodes, "edges": edges}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def running(client: httpx.Client, job: Json) -> Json:
    """The job as it is once it runs."""
    eventually(lambda: client.get(f"/jobs/{job['id']}").json()["state"] == "running", 30)
    return job


def ended(client: httpx.Client, job: Json, seconds: float = 30.0) -> Json:
    """The job as it is once it has ended."""
    eventually(lambda: client.get(f"/jobs/{job['id']}").json()["state"] in LAST_STATES, seconds)
    found: Json = client.get(f"/jobs/{job['id']}").json()
    return found
