"""What a request may be about: what is not one's own is not there (404)."""

from typing import cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from runs.models import Asset, Job
from workflows.models import Workflow


def user_of(request: HttpRequest) -> User:
    """Who is signed in."""
    return cast("User", request.user)


def workflow_of(request: HttpRequest, workflow_id: UUID) -> Workflow:
    """The person's workflow, with its graph."""
    mine = Workflow.objects.visible_to(request.user).select_related("graph")
    return get_object_or_404(mine, pk=workflow_id)


def job_of(request: HttpRequest, job_id: UUID, jobs: QuerySet[Job] | None = None) -> Job:
    """The person's job among these, else among all of theirs with workflow and graph."""
    mine = Job.objects.visible_to(request.user).select_related("workflow", "graph") if jobs is None else jobs
    return get_object_or_404(mine, pk=job_id)


def asset_of(request: HttpRequest, asset_id: UUID) -> Asset:
    """The person's product, with its job and bytes."""
    mine = Asset.objects.visible_to(request.user).select_related("job", "blob", "workflow")
    return get_object_or_404(mine, pk=asset_id)
