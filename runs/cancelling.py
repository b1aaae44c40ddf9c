"""Many jobs cancelled at once, some at a time, so that nobody who writes waits long."""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from runs import gate, publish
from runs.errors import JobEnded
from runs.models import Job, JobTransition
from runs.states import State

_AT_ONCE: Final = 100


def cancel_all(jobs: QuerySet[Job], *, by: str) -> int:
    """The waiting among these jobs leave the queue, the first to start first; the running are told to stop.

    Answers how many of them that were.
    """
    cancelled = 0
    while left := _take_out(jobs, by):
        cancelled += left
    rest = jobs.filter(state__in=[State.QUEUED, State.RUNNING])  # also those that a worker has given back
    return cancelled + sum(_cancel(job_id, by) for job_id in list(rest.values_list("pk", flat=True)))


def _take_out(jobs: QuerySet[Job], by: str) -> int:
    """Some that wait and have never begun: there is nothing that a worker may have told of them."""
    now = timezone.now()
    with transaction.atomic():
        fresh = jobs.filter(state=State.QUEUED, fence=0).select_for_update(of=("self",)).order_by("place")
        chosen = list(fresh.only("pk", "workflow_id", "version")[:_AT_ONCE])
        found = Job.objects.filter(pk__in=[job.pk for job in chosen], state=State.QUEUED, fence=0)
        count = found.update(state=State.CANCELLED, version=F("version") + 1, ended_at=now)
        JobTransition.objects.bulk_create(
            JobTransition(job=job, from_state=State.QUEUED, to_state=State.CANCELLED, at=now, by=by) for job in chosen
        )
        transaction.on_commit(lambda: _announce(chosen))
    return count


def _cancel(job_id: UUID, by: str) -> bool:
    try:
        gate.cancel(job_id, by=by)
    except (JobEnded, Job.DoesNotExist):
        return False
    return True


def _announce(jobs: list[Job]) -> None:
    for job in jobs:
        publish.job_changed(job.pk, job.workflow_id, job.version + 1)
