"""The canvas's socket while the lens moves: it goes before what is being drawn, and nothing that differs is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from accounts.models import User
from runs import lens
from runs.sockets import canvas
from runs.sockets.threads import in_database
from tests.runs.clients import connected, cookie
from tests.runs.followers import Attempt, act, submitted
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey", "quick_looks")]


@pytest.fixture
def path(workflow: Workflow) -> str:
    return f"/ws/pages/workflows/{workflow.pk}"


class Held:
    """Keeps what is drawn from being sent, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.drawn, self.ended, self.go_on, self.pinned = (asyncio.Event() for _ in range(4))
        move = canvas.CanvasSocket._move
        monkeypatch.setattr(canvas.CanvasSocket, "_move", lambda it, to: self._move(move, it, to))
        monkeypatch.setattr(canvas, "in_database", self._work)

    def begin(self) -> None:
        for event in (self.drawn, self.ended, self.go_on):
            event.clear()

    async def _move(self, move: Callable[..., Awaitable[None]], it: canvas.CanvasSocket, to: lens.Focus) -> None:
        await move(it, to)
        if to.pinned:
            self.pinned.set()

    async def _work(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        found = await in_database(work, *arguments, **named)
        if work.__name__ == "_chrome":
            self.drawn.set()
            try:
                await self.go_on.wait()
            finally:
                self.ended.set()
        return found


async def test_a_move_ends_what_is_being_drawn_and_the_page_is_told_all_that_differs_from_what_it_shows(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [await act(submitted, workflow) for _ in range(3)]
    for job in jobs[:2]:
        attempt = await act(Attempt.of, job)
        await act(attempt.tell, {"nodes": {"word": {"status": "completed"}}})
    held = Held(monkeypatch)
    held.go_on.set()
    async with connected(path, await act(cookie, ada)) as socket, asyncio.timeout(30):
        await socket.until("#lens", focused=str(jobs[2].pk))
        await socket.until("#queue-running")
        held.begin()
        await act(lens.choose, ada, jobs[0])
        await held.drawn.wait()
        await act(lens.choose, ada, jobs[1])
        await held.ended.wait()
        held.go_on.set()
        shown = await socket.until("#lens", focused=str(jobs[1].pk))
    assert shown["patch"]["nodes"]["word"]["status"] == "completed"
    assert f'hx-target="#card-{jobs[2].pk}"' in shown["content"]


async def test_a_run_that_is_pinned_while_it_is_drawn_is_shown_as_pinned(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await act(submitted, workflow), await act(submitted, workflow)
    held = Held(monkeypatch)
    held.go_on.set()
    async with connected(path, await act(cookie, ada)) as socket, asyncio.timeout(30):
        await socket.until("#lens", focused=str(second.pk))
        await socket.until("#queue-running")
        held.begin()
        await act(lens.choose, ada, first, pinned=False)
        await held.drawn.wait()
        await act(lens.choose, ada, first)
        await held.pinned.wait()
        held.go_on.set()
        await socket.until("#lens", 'data-action="unpin"')


async def test_a_run_that_is_pinned_before_anything_is_drawn_is_shown_as_pinned(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await act(submitted, workflow)
    held = Held(monkeypatch)
    async with connected(path, await act(cookie, ada)) as socket, asyncio.timeout(30):
        await held.drawn.wait()
        await act(lens.choose, ada, job)
        await held.pinned.wait()
        held.go_on.set()
        await socket.until("#lens", 'data-action="unpin"')


async def test_a_move_waits_for_nothing_that_is_read_of_the_other_runs(
    path: str, ada: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await act(submitted, workflow), await act(submitted, workflow)
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def work(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        found = await in_database(work, *arguments, **named)
        if work.__name__ == "_board":
            reading.set()
            await go_on.wait()
        return found

    async with connected(path, await act(cookie, ada)) as socket, asyncio.timeout(30):
        await socket.until("#queue-waiting", str(first.pk))
        monkeypatch.setattr(canvas, "in_database", work)
        new = await act(submitted, workflow)
        await reading.wait()
        await act(lens.choose, ada, first)
        await socket.until("#lens", focused=str(first.pk))
        go_on.set()
        await socket.until("#queue-waiting", f'data-job-card="{new.pk}"')
