"""The statements that every job costs, written out or compiled once.

To compile them anew, the ORM takes ten times as long as they take to run.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from runs import publish
from runs.errors import LostLease
from runs.models import Job, JobTransition, running_bounds
from runs.states import State
from workflows.models import Graph

Tell = Callable[[UUID, UUID, int], None]
"""Tells that a job of a workflow has moved on to a version."""
LEASE: Final = object()
"""The end of a term that begins now, as the value of a field."""
_GRAPHS_KEPT: Final = 16
_HELD: Final = "SELECT COUNT(*) FROM runs_job WHERE state IN ('running', 'cancelling')"
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
    """One transition, guarded by the state and fence that were read, with its history row. In a transaction.

    Raises LostLease, with nothing written, when the job is not as it was read any more. `tell` comes after the commit.
    """
    if not _update(job, {"state": to, **fields}):
        raise LostLease("The job has moved on in the meantime.")
    step = {"job": job.pk, "from_state": job.state, "to_state": to, "at": at or timezone.now(), "by": by}
    row = [_prepared(JobTransition, name, value) for name, value in [*step.items(), ("why", why[:200])]]
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, row)
    if tell:
        transaction.on_commit(lambda: tell(job.pk, job.workflow_id, job.version + 1))


def held() -> int:
    """How many slots are taken."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        return int(cursor.fetchone()[0])


def head() -> Job | None:
    """The first waiting job that no bound holds back, locked.

    PostgreSQL waits here for who cancels it, then takes the next.
    """
    return next(iter(Job.rows.raw(*_head(tuple(running_bounds().items())))), None)


@lru_cache(_GRAPHS_KEPT)
def graph(digest: str) -> dict[str, Any]:
    """The document of a graph, which never changes."""
    document: dict[str, Any] = Graph.objects.values_list("document", flat=True).get(pk=digest)
    return document


def lease() -> Any:
    """The end of a term that begins now, by the database's own clock, which all machines share."""
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


def _update(job: Job, fields: dict[str, Any]) -> bool:
    """Whether the job was still as it was read."""
    term, of_term = _term(settings.LEASE_SECONDS)
    columns = ["version = version + 1"]
    values: list[Any] = []
    for name, value in fields.items():
        columns.append(f"{name} = {term if value is LEASE else '%s'}")
        values += of_term if value is LEASE else [_prepared(Job, name, value)]
    values += [_prepared(Job, name, getattr(job, name)) for name in ("id", "state", "fence")]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE runs_job SET {', '.join(columns)} WHERE id = %s AND state = %s AND fence = %s", values)  # noqa: S608 (names of columns)
        return bool(cursor.rowcount)


@cache
def _head(_bounds: tuple[tuple[str, int], ...]) -> tuple[str, tuple[Any, ...]]:
    """The statement for these bounds, with its parameters."""
    first = Job.objects.unbound().select_for_update(of=("self",))[:1]
    sql, parameters = first.query.sql_with_params()
    return sql, parameters


@cache
def _term(_seconds: float) -> tuple[str, tuple[Any, ...]]:
    """`lease()` in SQL, with its parameters."""
    query = Job.rows.all().query
    sql, parameters = query.get_compiler(DEFAULT_DB_ALIAS).compile(lease().resolve_expression(query))
    return sql, tuple(parameters)


def _prepared(model: type[Job | JobTransition], name: str, value: Any) -> Any:
    """A value as the database takes it for this field."""
    return getattr(model, name).field.get_db_prep_save(value, connection)
