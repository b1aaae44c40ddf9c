"""The ways a workflow is kept: made, and changed, each change as a version of its own. Drafts are welcome."""

from collections.abc import Collection
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from accounts.models import User
from workflows import graph as graphs
from workflows.errors import GraphInvalid, Problem, VersionMoved
from workflows.models import Graph, Workflow, WorkflowVersion

LONGEST_NAME = 200
EMPTY: Final[dict[str, Any]] = {"version": 1, "nodes": [], "edges": [], "notes": [], "groups": []}
"""What a new workflow is drawn on."""
LONGEST_DESCRIPTION = 10_000


def is_empty(workflow: Workflow) -> bool:
    """Whether nothing has been drawn in it yet. Reads no graph."""
    return workflow.graph_id == graphs.parse(EMPTY).digest


def parsed(document: object) -> graphs.Graph:
    """The graph that a document is. Raises GraphInvalid unless it is well-formed and within the settings' limits."""
    limits = graphs.Limits(settings.MAX_GRAPH_NODES, settings.MAX_GRAPH_EDGES, settings.MAX_GRAPH_BYTES)
    return graphs.parse(document, limits)


def check(name: object, description: object) -> None:
    """Whether a workflow may be called and described so, whoever asks. Raises GraphInvalid."""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or graphs.fault(name):
        message = f"A name is a text of 1 to {LONGEST_NAME} characters, not all blank, that can be kept."
        raise GraphInvalid([Problem("bad_value", message, property="name")])
    if not isinstance(description, str) or len(description) > LONGEST_DESCRIPTION or graphs.fault(description):
        message = f"A description is a text of up to {LONGEST_DESCRIPTION:,} characters that can be kept."
        raise GraphInvalid([Problem("bad_value", message, property="description")])


def make(owner: User, *, name: str, graph: graphs.Graph, description: str = "") -> Workflow:
    """A new workflow at version 1. Raises GraphInvalid for a name or a description that can't be kept."""
    check(name, description)
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
    """The workflow with what is given changed, at its next version, or as it is when nothing is given.

    Raises VersionMoved unless it is at one of `versions`, GraphInvalid as `make` does, Workflow.DoesNotExist when it is
    gone or about to go.
    """
    check("x" if name is None else name, "" if description is None else description)
    with transaction.atomic():
        workflow = Workflow.objects.select_for_update().get(pk=workflow.pk, leaving=False)
        if versions is not None and workflow.version not in versions:
            raise VersionMoved(workflow.version)
        if name is None and description is None and graph is None:
            return workflow
        changes: dict[str, Any] = {"name": name, "description": description}
        changes["graph"] = Graph.objects.keep(graph) if graph else None
        for field, value in changes.items():
            if value is not None:
                setattr(workflow, field, value)
        workflow.version += 1
        workflow.save(update_fields=("name", "description", "graph", "version", "updated_at"))
        _keep_version(workflow)
    return workflow


def restore(workflow: Workflow, number: int, *, versions: Collection[int] | None = None) -> Workflow:
    """The workflow with the graph of an older version, as its next one. Raises WorkflowVersion.DoesNotExist.

    And VersionMoved unless it is at one of `versions`.
    """
    older = workflow.versions.select_related("graph").get(number=number)
    return change(workflow, graph=older.graph.loaded(), versions=versions)


def _keep_version(workflow: Workflow) -> None:
    WorkflowVersion.objects.create(workflow=workflow, number=workflow.version, graph=workflow.graph)
