"""REST: the lens, each person's own."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from ninja import Router

from accounts.authentication import READ, ApiRequest
from accounts.problems import fault, invalid
from runs import lens
from runs.api.jobs import find as find_job
from runs.schemas import FocusBody, FocusDocument
from workflows.api import find as find_workflow

router = Router(tags=["focus"])


@router.get("/workflows/{uuid:workflow_id}/focus", auth=READ, response=FocusDocument)
def read_focus(request: ApiRequest, workflow_id: UUID) -> HttpResponse:
    """Which job your canvas shows for the workflow, and whether it is pinned."""
    return JsonResponse(lens.of(request.auth.user, find_workflow(request, workflow_id).pk).as_dict())


@router.put("/workflows/{uuid:workflow_id}/focus", auth=READ, response=FocusDocument)
def choose_focus(request: ApiRequest, workflow_id: UUID, body: FocusBody) -> HttpResponse:
    """Moves your lens to a job of the workflow, and pins it there unless `pinned` is false."""
    workflow, job = find_workflow(request, workflow_id), find_job(request, body.job_id)
    if job.workflow_id != workflow.pk:
        raise invalid(fault("bad_value", "This job is of another workflow. Give one of this workflow.", name="job_id"))
    return JsonResponse(lens.choose(request.auth.user, job, pinned=body.pinned).as_dict())


@router.delete("/workflows/{uuid:workflow_id}/focus", auth=READ, response={204: None})
def release_focus(request: ApiRequest, workflow_id: UUID) -> HttpResponse:
    """Unpins your lens, and moves it to the job submitted last; of a batch, to its first."""
    lens.release(request.auth.user, find_workflow(request, workflow_id).pk)
    return HttpResponse(status=204)
