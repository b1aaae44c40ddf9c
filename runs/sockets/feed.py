"""Follows one job: its frames, in the order of the contract, for one socket.

What is sent is read where it is true, in the row and the stream; a hint only says when to read. Nothing is read before
what was read last has been sent, and all that has come meanwhile is merged: a feed never holds more than one snapshot,
however slow its reader is.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from random import uniform
from typing import Any, Self
from uuid import UUID

from django.db import InterfaceError, OperationalError

from runs import tail
from runs.errors import IdGivenAgain, JobGone
from runs.models import Job
from runs.sockets.hints import AWAY, Hints
from runs.sockets.reading import Reading, Step, as_it_waited, as_it_was, read
from runs.sockets.threads import in_database
from runs.states import TERMINAL, State
from runs.tail import Piece, Standing
from runs.telemetry import EMPTY, NOTHING, TelemetryId

Frame = dict[str, Any]
"""One JSON object of the contract: `type`, `job_id`, `workflow_id`, and what the type carries."""
Send = Callable[[Frame], Awaitable[None]]
HEAD_SECONDS = 15.0
DATABASE_PAUSE = 1.0
GONE_SECONDS = 20.0
"""How often the feed of an ended job looks whether that is still there, more or less."""
ASSET_EVENTS_KEPT = 100
"""For a slow reader; beyond that the oldest are dropped: assets are rows, and telemetry names them as products too."""

logger = logging.getLogger(__name__)


class JobFeed:
    """Sends a job's frames until its task is cancelled: the job, its telemetry, then every change.

    One that does not listen itself is given the hints by whoever made it. `ended`: how the job ended, where that is
    known. `known`: the workflow and the number of the job that the client knows by this id.
    """

    def __init__(
        self,
        job_id: UUID,
        send: Send,
        *,
        after: TelemetryId | None = None,
        listening: bool = True,
        ended: Reading | None = None,
        known: tuple[UUID, int] | None = None,
    ) -> None:
        self.job_id = job_id
        self._send = send
        self._listening = listening and not ended
        self._reading = ended
        self._hints: Hints
        self._stir = asyncio.Event()
        self._joining = True
        self._row_moved = False
        self._telemetry_moved = False
        self._batch: tuple[TelemetryId, dict[str, Any]] | None = None
        self._assets: deque[dict[str, Any]] = deque(maxlen=ASSET_EVENTS_KEPT)
        self._known = known
        self._workflow_id = ""
        self._version = 0
        self._fence = 0
        self._position: int | None = None
        self._ended = False
        self._after = after
        self._last: TelemetryId | None = None
        self._clock: asyncio.TimerHandle
        self._head_is_due = False

    @classmethod
    def from_waiting(cls, job: Job, version: int, send: Send) -> Self:
        """Goes on where the client knows of the job that it waits, at this version, and has told nothing yet."""
        feed = cls(job.pk, send, listening=False)
        feed._known, feed._workflow_id = (job.workflow_id, job.number), str(job.workflow_id)
        feed._version, feed._last = version, NOTHING
        feed._joining, feed._row_moved = False, True
        return feed

    async def run(self) -> None:
        """Follows the job. Raises JobGone when it does not exist, or no longer."""
        while True:
            try:
                await self.run_to_end()
                self._stir.clear()
                await self._wait_after_end()
            except IdGivenAgain as error:
                raise JobGone(str(error)) from error

    async def run_to_end(self) -> None:
        """Follows the job until all is told and it has ended. Raises JobGone, and IdGivenAgain."""
        self._wind()
        try:
            while self._joining or not self._ended:
                async with Hints.here().followed_by(self, listening=self._listening) as self._hints:
                    await self._look()
                    while not self._ended:
                        await self._wait()
                        await self._look()
        finally:
            self._clock.cancel()

    def resume(self, after: TelemetryId | None) -> None:
        """The client has everything up to `after`, or nothing: begin again from there."""
        self._after = after
        self._joining = True
        self._stir.set()

    def hint(self, message: dict[str, Any]) -> None:
        """Keeps a single batch, to hand over as it is; of more it remembers only that there is something to read.

        Raises ValueError, KeyError or TypeError when the message is none of ours.
        """
        if message["type"] == "job.changed":
            self._row_moved = self._row_moved or message["version"] > self._version
        elif message["type"] == "asset.event":
            if message["asset"]["job_id"] == str(self.job_id):
                self._assets.append(message)
        else:
            batch = TelemetryId.parse(message["id"]), dict(message["batch"])
            self._telemetry_moved = self._telemetry_moved or self._batch is not None
            self._batch = None if self._telemetry_moved else batch
        self._stir.set()

    def compare(self, version: int | None, position: int | None) -> None:
        """What the row and the queue say now; `version` is None when the row is gone."""
        if version != self._version or position != self._position:
            self._row_moved = True
            self._stir.set()

    def compare_telemetry(self, newest: TelemetryId | None) -> None:
        """What the stream says now."""
        if self._last is None or (newest is not None and newest != self._last):
            self._telemetry_moved = True
            self._stir.set()

    async def _wait_after_end(self) -> None:
        """Until the client wants to begin again. Raises JobGone once the job is gone, or IdGivenAgain."""
        while not self._stir.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stir.wait(), GONE_SECONDS * uniform(0.75, 1.25))  # noqa: S311 (no secret)
                return
            with contextlib.suppress(OperationalError, InterfaceError):  # the database is away: later
                await self._read(self._version)

    async def _wait(self) -> None:
        """Until there is something to look at, or it is time to say where the telemetry stands: every 15 s."""
        if not self._head_is_due:  # it may have fallen due while something was told
            await self._stir.wait()
        if self._head_is_due:
            self._wind()
            if self._last is not None:
                await self._tell("head", id=str(self._last))

    def _wind(self) -> None:
        """One clock for all that is waited for in 15 s: one for each wait would be a tenth of what a frame costs."""
        self._head_is_due = False
        self._clock = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._strike)

    def _strike(self) -> None:
        self._head_is_due = True
        self._stir.set()

    async def _look(self) -> None:
        self._stir.clear()
        joining, self._joining = self._joining, False
        row_moved, self._row_moved = self._row_moved, False
        telemetry_moved, self._telemetry_moved = self._telemetry_moved, False
        batch, self._batch = self._batch, None
        while self._assets and not joining:
            message = self._assets.popleft()
            await self._tell("asset", event=message["event"], asset=message["asset"])
        try:
            if joining:
                await self._join()
            elif row_moved:
                await self._follow_row()
            elif telemetry_moved:
                await self._catch_up()
            elif batch is not None:
                await self._hand_over(*batch)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away or locked (%s); the feed of job %s tries again.", error, self.job_id)
            self._row_moved = True
            if joining and not self._joining:
                self.resume(self._last or self._after)
            await asyncio.sleep(DATABASE_PAUSE)
            self._stir.set()

    async def _join(self) -> None:
        reading, self._reading = self._reading or await self._read(0), None
        self._assets.clear()
        self._last = self._after
        self._known, self._workflow_id = (reading.job.workflow_id, reading.job.number), str(reading.job.workflow_id)
        self._fence = reading.job.fence
        await self._tell_job(reading, reading.steps[-1])
        if self._last is not None and await self._is_ahead(self._last):
            self._last = None
        if reading.job.state in TERMINAL:
            if self._last is not None and self._last.fence != self._fence:
                self._last = None  # of another attempt: all is told in one snapshot
            await self._conclude()
            self._ended = True
        else:
            await self._catch_up()

    async def _follow_row(self) -> None:
        """Tells every state that the job came to, each attempt's telemetry before what ended the attempt."""
        reading = await self._read(self._version)
        for step in reading.steps:
            if step.state in TERMINAL:
                await self._conclude()
            elif step.state == State.QUEUED:
                await self._catch_up()
            await self._tell_job(reading, step)
            self._fence += step.state == State.RUNNING
            self._ended = step.state in TERMINAL
        if not reading.steps and reading.position != self._position:
            await self._tell_job(reading, Step(State(reading.job.state), reading.job.version, reading.job.attempts))
        if not self._ended:
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Tells what the stream has beyond the last id, of the attempts that the client knows of."""
        try:
            told = await self._missed()
            if told is None:
                standing = await self._standing() or Standing(NOTHING, EMPTY)
                told = [Piece(standing.id, None, standing.snapshot)]
        except AWAY:
            return  # the rounds of the hints look again
        for piece in told:
            if piece.id.fence <= self._fence and (self._last is None or piece.id > self._last):
                await self._tell_piece(piece)

    async def _conclude(self) -> None:
        """Tells the rest of an ended job's telemetry: its stream's or, where that is gone, all that its row keeps."""
        whole = await self._stored() if self._last is None else None
        if whole:
            await self._tell_piece(Piece(whole.id, None, whole.snapshot))
            return
        final = await self._hints.reads(("final", self.job_id), partial(in_database, tail.stored_id, self.job_id))
        if final is None:
            await self._catch_up()
            if self._last is None:
                await self._tell_piece(Piece(NOTHING, None, EMPTY))
        elif self._last != final:
            for piece in await self._up_to(final):
                await self._tell_piece(piece)

    async def _up_to(self, final: TelemetryId) -> list[Piece]:
        """What leads from the last id to the final one, or the whole telemetry in one piece."""
        try:
            missed = await self._missed()
        except AWAY:
            missed = None
        # An end from outside has a fence, and a snapshot, of its own.
        if final.seq and missed and missed[-1].id == final:
            return missed
        standing = await self._stored()
        return [Piece(standing.id, None, standing.snapshot)] if standing else []

    async def _read(self, version: int) -> Reading:
        reading: Reading = await self._hints.reads(
            (self.job_id, version), partial(in_database, read, self.job_id, version)
        )
        if self._known not in {None, (reading.job.workflow_id, reading.job.number)}:
            raise IdGivenAgain(f"The job {self.job_id} has been deleted, and another one has its id.")
        return reading

    async def _stored(self) -> Standing | None:
        found: Standing | None = await self._hints.reads(
            ("stored", self.job_id), partial(in_database, tail.stored, self.job_id)
        )
        return found

    async def _standing(self) -> Standing | None:
        if not self._fence:
            return None
        latest = partial(tail.latest, self._hints.redis, self.job_id)
        found: Standing | None = await self._hints.reads(("latest", self.job_id), latest)
        return found

    async def _missed(self) -> list[Piece] | None:
        """What follows on the last id in the stream; None when something in between is gone. Raises as Redis does."""
        if self._last is None:
            return None
        missed = partial(tail.missed, self._hints.redis, self.job_id, self._last, self._fence)
        found: list[Piece] | None = await self._hints.reads(("missed", self.job_id, self._last, self._fence), missed)
        return found

    async def _is_ahead(self, after: TelemetryId) -> bool:
        """Whether a client says that it has what this job has never told."""
        if after.fence > self._fence:
            return True
        try:
            newest = (await tail.newest(self._hints.redis, [self.job_id]))[0]
        except AWAY:
            return False
        return newest is not None and after > newest

    async def _hand_over(self, found: TelemetryId, batch: dict[str, Any]) -> None:
        """Tells a batch as it came, when it is the very next one of a run that the client knows of."""
        if found.fence > self._fence:
            await self._follow_row()
        elif self._last is not None and found == self._last.next():
            await self._tell_piece(Piece(found, self._last, batch))
        else:
            await self._catch_up()

    async def _tell_job(self, reading: Reading, step: Step) -> None:
        document = reading.document
        if step.version != reading.job.version:  # it was in this state for a moment that is over already
            is_queued = step.state == State.QUEUED
            was = as_it_was(document, step.state) | {"attempts": step.attempts}
            document = as_it_waited(document, step.attempts) if is_queued else was
        await self._tell("job", version=step.version, job=document)
        self._version, self._position = step.version, reading.position

    async def _tell_piece(self, piece: Piece) -> None:
        if piece.after is None:
            await self._tell("snapshot", id=str(piece.id), snapshot=piece.body)
        else:
            await self._tell("update", id=str(piece.id), seq=piece.id.seq, after=str(piece.after), **piece.body)
        self._last = piece.id  # not before: to tell a canvas something takes the database, which may be away

    async def _tell(self, kind: str, **fields: object) -> None:
        if self._joining:  # the client has asked to begin again: what comes before that would follow on nothing it has
            return
        await self._send({"type": kind, "job_id": str(self.job_id), "workflow_id": self._workflow_id, **fields})
