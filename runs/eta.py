"""About when waiting jobs will start and end, by how long runs of their workflows took and what is before them.

The first of the line are put onto the slots one after the other, as the gate would, each for as long as the newest runs
of its workflow took on average. What is further behind is taken to go on as fast.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from heapq import heapreplace
from statistics import fmean
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import BigIntegerField, QuerySet, UUIDField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.compiled import Compiled
from accounts.plain_json import moment
from runs.models import Job, running_bounds
from workflows.models import Workflow

LOOKED_AT: Final = 500
"""So many of the line are put onto slots one by one."""
_TOOK: Final = """(SELECT AVG(duration) FROM (
    SELECT duration FROM runs_job WHERE workflow_id = workflows_workflow.id AND state = 'completed'
    ORDER BY number DESC LIMIT 20) AS newest)"""


class Eta(NamedTuple):
    """When a job starts, and ends; the latter is None where no run of its workflow has ever come to a good end."""

    starts_at: datetime
    ends_at: datetime | None

    @property
    def words(self) -> str:
        """How long until it starts, for people, who are told no more than is known."""
        left = max((self.starts_at - timezone.now()).total_seconds(), 0.0)
        if left < 10:
            return "in a moment"
        if left < 55:
            return f"in about {round(left, -1):.0f} s"
        return f"in about {left / 60:.0f} min" if left < 5400 else f"in about {left / 3600:.0f} h"

    def as_dict(self) -> dict[str, object]:
        """As a job's document has it."""
        return {"starts_at": moment(self.starts_at), "ends_at": moment(self.ends_at)}


class _Run(NamedTuple):
    """What counts of an active job."""

    pk: UUID
    workflow: UUID
    owner: UUID
    started_at: datetime | None


_COLUMNS: Final = ("pk", "workflow", "owner", "started_at")
_RUNNING: Final = Compiled[tuple[Any, ...]](lambda: Job.objects.holding().values_list(*_COLUMNS))
_TOOK_ONE: Final = Compiled[tuple[UUID, float | None]](lambda workflow: _took_by(pk=workflow), workflow=UUIDField())


def etas(wanted: Collection[Job], positions: Mapping[UUID, int], free: int) -> dict[UUID, Eta]:
    """Of those of the jobs that wait, while so many slots are free; none where nothing is known of how long runs take.

    In up to four queries, however many they are and however long the line is; most often in one, as all start at once.
    """
    if not running_bounds() and all(positions.get(job.pk, 0) <= free for job in wanted):
        now, took = timezone.now(), _took({job.workflow_id for job in wanted})
        if all(job.workflow_id in took for job in wanted):
            return {job.pk: _eta(now, 0.0, took[job.workflow_id]) for job in wanted if job.pk in positions}
    running = [_Run(*row) for row in _RUNNING.rows()]
    line = [_Run(*row) for row in _line(LOOKED_AT).rows(last=max((job.place for job in wanted), default=0))]
    took = _took({run.workflow for run in [*running, *line]} | {job.workflow_id for job in wanted})
    slots = len(running) + free
    if not took or slots < 1:
        return {}
    usual, now = fmean(took.values()), timezone.now()
    left = [(run, _left(run, took.get(run.workflow, usual), now)) for run in running]
    free_at = _Slots(left, slots)
    starts = {run.pk: free_at.take(run, took.get(run.workflow, usual)) for run in line}
    pace = fmean([took.get(run.workflow, usual) for run in line] or [usual]) / slots
    found = {}
    for job in wanted:
        if job.pk in positions:
            start = starts.get(job.pk, free_at.next() + max(positions[job.pk] - len(line) - 1, 0) * pace)
            found[job.pk] = _eta(now, start, took.get(job.workflow_id))
    return found


def _took(workflows: Iterable[UUID]) -> dict[UUID, float]:
    """Seconds that the newest runs of each workflow took, on average; those that are known."""
    wanted = list(workflows)[:LOOKED_AT]
    rows = _TOOK_ONE.rows(workflow=wanted[0]) if len(wanted) == 1 else _took_by(pk__in=wanted)
    return {pk: took for pk, took in rows if took is not None}


def _took_by(**which: Any) -> "QuerySet[Workflow, tuple[UUID, float | None]]":
    found = Workflow.objects.filter(**which).annotate(took=RawSQL(_TOOK, []))  # noqa: S611 (no part of it comes from outside)
    return found.values_list("pk", "took")


@cache
def _line(most: int) -> Compiled[tuple[Any, ...]]:
    """The first of the line, up to a place."""
    return Compiled(
        lambda last: Job.objects.waiting().filter(place__lte=last).values_list(*_COLUMNS)[:most],
        last=BigIntegerField(),
    )


def _left(run: _Run, took: float, now: datetime) -> float:
    """Seconds that a running job still needs."""
    return max(took - (now - run.started_at).total_seconds(), 0.0) if run.started_at else took


class _Slots:
    """Slots by when each is free next, in seconds: all, and those that one workflow or one person may have."""

    def __init__(self, running: Sequence[tuple[_Run, float]], slots: int) -> None:
        self._running = running
        self._bounds = {"": slots, **running_bounds()}
        self._free: dict[tuple[str, UUID | None], list[float]] = {}

    def next(self) -> float:
        """In how many seconds some job may start."""
        return self._of("", None)[0]

    def take(self, run: _Run, took: float) -> float:
        """Puts a job on them for so long. Answers in how many seconds it starts."""
        taken = [self._of(whose, getattr(run, whose, None)) for whose in self._bounds]
        start = max(free[0] for free in taken)
        for free in taken:
            heapreplace(free, start + took)
        return start

    def _of(self, whose: str, whom: UUID | None) -> list[float]:
        """A heap. Where more run than may, only as many count as slots are left once the others have ended."""
        if (whose, whom) not in self._free:
            held = [left for run, left in self._running if getattr(run, whose, None) == whom]
            most = self._bounds[whose]
            self._free[whose, whom] = sorted([0.0] * max(most - len(held), 0) + held)[-most:]
        return self._free[whose, whom]


def _eta(now: datetime, start: float, took: float | None) -> Eta:
    starts_at = now + timedelta(seconds=start)
    return Eta(starts_at, None if took is None else starts_at + timedelta(seconds=took))
