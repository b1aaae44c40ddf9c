"""Wakes the feeds of this process: at once by what the channel layer says, and each second by looking itself.

The channel layer loses what is sent while its connection is away and tells nobody, so its messages are hints alone. The
look each second is a few queries and one round trip to Redis for all that is followed here, whoever follows it.
"""

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Protocol, Self
from uuid import UUID

from runs import tail
from runs.lens import NOWHERE, Focus
from runs.sockets.groups import AWAY, Groups, Listener, connection
from runs.sockets.rounds import Rounds
from runs.sockets.sharing import Reads
from runs.sockets.sight import Crowd, Lens, Sight, look
from runs.sockets.tasks import to_the_end
from runs.sockets.threads import in_database
from runs.telemetry import TelemetryId

__all__ = ["AWAY", "Hints"]


class Follower(Listener, Protocol):
    """What a job's feed is to the hints: it follows one job, and wants to know when that moved."""

    job_id: UUID

    def compare(self, version: int | None, position: int | None) -> None:
        """The job's row is at this version (None: it is gone), and at this place in the queue."""

    def compare_telemetry(self, newest: TelemetryId | None) -> None:
        """The job's stream ends with this id."""


class CrowdFollower(Listener, Protocol):
    """What a workflow's feed is to the hints: it follows the workflow's active jobs, and a person's lens on it."""

    lens: Lens

    def compare(self, crowd: Crowd | None, places: Mapping[UUID, int], focus: Focus) -> None:
        """The active jobs (None: the workflow is gone), some of their places in the queue, and where the lens is."""


class Hints(Rounds[Listener]):
    """The feeds of this event loop, what they listen to and read together, and a connection to Redis."""

    seconds = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.redis = connection()
        self.reads = Reads()
        self._by_job: defaultdict[UUID, set[Follower]] = defaultdict(set)
        self._crowds: set[CrowdFollower] = set()
        self._jobs = Groups[UUID](lambda job: f"job.{job}", _named("job_id"), self.spawn)
        self._workflows = Groups[UUID](lambda workflow: f"workflow.{workflow}", _named("workflow_id"), self.spawn)
        self._lenses = Groups[Lens](lambda lens: f"focus.{lens[0]}.{lens[1]}", _lens_of, self.spawn)

    @contextlib.asynccontextmanager
    async def followed_by(self, feed: Follower, *, listening: bool = True) -> AsyncIterator[Self]:
        """While the block runs, `feed` hears of its job. It begins when the hints flow, or Redis is seen to be away.

        One that is not `listening` gets the hints from elsewhere, and here only what is seen.
        """
        self.add(feed)
        self._by_job[feed.job_id].add(feed)
        try:
            if listening:
                await self._jobs.join(feed.job_id, feed)
            yield self
        finally:
            await to_the_end(self._leave(feed))

    @contextlib.asynccontextmanager
    async def crowd_followed_by(self, feed: CrowdFollower) -> AsyncIterator[Self]:
        """As `followed_by`, for a workflow: `feed` hears of all its jobs, and of the lens."""
        self.add(feed)
        self._crowds.add(feed)
        try:
            await self._workflows.join(feed.lens[1], feed)
            await self._lenses.join(feed.lens, feed)
            yield self
        finally:
            await to_the_end(self._leave_crowd(feed))

    async def round(self) -> None:
        """Looks at rows, places in the queue, lenses and streams, and tells each feed what was found."""
        for groups in (self._jobs, self._workflows, self._lenses):
            await groups.try_again()
        followed, crowds = list(self._by_job), set(self._crowds)
        sight = await in_database(look, followed, {feed.lens for feed in crowds})
        self._tell_rows(followed, crowds & self._crowds, sight)
        if followed:
            await self._look_at_streams(followed)

    async def close(self) -> None:
        """Ends the tasks and the connection."""
        await super().close()
        await self.redis.aclose()

    def _tell_rows(self, followed: Collection[UUID], crowds: Collection[CrowdFollower], sight: Sight) -> None:
        """Of whoever came since the look began, it says nothing."""
        for job_id in followed:
            for feed in list(self._by_job.get(job_id, ())):
                feed.compare(sight.versions.get(job_id), sight.positions.get(job_id))
        for crowd in crowds:
            focus = sight.lenses.get(crowd.lens, NOWHERE)
            crowd.compare(sight.crowds.get(crowd.lens[1]), sight.places(crowd.lens), focus)

    async def _look_at_streams(self, followed: list[UUID]) -> None:
        try:
            found = await tail.newest(self.redis, followed)
        except AWAY:
            return
        for job_id, newest in zip(followed, found, strict=True):
            for feed in list(self._by_job.get(job_id, ())):
                feed.compare_telemetry(newest)

    async def _leave(self, feed: Follower) -> None:
        self._by_job[feed.job_id].discard(feed)
        if not self._by_job[feed.job_id]:
            del self._by_job[feed.job_id]
        await self._jobs.leave(feed.job_id, feed)
        await self.remove(feed)

    async def _leave_crowd(self, feed: CrowdFollower) -> None:
        self._crowds.discard(feed)
        await self._workflows.leave(feed.lens[1], feed)
        await self._lenses.leave(feed.lens, feed)
        await self.remove(feed)


def _named(field: str) -> Any:
    return lambda message: UUID(message[field])


def _lens_of(message: Mapping[str, Any]) -> Lens:
    return UUID(message["user_id"]), UUID(message["workflow_id"])
