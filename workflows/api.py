"""REST: node types and workflows. What concerns their jobs as well is in `runs.api`."""

import re
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from ninja import Query as FromQuery, Router

from accounts.authentication import READ, WRITE, ApiRequest, Visible, visible
from accounts.idempotency import found_again, once
from accounts.paging import page, part_of
from accounts.problems import ProblemError, not_found
from accounts.schemas import Page, Paging, Whole
from workflows import files, saving
from workflows.errors import VersionMoved
from workflows.graph import Graph
from workflows.models import Workflow, WorkflowVersion
from workflows.registry import registry
from workflows.representation import version_document, workflow_document
from workflows.schemas import (
    NodeTypes,
    OlderGraph,
    VersionDocument,
    WorkflowBody,
    WorkflowChange,
    WorkflowDocument,
    WorkflowFile,
)

T = TypeVar("T")

_VERSION: Final = re.compile(r'"[0-9]{1,9}"')

router = Router(tags=["workflows"])
_visible_workflow = Visible[Workflow](lambda: Workflow.objects.select_related("graph"))


@router.get("/node-types", auth=READ, response=NodeTypes)
def node_types(request: ApiRequest, paging: FromQuery[Whole]) -> HttpResponse:  # noqa: ARG001 (ninja's name for it)
    """Every node type there is, by name; in parts where a `limit` is given."""
    part, following = part_of({each.type: each.as_dict() for each in registry.all()}, paging.limit, paging.cursor)
    return JsonResponse({"items": part, "next": following})


@router.get("/workflows", auth=READ, response=Page[WorkflowDocument])
def list_workflows(request: ApiRequest, paging: FromQuery[Paging]) -> HttpResponse:
    """The workflows that you may see, the last changed first."""
    rows = visible(Workflow.objects.select_related("graph"), request.auth)
    part = page(rows, order="-updated_at", limit=paging.limit, cursor=paging.cursor)
    return JsonResponse(part.document(workflow_document))


@router.post("/workflows", auth=WRITE, response={201: WorkflowDocument, 200: WorkflowDocument})
def create_workflow(request: ApiRequest, body: WorkflowBody) -> HttpResponse:
    """A new workflow, which may be a draft."""
    return created(request, files.Document(body.name, body.description, saving.parsed(body.graph)))


@router.get("/workflows/{uuid:workflow_id}", auth=READ, response=WorkflowDocument)
def read_workflow(request: ApiRequest, workflow_id: UUID) -> HttpResponse:
    """One workflow, with its graph and the parameters that its inputs make. Its ETag is its version, for `If-Match`."""
    return _answer(find(request, workflow_id))


@router.put("/workflows/{uuid:workflow_id}", auth=WRITE, response=WorkflowDocument)
def replace_workflow(request: ApiRequest, workflow_id: UUID, body: WorkflowBody) -> HttpResponse:
    """The workflow anew, at its next version. Its jobs stay what they are."""
    workflow = find(request, workflow_id)
    return _changed(request, workflow, body, saving.parsed(body.graph))


@router.patch("/workflows/{uuid:workflow_id}", auth=WRITE, response=WorkflowDocument)
def change_workflow(request: ApiRequest, workflow_id: UUID, body: WorkflowChange) -> HttpResponse:
    """Changes what is given, which makes the next version."""
    workflow = find(request, workflow_id)
    return _changed(request, workflow, body, None if body.graph is None else saving.parsed(body.graph))


@router.get("/workflows/{uuid:workflow_id}/versions", auth=READ, response=Page[VersionDocument])
def list_versions(request: ApiRequest, workflow_id: UUID, paging: FromQuery[Paging]) -> HttpResponse:
    """The versions of the workflow, the newest first."""
    part = page(find(request, workflow_id).versions.all(), order="-number", limit=paging.limit, cursor=paging.cursor)
    return JsonResponse(part.document(version_document))


@router.get("/workflows/{uuid:workflow_id}/versions/{int:number}", auth=READ, response=OlderGraph)
def read_version(request: ApiRequest, workflow_id: UUID, number: int) -> HttpResponse:
    """One version, with its graph."""
    version = _version(find(request, workflow_id), number)
    return JsonResponse({**version_document(version), "graph": version.graph.document})


@router.post("/workflows/{uuid:workflow_id}/versions/{int:number}/restoration", auth=WRITE, response=WorkflowDocument)
def restore_version(request: ApiRequest, workflow_id: UUID, number: int) -> HttpResponse:
    """Brings an older version's graph back, as the next version. `If-Match` as for a change."""
    workflow = find(request, workflow_id)
    _version(workflow, number)

    def bring_back(versions: list[int] | None) -> Workflow:
        def make() -> str:
            return str(saving.restore(workflow, number, versions=versions).pk)

        return found_again(request, find, once(request, request.auth, make, asked=request.body))

    return _answer(matched(request, bring_back))


@router.get("/workflows/{uuid:workflow_id}/export", auth=READ, response=WorkflowFile)
def export_workflow(request: ApiRequest, workflow_id: UUID) -> HttpResponse:
    """The workflow as a file, which `/workflows/import` takes. It refers to assets by their ids and holds none."""
    workflow = find(request, workflow_id)
    headers = {"Content-Disposition": content_disposition_header(True, files.file_name(workflow)) or "attachment"}
    shape = {"ensure_ascii": False, "indent": 2}
    return JsonResponse(files.document(workflow), headers=headers, json_dumps_params=shape)


def created(request: ApiRequest, document: files.Document, **more: object) -> HttpResponse:
    """The answer to a POST that makes a workflow of the document; what `more` there is stands beside its fields."""

    def make() -> str:
        fields = {"name": document.name, "description": document.description}
        return str(saving.make(request.auth.user, graph=document.graph, **fields).pk)

    made = once(request, request.auth, make, asked=request.body)
    workflow = found_again(request, find, made)
    headers = {**_tag(workflow), "Location": f"/api/v1/workflows/{made.name}"}
    return JsonResponse({**workflow_document(workflow), **more}, status=made.status, headers=headers)


def find(request: ApiRequest, workflow_id: UUID) -> Workflow:
    """The workflow with its graph, if these credentials may see it; else ProblemError 404."""
    workflow = _visible_workflow(request.auth, workflow_id)
    if workflow is None:
        raise not_found("There is no such workflow.")
    return workflow


def matched(request: ApiRequest, act: Callable[[list[int] | None], T]) -> T:
    """What `act` does with the versions that `If-Match` names; ProblemError 412 where the workflow has another."""
    try:
        return act(_versions(request.headers.get("If-Match", "*")))
    except VersionMoved as moved:
        raise ProblemError(412, str(moved), version=moved.version) from moved


def _changed(
    request: ApiRequest, workflow: Workflow, body: WorkflowBody | WorkflowChange, graph: Graph | None
) -> HttpResponse:
    fields = {"name": body.name, "description": body.description}
    return _answer(matched(request, lambda versions: saving.change(workflow, graph=graph, versions=versions, **fields)))


def _version(workflow: Workflow, number: int) -> WorkflowVersion:
    version = workflow.versions.select_related("graph").filter(number=number).first()
    if version is None:
        raise not_found("The workflow has no such version.")
    return version


def _versions(header: str) -> list[int] | None:
    """The versions in a list such as `"3", "4"`; None for any. What is no version matches none."""
    tags = [tag.strip() for tag in header.split(",")]
    return None if "*" in tags else [int(tag[1:-1]) for tag in tags if _VERSION.fullmatch(tag)]


def _answer(workflow: Workflow) -> HttpResponse:
    return JsonResponse(workflow_document(workflow), headers=_tag(workflow))


def _tag(workflow: Workflow) -> dict[str, str]:
    """What `If-Match` takes."""
    return {"ETag": f'"{workflow.version}"'}
