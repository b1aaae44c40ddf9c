"""Makes the hints that who listens on the channel layer hears, and sends those that no other message takes along.

Hints, never truth. `runs.stream` and `runs.wake` send some in round trips of their own.

Messages are put on Redis as the layer itself would put them, but from synchronous code and several in one round trip:
the layer's own way needs an event loop and a connection for each caller. What can't be sent is dropped.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from runs.redis import CANCEL_CHANNEL, connection
from runs.stream import Hint
from runs.telemetry import Batch, TelemetryId

PREFIX = "asgi"
"""The channel layer's own."""

logger = logging.getLogger(__name__)


def job_changed(job_id: UUID, workflow_id: UUID, version: int) -> None:
    """The job's row has moved on to `version`."""
    _publish(change(job_id, workflow_id, version))


def change(job_id: UUID, workflow_id: UUID, version: int) -> list[Hint]:
    """What `job_changed` sends."""
    message = {"type": "job.changed", "job_id": str(job_id), "workflow_id": str(workflow_id), "version": version}
    return _for_groups([f"job.{job_id}", f"workflow.{workflow_id}"], message)


def telemetry(job_id: UUID, workflow_id: UUID, update: TelemetryId, batch: Batch) -> list[Hint]:
    """What `runs.stream` sends once a batch is in the job's stream: the batch, and the assets that are new with it.

    A fence that begins is the empty batch `<fence>-0`, after nothing.
    """
    message = {
        "type": "telemetry.batch",
        "job_id": str(job_id),
        "workflow_id": str(workflow_id),
        "id": str(update),
        "after": str(TelemetryId(update.fence, update.seq - 1)) if update.seq else None,
        "batch": batch,
    }
    told = _for_groups([f"job.{job_id}", f"workflow.{workflow_id}"], message)
    return [*_of_assets("created", batch.get("products", ())), *told]


def asset_events(event: str, assets: Iterable[Mapping[str, Any]]) -> None:
    """Assets, as their documents, were `created` or `deleted`."""
    _publish(_of_assets(event, assets))


def batch_hints(workflow_id: UUID, batch_id: UUID) -> list[Hint]:
    """That the workflow has new jobs, as many as the batch has: one message tells of all of them."""
    message = {"type": "batch.made", "workflow_id": str(workflow_id), "batch_id": str(batch_id)}
    return _for_groups([f"workflow.{workflow_id}"], message)


def focus_changed(user_id: UUID, workflow_id: UUID, job_id: UUID | None, *, pinned: bool) -> None:
    """The lens of this person on this workflow shows another job, or holds it otherwise."""
    _publish(focus_hints(user_id, workflow_id, job_id, pinned=pinned))


def focus_hints(user_id: UUID, workflow_id: UUID, job_id: UUID | None, *, pinned: bool) -> list[Hint]:
    """What `focus_changed` sends."""
    message = {
        "type": "focus.changed",
        "user_id": str(user_id),
        "workflow_id": str(workflow_id),
        "job_id": str(job_id) if job_id else None,
        "pinned": pinned,
    }
    return _for_groups([f"focus.{user_id}.{workflow_id}"], message)


def cancel_requested(job_id: UUID) -> None:
    """The pool whose worker has the job is to look at it now."""
    _publish([(CANCEL_CHANNEL, str(job_id).encode())])


def _of_assets(event: str, assets: Iterable[Mapping[str, Any]]) -> list[Hint]:
    return [
        packed
        for asset in assets
        for packed in _for_groups(
            [f"job.{asset['job_id']}", f"workflow.{asset['workflow_id']}"],
            {
                "type": "asset.event",
                "event": event,
                "job_id": asset["job_id"],
                "workflow_id": asset["workflow_id"],
                "asset_id": asset["id"],
                "asset": dict(asset),
            },
        )
    ]


def _for_groups(groups: Iterable[str], message: Mapping[str, Any]) -> list[Hint]:
    """The message as the channel layer sends it, once for the channel of each group."""
    layer: Any = get_channel_layer()
    data: bytes = layer.serialize(message)
    return [(f"{PREFIX}__group__{group}", data) for group in groups]


def _publish(messages: Iterable[Hint]) -> None:
    """All in one round trip; what Redis does not take is lost, as hints may be."""
    pipeline = connection().pipeline(transaction=False)
    for channel, data in messages:
        pipeline.publish(channel, data)
    try:
        pipeline.execute()
    except RedisError as error:
        logger.info("A hint was not sent, as Redis did not answer (%s). Who waits for it looks by itself.", error)
