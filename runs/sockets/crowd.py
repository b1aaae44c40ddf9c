"""Follows all active jobs of a workflow, and a person's lens on it, for one socket.

A job that has begun has a feed of its own. Those that only wait have nothing to tell but their row: they cost one entry
each here, and are read when a hint or the look of each second says that they moved.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db import InterfaceError, OperationalError

from accounts.models import User
from runs import lens
from runs.errors import IdGivenAgain, JobGone, WorkflowGone
from runs.lens import Focus
from runs.models import Job
from runs.sockets.feed import ASSET_EVENTS_KEPT, DATABASE_PAUSE, Frame, JobFeed, Send
from runs.sockets.hints import Hints
from runs.sockets.reading import active_jobs, as_it_waited, of_batch, read_waiting
from runs.sockets.sight import Crowd
from runs.sockets.tasks import end
from runs.sockets.threads import in_database
from runs.states import TERMINAL, State
from runs.telemetry import EMPTY, NOTHING, TelemetryId

READ_AT_ONCE = 200
ENDED_REMEMBERED = 1000
"""So that a hint that comes late does not bring an ended job back."""

logger = logging.getLogger(__name__)


class Told(NamedTuple):
    """What the client knows of an active job."""

    number: int
    version: int
    position: int | None


class CrowdFeed:
    """Sends the frames of a workflow's active jobs, of their assets, and of the lens, until its task is cancelled."""

    def __init__(self, workflow_id: UUID, user: User, send: Send) -> None:
        self.lens = (user.pk, workflow_id)
        self._workflow_id = workflow_id
        self._user = user
        self._send = send
        self._stir = asyncio.Event()
        self._failure: Exception | None = None
        self._told: dict[UUID, Told] = {}
        self._anew: set[UUID] = set()  # those of them that were resumed while they wait
        self._ended: dict[UUID, int | None] = {}  # by their numbers, as ids of deleted jobs may be given again
        self._feeds: dict[UUID, JobFeed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._joining = True
        self._unlike = True  # the jobs that are active may not be those that were told
        self._new: dict[UUID, None] = {}
        self._moved: set[UUID] = set()
        self._batches: set[UUID] = set()
        self._focus: Focus | None = None
        self._focus_moved = True
        self._assets: deque[dict[str, Any]] = deque(maxlen=ASSET_EVENTS_KEPT)

    async def run(self) -> None:
        """Follows them. Raises WorkflowGone when the workflow does not exist any more, and IdGivenAgain."""
        try:
            async with Hints.here().crowd_followed_by(self):
                while True:
                    await self._turn()
                    if not (self._new or self._moved):
                        await self._stir.wait()
        finally:  # a job may have been resumed before all this began
            await end(self._tasks)

    def resume(self, job_id: UUID, after: TelemetryId) -> None:
        """The client has everything of this job of the workflow up to `after`: begin again from there."""
        if job_id in self._feeds:
            self._feeds[job_id].resume(after)
        elif job_id in self._told:
            self._anew.add(job_id)
            self._new[job_id] = None
            self._stir.set()
        else:
            number = self._ended.get(job_id)
            known = (self._workflow_id, number) if number else None
            self._follow(JobFeed(job_id, self._pass_on, after=after, listening=False, known=known))

    def hint(self, message: dict[str, Any]) -> None:
        """Gives what is about a job that has a feed to that feed; of others it remembers what there is to read."""
        kind = message["type"]
        if kind == "focus.changed":
            self._focus_moved = True
        elif kind == "batch.made":
            self._batches.add(UUID(message["batch_id"]))
        elif kind == "asset.event":
            if message["asset"]["workflow_id"] == str(self._workflow_id):
                self._assets.append(message)
        else:
            self._hint_of_job(UUID(message["job_id"]), message)
        self._stir.set()

    def compare(self, crowd: Crowd | None, places: Mapping[UUID, int], focus: Focus) -> None:
        """What the database says now; `crowd` is None when the workflow is gone."""
        if crowd is None:
            self._failure = WorkflowGone("The workflow has been deleted.")
        moved = {pk for pk, position in places.items() if pk in self._told and self._told[pk].position != position}
        self._moved |= moved - self._feeds.keys()
        self._focus_moved = self._focus_moved or focus != self._focus
        self._unlike = self._unlike or not (self._new or crowd == self._crowd())
        if self._failure or self._moved or self._focus_moved or self._unlike:
            self._stir.set()

    def _hint_of_job(self, job_id: UUID, message: dict[str, Any]) -> None:
        told = self._told.get(job_id)
        if job_id in self._feeds:
            self._feeds[job_id].hint(message)
        elif told is None:
            if job_id not in self._ended or message.get("version") == 1:
                self._new[job_id] = None
        elif message.get("version") != told.version:
            self._moved.add(job_id)

    def _crowd(self) -> Crowd:
        """The active jobs as they were told."""
        told = self._told.values()
        return Crowd(len(told), max((each.number for each in told), default=0), sum(each.version for each in told))

    async def _turn(self) -> None:
        """Tells what has changed; of many jobs some, so that the lens, assets and running jobs need not wait."""
        self._stir.clear()
        if self._failure:
            raise self._failure
        try:
            await self._tell_focus()
            await self._look_around()
            await self._tell_some()
            await self._tell_assets()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away or locked (%s); a feed of %s tries again.", error, self._workflow_id)
            self._focus_moved = self._unlike = True
            await asyncio.sleep(DATABASE_PAUSE)
            self._stir.set()

    async def _tell_focus(self) -> None:
        moved, self._focus_moved = self._focus_moved, False
        if moved:
            focus = await in_database(lens.of, self._user, self._workflow_id)
            if focus != self._focus:
                await self._tell("focus", **focus.as_dict())
                self._focus = focus

    async def _tell_assets(self) -> None:
        """A job's first frame comes before its assets, which wait until it is told."""
        for _ in range(len(self._assets)):
            message = self._assets.popleft()
            if UUID(message["job_id"]) in self._new:
                self._assets.append(message)
                continue
            await self._tell("asset", job_id=message["job_id"], event=message["event"], asset=message["asset"])

    async def _look_around(self) -> None:
        """Finds the jobs that are not as they were told. Those that run when the client joins are told as they are."""
        for batch_id in list(self._batches):  # also those of its jobs that have ended already
            found = await in_database(of_batch, self._workflow_id, batch_id)
            self._new.update((pk, None) for pk in found if pk not in self._told and pk not in self._ended)
            self._batches.discard(batch_id)
        unlike, self._unlike = self._unlike, False
        if not unlike:
            return
        active = await in_database(active_jobs, self._workflow_id)
        for pk, number, version, fence in active:
            if pk in self._feeds:  # it may have been resumed before it was told
                continue
            if pk in self._told:
                told = self._told[pk]
                if (told.number, told.version) != (number, version):
                    self._moved.add(pk)
            elif self._joining and fence:
                self._follow(JobFeed(pk, self._pass_on, listening=False))
            elif self._ended.get(pk) != number:  # as it may have ended since it was read
                self._new[pk] = None
        self._moved |= self._told.keys() - {pk for pk, *_ in active}
        self._joining = False

    async def _tell_some(self) -> None:
        moved = [pk for pk in self._moved if pk not in self._feeds][:READ_AT_ONCE]
        new = [pk for pk in self._new if pk not in self._feeds][: READ_AT_ONCE - len(moved)]
        if len(new) + len(moved) < READ_AT_ONCE:
            self._moved.clear()
            self._new.clear()
        self._moved.difference_update(moved)
        for pk in new:
            self._new.pop(pk, None)
        wanted = {*moved, *new}
        try:
            found = await in_database(read_waiting, self._workflow_id, wanted) if wanted else []
        except Exception:
            self._moved.update(moved)
            self._new.update(dict.fromkeys(new))
            raise
        for job, document in found:
            wanted.discard(job.pk)
            await self._tell_job(job, document)
        for pk in wanted:  # deleted
            self._forget(pk)

    async def _tell_job(self, job: Job, document: dict[str, Any]) -> None:
        if job.pk in self._feeds or self._ended.get(job.pk) == job.number:  # resumed meanwhile, or told to its end
            return
        told = self._told.get(job.pk)
        known = told.number if told else self._ended.get(job.pk)
        if known not in {None, job.number}:  # its version would fall
            raise IdGivenAgain(f"The job {job.pk} has been deleted, and another one has its id.")
        if told is None or job.pk in self._anew:
            self._anew.discard(job.pk)
            await self._introduce(job, document)
            told = self._told.get(job.pk)
        if job.pk in self._feeds or told is None or job.pk in self._anew:  # resumed while it was told
            return
        if job.fence:
            self._follow(JobFeed.from_waiting(job, told.version, self._pass_on))
        elif (job.version, document["queue_position"]) != (told.version, told.position):
            await self._pass_on(self._frame("job", job_id=str(job.pk), version=job.version, job=document))

    async def _introduce(self, job: Job, document: dict[str, Any]) -> None:
        """Tells a job from its beginning, when it waited and had told nothing."""
        begun = job.fence or job.state != State.QUEUED
        first = as_it_waited(document, 0) if begun else document
        version = 1 if begun else job.version
        await self._pass_on(self._frame("job", job_id=str(job.pk), version=version, job=first))
        if job.pk not in self._feeds:  # which tells what there is
            await self._tell("snapshot", job_id=str(job.pk), id=str(NOTHING), snapshot=EMPTY)

    def _follow(self, feed: JobFeed) -> None:
        self._feeds[feed.job_id] = feed
        task = asyncio.create_task(self._run(feed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, feed: JobFeed) -> None:
        try:
            await feed.run_to_end()
        except JobGone:
            self._forget(feed.job_id)
        except Exception as error:  # noqa: BLE001 (the feed of the whole raises it)
            self._failure = error
            self._stir.set()
        finally:
            self._feeds.pop(feed.job_id, None)

    async def _pass_on(self, frame: Frame) -> None:
        """Sends a frame of a job, and remembers what the client knows then."""
        await self._send(frame)
        if frame["type"] == "job":
            job, job_id = frame["job"], UUID(frame["job_id"])
            self._told[job_id] = Told(job["number"], frame["version"], job["queue_position"])
            if job["state"] in TERMINAL:
                self._forget(job_id)

    def _forget(self, job_id: UUID) -> None:
        told = self._told.pop(job_id, None)
        self._new.pop(job_id, None)  # a hint may have come while it was read
        self._anew.discard(job_id)
        self._ended[job_id] = told.number if told else self._ended.get(job_id)
        if len(self._ended) > ENDED_REMEMBERED:
            del self._ended[next(iter(self._ended))]

    async def _tell(self, kind: str, **fields: object) -> None:
        await self._send(self._frame(kind, **fields))

    def _frame(self, kind: str, **fields: object) -> Frame:
        return {"type": kind, "workflow_id": str(self._workflow_id), **fields}
