"""An installation that is busy, is broken on purpose again and again, and is then held against what it promised."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import httpx
import psutil

from tests.faults.load import Feeder, Spectator
from tests.journal import book
from tests.journal.checker import violations
from tests.journal.evidence import Cap, Evidence, Plan, recorded
from tests.live.product import Json, Product, make_workflow
from tests.waiting import eventually

LEASE = 2
WORKERS = 4
IN_FLIGHT = 60
RECOVERS_WITHIN = 60.0
QUIET_WITHIN = 90.0
LONGEST_PAUSE = 1.0
"""Seconds from one recovery to the next fault, at most."""
KINDS = {"first": "journal.work", "second": "journal.send", "third": "journal.work"}


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault that was done to the scene, and how long until all of it worked again."""

    fault: str
    recovered: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: of each attempt that was cut off, the seconds from its last sign of life until it was settled.

    `noticed`: those of workers whose own pool did so. `rescued`: the others.
    """

    strikes: list[Strike]
    jobs: int
    wrong: dict[str, list[str]]
    noticed: list[float]
    rescued: list[float]

    def count(self, *promises: str) -> int:
        """How many violations of these promises there were."""
        return sum(len(self.wrong.get(promise, ())) for promise in promises)


class Scene:
    """One installation with so many jobs in flight. All that is random comes from `random`."""

    def __init__(self, product: Product, client: httpx.Client, random: Random, *, cap: int, in_flight: int) -> None:
        self.product = product
        self.random = random
        self.strikes: list[Strike] = []
        self.kills = 0
        self._client, self._in_flight = client, in_flight
        self._plans = {_workflow(client, *names): _plan(*names) for names in (("first", "third"), tuple(KINDS))}
        self._feeder = Feeder(client, tuple(self._plans), random, in_flight)
        headers = {"Authorization": client.headers["Authorization"]}
        self._spectators = [Spectator(product.base, headers, workflow) for workflow in self._plans]
        self._caps = [Cap(value=cap, asked=0.0, known=0.0)]

    def begin(self) -> None:
        """Returns when there are as many jobs as there should be, and all workers are at work."""
        for thread in (*self._spectators, self._feeder):
            thread.start()
        eventually(lambda: len(self._feeder.accepted) >= self._in_flight, QUIET_WITHIN)
        self._wait_until_it_works(time.monotonic())

    def strike(self, fault: str, act: "Callable[[Scene], None]") -> None:
        """Does this to it at a random moment, and waits until all of it works again."""
        since = self._struck(act)
        self._wait_until_it_works(since)
        self.strikes.append(Strike(fault, time.monotonic() - since))

    def hurry(self, act: "Callable[[Scene], None]") -> None:
        """Does this to it at a random moment, and waits no longer than until any worker begins a job."""
        since = self._struck(act)
        eventually(lambda: self._has_begun(since), RECOVERS_WITHIN)

    def kill(self, *processes: psutil.Process) -> None:
        """Kills these, and counts them."""
        for process in processes:
            process.kill()
            self.kills += 1

    def _struck(self, act: "Callable[[Scene], None]") -> float:
        time.sleep(self.random.uniform(0, LONGEST_PAUSE))  # the moment is what is random
        now = time.monotonic()
        act(self)
        return now

    def finish(self) -> Outcome:
        """Lets the jobs that are there come to their ends, and looks at what happened."""
        self._feeder.enough.set()
        self._feeder.join(QUIET_WITHIN)
        eventually(lambda: self._feeder.active() == 0, QUIET_WITHIN)
        evidence = self._evidence()
        for spectator in self._spectators:
            _see_all(spectator, evidence)
            evidence.frames |= spectator.frames
        wrong = violations(evidence)
        if self._feeder.refusals:
            wrong["submits succeed or fail clearly"] = self._feeder.refusals
        settled = list(_settlements(evidence))
        noticed, rescued = ([seconds for own, seconds in settled if own is which] for which in (True, False))
        return Outcome(self.strikes, len(evidence.jobs), wrong, noticed, rescued)

    def _evidence(self) -> Evidence:
        jobs, steps = recorded(self.product.command("recorded"))
        return Evidence(
            lines=book.read(self.journal),
            jobs=jobs,
            steps=steps,
            frames={},
            caps=self._caps,
            accepted=self._feeder.accepted,
            plans=self._plans,
        )

    @property
    def journal(self) -> Path:
        return self.product.data_dir / "journal"

    def _wait_until_it_works(self, since: float) -> None:
        """Every part of it is there, and a worker has begun a job after `since`."""
        eventually(lambda: self._is_whole() and self._has_begun(since), RECOVERS_WITHIN)

    def _is_whole(self) -> bool:
        with suppress(httpx.HTTPError):
            ready = httpx.get(f"{self.product.base}/readyz", timeout=2).status_code == 200
            return ready and len(self.product.processes("worker")) >= WORKERS
        return False

    def _has_begun(self, since: float) -> bool:
        return any(line.kind == "begun" and line.mono > since for line in book.read(self.journal)[-200:])


@contextmanager
def scene(
    folder: Path,
    seed: str,
    *,
    cap: int = WORKERS,
    in_flight: int = IN_FLIGHT,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Scene]:
    """A busy installation."""
    product = Product(
        folder,
        DJANGO_SETTINGS_MODULE="tests.journal.settings",
        LEASE_SECONDS=LEASE,
        WORKERS=WORKERS,
        MAX_CONCURRENT_JOBS=cap,
        MAX_ATTEMPTS=1000,
        DRAIN_SECONDS=1,
        **(settings or {}),
    )
    try:
        with product.start().client() as client:
            busy = Scene(product, client, Random(seed), cap=cap, in_flight=in_flight)
            busy.begin()
            yield busy
    finally:
        product.end()


def _see_all(spectator: Spectator, evidence: Evidence) -> None:
    """It asks for what it missed while it was dropped; what does not come then, the checker finds."""
    mine = {job.id: job.last_id for job in evidence.jobs.values() if job.workflow == spectator.workflow}
    spectator.catch_up(mine)
    with suppress(AssertionError):
        eventually(lambda: all(spectator.has_heard(job, last) for job, last in mine.items()))
    spectator.left.set()
    spectator.join()


def _workflow(client: httpx.Client, *names: str) -> str:
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


def _plan(*names: str) -> Plan:
    return Plan(nodes=names, unsafe=frozenset(name for name in names if KINDS[name] == "journal.send"))


def _settlements(evidence: Evidence) -> Iterator[tuple[bool, float]]:
    """For each attempt that was cut off and did not end by itself: whether its own pool settled it, and how soon."""
    for (job, fence), last in evidence.cut():
        steps = [step for step in evidence.history.get(job, ()) if step.target != "cancelling"]
        claims = [at for at, step in enumerate(steps) if step.target == "running"]
        settled = steps[claims[fence - 1] + 1]
        if settled.by != last.worker:
            yield last.worker.startswith(f"{settled.by}."), max(settled.at - last.wall, 0.0)
