"""The socket of a job's page in the administration: anybody's job, for staff, for nobody else."""

import pytest

from accounts.models import User
from runs import gate
from runs.models import Job
from runs.sockets.warden import Warden
from runs.states import State
from tests import factories
from tests.runs.clients import bearer, connected, cookie
from tests.runs.followers import Attempt, act, submitted
from tests.runs.sockets.test_pages import message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def job(ada: User) -> Job:
    return submitted(factories.workflow(ada))


@pytest.fixture
def path(job: Job) -> str:
    return f"/ws/admin/jobs/{job.pk}"


def watcher() -> User:
    """One of staff who was given no further rights."""
    return User.objects.create_user("watcher", is_staff=True)


async def test_staff_follow_anybodys_job_live(path: str, root: User, job: Job) -> None:
    async with connected(path, await act(cookie, root)) as socket:
        whole = (await message(socket, "#head"))["content"]
        for target in ("#standing", "#timeline", "#node-word", "#trace", "#facts"):
            assert f'hx-target="{target}"' in whole
        assert f'formaction="/admin/runs/job/{job.pk}/cancellation/"' in whole
        attempt = await act(Attempt.of, job)
        facts = await message(socket, "#facts", "<dt>worker</dt> <dd>w1</dd>")
        assert "<dt>attempts</dt> <dd>1</dd>" in facts["content"]
        await act(attempt.tell, {"nodes": {"word": {"status": "running", "started_at": "2026-01-01T00:00:00Z"}}})
        assert 'id="bar-word"' in (await message(socket, 'data-status="running"'))["content"]


async def test_a_failure_brings_its_traceback(path: str, root: User, job: Job) -> None:
    attempt = await act(Attempt.of, job)
    async with connected(path, await act(cookie, root)) as socket:
        await message(socket, "#head")
        end = gate.End(State.FAILED, {"code": "failed", "message": "No.", "node": "word"}, traceback="in line <7>")
        await act(gate.finish, attempt.claim, end, gate.Telemetry("1-1", attempt.snapshot))
        html = (await message(socket, "#trace", "in line"))["content"]
    assert "in line &lt;7&gt;" in html


async def test_a_picture_that_lands_is_one_that_staff_may_see(path: str, root: User, job: Job) -> None:
    attempt = await act(Attempt.of, job)
    asset = "00000000-0000-4000-8000-000000000007"
    product = {"id": asset, "node": "out", "output": "value", "index": 0, "kind": "image", "value": None, "size": 9}
    urls = {"url": f"/api/v1/assets/{asset}/content", "thumbnail_url": f"/api/v1/assets/{asset}/thumbnail"}
    async with connected(path, await act(cookie, root)) as socket:
        await message(socket, "#head")
        ids = {"job_id": str(job.pk), "workflow_id": str(job.workflow_id)}
        await act(attempt.tell, {"products": [{**product, **urls, **ids, "media_type": "image/png"}]})
        html = (await message(socket, "#results", asset))["content"]
    assert f'src="/admin/runs/asset/{asset}/content/"' in html
    assert "/api/v1/" not in html


async def test_staff_without_further_rights_stop_it_and_delete_it_not(path: str, job: Job) -> None:
    async with connected(path, await act(cookie, await act(watcher))) as socket:
        whole = (await message(socket, "#head"))["content"]
        assert f'formaction="/admin/runs/job/{job.pk}/cancellation/"' in whole
        await act(gate.cancel, job.pk, by="ada")
        ended = (await message(socket, "#head", "Cancelled"))["content"]
    assert 'data-action="delete"' not in ended


async def test_others_find_nothing(path: str, ada: User, job: Job) -> None:
    async with connected(path, await act(cookie, ada)) as socket:
        assert await socket.closed() == 4404


async def test_who_is_of_staff_no_more_sees_no_more(path: str, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Warden, "ROUNDS_TO_A_LOOK", 1)
    user = await act(watcher)
    async with connected(path, await act(cookie, user)) as socket:
        await message(socket, "#head")
        await act(User.objects.filter(pk=user.pk).update, is_staff=False)
        assert await socket.closed() == 4401


async def test_a_token_opens_none_and_a_job_that_is_not_there_is_not_found(path: str, root: User) -> None:
    async with connected(path, await act(bearer, root)) as socket:
        assert await socket.closed() == 4401
    gone = "/ws/admin/jobs/00000000-0000-4000-8000-000000000001"
    async with connected(gone, await act(cookie, root)) as socket:
        assert await socket.closed() == 4404
