"""Every migration goes up and down with rows in every table, and takes only what the schema has no place for."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor

from tests.databases import another, used

OURS: Final = ("accounts", "workflows", "runs")
Step = tuple[str, str]
Tables = dict[str, Any]
"""Models by their tables."""
Rows = dict[str, dict[Any, dict[str, Any]]]
"""The rows of each table by their keys, as columns and values."""


@pytest.fixture
def empty(django_db_blocker: Any, tmp_path: Path) -> Iterator[None]:
    """A database without any table is in use."""
    name = f"migrated_{tmp_path.name}" if connection.vendor == "postgresql" else str(tmp_path / "migrated.sqlite3")
    with django_db_blocker.unblock(), another(name), used(name):
        yield


def test_rows_go_with_every_step_up_and_down(empty: None) -> None:
    steps, passed = _steps(), [Stage([], {}, {})]
    for step in steps:
        _migrate(step)
        stage = Stage([*passed[-1].steps, step], _models([*passed[-1].steps, step]), _schema())
        _assert_kept(passed[-1].rows, _rows(stage), step)
        _add_rows(stage.models)
        passed.append(stage._replace(rows=_rows(stage)))
    while len(passed) > 1:
        stage, earlier = passed.pop(), passed[-1]
        before = _rows(stage)
        _go_back(stage.steps)
        _assert_kept(before, _rows(earlier), stage.steps[-1])
        if earlier.steps:
            assert _schema() == earlier.schema, f"going back from {stage.steps[-1]} leaves another schema"
    assert not [table for table in _schema() if table.partition("_")[0] in OURS]


def test_batches_that_were_made_before_there_were_rows_of_them_get_some(empty: None) -> None:
    step, then = ("runs", "0006_partial_runs"), ("runs", "0007_batch_rows")
    _migrate(step)
    found = _add_rows(_models([step]))["runs_job"]
    for job in found:
        job.workflow, job.owner, job.batch_id = found[0].workflow, found[0].owner, UUID(int=7)
        job.save()
    _migrate(then)
    made = _models([then])["runs_batch"]._default_manager.values("pk", "count", "workflow", "released_at").get()
    first = min(job.created_at for job in found)
    assert made == {"pk": UUID(int=7), "count": 2, "workflow": found[0].workflow_id, "released_at": first}


class Stage(NamedTuple):
    """The database after some of our migrations."""

    steps: list[Step]
    models: Tables
    schema: dict[str, object]
    rows: Rows = {}


def _steps() -> list[Step]:
    """All of our migrations, each behind those that it needs."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(each.app_label, each.name) for each, _ in plan if each.app_label in OURS]


def _migrate(step: Step) -> None:
    MigrationExecutor(connection).migrate([step])


def _go_back(steps: list[Step]) -> None:
    """Takes the last of these steps back."""
    app, _ = steps[-1]
    earlier = [name for of, name in steps[:-1] if of == app]
    MigrationExecutor(connection).migrate([(app, earlier[-1] if earlier else None)])


def _models(steps: list[Step]) -> Tables:
    """Our models as they are after these steps, each behind those that it refers to."""
    apps = MigrationExecutor(connection).loader.project_state(list(dict(steps).items())).apps
    found: list[Any] = [
        each for app in OURS if app in apps.app_configs for each in apps.get_app_config(app).get_models()
    ]
    ordered: list[Any] = []
    while found:
        ordered += [model for model in found if not _wanted(model) & set(found)]
        found = [model for model in found if model not in ordered]
    return {model._meta.db_table: model for model in ordered}


def _wanted(model: Any) -> set[Any]:
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation} - {model}


def _rows(stage: Stage) -> Rows:
    found = {table: model._default_manager.values("pk", *_names(model)) for table, model in stage.models.items()}
    return {table: {row["pk"]: row for row in rows} for table, rows in found.items()}


def _names(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _assert_kept(before: Rows, after: Rows, step: Step) -> None:
    """All rows whose table is still there have what they had, in the columns that are still there."""
    for table in before.keys() & after.keys():
        for key, row in before[table].items():
            left = after[table].get(key)
            assert left, f"{step} loses a row of {table}"
            changed = {name for name in row.keys() & left.keys() if row[name] != left[name]}
            assert not changed, f"{step} changes {changed} of {table}"


_counter = itertools.count(1)
_MADE: Final[dict[type, Callable[[int], Any]]] = {
    models.BooleanField: lambda number: bool(number % 2),
    models.DateTimeField: lambda number: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
    models.UUIDField: lambda number: UUID(int=number),
    models.JSONField: lambda number: {"number": number},
    models.BinaryField: lambda number: bytes([number % 256]),
    models.FloatField: lambda number: number / 2,
    models.IntegerField: lambda number: number,
}


def _add_rows(tables: Tables) -> dict[str, list[Any]]:
    """Two more in every table of ours: one with all that it can have, one with no more than it must."""
    made: dict[Any, list[Any]] = {}
    for model in tables.values():
        made[model] = [model._default_manager.create(**_values(model, made, full=full)) for full in (True, False)]
    return {model._meta.db_table: rows for model, rows in made.items()}


def _values(model: Any, made: dict[Any, list[Any]], *, full: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField) or (field.null and not full):
            continue
        if field.related_model is model:
            continue
        found[field.name] = made[field.related_model][0 if full else 1] if field.is_relation else _value(field)
    return found


def _value(field: Any) -> Any:
    """Another one each time, as far as its type goes."""
    number = next(_counter)
    if field.choices:
        return field.choices[0][0]
    return next((make(number) for kind, make in _MADE.items() if isinstance(field, kind)), str(number))


def _schema() -> dict[str, object]:
    """Every table with its columns, and with what holds and finds its rows."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        return {table: (_columns(cursor, table), _constraints(cursor, table)) for table in tables}


def _columns(cursor: Any, table: str) -> dict[str, object]:
    described = connection.introspection.get_table_description(cursor, table)
    return {column.name: (column.type_code, column.null_ok, column.default) for column in described}


def _constraints(cursor: Any, table: str) -> dict[str, object]:
    found = connection.introspection.get_constraints(cursor, table)
    kinds = ("columns", "primary_key", "unique", "foreign_key", "check", "index", "orders")
    return {name: {kind: each.get(kind) for kind in kinds} for name, each in found.items()}
