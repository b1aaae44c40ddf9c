"""Many jobs cancelled at once, some at a time, so that nobody who writes waits long."""

from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from runs import gate
from runs.errors import JobEnded
from runs.models import Job
from runs.states import State

_AT_ONCE: Final = 100


def cancel_all(jobs: QuerySet[Job], *, by: str, why: str = "") -> int:
    """The waiting among these jobs leave the queue, the first to start first; the running are told to stop.

    Answers how many of them that were.
    """
    cancelled = 0
    while left := gate.cancel_fresh(jobs, by=by, most=_AT_ONCE, why=why):
        cancelled += left
    rest = jobs.filter(state__in=[State.QUEUED, State.RUNNING])  # also those that a worker has given back
    return cancelled + sum(_cancel(job_id, by, why) for job_id in list(rest.values_list("pk", flat=True)))


def _cancel(job_id: UUID, by: str, why: str) -> bool:
    try:
        gate.cancel(job_id, by=by, why=why)
    except (JobEnded, Job.DoesNotExist):
        return False
    return True
