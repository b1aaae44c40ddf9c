"""The ways a workflow is kept: made, and changed, each change as a version of its own. Drafts are welcome."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from workflows import graph as graphs
from workflows.errors import VersionMoved
from workflows.models import Graph, Workflow, WorkflowVersion


def parsed(document: object) -> graphs.Graph:
    """The graph that a document is. Raises GraphInvalid unless it is well-formed and within the settings' limits."""
    limits = graphs.Limits(settings.MAX_GRAPH_NODES, settings.MAX_GRAPH_EDGES, settings.MAX_GRAPH_BYTES)
    return graphs.parse(document, limits)


def make(owner: User, *, name: str, graph: graphs.Graph, description: str = "") -> Workflow:
    """A new workflow at version 1."""
    with transaction.atomic():
        workflow = Workflow.objects.create(
            owner=owner, name=name, description=description, graph=Graph.objects.keep(graph)
        )
        _keep_version(workflow)
    return workflow


def change(
    workflow: Workflow,
    *,
    name: str | None = None,
    description: str | None = None,
    graph: graphs.Graph | None = None,
    versions: Collection[int] | None = None,
) -> Workflow:
    """The workflow with what is given changed, at its next version; VersionMoved unless it is at one of `versions`."""
    with transaction.atomic():
        workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
        if versions is not None and workflow.version not in versions:
            raise VersionMoved(workflow.version)
        changes: dict[str, Any] = {"name": name, "description": description}
        changes["graph"] = Graph.objects.keep(graph) if graph else None
        for field, value in changes.items():
            if value is not None:
                setattr(workflow, field, value)
        workflow.version += 1
        workflow.save(update_fields=("name", "description", "graph", "version", "updated_at"))
        _keep_version(workflow)
    return workflow


def _keep_version(workflow: Workflow) -> None:
    WorkflowVersion.objects.create(workflow=workflow, number=workflow.version, graph=workflow.graph)
