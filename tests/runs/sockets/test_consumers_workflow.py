"""A workflow's socket: who may join, what comes first, and what may be asked on it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.scopes import Scope
from runs import lens
from runs.models import Job
from runs.removal import remove_workflow
from runs.sockets.warden import Warden
from tests import factories
from tests.rest import Rest
from tests.runs.clients import SocketClient, bearer, connected, cookie, ticket
from tests.runs.followers import Attempt, act, submitted
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def path(workflow: Workflow) -> str:
    return f"/ws/v1/workflows/{workflow.pk}"


@pytest.fixture
def token(ada: User) -> dict[str, str]:
    return bearer(ada, Scope.RUN)


async def until(socket: SocketClient, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The next frame of which that holds."""
    while not holds(frame := await socket.frame()):
        pass
    return frame


async def test_the_lens_comes_first_then_each_active_job_with_its_telemetry(
    path: str, token: dict[str, str], workflow: Workflow
) -> None:
    job = await act(submitted, workflow)
    async with connected(path, token) as socket:
        frames = [await socket.frame() for _ in range(3)]
    assert frames[0] == {"type": "focus", "workflow_id": str(workflow.pk), "job_id": str(job.pk), "pinned": False}
    assert [frame["type"] for frame in frames[1:]] == ["job", "snapshot"]
    assert {frame["job_id"] for frame in frames} == {str(job.pk)}


async def test_a_workflow_that_never_ran_has_a_lens_on_nothing(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        frame = await socket.frame()
    assert (frame["type"], frame["job_id"], frame["pinned"]) == ("focus", None, False)


async def test_sessions_and_tickets_open_it_too(path: str, ada: User) -> None:
    async with connected(path, await act(cookie, ada)) as socket:
        assert (await socket.frame())["type"] == "focus"
    opener = await act(ticket, ada)
    async with connected(f"{path}?ticket={opener}") as socket:
        assert (await socket.frame())["type"] == "focus"


async def test_who_is_not_signed_in_is_closed_with_4401(path: str) -> None:
    for headers in ({}, {"authorization": "Bearer nobody's"}):
        async with connected(path, headers) as socket:
            assert await socket.closed() == 4401


async def test_what_is_not_there_or_anothers_is_closed_with_4404(path: str, bob: User, root: User) -> None:
    for user, address in ((bob, path), (root, path), (bob, f"/ws/v1/workflows/{uuid.uuid4()}")):
        async with connected(address, await act(bearer, user)) as socket:
            assert await socket.closed() == 4404
    async with connected(path, await act(bearer, root, Scope.ADMIN)) as socket:
        assert (await socket.frame())["type"] == "focus"


async def test_a_workflow_that_is_deleted_closes_its_socket_with_4404(
    path: str, token: dict[str, str], workflow: Workflow
) -> None:
    async with connected(path, token) as socket:
        await socket.frame("focus")
        await act(remove_workflow, workflow)
        assert await socket.closed() == 4404


async def test_a_workflow_that_may_no_longer_be_seen_closes_its_socket_with_4404(
    path: str, token: dict[str, str], bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Warden, "ROUNDS_TO_A_LOOK", 1)
    async with connected(path, token) as socket:
        await socket.frame("focus")
        await act(lambda: Workflow.objects.update(owner=bob))
        assert await socket.closed() == 4404


async def test_a_revoked_token_closes_it_with_4401(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        await socket.frame("focus")
        await act(lambda: ApiToken.objects.update(revoked_at=timezone.now()))
        assert await socket.closed() == 4401


async def test_run_makes_a_job_that_is_then_followed(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        ack = await socket.ask({"type": "run", "ref": 1, "body": {"params": {"word": "hi"}}})
        assert ack["result"]["params"] == {"word": "hi"}
        made = ack["result"]["id"]
    async with connected(path, token) as socket:
        assert (await socket.frame("job"))["job_id"] == made


async def test_jobs_of_a_batch_appear_without_a_new_connection(
    path: str, token: dict[str, str], workflow: Workflow, ada: User
) -> None:
    async with connected(path, token) as socket:
        await socket.frame("focus")
        body = {"axes": {"word": ["a", "b", "c"]}}
        made = await act(lambda: Rest(ada).post(f"/workflows/{workflow.pk}/batches", body).json()["jobs"])
        told = [(await socket.frame("snapshot"))["job_id"] for _ in range(3)]
    assert told == [job["id"] for job in made]


async def test_cancel_is_acknowledged_and_seen(path: str, token: dict[str, str], workflow: Workflow) -> None:
    job = await act(submitted, workflow)
    async with connected(path, token) as socket:
        await socket.frame("snapshot")
        await socket.say({"type": "cancel", "ref": "c", "job_id": str(job.pk)})
        kinds = {(await socket.frame())["type"] for _ in range(2)}
    assert kinds == {"ack", "job"}


async def test_focus_is_acknowledged_and_told_here_and_wherever_its_owner_looks(
    path: str, token: dict[str, str], ada: User, workflow: Workflow
) -> None:
    first, _ = await act(lambda: (submitted(workflow), submitted(workflow)))
    async with connected(path, token) as socket, connected(path, await act(cookie, ada)) as other:
        await other.frame("focus")
        await socket.frame("focus")
        await socket.say({"type": "focus", "ref": "f", "job_id": str(first.pk), "pinned": True})
        for each in (socket, other):
            frame = await until(each, lambda frame: frame["type"] == "focus")
            assert (frame["job_id"], frame["pinned"]) == (str(first.pk), True)
    assert (await act(lens.of, ada, workflow.pk)).pinned


async def test_resume_continues_any_of_its_jobs_and_no_others(
    path: str, token: dict[str, str], ada: User, workflow: Workflow
) -> None:
    ended, running = await act(lambda: (submitted(workflow), submitted(workflow)))
    attempts = [await act(Attempt.of, job) for job in (ended, running)]
    for attempt in attempts:
        await act(attempt.tell, {"text": {"word": "a"}})
        await act(attempt.tell, {"text": {"word": "b"}})
    await act(attempts[0].finish)
    elsewhere = await act(lambda: submitted(factories.workflow(ada)))
    async with connected(path, token) as socket:
        await socket.frame("snapshot")
        for job in (running, ended):
            ack = await socket.ask({"type": "resume", "ref": "r", "job_id": str(job.pk), "after": "1-1"})
            assert ack["result"] == {"id": str(job.pk), "after": "1-1"}
            assert (await socket.frame())["type"] == "job"
            frame = await socket.frame()
            assert (frame["type"], frame["job_id"], frame["after"]) == ("update", str(job.pk), "1-1")
        for job_id in (elsewhere.pk, uuid.uuid4()):
            answer = await socket.ask({"type": "resume", "job_id": str(job_id), "after": "0-0"})
            assert (answer["type"], answer["problem"]["status"]) == ("error", 404)


async def test_what_is_no_command_gets_an_error_and_the_socket_stays(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        commands: list[Any] = ["no JSON", [], {"type": "dance"}, {"type": "cancel"}]
        for command in commands:
            assert (await socket.ask(command))["type"] == "error"
        assert (await socket.ask({"type": "run"}))["type"] == "ack"


async def test_reading_is_enough_to_look_and_to_move_the_lens(path: str, ada: User, workflow: Workflow) -> None:
    job = await act(submitted, workflow)
    async with connected(path, await act(bearer, ada, Scope.READ)) as socket:
        assert (await socket.ask({"type": "focus", "job_id": str(job.pk)}))["type"] == "ack"
        for command in ({"type": "run"}, {"type": "cancel", "job_id": str(job.pk)}):
            assert (await socket.ask(command))["problem"]["status"] == 403
    assert await Job.objects.acount() == 1
