"""A person's workflows as a collection: made, brought in from files, renamed, copied and deleted."""

from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from runs import readiness
from runs.errors import JobActive
from runs.pages.mine import user_of, workflow_of
from runs.removal import remove_workflow
from workflows import files, saving
from workflows.errors import GraphInvalid
from workflows.files import FileInvalid
from workflows.models import Workflow

NEW = "New workflow"
WARNINGS = 5
"""Said of one file; the others are counted."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest) -> HttpResponse:
    """A new workflow, which opens on its empty canvas; who only looks is sent to all of theirs."""
    if request.method != "POST":
        return redirect("workflows")
    user = user_of(request)
    made = saving.make(user, name=_free_name(user), graph=saving.parsed(saving.EMPTY))
    return redirect("workflow", workflow_id=made.pk)


@login_required
@require_POST
def bring_in(request: HttpRequest) -> HttpResponse:
    """A workflow of each file that holds one; of the others it is said why not."""
    given = request.FILES.getlist("document")
    if not given:
        messages.error(request, "No file was chosen. Choose a workflow that Loupe exported.")
    for file in given:
        try:
            _bring_in(request, file)
        except FileInvalid as error:
            messages.error(request, str(error))
    return redirect("workflows")


@login_required
@require_POST
def rename(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Gives a workflow another name."""
    workflow, name = workflow_of(request, workflow_id), request.POST.get("name", "").strip()
    try:
        if name != workflow.name:
            saving.change(workflow, name=name)
    except GraphInvalid as error:
        messages.error(request, f"“{workflow.name}” keeps its name. {error}")
    return redirect("workflows")


@login_required
@require_POST
def copy(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """A workflow like this one, without its runs."""
    workflow = workflow_of(request, workflow_id)
    name = f"Copy of {workflow.name}"[: saving.LONGEST_NAME]
    saving.make(user_of(request), name=name, description=workflow.description, graph=workflow.graph.loaded())
    messages.success(request, f"“{name}” is made.")
    return redirect("workflows")


@login_required
@require_POST
def delete(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Deletes a workflow with its runs and all that they made; not while one of them is active."""
    workflow = workflow_of(request, workflow_id)
    try:
        remove_workflow(workflow)
    except JobActive:
        why = "some of its runs are still active. Cancel them, then delete it."
        messages.warning(request, f"“{workflow.name}” is still here: {why}")
    else:
        messages.success(request, f"“{workflow.name}” is deleted.")
    return redirect("workflows")


def _bring_in(request: HttpRequest, file: "UploadedFile[Any]") -> None:
    """Makes the file's workflow, and says what it lacks. Raises FileInvalid."""
    name = PurePath(file.name or "file").name
    if (file.size or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        message = f"“{name}” is larger than any workflow. Choose one that Loupe exported."
        raise FileInvalid(message)
    user, document = user_of(request), files.load(file.read(), name)
    saving.make(user, name=document.name, description=document.description, graph=document.graph)
    messages.success(request, f"“{document.name}” is imported.")
    lacking = readiness.missing_assets(user, document.graph)
    for problem in lacking[:WARNINGS]:
        messages.warning(request, f"“{document.name}”: {problem.message}")
    if len(lacking) > WARNINGS:
        messages.warning(request, f"“{document.name}” lacks {len(lacking) - WARNINGS} more files like these.")


def _free_name(user: User) -> str:
    """“New workflow”, or that with the first number that none has yet."""
    taken = set(Workflow.objects.visible_to(user).filter(name__startswith=NEW).values_list("name", flat=True))
    names = (f"{NEW} {number}" if number > 1 else NEW for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
