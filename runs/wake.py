"""Wake-ups: RQ messages that say "try the gate", and nothing else. The only module that talks to django-rq.

Hints may go behind them, as `runs.publish` makes them.

A lost message is only delay, a doubled one does nothing. Whoever writes to Redis must not run code here: a message is
an id in RQ's list with nothing behind it, and whatever is found there, it is only heard that it came (ADR 0014).
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from django.db import Error as DatabaseError
from django_rq import get_queue
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.queue import Queue
from rq.utils import as_text, missing_keys
from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY

from runs.models import Job, Worker, free_slots
from runs.redis import connection, has_answered, waiting_connection
from runs.stream import Hint

QUEUE = "loupe"
LIST = f"{Queue.redis_queue_namespace_prefix}{QUEUE}"
"""Where RQ keeps the queue."""
MESSAGE = b"wake-up"
BLOCK_SECONDS = 5
AWAY_SECONDS = 0.5
_FILL = """
local lacking = math.min(ARGV[1] - redis.call('LLEN', KEYS[1]), ARGV[2])
for _ = 1, lacking do
  redis.call('RPUSH', KEYS[1], ARGV[3])
end
return math.max(lacking, 0)
"""
"""Puts messages ARGV[3] into the list KEYS[1] until it has ARGV[1] of them, but ARGV[2] at most. Answers how many."""

Stopped = StopRequested
"""What a signal handler raises to leave `listen` while it waits."""

logger = logging.getLogger(__name__)


class Held(NamedTuple):
    """What RQ keeps in Redis: wake-ups that nobody has taken yet, how many wait for some, and when each was heard."""

    pending: int
    listening: int
    beats: dict[str, str]


def wake(hints: Sequence[Hint] = ()) -> None:
    """Sends as many wake-ups as jobs may start and none are under way for. The sweep makes up for what is not sent.

    Behind them, in the same round trip, these hints: a worker may begin while others are told.
    """
    _send(Job.objects.startable, hints)


def wake_for_one(hints: Sequence[Hint]) -> None:
    """As `wake`, after one more job has come to wait: at most one wake-up, and it counts no jobs that wait."""
    _send(free_slots, hints, most=1)


def pending() -> int:
    """How many wake-ups no worker has taken yet. Raises RedisError."""
    return int(connection().llen(LIST))


def held(most: int = 200) -> Held:
    """What RQ keeps, read as plain text: nothing of it is unpacked. Raises RedisError."""
    redis = connection()
    first = redis.pipeline(transaction=False)
    first.llen(LIST)
    first.smembers(WORKERS_BY_QUEUE_KEY % QUEUE)
    pending, keys = first.execute()
    shown = sorted(keys)[:most]
    second = redis.pipeline(transaction=False)
    for key in shown:
        second.hget(key, "last_heartbeat")
    names = (key.decode(errors="replace").removeprefix(SimpleWorker.redis_worker_namespace_prefix) for key in shown)
    beats = ((beat or b"").decode(errors="replace")[:40] for beat in second.execute())
    return Held(pending, len(keys), dict(zip(names, beats, strict=True)))


def forget_dead() -> None:
    """Of workers that were killed, RQ would keep the names for ever. Raises RedisError."""
    redis = connection()
    living = {
        f"{SimpleWorker.redis_worker_namespace_prefix}{name}" for name in Worker.objects.values_list("pk", flat=True)
    }
    named = {as_text(key) for key in redis.smembers(REDIS_WORKER_KEYS)}
    if dead := missing_keys(redis, list(named - living)):
        redis.srem(REDIS_WORKER_KEYS, *dead)
        redis.srem(WORKERS_BY_QUEUE_KEY % QUEUE, *dead)


def listen(name: str, on_wake: Callable[[], None]) -> None:
    """Calls `on_wake` at every wake-up until it, or a signal handler, raises `Stopped`.

    Now and then it calls it without one, as messages may be lost; and again and again while Redis is away.
    """
    while True:
        try:
            Listener(name, on_wake).work()
        except RedisError as error:
            logger.info("Redis is away (%s); meanwhile this worker looks for jobs by itself.", error)
            on_wake()
            time.sleep(AWAY_SECONDS)


class Listener(SimpleWorker):
    """RQ's worker without what lets a message, or whoever wrote it, decide what happens here.

    It is registered and beats as RQ's tools expect; RQ's ways to run a message, to do maintenance (which calls back for
    abandoned messages) and to take commands by Redis are not in its loop.
    """

    def __init__(self, name: str, on_wake: Callable[[], None]) -> None:
        redis = waiting_connection(BLOCK_SECONDS)
        super().__init__([get_queue(QUEUE, connection=redis)], name, connection=redis, worker_ttl=BLOCK_SECONDS + 15)
        self._on_wake = on_wake

    def work(self, *_args: Any, **_options: Any) -> bool:
        """Takes messages until `Stopped` is raised. Raises RedisError when Redis goes away, where RQ's own waits."""
        self.connection.delete(self.key)  # left behind by a connection that was lost
        self.register_birth()  # type: ignore[no-untyped-call]
        try:
            while True:
                self.heartbeat()
                try:
                    self._take()
                except DequeueTimeout:
                    self._on_wake()
        finally:
            with suppress(RedisError):
                self.register_death()  # type: ignore[no-untyped-call]

    def _take(self) -> None:
        _, message = Queue.lpop(self.queue_keys(), BLOCK_SECONDS, connection=self.connection)
        if message != MESSAGE:
            logger.warning("A message in the queue %s was not ours; nothing of it was run. Who writes to Redis?", QUEUE)
        self._on_wake()


def _send(wanted: Callable[[], int], hints: Sequence[Hint], most: int | None = None) -> None:
    """Sends wake-ups until as many as wanted are under way, then the hints."""
    count = 0
    try:
        count = wanted()
    except DatabaseError as error:
        logger.info("No worker was woken (%s). The sweep does it when the database is there.", error)
    try:
        _push(count, most or count, hints)
    except RedisError as error:
        logger.info("Not all was sent (%s). The sweep wakes workers, and who waits to be told looks.", error)


def _push(count: int, most: int, hints: Sequence[Hint]) -> int:
    """All in one round trip. Answers how many messages that were, for who watches. Raises RedisError."""
    if not count and not hints:
        return 0
    pipeline = connection().pipeline(transaction=False)
    if count:
        pipeline.eval(_FILL, 1, LIST, count, most, MESSAGE)
    for channel, data in hints:
        pipeline.publish(channel, data)
    answers = pipeline.execute()
    has_answered()
    return len(hints) + (answers[0] if count else 0)
