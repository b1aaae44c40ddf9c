"""The way into the queue: everything is checked first, then one transaction makes the job, or nothing is made."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from accounts.models import User
from runs import entry, gate, lens, naming, publish, readiness, wake
from runs.entry import Entry
from runs.errors import JobExists
from runs.labels import label
from runs.models import Job
from workflows import parameters
from workflows.errors import GraphInvalid, Problem
from workflows.models import Workflow
from workflows.registry import registry


@dataclass(frozen=True, slots=True)
class Order:
    """What a submit asks for. `label` None: Loupe finds one; `focus` False: the lens stays where it is."""

    params: Mapping[str, object] = field(default_factory=dict)
    id: UUID | None = None
    label: str | None = None
    lane: str = "normal"
    focus: bool = True


def submit(user: User, workflow: Workflow, order: Order) -> Job:
    """A new job at the end of the queue, with its seeds drawn. It belongs to the workflow's owner, whoever submits it.

    Raises GraphInvalid with every problem there is, JobExists when the id is taken, or TooManyWaiting. Nothing is made
    then.
    """
    found, problems = readiness.check(workflow, [order.params])
    if problems:
        raise GraphInvalid(problems)
    given = label_of(workflow, found.params[0]) if order.label is None else order.label
    with transaction.atomic():
        gate.lock()
        if order.id is not None and Job.rows.filter(pk=order.id).exists():
            raise JobExists("A job with this id exists already. Leave `id` out, or choose a new one.")
        stretch = entry.reserve(user, workflow, 1, lane=order.lane)
        job = stretch.job(0, Entry(order.id or uuid.uuid4(), found.params[0], given))
        entry.insert([job], by=stretch.by)
        if order.focus:
            lens.follow(user, job)
        transaction.on_commit(lambda: _announce(job))
    return job


def rerun(user: User, job: Job, changes: Mapping[str, object]) -> Job:
    """A new job of the very graph that this one ran, with its parameters but for these changes. Raises as `submit`."""
    as_it_was = job.workflow.of_version(job.workflow_version, job.graph)
    return submit(user, as_it_was, Order(parameters.changed(job.graph.loaded(), registry, job.params, changes)))


def validate(workflow: Workflow, params: Mapping[str, object]) -> list[Problem]:
    """Everything that keeps this workflow from running with these parameters."""
    return readiness.check(workflow, [params])[1]


def label_of(workflow: Workflow, params: dict[str, object]) -> str:
    """What tells a run with these parameters from the workflow as it is saved, or from the run before."""
    declared = parameters.declared(workflow.graph.loaded(), registry)
    saved = {parameter.name: parameter.default for parameter in declared}
    titles, named = naming.titles(declared), naming.files(params, saved)
    told, as_saved = (naming.in_words(each, titles, named) for each in (params, saved))
    return label(told, as_saved, lambda: _before(workflow, titles))


def _before(workflow: Workflow, titles: Mapping[str, str]) -> Mapping[str, object] | None:
    """What the newest run had, in words."""
    params = workflow.jobs.order_by("-number").values_list("params", flat=True).first()
    return params and naming.in_words(params, titles, naming.files(params))


def _announce(job: Job) -> None:
    wake.wake_for_one()  # first: a worker may begin while the others are told
    publish.job_changed(job.pk, job.workflow_id, job.version)
