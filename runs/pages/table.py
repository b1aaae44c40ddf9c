"""The runs of a workflow as a table: some of them at a time, in a number of queries that does not grow with them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.paging import page
from accounts.problems import ProblemError
from runs import filtering, naming, queue
from runs.models import Job
from runs.pages import drawing
from runs.pages.asked import Asked
from runs.pages.board import STATES, thumbnails
from runs.states import ACTIVE, HOLDING
from workflows.models import Workflow

ROWS: Final = 30
COLUMNS: Final = 6
"""Parameters that have a column of their own, the first that differ."""
FINDABLE: Final = 60


class Column(NamedTuple):
    """A parameter that differs among the runs shown."""

    name: str
    title: str


class Cell(NamedTuple):
    """A parameter of one run, and the address of the runs that have it too; empty where that can't be asked for."""

    title: str
    value: object
    href: str


class Row(NamedTuple):
    """One run."""

    job: Job
    place: queue.Place
    thumbnail: UUID | None
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Some of a workflow's runs. `sizes` counts those that match by how they stand, `active` all that are active."""

    asked: Asked
    rows: Sequence[Row]
    columns: Sequence[Column]
    behind: str
    """The address of what comes after these rows; empty at the end."""
    sizes: Mapping[str, int]
    active: Mapping[str, int]
    ever: int

    @property
    def running(self) -> int:
        """How many of the workflow's runs hold a slot."""
        return sum(self.active.get(state, 0) for state in HOLDING)

    @property
    def found(self) -> int:
        """How many runs match."""
        wanted = filtering.states(self.asked.query)
        return sum(size for name, size in self.sizes.items() if not wanted or wanted & set(STATES[name]))

    @property
    def looks_every(self) -> str | None:
        """How often it is to be read again, as htmx writes it. An idle beginning waits for runs made elsewhere."""
        if self.asked.first:
            return "1s" if self.active else "5s"
        return "1s" if any(row.job.state in ACTIVE for row in self.rows) else None

    @property
    def part(self) -> str:
        """The address that it is read again at. It names the runs shown, as they stay where they are.

        A run that no longer stands as was asked for is gone only once the page is opened anew.
        """
        kept = ",".join(str(row.job.pk) for row in self.rows) if self.asked.query.state else ""
        start = f"{self.asked.address}&" if self.asked.pairs else "?"
        return f"{start}part=list{f'&keep={kept}' if kept else ''}"


def read(workflow: Workflow, asked: Asked, keep: Collection[UUID] = ()) -> Table:
    """The table as database and Redis have it now. `keep`: runs that are shown already, and stay."""
    every = workflow.jobs.defer("traceback")
    found = filtering.matching(every, asked.query, asked.params)
    jobs, cursor = _part(found, asked)
    jobs = _in_order([*jobs, *_stayed(every, asked, jobs, keep)], asked.query.order)
    columns = _columns(workflow, jobs)
    return Table(
        asked=asked,
        rows=list(_rows(jobs, columns, asked)),
        columns=columns,
        behind=asked.behind(cursor) if cursor else "",
        sizes=_sizes(workflow, asked),
        active=dict(workflow.jobs.active().order_by().values_list("state").annotate(Count("pk"))),
        ever=workflow.jobs_made,
    )


def kept(text: str) -> list[UUID]:
    """The ids that `keep` names."""
    try:
        return [UUID(part) for part in text.split(",")[: 2 * ROWS] if part]
    except ValueError:
        return []


def titles(workflow: Workflow) -> Mapping[str, str]:
    """What people call the workflow's parameters, by name."""
    return drawing.of(workflow.graph_id).titles


def findable(shown: Table) -> list[str]:
    """What may be written to filter by: each value of the columns shown, as `seed = 42`."""
    cells = [
        cell for row in shown.rows for cell in row.cells if isinstance(cell.value, str | int | float) and cell.href
    ]
    return sorted({f"{cell.title} = {_written(cell.value)}" for cell in cells})[:FINDABLE]


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _part(found: QuerySet[Job], asked: Asked) -> tuple[list[Job], str | None]:
    if asked.complaints:
        return [], None
    try:
        part = page(found, order=asked.query.order, limit=ROWS, cursor=asked.query.cursor)
    except ProblemError as problem:
        asked.complaints.append(problem.detail)
        return [], None
    return part.rows, part.next


def _stayed(every: QuerySet[Job], asked: Asked, jobs: Sequence[Job], keep: Collection[UUID]) -> list[Job]:
    """Those of the runs shown before that no longer stand as was asked for."""
    wanted, shown = filtering.states(asked.query), {job.pk for job in jobs}
    gone = [pk for pk in keep if pk not in shown]
    stayed = every.filter(pk__in=gone) if wanted and gone else every.none()
    return [job for job in stayed if job.state not in wanted][:ROWS]


def _in_order(jobs: list[Job], order: str) -> list[Job]:
    """As the database orders them: those without a value last."""
    name, descending = order.removeprefix("-"), order.startswith("-")
    valued = [job for job in jobs if getattr(job, name) is not None]
    unvalued = [job for job in jobs if getattr(job, name) is None]
    valued.sort(key=lambda job: (getattr(job, name), job.pk), reverse=descending)
    return valued + sorted(unvalued, key=lambda job: job.pk, reverse=descending)


def _sizes(workflow: Workflow, asked: Asked) -> dict[str, int]:
    """How many runs match but for their states, by what people call these."""
    query = asked.query.model_copy(update={"state": []})
    found = filtering.matching(workflow.jobs.order_by(), query, asked.params)
    by_state = dict(found.values_list("state").annotate(Count("pk")))
    return {name: sum(by_state.get(state, 0) for state in states) for name, states in STATES.items()}


def _columns(workflow: Workflow, jobs: Sequence[Job]) -> list[Column]:
    """The parameters whose values differ, in the order of the newest run's, then those that only others have."""
    values: dict[str, set[str]] = {}
    for job in jobs:
        for name in job.params:
            values.setdefault(name, set())
    for job in jobs:
        for name, seen in values.items():
            seen.add(json.dumps(job.params.get(name), sort_keys=True))
    drawn = drawing.of(workflow.graph_id)
    differing = [name for name, seen in values.items() if len(seen) > 1]
    return [Column(name, drawn.title(name)) for name in differing[:COLUMNS]]


def _rows(jobs: Sequence[Job], columns: Sequence[Column], asked: Asked) -> Iterable[Row]:
    places, pictures = queue.places(jobs), thumbnails(jobs)
    files = naming.files(*[job.params for job in jobs]) if columns else {}
    for job in jobs:
        cells = [_cell(column, job.params.get(column.name), files, asked) for column in columns]
        yield Row(job, places.get(job.pk, queue.Place()), pictures.get(job.pk), cells)


def _cell(column: Column, value: object, files: Mapping[str, str], asked: Asked) -> Cell:
    shown = naming.with_name(value, files)
    return Cell(column.title, shown, "" if value is None else asked.with_parameter(column.name, value))
