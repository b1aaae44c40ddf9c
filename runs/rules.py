"""When a batch stops before its last job: at the first failure, or when its time, room or money is spent."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from runs.models import BYTES, COST, FIRST_FAILURE, SECONDS, Asset, Batch, Job
from runs.states import State

_WHY: Final = {
    SECONDS: "The batch has taken the {budget:g} s that it might.",
    BYTES: "The runs of the batch have made the {budget:,} bytes that they might.",
    COST: "The runs of the batch have cost the ${budget:g} that they might.",
}
STOP_FIELDS: Final = ("stopped_at", "stopped_by", "stopped_why", "stopping", "stops_at")
_THEN: Final = "This run was not to go on then; run it again if you want it all the same."


def count(batch_id: UUID, job: Job, state: State, cost: float | None) -> Batch | None:
    """Counts for the job's batch what the job has spent, now that it ends so. Within the transaction that ends it.

    Answers the batch if it has stopped, be it just now. It starts no job any more then; see `runs.halting`. A job that
    is cancelled then gets its error. The job's row is locked before the batch's, as everywhere.
    """
    batch = Batch.objects.select_for_update().filter(pk=batch_id, stop__isnull=False).first()
    if batch is None:
        return None
    if batch.stopped_at is None:
        _spend(batch, job, state, cost)
    if batch.stopped_at is None:
        return None
    if state == State.CANCELLED:
        Job.rows.filter(pk=job.pk).update(error=batch.error)
    return batch


def explain(cancelled: Collection[Job]) -> None:
    """Gives the jobs whose batch has stopped its error. Within the transaction that cancels them."""
    batches = {job.batch_id for job in cancelled if job.batch_id}
    for batch in Batch.objects.select_for_update().filter(pk__in=batches, stopped_at__isnull=False).order_by("pk"):
        Job.rows.filter(pk__in=[job.pk for job in cancelled], batch_id=batch.pk).update(error=batch.error)


def stop(batch: Batch, rule: str, why: str, at: datetime) -> None:
    """Notes that the batch has stopped. Who calls saves it."""
    batch.stopped_at, batch.stopped_by, batch.stopped_why = at, rule, f"{why} {_THEN}"
    batch.stopping, batch.stops_at = True, None


def out_of_time(batch: Batch) -> str:
    """Why a batch stops whose time is spent."""
    return _WHY[SECONDS].format(budget=(batch.stop or {})[SECONDS])


def is_at_work(batch: Batch, but: Job | None = None) -> bool:
    """Whether it has a job, but this one, that waits or runs: one that has nothing left to do has kept its time."""
    active = Job.objects.active().filter(batch_id=batch.pk)
    return (active.exclude(pk=but.pk) if but else active).exists()


def _spend(batch: Batch, job: Job, state: State, cost: float | None) -> None:
    """Counts what the job has spent, and stops the batch if that is too much."""
    if job.fence:  # else it has never begun
        batch.bytes += Asset.objects.filter(job=job).room()
        batch.cost = batch.cost if cost is None else (batch.cost or 0.0) + cost
    _judge(batch, job, state)
    batch.save(update_fields=("bytes", "cost", *STOP_FIELDS))


def _judge(batch: Batch, job: Job, state: State) -> None:
    if state == State.FAILED and (batch.stop or {}).get(FIRST_FAILURE):
        why = f"Run #{job.number} failed, and its batch stops at the first failure."
        stop(batch, FIRST_FAILURE, why, timezone.now())
        return
    now = timezone.now()
    if batch.stops_at and batch.stops_at <= now and is_at_work(batch, but=job):
        stop(batch, SECONDS, out_of_time(batch), now)
        return
    spent = next((rule for rule in (BYTES, COST) if batch.spent(rule)), None)
    if spent:
        stop(batch, spent, _WHY[spent].format(budget=(batch.stop or {})[spent]), now)
