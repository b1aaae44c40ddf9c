"""A workflow's feed tells every frame of each of its active jobs, each job's in order, and what waits costs little."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from runs import batches, gate, lens, publish, tail
from runs.errors import WorkflowGone
from runs.grid import Grid
from runs.models import Job
from runs.removal import remove_workflow
from runs.sockets import crowd, hints, sight
from runs.sockets.crowd import CrowdFeed
from runs.sockets.hints import Hints
from runs.sockets.tasks import end
from runs.sockets.threads import in_database
from runs.telemetry import EMPTY, TelemetryId
from tests import factories
from tests.runs.followers import Attempt, CrowdReader, act, crowd_following, submitted
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def unhinted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hint of the channel layer arrives."""
    monkeypatch.setattr(publish, "_publish", list)


def a_batch(workflow: Workflow, count: int) -> list[Job]:
    plan = batches.plan(workflow, Grid({"word": [str(number) for number in range(count)]}))
    return batches.jobs_of(batches.make(workflow.owner, plan))


def many_waiting(workflow: Workflow, count: int) -> list[Job]:
    """Put there without the gate and without a word."""
    shared = {"workflow": workflow, "owner": workflow.owner, "graph_id": workflow.graph_id, "workflow_version": 1}
    now = timezone.now()
    rows = [Job(number=number, place=number, created_at=now, **shared) for number in range(1, count + 1)]
    return Job.objects.bulk_create(rows)


def positions(reader: CrowdReader, job: Job) -> list[int | None]:
    return [frame["job"]["queue_position"] for frame in reader.of(job).frames if frame["type"] == "job"]


async def test_the_lens_and_every_active_job_are_told_at_the_join(workflow: Workflow, ada: User) -> None:
    running, waiting = await act(lambda: [submitted(workflow) for _ in range(2)])
    attempt = await act(Attempt.of, running)
    await act(attempt.tell, {"text": {"word": "a"}})
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.told(running) and r.told(waiting))
    assert reader.focus == (str(waiting.pk), False)
    assert reader.of(running).kinds() == reader.of(waiting).kinds() == ["job", "snapshot"]
    assert (reader.of(running).states(), reader.of(running).snapshot) == (["running"], attempt.snapshot)
    assert (reader.of(waiting).last, reader.of(waiting).snapshot) == ("0-0", EMPTY)
    assert positions(reader, waiting) == [1]
    assert {frame["workflow_id"] for frame in reader.frames} == {str(workflow.pk)}
    assert not any("outputs" in frame["job"] for frame in reader.frames if frame["type"] == "job")


async def test_ended_jobs_and_other_workflows_jobs_are_not_told(workflow: Workflow, ada: User) -> None:
    ended, other = await act(lambda: (submitted(workflow), submitted(factories.workflow(ada))))
    await act(gate.cancel, ended.pk, by="ada")
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.focus is not None)
        new = await act(submitted, workflow)
        await act(Attempt.of, other)
        await reader.until(lambda r: r.told(new))
    assert set(reader.jobs) == {str(new.pk)}


async def test_a_new_job_is_told_from_its_submit_to_its_end(workflow: Workflow, ada: User) -> None:
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.focus is not None)
        job = await act(submitted, workflow)
        await reader.until(lambda r: r.told(job))
        attempt = await act(Attempt.of, job)
        await act(attempt.tell, {"nodes": {"word": {"status": "running"}}})
        await reader.until(lambda r: r.of(job).last == "1-1")
        await act(attempt.tell, {"nodes": {"word": {"status": "completed"}}})
        await act(attempt.finish)
        await reader.until(lambda r: r.of(job).state == "completed")
    assert reader.of(job).kinds() == ["job", "snapshot", "job", "snapshot", "update", "update", "job"]
    assert reader.of(job).states() == ["queued", "running", "completed"]
    assert reader.of(job).snapshot == attempt.snapshot


@pytest.mark.parametrize("hinted", [True, False])
async def test_a_job_that_was_quick_is_told_from_its_beginning_all_the_same(
    workflow: Workflow, ada: User, hinted: bool, request: pytest.FixtureRequest
) -> None:
    def begun() -> Attempt:
        attempt = Attempt.of(submitted(workflow))
        attempt.tell({"text": {"word": "quick"}})
        return attempt

    if not hinted:
        request.getfixturevalue("unhinted")
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.focus is not None)
        attempt = await act(begun)
        job = await Job.objects.aget()
        if hinted:  # of a job that began and ended without a hint in the same second, nothing is left to see
            await act(attempt.finish)
        await reader.until(lambda r: r.of(job).last == "1-1")
        if not hinted:
            await act(attempt.finish)
        await reader.until(lambda r: r.of(job).state == "completed")
    assert reader.of(job).states() == ["queued", "running", "completed"]
    assert reader.of(job).kinds()[-1] == "job"
    assert reader.of(job).snapshot == attempt.snapshot


@pytest.mark.usefixtures("unhinted")
async def test_what_no_hint_told_is_found_by_looking(workflow: Workflow, ada: User) -> None:
    first = await act(submitted, workflow)
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.told(first))
        second = await act(submitted, workflow)
        await reader.until(lambda r: r.told(second) and r.focus == (str(second.pk), False))
        attempt = await act(Attempt.of, first)
        await act(attempt.tell, {"text": {"word": "a"}})
        await act(gate.cancel, second.pk, by="ada")
        await reader.until(lambda r: r.of(first).last == "1-1" and r.of(second).state == "cancelled")
    assert reader.of(second).kinds() == ["job", "snapshot", *["job"] * (len(reader.of(second).states()) - 1)]


async def test_a_batch_is_told_whole_also_what_of_it_has_ended_already(workflow: Workflow, ada: User) -> None:
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.focus is not None)
        jobs = await act(a_batch, workflow, 30)
        await act(gate.cancel, jobs[7].pk, by="ada")
        await reader.until(lambda r: all(r.told(job) for job in jobs) and r.of(jobs[7]).state == "cancelled")
        await reader.until(lambda r: r.focus == (str(jobs[0].pk), False))
    assert positions(reader, jobs[6])[-1] == 7
    assert reader.of(jobs[7]).states() == ["queued", "cancelled"]


async def test_jobs_that_run_side_by_side_never_touch_each_other(workflow: Workflow, ada: User) -> None:
    async with crowd_following(workflow, ada) as (reader, _):
        jobs = await act(lambda: [submitted(workflow) for _ in range(3)])
        attempts = [await act(Attempt.of, job) for job in jobs]
        for number in range(30):
            await act(attempts[number % 3].tell, {"text": {"word": f"{number} "}})
        for attempt in attempts:
            await act(attempt.finish)
        await reader.until(lambda r: all(r.of(job).state == "completed" for job in jobs))
    for job, attempt in zip(jobs, attempts, strict=True):
        assert reader.of(job).snapshot == attempt.snapshot
        assert reader.of(job).kinds()[-1] == "job"


async def test_a_job_that_is_handed_back_goes_on_when_it_is_taken_again(workflow: Workflow, ada: User) -> None:
    job = await act(submitted, workflow)
    first = await act(Attempt.of, job)
    await act(first.tell, {"text": {"word": "a"}})
    await act(gate.hand_back, job.pk, 1, by="w1")
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.of(job).last == "1-1")
        second = await act(Attempt.of, job, worker="w2")
        await act(second.tell, {"text": {"word": "b"}})
        await reader.until(lambda r: r.of(job).last == "2-1")
    assert reader.of(job).states() == ["queued", "running"]
    assert reader.of(job).snapshot == second.snapshot


async def test_places_in_the_queue_are_told_when_they_move_up(workflow: Workflow, ada: User) -> None:
    before, job = await act(lambda: (submitted(factories.workflow(ada)), submitted(workflow)))
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.told(job))
        await act(gate.cancel, before.pk, by="ada")
        await reader.until(lambda r: len(positions(r, job)) == 2)
    assert positions(reader, job) == [2, 1]


async def test_only_the_first_hundred_and_the_one_in_the_lens_are_told_their_places(
    workflow: Workflow, ada: User
) -> None:
    jobs = await act(many_waiting, workflow, 110)
    await act(lens.choose, ada, jobs[-1])
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: all(r.told(job) for job in jobs))
        await act(gate.cancel, jobs[0].pk, by="ada")
        await reader.until(lambda r: positions(r, jobs[-1])[-1] == 109 and positions(r, jobs[100])[-1] == 100)
    assert positions(reader, jobs[1]) == [2, 1]
    assert positions(reader, jobs[105]) == [106]


async def test_the_lens_is_told_whenever_it_moves_and_to_its_owner_alone(workflow: Workflow, ada: User) -> None:
    root = await act(User.objects.create_superuser, "root")
    first = await act(submitted, workflow)
    async with crowd_following(workflow, ada) as (reader, _), crowd_following(workflow, root) as (others, _):
        await reader.until(lambda r: r.focus == (str(first.pk), False))
        await act(lens.choose, ada, first)
        await reader.until(lambda r: r.focus == (str(first.pk), True))
        await act(gate.cancel, first.pk, by="ada")
        await others.until(lambda r: r.of(first).state == "cancelled")
        await act(gate.delete, first.pk)
        await reader.until(lambda r: r.focus == (None, False))
    assert [frame["job_id"] for frame in others.frames if frame["type"] == "focus"] == [None]


async def test_assets_are_told_also_of_jobs_that_have_ended(workflow: Workflow, ada: User) -> None:
    job = await act(submitted, workflow)
    attempt = await act(Attempt.of, job)
    asset = {"id": "a1", "job_id": str(job.pk), "workflow_id": str(workflow.pk), "kind": "image"}
    async with crowd_following(workflow, ada) as (reader, _):
        await reader.until(lambda r: r.told(job))
        await act(attempt.tell, {"products": [asset]})
        await act(attempt.finish)
        await reader.until(lambda r: r.of(job).state == "completed")
        await act(publish.asset_events, "deleted", [asset])
        await reader.until(lambda r: sum(frame["type"] == "asset" for frame in r.frames) == 2)
    told = [frame for frame in reader.frames if frame["type"] == "asset"]
    assert [(frame["event"], frame["asset"], frame["job_id"]) for frame in told] == [
        ("created", asset, str(job.pk)),
        ("deleted", asset, str(job.pk)),
    ]


async def test_any_job_of_the_workflow_is_resumed(workflow: Workflow, ada: User) -> None:
    ended, running, waiting = await act(lambda: [submitted(workflow) for _ in range(3)])
    attempts = [await act(Attempt.of, job) for job in (ended, running)]
    for attempt in attempts:
        await act(attempt.tell, {"text": {"word": "a"}})
        await act(attempt.tell, {"text": {"word": "b"}})
    await act(attempts[0].finish)
    async with crowd_following(workflow, ada) as (reader, feed):
        await reader.until(lambda r: r.told(running) and r.told(waiting))
        for job in (ended, running, waiting):
            reader.of(job).last, reader.of(job).snapshot = "1-1", {**EMPTY, "text": {"word": "a"}}
            feed.resume(job.pk, TelemetryId(1, 1))
        await reader.until(lambda r: [r.of(job).last for job in (ended, running, waiting)] == ["1-2", "1-2", "0-0"])
    assert reader.of(ended).kinds() == ["job", "update"]
    assert reader.of(running).kinds() == ["job", "snapshot", "job", "update"]
    assert reader.of(waiting).kinds() == ["job", "snapshot"] * 2


async def test_a_job_that_is_deleted_before_it_could_be_told_is_left_out(workflow: Workflow, ada: User) -> None:
    async with crowd_following(workflow, ada) as (reader, feed):
        await reader.until(lambda r: r.focus is not None)
        feed.hint({"type": "job.changed", "job_id": str(UUID(int=7)), "version": 1})
        feed.resume(UUID(int=8), TelemetryId(1, 1))
        job = await act(submitted, workflow)
        await reader.until(lambda r: r.told(job))
    assert set(reader.jobs) == {str(job.pk)}


async def test_a_workflow_that_is_deleted_ends_the_feed(workflow: Workflow, ada: User) -> None:
    reader = CrowdReader()
    task = asyncio.create_task(CrowdFeed(workflow.pk, ada, reader.take).run())
    await reader.until(lambda r: r.focus is not None)
    await act(remove_workflow, workflow)
    with pytest.raises(WorkflowGone):
        await asyncio.wait_for(task, 10)


async def test_what_a_running_jobs_feed_can_not_send_ends_the_whole(workflow: Workflow, ada: User) -> None:
    job = await act(submitted, workflow)
    await act(Attempt.of, job)

    async def broken(frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(CrowdFeed(workflow.pk, ada, broken).run(), 10)


class Looks:
    """What the looks of each second have cost."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jobs: list[int] = []
        self.streams: list[int] = []
        self.queries: list[str] = []
        monkeypatch.setattr(hints, "look", self._look)
        monkeypatch.setattr(tail, "newest", self._newest)

    def _look(self, jobs: Any, lenses: Any) -> Any:
        self.jobs.append(len(jobs))
        with connection.execute_wrapper(self._query):
            return sight.look(jobs, lenses)

    def _query(self, execute: Any, sql: str, *rest: Any) -> Any:
        self.queries.append(sql)
        return execute(sql, *rest)

    async def _newest(self, _redis: Any, job_ids: Any) -> Any:
        self.streams.append(len(job_ids))
        return []


async def test_ten_thousand_waiting_jobs_cost_no_query_and_no_round_trip_each(
    workflow: Workflow, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = await act(many_waiting, workflow, 10_000)
    looks, told, places = Looks(monkeypatch), set[str](), list[int]()

    async def send(frame: dict[str, Any]) -> None:
        if frame["type"] == "job":
            told.add(frame["job_id"])
            places.append(frame["job"]["queue_position"])

    tasks = [asyncio.create_task(CrowdFeed(workflow.pk, ada, send).run()) for _ in range(2)]
    async with asyncio.timeout(60):
        while len(places) < 20_000:
            await asyncio.wait(tasks, timeout=0.05)
        places.clear()
        await act(gate.cancel, jobs[0].pk, by="ada")
        while len(places) < 2 * 101:
            await asyncio.wait(tasks, timeout=0.05)
    followed = len(Hints.here()._by_job)
    await end(tasks)
    assert len(told) == 10_000
    assert sorted(set(places), key=str) == sorted([*range(1, 101), None], key=str)
    assert (followed, set(looks.jobs), looks.streams) == (0, {0}, [])
    assert len(looks.queries) <= 6 * len(looks.jobs)


async def test_who_comes_while_the_hints_look_is_not_told_that_the_workflow_is_gone(
    workflow: Workflow, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await act(factories.workflow, ada)
    looking, go_on = asyncio.Event(), asyncio.Event()

    async def held(look: Callable[..., Any], *arguments: Any) -> Any:
        found = await in_database(look, *arguments)
        looking.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(hints, "in_database", held)
    async with crowd_following(workflow, ada), asyncio.timeout(30):
        await looking.wait()
        async with crowd_following(other, ada) as (reader, _):
            await reader.until(lambda r: r.focus is not None)
            go_on.set()
            job = await act(submitted, other)
            await reader.until(lambda r: r.told(job))


async def test_a_job_that_ends_while_the_active_ones_are_read_is_not_told_anew(
    workflow: Workflow, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await act(submitted, workflow)
    async with crowd_following(workflow, ada) as (reader, feed):
        await reader.until(lambda r: r.told(job))
        await act(gate.cancel, job.pk, by="ada")
        await reader.until(lambda r: r.of(job).states()[-1] == "cancelled")
        monkeypatch.setattr(crowd, "active_jobs", lambda _: [(job.pk, 1, 1, 0)])  # as it was read just before
        feed._unlike = True
        new = await act(submitted, workflow)
        await reader.until(lambda r: r.told(new))
    assert reader.of(job).states() == ["queued", "cancelled"]


async def test_a_job_that_moved_while_it_was_told_to_its_end_is_not_told_anew(workflow: Workflow, ada: User) -> None:
    job = await act(submitted, workflow)
    async with crowd_following(workflow, ada) as (reader, feed):
        await reader.until(lambda r: r.told(job))
        await act(gate.cancel, job.pk, by="ada")
        await reader.until(lambda r: r.of(job).states()[-1] == "cancelled")
        feed._moved.add(job.pk)  # by a hint that came while it was read
        new = await act(submitted, workflow)
        await reader.until(lambda r: r.told(new))
    assert reader.of(job).states() == ["queued", "cancelled"]
