"""A workflow's feed loses and doubles nothing where the database is away, a job is resumed, or an id is given again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import InterfaceError, OperationalError

from accounts.models import User
from accounts.scopes import Scope
from runs import batches, gate
from runs.errors import IdGivenAgain, JobGone
from runs.grid import Grid
from runs.models import Job
from runs.sockets import crowd, feed as feeds, reading
from runs.sockets.feed import Frame, JobFeed
from runs.sockets.hints import Hints
from runs.sockets.tasks import end
from runs.sockets.threads import in_database
from runs.submit import Order, submit
from runs.telemetry import TelemetryId
from tests.runs.clients import bearer, connected
from tests.runs.followers import Attempt, CrowdReader, Reader, act, crowd_following, submitted
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def gone_on(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """While it is cleared, a workflow's feed waits for its database."""
    event = asyncio.Event()
    event.set()

    async def when_gone_on(*asked: Any) -> Any:
        await event.wait()
        return await in_database(*asked)

    monkeypatch.setattr(crowd, "in_database", when_gone_on)
    return event


def ended(workflow: Workflow, *, of_batch: bool) -> Job:
    """A job that begins and ends at once."""
    plan = batches.plan(workflow, Grid({"word": ["a"]}))
    job = batches.jobs_of(batches.make(workflow.owner, plan))[0] if of_batch else submitted(workflow)
    Attempt.of(job).finish()
    return job


def with_the_id_of(job: Job) -> Job:
    """Another job, once that one is deleted."""
    gate.delete(job.pk)
    return submit(job.workflow.owner, job.workflow, Order(id=job.pk))


async def told_to_its_end(reader: CrowdReader, job: Job) -> None:
    await reader.until(lambda r: r.told(job))
    await act(gate.cancel, job.pk, by="ada")
    await reader.until(lambda r: r.of(job).state == "cancelled")


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("what", ["active_jobs", "read_waiting", "of_batch"])
async def test_a_database_that_is_away_for_a_moment_ends_no_feed_and_hides_no_job(
    workflow: Workflow, ada: User, monkeypatch: pytest.MonkeyPatch, what: str, error: type[Exception]
) -> None:
    monkeypatch.setattr(crowd, "DATABASE_PAUSE", 0.01)
    read: Callable[..., Any] = getattr(crowd, what)
    loop, failed, back = asyncio.get_running_loop(), asyncio.Event(), False

    def sometimes(*arguments: Any) -> Any:
        if back:
            return read(*arguments)
        loop.call_soon_threadsafe(failed.set)
        raise error("away")

    async with crowd_following(workflow, ada) as (reader, feed), asyncio.timeout(30):
        await reader.until(lambda r: r.focus is not None)
        monkeypatch.setattr(crowd, what, sometimes)
        if what == "of_batch":  # by which alone it hears of the job
            monkeypatch.setattr(feed, "_hint_of_job", lambda *_: None)
        job = await act(ended, workflow, of_batch=what == "of_batch")
        feed._unlike = True
        await failed.wait()
        back = True
        await reader.until(lambda r: r.of(job).state == "completed")
    assert reader.of(job).states()[0] == "queued"


async def test_a_job_that_is_resumed_before_it_was_told_is_told_once(
    workflow: Workflow, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await act(submitted, workflow)
    attempt = await act(Attempt.of, job)
    loop, looked = asyncio.get_running_loop(), asyncio.Event()

    def looking(workflow_id: UUID) -> Any:
        loop.call_soon_threadsafe(looked.set)
        return reading.active_jobs(workflow_id)

    async def behind(*asked: Any) -> Any:
        await looked.wait()
        return await in_database(*asked)

    monkeypatch.setattr(crowd, "active_jobs", looking)
    monkeypatch.setattr(feeds, "in_database", behind)
    async with crowd_following(workflow, ada) as (reader, feed):
        feed.resume(job.pk, TelemetryId(9, 9))
        await reader.until(lambda r: r.told(job) and r.focus is not None)
        await act(attempt.finish)
        await reader.until(lambda r: r.of(job).state == "completed")
        new = await act(submitted, workflow)
        await reader.until(lambda r: r.told(new))
    assert reader.of(job).kinds() == ["job", "snapshot", "job"]


async def test_an_id_that_is_given_again_is_told_to_who_joins_anew(workflow: Workflow, ada: User) -> None:
    job = await act(submitted, workflow)
    async with connected(f"/ws/v1/workflows/{workflow.pk}", await act(bearer, ada, Scope.READ)) as socket:
        await socket.frame("snapshot")
        await act(gate.cancel, job.pk, by="ada")
        while (await socket.frame("job"))["job"]["state"] != "cancelled":
            pass
        again = await act(with_the_id_of, job)
        assert await socket.closed() == 1013
    async with connected(f"/ws/v1/workflows/{workflow.pk}", await act(bearer, ada, Scope.READ)) as socket:
        frame = await socket.frame("job")
    assert (frame["job_id"], frame["job"]["number"], frame["version"]) == (str(again.pk), again.number, 1)


@pytest.mark.parametrize("hinted", [True, False])
async def test_such_a_job_is_found_by_its_hint_or_by_looking(
    workflow: Workflow, ada: User, hinted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await act(submitted, workflow)
    reader = CrowdReader()
    following = asyncio.create_task(crowd.CrowdFeed(workflow.pk, ada, reader.take).run())
    await told_to_its_end(reader, job)
    if hinted:
        monkeypatch.setattr(crowd, "active_jobs", lambda _: [])
    else:
        monkeypatch.setattr(crowd.CrowdFeed, "_hint_of_job", lambda *_: None)
    await act(with_the_id_of, job)
    with pytest.raises(IdGivenAgain):
        await asyncio.wait_for(following, 10)


async def test_a_jobs_own_feed_ends_where_its_id_is_anothers(workflow: Workflow) -> None:
    job = await act(submitted, workflow)
    reader = Reader()
    feed = JobFeed(job.pk, reader.take, listening=False)
    following = asyncio.create_task(feed.run())
    await reader.until(lambda r: r.snapshot is not None)
    await act(gate.cancel, job.pk, by="ada")
    await act(with_the_id_of, job)
    feed.compare(2, None)
    with pytest.raises(JobGone):
        await asyncio.wait_for(following, 10)
    assert reader.states() == ["queued"]


async def test_a_jobs_own_feed_ends_where_its_id_is_anothers_after_its_end(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "GONE_SECONDS", 0.05)
    job = await act(submitted, workflow)
    await act(gate.cancel, job.pk, by="ada")
    reader = Reader()
    following = asyncio.create_task(JobFeed(job.pk, reader.take).run())
    await reader.until(lambda r: r.snapshot is not None)
    assert await asyncio.wait([following], timeout=0.2) == (set(), {following})  # while the job is there
    await act(with_the_id_of, job)
    with pytest.raises(JobGone):
        await asyncio.wait_for(following, 10)
    assert reader.states() == ["cancelled"]


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_resume_does_not_forget_which_job_had_the_id(
    workflow: Workflow, ada: User, waiting: bool, gone_on: asyncio.Event
) -> None:
    """Else the new one's frames would begin at version 1 on the same socket."""
    job = await act(submitted, workflow)
    reader = CrowdReader()
    feed = crowd.CrowdFeed(workflow.pk, ada, reader.take)
    following = asyncio.create_task(feed.run())
    if waiting:
        await reader.until(lambda r: r.told(job))
        gone_on.clear()
        await act(gate.cancel, job.pk, by="ada")
    else:
        await told_to_its_end(reader, job)
        gone_on.clear()
    await act(with_the_id_of, job)
    feed.resume(job.pk, TelemetryId(9, 9))
    if not waiting:
        await asyncio.wait(feed._tasks, timeout=10)
    gone_on.set()
    with pytest.raises(IdGivenAgain):
        await asyncio.wait_for(following, 10)


async def test_a_waiting_job_that_begins_as_it_is_resumed_is_told_from_its_beginning(
    workflow: Workflow, ada: User, gone_on: asyncio.Event
) -> None:
    job = await act(submitted, workflow)
    async with crowd_following(workflow, ada) as (reader, feed):
        await reader.until(lambda r: r.told(job))
        gone_on.clear()
        feed.resume(job.pk, TelemetryId(9, 9))
        attempt = await act(Attempt.of, job)
        gone_on.set()
        await reader.until(lambda r: r.of(job).state == "running")
        await act(attempt.finish)
        await reader.until(lambda r: r.of(job).state == "completed")
    assert reader.of(job).states() == ["queued", "queued", "running", "completed"]
    assert reader.of(job).kinds()[:4] == ["job", "snapshot", "job", "snapshot"]


async def test_a_job_that_is_resumed_while_the_feed_joins_is_not_followed_after_the_client_has_gone(
    workflow: Workflow, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    joining = asyncio.Event()

    @contextlib.asynccontextmanager
    async def never(*_: object) -> AsyncIterator[None]:
        joining.set()
        await asyncio.Event().wait()
        yield

    job = await act(submitted, workflow)
    monkeypatch.setattr(Hints, "crowd_followed_by", never)
    feed = crowd.CrowdFeed(workflow.pk, ada, CrowdReader().take)
    following = asyncio.create_task(feed.run())
    await joining.wait()
    feed.resume(job.pk, TelemetryId(9, 9))
    (followed,) = feed._tasks
    await end([following])
    assert followed.done()


async def test_an_ended_job_is_resumed_where_it_was_told_to_its_end(workflow: Workflow, ada: User) -> None:
    job = await act(submitted, workflow)
    async with crowd_following(workflow, ada) as (reader, feed):
        await told_to_its_end(reader, job)
        told = len(reader.frames)
        feed.resume(job.pk, TelemetryId(9, 9))
        await reader.until(lambda r: len(r.frames) > told + 1)
    assert [frame["type"] for frame in reader.frames[told:]] == ["job", "snapshot"]


@pytest.mark.parametrize("frame", ["job", "snapshot"])
async def test_a_job_that_is_resumed_while_it_is_told_for_the_first_time_is_told_to_its_end(
    workflow: Workflow, ada: User, frame: str
) -> None:
    reader, resumed = CrowdReader(), asyncio.Event()
    twice = ["job", "job", "snapshot"] if frame == "job" else ["job", "snapshot"] * 2  # never an empty one in between

    async def take(told: Frame) -> None:
        if told["type"] == frame and not resumed.is_set():
            resumed.set()
            feed.resume(UUID(told["job_id"]), TelemetryId(9, 9))
            await asyncio.sleep(0)
        await reader.take(told)

    feed = crowd.CrowdFeed(workflow.pk, ada, take)
    following = asyncio.create_task(feed.run())
    await reader.until(lambda r: r.focus is not None)
    job = await act(submitted, workflow)
    await reader.until(lambda r: r.of(job).kinds()[:4] == twice)
    attempt = await act(Attempt.of, job)
    await act(attempt.finish)
    await reader.until(lambda r: r.of(job).state == "completed")
    assert not following.done()
    await end([following])
