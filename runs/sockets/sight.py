"""What a process sees of the database when it looks for all its sockets at once: few queries, however many they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from uuid import UUID

from django.db.models import Count, Max, Sum, Window
from django.db.models.functions import RowNumber

from runs import gate, lens
from runs.lens import NOWHERE, Focus
from runs.models import Job
from runs.states import State
from workflows.models import Workflow

FRONT = 100
"""So many of a workflow's waiting jobs are told when they move up."""

Lens: TypeAlias = tuple[UUID, UUID]
"""A user's, on a workflow."""


class Crowd(NamedTuple):
    """A workflow's active jobs in three numbers, which are never the same again when a job comes, moves on or goes."""

    jobs: int
    newest: int
    versions: int


NOBODY = Crowd(0, 0, 0)


@dataclass(slots=True)
class Sight:
    """Versions of jobs that are there, positions of those that wait, crowds of workflows that are there, and lenses."""

    versions: dict[UUID, int] = field(default_factory=dict)
    positions: dict[UUID, int] = field(default_factory=dict)
    fronts: dict[UUID, dict[UUID, int]] = field(default_factory=dict)
    crowds: dict[UUID, Crowd] = field(default_factory=dict)
    lenses: Mapping[Lens, Focus] = field(default_factory=dict)

    def places(self, lens_of: Lens) -> dict[UUID, int]:
        """The positions of the workflow's first waiting jobs, and of the one in the lens."""
        focused = self.lenses.get(lens_of, NOWHERE).job_id
        front = self.fronts.get(lens_of[1], {})
        return {**front, focused: self.positions[focused]} if focused in self.positions else front


def look(jobs: Collection[UUID], lenses: Collection[Lens]) -> Sight:
    """Looks at these jobs, and at the workflows of these lenses."""
    sight, waiting = Sight(), {}
    workflows = {workflow for _, workflow in lenses}
    if jobs:
        found = list(Job.objects.filter(pk__in=jobs).values_list("pk", "version", "state", "place"))
        sight.versions = {pk: version for pk, version, _, _ in found}
        waiting = {pk: place for pk, _, state, place in found if state == State.QUEUED}
    if workflows:
        sight.lenses = lens.of_many(lenses)
        sight.crowds = _crowds(workflows)
        waiting |= _waiting({focus.job_id for focus in sight.lenses.values() if focus.job_id})
    crowded = [workflow for workflow, crowd in sight.crowds.items() if crowd.jobs]
    if crowded or waiting:
        places = gate.line()
        sight.positions = {pk: places[place] for pk, place in waiting.items() if place in places}
        sight.fronts = _fronts(crowded, places) if crowded else {}
    return sight


def _crowds(workflows: Collection[UUID]) -> dict[UUID, Crowd]:
    there = Workflow.objects.filter(pk__in=workflows).values_list("pk", flat=True)
    active = Job.objects.active().filter(workflow__in=workflows).order_by()
    counted = active.values_list("workflow_id").annotate(Count("pk"), Max("number"), Sum("version"))
    crowds = {workflow: Crowd(*numbers) for workflow, *numbers in counted}
    return {pk: crowds.get(pk, NOBODY) for pk in there}


def _waiting(jobs: Collection[UUID]) -> dict[UUID, int]:
    """The places of those of the jobs that wait."""
    return dict(Job.objects.waiting().filter(pk__in=jobs).order_by().values_list("pk", "place"))


def _fronts(workflows: Collection[UUID], places: Mapping[int, int]) -> dict[UUID, dict[UUID, int]]:
    """The positions of each workflow's first waiting jobs."""
    nth = Window(RowNumber(), partition_by="workflow_id", order_by="place")
    front = Job.objects.waiting().active().filter(workflow__in=workflows).annotate(nth=nth).filter(nth__lte=FRONT)
    fronts: dict[UUID, dict[UUID, int]] = {}
    for workflow, pk, place in front.values_list("workflow_id", "pk", "place"):
        if place in places:
            fronts.setdefault(workflow, {})[pk] = places[place]
    return fronts
