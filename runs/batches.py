"""Many jobs of one workflow at once: every combination of a grid of parameters, made all or none."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from runs import gate, lens, naming, publish, readiness, wake
from runs.grid import Grid
from runs.labels import batch_labels
from runs.models import Job
from runs.submit import Entry, admit, label_of
from workflows import parameters
from workflows.errors import GraphInvalid
from workflows.models import Workflow
from workflows.registry import registry
from workflows.variations import Variations

CONFIRMED_BEYOND = 50
"""So many jobs are made without being asked twice."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs that a batch would make, in their order."""

    workflow: Workflow
    params: Sequence[dict[str, object]]
    labels: Sequence[str]
    lane: str = "normal"


def plan(workflow: Workflow, grid: Grid, *, lane: str = "normal", dry: bool = False) -> Plan:
    """Checks every run of the grid, and draws its seeds; a dry plan's labels leave them open.

    Raises GraphInvalid with all that is wrong.
    """
    problems = grid.problems(settings.MAX_BATCH_JOBS)
    found, unfit = readiness.check(workflow, [grid.first()] if problems else list(grid.combinations()))
    if problems or unfit:
        raise GraphInvalid([*problems, *unfit])
    return Plan(workflow, found.params, _labels(workflow, grid, found, dry=dry), lane)


def make(user: User, plan: Plan, *, focus: bool = True) -> UUID:
    """The batch's jobs at the end of their lane, all or none. The lens goes to the first, unless it is pinned.

    Raises TooManyWaiting.
    """
    batch_id, workflow = uuid.uuid4(), plan.workflow
    entries = [Entry(uuid.uuid4(), *each) for each in zip(plan.params, plan.labels, strict=True)]
    with transaction.atomic():
        gate.lock()
        jobs = admit(user, workflow, entries, batch_id, lane=plan.lane)
        if focus:
            lens.follow(user, jobs[0])
        transaction.on_commit(lambda: _announce(workflow.pk, batch_id))
    return batch_id


def jobs_of(batch_id: UUID) -> list[Job]:
    """The batch's jobs in grid order."""
    return list(Job.objects.filter(batch_id=batch_id).defer("traceback").order_by("number"))


def _labels(workflow: Workflow, grid: Grid, found: Variations, *, dry: bool) -> list[str]:
    """What tells the runs from each other, in the words that people have for the parameters."""
    titles = naming.titles(parameters.declared(workflow.graph.loaded(), registry))
    named = naming.files(*found.params)
    axes, drawn = ([titles.get(name, name) for name in names] for names in (grid.axes, found.drawn if dry else ()))
    labels = batch_labels([naming.in_words(each, titles, named) for each in found.params], axes, grid.repeat, drawn)
    return labels if any(labels) else [label_of(workflow, found.params[0])] * len(labels)


def _announce(workflow_id: UUID, batch_id: UUID) -> None:
    wake.wake()
    publish.batch_made(workflow_id, batch_id)
