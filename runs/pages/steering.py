"""What a person does on the canvas with runs: move the lens, run, run many, cancel what waits. The page stays."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from runs import batches
from runs.cancelling import cancel_all
from runs.errors import JobGone, TooManyWaiting
from runs.estimate import estimate
from runs.grid import Grid
from runs.models import FIRST_FAILURE, SECONDS, Job
from runs.pages import aim, varying
from runs.pages.mine import user_of, workflow_of
from runs.submit import Order, submit
from workflows import parameters
from workflows.errors import GraphInvalid, Problem, WorkflowError
from workflows.models import Workflow
from workflows.registry import registry
from workflows.schemas import ScopeBody

LABELS = 60
"""Runs whose labels are shown before they are made."""
STOPS_AFTER = 1_000_000
"""The longest time that many runs may be given, in seconds."""


@login_required
@require_POST
def move_lens(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Moves the lens: to a `job`, a `step` of 1 or -1, or the `nth` newest; with `pinned` 0 it stays there unpinned."""
    opened = workflow_of(request, workflow_id)
    try:
        aim.move(user_of(request), opened.pk, request.POST.dict())
    except JobGone as error:
        raise Http404(str(error)) from error
    return HttpResponse(status=204)


@login_required
@require_POST
def run(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Runs the workflow as it is saved, or with `?mode=` a part of it: a `node`, all `from` it on, or a `selection`.

    Answers everything that keeps it from running; then no run is made.
    """
    opened = workflow_of(request, workflow_id)
    try:
        submit(user_of(request), opened, Order(scope=_scope(request)))
    except GraphInvalid as invalid:
        return _problems(*invalid.problems)
    except (WorkflowError, TooManyWaiting) as error:
        return _problems(Problem("bad_value", str(error)))
    return _problems()


@login_required
@require_POST
def many(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Says how many runs what is written makes, and which; with `start` it makes them."""
    opened = workflow_of(request, workflow_id)
    shown = varying.fields(declared(opened), dict(request.POST.lists()))
    varied = varying.read(shown)
    context = {"complaints": varied.complaints, "axes": varied.axes, "fields": shown, "next": opened.jobs_made + 1}
    if not varied.complaints:
        try:
            grid = Grid(varied.axes, repeat=_repeat(request))
            lane = "background" if request.POST.get("lane") == "background" else "normal"
            plan = batches.plan(opened, grid, lane=lane, stop=_stop(request), dry="start" not in request.POST)
            if "start" in request.POST:
                batches.make(user_of(request), plan)
                return HttpResponse(status=204)
            count, shown_labels = len(plan.labels), plan.labels[:LABELS]
            context |= {"count": count, "labels": shown_labels, "rest": count - len(shown_labels)}
            context["estimate"] = estimate(opened, count)
            context |= {"last": opened.jobs_made + count, "columns": varied.columns(_repeat(request))}
        except GraphInvalid as invalid:
            context["problems"] = invalid.problems
        except (WorkflowError, TooManyWaiting) as error:
            context["problems"] = [Problem("bad_value", str(error))]
    return render(request, "runs/editor/_plan.html", context)


@login_required
@require_POST
def cancel_waiting(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Takes every waiting run of the workflow out of the queue."""
    opened, by = workflow_of(request, workflow_id), user_of(request).get_username()
    cancel_all(Job.objects.waiting().filter(workflow=opened), by=by)
    return HttpResponse(status=204)


def declared(opened: Workflow) -> list[parameters.Parameter]:
    """What can be given to a run of the workflow."""
    return parameters.declared(opened.graph.loaded(), registry)


def _scope(request: HttpRequest) -> ScopeBody | None:
    """The part that is asked for; None for all of it. Raises GraphInvalid where there is none such."""
    if "mode" not in request.GET:
        return None
    try:
        return ScopeBody.model_validate({"mode": request.GET["mode"], "nodes": request.GET.getlist("node")})
    except ValidationError as error:
        message = "Choose the nodes to run first: click one, or drag a box around several."
        raise GraphInvalid([Problem("bad_value", message)]) from error


def _repeat(request: HttpRequest) -> int:
    given = request.POST.get("repeat", "1")
    return min(max(int(given), 1), varying.MOST) if given.isdecimal() and len(given) < 6 else 1


def _stop(request: HttpRequest) -> dict[str, Any]:
    """The rules by which it stops early. Raises GraphInvalid where the time is none."""
    rules: dict[str, Any] = {FIRST_FAILURE: True} if "stop_first" in request.POST else {}
    if given := request.POST.get("stop_seconds", "").strip():
        try:
            rules[SECONDS] = float(given)
        except ValueError:
            rules[SECONDS] = 0.0
        if not 0 < rules[SECONDS] <= STOPS_AFTER:
            raise GraphInvalid([Problem("bad_value", f"Stop after: give seconds, above 0 and up to {STOPS_AFTER}.")])
    return rules


def _problems(*problems: Problem) -> HttpResponse:
    return JsonResponse({"errors": [problem.as_dict() for problem in problems]})
