"""The way into the queue: everything is checked first, then one transaction makes the job, or nothing is made."""

import contextlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from runs import gate, lens, naming, publish, wake
from runs.errors import JobExists, TooManyWaiting
from runs.labels import label
from runs.models import Asset, Job, JobTransition
from runs.states import State
from workflows import parameters, validation
from workflows.errors import GraphInvalid, Problem
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.ports import MEDIA
from workflows.registry import registry


@dataclass(frozen=True, slots=True)
class Order:
    """What a submit asks for. `label` None: Loupe finds one; `focus` False: the lens stays where it is."""

    params: Mapping[str, object] = field(default_factory=dict)
    id: UUID | None = None
    label: str | None = None
    focus: bool = True


def submit(user: User, workflow: Workflow, order: Order) -> Job:
    """A new job at the end of the queue, with its seeds drawn. It belongs to the workflow's owner, whoever submits it.

    Raises GraphInvalid with every problem there is, JobExists when the id is taken, or TooManyWaiting. Nothing is made
    then.
    """
    graph = workflow.graph.loaded()
    resolved, problems = _check(workflow, graph, order.params)
    if problems:
        raise GraphInvalid(problems)
    named = _label(workflow, graph, order, resolved)
    with transaction.atomic():
        gate.lock()
        job = _insert(user, workflow, order, resolved, named)
        if order.focus:
            lens.follow(user, job)
        transaction.on_commit(lambda: _announce(job))
    return job


def validate(workflow: Workflow, params: Mapping[str, object]) -> list[Problem]:
    """Everything that keeps this workflow from running with these parameters."""
    return _check(workflow, workflow.graph.loaded(), params)[1]


def _check(workflow: Workflow, graph: Graph, params: Mapping[str, object]) -> tuple[dict[str, object], list[Problem]]:
    resolved = parameters.resolve(graph, registry, params, draw_seed=_draw_seed)
    ready = parameters.apply(graph, resolved.params)
    problems = [*resolved.problems, *validation.check(ready, registry)]
    return resolved.params, problems or _asset_problems(workflow, ready)


def _draw_seed(minimum: int, maximum: int) -> int:
    return minimum + secrets.randbelow(maximum - minimum + 1)


def _asset_problems(workflow: Workflow, graph: Graph) -> list[Problem]:
    """Assets that the graph names and that are not there, not the owner's, or of another kind than is needed."""
    named = parameters.asset_references(graph)
    mine = Asset.objects.visible_to(workflow.owner).filter(pk__in=_uuids(named))
    kinds = {str(pk): kind for pk, kind in mine.values_list("pk", "kind")} if named else {}
    return [
        Problem("bad_value", message, node, name)
        for asset, places in named.items()
        for node, name in places
        if (message := _objection(kinds.get(asset), _kind(graph, node, name)))
    ]


def _objection(kind: str | None, needed: str) -> str | None:
    if kind is None:
        return "There is no such asset. Upload the file, and give the id of the answer."
    if needed in MEDIA - {"file", kind}:
        return f"An asset of kind “{needed}” is needed here, and this one is of kind “{kind}”. Upload a file that fits."
    return None


def _kind(graph: Graph, node_id: str, name: str) -> str:
    """The kind of value that a property takes; `file` where anything goes."""
    node = graph.node(node_id)
    declared = registry.get(node.type) if node else None
    given = declared.by_name.get(name) if declared else None
    return (given.port.items or given.port).kind if given else "file"


def _uuids(texts: Mapping[str, object]) -> list[UUID]:
    """Those that are ids at all."""
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(UUID(text))
    return found


def _insert(user: User, workflow: Workflow, order: Order, params: dict[str, object], named: str) -> Job:
    if order.id is not None and Job.objects.filter(pk=order.id).exists():
        raise JobExists("A job with this id exists already. Leave `id` out, or choose a new one.")
    if _is_full(workflow.owner_id):
        raise TooManyWaiting(
            f"{settings.MAX_WAITING_JOBS_PER_USER:,} jobs wait already. Wait for some to end, or cancel some."
        )
    if not Workflow.objects.filter(pk=workflow.pk).update(jobs_made=F("jobs_made") + 1):
        raise Workflow.DoesNotExist  # it has been deleted meanwhile
    number = Workflow.objects.values_list("jobs_made", flat=True).get(pk=workflow.pk)
    now = timezone.now()
    job = Job.objects.create(
        id=order.id or uuid.uuid4(),
        workflow=workflow,
        workflow_version=workflow.version,
        graph_id=workflow.graph_id,
        owner_id=workflow.owner_id,
        number=number,
        place=gate.next_place(),
        label=named,
        params=params,
        created_at=now,
    )
    JobTransition.objects.create(job=job, to_state=State.QUEUED, at=now, by=user.get_username())
    return job


def _is_full(owner_id: UUID) -> bool:
    """Whether as many of the owner's jobs wait as may. While fewer wait altogether, nobody's are told apart."""
    last = settings.MAX_WAITING_JOBS_PER_USER - 1
    line = Job.objects.waiting()
    return line[last : last + 1].exists() and line.filter(owner_id=owner_id)[last : last + 1].exists()


def _label(workflow: Workflow, graph: Graph, order: Order, params: dict[str, object]) -> str:
    if order.label is not None:
        return order.label
    declared = parameters.declared(graph, registry)
    saved = {parameter.name: parameter.default for parameter in declared}
    told, as_saved = (naming.in_words(each, declared, naming.files(params, saved)) for each in (params, saved))
    return label(told, as_saved, lambda: _before(workflow, declared))


def _before(workflow: Workflow, declared: list[parameters.Parameter]) -> Mapping[str, object] | None:
    """What the newest run had, in words."""
    params = workflow.jobs.order_by("-number").values_list("params", flat=True).first()
    return params and naming.in_words(params, declared, naming.files(params))


def _announce(job: Job) -> None:
    wake.wake_for_one()  # first: a worker may begin while the others are told
    publish.job_changed(job.pk, job.workflow_id, job.version)
