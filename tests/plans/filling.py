"""A database with 100,000 jobs, filled by statements that make their rows themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.scopes import Scope
from runs.models import Asset, Batch, Blob, Delivery, Gate, Job, JobTransition, Kept, RunFocus, Webhook, Worker
from tests import factories
from workflows.models import Workflow, WorkflowVersion

JOBS: Final = 100_000
WAITING: Final = 1_000
"""The newest jobs; before them four run, and all older ones have ended."""
RUNNING: Final = 4
WORKFLOWS: Final = 10
"""Have as many jobs each, in turns: Ada's but for the last two, which are Bob's."""
OTHERS: Final = 2_000
"""So many more there are of what people make by hand."""
TOLD: Final = 25_000
"""Deliveries, of which the last hundred are due."""
_SCATTER: Final = 7919
_PRIME: Final = 100_003
"""Of as many jobs each gets an id of its own, in no order."""
_APART: Final = 60
"""Seconds between jobs, of which the last is submitted now."""
_BEGAN: Final = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=JOBS * _APART)
_STATES: Final = (
    f"CASE WHEN i > {JOBS - WAITING} THEN 'queued' WHEN i > {JOBS - WAITING - RUNNING} THEN 'running'"
    " WHEN i %% 50 = 3 THEN 'failed' WHEN i %% 1000 = 7 THEN 'cancelled' ELSE 'completed' END"
)


def at(number: int) -> datetime:
    """When the job of this number was submitted."""
    return _BEGAN + timedelta(seconds=number * _APART)


def fill() -> None:
    """Fills the database in use, which has to be empty."""
    ada, bob = (User.objects.create_user(name) for name in ("ada", "bob"))
    User.objects.create_superuser("root")
    if connection.vendor == "postgresql":
        _execute("SET session_replication_role = replica")  # the rows refer to what is there: it need not be looked up
    _multiply(User(username="", password="!"), OTHERS, id=_id("i + 500000"), username="'user ' || i")
    theirs = [factories.workflow(bob if at >= WORKFLOWS - 2 else ada, pk=UUID(int=at)) for at in range(WORKFLOWS)]
    Workflow.objects.update(jobs_made=JOBS // WORKFLOWS)
    _jobs(ada, bob, theirs[0])
    _others(ada, theirs[0])
    Gate.objects.create(pk=1, cap=RUNNING + 1)
    Worker.objects.create(name="m.1", host="m", pid=1, pool="m", started_at=_BEGAN, heartbeat_at=timezone.now())
    if connection.vendor == "postgresql":
        _execute("SET session_replication_role = origin")


def _jobs(ada: User, bob: User, workflow: Workflow) -> None:
    """Every job with a step of its history; each that has ended, with what it made."""
    ended = f"i <= {JOBS - WAITING - RUNNING}"
    begun = f"i <= {JOBS - WAITING}"
    batch = "CASE WHEN i %% 10 = 0 THEN {} END".format(_id("i / 1000"))
    owner = f"CASE WHEN i %% 10 < {WORKFLOWS - 2} THEN {_literal(ada)} ELSE {_literal(bob)} END"
    job = Job(workflow=workflow, workflow_version=1, graph_id=workflow.graph_id, owner=ada, fence=1)
    _multiply(
        job,
        JOBS,
        id=_scattered("i"),
        workflow_id=_id("i %% 10"),
        number="i / 10 + 1",
        owner_id=owner,
        batch_id=batch,
        state=_STATES,
        place="i",
        label="'word ' || i",
        params=_json("""'{"word": "' || i || '"}'"""),
        fence=f"CASE WHEN {begun} THEN 1 ELSE 0 END",
        worker=f"CASE WHEN {begun} THEN 'm.' || i %% 4 ELSE '' END",
        lease_until=f"CASE WHEN {ended} OR i > {JOBS - WAITING} THEN NULL ELSE {_moment(JOBS * 10)} END",
        created_at=_moment("i"),
        started_at=f"CASE WHEN {begun} THEN {_moment('i')} END",
        ended_at=f"CASE WHEN {ended} THEN {_moment('i')} END",
        duration=f"CASE WHEN {ended} THEN i %% 1000 / 10.0 END",
        twin=f"CASE WHEN {ended} THEN i END",
    )
    step = JobTransition(job=job, from_state="running", to_state="completed", by="m.1")
    _multiply(step, JOBS, job_id=_scattered("i"), at=_moment("i"))
    made = Asset(owner=ada, workflow=workflow, output="value", result="echo", kind="text", value="hello")
    places = {"workflow_id": _id("i %% 10"), "job_id": _scattered("i"), "owner_id": owner, "created_at": _moment("i")}
    kept = f"CASE WHEN i <= {OTHERS} THEN 'blob ' || i END"
    _multiply(made, JOBS - WAITING - RUNNING, id=_id("i"), node="'out'", blob_id=kept, **places)
    _multiply(
        Batch(workflow=workflow, owner=ada, count=100, created_at=_BEGAN, released_at=_BEGAN),
        JOBS // 1000 + 1,
        id=_id("i - 1"),
    )


def _others(ada: User, workflow: Workflow) -> None:
    """What is there besides."""
    about = {"owner": ada, "graph_id": workflow.graph_id, "created_at": _BEGAN}
    named = {"name": "'Other ' || i", "updated_at": _moment("i")}
    _multiply(Workflow(**about), OTHERS, id=_id("i + 1000"), **named)
    _multiply(RunFocus(user=ada, updated_at=_BEGAN), OTHERS, workflow_id=_id("i + 1000"), job_id=_scattered("i"))
    version = WorkflowVersion(workflow=workflow, graph_id=workflow.graph_id, created_at=_BEGAN)
    _multiply(version, OTHERS, number="i + 1")
    token = ApiToken(user=ada, scopes=[Scope.READ])
    _multiply(token, 100, id=_id("i"), digest="'token ' || i", created_at=_moment("i"))
    hook = Webhook(owner=ada, url="https://example.com/", origin="example.com:443", events=["job.ended"])
    _multiply(hook, 100, id=_id("i"), created_at=_moment("i"))
    told = Delivery(webhook=hook, event="job.ended", state="delivered", attempts=1)
    late = f"CASE WHEN i > {TOLD - 100} THEN {_moment(JOBS - 1)} END"
    places = {
        "webhook_id": _id("i %% 100 + 1"),
        "subject": _scattered("i"),
        "created_at": _moment(f"i + {JOBS - TOLD}"),
    }
    _multiply(told, TOLD, id=_id("i"), due_at=late, **places)
    blob = Blob(size=1, media_type="image/png", used_at=_BEGAN)
    _multiply(blob, OTHERS, digest="'blob ' || i")
    _multiply(Kept(owner=ada, results=[]), OTHERS, key="'kept ' || i", made_at=_moment("i"))


def _multiply(row: models.Model, count: int, **columns: str) -> None:
    """So many rows like this one; `columns`: what each has of its own, as SQL over `i`, which counts from 1."""
    fields = [field for field in row._meta.concrete_fields if not isinstance(field, models.AutoField)]
    said = [columns.get(field.attname) or _cast(field) for field in fields]
    params = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field in fields
        if field.attname not in columns
    ]
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    _execute(f"{numbers} INSERT INTO {row._meta.db_table} ({names}) SELECT {', '.join(said)} FROM n", params)


def _execute(sql: str, params: Any = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _cast(field: Any) -> str:
    """A parameter, of the type that PostgreSQL asks for."""
    return f"CAST(%s AS {field.db_type(connection)})" if _is_postgresql() else "%s"


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _scattered(number: str) -> str:
    return _id(f"{number} * {_SCATTER} %% {_PRIME}")


def _id(number: str) -> str:
    """The UUID of this number."""
    return f"lpad(to_hex({number}), 32, '0')::uuid" if _is_postgresql() else f"printf('%%032x', {number})"


def _literal(row: models.Model) -> str:
    return f"'{row.pk}'::uuid" if _is_postgresql() else f"'{row.pk.hex}'"


def _moment(number: object) -> str:
    """The time of the job of this number."""
    began = f"{_BEGAN:%Y-%m-%d %H:%M:%S}"
    if _is_postgresql():
        return f"timestamptz '{began}+00' + ({number}) * interval '{_APART} seconds'"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%S', '{began}', (({number}) * {_APART}) || ' seconds')"


def _json(text: str) -> str:
    return f"CAST({text} AS jsonb)" if _is_postgresql() else text
