"""New jobs as rows: their numbers and places are reserved under the gate's lock, then they are written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts import compiled
from accounts.models import User
from runs import gate, steps, twins
from runs.errors import TooManyWaiting
from runs.models import Job
from runs.partial import Part
from workflows.models import Workflow


@dataclass(frozen=True, slots=True)
class Entry:
    """One job to come: its parameters as resolved."""

    id: UUID
    params: dict[str, object]
    label: str
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Numbers and places in a row for jobs that are submitted together. They belong to the workflow's owner."""

    workflow: Workflow
    by: str
    number: int
    place: int
    at: datetime
    steady: bool
    batch_id: UUID | None = None

    def job(self, index: int, entry: Entry) -> Job:
        """The job at this index, not yet saved."""
        return Job(
            id=entry.id,
            workflow=self.workflow,
            workflow_version=self.workflow.version,
            graph_id=self.workflow.graph_id,
            owner_id=self.workflow.owner_id,
            batch_id=self.batch_id,
            number=self.number + index,
            place=self.place + index,
            label=entry.label,
            params=entry.params,
            scope=entry.part.document if entry.part else None,
            twin=twins.key(self.workflow.graph_id, entry.params) if self.steady and not entry.part else None,
            created_at=self.at + timedelta(microseconds=index),  # lists by time show them in this order too
        )


def reserve(user: User, workflow: Workflow, count: int, *, lane: str, batch_id: UUID | None = None) -> Stretch:
    """The workflow's next numbers, at the end of the lane. Only under the gate's lock. Raises TooManyWaiting."""
    refuse_beyond(workflow.owner_id, count)
    last = steps.take_numbers(workflow.pk, count)
    if last is None:
        raise Workflow.DoesNotExist  # it has been deleted meanwhile
    steady = twins.steady(workflow.graph)
    return Stretch(
        workflow, user.get_username(), last - count + 1, gate.next_place(lane), timezone.now(), steady, batch_id
    )


def insert(jobs: Iterable[Job], by: str) -> None:
    """Writes the jobs, each with the first step of its history."""
    jobs = list(jobs)
    compiled.insert(jobs)
    steps.begin(jobs, by)


def refuse_beyond(owner_id: UUID, more: int) -> None:
    """Raises TooManyWaiting if with so many more too many of the owner's jobs would wait.

    While fewer wait altogether, nobody's are told apart.
    """
    left = settings.MAX_WAITING_JOBS_PER_USER - more
    if left < 0 or (steps.more_wait_than(left) and Job.objects.waiting().filter(owner_id=owner_id)[left:].exists()):
        raise TooManyWaiting(
            f"{settings.MAX_WAITING_JOBS_PER_USER:,} jobs of one person may wait, and with this there would be more. "
            "Wait for some to end, or cancel some."
        )
