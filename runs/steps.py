"""The statements that every job costs, written out or compiled once.

To compile them anew, the ORM takes ten times as long as they take to run.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet, UUIDField
from django.db.models.functions import Now
from django.utils import timezone

from accounts.compiled import Compiled, column_value
from runs import publish
from runs.errors import LostLease
from runs.models import Asset, Gate, Job, JobTransition, running_bounds
from runs.representation import asset_document
from runs.states import State
from workflows.models import Graph, Workflow

Tell = Callable[[UUID, UUID, int], None]
"""Tells that a job of a workflow has moved on to a version."""
LEASE: Final = object()
"""The end of a term that begins now, as the value of a field."""
_GATE: Final = Compiled[Gate](lambda: Gate.objects.select_for_update().filter(pk=1))
_PLACE: Final = Compiled[tuple[UUID, int]](
    lambda pk: Job.objects.waiting().filter(pk=pk).values_list("pk", "place"), pk=UUIDField()
)
_NORMAL_LAST: Final = Compiled[int](lambda: _last_first("normal"))
_BACKGROUND_LAST: Final = Compiled[int](lambda: _last_first("background"))
_CLAIMED: Final = (
    *("workflow_id", "owner_id", "batch_id", "graph_id", "number", "params", "scope"),
    *("state", "fence", "worker", "version", "attempts"),
)
"""What a claim needs of its job, and the transition that makes it."""
_GRAPHS_KEPT: Final = 16
_ASKED_AT_ONCE: Final = 500
_ONE_MORE_WAITS: Final = "SELECT 1 FROM runs_job WHERE state = 'queued' ORDER BY place LIMIT 1 OFFSET %s"
_WAITING_BEFORE: Final = """
    SELECT (SELECT COUNT(*) FROM runs_job WHERE state = 'queued' AND place < %s)
         - (SELECT COUNT(*) FROM runs_job WHERE state = 'queued' AND place < %s
            AND batch_id IN (SELECT id FROM runs_batch WHERE released_at IS NULL))
"""
"""All in the index, without those of batches that are still being written, of which there are hardly ever any."""
_NUMBERS: Final = (
    "UPDATE workflows_workflow SET jobs_made = jobs_made + %s WHERE id = %s AND NOT leaving RETURNING jobs_made"
)
_AS_READ: Final = "id = %s AND state = %s AND fence = %s AND worker = %s"
"""By the worker too, as the fences of an id that is given again, after a deletion, begin anew."""
_HISTORY: Final = (
    "INSERT INTO runs_jobtransition (job_id, from_state, to_state, at, by, why) VALUES (%s, %s, %s, %s, %s, %s)"
)


def move(
    job: Job,
    to: State,
    *,
    by: str,
    why: str = "",
    at: datetime | None = None,
    tell: Tell | None = publish.job_changed,
    **fields: Any,
) -> None:
    """One transition, guarded by the state, fence and worker that were read, with its history row. In a transaction.

    Raises LostLease, with nothing written, when the job is not as it was read any more. `tell` comes after the commit.
    """
    if not _update(job, {"state": to, **fields}):
        raise LostLease("The job has moved on in the meantime.")
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, _step(job, job.state, to, at or timezone.now(), by, why))
    if tell:
        transaction.on_commit(lambda: tell(job.pk, job.workflow_id, job.version + 1))


def begin(jobs: Collection[Job], by: str) -> None:
    """The first step of each job's history."""
    with connection.cursor() as cursor:
        cursor.executemany(_HISTORY, [_step(job, "", State.QUEUED, job.created_at, by) for job in jobs])


def locked_gate() -> Gate | None:
    """The gate's row, locked until the transaction ends; None where there is none yet."""
    return _GATE.first()


def more_wait_than(count: int) -> bool:
    """Whether so many jobs and one more wait, with those that are still being written."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_MORE_WAITS, [count])
        return cursor.fetchone() is not None


def take_numbers(workflow_id: UUID, count: int) -> int | None:
    """Gives the workflow's next jobs their numbers. Answers the last of them; None when the workflow is no more."""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [count, column_value(Workflow, "id", workflow_id)])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def places(job_ids: Collection[UUID]) -> list[tuple[UUID, int]]:
    """Those of the jobs that wait, each with its place."""
    if len(job_ids) == 1:
        return _PLACE.rows(pk=next(iter(job_ids)))
    wanted = list(job_ids)
    waiting = Job.objects.filter(state=State.QUEUED).values_list("pk", "place")  # as no index has it: by their ids
    parts = [wanted[at : at + _ASKED_AT_ONCE] for at in range(0, len(wanted), _ASKED_AT_ONCE)]
    return [each for part in parts for each in waiting.filter(pk__in=part)]


def waiting_before(place: int) -> int:
    """How many jobs wait before this place of the queue."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_BEFORE, [place, place])
        return int(cursor.fetchone()[0])


def last_place(lane: str) -> int | None:
    """The end of a lane, of what waits, runs and has ended; None where nothing was ever in it."""
    return (_BACKGROUND_LAST if lane == "background" else _NORMAL_LAST).first()


def head() -> Job | None:
    """The first waiting job that no bound holds back, locked.

    PostgreSQL waits here for who cancels it, then takes the next.
    """
    return _head(tuple(running_bounds().items())).first()


def clear(job: Job) -> None:
    """What the attempts before this one made goes as it begins, within its claim. Who watches hears of it then."""
    if job.fence == 0:
        return
    made = Asset.objects.filter(job_id=job.pk)
    documents = [asset_document(asset) for asset in made.for_documents()]
    made.delete()
    if documents:
        transaction.on_commit(lambda: publish.asset_events("deleted", documents))


@lru_cache(_GRAPHS_KEPT)
def graph(digest: str) -> dict[str, Any]:
    """The document of a graph, which never changes."""
    document: dict[str, Any] = Graph.objects.values_list("document", flat=True).get(pk=digest)
    return document


def lease() -> Any:
    """The end of a term that begins now, by the database's own clock, which all machines share."""
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


def _last_first(lane: str) -> "QuerySet[Job, int]":
    return Job.rows.in_lane(lane).order_by("-place").values_list("place", flat=True)[:1]


def _step(job: Job, before: str, to: State, at: datetime, by: str, why: str = "") -> list[Any]:
    """A row of the history."""
    row = {"job": job.pk, "from_state": before, "to_state": to, "at": at, "by": by, "why": why[:200]}
    return [column_value(JobTransition, name, value) for name, value in row.items()]


def _update(job: Job, fields: dict[str, Any]) -> bool:
    """Whether the job was still as it was read."""
    term, of_term = _term(settings.LEASE_SECONDS)
    columns = ["version = version + 1"]
    values: list[Any] = []
    for name, value in fields.items():
        columns.append(f"{name} = {term if value is LEASE else '%s'}")
        values += of_term if value is LEASE else [column_value(Job, name, value)]
    values += [column_value(Job, name, getattr(job, name)) for name in ("id", "state", "fence", "worker")]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE runs_job SET {', '.join(columns)} WHERE {_AS_READ}", values)  # noqa: S608 (names of columns)
        return bool(cursor.rowcount)


@cache
def _head(_bounds: tuple[tuple[str, int], ...]) -> Compiled[Job]:
    """The query. The bounds stand in it: it is kept by them, and made anew for others."""
    return Compiled(lambda: Job.objects.unbound().select_for_update(of=("self",)).only(*_CLAIMED)[:1])


@cache
def _term(_seconds: float) -> tuple[str, tuple[Any, ...]]:
    """`lease()` in SQL, with its parameters. The seconds stand in it, as the bounds do in the statement above."""
    query = Job.rows.all().query
    sql, parameters = query.get_compiler(DEFAULT_DB_ALIAS).compile(lease().resolve_expression(query))
    return sql, tuple(parameters)
