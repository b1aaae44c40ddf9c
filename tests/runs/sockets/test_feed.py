"""A feed tells one job's frames in the order of the contract, each thing once, whatever happens meanwhile."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import redis
from django.db import InterfaceError, OperationalError
from pytest_django import Settings

from runs import gate
from runs.errors import JobGone
from runs.models import Job
from runs.sockets import feed, reading
from runs.sockets.feed import JobFeed
from runs.sockets.reading import Reading
from runs.sockets.tasks import end
from runs.telemetry import EMPTY, TelemetryId
from tests.runs.followers import Attempt, Reader, act, following, submitted
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def job(workflow: Workflow) -> Job:
    return submitted(workflow)


async def test_a_waiting_job_is_told_with_its_place_and_an_empty_snapshot(job: Job) -> None:
    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
    assert reader.kinds() == ["job", "snapshot"]
    assert reader.frames[0]["job"]["queue_position"] == 1
    assert "outputs" not in reader.frames[0]["job"]
    assert (reader.last, reader.snapshot) == ("0-0", EMPTY)
    assert {frame["job_id"] for frame in reader.frames} == {str(job.pk)}
    assert {frame["workflow_id"] for frame in reader.frames} == {str(job.workflow_id)}


async def test_a_run_is_told_from_its_beginning_to_its_end_in_order(job: Job) -> None:
    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
        attempt = await act(Attempt.of, job)
        await act(attempt.tell, {"nodes": {"word": {"status": "running"}}})
        await reader.until(lambda r: r.last == "1-1")
        await act(attempt.tell, {"nodes": {"word": {"status": "completed"}}})
        await act(attempt.finish)
        await reader.until(lambda r: r.state == "completed")
    assert reader.kinds() == ["job", "snapshot", "job", "snapshot", "update", "update", "job"]
    assert reader.states() == ["queued", "running", "completed"]
    assert reader.frames[3]["id"] == "1-0"
    assert reader.snapshot == attempt.snapshot


async def test_states_that_came_and_went_unseen_are_told_all_the_same(job: Job) -> None:
    def run() -> Attempt:
        attempt = Attempt.of(job)
        attempt.tell({"nodes": {"word": {"status": "completed"}}})
        attempt.finish()
        return attempt

    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
        attempt = await act(run)
        await reader.until(lambda r: r.state == "completed")
    told = [frame for frame in reader.frames if frame["type"] == "job"]
    assert [frame["version"] for frame in told] == [1, 2, 3]
    seen = [(frame["job"]["state"], frame["job"]["attempts"], frame["job"]["worker"]) for frame in told]
    assert seen == [("queued", 0, None), ("running", 1, "w1"), ("completed", 1, "w1")]
    kinds = reader.kinds()
    assert kinds.index("update") > [i for i, kind in enumerate(kinds) if kind == "job"][1]
    assert kinds[-1] == "job"
    assert reader.snapshot == attempt.snapshot


async def test_attempts_that_came_and_went_unseen_are_counted_as_they_were(job: Job) -> None:
    def run() -> None:
        first = Attempt.of(job)
        gate.hand_back(job.pk, first.claim.fence, by="p")
        second = Attempt.of(job)
        gate.lost(job.pk, second.claim.fence, by="p", why="the worker died")
        Attempt.of(job).finish()

    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
        await act(run)
        await reader.until(lambda r: r.state == "completed")
    told = [frame["job"] for frame in reader.frames if frame["type"] == "job"]
    assert [each["state"] for each in told] == ["queued", "running"] * 3 + ["completed"]
    assert [each["attempts"] for each in told] == [0, 1, 0, 1, 1, 2, 2]
    assert {each["worker"] for each in told if each["state"] == "queued"} == {None}


async def test_a_running_job_is_joined_with_all_that_it_told(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    for number in range(5):
        await act(attempt.tell, {"text": {"word": f"{number} "}}, whole=number == 2)
    async with following(job) as reader:
        await reader.until(lambda r: r.last == "1-5")
    assert reader.kinds() == ["job", "snapshot"]
    assert reader.states() == ["running"]
    assert reader.frames[0]["job"]["progress"] == 0.5
    assert reader.snapshot == attempt.snapshot


async def test_an_ended_job_is_told_with_its_snapshot_and_nothing_more(job: Job, valkey: redis.Redis) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"nodes": {"word": {"status": "completed"}}})
    await act(attempt.finish)
    valkey.flushall()
    async with following(job) as reader:
        await reader.until(lambda r: r.last == "1-1")
    assert reader.kinds() == ["job", "snapshot"]
    assert reader.states() == ["completed"]
    assert reader.snapshot == attempt.snapshot


async def test_an_ended_job_gone_on_with_from_an_earlier_attempt_is_told_with_one_snapshot(job: Job) -> None:
    first = await act(Attempt.of, job)
    await act(first.tell, {"text": {"word": "a"}})
    await act(gate.hand_back, job.pk, 1, by="w1")
    second = await act(Attempt.of, job)
    await act(second.tell, {"text": {"word": "b"}})
    await act(second.finish)
    reader = Reader()
    reader.last = "1-1"
    async with following(job, reader):
        await reader.until(lambda r: r.last == "2-1")
    assert reader.kinds() == ["job", "snapshot"]
    assert reader.snapshot == second.snapshot


async def test_a_reader_that_comes_back_gets_what_it_missed_as_one_update(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"text": {"word": "a"}})
    async with following(job) as reader:
        await reader.until(lambda r: r.last == "1-1")
    for letter in "bcd":
        await act(attempt.tell, {"text": {"word": letter}})
    async with following(job, reader):
        await reader.until(lambda r: r.last == "1-4")
    assert reader.kinds() == ["job", "snapshot", "job", "update"]
    assert reader.frames[-1] | {"workflow_id": ""} == {
        "type": "update",
        "job_id": str(job.pk),
        "workflow_id": "",
        "id": "1-4",
        "seq": 4,
        "after": "1-1",
        "text": {"word": "bcd"},
    }
    assert reader.snapshot == attempt.snapshot


async def test_a_reader_that_comes_back_after_the_end_gets_the_rest_and_nothing_more(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"text": {"word": "a"}})
    async with following(job) as reader:
        await reader.until(lambda r: r.last == "1-1")
    await act(attempt.tell, {"text": {"word": "b"}})
    await act(attempt.finish)
    async with following(job, reader):
        await reader.until(lambda r: r.last == "1-2")
    assert reader.kinds() == ["job", "snapshot", "job", "update"]
    reader.frames.clear()
    async with following(job, reader):
        await reader.until(lambda r: r.frames)
    assert reader.kinds() == ["job"]


@pytest.mark.parametrize("after", ["9-1", "1-77", "0-3"])
async def test_a_resume_that_is_not_possible_gets_a_snapshot(job: Job, after: str) -> None:
    attempt = await act(Attempt.of, job)
    for number in range(3):
        await act(attempt.tell, {"logs": [number]})
    reader = Reader()
    reader.last = after
    async with following(job, reader):
        await reader.until(lambda r: r.snapshot is not None)
        await reader.until(lambda r: r.last == "1-3")
    assert "update" not in reader.kinds() or reader.kinds()[:2] == ["job", "snapshot"]
    assert reader.snapshot == attempt.snapshot


async def test_entries_that_were_trimmed_away_are_made_up_for_by_a_snapshot(job: Job, valkey: redis.Redis) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"logs": ["first"]})
    async with following(job) as reader:
        await reader.until(lambda r: r.last == "1-1")
    for number in range(9):
        await act(attempt.tell, {"logs": [number]}, whole=number == 7)
    valkey.xtrim(f"loupe:telemetry:{job.pk}", maxlen=2, approximate=False)
    async with following(job, reader):
        await reader.until(lambda r: r.last == "1-10")
    assert reader.kinds() == ["job", "snapshot", "job", "snapshot"]
    assert reader.snapshot == attempt.snapshot


async def test_a_job_that_is_handed_back_keeps_its_telemetry_until_it_begins_anew(job: Job) -> None:
    first = await act(Attempt.of, job)
    async with following(job) as reader:
        await act(first.tell, {"text": {"word": "a"}})
        await reader.until(lambda r: r.last == "1-1")
        await act(gate.hand_back, job.pk, 1, by="w1")
        await reader.until(lambda r: r.state == "queued")
        assert reader.snapshot == first.snapshot
        second = await act(Attempt.of, job, worker="w2")
        await reader.until(lambda r: r.last == "2-0")
        assert reader.snapshot == EMPTY
        await act(second.tell, {"text": {"word": "b"}})
        await act(second.finish)
        await reader.until(lambda r: r.state == "completed")
    assert reader.states() == ["running", "queued", "running", "completed"]
    assert reader.snapshot == second.snapshot


async def test_a_job_that_ends_from_outside_has_its_last_statuses_before_its_end(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    async with following(job) as reader:
        await act(attempt.tell, {"nodes": {"word": {"status": "running"}}})
        await reader.until(lambda r: r.last == "1-1")
        await act(gate.end, job.pk, 1, code="timeout", message="Too long.", by="pool")
        await reader.until(lambda r: r.state == "failed")
    assert reader.kinds()[-2:] == ["snapshot", "job"]
    assert reader.last == "2-0"
    assert reader.snapshot is not None
    assert reader.snapshot["nodes"]["word"]["status"] == "failed"
    again = Reader()
    again.last, again.snapshot = "1-1", attempt.snapshot
    async with following(job, again):
        await again.until(lambda r: r.last == "2-0")
    assert again.snapshot == reader.snapshot


async def test_a_job_that_is_cancelled_while_it_waits_says_only_that(job: Job) -> None:
    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
        await act(gate.cancel, job.pk, by="ada")
        await reader.until(lambda r: r.state == "cancelled")
    assert reader.kinds() == ["job", "snapshot", "job"]
    again = Reader()
    async with following(job, again):
        await again.until(lambda r: r.snapshot is not None)
    assert again.kinds() == ["job", "snapshot"]


async def test_a_place_in_the_queue_that_moves_up_is_told(workflow: Workflow) -> None:
    before, job = await act(lambda: (submitted(workflow), submitted(workflow)))
    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
        await act(gate.cancel, before.pk, by="ada")
        await reader.until(lambda r: len(r.states()) == 2)
    places = [frame["job"]["queue_position"] for frame in reader.frames if frame["type"] == "job"]
    assert places == [2, 1]


async def test_what_no_hint_told_is_found_within_two_seconds(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
        await act(attempt.tell, {"text": {"word": "a"}}, hint=False)
        await reader.until(lambda r: r.last == "1-1")
    assert reader.snapshot == attempt.snapshot


async def test_a_redis_that_comes_back_empty_loses_nothing_for_the_reader(job: Job, valkey: redis.Redis) -> None:
    attempt = await act(Attempt.of, job)
    async with following(job) as reader:
        await act(attempt.tell, {"text": {"word": "a"}})
        await reader.until(lambda r: r.last == "1-1")
        valkey.flushall()
        await act(attempt.tell, {"text": {"word": "b"}}, hint=False)
        await act(attempt.tell, {"text": {"word": "c"}})
        await reader.until(lambda r: r.last == "1-3")
    assert reader.snapshot == attempt.snapshot


async def test_two_runs_of_one_workflow_never_touch_each_others_telemetry(workflow: Workflow) -> None:
    jobs = await act(lambda: [submitted(workflow) for _ in range(2)])
    attempts = [await act(Attempt.of, job) for job in jobs]
    async with following(jobs[0]) as first, following(jobs[1]) as second:
        for number in range(10):
            await act(attempts[number % 2].tell, {"text": {"word": f"{number} "}})
        await first.until(lambda r: r.last == "1-5")
        await second.until(lambda r: r.last == "1-5")
    assert first.snapshot is not None
    assert second.snapshot is not None
    assert first.snapshot["text"] == {"word": "0 2 4 6 8 "}
    assert second.snapshot["text"] == {"word": "1 3 5 7 9 "}


async def test_a_slow_reader_gets_what_waits_merged_into_one_update(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    gaps: list[Any] = []
    reader = Reader()

    async def slowly(frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            for number in range(200):
                await act(attempt.tell, {"text": {"word": "."}, "nodes": {"word": {"elapsed_ms": number}}})
        gaps.append(frame["type"])
        await reader.take(frame)

    task = asyncio.create_task(JobFeed(job.pk, slowly).run())
    await reader.until(lambda r: r.last == "1-200")
    await end([task])
    assert gaps.count("update") <= 2
    assert reader.snapshot == attempt.snapshot


async def test_a_job_that_is_deleted_ends_the_feed(job: Job) -> None:
    await act(gate.cancel, job.pk, by="ada")
    await act(gate.delete, job.pk)
    with pytest.raises(JobGone):
        await JobFeed(job.pk, Reader().take).run()


async def test_a_product_is_told_as_an_asset_too(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    asset = {"id": "a1", "job_id": str(job.pk), "workflow_id": str(job.workflow_id), "kind": "image"}
    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
        await act(attempt.tell, {"products": [asset]})
        await reader.until(lambda r: "asset" in r.kinds() and r.last == "1-1")
    told = next(frame for frame in reader.frames if frame["type"] == "asset")
    assert (told["event"], told["asset"]) == ("created", asset)
    assert reader.snapshot == attempt.snapshot


async def test_a_reader_that_asks_to_begin_again_gets_nothing_that_follows_on_what_it_had(job: Job) -> None:
    attempt = await act(Attempt.of, job)
    reader = Reader()
    feeds: list[JobFeed] = []

    async def restless(frame: dict[str, Any]) -> None:
        """Goes back to its first id whenever it sees the fifth."""
        await reader.take(frame)
        if frame.get("id") == "1-5" and reader.kinds().count("job") < 4:
            reader.last, reader.snapshot = "1-0", EMPTY
            feeds[0].resume(TelemetryId(1, 0))

    feeds.append(JobFeed(job.pk, restless))
    task = asyncio.create_task(feeds[0].run())
    await reader.until(lambda r: r.last == "1-0")
    for number in range(8):
        await act(attempt.tell, {"logs": [number]})
    await reader.until(lambda r: r.last == "1-8")
    await end([task])
    assert reader.snapshot == attempt.snapshot


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
async def test_a_database_that_is_away_for_a_moment_ends_no_feed(
    job: Job, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(feed, "DATABASE_PAUSE", 0.01)
    failures = iter([error("locked"), error("locked")])

    def sometimes(job_id: UUID, version: int) -> Reading:
        for failure in failures:
            raise failure
        return reading.read(job_id, version)

    monkeypatch.setattr(feed, "read", sometimes)
    async with following(job) as reader:
        await reader.until(lambda r: r.snapshot is not None)
    assert reader.kinds() == ["job", "snapshot"]


async def test_without_redis_a_job_is_followed_by_its_row(job: Job, settings: Settings) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"text": {"word": "a"}})
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    async with following(job) as reader:
        await reader.until(lambda r: r.state == "running")
        await act(attempt.finish)
        await reader.until(lambda r: r.state == "completed")
    assert reader.kinds() == ["job", "snapshot", "job"]
    assert reader.snapshot == attempt.snapshot
    waiting = await act(submitted, await act(lambda: job.workflow))
    async with following(waiting) as reader:
        await reader.until(lambda r: r.snapshot is not None)
    assert reader.frames[0]["job"]["waiting_for"] == "redis"
