"""Which runs may go by themselves, with all that they made, and their deletion. What somebody holds on to stays."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from runs.errors import JobActive
from runs.models import Asset, Choice, Job, RunFocus
from runs.models.job import JobQuerySet
from runs.removal import remove_job
from workflows.models import Workflow

AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Rules:
    """What stays: runs that ended in the last `days`, and each workflow's newest `jobs` that ended. 0: no such rule."""

    days: float = 0
    jobs: int = 0

    @classmethod
    def of_settings(cls) -> "Rules":
        """Those of this installation."""
        return cls(settings.RETENTION_DAYS, settings.RETENTION_JOBS)

    def __bool__(self) -> bool:
        return bool(self.days or self.jobs)


def due(rules: Rules) -> int:
    """How many runs the rules let go, and nobody holds on to by a pinned lens or a choice."""
    return sum(part.count() for part in _due(rules))


def prune(rules: Rules, *, limit: int | None = None) -> int:
    """Deletes what is due, or so many runs of it, each in a transaction of its own. Answers how many are gone.

    What a run that is not over has been given stays until the next time.
    """
    left = sys.maxsize if limit is None else limit
    gone = 0
    for part in _due(rules):
        kept: set[UUID] = set()
        while found := list(part.exclude(pk__in=kept).order_by("number", "pk")[: min(AT_ONCE, left - gone)]):
            for job in found:
                if _is_used(job) or not _removed(job):
                    kept.add(job.pk)
                else:
                    gone += 1
    return gone


def _due(rules: Rules) -> Iterator[JobQuerySet]:
    """By age, then by number, workflow by workflow; no run is in two of them."""
    pinned = RunFocus.objects.filter(job=OuterRef("pk"), pinned=True)
    chosen = Choice.objects.filter(asset__job=OuterRef("pk"))
    free = Job.objects.ended().exclude(Exists(pinned)).exclude(Exists(chosen)).select_related("workflow")
    since = timezone.now() - timedelta(days=rules.days) if rules.days else None
    if since:
        yield free.filter(ended_at__lt=since)
        free = free.filter(ended_at__gte=since)
    if rules.jobs:
        newest = Job.objects.ended().filter(workflow=OuterRef("pk")).order_by("-number").values("number")
        first_to_go = Subquery(newest[rules.jobs : rules.jobs + 1])
        many = Workflow.objects.filter(jobs_made__gt=rules.jobs).order_by()
        for workflow, number in many.annotate(first=first_to_go).values_list("pk", "first"):
            if number is not None:
                yield free.filter(workflow=workflow, number__lte=number)


def _is_used(job: Job) -> bool:
    """Whether another run that is not over has been given one of its products."""
    others = Job.objects.active().filter(owner=job.owner_id)
    made = Asset.objects.filter(job=job).values_list("pk", flat=True)
    return others.exists() and any(others.given(asset).exists() for asset in made)


def _removed(job: Job) -> bool:
    try:
        remove_job(job)
    except (Job.DoesNotExist, JobActive):
        return False  # somebody was faster
    return True
