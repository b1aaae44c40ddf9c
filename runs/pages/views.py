"""Pages: all workflows, the runs of one, and one job. What is not one's own is not there (404)."""

import json
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from runs import gate, uploads
from runs.errors import JobActive, JobEnded, TooManyWaiting
from runs.pages import canvas, listing, live, sheet, typed
from runs.pages.mine import job_of, user_of, workflow_of
from runs.removal import remove_job
from runs.submit import Order, submit
from workflows import parameters, saving
from workflows.errors import GraphInvalid, WorkflowError
from workflows.forms import RunForm
from workflows.models import Workflow
from workflows.registry import registry


@login_required
@require_safe
def workflows(request: HttpRequest) -> HttpResponse:
    """The person's workflows as cards: newest picture, last run, how many run."""
    return render(request, "workflows/index.html", {"cards": listing.cards(user_of(request))})


@login_required
@require_safe
def workflow(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """A workflow opens on its canvas."""
    opened = workflow_of(request, workflow_id)
    drawn = canvas.draw(opened.graph.loaded(), registry)
    context = {"workflow": opened, "canvas": drawn, "palette": canvas.palette(registry)}
    context |= live.context(user_of(request), opened)
    return render(request, "runs/editor.html", context)


@login_required
@require_POST
def drawings(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Draws nodes that the open canvas has and the saved graph has not yet: their HTML, one after another.

    The body is a graph of these nodes, with the edges at them where a type is not known.
    """
    workflow_of(request, workflow_id)
    try:
        graph = saving.parsed(json.loads(request.body))
    except (ValueError, GraphInvalid):
        return HttpResponse("These nodes can't be drawn.", status=422, content_type="text/plain")
    nodes = canvas.draw(graph, registry).nodes
    return HttpResponse("".join(render_to_string("runs/canvas/_node.html", {"node": node}, request) for node in nodes))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """A workflow's jobs, newest first, beside the form that runs it; POST runs it."""
    opened = workflow_of(request, workflow_id)
    declared = parameters.declared(opened.graph.loaded(), registry)
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = RunForm(declared, *given, typed=typed.last(request, opened), last=listing.last_params(opened))
    if form.is_bound and _submitted(request, opened, form):
        return redirect("runs", workflow_id=opened.pk)
    page = listing.page(opened, request.GET.get("before"))
    context = {"workflow": opened, "form": form, "page": page, "cap": gate.cap()}
    template = "runs/_list.html" if request.GET.get("part") == "list" else "runs/list.html"
    return render(request, template, context, status=422 if form.errors else 200)


@login_required
@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job, live while it is active."""
    found = job_of(request, job_id)
    return render(request, "runs/job.html", {"sheet": sheet.read(found), "workflow": found.workflow})


@login_required
@require_POST
def cancellation(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Cancels a job, and goes back to where the person was; a live page stays, and is told what came of it."""
    found = job_of(request, job_id)
    live = request.headers.get("HX-Request")
    try:
        gate.cancel(found.pk, by=user_of(request).get_username())
    except JobEnded as error:
        if not live:
            messages.info(request, str(error))
    if live:
        return HttpResponse(status=204)
    if request.POST.get("back") == "runs":
        return redirect("runs", workflow_id=found.workflow_id)
    return redirect("job", job_id=found.pk)


@login_required
@require_POST
def deletion(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Deletes an ended job with all that it made."""
    found = job_of(request, job_id)
    try:
        remove_job(found)
    except JobActive as error:
        messages.warning(request, str(error))
    return redirect("runs", workflow_id=found.workflow_id)


def _submitted(request: HttpRequest, opened: Workflow, form: RunForm) -> bool:
    """Whether a job was made of the form; else the form says why not."""
    if not form.is_valid():
        return False
    user = user_of(request)
    try:
        given = form.params(lambda file: str(uploads.picture(user, file).pk))
        if form.is_valid():
            submit(user, opened, Order(params=given))
            typed.keep(request, opened, given)
    except GraphInvalid as invalid:
        form.complain(invalid.problems, {node.id: node.title for node in opened.graph.loaded().nodes})
    except (WorkflowError, TooManyWaiting) as error:
        form.add_error(None, str(error))
    return not form.errors
