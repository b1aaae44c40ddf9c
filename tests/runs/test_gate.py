"""What the gate promises: guarded transitions, one order, never more than the cap."""

import json
import uuid
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
import redis
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from runs import gate, stream
from runs.errors import JobActive, JobEnded, LostLease
from runs.models import Job, JobTelemetry, JobTransition
from runs.redis import stream_key
from runs.states import HOLDING, TERMINAL, State, allowed
from runs.telemetry import EMPTY, TelemetryId, fold
from tests import factories
from tests.turns import before
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

HELD = {"fence": 3, "attempts": 1, "worker": "w1"}
NO_TELEMETRY = gate.Telemetry("3-1", EMPTY)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def claimed(job: Job) -> gate.Claim:
    at = job.started_at or timezone.now()
    return gate.Claim(job.pk, job.workflow_id, job.owner_id, job.number, job.fence, "w1", at, job.version, {}, {})


def job_in(workflow: Workflow, state: State, **fields: Any) -> Job:
    started = {"started_at": timezone.now(), "lease_until": timezone.now() + timedelta(seconds=30)}
    held = {**HELD, **started} if state in HOLDING else {}
    return factories.job(workflow, **{"state": state, **held, **fields})


def ways() -> dict[str, Callable[[Job], object]]:
    """Every way to change a job, as a call on a job in any state."""
    return {
        "claim": lambda _job: gate.claim("w2"),
        "complete": lambda job: gate.finish(claimed(job), gate.End(State.COMPLETED), NO_TELEMETRY),
        "fail": lambda job: gate.finish(claimed(job), gate.End(State.FAILED), NO_TELEMETRY),
        "end cancelled": lambda job: gate.finish(claimed(job), gate.End(State.CANCELLED), NO_TELEMETRY),
        "cancel": lambda job: gate.cancel(job.pk, by="ada"),
        "hand back": lambda job: gate.hand_back(job.pk, job.fence, by="w1"),
        "lose": lambda job: gate.lost(job.pk, job.fence, by="pool", why="killed"),
        "end": lambda job: gate.end(job.pk, job.fence, code="timeout", message="Too long.", by="pool"),
    }


LEADS_TO = {
    ("queued", "claim"): "running",
    ("queued", "cancel"): "cancelled",
    ("running", "complete"): "completed",
    ("running", "fail"): "failed",
    ("running", "end cancelled"): "cancelled",
    ("running", "cancel"): "cancelling",
    ("running", "hand back"): "queued",
    ("running", "lose"): "queued",
    ("running", "end"): "failed",
    ("cancelling", "complete"): "completed",
    ("cancelling", "fail"): "failed",
    ("cancelling", "end cancelled"): "cancelled",
    ("cancelling", "hand back"): "cancelled",
    ("cancelling", "lose"): "cancelled",
    ("cancelling", "end"): "cancelled",
}


def test_a_claim_reads_of_its_job_all_that_it_needs_at_once(
    workflow: Workflow, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        factories.job(workflow)
    assert gate.claim("w1", tell=False)  # which keeps the graph
    with django_assert_num_queries(7):  # a savepoint's two, the gate, what runs, the head, the move and its history
        assert gate.claim("w2", tell=False, likely=True)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("way", ways())
def test_every_way_from_every_state_leads_where_the_table_says_or_changes_nothing(
    workflow: Workflow, state: State, way: str
) -> None:
    job = job_in(workflow, state)
    try:
        ways()[way](job)
    except (LostLease, JobEnded):
        assert (state, way) not in LEADS_TO
    after = Job.objects.get(pk=job.pk)
    expected = LEADS_TO.get((state.value, way), state.value)
    assert after.state == expected
    if expected != state:
        assert allowed(state, State(after.state))
        step = JobTransition.objects.get(job=job)
        assert (step.from_state, step.to_state) == (state, after.state)
        assert step.by
        assert after.version == job.version + 1
    else:
        assert not JobTransition.objects.filter(job=job).exists()
        assert after.version == job.version


@pytest.mark.parametrize("way", ["complete", "fail", "end cancelled", "hand back", "lose", "end"])
def test_a_stale_fence_changes_nothing(workflow: Workflow, way: str) -> None:
    job = job_in(workflow, State.RUNNING)
    Job.objects.filter(pk=job.pk).update(fence=4)
    with pytest.raises(LostLease):
        ways()[way](job)
    assert Job.objects.get(pk=job.pk).state == State.RUNNING


def test_a_claim_takes_the_oldest_with_a_new_fence_and_a_lease(workflow: Workflow) -> None:
    first, second = factories.job(workflow, params={"word": "x"}), factories.job(workflow)
    claim = gate.claim("w1")
    assert claim is not None
    assert (claim.job_id, claim.fence, claim.params) == (first.pk, 1, {"word": "x"})
    assert claim.graph == workflow.graph.document
    job = Job.objects.get(pk=first.pk)
    assert (job.state, job.worker, job.fence, job.attempts) == (State.RUNNING, "w1", 1, 1)
    assert job.lease_until is not None
    assert job.started_at is not None
    assert Job.objects.get(pk=second.pk).state == State.QUEUED


def test_nothing_starts_beyond_the_cap(workflow: Workflow) -> None:
    gate.set_cap(2)
    for _ in range(3):
        factories.job(workflow)
    assert [gate.claim("w") is None for _ in range(3)] == [False, False, True]
    assert Job.objects.startable() == 0


def after_the_first_look(act: Callable[[], object]) -> AbstractContextManager[None]:
    """What another process does in the moment after the gate first read a job."""
    looked = False

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal looked
        answer = execute(sql, *rest)
        if not looked and "FROM runs_job" in sql.replace('"', ""):
            looked = True
            act()
        return answer

    return connection.execute_wrapper(watch)


def test_a_job_cancelled_while_a_worker_comes_for_it_never_starts(workflow: Workflow) -> None:
    job = factories.job(workflow)
    with after_the_first_look(lambda: gate.cancel(job.pk, by="ada")):
        assert gate.claim("w1") is None
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED


def test_who_comes_while_a_job_is_cancelled_gets_the_next(workflow: Workflow) -> None:
    first, second = factories.job(workflow), factories.job(workflow)
    claims: list[gate.Claim | None] = []
    with before(lambda: claims.append(gate.claim("w1"))):
        gate.cancel(first.pk, by="ada")
    assert [claim and claim.job_id for claim in claims] == [second.pk]


def test_a_job_that_moves_on_while_it_is_changed_is_left_as_it_is(workflow: Workflow) -> None:
    job = job_in(workflow, State.RUNNING)
    moved_on = Job.objects.filter(pk=job.pk)
    with after_the_first_look(lambda: moved_on.update(fence=9)), pytest.raises(LostLease):
        gate.end(job.pk, job.fence, code="timeout", message="It took too long.", by="a test")
    assert moved_on.get().state == State.RUNNING


def test_a_cancelling_job_still_takes_its_slot(workflow: Workflow) -> None:
    gate.set_cap(1)
    job_in(workflow, State.CANCELLING)
    factories.job(workflow)
    assert gate.claim("w2") is None


def test_at_cap_1_jobs_run_in_the_order_of_their_submits(workflow: Workflow) -> None:
    gate.set_cap(1)
    jobs = [factories.job(workflow).pk for _ in range(4)]
    order = []
    while (claim := gate.claim("w1")) is not None:
        order.append(claim.job_id)
        gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry("1-1", EMPTY))
    assert order == jobs


def test_the_cap_goes_back_to_the_setting(settings: Any) -> None:
    settings.MAX_CONCURRENT_JOBS = 7
    assert gate.set_cap(3) == 3
    assert gate.set_cap(None) == 7
    assert gate.cap() == 7


def test_a_job_handed_back_keeps_its_place_and_its_attempt(workflow: Workflow) -> None:
    first = factories.job(workflow)
    factories.job(workflow)
    claim = gate.claim("w1")
    assert claim is not None
    gate.hand_back(first.pk, claim.fence, by="w1")
    job = Job.objects.get(pk=first.pk)
    assert (job.state, job.attempts, job.worker, job.started_at, job.lease_until) == (State.QUEUED, 0, "", None, None)
    again = gate.claim("w2")
    assert again is not None
    assert (again.job_id, again.fence) == (first.pk, 2)


def test_a_lost_worker_costs_attempts_until_the_job_fails(workflow: Workflow, settings: Any) -> None:
    settings.MAX_ATTEMPTS = 2
    pk = factories.job(workflow).pk
    states = []
    for _ in range(2):
        claim = gate.claim("w1")
        assert claim is not None
        states.append(gate.lost(pk, claim.fence, by="pool", why="killed"))
    job = Job.objects.get(pk=pk)
    assert states == [State.QUEUED, State.FAILED]
    assert job.error is not None
    assert job.error["code"] == "worker_lost"


@pytest.mark.parametrize("way", ["lose", "hand back"])
def test_what_is_unsafe_to_repeat_fails_when_its_worker_goes(workflow: Workflow, way: str) -> None:
    job = job_in(workflow, State.RUNNING)
    gate.mark_unrepeatable(claimed(job))
    assert ways()[way](job) == State.FAILED
    assert Job.objects.get(pk=job.pk).error["code"] == "worker_lost"  # type: ignore[index]


def test_only_the_holder_marks_a_job_unrepeatable(workflow: Workflow) -> None:
    job = job_in(workflow, State.RUNNING)
    for other in ({"fence": job.fence - 1}, {"worker": "w2"}):
        with pytest.raises(LostLease):
            gate.mark_unrepeatable(replace(claimed(job), **other))
    assert Job.objects.get(pk=job.pk).repeatable


def test_an_end_from_outside_closes_the_telemetry_and_shuts_late_writers_out(
    workflow: Workflow, valkey: redis.Redis
) -> None:
    job = job_in(workflow, State.RUNNING)
    nodes = {"word": {"status": "running"}, "out": {"status": "waiting"}}
    batch = {"nodes": nodes, "edges": {"e1": {"state": "active", "count": 1}}}
    stream.begin(job.pk, 3)
    stream.append(job.pk, stream.Addition(TelemetryId(3, 1), batch, fold(EMPTY, batch), 0.0), whole=False)
    gate.end(job.pk, 3, code="memory_limit", message="Too much.", by="pool")
    kept = JobTelemetry.objects.get(job=job)
    snapshot = json.loads(zlib.decompress(kept.data))
    assert kept.last_id == "4-0"
    assert snapshot["nodes"] == {"word": {"status": "failed"}, "out": {"status": "skipped"}}
    assert snapshot["edges"] == {"e1": {"state": "drained", "count": 1}}
    with pytest.raises(LostLease):
        stream.append(job.pk, stream.Addition(TelemetryId(3, 2), batch, EMPTY, 0.0), whole=False)
    ((last, _),) = cast("list[Any]", valkey.xrevrange(stream_key(job.pk), count=1))
    assert last == b"4-0"


def test_what_an_end_from_outside_left_undone_is_no_progress(workflow: Workflow, valkey: redis.Redis) -> None:
    job = job_in(workflow, State.RUNNING)
    batch = {"nodes": {"word": {"status": "running", "progress": [1, 2]}, "out": {"status": "waiting"}}}
    stream.begin(job.pk, 3)
    stream.append(job.pk, stream.Addition(TelemetryId(3, 1), batch, fold(EMPTY, batch), 0.25), whole=False)
    gate.end(job.pk, 3, code="memory_limit", message="Too much.", by="pool")
    assert Job.objects.get(pk=job.pk).progress == 0.25


def test_a_deleted_job_leaves_nothing_in_redis(workflow: Workflow, valkey: redis.Redis) -> None:
    job = job_in(workflow, State.RUNNING)
    stream.begin(job.pk, 3)
    gate.finish(claimed(job), gate.End(State.COMPLETED), NO_TELEMETRY)
    gate.delete(job.pk)
    assert not valkey.keys(f"*{job.pk}*")


def test_a_job_ended_by_its_worker_keeps_what_it_told(workflow: Workflow) -> None:
    job = job_in(workflow, State.RUNNING)
    told = fold(EMPTY, {"nodes": {"word": {"status": "completed"}}})
    error = {"code": "error", "message": "No.", "node": "word"}
    end = gate.End(State.FAILED, error=error, traceback="Traceback …", progress=0.5)
    gate.finish(claimed(job), end, gate.Telemetry("3-9", told))
    job.refresh_from_db()
    assert (job.error, job.traceback, job.progress, job.lease_until) == (error, "Traceback …", 0.5, None)
    assert job.ended_at is not None
    assert job.duration is not None
    assert json.loads(zlib.decompress(job.telemetry.data)) == told


def test_cancelling_twice_changes_nothing_more(workflow: Workflow) -> None:
    job = job_in(workflow, State.RUNNING)
    gate.cancel(job.pk, by="ada")
    assert gate.cancel(job.pk, by="bob").state == State.CANCELLING
    assert JobTransition.objects.filter(job=job).count() == 1


def test_a_renewal_moves_only_the_leases_of_these_workers(workflow: Workflow) -> None:
    past = timezone.now() - timedelta(seconds=5)
    mine, other = (job_in(workflow, State.RUNNING, worker=name, lease_until=past) for name in ("w1", "w9"))
    assert gate.renew(["w1", "w2"]) == 1
    assert [job.pk for job in gate.expired()] == [other.pk]
    assert gate.renew_all() == 2
    assert gate.expired() == []
    assert Job.objects.get(pk=mine.pk).lease_until > timezone.now()  # type: ignore[operator]


def test_positions_count_from_1_in_the_order_of_places(workflow: Workflow) -> None:
    jobs = [factories.job(workflow) for _ in range(4)]
    assert gate.positions([job.pk for job in jobs]) == {job.pk: place for place, job in enumerate(jobs, 1)}
    gate.cancel(jobs[0].pk, by="ada")
    assert gate.positions([jobs[2].pk]) == {jobs[2].pk: 2}
    assert gate.positions([jobs[0].pk]) == {}
    assert gate.positions([]) == {}


@pytest.mark.parametrize("state", State)
def test_only_ended_jobs_are_deleted(workflow: Workflow, state: State) -> None:
    job = job_in(workflow, state)
    if state in TERMINAL:
        gate.delete(job.pk)
    else:
        with pytest.raises(JobActive):
            gate.delete(job.pk)
    assert Job.objects.filter(pk=job.pk).exists() == (state not in TERMINAL)


def test_a_job_is_deleted_though_redis_is_away(workflow: Workflow, settings: Any) -> None:
    settings.REDIS_URL = f"unix:///nowhere/{uuid.uuid4()}.sock"
    job = job_in(workflow, State.COMPLETED)
    gate.delete(job.pk)
    assert not Job.objects.filter(pk=job.pk).exists()


def test_the_gate_works_while_redis_is_away(workflow: Workflow, settings: Any) -> None:
    settings.REDIS_URL = f"unix:///nowhere/{uuid.uuid4()}.sock"
    job = factories.job(workflow)
    claim = gate.claim("w1")
    assert claim is not None
    assert gate.cancel(job.pk, by="ada").state == State.CANCELLING
    assert gate.lost(job.pk, claim.fence, by="pool", why="killed") == State.CANCELLED
