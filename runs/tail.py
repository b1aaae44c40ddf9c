"""Where a job's telemetry is read: in Redis while its stream lives, in its row once the job has ended."""

import json
import logging
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import UUIDField
from redis.asyncio import Redis
from redis.exceptions import RedisError

from accounts.compiled import Compiled
from runs import redis as keys
from runs.models import Job, JobTelemetry
from runs.states import TERMINAL
from runs.telemetry import EMPTY, NOTHING, Batch, Snapshot, TelemetryId, closing, cost, fold, merge, progress

_STORED: Final = Compiled[JobTelemetry](lambda pk: JobTelemetry.objects.filter(pk=pk), pk=UUIDField())
_STORED_ID: Final = Compiled[str](
    lambda pk: JobTelemetry.objects.filter(pk=pk).values_list("last_id", flat=True), pk=UUIDField()
)

logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """One entry of a stream; without a batch it says that a fence begins."""

    id: TelemetryId
    batch: Batch | None


class Standing(NamedTuple):
    """All the telemetry of a job, folded, and the id of the last update that is in it."""

    id: TelemetryId
    snapshot: Snapshot


class Piece(NamedTuple):
    """What one frame tells: an update that follows on `after`, or, without it, a snapshot that replaces all before."""

    id: TelemetryId
    after: TelemetryId | None
    body: dict[str, Any]


def pieces(last: TelemetryId, entries: Iterable[Entry], fence: int) -> list[Piece] | None:
    """What brings a reader from `last` to the newest entry of `fence`, merged into as few pieces as can be.

    None when an entry in between is gone: only a snapshot helps then.
    """
    told: list[Piece] = []
    for entry in entries:
        if entry.id.fence > fence:
            break
        if entry.batch is None:
            told = [Piece(entry.id, None, EMPTY)]
        elif entry.id != last.next():
            return None
        elif told and told[-1].after is not None:
            told[-1] = Piece(entry.id, told[-1].after, merge(told[-1].body, entry.batch))
        else:
            told.append(Piece(entry.id, last, entry.batch))
        last = entry.id
    return told


def stand(base: Standing | None, entries: Iterable[Entry]) -> Standing | None:
    """`base` with all that follows on it folded in; None while nothing tells where the fold begins."""
    for entry in entries:
        if entry.batch is None:
            base = Standing(entry.id, EMPTY)
        elif base is not None and entry.id == base.id.next():
            base = Standing(entry.id, fold(base.snapshot, entry.batch))
    return base


async def after(redis: Redis, job_id: UUID, last: TelemetryId | None) -> list[Entry]:
    """The entries of the job's stream behind `last`, or all of them. Raises RedisError."""
    found: Any = await redis.xrange(keys.stream_key(job_id), min=f"({last}" if last else "-")
    return [_entry(key, fields) for key, fields in found]


async def missed(redis: Redis, job_id: UUID, last: TelemetryId, fence: int) -> list[Piece] | None:
    """What `pieces` says of the entries behind `last`. Raises RedisError."""
    return pieces(last, await after(redis, job_id, last), fence)


async def latest(redis: Redis, job_id: UUID) -> Standing | None:
    """The whole telemetry as Redis has it; None when it has none. Raises RedisError."""
    base = _kept(await redis.get(keys.snapshot_key(job_id)))
    return stand(base, await after(redis, job_id, base.id if base else None))


async def newest(redis: Redis, job_ids: Sequence[UUID]) -> list[TelemetryId | None]:
    """The id of the last entry of each job's stream, in one round trip. Raises RedisError."""
    pipeline = redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipeline.xrevrange(keys.stream_key(job_id), count=1)
    return [TelemetryId.parse(found[0][0].decode()) if found else None for found in await pipeline.execute()]


def told(job: Job) -> Standing:
    """All that a job has told, for who asks once: live, or as it was kept. Raises RedisError."""
    found = stored(job.pk) if job.state in TERMINAL else _live(job.pk)
    return found or Standing(NOTHING, EMPTY)


def known(job: Job) -> Snapshot:
    """As `told`, and empty while Redis is away."""
    try:
        return told(job).snapshot
    except RedisError as error:
        return _unread(job.pk, error)


def last_known(job_id: UUID) -> Snapshot:
    """All the telemetry of an active job that Redis has; empty when it has none, none that can be read, or is away."""
    try:
        found = _live(job_id)
        snapshot = found.snapshot if found else EMPTY
        _ = closing(snapshot, ""), progress(snapshot, 1), cost(snapshot)  # what an end makes of it
    except (RedisError, *keys.UNREADABLE) as error:
        return _unread(job_id, error)
    return snapshot


def stored(job_id: UUID) -> Standing | None:
    """The telemetry that an ended job keeps; None for one that never ran."""
    row = _STORED.first(pk=job_id)
    return Standing(TelemetryId.parse(row.last_id), unpacked(row)) if row else None


def unpacked(row: JobTelemetry) -> Snapshot:
    """The folded telemetry that a row keeps."""
    snapshot: Snapshot = json.loads(zlib.decompress(row.data))
    return snapshot


def stored_id(job_id: UUID) -> TelemetryId | None:
    """The id of the last update of an ended job, without unpacking its telemetry."""
    found = _STORED_ID.first(pk=job_id)
    return TelemetryId.parse(found) if found else None


def _unread(job_id: UUID, error: Exception) -> Snapshot:
    logger.warning("The telemetry of job %s could not be read (%s); it will be missing.", job_id, error)
    return EMPTY


def _live(job_id: UUID) -> Standing | None:
    redis = keys.connection()
    base = _kept(redis.get(keys.snapshot_key(job_id)))
    entries: Any = redis.xrange(keys.stream_key(job_id), min=f"({base.id}" if base else "-")
    return stand(base, [_entry(key, fields) for key, fields in entries])


def _kept(snapshot: Any) -> Standing | None:
    """What a job's snapshot key holds."""
    if snapshot is None:
        return None
    document = json.loads(snapshot)
    return Standing(TelemetryId.parse(document["id"]), document["snapshot"])


def _entry(key: bytes, fields: dict[bytes, bytes]) -> Entry:
    batch = fields.get(b"b")
    return Entry(TelemetryId.parse(key.decode()), None if batch is None else json.loads(batch))
