"""The way into the queue: everything is checked first, then one transaction makes the job, or nothing is made."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import UUIDField

from accounts.compiled import Compiled
from accounts.models import User
from runs import entry, gate, lens, naming, partial, publish, readiness, wake, webhooks
from runs.entry import Entry
from runs.errors import JobExists
from runs.labels import label
from runs.models import Job, JobStock
from runs.partial import Part
from workflows import parameters
from workflows.errors import GraphInvalid, Problem
from workflows.models import Workflow
from workflows.portion import Stock
from workflows.registry import registry
from workflows.schemas import ScopeBody

_TAKEN: Final = Compiled[UUID](lambda pk: Job.rows.filter(pk=pk).values_list("pk", flat=True), pk=UUIDField())
_NEWEST_PARAMS: Final = Compiled[Any](
    lambda workflow: Job.objects.filter(workflow_id=workflow).order_by("-number").values_list("params", flat=True)[:1],
    workflow=UUIDField(),
)


@dataclass(frozen=True, slots=True)
class Order:
    """What a submit asks for. `label` None: Loupe finds one; `focus` False: the lens stays where it is."""

    params: Mapping[str, object] = field(default_factory=dict)
    id: UUID | None = None
    label: str | None = None
    lane: str = "normal"
    focus: bool = True
    scope: ScopeBody | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    stock: Stock | None = None
    """What another run of the same scope was given."""


def submit(user: User, workflow: Workflow, order: Order) -> Job:
    """A new job at the end of the queue, with its seeds drawn. It belongs to the workflow's owner, whoever submits it.

    Raises GraphInvalid with every problem there is, JobExists when the id is taken, or TooManyWaiting. Nothing is made
    then.
    """
    part = partial.of(workflow, order.scope, order.stock) if order.scope else None
    found, problems = readiness.check(workflow, [part.params(order.params) if part else order.params], part)
    if problems:
        raise GraphInvalid(problems)
    found_label = label_of(workflow, found.params[0], part) if order.label is None else order.label
    with transaction.atomic():
        gate.lock()
        if order.id is not None and _TAKEN.first(pk=order.id):
            raise JobExists("A job with this id exists already. Leave `id` out, or choose a new one.")
        stretch = entry.reserve(user, workflow, 1, lane=order.lane)
        job = stretch.job(0, Entry(order.id or uuid.uuid4(), found.params[0], found_label, part))
        entry.insert([job], by=stretch.by)
        if part:
            JobStock.objects.create(job=job, document=part.stock)
        if order.webhook_url and order.webhook_secret:
            webhooks.add_to(job, order.webhook_url, order.webhook_secret)
        hints = publish.change(job.pk, workflow.pk, job.version)
        if order.focus:
            hints += lens.follow(user, job)
        transaction.on_commit(lambda: wake.wake_for_one(hints))
    return job


def rerun(user: User, job: Job, changes: Mapping[str, object]) -> Job:
    """A new job of the very graph that this one ran, with its parameters but for these changes. Raises as `submit`."""
    as_it_was = job.workflow.of_version(job.workflow_version, job.graph)
    params = parameters.changed(job.graph.loaded(), registry, job.params, changes)
    if job.scope is None:
        return submit(user, as_it_was, Order(params))
    named = job.workflow.jobs.filter(pk=job.scope["from_job"]).values_list("pk", flat=True).first()
    scope = ScopeBody(mode=job.scope["mode"], nodes=job.scope["nodes"], from_job=named)
    return submit(user, as_it_was, Order(params, scope=scope, stock=job.stock.document))


def validate(workflow: Workflow, params: Mapping[str, object]) -> list[Problem]:
    """Everything that keeps this workflow from running with these parameters."""
    return validate_part(workflow, params, None)[0]


def validate_part(
    workflow: Workflow, params: Mapping[str, object], scope: ScopeBody | None
) -> tuple[list[Problem], Part | None]:
    """Everything that keeps a part of this workflow from running with these parameters; and that part."""
    try:
        part = partial.of(workflow, scope) if scope else None
    except GraphInvalid as error:
        return list(error.problems), None
    return readiness.check(workflow, [part.params(params) if part else params], part)[1], part


def label_of(workflow: Workflow, params: dict[str, object], part: Part | None = None) -> str:
    """What tells a run with these parameters from the workflow as it is saved, or from the run before.

    Of a part: what runs, and only then what differs from the workflow as it is saved.
    """
    declared = parameters.declared(workflow.graph.loaded(), registry)
    saved = {parameter.name: parameter.default for parameter in declared}
    titles, named = naming.titles(declared), naming.files(params, saved)
    told, as_saved = (naming.in_words(each, titles, named) for each in (params, saved))
    if part:
        differs = any(as_saved.get(name) != value for name, value in told.items())
        return part.label(label(told, as_saved, lambda: None) if differs else "")
    return label(told, as_saved, lambda: _before(workflow, titles))


def _before(workflow: Workflow, titles: Mapping[str, str]) -> Mapping[str, object] | None:
    """What the newest run had, in words."""
    params = _NEWEST_PARAMS.first(workflow=workflow.pk)
    return params and naming.in_words(params, titles, naming.files(params))
