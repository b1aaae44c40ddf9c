"""The lens: which job of a workflow a person's canvas shows. Every change is told, after commit, to who shows it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.compiled import column_value
from accounts.models import User
from runs import publish
from runs.errors import JobGone
from runs.models import Job, RunFocus
from runs.stream import Hint


@dataclass(frozen=True, slots=True)
class Focus:
    """The job that is shown, if any, and whether submits leave it where it is."""

    job_id: UUID | None
    pinned: bool

    def as_dict(self) -> dict[str, object]:
        """As REST and sockets show it."""
        return {"job_id": str(self.job_id) if self.job_id else None, "pinned": self.pinned}


NOWHERE = Focus(None, pinned=False)
"""Where a lens is that nobody has ever moved."""


_FOLLOW: Final = """
    UPDATE runs_runfocus SET job_id = %s, pinned = %s, updated_at = %s
    WHERE user_id = %s AND workflow_id = %s AND (NOT pinned OR job_id IS NULL)
"""


def of(user: User, workflow_id: UUID) -> Focus:
    """The user's lens on this workflow."""
    return of_many([(user.pk, workflow_id)]).get((user.pk, workflow_id), NOWHERE)


def of_many(lenses: Collection[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], Focus]:
    """Those of the lenses, by (user, workflow), that were ever moved; in one query."""
    users, workflows = {user for user, _ in lenses}, {workflow for _, workflow in lenses}
    rows = RunFocus.objects.filter(user__in=users, workflow__in=workflows)
    found = rows.values_list("user_id", "workflow_id", "job_id", "pinned")
    return {(user, workflow): Focus(job, pinned) for user, workflow, job, pinned in found}


def follow(user: User, job: Job) -> list[Hint]:
    """A submit moves the lens to its job, unless another is pinned. Runs within the submit's transaction.

    Answers what is to be told once that is committed.
    """
    values = {
        "job": job.pk,
        "pinned": False,
        "updated_at": timezone.now(),
        "user": user.pk,
        "workflow": job.workflow_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, [column_value(RunFocus, name, value) for name, value in values.items()])
        moved = bool(cursor.rowcount)
    if not moved:
        moved = RunFocus.objects.get_or_create(user=user, workflow_id=job.workflow_id, defaults={"job": job})[1]
    return publish.focus_hints(user.pk, job.workflow_id, job.pk, pinned=False) if moved else []


def choose(user: User, job: Job, *, pinned: bool = True) -> Focus:
    """Moves the lens to the job, to stay there: for ever, or unpinned until the next submit. Raises JobGone."""
    with transaction.atomic():
        if not _hold(job.pk):
            raise JobGone("The job has been deleted. Choose another one.")
        return _put(user, job.workflow_id, Focus(job.pk, pinned))


def release(user: User, workflow_id: UUID) -> Focus:
    """Unpins, and goes to the job submitted last; of a batch, to its first."""
    with transaction.atomic():
        job_id = _newest_submitted(workflow_id)
        while job_id and not _hold(job_id):
            job_id = _newest_submitted(workflow_id)
        return _put(user, workflow_id, Focus(job_id, pinned=False))


def leave(job: Job) -> None:
    """The job is about to be deleted, in this transaction: every lens on it goes to the next best, and no pin stays."""
    focuses = RunFocus.objects.filter(job=job)
    users = list(focuses.values_list("user_id", flat=True))
    if users:
        next_best = _next_best(job)
        focuses.update(job=next_best, pinned=False, updated_at=timezone.now())
        for user_id in users:
            _tell(user_id, job.workflow_id, Focus(next_best, pinned=False))


def _hold(job_id: UUID) -> bool:
    """Whether the job is there, and will be until this transaction ends."""
    return Job.objects.select_for_update(of=("self",)).filter(pk=job_id).first() is not None


def _put(user: User, workflow_id: UUID, focus: Focus) -> Focus:
    values = {"job_id": focus.job_id, "pinned": focus.pinned}
    mine = RunFocus.objects.filter(user=user, workflow_id=workflow_id)
    if not mine.update(**values, updated_at=timezone.now()):
        RunFocus.objects.update_or_create(user=user, workflow_id=workflow_id, defaults=values)
    _tell(user.pk, workflow_id, focus)
    return focus


def _newest_submitted(workflow_id: UUID) -> UUID | None:
    """The job submitted last; of a batch, the first one."""
    newest = Job.objects.filter(workflow=workflow_id).order_by("-number").only("batch_id").first()
    if newest is None:
        return None
    first = Job.objects.filter(batch_id=newest.batch_id).order_by("number").only("pk").first()
    return first.pk if newest.batch_id and first else newest.pk


def _next_best(gone: Job) -> UUID | None:
    """The newest active job of the workflow but this one, else the newest that has ended."""
    others = Job.objects.filter(workflow=gone.workflow_id).exclude(pk=gone.pk)
    # Compared here: ordered by number, the database would look for active ones among all that have ended.
    active = max(others.active().values_list("number", "pk"), default=None)
    return active[1] if active else others.order_by("-number").values_list("pk", flat=True).first()


def _tell(user_id: UUID, workflow_id: UUID, focus: Focus) -> None:
    transaction.on_commit(lambda: publish.focus_changed(user_id, workflow_id, focus.job_id, pinned=focus.pinned))
