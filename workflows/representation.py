"""Workflows as other programs see them."""

from typing import Any

from accounts.plain_json import moment
from workflows import parameters
from workflows.models import Workflow, WorkflowVersion
from workflows.registry import registry


def workflow_document(workflow: Workflow) -> dict[str, Any]:
    """The workflow as `GET /workflows/{id}` gives it. Reads `workflow.graph`: select it beforehand."""
    graph = workflow.graph.loaded()
    declared = parameters.declared(graph, registry)
    return {
        "id": str(workflow.pk),
        "name": workflow.name,
        "description": workflow.description,
        "graph": graph.document,
        "version": workflow.version,
        "parameters": [parameter.as_dict() for parameter in declared],
        "created_at": moment(workflow.created_at),
        "updated_at": moment(workflow.updated_at),
    }


def version_document(version: WorkflowVersion) -> dict[str, Any]:
    """One version as a list of them shows it; equal graphs have equal digests."""
    return {"version": version.number, "digest": version.graph_id, "created_at": moment(version.created_at)}
