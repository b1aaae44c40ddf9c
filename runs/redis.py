"""The way to Redis, and the names of what is kept there."""

import math
import time
from functools import cache
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

CANCEL_CHANNEL = "loupe:cancel"
"""Where pools hear which job is to be cancelled: its id as text."""

RUNNING_SECONDS = 24 * 3600
ENDED_SECONDS = 60
"""How long a job's keys live after the last write while it runs, and after its end."""

FRESH_SECONDS = 0.25
"""For so long an answer of Redis says that it is there."""

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)
"""What is raised where something is made of what is there, and somebody else has written that: it counts as missing."""

_answered: dict[str, float] = {}
"""When each Redis has answered last, by its address."""


def connection() -> redis.Redis:
    """This process's connections to Redis, safe to use from any thread. A command waits 2 s at most for its answer."""
    return _connection(settings.REDIS_URL, 2.0)


def waiting_connection(seconds: float) -> redis.Redis:
    """As `connection`, for commands that block up to so many seconds."""
    return _connection(settings.REDIS_URL, seconds + 2.0)


def is_there() -> bool:
    """Whether Redis answers. It is asked, unless it has just answered somebody here."""
    if time.monotonic() - _answered.get(settings.REDIS_URL, -math.inf) < FRESH_SECONDS:
        return True
    try:
        connection().ping()
    except redis.RedisError:
        return False
    has_answered()
    return True


def has_answered() -> None:
    """Redis has answered a moment ago: for who asks next whether it is there."""
    _answered[settings.REDIS_URL] = time.monotonic()


def stream_key(job_id: UUID) -> str:
    """The stream of a job's telemetry: `<fence>-<seq>` → field `b`, a batch as JSON; `<fence>-0` → field `begin`."""
    return f"loupe:telemetry:{job_id}"


def snapshot_key(job_id: UUID) -> str:
    """JSON `{"id", "snapshot"}`: all that was told up to `id`, from which the stream goes on."""
    return f"loupe:snapshot:{job_id}"


def progress_key(job_id: UUID) -> str:
    """A running job's progress, 0 to 1, as a decimal number."""
    return f"loupe:progress:{job_id}"


@cache
def _connection(url: str, seconds: float) -> redis.Redis:
    # Nothing is tried again behind our back: an XADD whose answer was lost may have been done.
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=seconds, retry=once)
