"""A worker process takes one job after another, and stops when it is told to, or is old."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import pytest
import redis
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, InternalError, OperationalError, connection, connections
from pytest_django import Settings

from accounts.models import User
from runs import gate, wake
from runs.models import Job
from runs.pool.processes import Arrival
from runs.states import State
from runs.worker import process
from tests import factories
from tests.waiting import eventually

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # The signal that ends a worker may come in the moment in which redis-py has opened a socket and not yet closed it.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"),
]

Tries: TypeAlias = Callable[[int, type[Exception]], list[str]]

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    """A worker takes its signals in the main thread, which here is the tests' own."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _pool_as_it_was() -> Iterator[None]:
    """A worker process needs none, and lets it go."""
    options = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
    before = dict(options)
    connection.close()  # into the pool from which it is
    yield
    connection.close()
    options.update(before)


def work_while(holds: Callable[[], object], *then: signal.Signals) -> None:
    """A worker runs here until the condition no longer holds; then it gets these signals, SIGTERM the last."""

    done = threading.Event()

    def watch() -> None:
        try:
            eventually(lambda: done.is_set() or not holds(), 30)
        finally:
            for number in (*then, signal.SIGTERM):
                if not done.is_set():  # else it would be for the tests themselves
                    os.kill(os.getpid(), number)

    with meanwhile(watch):
        try:
            call_command("worker", "a-worker")
        finally:
            done.set()


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Does something in a thread while the block runs."""

    def act_and_close() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=act_and_close)
    thread.start()
    yield
    thread.join()


def states() -> list[str]:
    return list(Job.objects.order_by("place").values_list("state", flat=True))


def test_a_worker_runs_all_that_waits_in_its_order(valkey: redis.Redis, ada: User) -> None:
    workflow = factories.workflow(ada)
    for _ in range(3):
        factories.job(workflow)
    work_while(lambda: states() != ["completed"] * 3)
    in_their_order = list(Job.objects.order_by("started_at"))
    assert in_their_order == list(Job.objects.order_by("place"))
    assert set(Job.objects.values_list("worker", flat=True)) == {"a-worker"}


def test_an_idle_worker_hears_a_wake_up(valkey: redis.Redis, ada: User) -> None:
    workflow = factories.workflow(ada)

    def submit() -> None:
        eventually(lambda: valkey.exists("rq:worker:a-worker"))
        factories.job(workflow)
        wake.wake()

    with meanwhile(submit):
        work_while(lambda: states() != ["completed"])
    assert wake.pending() == 0


def test_a_worker_that_is_told_to_stop_ends_its_job_and_takes_no_other(valkey: redis.Redis, ada: User) -> None:
    factories.job(factories.workflow(ada, factories.waiting(0.5)))
    factories.job(factories.workflow(ada))
    work_while(lambda: states()[0] != State.RUNNING)
    assert states() == [State.COMPLETED, State.QUEUED]
    assert wake.pending() == 1  # for another worker


def test_a_worker_that_is_told_so_looks_whether_its_job_was_cancelled(valkey: redis.Redis, ada: User) -> None:
    job = factories.job(factories.workflow(ada, factories.waiting(60)))

    def cancel() -> None:
        eventually(lambda: states() == [State.RUNNING])
        gate.cancel(job.pk, by="ada")

    with meanwhile(cancel):
        work_while(lambda: states() != [State.CANCELLING], signal.SIGUSR1)
    assert states() == [State.CANCELLED]


def test_signals_for_its_pool_and_looks_without_a_job_are_nothing_to_a_worker(valkey: redis.Redis, ada: User) -> None:
    signals = (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
    work_while(lambda: not valkey.exists("rq:worker:a-worker"), *signals)


def test_a_worker_tells_that_it_has_come_up(valkey: redis.Redis, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LONGEST_LIFE", 1)
    factories.job(factories.workflow(ada))
    arrival = Arrival()
    with arrival.given() as number:
        call_command("worker", "a-worker", arrival=os.dup(number))
        assert not arrival.is_seen()  # the other end is still ours
    assert arrival.is_seen()


@pytest.mark.parametrize("old_by", ["jobs", "memory"])
def test_an_old_worker_makes_room_for_a_fresh_one(
    valkey: redis.Redis, ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch, old_by: str
) -> None:
    if old_by == "jobs":
        monkeypatch.setattr(process, "LONGEST_LIFE", 1)
    else:
        settings.WORKER_MEMORY_BYTES = 1
    workflow = factories.workflow(ada)
    for _ in range(2):
        factories.job(workflow)
    call_command("worker", "a-worker")
    assert states() == [State.COMPLETED, State.QUEUED]
    assert wake.pending() == 1


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> Tries:
    """Lets so many claims fail with an error, and tells of each who tried."""

    def fail(times: int, kind: type[Exception]) -> list[str]:
        claim, tried = gate.claim, list[str]()

        def away(name: str, **how: bool) -> gate.Claim | None:
            tried.append(name)
            if len(tried) <= times:
                raise kind("the database is away")
            return claim(name, **how)

        monkeypatch.setattr(gate, "claim", away)
        return tried

    return fail


@pytest.mark.parametrize("kind", [OperationalError, InternalError])
def test_a_worker_waits_for_a_database_that_is_away_or_does_not_write_yet(
    valkey: redis.Redis, ada: User, monkeypatch: pytest.MonkeyPatch, tries: Tries, kind: type[Exception]
) -> None:
    tried = tries(3, kind)
    seen: list[list[str]] = []
    listen = wake.listen

    def listening(name: str, on_wake: Callable[[], None]) -> None:
        seen.append(states())
        listen(name, on_wake)

    monkeypatch.setattr(wake, "listen", listening)
    factories.job(factories.workflow(ada))
    work_while(lambda: states() != ["completed"])
    assert len(tried) > 3
    assert seen in ([], [["completed"]])  # no wake-up was needed


def test_a_worker_that_is_told_to_stop_waits_for_no_database(
    valkey: redis.Redis, ada: User, settings: Settings, tries: Tries
) -> None:
    settings.LEASE_SECONDS = 600  # for so long it would wait
    tried = tries(1_000_000, OperationalError)
    factories.job(factories.workflow(ada))
    work_while(lambda: len(tried) < 3)
    assert states() == [State.QUEUED]


def test_a_worker_hears_wake_ups_while_a_database_is_away_for_long(
    valkey: redis.Redis, ada: User, settings: Settings, tries: Tries
) -> None:
    settings.LEASE_SECONDS = 0.1
    tried = tries(20, OperationalError)
    factories.job(factories.workflow(ada))

    def wake_again(tried_before: int) -> bool:
        wake.wake()
        eventually(lambda: len(tried) > tried_before or states() == ["completed"])
        return states() != ["completed"]

    def go_on() -> None:
        while wake_again(len(tried)):
            pass

    with meanwhile(go_on):
        work_while(lambda: states() != ["completed"])
    assert len(tried) > 20


def test_a_claim_whose_answer_was_lost_is_given_back(
    valkey: redis.Redis, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = gate.claim, iter([True])

    def lost_once(name: str, **how: bool) -> gate.Claim | None:
        found = claim(name, **how)
        if next(failures, False):
            raise OperationalError("the connection was lost after the commit")
        return found

    monkeypatch.setattr(gate, "claim", lost_once)
    job = factories.job(factories.workflow(ada))
    wake.wake()
    work_while(lambda: states() != ["completed"])
    job.refresh_from_db()
    assert (job.fence, job.attempts) == (2, 1)


def test_a_worker_runs_jobs_while_redis_is_away(ada: User, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    factories.job(factories.workflow(ada))
    work_while(lambda: states() != ["completed"])
