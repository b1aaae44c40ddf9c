"""The registry of workers against a model: its rows are what the processes are, and no job stays with a dead one."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from accounts.models import User
from runs import gate
from runs.models import Duty, Gate, Job, Worker
from runs.pool import children, machine
from runs.pool.children import Cause, Children
from runs.pool.ledger import Ledger
from runs.pool.processes import Child, Condition, spawn
from runs.pool.sweep import Sweep
from runs.pool.watchdog import Watchdog
from runs.queue import summary
from runs.states import State
from runs.submit import Order, submit
from tests import factories
from tests.properties.machine import Machine, play
from tests.properties.registry_model import MOST_ATTEMPTS, Model, ModelJob
from tests.waiting import eventually
from workflows.models import Workflow

EXAMPLES, STEPS = 18, 20

pools, picks = st.integers(0, 1), st.integers(0, 5)
causes = st.sampled_from([Cause.DIED, Cause.MEMORY, Cause.TIMEOUT, Cause.HANDED_BACK, Cause.UNRENEWED])


class Crew:
    """A pool as its supervisor has it, but that its workers do nothing, and all happens when the machine says so."""

    def __init__(self, watchdog: Watchdog) -> None:
        self.name = machine.name_pool()
        self.watchdog = watchdog
        self.children = Children(self.name, self.start, memory_bytes=2**40)
        self.ledger = Ledger(self.name, self.children)
        self.sweep = Sweep(self.name)
        self.processes: dict[str, Child] = {}

    def start(self, name: str) -> Child:
        self.processes[name] = spawn(["/bin/sh", "-c", "sleep 600; :", name], self.watchdog, folder=Path("/"))
        return self.processes[name]

    def end(self) -> None:
        def gone() -> bool:
            self.children.look()
            return not len(self.children)

        self.children.kill_all(Cause.DIED)
        eventually(gone)


class RegistryMachine(Machine):
    """Two pools of one machine, whose workers start, take jobs and are killed."""

    def __init__(self, watchdog: Watchdog, user: User, workflow: Workflow, valkey: redis.Redis) -> None:
        super().__init__()
        for kind in (Job, Worker, Duty, Gate):
            kind.objects.all().delete()
        valkey.flushall()
        self.user, self.workflow, self.model = user, workflow, Model()
        self.crews = [Crew(watchdog), Crew(watchdog)]
        self.claims: dict[UUID, gate.Claim] = {}

    def teardown(self) -> None:
        for crew in self.crews:
            crew.end()

    # What happens to pools and their workers --------------------------------------------------------------------

    @initialize(claims=st.lists(picks, max_size=2))
    def begin(self, claims: list[int]) -> None:
        """Both have workers that are known, and some of them have jobs."""
        for pool in range(2):
            self.keep(pool, 2, noticed=True)
        for pick in claims:
            self.claim(pick)

    @rule(pool=pools, wanted=st.sampled_from([0, 1, 1, 2, 3]), noticed=st.booleans())
    def keep(self, pool: int, wanted: int, noticed: bool) -> None:
        crew = self.crews[pool]
        names = [f"{pool}.{len(crew.processes) + more}" for more in range(1, wanted + 1)]
        crew.children.keep(wanted, {self.real(job.worker) for job in self.model.holding()})
        self.model.keep(pool, wanted, names)
        self.wait_for_ends(pool)
        if noticed:
            self.round(pool)

    @precondition(lambda self: self.model.workers)
    @rule(pick=picks, busy=st.booleans(), why=causes, again=st.none() | causes, noticed=st.booleans())
    def kill(self, pick: int, busy: bool, why: Cause, again: Cause | None, noticed: bool) -> None:
        """Perhaps one that has a job, perhaps for two reasons, of which the first counts."""
        held = {job.worker for job in self.model.holding()}
        workers = [*self.model.workers.values()]
        chosen = [each for each in workers if each.name in held] if busy else []
        worker = (chosen or workers)[pick % len(chosen or workers)]
        for cause in filter(None, (why, again)):
            self.kill_one(worker.name, cause)
        if noticed:
            self.look(worker.pool)
            self.round(worker.pool)

    @rule(pool=pools)
    def look(self, pool: int) -> None:
        """The pool reaps those that have ended."""
        self.crews[pool].children.look()
        self.model.look(pool)

    @rule(pool=pools)
    def round(self, pool: int) -> None:
        """The pool's ledger does what it does again and again."""
        ledger = self.crews[pool].ledger
        ledger._renewal.soon()
        ledger.nudge()
        ledger.round()
        self.model.round(pool)

    @rule(pool=pools, swept=st.booleans())
    def fall_silent(self, pool: int, swept: bool) -> None:
        """For so long that nobody believes in its workers any more, and the other pool sweeps."""
        long_ago = timezone.now() - timedelta(hours=3)
        Worker.objects.filter(pool=self.crews[pool].name).update(heartbeat_at=long_ago)
        self.model.silent |= {name for name, (of, _) in self.model.rows.items() if of == pool}
        if swept:
            self.sweep(1 - pool, lapsed=True)

    @rule(pool=pools, lapsed=st.booleans())
    def sweep(self, pool: int, lapsed: bool) -> None:
        """One of the pools sweeps, for as long as it holds the duty."""
        if lapsed:
            Duty.objects.update(until=timezone.now())
            self.model.duty = None
        self.crews[pool].sweep.round()
        if self.model.take_duty(pool):
            self.model.sweep()

    # What workers and people do ---------------------------------------------------------------------------------

    @rule()
    def submit(self) -> None:
        job = ModelJob(UUID(int=len(self.model.jobs) + 1))
        submit(self.workflow.owner, self.workflow, Order(id=job.id))
        self.model.jobs.append(job)

    @precondition(lambda self: self.idle())
    @rule(pick=picks)
    def claim(self, pick: int) -> None:
        idle = self.idle()
        name = idle[pick % len(idle)]
        if not any(job.state == State.QUEUED for job in self.model.jobs):
            self.submit()
        claimed = gate.claim(self.real(name), tell=False)
        assert claimed
        assert claimed.job_id == self.model.claim(name)

    @precondition(lambda self: self.model.holding())
    @rule(pick=picks)
    def cancel_by_force(self, pick: int) -> None:
        """A job is cancelled, and its worker, if it lives, does not care and is killed."""
        job = self.model.holding()[pick % len(self.model.holding())]
        gate.cancel(job.id, by="ada")
        job.state = State.CANCELLING
        if job.worker in self.model.workers:
            self.kill_one(job.worker, Cause.CANCELLED)

    def kill_one(self, name: str, cause: Cause) -> None:
        pool = self.model.workers[name].pool
        self.crews[pool].children.kill(self.real(name), cause)
        self.model.kill(name, cause)
        self.wait_for_ends(pool)

    def idle(self) -> list[str]:
        busy = {job.worker for job in self.model.holding()}
        return [name for name, worker in self.model.workers.items() if not worker.over and name not in busy]

    def real(self, name: str) -> str:
        """A worker's name, of which the model knows the pool's place alone."""
        pool, _, number = name.partition(".")
        return f"{self.crews[int(pool)].name}.{number}"

    def wait_for_ends(self, pool: int) -> None:
        for worker in self.model.of(pool):
            if worker.over:
                eventually(partial(self.has_ended, self.crews[pool].processes[self.real(worker.name)]))

    @staticmethod
    def has_ended(child: Child) -> bool:
        return child.look() is Condition.ENDED

    # What holds at all times ------------------------------------------------------------------------------------

    @invariant()
    def staff_see_the_workers_that_there_are(self) -> None:
        found = {each["name"]: (each["state"], each["job_id"]) for each in summary(self.user)["workers"]}
        assert found == {
            self.real(name): (state, str(job_id) if job_id else None)
            for name, (state, job_id) in self.model.shown().items()
        }
        assert set(Worker.objects.values_list("name", flat=True)) == {self.real(name) for name in self.model.rows}

    @invariant()
    def jobs_are_where_their_workers_left_them(self) -> None:
        found = Job.objects.order_by("number").values_list("pk", "state", "attempts", "worker", "error")
        assert [
            (pk, state, attempts, worker, error and error["code"]) for pk, state, attempts, worker, error in found
        ] == [
            (job.id, job.state, job.attempts, job.worker and self.real(job.worker), job.code) for job in self.model.jobs
        ]


@pytest.fixture
def watchdog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watchdog]:
    monkeypatch.setattr(children, "STARTING_AT_ONCE", 100)
    with Watchdog(600.0) as watchdog:
        yield watchdog


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_the_registry_does_what_the_model_does(
    watchdog: Watchdog, root: User, valkey: redis.Redis, settings: Any
) -> None:
    settings.LEASE_SECONDS = 3600
    settings.MAX_ATTEMPTS = MOST_ATTEMPTS
    settings.MAX_CONCURRENT_JOBS = 100
    workflow = factories.workflow(root)
    play(lambda: RegistryMachine(watchdog, root, workflow, valkey), examples=EXAMPLES, steps=STEPS)
