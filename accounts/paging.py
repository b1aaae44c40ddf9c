"""Lists, a page at a time by keyset: a page costs the same however deep in the list it lies, and nothing is counted.

A cursor names the last row of its page by the value that the list is ordered by, and its id. Rows without a value come
last in either direction, ordered by id.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from accounts.problems import ProblemError, fault, invalid

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[M]):
    """Some rows of a list, and the cursor of those behind them."""

    rows: list[M]
    next: str | None

    def document(self, represent: Callable[[M], dict[str, Any]]) -> dict[str, Any]:
        """The page as JSON shows it."""
        return {"items": [represent(row) for row in self.rows], "next": self.next}


@dataclass(frozen=True, slots=True)
class Mark:
    """The row behind which a page begins."""

    value: Any
    id: Any


def page(rows: QuerySet[M], *, order: str, limit: int, cursor: str | None = None) -> Part[M]:
    """Up to `limit` rows, ordered by the field that `order` names (`-` before it: descending) and by id.

    Raises ProblemError 422 when the cursor is none of this list's.
    """
    keyset = Keyset(rows.model, order)
    mark = keyset.read(cursor) if cursor else None
    found: list[M] = []
    if mark is None or mark.value is not None:
        found = list(keyset.valued(rows, mark)[: limit + 1])
    if keyset.nullable and len(found) <= limit:
        found += keyset.unvalued(rows, mark if mark and mark.value is None else None)[: limit + 1 - len(found)]
    more = len(found) > limit
    return Part(found[:limit], keyset.write(found[limit - 1]) if more else None)


def part_of(items: Mapping[str, T], limit: int | None, cursor: str | None = None) -> tuple[list[T], str | None]:
    """The same of a list that no table holds, each item under a name: a cursor is the last name of its page."""
    names = list(items)
    if cursor and cursor not in items:
        raise _unknown()
    rest = names[names.index(cursor) + 1 if cursor else 0 :]
    part = rest[:limit]
    return [items[name] for name in part], part[-1] if len(part) < len(rest) else None


class Keyset:
    """One order of a list."""

    def __init__(self, model: type[Model], order: str) -> None:
        self.order = order
        self.name = order.removeprefix("-")
        self.sign = "-" if order.startswith("-") else ""
        self.step = "lt" if self.sign else "gt"
        self.field = model._meta.get_field(self.name)  # noqa: SLF001 (Django's own public name)
        self.key = model._meta.pk  # noqa: SLF001
        self.nullable = bool(getattr(self.field, "null", False))

    def valued(self, rows: QuerySet[M], mark: Mark | None) -> QuerySet[M]:
        """The rows that have a value, behind the mark. The outer bound lets the index find the place."""
        rows = rows.order_by(f"{self.sign}{self.name}", f"{self.sign}pk")
        if mark is None:
            return rows.filter(**{f"{self.name}__isnull": False}) if self.nullable else rows
        behind = Q(**{f"{self.name}__{self.step}": mark.value}) | Q(**{f"pk__{self.step}": mark.id})
        return rows.filter(**{f"{self.name}__{self.step}e": mark.value}).filter(behind)

    def unvalued(self, rows: QuerySet[M], mark: Mark | None) -> QuerySet[M]:
        """The rows that have no value, behind the mark."""
        rows = rows.filter(**{f"{self.name}__isnull": True}).order_by(f"{self.sign}pk")
        return rows.filter(**{f"pk__{self.step}": mark.id}) if mark else rows

    def write(self, row: Model) -> str:
        """The cursor of the row."""
        value = getattr(row, self.name)
        text = None if value is None else self.field.value_to_string(row)  # type: ignore[union-attr]
        marked = json.dumps([self.order, text, str(row.pk)])
        return base64.urlsafe_b64encode(marked.encode()).decode().rstrip("=")

    def read(self, cursor: str) -> Mark:
        """The mark that a cursor of this order stands for."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            order, text, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            value = None if text is None else self.field.to_python(text)  # type: ignore[union-attr]
            mark = Mark(_in_utc(value) if isinstance(value, datetime) else value, self.key.to_python(key))
        except (ValueError, TypeError, OverflowError, RecursionError, ValidationError) as error:
            raise _unknown() from error
        if order != self.order or mark.id is None or (value is None and not self.nullable):
            raise _unknown()
        return mark


def _in_utc(moment: datetime) -> datetime:
    """The time as databases compare it. Raises ValueError or OverflowError for what is none of ours."""
    if moment.tzinfo is None:
        message = "a time without its offset"
        raise ValueError(message)
    return moment.astimezone(UTC)


def _unknown() -> ProblemError:
    message = "The cursor is none of this list's. Give the `next` of a page of the same list and order, or none."
    return invalid(fault("bad_value", message, name="cursor"), detail=message)
