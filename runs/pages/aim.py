"""Where a person on the canvas wants the lens: at a run, one further, or the so manieth newest."""

from collections.abc import Mapping
from uuid import UUID

from accounts.models import User
from runs import lens
from runs.errors import JobGone
from runs.models import Job


def move(user: User, workflow_id: UUID, asked: Mapping[str, str]) -> None:
    """Moves the lens: to a `job`, a `step` of 1 or -1, or the `nth` newest; with `pinned` 0 it stays there unpinned.

    Where there is no run in that direction, it stays. Raises JobGone.
    """
    job = _wanted(user, workflow_id, asked)
    if job:
        lens.choose(user, job, pinned=asked.get("pinned", "1") == "1")


def _wanted(user: User, workflow_id: UUID, asked: Mapping[str, str]) -> Job | None:
    jobs = Job.objects.visible_to(user).filter(workflow=workflow_id).only("pk", "number", "workflow_id")
    if asked.get("job"):
        found = jobs.filter(pk=_uuid(asked["job"])).first()
        if found is None:
            raise JobGone("There is no such run.")
        return found
    if asked.get("nth", "").isdecimal():
        return jobs.order_by("-number")[int(asked["nth"][:3]) :].first()
    focus = lens.of(user, workflow_id)
    here = jobs.filter(pk=focus.job_id).first() if focus.job_id else None
    if here is None or "step" not in asked:
        return here
    further = jobs.filter(number__gt=here.number).order_by("number")
    return (jobs.filter(number__lt=here.number).order_by("-number") if asked["step"] == "-1" else further).first()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise JobGone("There is no such run.") from error
