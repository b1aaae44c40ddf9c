"""The lens: which job of a workflow a person's canvas shows."""

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from runs.models import Job, RunFocus


def follow(user: User, job: Job) -> None:
    """A submit moves the lens to its job, unless another is pinned. Runs within the submit's transaction."""
    mine = RunFocus.objects.filter(user=user, workflow_id=job.workflow_id)
    if not mine.filter(Q(pinned=False) | Q(job=None)).update(job=job, updated_at=timezone.now()):
        RunFocus.objects.get_or_create(user=user, workflow_id=job.workflow_id, defaults={"job": job})
