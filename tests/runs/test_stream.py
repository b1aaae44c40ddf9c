"""A job's stream takes entries in order from one writer, and readers find their way whatever Redis has lost."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from pytest_django import Settings

from runs import stream
from runs.errors import LostLease
from runs.redis import progress_key, snapshot_key, stream_key
from runs.tail import last_known
from runs.telemetry import EMPTY, Snapshot, TelemetryId, fold

JOB = uuid.uuid4()


def tell(entry: TelemetryId, snapshot: Snapshot, *, whole: bool = False, anew: bool = False) -> Snapshot:
    """Adds an entry that says its own number."""
    batch = {"nodes": {"a": {"elapsed_ms": entry.seq}}, "logs": [entry.seq]}
    snapshot = fold(snapshot, batch)
    assert stream.append(JOB, stream.Addition(entry, batch, snapshot, 0.25), whole=whole, anew=anew)
    return snapshot


def kept(valkey: redis.Redis) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(valkey.get(snapshot_key(JOB)) or b"null")
    return document


@contextmanager
def heard(valkey: redis.Redis) -> Iterator[Callable[[], bytes]]:
    """Asked for the first that was said since, it says something itself before."""
    with valkey.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
        channel.subscribe("heard")
        channel.get_message(timeout=5)

        def first() -> bytes:
            valkey.publish("heard", "the next")
            return bytes(channel.get_message(timeout=5)["data"])

        yield first


def test_a_fence_begins_with_an_empty_snapshot(valkey: redis.Redis) -> None:
    stream.begin(JOB, 1)
    assert kept(valkey) == {"id": "1-0", "snapshot": EMPTY}
    assert valkey.xrange(stream_key(JOB)) == [(b"1-0", {b"begin": b"1"})]


def test_entries_and_snapshot_together_are_all_that_was_told(valkey: redis.Redis) -> None:
    stream.begin(JOB, 1)
    snapshot = EMPTY
    for seq in range(1, 6):
        snapshot = tell(TelemetryId(1, seq), snapshot, whole=seq == 3)
    assert kept(valkey)["id"] == "1-3"
    assert last_known(JOB) == snapshot
    assert valkey.get(progress_key(JOB)) == b"0.2500"


def test_nobody_writes_after_a_later_fence_has_begun(valkey: redis.Redis) -> None:
    stream.begin(JOB, 1)
    snapshot = tell(TelemetryId(1, 1), EMPTY)
    stream.begin(JOB, 2)
    with pytest.raises(LostLease):
        tell(TelemetryId(1, 2), snapshot, whole=True)
    with pytest.raises(LostLease):
        stream.begin(JOB, 1)
    assert kept(valkey) == {"id": "2-0", "snapshot": EMPTY}
    assert last_known(JOB) == EMPTY


def test_nobody_is_told_what_is_refused(valkey: redis.Redis) -> None:
    stream.begin(JOB, 2)
    hints = [("heard", b"stale")]
    with heard(valkey) as channel:
        with pytest.raises(LostLease):
            stream.append(JOB, stream.Addition(TelemetryId(1, 2), {}, EMPTY, 0.5, hints), whole=True)
        with pytest.raises(LostLease):
            stream.begin(JOB, 1, hints)
        assert channel() == b"the next"


def test_a_snapshot_that_is_written_again_too_late_takes_not_the_place_of_a_later_one(valkey: redis.Redis) -> None:
    stream.begin(JOB, 2)
    stream._repair(JOB, stream.Addition(TelemetryId(1, 5), {}, EMPTY, 0.5))
    assert kept(valkey) == {"id": "2-0", "snapshot": EMPTY}


def test_a_redis_that_came_back_empty_gets_the_whole_snapshot(valkey: redis.Redis) -> None:
    stream.begin(JOB, 1)
    snapshot = tell(TelemetryId(1, 1), EMPTY)
    valkey.flushall()
    snapshot = tell(TelemetryId(1, 2), snapshot, anew=True)
    assert kept(valkey) == {"id": "1-2", "snapshot": snapshot}


def test_a_redis_that_lost_the_last_second_gets_the_whole_snapshot(valkey: redis.Redis) -> None:
    stream.begin(JOB, 1)
    snapshot = tell(TelemetryId(1, 1), EMPTY)
    snapshot = tell(TelemetryId(1, 2), snapshot)
    valkey.xdel(stream_key(JOB), "1-2")
    snapshot = tell(TelemetryId(1, 3), snapshot)
    assert kept(valkey) == {"id": "1-3", "snapshot": snapshot}
    assert last_known(JOB) == snapshot


def test_only_the_newest_entries_stay_beside_a_snapshot(valkey: redis.Redis) -> None:
    stream.begin(JOB, 1)
    snapshot = EMPTY
    for seq in range(1, stream.KEPT_ENTRIES + 102):
        snapshot = tell(TelemetryId(1, seq), snapshot, whole=seq % 50 == 0)
    assert valkey.xlen(stream_key(JOB)) <= stream.KEPT_ENTRIES + 50
    assert last_known(JOB) == snapshot


def test_the_keys_of_an_ended_job_go_soon(valkey: redis.Redis) -> None:
    stream.begin(JOB, 1)
    assert valkey.ttl(stream_key(JOB)) > 3600
    stream.expire(JOB)
    assert all(0 < valkey.ttl(key(JOB)) <= 60 for key in (stream_key, snapshot_key, progress_key))


def test_an_end_from_outside_leaves_nothing_for_ever_whatever_redis_had(valkey: redis.Redis) -> None:
    with pytest.MonkeyPatch.context() as dies:
        dies.setattr(stream, "expire", lambda *_: None)  # before it has come to that
        stream.shut(JOB, 2)
    assert 0 < valkey.ttl(stream_key(JOB)) <= 600


@pytest.mark.parametrize("forged", ["no JSON", "[]", '{"id": "1-0", "snapshot": {"nodes": {"a": "x"}}}'])
def test_what_nobody_of_us_has_written_is_no_telemetry(valkey: redis.Redis, forged: str) -> None:
    stream.begin(JOB, 1)
    valkey.set(snapshot_key(JOB), forged)
    assert last_known(JOB) == EMPTY


def test_without_telemetry_the_last_known_is_empty(valkey: redis.Redis) -> None:
    assert last_known(uuid.uuid4()) == EMPTY


def test_without_redis_the_last_known_is_empty(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert last_known(uuid.uuid4()) == EMPTY


def test_what_redis_refuses_for_another_reason_is_not_a_lost_lease(valkey: redis.Redis) -> None:
    valkey.set(stream_key(JOB), "no stream")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        stream.begin(JOB, 1)


def test_nothing_is_added_to_a_stream_that_is_gone(valkey: redis.Redis) -> None:
    addition = stream.Addition(TelemetryId(1, 2), {"logs": []}, EMPTY, 0.5, [("heard", b"late")])
    with heard(valkey) as channel:
        assert not stream.append(JOB, addition, whole=True)
        assert channel() == b"the next"
    assert not valkey.keys("*")
