"""Whether a worker still has its job. Who is late (it was stopped, or cut off) writes nothing, in no store."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet

from runs.errors import LostLease
from runs.gate import Claim
from runs.models import Job
from runs.states import HOLDING, State

PASSED_ON = "The job has passed on to another worker, has ended, or is deleted."


def look(claim: Claim) -> State:
    """The state in which the worker holds the job. Raises LostLease."""
    found = _as_claimed(claim).values_list("state", flat=True).first()
    if found not in HOLDING:
        raise LostLease(PASSED_ON)
    return State(found)


def lock(claim: Claim) -> None:
    """Nobody can take the job away before the transaction ends. Raises LostLease."""
    if not _locked(_as_claimed(claim).filter(state__in=HOLDING)):
        raise LostLease(PASSED_ON)


@contextmanager
def own(claim: Claim) -> Iterator[None]:
    """While the block runs, the job is this worker's, or was ended by it, and can't be deleted. Raises LostLease."""
    with transaction.atomic():
        if not _locked(_as_claimed(claim)):
            raise LostLease(PASSED_ON)
        yield


def _as_claimed(claim: Claim) -> "QuerySet[Job]":
    """By its worker too: a job that was deleted, and another that was then given its id, may have had equal fences."""
    return Job.objects.filter(pk=claim.job_id, fence=claim.fence, worker=claim.worker)


def _locked(jobs: "QuerySet[Job]") -> bool:
    return jobs.select_for_update(of=("self",)).values_list("pk", flat=True).first() is not None
