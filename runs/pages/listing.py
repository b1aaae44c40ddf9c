"""What the list pages show, each in a number of queries that does not grow with what they list."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from runs import queue
from runs.models import Asset, Job
from runs.states import ACTIVE, HOLDING, State
from workflows.models import Workflow

JOBS_A_PAGE = 30
CARDS = 200
THUMBNAILS = 4


class Row(NamedTuple):
    """A job in a list: where it stands, and the first pictures that it made."""

    job: Job
    place: queue.Place
    thumbnails: list[Asset]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a workflow's jobs, newest first. `before`: the number where the next page begins, if any."""

    rows: list[Row]
    before: int | None
    running: int
    waiting: int
    first: bool

    @property
    def active(self) -> bool:
        """Whether anything on the page may still change."""
        return bool(self.running or self.waiting)


class Card(NamedTuple):
    """A workflow among all: how many of its jobs are active, when it last ran, and its newest picture's asset."""

    workflow: Workflow
    active: int
    last_run: datetime | None
    picture: UUID | None


def page(workflow: Workflow, before: str | None) -> Page:
    """The jobs with numbers below `before` (any text that is no number means: from the newest)."""
    bound = int(before) if before and before.isdecimal() and len(before) < 10 else None
    newest = workflow.jobs.defer("traceback").order_by("-number")
    jobs = list((newest if bound is None else newest.filter(number__lt=bound))[: JOBS_A_PAGE + 1])
    shown = jobs[:JOBS_A_PAGE]
    counts = workflow.jobs.filter(state__in=ACTIVE).aggregate(
        running=Count("pk", filter=Q(state__in=HOLDING)), waiting=Count("pk", filter=Q(state=State.QUEUED))
    )
    before_next = shown[-1].number if len(jobs) > JOBS_A_PAGE else None
    return Page(rows=list(_rows(shown)), before=before_next, first=bound is None, **counts)


def last_params(workflow: Workflow) -> Mapping[str, object]:
    """What the newest job was submitted with; nothing before the first."""
    return workflow.jobs.order_by("-number").values_list("params", flat=True).first() or {}


def cards(user: User) -> list[Card]:
    """A person's workflows, the one that ran or changed last first."""
    jobs = Job.objects.filter(workflow=OuterRef("pk")).order_by("-created_at", "-id")
    pictures = _pictured().filter(workflow=OuterRef("pk")).order_by("-created_at", "-id")
    mine: Iterable[Any] = Workflow.objects.visible_to(user).annotate(
        last_run=Subquery(jobs.values("created_at")[:1]), picture=Subquery(pictures.values("pk")[:1])
    )[:CARDS]
    counted = Job.objects.active().filter(owner=user).order_by().values_list("workflow").annotate(Count("pk"))
    active = dict(counted)
    found = [Card(each, active.get(each.pk, 0), each.last_run, each.picture) for each in mine]
    return sorted(found, key=lambda card: card.last_run or card.workflow.created_at, reverse=True)


def _pictured() -> QuerySet[Asset]:
    return Asset.objects.filter(blob__thumbnail__isnull=False).exclude(result="")


def _rows(jobs: Collection[Job]) -> Iterable[Row]:
    places = queue.places(jobs)
    thumbnails: defaultdict[UUID | None, list[Asset]] = defaultdict(list)
    for asset in _pictured().filter(job__in=[job.pk for job in jobs]).order_by("node", "index"):
        thumbnails[asset.job_id].append(asset)
    for job in jobs:
        yield Row(job, places.get(job.pk, queue.Place()), thumbnails[job.pk][:THUMBNAILS])
