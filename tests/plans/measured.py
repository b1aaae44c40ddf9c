"""How many rows the database reads for what some code asks of it: for a page of a list as many as are on the page.

On PostgreSQL its own EXPLAIN ANALYZE counts them. SQLite counts the steps of its virtual machine, of which a row that
is passed over takes some five, and one that is shown as many as it has columns.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

STEPS_A_ROW: Final = 10
_GRAIN: Final = 100
"""Steps of SQLite that are counted at once."""
_READING: Final = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH)\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """One statement, the way the database went, and how many rows it read or passed over on it."""

    sql: str
    plan: str
    rows: int

    def __str__(self) -> str:
        return f"{self.rows} rows for {self.sql}\n{self.plan}"


def readings(ask: Callable[[], object]) -> list[Reading]:
    """What the statements that it makes read, each measured just before it is made."""
    found: list[Reading] = []
    measuring = False

    def measure(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal measuring
        if not measuring and not many and _READING.match(sql):
            measuring = True
            try:
                found.append(_measured(sql, params))
            finally:
                measuring = False
        return execute(sql, params, many, context)

    with connection.execute_wrapper(measure):
        ask()
    assert found
    return found


def assert_bounded(found: Iterable[Reading], most: int, *indexes: str) -> None:
    """Each reads `most` rows at most, and some of them read along each of the indexes.

    Along which, PostgreSQL may choose anew every time it looks at its rows.
    """
    found = list(found)
    for each in found:
        assert each.rows <= most, each
    for index in indexes if connection.vendor == "sqlite" else ():
        assert any(index in each.plan for each in found), (index, *map(str, found))


def _measured(sql: str, params: Any) -> Reading:
    """The statement's reading. What it writes is taken back."""
    with transaction.atomic(), connection.cursor() as cursor:
        found = (
            _of_postgresql(cursor, sql, params)
            if connection.vendor == "postgresql"
            else _of_sqlite(cursor, sql, params)
        )
        transaction.set_rollback(True)
    return found


def _of_postgresql(cursor: Any, sql: str, params: Any) -> Reading:
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
    nodes = list(_nodes(cursor.fetchone()[0][0]["Plan"]))
    plan = "\n".join(f"{each['Node Type']} {each.get('Index Name', each.get('Relation Name', ''))}" for each in nodes)
    return Reading(sql, plan, sum(_passed(each) for each in nodes if "Relation Name" in each))


def _nodes(plan: dict[str, Any]) -> Iterable[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _passed(node: dict[str, Any]) -> int:
    removed = (node.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck"))
    return int((node["Actual Rows"] + sum(removed)) * node["Actual Loops"])


def _of_sqlite(cursor: Any, sql: str, params: Any) -> Reading:
    cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
    plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    grains = 0

    def count() -> None:
        nonlocal grains
        grains += 1

    connection.connection.set_progress_handler(count, _GRAIN)
    try:
        cursor.execute(sql, params)
        cursor.fetchall()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return Reading(sql, plan, grains * _GRAIN // STEPS_A_ROW)
