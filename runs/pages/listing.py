"""What the list pages show, each in a number of queries that does not grow with what they list."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from runs import queue
from runs.models import Asset, Job
from runs.states import ACTIVE, HOLDING, WAITING
from workflows import saving
from workflows.models import Workflow

JOBS_A_PAGE = 30
CARDS = 200
THUMBNAILS = 4


class Row(NamedTuple):
    """A job in a list: where it stands, and the first pictures that it made."""

    job: Job
    place: queue.Place
    thumbnails: list[Asset]

    @property
    def elapsed(self) -> float | None:
        """Seconds since a running job started."""
        if self.job.started_at is None or self.job.state not in HOLDING:
            return None
        return max((timezone.now() - self.job.started_at).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a workflow's jobs, newest first: those with numbers below `bound`, or from the newest.

    `before`: the `bound` of the next page, if any; `newer`: that of the one before, None for the first. `running` and
    `waiting` count all of the workflow's jobs.
    """

    rows: list[Row]
    bound: int | None
    before: int | None
    newer: int | None
    running: int
    waiting: int

    @property
    def first(self) -> bool:
        """Whether it begins with the newest."""
        return self.bound is None

    @property
    def active(self) -> bool:
        """Whether anything that it tells of may still change by itself."""
        return bool(self.running or self.waiting)

    @property
    def looks_every(self) -> str | None:
        """How often it is to be read again, as htmx writes it. An idle first page waits for jobs made elsewhere."""
        if self.first:
            return "1s" if self.active else "5s"
        return "1s" if any(row.job.state in ACTIVE for row in self.rows) else None


class Card(NamedTuple):
    """A workflow among all: how many of its jobs are active, when it last ran, and its newest picture's asset."""

    workflow: Workflow
    active: int
    last_run: datetime | None
    picture: UUID | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been drawn yet."""
        return saving.is_empty(self.workflow)


def page(workflow: Workflow, before: str | None) -> Page:
    """The jobs with numbers below `before` (any text that is no number means: from the newest)."""
    bound = int(before) if before and before.isdecimal() and len(before) < 10 else None
    newest = workflow.jobs.defer("traceback").order_by("-number").annotate(**_counts(workflow))
    jobs: list[Any] = list((newest if bound is None else newest.filter(number__lt=bound))[: JOBS_A_PAGE + 1])
    shown = jobs[:JOBS_A_PAGE]
    return Page(
        rows=list(_rows(shown)),
        bound=bound,
        before=shown[-1].number if len(jobs) > JOBS_A_PAGE else None,
        newer=None if bound is None else _newer(workflow, bound),
        running=jobs[0].running if jobs else 0,
        waiting=jobs[0].waiting if jobs else 0,
    )


def _counts(workflow: Workflow) -> dict[str, Coalesce]:
    """How many of the workflow's jobs run and wait, read at the same moment as the rows that they stand above."""
    states = {"running": HOLDING, "waiting": WAITING}
    return {name: Coalesce(_count(workflow.jobs.filter(state__in=among)), 0) for name, among in states.items()}


def _count(jobs: QuerySet[Job]) -> Subquery:
    return Subquery(jobs.order_by().values("workflow").annotate(many=Count("pk")).values("many"))


def _newer(workflow: Workflow, bound: int) -> int | None:
    """Where the page before begins; None where that is the first."""
    jobs = workflow.jobs.filter(number__gte=bound).order_by("number").values_list("number", flat=True)
    numbers = list(jobs[: JOBS_A_PAGE + 1])
    return numbers[-1] if len(numbers) > JOBS_A_PAGE else None


def last_params(workflow: Workflow) -> Mapping[str, object]:
    """What the newest job was submitted with; nothing before the first."""
    return workflow.jobs.order_by("-number").values_list("params", flat=True).first() or {}


def cards(user: User) -> list[Card]:
    """A person's workflows, the one that ran or changed last first."""
    jobs = Job.objects.filter(workflow=OuterRef("pk")).order_by("-created_at", "-id")
    mine: Iterable[Any] = Workflow.objects.visible_to(user).annotate(
        last_run=Subquery(jobs.values("created_at")[:1]), picture=newest_picture()
    )[:CARDS]
    counted = Job.objects.active().filter(owner=user).order_by().values_list("workflow").annotate(Count("pk"))
    active = dict(counted)
    found = [Card(each, active.get(each.pk, 0), each.last_run, each.picture) for each in mine]
    return sorted(found, key=lambda card: card.last_run or card.workflow.created_at, reverse=True)


def newest_picture() -> Subquery:
    """For a query of workflows: the asset that is each one's newest picture."""
    pictures = _pictured().filter(workflow=OuterRef("pk")).order_by("-created_at", "-id")
    return Subquery(pictures.values("pk")[:1])


def _pictured() -> QuerySet[Asset]:
    return Asset.objects.filter(blob__thumbnail__isnull=False).exclude(result="")


def _rows(jobs: Collection[Job]) -> Iterable[Row]:
    places = queue.places(jobs)
    thumbnails: defaultdict[UUID | None, list[Asset]] = defaultdict(list)
    for asset in _pictured().filter(job__in=[job.pk for job in jobs]).order_by("node", "index"):
        thumbnails[asset.job_id].append(asset)
    for job in jobs:
        yield Row(job, places.get(job.pk, queue.Place()), thumbnails[job.pk][:THUMBNAILS])
