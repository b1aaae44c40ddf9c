"""What is published arrives at the channel layer's groups, and nothing fails when Redis is away."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from pytest_django import Settings

from runs import publish, stream
from runs.errors import LostLease
from runs.redis import CANCEL_CHANNEL
from runs.telemetry import EMPTY, Batch, TelemetryId

JOB, WORKFLOW = uuid.uuid4(), uuid.uuid4()

Heard = Callable[..., Awaitable[dict[str, Any]]]


async def heard(group: str, tell: Callable[[], None]) -> dict[str, Any]:
    """What arrives at the group when `tell` publishes."""
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    await sync_to_async(tell)()
    message: dict[str, Any] = await layer.receive(channel)
    await layer.flush()
    return message


def told(update: TelemetryId, batch: Batch) -> None:
    """A batch is added to the job's stream, new or not, with its hints."""
    addition = stream.Addition(update, batch, EMPTY, 0.0, publish.telemetry(JOB, WORKFLOW, update, batch))
    stream.append(JOB, addition, whole=False, anew=True)


@pytest.mark.parametrize("group", [f"job.{JOB}", f"workflow.{WORKFLOW}"], ids=["job", "workflow"])
async def test_a_batch_reaches_those_who_follow_the_job_and_its_workflow(valkey: redis.Redis, group: str) -> None:
    batch = {"values": {"n1": {"value": 2**80}}, "text": {"n1": "\ud83c"}}
    message = await heard(group, lambda: told(TelemetryId(3, 7), batch))
    assert message == {
        "type": "telemetry.batch",
        "job_id": str(JOB),
        "workflow_id": str(WORKFLOW),
        "id": "3-7",
        "after": "3-6",
        "batch": batch,
    }


async def test_a_fence_begins_after_nothing(valkey: redis.Redis) -> None:
    message = await heard(f"job.{JOB}", lambda: told(TelemetryId(3, 0), {}))
    assert (message["id"], message["after"], message["batch"]) == ("3-0", None, {})


async def test_a_change_of_the_job_tells_its_version(valkey: redis.Redis) -> None:
    message = await heard(f"workflow.{WORKFLOW}", lambda: publish.job_changed(JOB, WORKFLOW, 4))
    assert message == {"type": "job.changed", "job_id": str(JOB), "workflow_id": str(WORKFLOW), "version": 4}


async def test_an_asset_is_told_with_its_document(valkey: redis.Redis) -> None:
    asset = {"id": "a1", "job_id": str(JOB), "workflow_id": str(WORKFLOW), "kind": "image"}
    message = await heard(f"workflow.{WORKFLOW}", lambda: publish.asset_events("created", [asset]))
    assert message["event"] == "created"
    assert message["asset"] == asset


async def test_new_assets_are_told_with_the_batch_that_has_them(valkey: redis.Redis) -> None:
    batch = {"products": [{"id": "a1", "job_id": str(JOB), "workflow_id": str(WORKFLOW)}]}
    message = await heard(f"job.{JOB}", lambda: told(TelemetryId(1, 1), batch))
    assert (message["type"], message["event"], message["asset_id"]) == ("asset.event", "created", "a1")


async def test_a_batch_that_the_stream_refuses_is_told_to_nobody(valkey: redis.Redis) -> None:
    with valkey.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
        channel.psubscribe(f"*{JOB}")
        channel.get_message(timeout=5)
        stream.begin(JOB, 4)
        with pytest.raises(LostLease):
            told(TelemetryId(3, 8), {"logs": ["late"]})
        told(TelemetryId(4, 1), {"logs": ["in time"]})
        assert b"in time" in channel.get_message(timeout=5)["data"]


def test_pools_hear_which_job_to_cancel(valkey: redis.Redis) -> None:
    with valkey.pubsub() as listener:  # type: ignore[no-untyped-call]
        listener.subscribe(CANCEL_CHANNEL)
        listener.get_message(timeout=5)
        publish.cancel_requested(JOB)
        message = listener.get_message(timeout=5)
    assert message is not None
    assert message["data"] == str(JOB).encode()


def test_nothing_fails_while_redis_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    publish.job_changed(JOB, WORKFLOW, 1)
    publish.cancel_requested(JOB)
