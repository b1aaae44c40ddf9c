"""REST: what concerns a workflow and its jobs at once. `workflows` knows of no jobs, so these calls join its router."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse

from accounts.authentication import READ, WRITE, ApiRequest
from runs import submit
from runs.removal import remove_workflow
from workflows.api import find, router
from workflows.schemas import Errors, ValidationBody


@router.delete("/workflows/{uuid:workflow_id}", auth=WRITE, response={204: None})
def delete_workflow(request: ApiRequest, workflow_id: UUID) -> HttpResponse:
    """Deletes the workflow with its jobs and what they made; 409 while one of them is active."""
    remove_workflow(find(request, workflow_id))
    return HttpResponse(status=204)


@router.post("/workflows/{uuid:workflow_id}/validation", auth=READ, response=Errors)
def validate_workflow(request: ApiRequest, workflow_id: UUID, body: ValidationBody | None = None) -> HttpResponse:
    """Everything that keeps the workflow from running with these parameters, all at once."""
    params = body.params if body else {}
    problems = submit.validate(find(request, workflow_id), params)
    return JsonResponse({"errors": [problem.as_dict() for problem in problems]})
