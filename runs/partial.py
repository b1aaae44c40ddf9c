"""Runs of a part of a workflow: which nodes run, and what stands in for the others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from runs.labels import LONGEST
from runs.models import Job
from runs.stock import Shelf
from workflows import parameters, portion
from workflows.errors import GraphInvalid, Problem
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.portion import Stock
from workflows.registry import registry
from workflows.schemas import ScopeBody


@dataclass(frozen=True, slots=True)
class Part:
    """What of a graph runs. `graph` has that alone, and the nodes that `stock` stands in for."""

    asked: ScopeBody
    whole: Graph
    graph: Graph
    runs: tuple[str, ...]
    stock: Stock
    before: Mapping[str, object]
    """The named job's parameters of nodes that run only because others need them."""

    @property
    def document(self) -> dict[str, Any]:
        """As the job tells it: what was asked for, which nodes run, and which are given what they made before."""
        asked = self.asked.model_dump(mode="json")
        return {**asked, "runs": list(self.runs), "given": list(self.stock)}

    def params(self, given: Mapping[str, object]) -> dict[str, object]:
        """These parameters, without those of nodes that do not run."""
        nodes = parameters.places(self.whole, registry, given)
        named = {key: value for key, value in given.items() if nodes.get(key) in {None, *self.runs}}
        return parameters.changed(self.graph, registry, self.before, named)

    def label(self, label: str) -> str:
        """The label of a run of it, which says what runs."""
        titles = [self._title(node) for node in dict.fromkeys(self.asked.nodes)]
        named = titles[0] if len(titles) == 1 else f"{len(titles)} nodes"
        said = f"from {named}" if self.asked.mode == "from" else f"only {named}"
        return " · ".join(filter(None, [said, label]))[:LONGEST]

    def _title(self, node_id: str) -> str:
        node = self.whole.node(node_id)
        declared = registry.get(node.type) if node else None
        return (node and node.title) or (declared.title if declared else node_id)


def of(workflow: Workflow, asked: ScopeBody, before: Stock | None = None) -> Part:
    """The part of the workflow that is asked for. `before`: what another run of it was given, to be given again.

    Raises GraphInvalid when it names what is not there, or nothing that can run.
    """
    graph, job = workflow.graph.loaded(), _job(workflow, asked.from_job)
    targets = _targets(graph, asked)
    shelf = Shelf(workflow, graph, portion.before(graph, targets), job, before)
    runs = portion.completed(graph, registry, targets, shelf.has)
    stock = {
        node: found
        for node, outputs in portion.needed(graph, registry, runs).items()
        if (found := shelf.of(node, outputs)) is not None
    }
    return Part(
        asked,
        graph,
        portion.cut(graph, registry, runs),
        tuple(node.id for node in graph.nodes if node.id in runs),
        stock,
        _of_job(graph, job, runs - targets),
    )


def _targets(graph: Graph, asked: ScopeBody) -> frozenset[str]:
    unknown = [node for node in asked.nodes if graph.node(node) is None]
    if unknown:
        raise GraphInvalid(_fault(f"There is no node “{node}” in this workflow.", "nodes", node) for node in unknown)
    if asked.mode == "node" and len(set(asked.nodes)) > 1:
        raise GraphInvalid([_fault("The mode “node” runs one node. Name one, or say “selection”.", "nodes")])
    targets = portion.asked(graph, asked.mode, asked.nodes)
    if not targets:
        raise GraphInvalid([_fault("Nothing of this would run, as it is bypassed. Bring it back in.", "nodes")])
    return targets


def _job(workflow: Workflow, job_id: UUID | None) -> Job | None:
    job = workflow.jobs.defer("traceback").filter(pk=job_id).first() if job_id else None
    if job_id and job is None:
        raise GraphInvalid([_fault("This workflow has no such job. Name one of its own, or none.", "from_job")])
    return job


def _fault(message: str, name: str, node: str | None = None) -> Problem:
    return Problem("bad_value", message, node, f"scope.{name}")


def _of_job(graph: Graph, job: Job | None, nodes: Collection[str]) -> dict[str, object]:
    params = job.params if job else {}
    found = parameters.places(graph, registry, params)
    return {key: value for key, value in params.items() if found.get(key) in nodes}
