"""How the database would read what some code asks of it: the plans of its very statements, their parameters apart.

To write the parameters into them would show other plans: what is known beforehand may fit the condition of an index.
"""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection


def explained(ask: Callable[[], object], table: str, *words: str) -> list[str]:
    """The plans of the statements that read this table, and have all these words in them."""
    asked: list[tuple[str, Any]] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.search(rf'FROM "?{table}\b', sql) and all(word in sql for word in words):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        ask()
    assert asked
    return [_plan(*each) for each in asked]


def assert_index(plans: list[str], index: str) -> None:
    """Each reads along the index, and finds the rows in their order there."""
    for plan in plans:
        assert index in plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan


def _plan(sql: str, params: Any) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # so few rows are quicker read and sorted than looked up
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN '}{sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
