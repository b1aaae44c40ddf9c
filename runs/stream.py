"""Writes a job's telemetry to Redis: its stream, the snapshot that the stream goes on from, and its progress.

One script does all of an entry or nothing, so that a stale writer, whose id Redis refuses, changes none of the three
and tells nobody.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, Final
from uuid import UUID

from redis.client import Pipeline
from redis.commands.core import Script
from redis.exceptions import ResponseError

from runs.errors import LostLease
from runs.redis import ENDED_SECONDS, RUNNING_SECONDS, connection, progress_key, snapshot_key, stream_key
from runs.telemetry import EMPTY, Batch, Snapshot, TelemetryId

Hint = tuple[str, bytes]
"""A channel, and what those who listen there are told."""
KEPT_ENTRIES: Final = 600
"""As many stay beside the snapshot, for readers that are behind."""

# Answers the id of the entry before, and whether the snapshot is there: both tell of a Redis that has lost something.
# To a stream that is not there it adds nothing, unless it is to begin.
_APPEND: Final = """
local before = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if ARGV[8] == '' and not before[1] then
    return false
end
redis.call('XADD', KEYS[1], ARGV[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('SET', KEYS[3], ARGV[5], 'EX', ARGV[6])
if ARGV[4] ~= '' then
    redis.call('SET', KEYS[2], ARGV[4])
    redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[7])
end
for at = 9, #ARGV, 2 do
    redis.call('PUBLISH', ARGV[at], ARGV[at + 1])
end
return {before[1] and before[1][1] or '', redis.call('EXPIRE', KEYS[2], ARGV[6])}
"""

# Nothing of a later writer's is overwritten: it would have left an entry.
_REPAIR: Final = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if not last[1] or last[1][1] == ARGV[1] then
    redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
end
"""


@dataclass(frozen=True, slots=True)
class Addition:
    """A batch, the snapshot and progress (0–1) that it made, and the hints that go out once it is in the stream."""

    id: TelemetryId
    batch: Batch
    snapshot: Snapshot
    progress: float
    hints: Sequence[Hint] = ()


def begin(job_id: UUID, fence: int, hints: Sequence[Hint] = ()) -> None:
    """A fence begins: whoever wrote before is refused from now on. Raises LostLease when a later one has begun."""
    first = Addition(TelemetryId(fence, 0), {}, EMPTY, 0.0, hints)
    _append(job_id, first, ("begin", "1"), _kept(first), kept=1, anew=True)


def append(job_id: UUID, entry: Addition, *, whole: bool, seconds: int = RUNNING_SECONDS, anew: bool = False) -> bool:
    """Adds a batch, with its whole snapshot if `whole`, or if Redis has lost what came before. All stays so long.

    False when there is no stream: Redis has lost it, or the job has ended long ago, or is deleted. Who knows that the
    job is there makes it `anew`. Raises LostLease when the job has passed on, RedisError when it is not known whether
    the entry was added.
    """
    fields = ("b", json.dumps(entry.batch, separators=(",", ":")))
    snapshot = _kept(entry) if whole else ""
    answer = _append(job_id, entry, fields, snapshot, kept=KEPT_ENTRIES, seconds=seconds, anew=anew)
    if answer is None:
        return False
    before, there = answer
    if not whole and not (there and before.decode() == str(TelemetryId(entry.id.fence, entry.id.seq - 1))):
        _repair(job_id, entry, seconds)
    return True


def ends_with(job_id: UUID, newest: TelemetryId) -> bool:
    """Whether Redis has the job's telemetry up to `newest`, and a snapshot that it goes on from. Raises RedisError."""
    pipeline = connection().pipeline(transaction=False)
    pipeline.exists(snapshot_key(job_id))
    pipeline.xrevrange(stream_key(job_id), count=1)
    there, last = pipeline.execute()
    return bool(there and last and last[0][0].decode() == str(newest))


def shut(job_id: UUID, fence: int) -> None:
    """Refuses all writers before `fence`, which is an end's own and tells nothing itself. Raises RedisError."""
    pipeline = connection().pipeline()  # all or nothing: a stream that is new to Redis would stay for ever
    pipeline.xadd(stream_key(job_id), {"b": "{}"}, id=str(TelemetryId(fence, 0)))
    _expire(pipeline, job_id)
    pipeline.execute()


def expire(job_id: UUID, hints: Sequence[Hint] = ()) -> None:
    """The job has ended, and its row has all of this; with what those are told who listen. Raises RedisError."""
    pipeline = connection().pipeline(transaction=False)
    for channel, message in hints:
        pipeline.publish(channel, message)
    _expire(pipeline, job_id)
    pipeline.execute()


def forget(job_ids: Iterable[UUID]) -> None:
    """Deleted jobs leave nothing here, so that their ids may be given again. Raises RedisError."""
    keys = [key(job_id) for job_id in job_ids for key in (stream_key, snapshot_key, progress_key)]
    if keys:
        connection().delete(*keys)


def _expire(pipeline: Pipeline, job_id: UUID) -> None:
    for key in (stream_key(job_id), snapshot_key(job_id), progress_key(job_id)):
        pipeline.expire(key, ENDED_SECONDS)


def _append(
    job_id: UUID,
    entry: Addition,
    fields: tuple[str, str],
    snapshot: str,
    *,
    kept: int,
    seconds: int = RUNNING_SECONDS,
    anew: bool,
) -> tuple[bytes, int] | None:
    keys = [stream_key(job_id), snapshot_key(job_id), progress_key(job_id)]
    arguments: list[Any] = [str(entry.id), *fields, snapshot, f"{entry.progress:.4f}", seconds, kept]
    arguments.append("anew" if anew else "")
    arguments += chain.from_iterable(entry.hints)
    try:
        answer: tuple[bytes, int] | None = _script(_APPEND)(keys=keys, args=arguments, client=connection())
    except ResponseError as error:
        if "equal or smaller" in str(error):
            raise LostLease("The job has passed on to another worker; its stream goes on without this one.") from error
        raise
    return answer


def _repair(job_id: UUID, newest: Addition, seconds: int = RUNNING_SECONDS) -> None:
    """Writes the snapshot again that Redis has lost, for who knows that the job is there. Raises RedisError."""
    _script(_REPAIR)(
        keys=[stream_key(job_id), snapshot_key(job_id)],
        args=[str(newest.id), _kept(newest), seconds],
        client=connection(),
    )


def _kept(entry: Addition) -> str:
    return json.dumps({"id": str(entry.id), "snapshot": entry.snapshot}, separators=(",", ":"))


@cache
def _script(source: str) -> Script:
    return connection().register_script(source)
