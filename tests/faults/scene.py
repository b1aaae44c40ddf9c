"""An installation that is busy, is broken on purpose again and again, and is then held against what it promised."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from random import Random

import httpx
import psutil

from tests.faults.grounds import Ground
from tests.faults.load import CHAINS, Feeder, Spectator, chained, planned
from tests.journal import book
from tests.journal.checker import violations
from tests.journal.evidence import Cap, Evidence, Plan, recorded
from tests.journal.idle import Quiet, idle
from tests.live.product import Json, Product, submit
from tests.waiting import eventually

LEASE = 2
WORKERS = 4
IN_FLIGHT = 60
RECOVERS_WITHIN = 60.0
QUIET_WITHIN = 90.0
LONGEST_PAUSE = 1.0
"""Seconds from one recovery to the next fault, at most."""
CAPS = (1, 2, 3, *[WORKERS] * 5)
"""What the cap is changed to, at random, before every other fault."""
GO_ON = frozenset({"sleep", "step-clock"})
"""What no running job is cut off by."""
Fault = Callable[["Scene"], float | None]
"""What is done to a scene; and when that began, by the monotonic clock, where it had to wait for its turn."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault that was done to the scene, and how long until all of it worked again."""

    fault: str
    recovered: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: of each attempt that was cut off, the seconds from its last sign of life until it was settled.

    `noticed`: those of workers whose own pool did so. `rescued`: the others. `idle`: of each start in quiet times, the
    seconds for which a slot had been free for it.
    """

    strikes: list[Strike]
    jobs: int
    wrong: dict[str, list[str]]
    noticed: list[float]
    rescued: list[float]
    idle: list[float] = field(default_factory=list)

    def count(self, *promises: str) -> int:
        """How many violations of these promises there were."""
        return sum(len(self.wrong.get(promise, ())) for promise in promises)


class Scene:
    """One installation with so many jobs in flight. All that is random comes from `random`."""

    def __init__(
        self, product: Product, client: httpx.Client, ground: Ground, random: Random, *, cap: int, in_flight: int
    ) -> None:
        self.product = product
        headers = {"Authorization": client.headers["Authorization"]}
        self.client = httpx.Client(
            base_url=client.base_url, headers=headers, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self.ground = ground
        self.random = random
        self.strikes: list[Strike] = []
        self.kills = 0
        self.wrong: defaultdict[str, list[str]] = defaultdict(list)
        """What the faults themselves found, by what was promised."""
        self._in_flight = in_flight
        self._plans = {chained(client, *names): planned(*names) for names in CHAINS}
        self._feeder = Feeder(client, tuple(self._plans), random, in_flight)
        self._spectators = [Spectator(product.base, headers, workflow) for workflow in self._plans]
        self._capping = threading.Lock()
        self._caps = [Cap(value=cap, asked=0.0, known=0.0)]
        self._quiet: list[Quiet] = []
        self._quiet_since: float | None = None

    def begin(self) -> None:
        """Returns when there are as many jobs as there should be, and all workers are at work."""
        for thread in (*self._spectators, self._feeder):
            thread.start()
        eventually(lambda: len(self._feeder.accepted) >= self._in_flight, QUIET_WITHIN)
        self._wait_until_it_works(time.monotonic())
        self._quiet_since = self.now()

    def strike(self, fault: str, act: Fault) -> None:
        """Does this to it at a random moment, and waits until all of it works again."""
        since = self._struck(act)
        self._wait_until_it_works(since)
        self.strikes.append(Strike(fault, time.monotonic() - since))
        self._quiet_since = self.now()

    def hurry(self, act: Fault) -> None:
        """Does this to it at a random moment, and waits no longer than until any worker begins a job."""
        since = self._struck(act)
        eventually(lambda: self.has_begun(since), RECOVERS_WITHIN)

    def set_cap(self, value: int) -> None:
        """Changes the cap. Whether that was done nobody knows when the web process is away just then."""
        with self._capping:  # faults may come together, and what is known of the cap is in its order
            asked, known = time.monotonic(), inf
            with suppress(httpx.HTTPError):
                if self.client.patch("/queue", json={"cap": value}).status_code == 200:
                    known = time.monotonic()
            self._caps.append(Cap(value=value, asked=asked, known=known))

    def restore_cap(self) -> None:
        """The cap is again what the scene began with."""
        self.set_cap(self._caps[0].value)

    def send(self, workflow: str, plan: Plan, **parameters: object) -> Json:
        """A job besides those that are in flight, of a workflow of this plan."""
        self._plans[workflow] = plan
        job = submit(self.client, workflow, params=parameters)
        self._feeder.accepted.add(job["id"])
        return job

    def now(self) -> float:
        """By the installation's clock."""
        return self.ground.clock.now() if self.ground.clock else time.time()

    def has_begun(self, since: float, pid: int | None = None, *, until: float = inf) -> bool:
        """Whether a worker, or that of this process, has begun a job since then."""
        lines = book.read(self.journal)[-500:]
        return any(line.kind == "begun" and since < line.mono < until and pid in {None, line.pid} for line in lines)

    def kill(self, *processes: psutil.Process) -> None:
        """Kills those of these that are still there, and counts them."""
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
                self.kills += 1

    def finish(self) -> Outcome:
        """Lets the jobs that are there come to their ends, and looks at what happened."""
        self._wait_until_it_works(time.monotonic())
        self._end_quiet()
        self.restore_cap()
        self._quiet_since = self.now()
        self._feeder.enough.set()
        self._feeder.join(QUIET_WITHIN)
        eventually(lambda: self._feeder.active() == 0, QUIET_WITHIN)
        self._end_quiet()
        evidence = self._evidence()
        for spectator in self._spectators:
            _see_all(spectator, evidence)
            evidence.frames |= spectator.frames
        wrong = violations(evidence) | self.wrong
        if self._feeder.refusals:
            wrong["submits succeed or fail clearly"] = self._feeder.refusals
        settled = list(_settlements(evidence))
        if self.strikes and settled and {strike.fault for strike in self.strikes} <= GO_ON:
            wrong["running jobs go on"] = [f"{len(settled)} attempts were cut off"]
        if self.ground.clock:  # the history has no other
            settled = []
        noticed, rescued = ([seconds for own, seconds in settled if own is which] for which in (True, False))
        return Outcome(self.strikes, len(evidence.jobs), wrong, noticed, rescued, idle(evidence, self._quiet))

    def leave(self) -> None:
        """Asks for nothing and watches nothing any more, however it stands."""
        self._feeder.enough.set()
        threads: list[Feeder | Spectator] = [self._feeder, *self._spectators]
        for thread in threads:
            thread.left.set()
        for thread in threads:
            if thread.is_alive():
                thread.join(QUIET_WITHIN)

    def _struck(self, act: Fault) -> float:
        time.sleep(self.random.uniform(0, LONGEST_PAUSE))  # the moment is what is random
        self._end_quiet()
        if self._caps[0].value > 1 and self.random.random() < 0.5:
            self.set_cap(self.random.choice(CAPS))
        now = time.monotonic()
        return act(self) or now

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
        eventually(lambda: self._is_whole() and self.has_begun(since), RECOVERS_WITHIN)

    def _is_whole(self) -> bool:
        with suppress(httpx.HTTPError):
            ready = httpx.get(f"{self.product.base}/readyz", timeout=2).status_code == 200
            return ready and len(self.product.processes("worker")) >= WORKERS
        return False

    def _end_quiet(self) -> None:
        if self._quiet_since is not None:
            self._quiet.append(Quiet(self._quiet_since, self.now(), self._caps[-1].value))
        self._quiet_since = None


@contextmanager
def scene(
    folder: Path,
    seed: str,
    *,
    cap: int = WORKERS,
    in_flight: int = IN_FLIGHT,
    ground: Ground | None = None,
) -> Iterator[Scene]:
    """A busy installation."""
    ground = ground or Ground()
    product = Product(
        folder,
        DJANGO_SETTINGS_MODULE="tests.journal.settings",
        LEASE_SECONDS=LEASE,
        WORKERS=WORKERS,
        MAX_CONCURRENT_JOBS=cap,
        MAX_ATTEMPTS=1000,
        DRAIN_SECONDS=1,
        **ground.settings,
    )
    try:
        with product.start().client("owner", "admin", "--staff") as client:
            busy = Scene(product, client, ground, Random(seed), cap=cap, in_flight=in_flight)
            try:
                busy.begin()
                yield busy
            finally:
                busy.leave()
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


def _settlements(evidence: Evidence) -> Iterator[tuple[bool, float]]:
    """For each attempt that was cut off and did not end by itself: whether its own pool settled it, and how soon."""
    for (job, fence), last in evidence.cut():
        steps = [step for step in evidence.history.get(job, ()) if step.target != "cancelling"]
        claims = [at for at, step in enumerate(steps) if step.target == "running"]
        settled = steps[claims[fence - 1] + 1]
        if settled.by != last.worker:
            yield last.worker.startswith(f"{settled.by}."), max(settled.at - last.wall, 0.0)
