"""REST: which product runs of a part of a workflow take for a node."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from ninja import Query as FromQuery, Router

from accounts.authentication import READ, WRITE, ApiRequest, visible
from accounts.paging import page
from accounts.problems import fault, invalid, not_found
from accounts.schemas import Page, Paging
from runs.models import Asset, Choice
from runs.schemas import ChoiceBody, ChoiceDocument
from workflows.api import find as find_workflow

router = Router(tags=["choices"])


@router.get("/workflows/{uuid:workflow_id}/choices", auth=READ, response=Page[ChoiceDocument])
def list_choices(request: ApiRequest, workflow_id: UUID, paging: FromQuery[Paging]) -> HttpResponse:
    """The products that were chosen for nodes of the workflow."""
    rows = Choice.objects.filter(workflow=find_workflow(request, workflow_id))
    return JsonResponse(page(rows, order="id", limit=paging.limit, cursor=paging.cursor).document(_document))


@router.put("/workflows/{uuid:workflow_id}/nodes/{str:node}/choice", auth=WRITE, response=ChoiceDocument)
def choose(request: ApiRequest, workflow_id: UUID, node: str, body: ChoiceBody) -> HttpResponse:
    """Chooses a product that a job made at the node. It stays chosen, whatever runs, until another is or none."""
    workflow = find_workflow(request, workflow_id)
    if workflow.graph.loaded().node(node) is None:
        raise not_found("The workflow has no such node.")
    asset = visible(Asset.objects.filter(workflow=workflow, node=node), request.auth).filter(pk=body.asset_id).first()
    if asset is None:
        message = "This node has made no such product. Choose one of its own."
        raise invalid(fault("bad_value", message, node=node, name="asset_id"))
    chosen, _ = Choice.objects.update_or_create(workflow=workflow, node=node, defaults={"asset": asset})
    return JsonResponse(_document(chosen))


@router.delete("/workflows/{uuid:workflow_id}/nodes/{str:node}/choice", auth=WRITE, response={204: None})
def unchoose(request: ApiRequest, workflow_id: UUID, node: str) -> HttpResponse:
    """Takes the choice back: the newest product counts again."""
    chosen = {choice.node: choice for choice in find_workflow(request, workflow_id).choices.all()}
    if node not in chosen:
        raise not_found("Nothing is chosen for this node.")
    chosen[node].delete()
    return HttpResponse(status=204)


def _document(choice: Choice) -> dict[str, str]:
    return {"node": choice.node, "asset_id": str(choice.asset_id)}
