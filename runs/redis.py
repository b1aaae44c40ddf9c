"""The way to Redis, and the names of what is kept there."""

import json
import logging
from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from runs.telemetry import EMPTY, NOTHING, Snapshot, TelemetryId, fold

CANCEL_CHANNEL = "loupe:cancel"
"""Where pools hear which job is to be cancelled: its id as text."""

RUNNING_SECONDS = 24 * 3600
ENDED_SECONDS = 600
"""How long a job's keys live after the last write while it runs, and after its end."""

logger = logging.getLogger(__name__)


def connection() -> redis.Redis:
    """This process's connections to Redis, safe to use from any thread. A command waits 2 s at most for its answer."""
    return _connection(settings.REDIS_URL, 2.0)


def waiting_connection(seconds: float) -> redis.Redis:
    """As `connection`, for commands that block up to so many seconds."""
    return _connection(settings.REDIS_URL, seconds + 2.0)


def stream_key(job_id: UUID) -> str:
    """The stream of a job's telemetry: `<fence>-<seq>` → field `b`, a batch as JSON; `<fence>-0` → field `begin`."""
    return f"loupe:telemetry:{job_id}"


def snapshot_key(job_id: UUID) -> str:
    """JSON `{"id", "snapshot"}`: all that was told up to `id`, from which the stream goes on."""
    return f"loupe:snapshot:{job_id}"


def progress_key(job_id: UUID) -> str:
    """A running job's progress, 0 to 1, as a decimal number."""
    return f"loupe:progress:{job_id}"


def last_known(job_id: UUID) -> Snapshot:
    """All the telemetry of a job that Redis has, folded; empty when it has none, or is away."""
    pipeline = connection().pipeline(transaction=False)
    pipeline.get(snapshot_key(job_id))
    pipeline.xrange(stream_key(job_id))
    try:
        kept, entries = pipeline.execute()
    except redis.RedisError as error:
        logger.warning("The telemetry of job %s could not be read (%s); it will be missing.", job_id, error)
        return EMPTY
    document: dict[str, Any] = json.loads(kept) if kept else {"id": str(NOTHING), "snapshot": EMPTY}
    return _folded(document["snapshot"], TelemetryId.parse(document["id"]), entries)


def _folded(snapshot: Snapshot, last: TelemetryId, entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> Snapshot:
    for key, fields in entries:
        if TelemetryId.parse(key.decode()) > last:
            snapshot = fold(snapshot, json.loads(fields[b"b"])) if b"b" in fields else EMPTY
    return snapshot


@cache
def _connection(url: str, seconds: float) -> redis.Redis:
    # Nothing is tried again behind our back: an XADD whose answer was lost may have been done.
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=seconds, retry=once)
