"""What the list pages show, each in a number of queries that does not grow with what they list."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Max, Q

from accounts.models import User
from runs import queue
from runs.models import Asset, Job
from runs.states import ACTIVE, HOLDING
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
    total: int
    first: bool

    @property
    def active(self) -> bool:
        """Whether anything on the page may still change."""
        return bool(self.running or self.waiting)


class Card(NamedTuple):
    """A workflow among all: how many run, when it last ran, and its newest picture."""

    workflow: Workflow
    active: int
    total: int
    last_run: datetime | None
    picture: Asset | None


def page(workflow: Workflow, before: str | None) -> Page:
    """The jobs with numbers below `before` (any text that is no number means: from the newest)."""
    bound = int(before) if before and before.isdecimal() and len(before) < 10 else None
    newest = workflow.jobs.defer("traceback").order_by("-number")
    jobs = list((newest if bound is None else newest.filter(number__lt=bound))[: JOBS_A_PAGE + 1])
    shown = jobs[:JOBS_A_PAGE]
    counts = workflow.jobs.aggregate(
        running=Count("pk", filter=Q(state__in=HOLDING)),
        waiting=Count("pk", filter=Q(state="queued")),
        total=Count("pk"),
    )
    before_next = shown[-1].number if len(jobs) > JOBS_A_PAGE else None
    return Page(rows=list(_rows(shown)), before=before_next, first=bound is None, **counts)


def last_params(workflow: Workflow) -> Mapping[str, object]:
    """What the newest job was submitted with; nothing before the first."""
    return workflow.jobs.order_by("-number").values_list("params", flat=True).first() or {}


def cards(user: User) -> list[Card]:
    """A person's workflows, the one that ran or changed last first."""
    mine = list(Workflow.objects.visible_to(user)[:CARDS])
    ids = [each.pk for each in mine]
    counted = Job.objects.filter(workflow__in=ids).values("workflow")
    counts = counted.annotate(active=Count("pk", filter=Q(state__in=ACTIVE)), total=Count("pk"), last=Max("created_at"))
    facts = {row["workflow"]: (row["active"], row["total"], row["last"]) for row in counts}
    pictures = _newest_pictures(ids)
    found = [Card(each, *facts.get(each.pk, (0, 0, None)), pictures.get(each.pk)) for each in mine]
    return sorted(found, key=lambda card: card.last_run or card.workflow.created_at, reverse=True)


def _rows(jobs: Collection[Job]) -> Iterable[Row]:
    places = queue.places(jobs)
    thumbnails: defaultdict[UUID | None, list[Asset]] = defaultdict(list)
    pictured = Asset.objects.filter(job__in=[job.pk for job in jobs], blob__thumbnail__isnull=False).exclude(result="")
    for asset in pictured.order_by("node", "index"):
        thumbnails[asset.job_id].append(asset)
    for job in jobs:
        yield Row(job, places.get(job.pk, queue.Place()), thumbnails[job.pk][:THUMBNAILS])


def _newest_pictures(workflows: Collection[UUID]) -> dict[UUID | None, Asset]:
    pictured = Asset.objects.filter(workflow__in=workflows, blob__thumbnail__isnull=False).exclude(result="")
    newest = pictured.values("workflow").annotate(at=Max("created_at"))
    wanted = Q(pk__in=())
    for row in newest:
        wanted |= Q(workflow=row["workflow"], created_at=row["at"])
    return {asset.workflow_id: asset for asset in pictured.filter(wanted)}
