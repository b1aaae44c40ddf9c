"""The lens: which job of a workflow a person's canvas shows."""

from accounts.models import User
from runs.models import Job, RunFocus


def follow(user: User, job: Job) -> None:
    """A submit moves the lens to its job, unless another is pinned. Runs within the submit's transaction."""
    focus, made = RunFocus.objects.get_or_create(user=user, workflow_id=job.workflow_id, defaults={"job": job})
    if not made and (focus.job_id is None or not focus.pinned):
        focus.job = job
        focus.save(update_fields=("job", "updated_at"))
