"""What a person does with one run outside of the canvas: stop it, run it again or next, look at it there, delete it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import places
from runs import gate, lens
from runs.errors import JobActive, JobEnded, JobGone, NotWaiting, TooManyWaiting
from runs.models import Job
from runs.pages.mine import job_of, user_of
from runs.promotion import promote
from runs.removal import remove_job
from runs.submit import rerun
from workflows.errors import WorkflowError


@login_required
@require_POST
def cancellation(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Cancels a job, and goes back to where the person was; a live page stays, and is told what came of it."""
    found = job_of(request, job_id)
    try:
        gate.cancel(found.pk, by=user_of(request).get_username())
    except JobEnded as error:
        if not _is_live(request):
            messages.info(request, str(error))
    return HttpResponse(status=204) if _is_live(request) else _back(request, reverse("job", args=[found.pk]))


@login_required
@require_POST
def again(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Runs the same graph with the same parameters once more; a live page stays, any other opens the new run."""
    found = job_of(request, job_id)
    try:
        made = rerun(user_of(request), found, {})
    except (WorkflowError, TooManyWaiting) as error:
        return _refused(request, found, str(error))
    return HttpResponse(status=204) if _is_live(request) else _back(request, reverse("job", args=[made.pk]))


@login_required
@require_POST
def promotion(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Puts a waiting job before all others of its owner's in its lane."""
    found = job_of(request, job_id)
    try:
        promote(found.pk, before_all=False)
    except NotWaiting:
        return _refused(request, found, "It does not wait any more, so it can’t be put first.")
    return HttpResponse(status=204) if _is_live(request) else _back(request, reverse("job", args=[found.pk]))


@login_required
@require_POST
def on_canvas(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Moves the lens to the job, and opens the canvas."""
    found = job_of(request, job_id)
    try:
        lens.choose(user_of(request), found)
    except JobGone as error:
        raise Http404(str(error)) from error
    return redirect("workflow", workflow_id=found.workflow_id)


@login_required
@require_POST
def deletion(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Deletes an ended job with all that it made."""
    found = job_of(request, job_id)
    try:
        remove_job(found)
    except JobActive as error:
        messages.warning(request, str(error))
    return _back(request, reverse("runs", args=[found.workflow_id]))


def _is_live(request: HttpRequest) -> bool:
    """Whether a part of an open page asks, which is told by other ways what came of it."""
    return bool(request.headers.get("HX-Request"))


def _refused(request: HttpRequest, job: Job, why: str) -> HttpResponse:
    """Says why nothing came of it: an open page shows the words, any other is told when it comes back."""
    if _is_live(request):
        return HttpResponse(why, status=409, content_type="text/plain; charset=utf-8")
    messages.error(request, why)
    return _back(request, reverse("job", args=[job.pk]))


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To where the person was, as the form says, or to this place."""
    return redirect(places.own(request, request.POST.get("back", ""), otherwise))
