"""The gate: every transition of every job, each a guarded update with its history row in one transaction.

A slot is counted from rows, never kept; the one gate row's lock orders submits and claims. Publishing follows commit.
"""

import json
import logging
import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.compiled import insert
from runs import lens, outbox, publish, rules, steps, stream, wake
from runs.errors import JobActive, JobEnded, LostLease
from runs.models import BACKGROUND_PLACES, Gate, Job, JobTelemetry, JobTransition, taken
from runs.states import HOLDING, TERMINAL, State
from runs.steps import Tell
from runs.tail import last_known
from runs.telemetry import Snapshot, TelemetryId, closing, cost, fold, progress

LAST_PLACE = 2**63 - 1
HANDED_BACK = "handed back"
_FIRST_PLACES = {"normal": 0, "background": BACKGROUND_PLACES + 2**61}
"""A lane grows from here, in both directions: who is put first goes before."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to run one job: what to run, and the fence that all it writes must carry."""

    job_id: UUID
    workflow_id: UUID
    owner_id: UUID
    number: int
    fence: int
    worker: str
    started_at: datetime
    version: int
    graph: dict[str, Any]
    params: dict[str, Any]
    runs: tuple[str, ...] | None = None
    """The nodes to run; None for all."""
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended. `error` is the contract's `{"code", "message", "node"}`; the traceback is for admins alone."""

    state: State
    error: dict[str, Any] | None = None
    traceback: str = ""
    progress: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The folded telemetry of an ended job, and the id of the last update that is in it."""

    last_id: str
    snapshot: dict[str, Any]


def cap() -> int:
    """How many jobs may run at once, over all machines."""
    return Gate.objects.cap()


def set_cap(value: int | None) -> int:
    """Changes the cap at run time, kept over restarts; None goes back to the setting. Answers the cap now in force."""
    with transaction.atomic():
        gate = lock()
        gate.cap = value
        gate.save(update_fields=("cap",))
        transaction.on_commit(wake.wake)
    return cap()


def pause(paused: bool) -> None:
    """While it is paused nothing starts, over restarts too; what runs goes on."""
    with transaction.atomic():
        gate = lock()
        gate.paused = paused
        gate.save(update_fields=("paused",))
        transaction.on_commit(wake.wake)


def lock() -> Gate:
    """The gate's row, locked until the transaction ends."""
    return steps.locked_gate() or Gate.objects.select_for_update().get_or_create(pk=1)[0]


def next_place(lane: str = "normal") -> int:
    """The end of a lane, behind those that are still being written too. Only under the gate's lock."""
    last = steps.last_place(lane)
    return (_FIRST_PLACES[lane] if last is None else last) + 1


def claim(worker: str, *, tell: bool = True, likely: bool = False) -> Claim | None:
    """The first waiting job that no bound holds back, now this worker's to run; None when nothing may start.

    Without `tell` who calls tells of it. `likely`: there was a job to run a moment ago, so it is not looked beforehand.
    """
    if not (likely or steps.more_wait_than(0)):  # without the lock: most wake-ups find nothing
        return None
    with transaction.atomic():
        gate = lock()  # before anything is counted
        if gate.paused or taken() >= gate.limit or (job := steps.head()) is None:
            return None
        now = timezone.now()
        steps.clear(job)
        steps.move(
            job,
            State.RUNNING,
            by=worker,
            at=now,
            tell=publish.job_changed if tell else None,
            fence=job.fence + 1,
            attempts=job.attempts + 1,
            worker=worker,
            lease_until=steps.LEASE,
            started_at=now,
        )
        return Claim(  # all of it read before the commit, so that no job is this worker's without its knowing
            job.pk,
            job.workflow_id,
            job.owner_id,
            job.number,
            job.fence + 1,
            worker,
            now,
            job.version + 1,
            steps.graph(job.graph_id),
            job.params,
            tuple(job.scope["runs"]) if job.scope else None,
            job.batch_id,
        )


def finish(
    claim: Claim,
    end: End,
    telemetry: Telemetry,
    *,
    write: Callable[[], None] = lambda: None,
    tell: Tell = publish.job_changed,
) -> bool:
    """The job's worker ends it, with all its telemetry. Raises LostLease when the job is no longer this worker's.

    `write`: what else comes into the same transaction. `tell`: who tells of the end once that is committed.
    Answers whether the job's batch has stopped; see `runs.halting`.
    """

    def once(find: Callable[[], Job]) -> bool:
        with transaction.atomic():
            job = find()
            write()
            return _end(job, end, by=claim.worker, telemetry=telemetry, tell=tell)

    try:
        return once(lambda: _as_claimed(claim))  # most often it is, and need not be read
    except (LostLease, IntegrityError):  # the latter where another attempt has made the same
        return once(lambda: _held(claim.job_id, claim.fence, worker=claim.worker))


def cancel(job_id: UUID, *, by: str, why: str = "") -> Job:
    """A waiting job leaves the queue; a running one is told to stop. Raises JobEnded when it ended otherwise."""
    snapshot = last_known(job_id)
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
        if job.state == State.QUEUED:
            _end_from_outside(job, End(State.CANCELLED, progress=job.progress, why=why), snapshot, by=by)
        elif job.state == State.RUNNING:
            steps.move(job, State.CANCELLING, by=by, why=why)
            transaction.on_commit(lambda: publish.cancel_requested(job_id))
        elif job.state in {State.COMPLETED, State.FAILED}:
            raise JobEnded(f"The job has already ended ({job.state}); there is nothing left to cancel.")
    return Job.objects.get(pk=job_id)


def cancel_fresh(jobs: QuerySet[Job], *, by: str, most: int, why: str = "") -> int:
    """Takes up to `most` of these jobs that wait and have never begun out of the queue, the first to start first.

    Of such a job no worker can have told anything, so that one statement ends them all. Answers how many they were.
    """
    now = timezone.now()
    with transaction.atomic():
        fresh = jobs.filter(state=State.QUEUED, fence=0).select_for_update(of=("self",)).order_by("place")
        chosen = list(fresh.only("pk", "workflow_id", "owner_id", "batch_id", "version")[:most])
        found = Job.rows.filter(pk__in=[job.pk for job in chosen], state=State.QUEUED, fence=0)
        count = found.update(state=State.CANCELLED, version=F("version") + 1, ended_at=now)
        rules.explain(chosen)
        JobTransition.objects.bulk_create(
            JobTransition(job=job, from_state=State.QUEUED, to_state=State.CANCELLED, at=now, by=by, why=why)
            for job in chosen
        )
        outbox.jobs_ended(chosen)
        transaction.on_commit(lambda: _announce(chosen))
    return count


def hand_back(job_id: UUID, fence: int, *, by: str) -> State:
    """A worker that is told to stop gives its job back to the queue, which costs no attempt; see `_release`."""
    end = _failure("worker_lost", "The worker was stopped during a node that is unsafe to repeat. Run the job again.")
    return _release(job_id, fence, end, by=by, why=HANDED_BACK, spent=0)


def lost(job_id: UUID, fence: int, *, by: str, why: str, **of: Any) -> State:
    """A job whose worker is gone goes back to the queue while attempts remain and it can be repeated, else it fails."""
    end = _failure("worker_lost", f"The job's worker was lost ({why}). Run the job again.")
    return _release(job_id, fence, end, by=by, why=why, spent=1, **of)


def end(job_id: UUID, fence: int, *, code: str, message: str, by: str) -> State:
    """Fails a job from outside, once its worker is dead: a limit was passed. One being cancelled is cancelled."""
    snapshot = last_known(job_id)
    with transaction.atomic():
        job = _held(job_id, fence)
        transaction.on_commit(wake.wake)
        ending = _failure(code, message) if job.state == State.RUNNING else End(State.CANCELLED, why=code)
        _end_from_outside(job, ending, snapshot, by=by)
    return ending.state


def renew(workers: Collection[str]) -> int:
    """One more term for every job that these workers hold, in one statement. Answers how many there were."""
    return Job.rows.holding().filter(worker__in=workers).update(lease_until=steps.lease())


def renew_all() -> int:
    """One more term for every running job: after the machine slept, no lease is what it seems."""
    return Job.rows.holding().update(lease_until=steps.lease())


def expired(limit: int = 100) -> list[Job]:
    """Jobs whose lease has run out: their worker may be dead, stopped or cut off."""
    return list(Job.rows.holding().filter(lease_until__lt=Now()).order_by("lease_until")[:limit])


def positions(job_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The place in the queue, from 1, of those of the jobs that wait."""
    places = steps.places(set(job_ids))
    if not places:
        return {}
    first, last = min(place for _, place in places), max(place for _, place in places)
    before = steps.waiting_before(first)
    positions = {first: before + 1} if first == last else line(first, last, before)
    return {pk: positions[place] for pk, place in places if place in positions}


def line(first: int = 0, last: int = LAST_PLACE, before: int = 0) -> dict[int, int]:
    """The position, from 1, of every place from `first` to `last` where a job waits; `before` it are so many.

    By places, as to read as many ids takes much longer.
    """
    waiting = Job.objects.waiting().filter(place__range=(first, last)).values_list("place", flat=True)
    return {place: position for position, place in enumerate(waiting, start=before + 1)}


def mark_unrepeatable(claim: Claim) -> None:
    """Before a node begins that is unsafe to repeat: from now on a lost worker fails the job."""
    mine = Job.rows.filter(pk=claim.job_id, fence=claim.fence, worker=claim.worker, state__in=HOLDING)
    if not mine.update(repeatable=False):
        raise LostLease("The job has passed on to another worker.")


def delete(job_id: UUID) -> None:
    """Deletes an ended job with its telemetry and products; lenses leave it. Raises JobActive while it is not ended."""
    with transaction.atomic():
        lock()  # no lens may move to a job that is being deleted as well
        job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
        if job.state not in TERMINAL:
            raise JobActive("The job is still active. Cancel it and wait for its end before you delete it.")
        lens.leave(job)
        job.delete()
        transaction.on_commit(lambda: forget([job_id]))


def forget(job_ids: Iterable[UUID]) -> None:
    """Nothing of deleted jobs stays in Redis. While it is away, what it has goes by itself, within a minute."""
    try:
        stream.forget(job_ids)
    except RedisError as error:
        logger.info("The telemetry of deleted jobs stays in Redis for a while (%s).", error)


def _announce(jobs: Iterable[Job]) -> None:
    """That each has moved on by one step."""
    for job in jobs:
        publish.job_changed(job.pk, job.workflow_id, job.version + 1)


def _as_claimed(claim: Claim) -> Job:
    """The job as its worker left it: running, unless it was told to stop meanwhile."""
    return Job(
        pk=claim.job_id,
        workflow_id=claim.workflow_id,
        owner_id=claim.owner_id,
        number=claim.number,
        batch_id=claim.batch_id,
        state=State.RUNNING,
        fence=claim.fence,
        worker=claim.worker,
        started_at=claim.started_at,
        version=claim.version,
    )


def _held(job_id: UUID, fence: int, **of: Any) -> Job:
    """The job, locked, if its slot is still held under this fence, and it is `of` this."""
    job = Job.rows.select_for_update(of=("self",)).filter(pk=job_id, fence=fence, state__in=HOLDING, **of).first()
    if job is None:
        raise LostLease("The job has passed on to another worker, or has ended.")
    return job


def _failure(code: str, message: str) -> End:
    return End(State.FAILED, error={"code": code, "message": message, "node": None}, why=code)


def _release(job_id: UUID, fence: int, end: End, *, by: str, why: str, spent: int, **of: Any) -> State:
    """Back to the queue if it may; a job being cancelled ends cancelled, one that can't be repeated as `end`."""
    snapshot = last_known(job_id)
    with transaction.atomic():
        job = _held(job_id, fence, **of)
        transaction.on_commit(wake.wake)
        if job.state == State.CANCELLING:
            end = End(State.CANCELLED, why=why)
        elif job.repeatable and (not spent or job.attempts < settings.MAX_ATTEMPTS):
            idle: dict[str, Any] = {"worker": "", "lease_until": None, "started_at": None}
            steps.move(job, State.QUEUED, by=by, why=why, attempts=job.attempts - 1 + spent, **idle)
            return State.QUEUED
        _end_from_outside(job, end, snapshot, by=by)
    return end.state


def _end_from_outside(job: Job, end: End, snapshot: Snapshot, *, by: str) -> None:
    """Ends a job that no worker can end: nothing is left running in its telemetry, and a late writer is shut out.

    The next fence is the end's own, so that a reader gets the closed snapshot and a stale writer's id is refused.
    """
    if job.fence == 0:
        _end(job, end, by=by, telemetry=None)
        return
    status = "cancelled" if end.state == State.CANCELLED else "failed"
    closed = fold(snapshot, closing(snapshot, status))
    last_id = TelemetryId(job.fence + 1, 0)
    ended = replace(end, progress=progress(snapshot, len(job.graph.document["nodes"])))
    transaction.on_commit(lambda: _shut_out(job.pk, last_id.fence))
    _end(job, ended, by=by, telemetry=Telemetry(str(last_id), closed), fence=last_id.fence)


def _shut_out(job_id: UUID, fence: int) -> None:
    try:
        stream.shut(job_id, fence)
    except RedisError as error:
        logger.info("The end of job %s is not in its stream (%s); readers take it from the database.", job_id, error)


def _end(
    job: Job, end: End, *, by: str, telemetry: Telemetry | None, tell: Tell = publish.job_changed, **fields: Any
) -> bool:
    now = timezone.now()
    spent = cost(telemetry.snapshot) if telemetry else None
    steps.move(
        job,
        end.state,
        by=by,
        why=end.why,
        at=now,
        tell=tell,
        worker="" if job.state == State.QUEUED else job.worker,
        lease_until=None,
        ended_at=now,
        duration=(now - job.started_at).total_seconds() if job.started_at else None,
        progress=1.0 if end.state == State.COMPLETED else end.progress,
        error=end.error,
        cost=spent,
        traceback=end.traceback,
        **fields,
    )
    if telemetry is not None:
        data = zlib.compress(json.dumps(telemetry.snapshot, separators=(",", ":")).encode(), 1)
        insert([JobTelemetry(job=job, last_id=telemetry.last_id, data=data)])
    stopped = rules.count(job.batch_id, job, end.state, spent) if job.batch_id else None
    outbox.jobs_ended([job])
    return stopped is not None
