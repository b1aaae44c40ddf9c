"""REST: what concerns a workflow and its jobs at once. `workflows` knows of no jobs, so these calls join its router."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse

from accounts.authentication import READ, RUN, WRITE, ApiRequest
from accounts.problems import fault, invalid
from runs import readiness, submit
from runs.cancelling import cancel_all
from runs.models import Job
from runs.removal import remove_with_jobs, remove_workflow
from runs.schemas import CancellationBody, Cancelled
from workflows import files
from workflows.api import created, find, matched, router
from workflows.schemas import Checked, ImportBody, ImportedWorkflow, ValidationBody


@router.post("/workflows/import", auth=WRITE, response={201: ImportedWorkflow, 200: ImportedWorkflow})
def import_workflow(request: ApiRequest, body: ImportBody) -> HttpResponse:
    """A new workflow of a document from elsewhere. `warnings` names the assets in it that you don't have."""
    if body.format != "loupe":
        message = f"Documents of the format “{body.format}” are not known yet. Send one that Loupe exported."
        raise invalid(fault("bad_value", message, name="format"), detail=message)
    document = files.parse(body.document)
    warnings = readiness.missing_assets(request.auth.user, document.graph)
    return created(request, document, warnings=[warning.as_dict() for warning in warnings])


@router.delete("/workflows/{uuid:workflow_id}", auth=WRITE, response={204: None, 202: None})
def delete_workflow(request: ApiRequest, workflow_id: UUID, *, cancel: bool = False) -> HttpResponse:
    """Deletes the workflow with its jobs and what they made. While one is active: 409, or with `cancel` 202.

    Its jobs are cancelled then, it is not found any more, and it is gone once the last of them has ended. `If-Match` as
    for a change.
    """
    workflow, by = find(request, workflow_id), request.auth.user.get_username()
    if not cancel:
        matched(request, lambda versions: remove_workflow(workflow, versions=versions))
        return HttpResponse(status=204)
    idle = matched(request, lambda versions: remove_with_jobs(workflow, by=by, versions=versions))
    return HttpResponse(status=204 if idle else 202)


@router.post("/workflows/{uuid:workflow_id}/cancellation", auth=RUN, response={202: Cancelled})
def cancel_jobs(request: ApiRequest, workflow_id: UUID, body: CancellationBody | None = None) -> HttpResponse:
    """Cancels the workflow's jobs that wait and that run, or those of the named states alone."""
    jobs = Job.objects.filter(workflow=find(request, workflow_id), state__in=(body or CancellationBody()).states)
    return JsonResponse({"cancelled": cancel_all(jobs, by=request.auth.user.get_username())}, status=202)


@router.post("/workflows/{uuid:workflow_id}/validation", auth=READ, response=Checked)
def validate_workflow(request: ApiRequest, workflow_id: UUID, body: ValidationBody | None = None) -> HttpResponse:
    """Everything that keeps the workflow, or the part in `scope`, from running with these parameters, all at once."""
    body = body or ValidationBody()
    problems, part = submit.validate_part(find(request, workflow_id), body.params, body.scope)
    told = {"scope": part.document} if part else {}
    return JsonResponse({"errors": [problem.as_dict() for problem in problems], **told})
