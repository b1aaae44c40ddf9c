"""Rows for tests, each with what does not matter filled in."""

import itertools
from typing import Any

from django.utils import timezone

from accounts.models import User
from runs.models import Asset, Blob, Job, Worker
from runs.states import State
from workflows import graph as graphs
from workflows.models import Graph, Workflow, WorkflowVersion

_counter = itertools.count(1)

NOISE: dict[str, Any] = {
    "version": 1,
    "nodes": [
        {"id": "seed", "type": "input.integer", "properties": {"name": "seed", "value": 1}},
        {"id": "noise", "type": "image.noise", "properties": {"width": 32, "height": 32}},
        {"id": "out", "type": "output.result", "properties": {"name": "picture"}},
    ],
    "edges": [
        {"id": "e1", "source": "seed", "output": "value", "target": "noise", "input": "seed"},
        {"id": "e2", "source": "noise", "output": "image", "target": "out", "input": "value"},
    ],
}
"""seed → noise → picture."""

TEXT: dict[str, Any] = {
    "version": 1,
    "nodes": [
        {"id": "word", "type": "input.text", "properties": {"name": "word", "value": "hello"}},
        {"id": "out", "type": "output.result", "properties": {"name": "echo"}},
    ],
    "edges": [{"id": "e1", "source": "word", "output": "value", "target": "out", "input": "value"}],
}
"""The smallest graph that does something: word → echo."""


def waiting(seconds: float) -> dict[str, Any]:
    """A graph whose one step takes so long and can be cancelled at any time."""
    return {
        "version": 1,
        "nodes": [{"id": "wait", "type": "control.wait", "properties": {"seconds": seconds}}],
        "edges": [],
    }


def workflow(owner: User, document: dict[str, Any] | None = None, **fields: Any) -> Workflow:
    """A workflow of this graph, with its first version."""
    graph = Graph.objects.keep(graphs.parse(document or TEXT))
    made = Workflow.objects.create(owner=owner, graph=graph, **{"name": "A workflow", **fields})
    WorkflowVersion.objects.create(workflow=made, number=1, graph=graph)
    return made


def job(workflow: Workflow, **fields: Any) -> Job:
    """A waiting job at the end of the queue, put there without the gate."""
    number = next(_counter)
    given = {
        "owner": workflow.owner,
        "graph_id": workflow.graph_id,
        "workflow_version": workflow.version,
        "number": number,
        "place": number,
        "state": State.QUEUED,
        "created_at": timezone.now(),
    }
    made = Job.objects.create(workflow=workflow, **{**given, **fields})
    Workflow.objects.filter(pk=workflow.pk, jobs_made__lt=made.number).update(jobs_made=made.number)
    return made


def product(job: Job, node: str = "out", **fields: Any) -> Asset:
    """What a job made at a node: a text, unless the fields say otherwise."""
    given = {"owner_id": job.owner_id, "workflow_id": job.workflow_id, "node": node, "output": "value"}
    content = {"kind": "text", "value": f"by {job.number}", "created_at": timezone.now()}
    return Asset.objects.create(**{"job": job, **given, **content, **fields})


def picture(job: Job, node: str = "out", **fields: Any) -> Asset:
    """A picture with a thumbnail, as rows alone: their bytes are nowhere."""
    about = {"size": 1, "media_type": "image/png", "width": 4, "height": 3, "used_at": timezone.now()}
    thumbnail = Blob.objects.create(digest=f"{next(_counter):064x}", **{**about, "media_type": "image/webp"})
    blob = Blob.objects.create(digest=f"{next(_counter):064x}", thumbnail=thumbnail, **about)
    return product(job, node, **{"kind": "image", "value": None, "blob": blob, "output": "image", **fields})


def worker(name: str = "w1", **fields: Any) -> Worker:
    """A worker that its pool has just seen."""
    now = timezone.now()
    given = {"host": "here", "pid": 7, "pool": "p", "started_at": now, "heartbeat_at": now}
    return Worker.objects.create(name=name, **{**given, **fields})
