"""Who may join a job's socket, and with which code everybody else is sent away."""

import asyncio
import uuid
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from accounts.credentials import Credentials
from accounts.models import ApiToken, User
from accounts.scopes import Scope
from project.asgi import application
from runs import gate
from runs.models import Job
from runs.sockets import socket as sockets
from runs.sockets.consumers import ProgramJobSocket
from runs.sockets.warden import Warden
from tests import factories
from tests.runs.clients import bearer, connected, cookie, ticket
from tests.runs.followers import Attempt, act, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def job(ada: User) -> Job:
    return submitted(factories.workflow(ada))


@pytest.fixture
def path(job: Job) -> str:
    return f"/ws/v1/jobs/{job.pk}"


async def test_a_token_opens_the_socket_with_the_job_first(path: str, ada: User, job: Job) -> None:
    async with connected(path, await act(bearer, ada, Scope.READ)) as socket:
        frame = await socket.frame()
        assert (frame["type"], frame["job_id"], frame["version"]) == ("job", str(job.pk), 1)
        assert (await socket.frame())["type"] == "snapshot"


async def test_who_joins_a_job_that_has_ended_gets_all_of_it_and_listens_to_nothing(
    path: str, ada: User, job: Job, valkey: redis.Redis
) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"text": {"word": "a"}})
    await act(attempt.finish)
    async with connected(path, await act(bearer, ada, Scope.READ)) as socket:
        for _ in range(2):
            told, snapshot = await socket.frame(), await socket.frame()
            assert (told["type"], told["version"], told["job"]["state"]) == ("job", 3, "completed")
            assert (snapshot["id"], snapshot["snapshot"]) == ("1-1", attempt.snapshot)
            assert not valkey.pubsub_channels()
            await socket.ask({"type": "resume", "job_id": str(job.pk), "after": "0-7"})


async def test_a_session_opens_the_socket(path: str, ada: User) -> None:
    async with connected(path, await act(cookie, ada)) as socket:
        assert (await socket.frame())["type"] == "job"


async def test_a_ticket_opens_the_socket_once(path: str, ada: User) -> None:
    opener = await act(ticket, ada)
    async with connected(f"{path}?ticket={opener}") as socket:
        assert (await socket.frame())["type"] == "job"
    async with connected(f"{path}?ticket={opener}") as socket:
        assert await socket.closed() == 4401


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nobody's"}, {"authorization": "Basic YTpi"}])
async def test_who_is_not_signed_in_is_closed_with_4401(path: str, headers: dict[str, str]) -> None:
    async with connected(path, headers) as socket:
        assert await socket.closed() == 4401


async def test_a_bad_token_is_not_made_up_for_by_a_good_session(path: str, ada: User) -> None:
    headers = {**await act(cookie, ada), "authorization": "Bearer nobody's"}
    async with connected(path, headers) as socket:
        assert await socket.closed() == 4401


async def test_somebody_elses_job_is_closed_with_4404(path: str, bob: User) -> None:
    async with connected(path, await act(bearer, bob)) as socket:
        assert await socket.closed() == 4404


@pytest.mark.parametrize("address", [f"/ws/v1/jobs/{uuid.UUID(int=1)}", "/ws/v1/jobs/7", "/ws/elsewhere"])
async def test_what_is_not_there_is_closed_with_4404(address: str, ada: User) -> None:
    async with connected(address, await act(bearer, ada)) as socket:
        assert await socket.closed() == 4404


async def test_staff_see_others_jobs_with_an_admin_token_alone(path: str, root: User) -> None:
    async with connected(path, await act(bearer, root, Scope.ADMIN)) as socket:
        assert (await socket.frame())["type"] == "job"
    for headers in (await act(bearer, root), await act(cookie, root)):
        async with connected(path, headers) as socket:
            assert await socket.closed() == 4404


async def test_an_admin_token_of_somebody_who_is_no_staff_opens_nothing_more(path: str, bob: User) -> None:
    async with connected(path, await act(bearer, bob, Scope.ADMIN)) as socket:
        assert await socket.closed() == 4404


def revoke() -> None:
    ApiToken.objects.update(revoked_at=timezone.now())


def expire() -> None:
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def deactivate() -> None:
    User.objects.filter(username="ada").update(is_active=False)


@pytest.mark.parametrize("end", [revoke, expire, deactivate])
async def test_a_socket_is_closed_within_5_s_when_its_token_is_no_longer_good(
    path: str, ada: User, end: Callable[[], None]
) -> None:
    async with connected(path, await act(bearer, ada)) as socket:
        await socket.frame()
        await act(end)
        assert await socket.closed() == 4401


def sign_out() -> None:
    Session.objects.all().delete()


def change_password() -> None:
    ada = User.objects.get(username="ada")
    ada.set_password("another secret")
    ada.save()


@pytest.mark.parametrize("end", [sign_out, change_password, deactivate])
async def test_a_socket_is_closed_within_5_s_when_its_session_has_ended(
    path: str, ada: User, end: Callable[[], None]
) -> None:
    async with connected(path, await act(cookie, ada)) as socket:
        await socket.frame()
        await act(end)
        assert await socket.closed() == 4401


async def test_a_job_that_is_deleted_closes_its_socket_with_4404(path: str, ada: User, job: Job) -> None:
    async with connected(path, await act(bearer, ada)) as socket:
        await socket.frame("snapshot")
        await act(gate.cancel, job.pk, by="ada")
        await socket.frame("job")
        await act(gate.delete, job.pk)
        await socket.say({"type": "resume", "job_id": str(job.pk), "after": "0-0"})
        assert await socket.closed() == 4404


async def test_a_job_that_may_no_longer_be_seen_closes_its_socket_with_4404(
    path: str, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Warden, "ROUNDS_TO_A_LOOK", 1)
    async with connected(path, await act(bearer, ada)) as socket:
        await socket.frame()
        await act(lambda: Job.objects.update(owner=bob))
        assert await socket.closed() == 4404


async def test_all_that_one_person_follows_is_looked_at_at_once(
    path: str, job: Job, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[set[uuid.UUID]] = []
    seen = ProgramJobSocket.seen

    def noted(credentials: Credentials, subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
        looks.append(set(subject_ids))
        return seen(credentials, subject_ids)

    other, token = await act(lambda: submitted(job.workflow)), await act(bearer, ada)
    async with connected(path, token) as one, connected(f"/ws/v1/jobs/{other.pk}", token) as two:
        await one.frame()
        await two.frame()
        monkeypatch.setattr(ProgramJobSocket, "seen", staticmethod(noted))
        monkeypatch.setattr(Warden, "ROUNDS_TO_A_LOOK", 1)
        await act(lambda: Job.objects.filter(pk=other.pk).update(owner=User.objects.create_user("eve")))
        assert await two.closed() == 4404
    assert looks[0] == {job.pk, other.pk}


async def test_a_ticket_that_can_not_be_looked_up_is_to_be_tried_again(path: str, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    async with connected(f"{path}?ticket=any") as socket:
        assert await socket.closed() == 1013


async def test_a_client_that_takes_nothing_is_closed_with_4429(
    path: str, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SEND_PATIENCE", 0.05)
    codes: list[int] = []
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            await asyncio.Event().wait()
        if message["type"] == "websocket.close":
            codes.append(message["code"])

    headers = [(b"host", b"localhost"), *[(k.encode(), v.encode()) for k, v in (await act(bearer, ada)).items()]]
    scope: Any = {"type": "websocket", "path": path, "query_string": b"", "headers": headers}
    await asyncio.wait_for(application(scope, inbox.get, send), 10)
    assert codes == [4429]
