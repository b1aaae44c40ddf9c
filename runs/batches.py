"""Many jobs of one workflow at once: every combination of a grid of parameters, made all or none."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Sum
from django.utils import timezone

from accounts.models import User
from accounts.plain_json import moment
from runs import making, naming, readiness
from runs.entry import Entry
from runs.grid import Grid
from runs.labels import batch_labels
from runs.models import FIRST_FAILURE, RULES, Asset, Batch, Job
from runs.states import ACTIVE, State
from runs.submit import label_of
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
    stop: dict[str, Any] | None = None
    """When it stops before its last job, by the rules of `runs.models.RULES`."""


def plan(
    workflow: Workflow, grid: Grid, *, lane: str = "normal", stop: dict[str, Any] | None = None, dry: bool = False
) -> Plan:
    """Checks every run of the grid, and draws its seeds; a dry plan's labels leave them open.

    Raises GraphInvalid with all that is wrong.
    """
    problems = grid.problems(settings.MAX_BATCH_JOBS)
    found, unfit = readiness.check(workflow, [grid.first()] if problems else list(grid.combinations()))
    if problems or unfit:
        raise GraphInvalid([*problems, *unfit])
    return Plan(workflow, found.params, _labels(workflow, grid, found, dry=dry), lane, stop or None)


def make(user: User, plan: Plan, *, focus: bool = True) -> UUID:
    """The batch's jobs at the end of their lane, all or none. The lens goes to the first, unless it is pinned.

    Raises TooManyWaiting.
    """
    with written(user, plan) as batch_id:
        making.release(user, batch_id, focus=focus)
    return batch_id


@contextmanager
def written(user: User, plan: Plan) -> Iterator[UUID]:
    """The batch's jobs, which nobody sees; those that are not released within the block are removed.

    Raises TooManyWaiting.
    """
    entries = [Entry(uuid.uuid4(), *each) for each in zip(plan.params, plan.labels, strict=True)]
    batch_id = making.write(user, plan.workflow, entries, lane=plan.lane, stop=plan.stop)
    try:
        yield batch_id
    finally:
        making.clear(batch_id)


def jobs_of(batch_id: UUID) -> list[Job]:
    """The batch's jobs in grid order."""
    return list(Job.objects.filter(batch_id=batch_id).defer("traceback").order_by("number"))


def document(batch: Batch) -> dict[str, Any]:
    """The batch as `GET /batches/{id}` gives it, in two queries over its jobs and their products."""
    jobs = Job.objects.filter(batch_id=batch.pk).order_by()
    rows = list(jobs.values_list("state").annotate(Count("pk"), Max("ended_at"), Sum("cost")))
    counted = {state: count for state, count, _, _ in rows}
    costs = [cost for *_, cost in rows if cost is not None]
    active = any(state in counted for state in ACTIVE)
    began = batch.released_at or batch.created_at
    last = max((last for _, _, last, _ in rows if last), default=began)
    stopped = {"at": moment(batch.stopped_at), "by": batch.stopped_by, "message": batch.stopped_why}
    return {
        "id": str(batch.pk),
        "workflow_id": str(batch.workflow_id),
        "count": batch.count,
        "states": {state: counted.get(state, 0) for state in State},
        "stop": {FIRST_FAILURE: False, **dict.fromkeys(RULES[1:]), **(batch.stop or {})},
        "stopped": stopped if batch.stopped_at else None,
        "spent": {
            "seconds": ((timezone.now() if active else last) - began).total_seconds(),
            "bytes": Asset.objects.filter(job__batch_id=batch.pk).room(),
            "cost": sum(costs) if costs else None,
        },
        "created_at": moment(batch.created_at),
        "ended_at": None if active else moment(last),
    }


def _labels(workflow: Workflow, grid: Grid, found: Variations, *, dry: bool) -> list[str]:
    """What tells the runs from each other, in the words that people have for the parameters."""
    titles = naming.titles(parameters.declared(workflow.graph.loaded(), registry))
    named = naming.files(*found.params)
    axes, drawn = ([titles.get(name, name) for name in names] for names in (grid.axes, found.drawn if dry else ()))
    labels = batch_labels([naming.in_words(each, titles, named) for each in found.params], axes, grid.repeat, drawn)
    return labels if any(labels) else [label_of(workflow, found.params[0])] * len(labels)
