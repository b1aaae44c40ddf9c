"""Looks twice a second at what all open canvases of this process show besides their focused run.

One look is a few queries and one round trip to Redis, however many canvases are open: where each person's lens is,
which jobs are active, and what those that run have told since the last look. What is dearer, the cards of a workflow,
is read once for all who watch it, and only when one of these has changed.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from runs import lens, redis as keys
from runs.models import Job
from runs.pages.working import Working, working
from runs.sockets.groups import AWAY, connection
from runs.sockets.rounds import Rounds
from runs.sockets.sight import Lens
from runs.sockets.threads import in_database
from runs.states import HOLDING
from runs.telemetry import EMPTY, NOTHING, Snapshot, TelemetryId, fold
from workflows.models import Workflow

WAITING_LOOKED_AT = 500
REST = 20
"""Rounds after which all is read anew, whatever the looks say: what nobody tells of is seen then."""


class Row(NamedTuple):
    """An active job."""

    pk: UUID
    workflow_id: UUID
    owner_id: UUID
    number: int
    state: str
    version: int


class Glance(NamedTuple):
    """What a look found of one canvas. While `mark` stays, nothing but what is hot has changed."""

    focus: lens.Focus
    working: tuple[Working, ...]
    mark: tuple[object, ...]


class Watcher(Protocol):
    """A socket, to the overview."""

    lens: Lens

    def glance(self, found: Glance) -> None:
        """What the last look found."""


class Told(NamedTuple):
    """What a running job has told so far."""

    last: TelemetryId
    snapshot: Snapshot
    nodes: int


class Overview(Rounds[Watcher]):
    """The canvases of this event loop, and what the running jobs on them have told."""

    seconds = 0.5
    linger_seconds = 5.0

    def __init__(self) -> None:
        super().__init__()
        self.redis = connection()
        self._told: dict[UUID, Told] = {}
        self._away = False
        self._rounds = 0
        self._stirred: dict[UUID, int] = {}
        self._looking = asyncio.Lock()
        self._shared: dict[tuple[object, ...], asyncio.Task[Any]] = {}

    async def shared(self, key: tuple[object, ...], work: Callable[[], Awaitable[Any]]) -> Any:
        """What `work` answers, done once until the next round for all who ask with the same key."""
        if key not in self._shared:
            self._shared[key] = asyncio.ensure_future(work())
        return await asyncio.shield(self._shared[key])

    def stir(self, workflow_id: UUID) -> None:
        """Something of the workflow has changed that a look would not find."""
        self._stirred[workflow_id] = self._stirred.get(workflow_id, 0) + 1

    async def round(self) -> None:
        """Looks for all."""
        self._rounds += 1
        self._shared = {}
        await self.look(list(self.members))

    async def look(self, watchers: Sequence[Watcher]) -> None:
        """Looks for these, and tells each what was found."""
        if not watchers:
            return
        async with self._looking:
            focuses, rows, made = await in_database(_look, {watcher.lens for watcher in watchers})
            await self._listen([row for row in rows if row.state in HOLDING], whole=len(watchers) == len(self.members))
        for watcher in watchers:
            watcher.glance(self._glance(watcher.lens, focuses, rows, made))

    async def close(self) -> None:
        """Ends the tasks and the connection."""
        await super().close()
        await self.redis.aclose()

    def _glance(
        self, key: Lens, focuses: Mapping[Lens, lens.Focus], rows: Sequence[Row], made: Mapping[UUID, int]
    ) -> Glance:
        owner_id, workflow_id = key
        mine = [row for row in rows if row.owner_id == owner_id]
        running = [row for row in mine if row.workflow_id == workflow_id and row.state in HOLDING]
        found = tuple(self._working(row) for row in sorted(running, key=lambda row: -row.number))
        mark = (
            tuple((row.pk, row.version) for row in mine),
            tuple(each.made for each in found),
            rows[-1].pk if rows else None,
            made.get(workflow_id),  # a run may begin and end between two looks
            self._stirred.get(workflow_id, 0),
            self._rounds // REST,
            self._away,
        )
        return Glance(focuses.get(key, lens.NOWHERE), found, mark)

    def _working(self, row: Row) -> Working:
        told = self._told.get(row.pk)
        snapshot, nodes = (told.snapshot, told.nodes) if told else (EMPTY, 0)
        return working(row.pk, row.number, snapshot, nodes)

    async def _listen(self, running: Sequence[Row], *, whole: bool) -> None:
        """Folds what these jobs have told since the last look; forgets the others, if these are all."""
        if whole:
            known = {row.pk for row in running}
            self._told = {pk: told for pk, told in self._told.items() if pk in known}
        new = [row.pk for row in running if row.pk not in self._told]
        sizes = await in_database(_sizes, new) if new else {}
        for pk in new:
            self._told[pk] = Told(NOTHING, EMPTY, sizes.get(pk, 0))
        try:
            await self._fold([row.pk for row in running])
            self._away = False
        except AWAY:
            self._away = True

    async def _fold(self, job_ids: Sequence[UUID]) -> None:
        pipeline = self.redis.pipeline(transaction=False)
        pipeline.ping()
        for pk in job_ids:
            last = self._told[pk].last
            pipeline.get(keys.snapshot_key(pk)) if last == NOTHING else pipeline.echo("")
            pipeline.xrange(keys.stream_key(pk), min=f"({last}" if last != NOTHING else "-")
        answers: list[Any] = (await pipeline.execute())[1:]
        for at, pk in enumerate(job_ids):
            with suppress(*keys.UNREADABLE):  # the others on this and other people's canvases go on
                self._told[pk] = _folded(self._told[pk], answers[2 * at], answers[2 * at + 1])


def _folded(told: Told, kept: bytes | None, entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]]) -> Told:
    last, snapshot = told.last, told.snapshot
    if kept:
        document = json.loads(kept)
        last, snapshot = TelemetryId.parse(document["id"]), document["snapshot"]
    for key, fields in entries:
        entry = TelemetryId.parse(key.decode())
        if entry > last:
            last = entry
            snapshot = _lean(fold(snapshot, json.loads(fields[b"b"]))) if b"b" in fields else EMPTY
    return Told(last, _lean(snapshot), told.nodes)


def _lean(snapshot: Snapshot) -> Snapshot:
    """Statuses, progress, and how many products there are: the rest is the focused run's alone."""
    return {**EMPTY, "nodes": snapshot["nodes"], "products": [None] * len(snapshot["products"])}


def _look(watched: Collection[Lens]) -> tuple[Mapping[Lens, lens.Focus], list[Row], dict[UUID, int]]:
    """Where these lenses are, the active jobs of these people, and how many jobs their workflows have ever had.

    The last row is the first of the whole line.
    """
    users, workflows = {user for user, _ in watched}, {workflow for _, workflow in watched}
    focuses = lens.of_many(watched)
    made = dict(Workflow.objects.filter(pk__in=workflows).values_list("pk", "jobs_made"))
    columns = Row._fields
    running = Job.objects.holding().filter(owner__in=users).order_by("pk").values_list(*columns)
    waiting = Job.objects.waiting().filter(owner__in=users).values_list(*columns)[:WAITING_LOOKED_AT]
    first = Job.objects.waiting().values_list(*columns)[:1]
    return focuses, [Row(*row) for row in [*running, *waiting, *first]], made


def _sizes(job_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many nodes the graphs of these jobs have."""
    jobs = Job.objects.filter(pk__in=job_ids).select_related("graph").only("graph__document")
    return {job.pk: len(job.graph.document["nodes"]) for job in jobs}
