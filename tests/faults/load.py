"""What an installation is busy with while it is broken: somebody who asks for jobs, and somebody who watches them."""

import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from random import Random
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from runs.telemetry import NOTHING
from tests.journal.evidence import TERMINAL, Plan
from tests.live.product import Json, make_workflow

PAUSE_SECONDS = 0.1
LENGTHS = (0.0, 0.05, 0.1, 0.3, 0.8)
"""Seconds for which a job's nodes work, each."""
MOST_AT_ONCE = 8
WHEN = "Retry-After"
TOLD = ("job", "snapshot", "update")
KINDS = {"first": "journal.work", "second": "journal.send", "third": "journal.work"}
CHAINS = (("first", "third"), tuple(KINDS))


def chained(client: httpx.Client, *names: str) -> str:
    """A chain of these nodes. What the first and the last say are results, so that one is kept long before the end."""
    nodes: list[Json] = [
        {"id": "seconds", "type": "input.number", "properties": {"name": "seconds", "value": 0.1}},
        *({"id": name, "type": KINDS[name], "properties": {"name": name}} for name in names),
        *({"id": name, "type": "output.result", "properties": {"name": name}} for name in ("early", "late")),
    ]
    edges = [
        *(("seconds", "value", name, "seconds") for name in names),
        *((first, "text", second, "value") for first, second in [*pairwise((*names, "late")), (names[0], "early")]),
    ]
    ends = ("source", "output", "target", "input")
    joined = [{"id": f"e{at}", **dict(zip(ends, edge, strict=True))} for at, edge in enumerate(edges)]
    return make_workflow(client, nodes, joined)


def planned(*names: str) -> Plan:
    """What is promised of a job of that workflow."""
    unsafe = frozenset(name for name in names if KINDS[name] == "journal.send")
    return Plan(nodes=names, unsafe=unsafe, errors=frozenset({"worker_lost"}) if unsafe else frozenset())


class Feeder(threading.Thread):
    """Keeps so many jobs in flight. Each it asks for again, with the same key, until it is promised the job."""

    def __init__(self, client: httpx.Client, workflows: Sequence[str], random: Random, in_flight: int) -> None:
        super().__init__(name="feeder", daemon=True)
        self.accepted: set[str] = set()
        self.refusals: list[str] = []
        self.enough = threading.Event()
        self.left = threading.Event()
        """Whether to ask no more even for what has been asked for and was not answered."""
        self._client, self._workflows, self._random, self._in_flight = client, workflows, random, in_flight

    def run(self) -> None:
        while not self.enough.is_set():
            active = self.active()
            missing = self._in_flight - active if active is not None else 0
            while missing > 0 and not self.enough.is_set():
                count = min(missing, self._random.randint(1, MOST_AT_ONCE))
                self._submit(count)
                missing -= count
            self.enough.wait(PAUSE_SECONDS)

    def active(self) -> int | None:
        """How many jobs wait or run; None while nobody says."""
        with suppress(httpx.HTTPError):
            answer = self._client.get("/queue")
            if answer.status_code == 200:
                found: Json = answer.json()
                return int(found["running"] + found["waiting"])
        return None

    def _submit(self, count: int) -> None:
        """One by itself, more as a batch."""
        lengths = [self._random.choice(LENGTHS) + self._random.random() / 100 for _ in range(count)]
        single = {"params": {"seconds": lengths[0]}}
        path, body = ("jobs", single) if count == 1 else ("batches", {"axes": {"seconds": lengths}, "confirm": True})
        address = f"/workflows/{self._random.choice(self._workflows)}/{path}"
        key = {"Idempotency-Key": str(uuid.UUID(int=self._random.getrandbits(128)))}
        while not self._is_answered(address, body, key) and not self.left.wait(PAUSE_SECONDS):
            pass

    def _is_answered(self, address: str, body: Json, key: dict[str, str]) -> bool:
        with suppress(httpx.HTTPError):
            answer = self._client.post(address, json=body, headers=key)
            if answer.status_code in {200, 201}:
                made = answer.json()
                self.accepted |= {job["id"] for job in made.get("jobs", [made])}
            elif answer.status_code not in {409, 503} or (answer.status_code == 503 and not answer.headers.get(WHEN)):
                self.refusals.append(answer.text)
            return answer.status_code not in {409, 503}
        return False


class Spectator(threading.Thread):
    """Watches a workflow on its socket, which it opens anew when it is lost, and keeps what it is told of each job."""

    def __init__(self, base: str, headers: dict[str, str], workflow: str) -> None:
        super().__init__(name="spectator", daemon=True)
        self.frames: defaultdict[str, list[Json]] = defaultdict(list)
        self.left = threading.Event()
        self._address = f"{base.replace('http', 'ws', 1)}/ws/v1/workflows/{workflow}"
        self.workflow = workflow
        self._headers = headers
        self._asked: list[Json] = []
        self._sockets = 0

    def run(self) -> None:
        while not self.left.is_set():
            with suppress(OSError, WebSocketException):
                self._watch()
            self.left.wait(PAUSE_SECONDS)

    def catch_up(self, jobs: Mapping[str, str]) -> None:
        """Asks for the rest of each of these jobs that has ended, with this id, while it was dropped."""
        for job, last in jobs.items():
            if not self.has_heard(job, last):
                self._asked.append({"type": "resume", "ref": job, "job_id": job, "after": self._last(job)})

    def has_heard(self, job: str, last: str) -> bool:
        """Whether it was told of the job's end, and of all the job's telemetry up to this id."""
        states = [frame["job"]["state"] for frame in self.frames[job] if frame["type"] == "job"]
        return bool(states) and states[-1] in TERMINAL and self._last(job) == last

    def _last(self, job: str) -> str:
        return str([str(NOTHING), *(frame["id"] for frame in self.frames[job] if frame["type"] != "job")][-1])

    def _watch(self) -> None:
        self._sockets += 1
        with connect(self._address, additional_headers=self._headers) as socket:
            while not self.left.is_set():
                self._take(socket)

    def _take(self, socket: ClientConnection) -> None:
        while self._asked:
            socket.send(json.dumps(self._asked.pop()))
        with suppress(TimeoutError):
            frame: dict[str, Any] = json.loads(socket.recv(PAUSE_SECONDS))
            if frame["type"] in TOLD:
                self.frames[frame["job_id"]].append(frame | {"socket": self._sockets})
