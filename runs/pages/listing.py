"""A person's workflows as cards, in a number of queries that does not grow with them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery

from accounts.models import User
from runs.models import Asset, Job
from runs.pages import marks
from runs.states import State
from workflows import saving
from workflows.models import Workflow

CARDS = 200


class Card(NamedTuple):
    """A workflow among all: how many of its jobs run and wait, when it last ran, and its newest picture's asset."""

    workflow: Workflow
    running: int
    waiting: int
    last_run: datetime | None
    picture: UUID | None
    lacks: tuple[str, ...]
    """Node types that it needs and that are not here."""

    @property
    def is_example(self) -> bool:
        """Whether it came with Loupe."""
        return self.workflow.description in marks.examples()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been drawn yet."""
        return saving.is_empty(self.workflow)


def last_params(workflow: Workflow) -> Mapping[str, object]:
    """What the newest job was submitted with; nothing before the first."""
    return workflow.jobs.order_by("-number").values_list("params", flat=True).first() or {}


def cards(user: User) -> list[Card]:
    """A person's workflows, the one that ran or changed last first."""
    jobs = Job.objects.filter(workflow=OuterRef("pk")).order_by("-number")
    mine: Iterable[Any] = Workflow.objects.visible_to(user).annotate(
        last_run=Subquery(jobs.values("created_at")[:1]), picture=newest_picture()
    )[:CARDS]
    waiting = Count("pk", filter=Q(state=State.QUEUED))
    mine_active = Job.objects.active().filter(owner=user).order_by().values_list("workflow")
    counted = mine_active.annotate(held=Count("pk"), queued=waiting)
    active = {pk: (held - queued, queued) for pk, held, queued in counted}
    shown = list(mine)
    lacks = marks.lacking({each.graph_id for each in shown})
    found = [
        Card(each, *active.get(each.pk, (0, 0)), each.last_run, each.picture, lacks.get(each.graph_id, ()))
        for each in shown
    ]
    return sorted(found, key=lambda card: card.last_run or card.workflow.created_at, reverse=True)


def newest_picture() -> Subquery:
    """For a query of workflows: the asset that is each one's newest picture."""
    pictured = {"blob__isnull": False, "blob__thumbnail__isnull": False}  # the former in the words of an index
    pictures = Asset.objects.filter(workflow=OuterRef("pk"), **pictured).exclude(result="")
    return Subquery(pictures.order_by("-created_at", "-id").values("pk")[:1])
