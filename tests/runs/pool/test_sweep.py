"""What one pool does for all of them."""

import time
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from runs import gate, store, wake
from runs.models import Blob, Duty, Job, Worker
from runs.pool.sweep import Sweep
from runs.states import State
from tests import factories
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sweep(valkey: redis.Redis) -> Sweep:
    return Sweep("pool")


def expired(owner: User) -> Job:
    """A job whose lease has run out."""
    past = timezone.now() - timedelta(seconds=1)
    return factories.job(
        factories.workflow(owner), state=State.RUNNING, fence=1, attempts=1, worker="gone", lease_until=past
    )


def test_a_job_whose_lease_ran_out_goes_back_to_the_queue(ada: User, sweep: Sweep) -> None:
    job = expired(ada)
    sweep.round()
    assert Job.objects.get(pk=job.pk).state == State.QUEUED


def test_a_living_worker_of_the_pool_keeps_its_job_though_the_lease_seems_over(valkey: redis.Redis, ada: User) -> None:
    job = expired(ada)
    Sweep("pool", lambda: {"gone"}).round()
    assert Job.objects.get(pk=job.pk).state == State.RUNNING
    Sweep("pool", lambda: {"another"}).round()
    assert Job.objects.get(pk=job.pk).state == State.QUEUED


def test_a_lease_that_was_renewed_since_the_look_is_none_that_has_run_out(
    ada: User, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a pool whose machine slept until then."""
    job, look = expired(ada), gate.expired
    monkeypatch.setattr(gate, "expired", lambda: [look(), gate.renew(["gone"])][0])
    sweep.round()
    assert Job.objects.get(pk=job.pk).state == State.RUNNING


def test_a_job_that_was_rescued_wakes_a_worker(ada: User, sweep: Sweep) -> None:
    expired(ada)
    sweep.round()
    assert wake.pending() == 1


def test_a_wake_up_that_was_lost_is_made_up_for(ada: User, sweep: Sweep) -> None:
    factories.job(factories.workflow(ada))
    sweep.round()
    assert wake.pending() == 1


def test_after_a_sleep_every_lease_gets_one_more_term(ada: User, sweep: Sweep) -> None:
    job = expired(ada)
    sweep.seen_at = time.time() - 600
    sweep.round()
    found = Job.objects.get(pk=job.pk)
    assert found.state == State.RUNNING
    assert found.lease_until
    assert found.lease_until > timezone.now()


def test_after_the_clock_was_put_back_no_lease_lasts_longer_than_one_term(ada: User, sweep: Sweep) -> None:
    job = expired(ada)
    Job.objects.update(lease_until=timezone.now() + timedelta(hours=1))
    sweep.seen_at = time.time() + 3600
    sweep.round()
    until = Job.objects.get(pk=job.pk).lease_until
    assert until
    assert until < timezone.now() + timedelta(minutes=1)


def test_a_duty_that_was_taken_before_the_clock_was_put_back_is_over(ada: User, sweep: Sweep) -> None:
    sweep.round()
    job = expired(ada)
    Duty.objects.update(until=timezone.now() + timedelta(hours=1))
    Sweep("other").round()
    assert Job.objects.get(pk=job.pk).state == State.QUEUED


def test_one_pool_sweeps_and_the_next_takes_over_when_it_is_silent(ada: User, sweep: Sweep) -> None:
    sweep.round()
    job = expired(ada)
    Sweep("other").round()
    assert Job.objects.get(pk=job.pk).state == State.RUNNING
    Duty.objects.update(until=timezone.now() - timedelta(seconds=1))
    Sweep("other").round()
    assert Job.objects.get(pk=job.pk).state == State.QUEUED


def test_workers_that_nobody_has_seen_for_long_are_forgotten(sweep: Sweep) -> None:
    factories.worker("new")
    factories.worker("old", heartbeat_at=timezone.now() - timedelta(minutes=5))
    sweep.round()
    assert Worker.objects.get().name == "new"


def test_bytes_that_nothing_needs_any_more_are_cleared_away(sweep: Sweep) -> None:
    unused = store.keep(b"nobody wants me", media_type="text/plain")
    Blob.objects.update(used_at=timezone.now() - timedelta(hours=2))
    sweep.round()
    assert not Blob.objects.exists()
    assert not store.path(unused.digest).exists()


def test_however_many_bytes_go_lost_jobs_need_not_wait_for_all_of_them(
    sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.clear_unused, "__defaults__", (2,))
    for each in range(5):
        store.keep(f"nobody wants {each}".encode(), media_type="text/plain")
    Blob.objects.update(used_at=timezone.now() - timedelta(hours=2))
    left = []
    for _ in range(3):
        sweep.round()
        left.append(Blob.objects.count())
    assert left == [3, 1, 0]


def test_of_workers_that_were_killed_redis_keeps_no_names(sweep: Sweep, valkey: redis.Redis) -> None:
    now = timezone.now()
    Worker.objects.create(name="busy", host="here", pid=1, pool="p", started_at=now, heartbeat_at=now)
    valkey.hset("rq:worker:new", "birth", "now")
    for names in ("rq:workers", "rq:workers:loupe"):
        valkey.sadd(names, "rq:worker:new", "rq:worker:busy", "rq:worker:killed")
    sweep.round()
    for names in ("rq:workers", "rq:workers:loupe"):
        assert valkey.smembers(names) == {b"rq:worker:new", b"rq:worker:busy"}


def test_it_sweeps_until_it_is_closed(ada: User, sweep: Sweep) -> None:
    job = expired(ada)
    sweep.start()
    eventually(lambda: Job.objects.get(pk=job.pk).state == State.QUEUED)
    sweep.close()
    sweep.join(10)
    assert not sweep.is_alive()
