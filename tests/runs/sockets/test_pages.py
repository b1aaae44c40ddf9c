"""A page's socket sends what changes on it: HTML for structure, patches for what is hot, each stamped."""

import json
from typing import Any

import pytest

from accounts.models import User
from runs.models import Job
from runs.sockets import feed
from tests import factories
from tests.runs.clients import SocketClient, bearer, connected, cookie
from tests.runs.followers import Attempt, act, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def job(ada: User) -> Job:
    return submitted(factories.workflow(ada))


@pytest.fixture
def path(job: Job) -> str:
    return f"/ws/pages/jobs/{job.pk}"


async def message(socket: SocketClient, *kinds: str) -> dict[str, Any]:
    """The next message that is a patch, or whose HTML holds these texts."""
    while True:
        found: dict[str, Any] = await socket.message()
        if all(text in found.get("content", json.dumps(found)) for text in kinds):
            return found


async def test_a_page_gets_all_that_is_live_when_it_joins(path: str, ada: User, job: Job) -> None:
    async with connected(path, await act(cookie, ada)) as socket:
        first = await socket.message()
    assert (first["job_id"], first["id"]) == (str(job.pk), "0-0")
    for target in ("#head", "#standing", "#history", "#node-word", "#node-out", "#results", "#log"):
        assert f'hx-target="{target}"' in first["content"]


async def test_a_status_is_html_and_progress_is_a_patch(path: str, ada: User, job: Job) -> None:
    attempt = await act(Attempt.of, job)
    async with connected(path, await act(cookie, ada)) as socket:
        await message(socket, "#head")
        await act(attempt.tell, {"nodes": {"word": {"status": "running"}}})
        html = await message(socket, 'data-status="running"')
        assert 'data-node="word" data-status="running"' in html["content"]
        assert "#node-out" not in html["content"]
        assert html["id"] == "1-1"
        await act(attempt.tell, {"nodes": {"word": {"progress": [1, 4]}}})
        patch = await message(socket, "patch", '"id": "1-2"')
    assert (patch["job_id"], patch["id"]) == (str(job.pk), "1-2")
    assert patch["nodes"] == {"word": {"share": 0.25, "counts": "1 of 4", "cost": ""}}
    assert patch["progress"] == 0.125


async def test_streamed_text_is_appended_by_patches(path: str, ada: User, job: Job) -> None:
    attempt = await act(Attempt.of, job)
    async with connected(path, await act(cookie, ada)) as socket:
        await message(socket, "#head")
        await act(attempt.tell, {"text": {"word": "<b>one</b> "}})
        patch = await message(socket, "patch")
    assert patch["text"] == {"word": [0, "<b>one</b> "]}
    async with connected(path, await act(cookie, ada)) as socket:
        whole = await message(socket, "#head")
    assert "<b>one</b>" not in whole["content"]


async def test_log_lines_are_added_to_those_that_are_there(path: str, ada: User, job: Job) -> None:
    attempt = await act(Attempt.of, job)
    async with connected(path, await act(cookie, ada)) as socket:
        await message(socket, "#head")
        line = {"at": "2026-01-01T00:00:00Z", "level": "info", "node": "word", "message": "<script>"}
        await act(attempt.tell, {"logs": [line]})
        html = await message(socket, "#log-lines")
    assert 'hx-swap="beforeend"' in html["content"]
    assert "&lt;script&gt;" in html["content"]


async def test_the_end_draws_everything_anew(path: str, ada: User, job: Job) -> None:
    attempt = await act(Attempt.of, job)
    async with connected(path, await act(cookie, ada)) as socket:
        await message(socket, "#head")
        await act(attempt.tell, {"nodes": {"word": {"status": "completed"}}})
        await act(attempt.finish)
        html = await message(socket, 'data-state="completed"')
    assert 'data-node="out" data-status="skipped"' in html["content"]


async def test_a_page_hears_that_the_connection_lives(
    path: str, ada: User, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEAD_SECONDS", 0.05)
    async with connected(path, await act(cookie, ada)) as socket:
        assert await message(socket, '"type": "head"') == {"type": "head", "job_id": str(job.pk), "id": "0-0"}


async def test_a_token_does_not_open_a_pages_socket(path: str, ada: User) -> None:
    async with connected(path, await act(bearer, ada)) as socket:
        assert await socket.closed() == 4401


async def test_anothers_job_is_not_there(path: str, bob: User) -> None:
    async with connected(path, await act(cookie, bob)) as socket:
        assert await socket.closed() == 4404
