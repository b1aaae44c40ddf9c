"""The queue as those in it see it: how many are before them, why they wait, and how far the running ones are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import redis
from django.conf import settings
from django.db import connection as database
from django.db.models import Q, QuerySet, UUIDField
from django.utils import timezone

from accounts.compiled import Compiled
from accounts.models import User
from accounts.plain_json import moment
from runs import gate, steps
from runs.eta import Eta, etas
from runs.models import BACKGROUND_PLACES, Gate, Job, Worker, running_bounds, taken
from runs.redis import UNREADABLE, connection, is_there, progress_key
from runs.representation import job_document
from runs.states import HOLDING, State

_ROOM: Final = """
    SELECT (SELECT cap FROM runs_gate WHERE id = 1),
           (SELECT paused FROM runs_gate WHERE id = 1),
           (SELECT COUNT(*) FROM runs_job WHERE state IN ('running', 'cancelling')),
           (SELECT COUNT(*) FROM runs_worker WHERE heartbeat_at > %s),
           EXISTS (SELECT 1 FROM runs_job WHERE state = 'queued' AND place < %s
                   AND (batch_id IS NULL OR batch_id NOT IN (SELECT id FROM runs_batch WHERE released_at IS NULL)))
"""
_JOB: Final = Compiled[Job](lambda pk: Job.objects.defer("traceback").filter(pk=pk), pk=UUIDField())


@dataclass(frozen=True, slots=True)
class Place:
    """Where an active job stands: its `position` from 1 and what it waits for, or how far it is (0–1)."""

    position: int | None = None
    waiting_for: str | None = None
    progress: float | None = None
    eta: Eta | None = None


def read(job_id: UUID) -> Job | None:
    """The job's row as it is now, without what is long and for staff alone."""
    return _JOB.first(pk=job_id)


def places(jobs: Collection[Job]) -> dict[UUID, Place]:
    """The place of every job among these that is active, in a number of queries that does not grow with them."""
    waiting = [job for job in jobs if job.state == State.QUEUED]
    running = [job.pk for job in jobs if job.state in HOLDING]
    if not waiting and not running:
        return {}
    progress = _progress(running)
    found = {} if progress is None else {pk: Place(progress=value) for pk, value in progress.items()}
    return found | _waiting_places(waiting, redis_away=progress is None)


def documents(jobs: Collection[Job], outputs: Mapping[UUID, dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The jobs as lists show them, with their places, and with these outputs if there are any to show."""
    found = places(jobs)
    return [_document(job, found, None if outputs is None else outputs.get(job.pk, {})) for job in jobs]


def document(job: Job, outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """One job with its place."""
    return _document(job, places([job]), outputs)


def live_workers() -> QuerySet[Worker]:
    """The worker processes that their pools have seen within one term of a lease, also those that come up."""
    return Worker.objects.filter(heartbeat_at__gt=_heard_since())


def summary(user: User) -> dict[str, Any]:
    """The queue as `GET /queue` shows it; to staff with its workers."""
    now = Gate.objects.now()
    mine = {"running": Job.objects.holding(), "waiting": Job.objects.waiting()}
    found = {
        "cap": now.limit,
        "paused": now.paused,
        "running": taken(),
        "waiting": steps.waiting_before(gate.LAST_PLACE),
        "mine": {where: jobs.filter(owner=user).count() for where, jobs in mine.items()},
    }
    return {**found, "workers": _workers()} if user.is_staff else found


def _document(job: Job, found: Mapping[UUID, Place], outputs: dict[str, Any] | None) -> dict[str, Any]:
    if job.state == State.QUEUED and job.pk not in found:  # it has left the queue since it was read
        job = read(job.pk) or job
    place = found.get(job.pk, Place())
    return job_document(
        job,
        position=place.position,
        progress=place.progress,
        waiting_for=place.waiting_for,
        eta=place.eta.as_dict() if place.eta else None,
        outputs=outputs,
    )


def _waiting_places(waiting: list[Job], *, redis_away: bool) -> dict[UUID, Place]:
    positions = gate.positions([job.pk for job in waiting])
    if not positions:
        return {}
    room = _room()
    stands = redis_away or room.paused or room.workers + room.held < 1
    turns = _turns(waiting, positions, room)
    when = {} if stands else etas(waiting, positions, min(room.slots, room.workers))
    return {
        job.pk: Place(
            positions[job.pk],
            "redis" if redis_away else room.wanting(job, turns[job.pk]),
            eta=when.get(job.pk),
        )
        for job in waiting
        if job.pk in positions
    }


class _Room(NamedTuple):
    """How many more jobs may run, by the cap and by the workers that live, and what holds some of them back."""

    slots: int
    workers: int
    held: int
    paused: bool
    normal_wait: bool
    """Whether any job of the normal lane waits."""
    workflows: frozenset[UUID]
    """Those that have as many running as they may."""
    owners: frozenset[UUID]

    def wanting(self, job: Job, turn: int) -> str | None:
        """What keeps the job from starting that has this turn in the line; None when it starts in a moment."""
        held_back = {
            "paused": self.paused,
            "workflow": job.workflow_id in self.workflows,
            "user": job.owner_id in self.owners,
            "lane": job.lane == "background" and self.normal_wait and turn > self.slots,
            "cap": turn > self.slots and self.workers >= self.slots,
            "no_worker": turn > self.workers,
        }
        return next((why for why, holds in held_back.items() if holds), None)


def _room() -> _Room:
    """As it is now. Written out, as by the ORM it would be a tenth of a whole submit."""
    since = database.ops.adapt_datetimefield_value(_heard_since())
    with database.cursor() as cursor:
        cursor.execute(_ROOM, [since, BACKGROUND_PLACES])
        cap, paused, held, living, normal_wait = cursor.fetchone()
    full = {whose: frozenset(Job.objects.at_bound(whose, most)) for whose, most in running_bounds().items()}
    return _Room(
        Gate(cap=cap).limit - held,
        living - held,
        held,
        paused=bool(paused),
        normal_wait=bool(normal_wait),
        workflows=full.get("workflow", frozenset()),
        owners=full.get("owner", frozenset()),
    )


def _turns(waiting: Collection[Job], positions: Mapping[UUID, int], room: _Room) -> Mapping[UUID, int]:
    """Whose turn it is first, second, …: the place in the line, but that those whom a bound holds back have none.

    Only where that makes a difference: to read the line past all that are held back takes long.
    """
    bound = [job.workflow_id in room.workflows or job.owner_id in room.owners for job in waiting]
    soon = min(room.slots, room.workers)
    late = any(positions.get(job.pk, 0) > soon for job, is_bound in zip(waiting, bound, strict=True) if not is_bound)
    if room.slots < 1 or room.paused or not late or not (room.workflows or room.owners):
        return positions
    first = Job.objects.unbound().values_list("pk", flat=True)[: room.slots]
    return dict.fromkeys(positions, room.slots + 1) | {pk: turn for turn, pk in enumerate(first, start=1)}


def _heard_since() -> datetime:
    return timezone.now() - timedelta(seconds=settings.LEASE_SECONDS)


def _progress(running: list[UUID]) -> dict[UUID, float] | None:
    """What the workers last said; None tells that Redis is away."""
    if not running:
        return {} if is_there() else None
    try:
        kept = connection().mget([progress_key(pk) for pk in running])
    except redis.RedisError:
        return None
    found = {pk: _share(value) for pk, value in zip(running, kept, strict=True)}
    return {pk: share for pk, share in found.items() if share is not None}


def _share(written: Any) -> float | None:
    """What is written as a progress, if it is one."""
    try:
        return share if 0 <= (share := float(written)) <= 1 else None
    except UNREADABLE:
        return None


def _workers() -> list[dict[str, Any]]:
    held = dict(Job.objects.holding().values_list("worker", "pk"))
    able = live_workers().filter(Q(up=True) | Q(name__in=held))  # one may have a job before it is told to be up
    return [_worker(worker, held.get(worker.name)) for worker in able.order_by("name")]


def _worker(worker: Worker, job_id: UUID | None) -> dict[str, Any]:
    return {
        "name": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "state": "draining" if worker.draining else "busy" if job_id else "idle",
        "job_id": str(job_id) if job_id else None,
        "heartbeat_at": moment(worker.heartbeat_at),
    }
