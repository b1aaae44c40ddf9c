"""The condition that a job's parameter has a value, the same on SQLite and PostgreSQL.

Django's own transforms read a name of digits as an index, and quote others in ways that SQLite does not know.
"""

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func
from django.db.models.sql.compiler import SQLCompiler

Sql = tuple[str, list[Any]]

_NUMBERS = ("integer", "real")
_PARTS = "SELECT fullkey, replace(type, 'integer', 'real'), atom FROM json_tree"


class HasParameter(Func):
    """Whether the JSON object in a field has this name with this value, whatever the order of keys inside it."""

    output_field = BooleanField()

    def __init__(self, field: str, name: str, value: object) -> None:
        super().__init__(field)
        self.name, self.value = name, value

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two of them equal: also what they look for."""
        return (*super().identity, self.name, json.dumps(self.value))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Sql:  # noqa: ARG002
        """By the types of JSON that PostgreSQL has."""
        field, params = compiler.compile(self.source_expressions[0])
        sql = f"COALESCE(jsonb_object_field({field}, %s::text) = %s::jsonb, false)"
        return sql, [*params, self.name, json.dumps(self.value)]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Any:  # noqa: ARG002
        """By what `json_each` tells of each entry."""
        field, params = compiler.compile(self.source_expressions[0])
        condition, compared = _is_value("entry", self.value)
        sql = f"EXISTS (SELECT 1 FROM json_each({field}) AS entry WHERE entry.key = %s AND {condition})"  # noqa: S608
        return sql, [*params, self.name, *compared]


def _is_value(entry: str, value: object) -> Sql:
    """The condition that an entry of `json_each` is the value."""
    text = json.dumps(value)
    match value:
        case None | bool():
            return f"{entry}.type = %s", [text]
        case int() | float():
            return f"{entry}.type IN {_NUMBERS} AND {entry}.atom = json_extract(%s, '$')", [text]
        case str():
            return f"{entry}.type = 'text' AND {entry}.atom = %s", [value]
        case _:
            kind = "array" if isinstance(value, list) else "object"
            theirs, ours = f"{_PARTS}({entry}.value)", f"{_PARTS}(%s)"
            same = f"NOT EXISTS ({theirs} EXCEPT {ours}) AND NOT EXISTS ({ours} EXCEPT {theirs})"
            return f"{entry}.type = %s AND {same}", [kind, text, text]
