"""What a pool does in the database for its workers; the workers here are simpler commands, with a job in their name."""

import signal
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from runs import gate, queue
from runs.models import Job, Worker
from runs.pool import ledger, machine
from runs.pool.children import Cause, Children
from runs.pool.ledger import Ledger
from runs.pool.processes import Child, spawn
from runs.pool.rhythm import Every
from runs.pool.watchdog import Watchdog
from runs.states import State
from tests import factories
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

STUBBORN = """
import signal, sys, time
for number in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(number, lambda number, _: print(number, flush=True))
print("ready", flush=True)
while True:
    time.sleep(1)
"""


class Crew:
    """A pool with one worker, which notes what signals it gets and does not end by itself."""

    def __init__(self, watchdog: Watchdog, notes: Path) -> None:
        self.pool = machine.name_pool()
        self.watchdog = watchdog
        self.notes = notes
        self.children = Children(self.pool, self.start, memory_bytes=2**40)
        self.ledger = Ledger(self.pool, self.children)
        self.children.keep(1, busy=())
        self.worker = f"{self.pool}.1"
        eventually(notes.read_text)

    def start(self, name: str) -> Child:
        command = [sys.executable, "-I", "-S", "-c", STUBBORN, name]
        with self.notes.open("ab", buffering=0) as notes:
            return spawn(command, self.watchdog, folder=Path("/"), output=notes)

    def end(self, cause: Cause) -> None:
        """Kills the worker and waits until it is gone."""
        self.children.kill_all(cause)
        eventually(lambda: self.children.look() or not len(self.children))

    def noted(self, number: signal.Signals) -> bool:
        return str(int(number)) in self.notes.read_text().split()

    def look(self) -> None:
        self.ledger.nudge()
        self.ledger.round()


@pytest.fixture
def crew(tmp_path: Path, valkey: redis.Redis) -> Iterator[Crew]:
    with Watchdog(600.0) as watchdog:
        crew = Crew(watchdog, tmp_path / "notes")
        yield crew
        crew.end(Cause.DIED)


def held(owner: User, worker: str, **fields: Any) -> Job:
    """A job that this worker runs."""
    now = timezone.now()
    running = {
        "state": State.RUNNING,
        "fence": 1,
        "attempts": 1,
        "worker": worker,
        "started_at": now,
        "lease_until": now + timedelta(seconds=1),
    }
    return factories.job(factories.workflow(owner), **{**running, **fields})


def test_a_living_workers_lease_is_renewed(crew: Crew, ada: User) -> None:
    job = held(ada, crew.worker)
    before = crew.ledger.renewed_at
    crew.ledger.round()
    renewed = Job.objects.get(pk=job.pk).lease_until
    assert renewed
    assert job.lease_until
    assert renewed > job.lease_until
    assert crew.ledger.renewed_at > before


def test_a_lease_is_renewed_long_before_its_end(crew: Crew, settings: Settings) -> None:
    """Every sixth of its time; here with room for a busy machine."""
    crew.ledger.round()
    before = crew.ledger.renewed_at

    def is_renewed() -> bool:
        crew.ledger.round()
        return crew.ledger.renewed_at > before

    eventually(is_renewed)
    assert crew.ledger.renewed_at - before < settings.LEASE_SECONDS / 2


def test_the_rows_of_workers_are_what_the_workers_are(crew: Crew) -> None:
    crew.ledger.round()
    row = Worker.objects.get()
    assert row.name == crew.worker
    assert machine.is_alive(row.name, row.pid)
    crew.children.drain(crew.children.alive()[crew.worker])
    crew.ledger.round()
    assert Worker.objects.get().draining
    crew.end(Cause.DIED)
    crew.ledger.round()
    assert not Worker.objects.exists()


def test_a_worker_that_is_not_up_yet_is_not_told_as_idle(crew: Crew, root: User) -> None:
    crew.children.alive()[crew.worker].up = False
    crew.ledger.round()
    assert Worker.objects.exists()
    assert queue.summary(root)["workers"] == []
    crew.children.look()
    crew.ledger.round()
    assert [each["state"] for each in queue.summary(root)["workers"]] == ["idle"]


def test_rows_that_somebody_removed_are_made_again(crew: Crew) -> None:
    crew.ledger.round()
    Worker.objects.all().delete()

    def are_back() -> bool:
        crew.ledger.round()
        return Worker.objects.filter(name=crew.worker).exists()

    eventually(are_back)


def test_no_row_stays_behind_where_somebody_changed_them_and_no_worker_lives(crew: Crew) -> None:
    crew.ledger.round()
    factories.worker(f"{crew.pool}.9", pid=2**22, pool=crew.pool)
    crew.end(Cause.DIED)
    crew.ledger._renewal.soon()
    crew.ledger.round()
    assert not Worker.objects.exists()


def test_a_dead_workers_job_goes_back_to_the_queue(crew: Crew, ada: User) -> None:
    job = held(ada, crew.worker)
    crew.end(Cause.DIED)
    crew.look()
    found = Job.objects.get(pk=job.pk)
    assert (found.state, found.attempts, found.worker) == (State.QUEUED, 1, "")
    assert found.transitions.get().why == "the worker died"


def test_a_job_that_is_handed_back_has_lost_no_attempt(crew: Crew, ada: User) -> None:
    job = held(ada, crew.worker)
    crew.end(Cause.HANDED_BACK)
    crew.look()
    found = Job.objects.get(pk=job.pk)
    assert (found.state, found.attempts) == (State.QUEUED, 0)


@pytest.mark.parametrize(
    ("cause", "code", "advice"),
    [
        (Cause.MEMORY, "memory_limit", "raise WORKER_MEMORY_BYTES"),
        (Cause.TIMEOUT, "timeout", "raise JOB_TIMEOUT_SECONDS"),
    ],
)
def test_a_limit_fails_the_job_and_says_what_to_do(crew: Crew, ada: User, cause: Cause, code: str, advice: str) -> None:
    job = held(ada, crew.worker)
    crew.end(cause)
    crew.look()
    found = Job.objects.get(pk=job.pk)
    assert found.state == State.FAILED
    assert found.error
    assert found.error["code"] == code
    assert advice in found.error["message"]


def test_a_dead_workers_cancelled_job_is_cancelled(crew: Crew, ada: User) -> None:
    job = held(ada, crew.worker, state=State.CANCELLING)
    crew.end(Cause.MEMORY)
    crew.look()
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED


def test_a_job_of_a_worker_that_is_still_dying_is_left_alone(crew: Crew, ada: User) -> None:
    job = held(ada, crew.worker)
    crew.children.kill(crew.worker, Cause.MEMORY)
    crew.look()
    assert Job.objects.get(pk=job.pk).state == State.RUNNING


def test_a_cancelled_job_is_asked_for_then_ordered_then_killed(
    crew: Crew, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = held(ada, crew.worker)
    gate.cancel(job.pk, by="ada")
    crew.look()
    eventually(lambda: crew.noted(signal.SIGUSR1))
    assert not crew.noted(signal.SIGTERM)
    monkeypatch.setattr(ledger, "COOPERATION_SECONDS", 0.0)
    crew.look()
    eventually(lambda: crew.noted(signal.SIGTERM))
    monkeypatch.setattr(ledger, "TERM_SECONDS", 0.0)
    crew.look()
    eventually(crew.children.look)
    crew.look()
    found = Job.objects.get(pk=job.pk)
    assert found.state == State.CANCELLED
    assert found.transitions.filter(to_state=State.CANCELLED).get().why == "it did not stop by itself"


def test_the_next_step_is_taken_when_it_is_due_not_at_the_next_look(
    crew: Crew, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew.ledger, "_look", Every(3600.0, crew.ledger._look_at_jobs))
    monkeypatch.setattr(ledger, "COOPERATION_SECONDS", 0.5)
    monkeypatch.setattr(ledger, "TERM_SECONDS", 2.0)  # so that it can say that it was asked
    job = held(ada, crew.worker, state=State.CANCELLING)
    began = time.monotonic()

    def is_killed() -> bool:
        crew.ledger.round()
        return crew.children.cause(crew.worker) is Cause.CANCELLED

    eventually(is_killed)
    assert time.monotonic() - began >= 2.5
    assert crew.noted(signal.SIGTERM)
    assert Job.objects.get(pk=job.pk).state == State.CANCELLING


def test_a_pool_that_stood_still_for_long_asks_before_it_kills(crew: Crew, ada: User) -> None:
    job = held(ada, crew.worker, state=State.CANCELLING)
    crew.look()
    crew.ledger._cancelling[job.pk, job.fence] -= 60
    crew.look()
    eventually(lambda: crew.noted(signal.SIGTERM))
    assert crew.worker in crew.children.alive()


def test_a_job_that_has_run_too_long_loses_its_worker(
    crew: Crew, ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_TIMEOUT_SECONDS = 3600.0
    held(ada, crew.worker)
    crew.look()
    crew.look()
    assert crew.worker in crew.children.alive()
    settings.JOB_TIMEOUT_SECONDS = 0.0
    monkeypatch.setattr(ledger, "COOPERATION_SECONDS", 0.0)
    crew.look()
    assert crew.children.cause(crew.worker) is Cause.TIMEOUT


def test_a_job_that_ended_meanwhile_takes_its_workers_next_one_not_along(
    crew: Crew, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the database kept the ledger waiting between its look and what it does."""
    cancelled = held(ada, crew.worker, state=State.CANCELLING)
    following = held(ada, crew.worker, state=State.QUEUED)
    crew.look()
    for patience in ("COOPERATION_SECONDS", "TERM_SECONDS"):
        monkeypatch.setattr(ledger, patience, 0.0)

    def go_on() -> None:
        Job.objects.filter(pk=cancelled.pk).update(state=State.CANCELLED)
        Job.objects.filter(pk=following.pk).update(state=State.RUNNING)

    monkeypatch.setattr(crew.ledger, "_renewal", go_on)
    crew.ledger._look_at_jobs()
    assert crew.worker in crew.children.alive()


def test_a_clock_that_is_put_on_ends_no_job(crew: Crew, ada: User, settings: Settings) -> None:
    settings.JOB_TIMEOUT_SECONDS = 10.0
    held(ada, crew.worker, started_at=timezone.now() - timedelta(hours=1))
    crew.look()
    assert crew.worker in crew.children.alive()


def test_a_dead_pool_of_this_machine_is_noticed_by_the_next(crew: Crew, ada: User) -> None:
    lost = held(ada, f"{machine.machine()}.1.dead.1")
    factories.worker(lost.worker, pid=2**22, pool="dead")
    crew.look()
    assert Job.objects.get(pk=lost.pk).state == State.QUEUED
    assert list(Worker.objects.values_list("name", flat=True)) == [crew.worker]


def test_a_living_worker_of_another_pool_is_left_alone(crew: Crew, ada: User) -> None:
    other = Ledger("another pool", Children("another pool", crew.start, 2**40))
    crew.ledger.round()
    job = held(ada, crew.worker)
    other.nudge()
    other.round()
    assert Job.objects.get(pk=job.pk).state == State.RUNNING


def test_a_worker_of_another_machine_is_none_of_its_business(crew: Crew, ada: User) -> None:
    job = held(ada, "elsewhere-12345678.1.dead.1")
    crew.look()
    assert Job.objects.get(pk=job.pk).state == State.RUNNING


def test_without_the_database_nothing_counts_as_renewed(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_workers: object) -> int:
        raise OperationalError("the database is away")

    monkeypatch.setattr(gate, "renew", away)
    before = crew.ledger.renewed_at
    crew.ledger.round()
    assert crew.ledger.renewed_at == before


def test_a_ledger_settles_what_is_left_when_it_is_closed(crew: Crew, ada: User) -> None:
    job = held(ada, crew.worker)
    crew.ledger.start()
    eventually(Worker.objects.exists)
    crew.end(Cause.HANDED_BACK)
    assert crew.ledger.close(10.0)
    assert Job.objects.get(pk=job.pk).state == State.QUEUED
    assert not Worker.objects.exists()
