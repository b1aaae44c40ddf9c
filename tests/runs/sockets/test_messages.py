"""Messages of the channel layer that nobody should have sent: what they say is not shown, and no feed ends by them."""

import asyncio
from typing import Any

import pytest

from accounts.models import User
from runs import batches, gate, publish, redis as keys
from runs.grid import Grid
from runs.representation import asset_document
from runs.sockets import crowd, reading
from tests import factories
from tests.runs.followers import Attempt, act, crowd_following, following, submitted
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


async def test_a_job_that_ends_while_it_is_read_is_told_once(
    workflow: Workflow, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, read = asyncio.get_running_loop(), reading.read_waiting
    job = await act(submitted, workflow)

    def hinted_meanwhile(*asked: Any) -> Any:
        gate.cancel(job.pk, by="ada")
        found = read(*asked)
        hint = {"type": "job.changed", "job_id": str(job.pk), "workflow_id": str(workflow.pk), "version": 2}
        loop.call_soon_threadsafe(feed.hint, hint)
        return found

    monkeypatch.setattr(crowd, "read_waiting", hinted_meanwhile)
    async with crowd_following(workflow, ada) as (reader, feed):
        await reader.until(lambda r: r.of(job).states()[-1:] == ["cancelled"])
        monkeypatch.undo()
        new = await act(submitted, workflow)
        await reader.until(lambda r: r.told(new))
    assert reader.of(job).states() == ["queued", "cancelled"]


async def test_what_is_said_of_anothers_job_is_not_told(workflow: Workflow, ada: User, bob: User) -> None:
    """Messages of the channel layer that are addressed to one workflow and speak of another's."""
    secret = await act(factories.workflow, bob)
    theirs = await act(submitted, secret)
    batch_id = await act(lambda: batches.make(bob, batches.plan(secret, Grid({"word": ["a", "b"]}))))
    asset = await act(lambda: asset_document(factories.product(theirs)))
    about = {"job_id": str(theirs.pk), "workflow_id": str(workflow.pk)}
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.focus is not None)
        say(workflow, {"type": "job.changed", **about, "version": 1})
        say(workflow, {"type": "telemetry.batch", **about, "id": "1-1", "after": "1-0", "batch": {"text": {"n": "x"}}})
        say(workflow, {"type": "batch.made", **about, "batch_id": str(batch_id)})
        say(workflow, {"type": "asset.event", **about, "event": "created", "asset_id": asset["id"], "asset": asset})
        new = await act(submitted, workflow)
        await reader.until(lambda r: r.told(new))
    assert set(reader.jobs) == {str(new.pk)}
    assert not [frame for frame in reader.frames if frame["type"] == "asset"]


NO_MESSAGES: list[dict[str, Any]] = [
    {},
    {"type": "job.changed"},
    {"type": "job.changed", "version": "new"},
    {"type": "no.such", "id": "1-1"},
    {"type": "telemetry.batch", "id": "1-2", "batch": 7},
    {"type": "telemetry.batch", "id": "one", "batch": {}},
    {"type": "telemetry.batch", "id": "1-7", "after": "1-1", "batch": {"text": {"word": "forged"}}},
    {"type": "telemetry.batch", "id": "0-7", "after": "1-1", "batch": {"text": {"word": "forged"}}},
    {"type": "asset.event", "event": "created", "asset": {}},
    {"type": "asset.event", "event": "created"},
    {"type": "batch.made", "batch_id": "none"},
]


async def test_messages_that_are_none_stop_no_feed_and_show_nothing(workflow: Workflow, ada: User) -> None:
    """Stale and malformed ones, each to all who follow the workflow and the job."""
    job = await act(submitted, workflow)
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"text": {"word": "a"}})
    async with crowd_following(workflow, ada) as (reader, _), following(job) as other:
        await reader.until(lambda r: r.of(job).last == "1-1")
        await other.until(lambda r: r.last == "1-1")
        for message in NO_MESSAGES:
            say(workflow, {"job_id": str(job.pk), "workflow_id": str(workflow.pk), **message}, f"job.{job.pk}")
        for group in (f"workflow.{workflow.pk}", f"job.{job.pk}"):
            keys.connection().publish(f"{publish.PREFIX}__group__{group}", b"\xff no message \x00")
        await act(attempt.tell, {"text": {"word": "b"}})
        await act(attempt.finish)
        await reader.until(lambda r: r.of(job).state == "completed")
        await other.until(lambda r: r.state == "completed")
    assert reader.of(job).snapshot == other.snapshot == attempt.snapshot


def say(workflow: Workflow, message: dict[str, Any], *groups: str) -> None:
    """As who writes to Redis can."""
    publish._publish(publish._for_groups([f"workflow.{workflow.pk}", *groups], message))
