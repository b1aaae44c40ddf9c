"""Whether a worker still has its job. Who is late (it was stopped, or cut off) writes nothing, in no store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, IntegerField, QuerySet, UUIDField

from accounts.compiled import Compiled
from runs.errors import LostLease
from runs.gate import Claim
from runs.models import Job
from runs.states import HOLDING, State

_CLAIM: Final[dict[str, Any]] = {"pk": UUIDField(), "fence": IntegerField(), "worker": CharField()}
_LOOK: Final = Compiled[str](lambda **claim: Job.objects.filter(**claim).values_list("state", flat=True), **_CLAIM)
_LOCK: Final = Compiled[UUID](lambda **claim: _locked(Job.objects.filter(**claim)), **_CLAIM)
_LOCK_HELD: Final = Compiled[UUID](lambda **claim: _locked(Job.objects.filter(**claim, state__in=HOLDING)), **_CLAIM)
PASSED_ON = "The job has passed on to another worker, has ended, or is deleted."


def look(claim: Claim) -> State:
    """The state in which the worker holds the job. Raises LostLease."""
    found = _LOOK.first(**_named(claim))
    if found not in HOLDING:
        raise LostLease(PASSED_ON)
    return State(found)


def lock(claim: Claim) -> None:
    """Nobody can take the job away before the transaction ends. Raises LostLease."""
    if _LOCK_HELD.first(**_named(claim)) is None:
        raise LostLease(PASSED_ON)


@contextmanager
def own(claim: Claim) -> Iterator[None]:
    """While the block runs, the job is this worker's, or was ended by it, and can't be deleted. Raises LostLease."""
    with transaction.atomic():
        if _LOCK.first(**_named(claim)) is None:
            raise LostLease(PASSED_ON)
        yield


def _named(claim: Claim) -> dict[str, Any]:
    return {"pk": claim.job_id, "fence": claim.fence, "worker": claim.worker}


def _locked(jobs: "QuerySet[Job]") -> "QuerySet[Job, UUID]":
    return jobs.select_for_update(of=("self",)).values_list("pk", flat=True)
