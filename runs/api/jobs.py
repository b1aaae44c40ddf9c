"""REST: submit jobs, list and read them, cancel and delete them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from ninja import Query as FromQuery, Router

from accounts.authentication import READ, RUN, WRITE, ApiRequest, Visible, visible
from accounts.idempotency import found_again, once
from accounts.paging import page
from accounts.problems import not_found
from accounts.schemas import Page
from accounts.scopes import Scope
from runs import filtering, gate, queue, results, tail, twins, webhooks
from runs.models import Job
from runs.promotion import promote
from runs.removal import remove_job
from runs.schemas import JobBody, JobDocument, JobQuery, NewJobDocument, RerunBody, TelemetryDocument
from runs.states import State
from runs.submit import Order, rerun, submit
from workflows.api import find as find_workflow
from workflows.models import Workflow

router = Router(tags=["jobs"])
_visible_job = Visible[Job](lambda: Job.objects.defer("traceback"))


@router.post("/workflows/{uuid:workflow_id}/jobs", auth=RUN, response={201: NewJobDocument, 200: NewJobDocument})
def submit_job(request: ApiRequest, workflow_id: UUID, body: JobBody | None = None) -> HttpResponse:
    """A new job at the end of the queue. 422 lists everything that keeps the workflow from running."""
    workflow, body = find_workflow(request, workflow_id), body or JobBody()
    order = Order(**dict(body))

    def check() -> None:
        webhooks.refuse_for_job(order.webhook_url, order.webhook_secret)

    return _made_once(request, lambda: submit(request.auth.user, workflow, order), check)


@router.get("/jobs", auth=READ, response=Page[JobDocument])
def list_jobs(request: ApiRequest, query: FromQuery[JobQuery]) -> HttpResponse:
    """The jobs that you may see."""
    rows = filtering.matching(_rows(request, query), query, filtering.parameters(request.GET))
    part = page(rows, order=query.order, limit=query.limit, cursor=query.cursor)
    return JsonResponse({"items": queue.documents(part.rows, results.outputs_of(part.rows)), "next": part.next})


list_jobs.parameter_prefix = JobQuery.PARAMETER  # type: ignore[attr-defined]  # for project.strict


@router.get("/jobs/{uuid:job_id}", auth=READ, response=JobDocument)
def read_job(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """One job, with its outputs."""
    return _answer(find(request, job_id))


@router.delete("/jobs/{uuid:job_id}", auth=WRITE, response={204: None})
def delete_job(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """Deletes an ended job with its telemetry and products; 409 while it is active."""
    remove_job(find(request, job_id))
    return HttpResponse(status=204)


@router.post("/jobs/{uuid:job_id}/cancellation", auth=RUN, response={202: JobDocument, 200: JobDocument})
def cancel_job(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """Tells a running job to stop (202); one that waits leaves the queue at once (200). 409 when it ended otherwise."""
    job = gate.cancel(find(request, job_id).pk, by=request.auth.user.get_username())
    return _answer(job, status=200 if job.state == State.CANCELLED else 202)


@router.post("/jobs/{uuid:job_id}/rerun", auth=RUN, response={201: NewJobDocument, 200: NewJobDocument})
def rerun_job(request: ApiRequest, job_id: UUID, body: RerunBody | None = None) -> HttpResponse:
    """A new job of the graph that this one ran, with its parameters as they were used but for those given here."""
    job, changes = find(request, job_id), (body or RerunBody()).params
    return _made_once(request, lambda: rerun(request.auth.user, job, changes))


@router.post("/jobs/{uuid:job_id}/promotion", auth=RUN, response=JobDocument)
def promote_job(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """Puts a waiting job first in its lane: before your own, or with scope `admin` before all. 409 if it has begun."""
    job = find(request, job_id)
    return _answer(promote(job.pk, before_all=request.auth.may(Scope.ADMIN)))


@router.get("/jobs/{uuid:job_id}/telemetry", auth=READ, response=TelemetryDocument)
def read_telemetry(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """All that the job has told, folded: live, or as it was kept when the job ended."""
    standing = tail.told(find(request, job_id))
    return JsonResponse({"id": str(standing.id), "snapshot": standing.snapshot})


def find(request: ApiRequest, job_id: UUID) -> Job:
    """The job, if these credentials may see it; else ProblemError 404."""
    job = _visible_job(request.auth, job_id)
    if job is None:
        raise not_found("There is no such job.")
    return job


def _made_once(request: ApiRequest, make: Callable[[], Job], check: Callable[[], None] = lambda: None) -> HttpResponse:
    """The job that is made, or the one that the same key has made."""
    fresh: dict[str, Job] = {}

    def remember() -> str:
        job = make()
        fresh[str(job.pk)] = job
        return str(job.pk)

    made = once(request, request.auth, remember, asked=request.body, check=check)
    job = fresh.get(made.name) or found_again(request, find, made)
    response = _answer(job, status=made.status, identical_to=twins.named(job))
    response["Location"] = f"/api/v1/jobs/{made.name}"
    return response


def _answer(job: Job, *, status: int = 200, **more: object) -> HttpResponse:
    found = queue.document(job, outputs=results.outputs(job) if job.started_at else {})
    return JsonResponse({**found, **more}, status=status)


def _rows(request: ApiRequest, query: JobQuery) -> QuerySet[Job]:
    """Those that may be seen.

    Those of one workflow or batch are one person's, and are seen all or none: so their index alone is used.
    """
    rows = Job.objects.defer("traceback")
    if query.batch is not None:
        within = {"batch_id": query.batch} | ({"workflow": query.workflow} if query.workflow else {})
        return rows.filter(batch_id=query.batch) if _seen(Job.objects.filter(**within), request) else rows.none()
    if query.workflow is not None:
        seen = _seen(Workflow.objects.filter(pk=query.workflow), request)
        return rows.filter(workflow=query.workflow) if seen else rows.none()
    return visible(rows, request.auth)


def _seen(rows: Any, request: ApiRequest) -> bool:
    return bool(visible(rows, request.auth).exists())
