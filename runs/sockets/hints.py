"""Wakes the feeds of this process: at once by what the channel layer says, and each second by looking itself.

The channel layer loses what is sent while its connection is away and tells nobody, so its messages are hints alone. The
look each second is one query and one round trip to Redis for all the jobs that are followed here.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, Protocol, Self
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from runs import gate, tail
from runs.models import Job
from runs.sockets.rounds import Rounds
from runs.sockets.tasks import to_the_end
from runs.sockets.threads import in_database
from runs.states import State
from runs.telemetry import TelemetryId

REDIS_PATIENCE = 1.0
"""Seconds that a call to Redis may take before it counts as away."""
AWAY = (RedisError, OSError, TimeoutError)

logger = logging.getLogger(__name__)


class Follower(Protocol):
    """What a feed is to the hints: it follows one job, and wants to know when that moved."""

    job_id: UUID

    def hint(self, message: dict[str, Any]) -> None:
        """The channel layer says something about the job."""

    def compare(self, version: int | None, position: int | None) -> None:
        """The job's row is at this version (None: it is gone), and at this place in the queue."""

    def compare_telemetry(self, newest: TelemetryId | None) -> None:
        """The job's stream ends with this id."""


class Hints(Rounds[Follower]):
    """The feeds of this event loop by job, one channel that listens for all of them, and a connection to Redis."""

    seconds = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.redis = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_PATIENCE,
            socket_connect_timeout=REDIS_PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
        self._by_job: defaultdict[UUID, set[Follower]] = defaultdict(set)
        self._subscribed: set[UUID] = set()
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._subscribing = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def followed_by(self, feed: Follower) -> AsyncIterator[Self]:
        """While the block runs, `feed` hears of its job. It begins when the hints flow, or Redis is seen to be away."""
        self.add(feed)
        self._by_job[feed.job_id].add(feed)
        try:
            await self._subscribe(feed.job_id)
            yield self
        finally:
            await to_the_end(self._leave(feed))

    async def round(self) -> None:
        """Looks at rows, places in the queue and streams, and tells each feed what was found."""
        for job_id in self._by_job.keys() - self._subscribed:
            await self._subscribe(job_id)
        followed = list(self._by_job)
        rows, positions = await in_database(_look, followed)
        for job_id in followed:
            for feed in list(self._by_job.get(job_id, ())):
                feed.compare(rows.get(job_id), positions.get(job_id))
        try:
            found = await tail.newest(self.redis, followed)
        except AWAY:
            return
        for job_id, newest in zip(followed, found, strict=True):
            for feed in list(self._by_job.get(job_id, ())):
                feed.compare_telemetry(newest)

    async def close(self) -> None:
        """Ends the tasks and the connection."""
        await super().close()
        await self.redis.aclose()

    async def _leave(self, feed: Follower) -> None:
        self._by_job[feed.job_id].discard(feed)
        if not self._by_job[feed.job_id]:
            del self._by_job[feed.job_id]
            await self._unsubscribe(feed.job_id)
        await self.remove(feed)

    async def _subscribe(self, job_id: UUID) -> None:
        if job_id in self._subscribed:
            return
        try:
            async with asyncio.timeout(REDIS_PATIENCE), self._subscribing:
                if not self._channel:
                    self._channel = await self._layer.new_channel("hints")
                    self.spawn(self._listen())
                await self._layer.group_add(f"job.{job_id}", self._channel)
        except AWAY:
            return  # the next round tries again
        self._subscribed.add(job_id)

    async def _unsubscribe(self, job_id: UUID) -> None:
        if job_id not in self._subscribed:
            return
        self._subscribed.discard(job_id)
        try:
            async with asyncio.timeout(REDIS_PATIENCE):
                await self._layer.group_discard(f"job.{job_id}", self._channel)
        except AWAY as error:
            logger.info("Redis is away (%s); a subscription that nobody needs stays until it is back.", error)

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
                for feed in list(self._by_job.get(UUID(message["job_id"]), ())):
                    feed.hint(message)
            except Exception:
                logger.exception("A hint could not be read; what it was about is found by looking.")


def _look(job_ids: list[UUID]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """The versions of these jobs' rows, and the places of those that wait."""
    found = Job.objects.filter(pk__in=job_ids).values_list("pk", "version", "state")
    rows = {pk: version for pk, version, _ in found}
    return rows, gate.positions([pk for pk, _, state in found if state == State.QUEUED])
