"""Queries and inserts that requests and runs make again and again, compiled once.

To turn a query into SQL takes Django some 0.5 ms, which is ten times as long as the database takes to answer it.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model, QuerySet, UUIDField, Value

Row = TypeVar("Row")


class Placeholder(Value):
    """Stands in a query for a value that is known only when it is run."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        self.name = name
        super().__init__(name, output_field)

    def as_sql(self, *_: object) -> tuple[str, tuple[Any, ...]]:
        """A parameter, in whose place `Compiled` puts the value."""
        return "%s", (self,)


class Somebody(AnonymousUser):
    """Stands for a user whose id is known only when the query is run, as the value of `user`."""

    is_authenticated = True  # type: ignore[assignment]

    def __init__(self) -> None:
        self.pk = Placeholder("user", UUIDField())  # type: ignore[assignment]


class Compiled(Generic[Row]):
    """A query with placeholders: `build` is given one for each of the named fields, and makes the query of them.

    Values are given whenever it is run; none may be None. What the query prefetches does not come along.
    """

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]", **fields: "Field[Any, Any]") -> None:
        self._build = build
        self._fields = fields
        self._plans: dict[str, _Plan] = {}
        self._here = threading.local()

    def rows(self, **values: Any) -> list[Row]:
        """What the query finds with these values."""
        database = connections[DEFAULT_DB_ALIAS]
        ready = getattr(self._here, "ready", None)
        if ready is None or ready.database is not database:  # each thread has its own
            plan = self._plans.get(database.vendor) or self._compile(database)
            ready = self._here.ready = _Ready(plan, database)
        return ready.rows(values)

    def first(self, **values: Any) -> Row | None:
        """The first row that it finds, if any."""
        return next(iter(self.rows(**values)), None)

    def _compile(self, database: Any) -> "_Plan":
        queryset = self._build(**{name: Placeholder(name, field) for name, field in self._fields.items()})
        compiler: Any = queryset.query.get_compiler(connection=database)
        sql, parameters = compiler.as_sql()
        plan = self._plans[database.vendor] = _Plan(queryset, compiler, sql, parameters)
        return plan


def insert(rows: Sequence[Model]) -> None:
    """Writes new rows of one model, at least one, with their keys set, by a statement that is made once.

    Call it within a transaction: else some may be there and others not.
    """
    database = connections[DEFAULT_DB_ALIAS]
    sql, fields = _insertion(type(rows[0]))
    values = [[each.get_db_prep_save(each.pre_save(row, True), database) for each in fields] for row in rows]
    with database.cursor() as cursor:
        cursor.executemany(sql, values)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 (as the ORM leaves what it has saved)


def column_value(model: type[Model], field: str, value: Any) -> Any:
    """A value as this field's column takes it, for a statement that is written out."""
    return getattr(model, field).field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])


class _Plan(NamedTuple):
    """A query, what has compiled it, and what came of it for one kind of database."""

    queryset: "QuerySet[Any, Any]"
    compiler: Any
    sql: str
    parameters: Any


class _Ready:
    """A plan that is ready to be run on one connection, again and again but once at a time."""

    def __init__(self, plan: _Plan, database: Any) -> None:
        self.database = database
        self._plan = plan
        self._bound: list[Any] = []
        compiler = copy(plan.compiler)
        compiler.connection = database
        compiler.execute_sql = lambda **_: None  # `results_iter` runs the statement; of models this is called first
        compiler.results_iter = lambda *_, **__: self._fetched()
        self._converters = compiler.get_converters([column for column, _, _ in compiler.select])
        self._convert = compiler.apply_converters
        self._queryset = plan.queryset.all()
        self._queryset.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        self._read: Any = self._queryset._iterable_class  # noqa: SLF001 (a queryset reads by it, and keeps what it reads)

    def rows(self, values: dict[str, Any]) -> list[Any]:
        self._bound = [
            _bound(each, values, self.database) if isinstance(each, Placeholder) else each
            for each in self._plan.parameters
        ]
        found: Iterable[Any] = self._read(self._queryset)
        return list(found)

    def _fetched(self) -> Iterator[tuple[Any, ...]]:
        with self.database.cursor() as cursor:
            cursor.execute(self._plan.sql, self._bound)
            found: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return map(tuple, self._convert(found, self._converters)) if self._converters else iter(found)


@cache
def _insertion(model: type[Model]) -> "tuple[str, Sequence[Field[Any, Any]]]":
    """The statement, and the fields whose values it takes."""
    meta = model._meta  # noqa: SLF001 (Django's documented way to a model's fields)
    columns = ", ".join(f'"{field.column}"' for field in meta.concrete_fields)
    values = ", ".join(["%s"] * len(meta.concrete_fields))
    return f'INSERT INTO "{meta.db_table}" ({columns}) VALUES ({values})', meta.concrete_fields  # noqa: S608 (names)


def _bound(placeholder: Placeholder, values: dict[str, Any], database: Any) -> Any:
    return placeholder.output_field.get_db_prep_value(values[placeholder.name], database)
