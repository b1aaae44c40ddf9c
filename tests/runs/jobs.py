"""Jobs that are claimed and run as a worker does it, for tests."""

from typing import Any

from accounts.models import User
from runs import gate, tail
from runs.gate import Claim
from runs.models import Job
from runs.telemetry import Snapshot
from runs.worker.executor import Executor
from tests import factories
from workflows.models import Workflow


def claimed(owner: User, document: dict[str, Any] | None = None, **fields: Any) -> Claim:
    """A job of this graph that a worker has just claimed."""
    return _claimed(factories.workflow(owner, document), **fields)


def ran(owner: User, document: dict[str, Any] | None = None, **fields: Any) -> Job:
    """A job of this graph that a worker has run to its end."""
    return _carried_out(claimed(owner, document, **fields))


def ran_again(job: Job, **fields: Any) -> Job:
    """Another job of the same workflow that a worker has run to its end."""
    return _carried_out(_claimed(job.workflow, **fields))


def worked_off() -> None:
    """A worker has run all jobs that wait, one after another."""
    while claim := gate.claim("a worker"):
        _carried_out(claim)


def _claimed(workflow: Workflow, **fields: Any) -> Claim:
    factories.job(workflow, **fields)
    claim = gate.claim("a worker")
    assert claim is not None
    return claim


def _carried_out(claim: Claim) -> Job:
    executor = Executor()
    try:
        executor.execute(claim)
    finally:
        executor.close()
    return Job.objects.get(pk=claim.job_id)


def told(job: Job) -> Snapshot:
    """All the telemetry that the ended job keeps."""
    standing = tail.stored(job.pk)
    assert standing is not None
    return standing.snapshot


def cached(job: Job) -> set[str]:
    """The nodes of the ended job that had nothing to compute."""
    return {node for node, fields in told(job)["nodes"].items() if fields.get("cached")}


def graph(nodes: dict[str, tuple[str, dict[str, Any]]], *edges: str) -> dict[str, Any]:
    """`{"n1": ("text.stream", {…})}` and edges such as `n1.text > n2.value`."""
    return {
        "version": 1,
        "nodes": [{"id": name, "type": kind, "properties": given} for name, (kind, given) in nodes.items()],
        "edges": [_edge(number, edge) for number, edge in enumerate(edges)],
    }


def _edge(number: int, edge: str) -> dict[str, str]:
    (source, output), (target, port) = (end.split(".") for end in edge.split(" > "))
    return {"id": f"e{number}", "source": source, "output": output, "target": target, "input": port}
