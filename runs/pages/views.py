"""Pages: all workflows, the runs of one, and one job. What is not one's own is not there (404)."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, RawPostDataException
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import places, plain_json
from accounts.problems import ProblemError
from runs import gate, uploads
from runs.errors import OverQuota, TooManyWaiting
from runs.pages import canvas, comparison, listing, live, sheet, table, typed
from runs.pages.asked import Asked
from runs.pages.mine import job_of, user_of, workflow_of
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
    cards = listing.cards(user_of(request))
    running, waiting = (sum(getattr(card, name) for card in cards) for name in ("running", "waiting"))
    return render(request, "workflows/index.html", {"cards": cards, "running": running, "active": running + waiting})


@login_required
@require_safe
def workflow(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """A workflow opens on its canvas."""
    opened = workflow_of(request, workflow_id)
    drawn = canvas.draw(opened.graph.loaded(), registry)
    context = {"workflow": opened, "canvas": drawn, "palette": canvas.palette(registry)}
    context |= {"most_compared": comparison.MOST, **live.context(user_of(request), opened)}
    return render(request, "runs/editor.html", context)


@login_required
@require_POST
def drawings(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Draws nodes that the open canvas has and the saved graph has not yet: their HTML, one after another.

    The body is a graph of these nodes, with the edges at them where a type is not known.
    """
    opened = workflow_of(request, workflow_id)
    try:
        graph = saving.parsed(plain_json.read(request.body))
    except (RawPostDataException, ProblemError, GraphInvalid):
        return HttpResponse("These nodes can't be drawn.", status=422, content_type="text/plain")
    nodes = canvas.draw(graph, registry).nodes
    shown = ({"node": node, "workflow": opened} for node in nodes)
    return HttpResponse("".join(render_to_string("runs/canvas/_node.html", each, request) for each in shown))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """A workflow's jobs as a table, filtered and ordered as the address says, and the form that runs it; POST runs it.

    `find` is what a person wrote, and becomes a filter with an address of its own; `part=list` is the table alone.
    """
    opened = workflow_of(request, workflow_id)
    if "as_saved" in request.POST:
        return _run_as_saved(request, opened)
    asked = Asked(request.GET, table.titles(opened))
    if "find" in request.GET:
        return redirect(f"{request.path}{asked.found(request.GET['find'])}")
    found = table.read(opened, asked, table.kept(request.GET.get("keep", "")))
    context = {"workflow": opened, "table": found, "states": asked.states(found.sizes)}
    if request.GET.get("part") == "list":
        return render(request, "runs/table/_table.html", {**context, "asked": asked})
    form = _form(request, opened)
    if form.is_bound and _submitted(request, opened, form):
        return redirect(f"{request.path}{asked.beginning if asked.kept else ''}")
    context |= {"form": form, "findable": table.findable(found), "cap": gate.cap()}
    return render(request, "runs/list.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job, live while it is active."""
    found = job_of(request, job_id)
    context = {"sheet": sheet.read(found), "workflow": found.workflow, "beside": sheet.beside(found)}
    return render(request, "runs/job.html", context)


def _form(request: HttpRequest, opened: Workflow) -> RunForm:
    """The form that runs the workflow, as it was sent, or as it was filled in last."""
    declared = parameters.declared(opened.graph.loaded(), registry)
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return RunForm(declared, *given, typed=typed.last(request, opened), last=listing.last_params(opened))


def _run_as_saved(request: HttpRequest, opened: Workflow) -> HttpResponse:
    try:
        submit(user_of(request), opened, Order())
    except GraphInvalid as invalid:
        for problem in invalid.problems:
            messages.error(request, problem.message)
    except (WorkflowError, TooManyWaiting) as error:
        messages.error(request, str(error))
    return redirect(places.own(request, request.POST.get("back", ""), request.path))


def _submitted(request: HttpRequest, opened: Workflow, form: RunForm) -> bool:
    """Whether a job was made of the form; else the form says why not."""
    if not form.is_valid():
        return False
    user = user_of(request)
    try:
        given = form.params(lambda file, kind: str(uploads.of_kind(user, file, kind).pk))
        if form.is_valid():
            submit(user, opened, Order(params=given))
            typed.keep(request, opened, given)
    except GraphInvalid as invalid:
        form.complain(invalid.problems, {node.id: node.title for node in opened.graph.loaded().nodes})
    except (WorkflowError, OverQuota, TooManyWaiting) as error:
        form.add_error(None, str(error))
    return not form.errors
