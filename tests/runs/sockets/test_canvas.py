"""The socket of a canvas: all of the focused run, a little of the others; it follows the lens wherever it is moved."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from runs import lens
from runs.models import Job
from runs.redis import snapshot_key
from runs.removal import remove_job
from runs.sockets import canvas, feed, overview
from runs.sockets.overview import Overview
from runs.sockets.threads import in_database
from runs.states import State
from tests import factories
from tests.runs.clients import bearer, connected, cookie
from tests.runs.followers import Attempt, act, submitted
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey", "quick_looks")]
Message = dict[str, Any]


@pytest.fixture
def path(workflow: Workflow) -> str:
    return f"/ws/pages/workflows/{workflow.pk}"


async def test_a_page_gets_all_that_is_live_when_it_joins(path: str, ada: User, workflow: Workflow) -> None:
    job = await act(submitted, workflow)
    async with connected(path, await act(cookie, ada)) as socket:
        first = await socket.until("#lens")
        cards = await socket.until("#queue-waiting")
    assert (first["job_id"], first["id"]) == (str(job.pk), "0-0")
    for target in ("#lens", "#stop", "#body-word", "#foot-out", "#ring-word"):
        assert f'hx-target="{target}"' in first["content"]
    assert first["patch"]["focused"] == str(job.pk)
    assert first["patch"]["nodes"]["word"]["status"] == "waiting"
    assert f'data-job-card="{job.pk}" data-state="queued"' in cards["content"]


async def test_what_cannot_be_read_of_one_run_keeps_no_other_canvas_from_being_drawn(
    path: str, ada: User, bob: User, workflow: Workflow, valkey: Any
) -> None:
    forged = await act(submitted, await act(factories.workflow, bob))
    await act(Attempt.of, forged)
    valkey.set(snapshot_key(forged.pk), "no JSON")
    await act(submitted, forged.workflow)  # which is looked at
    theirs = f"/ws/pages/workflows/{forged.workflow_id}"
    async with connected(theirs, await act(cookie, bob)), connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens")
        job = await act(submitted, workflow)
        await socket.until("#queue-waiting", str(job.pk))


async def test_without_a_run_it_says_so_and_shows_the_gallery(path: str, ada: User, workflow: Workflow) -> None:
    await act(factories.product, await act(factories.job, workflow, state="completed"))
    async with connected(path, await act(cookie, ada)) as socket:
        first = await socket.until("#lens")
    assert first["job_id"] is None
    assert first["patch"]["focused"] is None
    assert first["patch"]["nodes"]["out"]["status"] == "idle"
    assert "data-asset=" in first["content"]


async def test_the_focused_run_is_followed_to_its_end(path: str, ada: User, workflow: Workflow) -> None:
    job = await act(submitted, workflow)
    attempt = await act(Attempt.of, job)
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens")
        await act(attempt.tell, {"nodes": {"word": {"status": "running"}}})
        html = await socket.until("#foot-word", 'class="status running"')
        assert html["id"] == "1-1"
        assert html["patch"]["nodes"]["word"]["status"] == "running"
        await act(attempt.tell, {"nodes": {"word": {"progress": [1, 4]}}, "edges": {"e1": {"state": "active"}}})
        hot = await socket.until(edges={"e1": ["active", ""]})
        assert hot["patch"]["nodes"]["word"]["share"] == 0.25
        assert "content" not in hot
        await act(attempt.tell, {"nodes": {"word": {"status": "completed"}}})
        await act(attempt.finish)
        end = await socket.until('data-state="completed"', "#foot-out")
    assert end["patch"]["nodes"]["out"]["status"] == "skipped"


async def test_the_lens_that_is_moved_elsewhere_moves_here(path: str, ada: User, workflow: Workflow) -> None:
    first, second = await act(submitted, workflow), await act(submitted, workflow)
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens", focused=str(second.pk))
        await act(lens.choose, ada, first)
        moved = await socket.until("#lens", focused=str(first.pk))
        assert 'data-action="unpin"' in moved["content"]
        await act(lens.choose, ada, first, pinned=False)
        await socket.until("#lens", 'data-action="pin"')


async def test_a_card_is_lit_for_the_run_that_is_shown_not_for_the_one_that_comes(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming, shown = await act(submitted, workflow), await act(submitted, workflow)
    never = asyncio.Event()
    async with connected(path, await act(cookie, ada)) as socket, asyncio.timeout(30):
        await socket.until("#queue-waiting", f'data-job-card="{shown.pk}"')
        monkeypatch.setattr(feed, "in_database", lambda *_: never.wait())  # so that it does not come
        await act(lens.choose, ada, coming)
        new = await act(submitted, workflow)
        cards = (await socket.until("#queue-waiting", f'data-job-card="{new.pk}"'))["content"]
    assert re.findall(r'<li id="card-([^"]*)"[^>]* aria-current="true"', cards) == [str(shown.pk)]


@pytest.mark.parametrize("work", ["_through", "_chrome", "changes", "history"])
async def test_a_database_that_is_away_while_something_is_drawn_keeps_nothing_from_the_page(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    monkeypatch.setattr(feed, "DATABASE_PAUSE", 0.01)
    failures = iter([OperationalError("away"), OperationalError("away")])

    async def sometimes(asked: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if asked.__name__ == work:
            for failure in failures:
                raise failure
        return await in_database(asked, *arguments, **named)

    monkeypatch.setattr(canvas, "in_database", sometimes)
    job = await act(submitted, workflow)
    attempt = await act(Attempt.of, job)
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens", focused=str(job.pk))
        await act(attempt.tell, {"nodes": {"word": {"status": "running"}}})
        told = await socket.until("#foot-word", 'class="status running"')
        assert told["patch"]["nodes"]["word"]["status"] == "running"
        await act(attempt.finish)
        await socket.until("#lens", 'data-state="completed"')
    assert next(failures, None) is None


async def test_a_move_that_nobody_told_of_is_found(path: str, ada: User, workflow: Workflow) -> None:
    first, second = await act(submitted, workflow), await act(submitted, workflow)
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens", focused=str(second.pk))
        await act(workflow.run_focuses.update, job=first)
        await socket.until("#lens", focused=str(first.pk))


async def test_nothing_but_a_summary_of_another_run_travels(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "REST", 10**9)
    other, focused = await act(submitted, workflow), await act(submitted, workflow)
    attempt = await act(Attempt.of, other)
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens", focused=str(focused.pk))
        await act(attempt.tell, {"nodes": {"word": {"status": "running"}}, "text": {"word": "a secret"}})
        ring = await socket.until("#ring-word", "+1")
        assert "#body-word" not in ring["content"]
        assert "text" not in ring["patch"]
        await act(attempt.tell, {"nodes": {"word": {"progress": [1, 2]}}})
        hot = await socket.until(runs={str(other.pk): 0.25})
    assert hot["job_id"] == str(focused.pk)
    assert "content" not in hot


async def test_a_run_that_ends_moves_its_card_and_lands_in_the_gallery(
    path: str, ada: User, workflow: Workflow
) -> None:
    other, focused = await act(submitted, workflow), await act(submitted, workflow)
    attempt = await act(Attempt.of, other)
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#queue-running", f'data-job-card="{other.pk}"')
        await act(factories.product, other)
        await act(attempt.finish, State.COMPLETED)
        landed = await socket.until("#queue-completed", "#body-out")
    assert f'data-job-card="{other.pk}" data-state="completed"' in landed["content"]
    assert f'data-job="{other.pk}"' in landed["content"]
    assert landed["job_id"] == str(focused.pk)


async def test_a_run_that_begins_and_ends_between_two_looks_is_not_missed(
    path: str, ada: User, workflow: Workflow
) -> None:
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until(ever=0)
        job = await act(factories.job, workflow, number=1, state="completed")
        await act(Workflow.objects.update, jobs_made=1)
        shown = await socket.until("#queue-completed", ever=1)
    assert f'data-job-card="{job.pk}"' in shown["content"]


async def test_a_run_elsewhere_brings_the_list_out(path: str, ada: User, workflow: Workflow) -> None:
    await act(submitted, workflow)
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until(alone=True)
        await act(submitted, await act(factories.workflow, ada, name="Another"))
        shown = await socket.until("#queue-elsewhere", alone=False)
    assert "Another" in shown["content"]


async def test_more_cards_come_when_they_are_asked_for(path: str, ada: User, workflow: Workflow) -> None:
    for number in range(1, 20):
        await act(factories.job, workflow, number=number, state="completed")
    async with connected(path, await act(cookie, ada)) as socket:
        shown = await socket.until("#queue-completed")
        assert shown["content"].count("data-job-card") == 12
        for nonsense in ("nonsense", "[" * 5000 + "]" * 5000, "{}", "[]", "7"):
            await socket.say(nonsense)
        await socket.say({"more": "completed"})
        shown = await socket.until("#queue-completed")
        assert shown["content"].count("data-job-card") == 19


async def test_when_the_focused_run_is_deleted_the_next_best_is_seen(path: str, ada: User, workflow: Workflow) -> None:
    kept, gone = await act(submitted, workflow), await act(submitted, workflow)
    await act(Job.objects.filter(pk=gone.pk).update, state="completed")
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens", focused=str(gone.pk))
        await act(remove_job, await act(Job.objects.get, pk=gone.pk))
        await socket.until("#lens", focused=str(kept.pk))


async def test_one_look_serves_all_sockets_and_none_is_left_behind(path: str, ada: User, workflow: Workflow) -> None:
    await act(submitted, workflow)
    headers = await act(cookie, ada)
    async with connected(path, headers) as one, connected(path, headers) as two:
        await one.until("#queue-waiting")
        await two.until("#queue-waiting")
        overview = Overview.here()
        assert len(overview.members) == 2
    assert overview.members == set()


async def test_a_page_hears_that_the_connection_lives(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "BEAT_SECONDS", 0.05)
    async with connected(path, await act(cookie, ada)) as socket:
        while (await socket.message())["type"] != "head":
            pass


async def test_tokens_strangers_and_unknown_workflows_are_sent_away(path: str, ada: User, bob: User) -> None:
    for headers, code in ((await act(bearer, ada), 4401), (await act(cookie, bob), 4404), ({}, 4401)):
        async with connected(path, headers) as socket:
            assert await socket.closed() == code


async def test_a_page_that_has_saved_gets_the_gallery_that_it_switched_on(
    path: str, ada: User, workflow: Workflow
) -> None:
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens")
        nodes = [{**node, "gallery": True} for node in factories.TEXT["nodes"]]
        switched = await act(factories.workflow, ada, {**factories.TEXT, "nodes": nodes})
        await act(Workflow.objects.filter(pk=workflow.pk).update, graph_id=switched.graph_id)
        await socket.say({"saved": True})
        await socket.until("#body-word")


async def test_a_page_moves_its_lens_by_its_socket(path: str, ada: User, workflow: Workflow) -> None:
    first, second = [await act(submitted, workflow) for _ in range(2)]
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens", focused=str(second.pk))
        for asked, seen in (({"job": str(first.pk)}, first), ({"step": "1"}, second), ({"nth": "1"}, first)):
            await socket.say({"lens": asked})
            moved = await socket.until("#lens", focused=str(seen.pk))
            assert moved["job_id"] == str(seen.pk)
            assert await act(lens.of, ada, workflow.pk) == lens.Focus(seen.pk, pinned=True)
        await socket.say({"lens": {"job": str(first.pk), "pinned": "0"}})
        await socket.until("#lens", 'data-action="pin"')
        assert await act(lens.of, ada, workflow.pk) == lens.Focus(first.pk, pinned=False)


async def test_a_lens_that_cannot_move_stays_and_so_does_the_page(
    path: str, ada: User, bob: User, workflow: Workflow
) -> None:
    foreign = await act(lambda: submitted(factories.workflow(bob)))
    mine, other = [await act(submitted, workflow) for _ in range(2)]
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.until("#lens", focused=str(other.pk))
        nonsense: tuple[Any, ...] = (
            {"job": str(foreign.pk)},
            {"job": "x"},
            {"step": "1"},
            {"nth": "7"},
            {},
            [],
            "1",
            None,
            {"job": []},
        )
        for asked in nonsense:
            await socket.say({"lens": asked})
        await socket.say({"lens": {"job": str(mine.pk)}})
        await socket.until("#lens", focused=str(mine.pk))
        assert (await act(lens.of, bob, foreign.workflow_id)).job_id == foreign.pk
