"""The dates by which a long list is narrowed down: each found by a look into an index, where Django reads all."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.contrib.admin.views.main import ChangeList
from django.utils.formats import date_format

_LEVELS: Final = ("year", "month", "day")
_TITLES: Final[tuple[Callable[[datetime], str], ...]] = (
    lambda at: str(at.year),
    lambda at: date_format(at, "YEAR_MONTH_FORMAT"),
    lambda at: date_format(at, "MONTH_DAY_FORMAT"),
)


class Choice(NamedTuple):
    """A year, month or day, and the address of what is of it; none for the day that is shown."""

    title: str
    link: str = ""


class Dates(NamedTuple):
    """What there is to choose from, whatever else the list is filtered by, and the way back."""

    choices: list[Choice]
    back: Choice | None


def dates(page: ChangeList) -> Dates | None:
    """The years that have rows, or the months or days of what is chosen; None while there are no rows."""
    ends = [_first(page, sign) for sign in ("", "-")]
    if ends[0] is None or ends[1] is None:
        return None
    given = [page.params.get(f"{page.date_hierarchy}__{level}") for level in _LEVELS]
    chosen = [int(str(each)) for each in given if each] or _shared(ends[0], ends[1])
    back = None
    if chosen:
        above = chosen[:-1]
        back = Choice(_TITLES[len(above) - 1](_start(above)) if above else "All dates", _link(page, above))
    if len(chosen) == len(_LEVELS):
        return Dates([Choice(_TITLES[-1](_start(chosen)))], back)
    since, until = (_start(chosen), _end(chosen)) if chosen else (ends[0], ends[1] + timedelta(seconds=1))
    return Dates(
        [
            Choice(_TITLES[len(chosen)](_start(each)), _link(page, each))
            for each in _parts(page, len(chosen), since, until)
        ],
        back,
    )


def _shared(first: datetime, last: datetime) -> list[int]:
    """The year, and the month, that all rows share: what has one choice is not chosen from."""
    if first.year != last.year:
        return []
    return [first.year, first.month] if first.month == last.month else [first.year]


def _parts(page: ChangeList, level: int, since: datetime, until: datetime) -> Iterator[list[int]]:
    """The parts of this time that have rows, leaping from the first row of one to the first behind it."""
    field = page.date_hierarchy
    while (found := _first(page, "", **{f"{field}__gte": since, f"{field}__lt": until})) is not None:
        part = [found.year, found.month, found.day][: level + 1]
        yield part
        since = _end(part)


def _first(page: ChangeList, sign: str, **within: datetime) -> datetime | None:
    field = str(page.date_hierarchy)
    rows = page.root_queryset.filter(**within).order_by(f"{sign}{field}")
    found: datetime | None = rows.values_list(field, flat=True).first()
    return found


def _start(part: list[int]) -> datetime:
    year, month, day = (*part, 1, 1)[:3]
    return datetime(year, month, day, tzinfo=UTC)


def _end(part: list[int]) -> datetime:
    """The beginning of the year, month or day that follows."""
    start = _start(part)
    if len(part) == len(_LEVELS):
        return start + timedelta(days=1)
    if len(part) == 1 or start.month == 12:
        return start.replace(year=start.year + 1, month=1)
    return start.replace(month=start.month + 1)


def _link(page: ChangeList, part: list[int]) -> str:
    chosen: dict[str, Any] = {
        f"{page.date_hierarchy}__{level}": each for level, each in zip(_LEVELS, part, strict=False)
    }
    return page.get_query_string(chosen, [f"{page.date_hierarchy}__"])
