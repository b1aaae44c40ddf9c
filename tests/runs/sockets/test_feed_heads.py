"""A feed says again and again where its job's telemetry stands, whatever else it does meanwhile."""

import asyncio
from typing import Any

import pytest

from accounts.models import User
from runs.models import Job
from runs.sockets import feed
from runs.sockets.tasks import end
from tests import factories
from tests.runs.followers import Attempt, Reader, act, following, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def job(ada: User) -> Job:
    return submitted(factories.workflow(ada))


async def test_the_newest_id_is_said_again_and_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEAD_SECONDS", 0.05)
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"logs": [1]})
    async with following(job) as reader:
        await reader.until(lambda r: [f["id"] for f in r.frames if f["type"] == "head"] == ["1-1", "1-1"])


class SlowReader(Reader):
    """Takes longer over each `head` than from one to the next."""

    async def take(self, frame: dict[str, Any]) -> None:
        await super().take(frame)
        if frame["type"] == "head":
            await asyncio.sleep(3 * feed.HEAD_SECONDS)


async def test_the_newest_id_is_said_again_however_long_its_reader_takes(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEAD_SECONDS", 0.05)
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"logs": [1]})
    async with following(job, SlowReader()) as reader:
        await reader.until(lambda r: sum(frame["type"] == "head" for frame in r.frames) == 4)


async def test_the_newest_id_is_said_while_updates_keep_coming_too(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEAD_SECONDS", 0.2)
    attempt = await act(Attempt.of, job)

    async def chatter() -> None:
        while True:
            await act(attempt.tell, {"logs": [1]})

    async with following(job) as reader:
        talking = asyncio.create_task(chatter())
        await reader.until(lambda r: sum(f["type"] == "head" for f in r.frames) >= 2)
        await end([talking])
    for before, frame in zip(reader.frames, reader.frames[1:], strict=False):
        assert frame["type"] != "head" or frame["id"] == before["id"]
