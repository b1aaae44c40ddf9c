"""What a program may ask for on a job's socket, and that nothing it says ends the socket."""

import uuid
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from accounts.scopes import Scope
from runs import gate, lens
from runs.errors import JobGone
from runs.models import Job
from runs.states import State
from tests import factories
from tests.runs.clients import bearer, connected, cookie
from tests.runs.followers import Attempt, act, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def job(ada: User) -> Job:
    return submitted(factories.workflow(ada))


@pytest.fixture
def path(job: Job) -> str:
    return f"/ws/v1/jobs/{job.pk}"


@pytest.fixture
def token(ada: User) -> dict[str, str]:
    return bearer(ada, Scope.RUN)


async def test_cancel_is_acknowledged_with_the_job_and_then_seen(path: str, token: dict[str, str], job: Job) -> None:
    async with connected(path, token) as socket:
        await socket.frame("snapshot")
        await socket.say({"type": "cancel", "ref": "c1", "job_id": str(job.pk)})
        frames = [await socket.frame() for _ in range(2)]
        ack = next(frame for frame in frames if frame["type"] == "ack")
        end = next(frame for frame in frames if frame["type"] == "job")
    assert (ack["ref"], ack["job_id"], ack["workflow_id"]) == ("c1", str(job.pk), str(job.workflow_id))
    assert ack["result"]["state"] == end["job"]["state"] == "cancelled"


async def test_cancel_of_a_job_that_ended_otherwise_is_a_conflict(path: str, token: dict[str, str], job: Job) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.finish)
    async with connected(path, token) as socket:
        answer = await socket.ask({"type": "cancel", "job_id": str(job.pk)})
    assert (answer["type"], answer["problem"]["status"], answer["ref"]) == ("error", 409, None)


async def test_run_takes_a_scope_as_rest_does(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        ack = await socket.ask({"type": "run", "body": {"scope": {"mode": "node", "nodes": ["word"]}}})
        error = await socket.ask({"type": "run", "body": {"scope": {"mode": "node", "nodes": ["nowhere"]}}})
    assert (ack["result"]["scope"]["runs"], ack["result"]["scope"]["given"]) == (["word"], [])
    assert [each["property"] for each in error["problem"]["errors"]] == ["scope.nodes"]


async def test_run_submits_a_new_job_of_the_workflow(path: str, token: dict[str, str], job: Job) -> None:
    async with connected(path, token) as socket:
        body = {"params": {"word": "again"}, "label": "second"}
        ack = await socket.ask({"type": "run", "ref": 7, "body": body})
    made = await Job.objects.aget(pk=ack["result"]["id"])
    assert (ack["type"], ack["ref"], ack["job_id"]) == ("ack", 7, str(made.pk))
    assert (made.workflow_id, made.label, made.params["word"]) == (job.workflow_id, "second", "again")
    assert ack["result"]["outputs"] == {}


async def test_run_says_which_earlier_run_was_the_same(path: str, token: dict[str, str], job: Job) -> None:
    await Job.objects.filter(pk=job.pk).aupdate(state=State.COMPLETED)
    async with connected(path, token) as socket:
        same = await socket.ask({"type": "run", "body": {"params": {"word": job.params["word"]}}})
        other = await socket.ask({"type": "run", "body": {"params": {"word": "another"}}})
    assert (same["result"]["identical_to"], other["result"]["identical_to"]) == (str(job.pk), None)


async def test_run_without_a_body_takes_the_saved_parameters(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        ack = await socket.ask({"type": "run"})
    assert ack["result"]["state"] == "queued"


async def test_a_run_goes_to_the_lane_that_it_names(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        ack = await socket.ask({"type": "run", "body": {"lane": "background", "label": "later"}})
    assert (ack["result"]["lane"], ack["result"]["label"]) == ("background", "later")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"params": {"nothing": 1}}, "unknown_parameter"),
        ({"params": {"word": 5}}, "bad_value"),
        ({"lane": "fast"}, "bad_value"),
        ({"colour": "red"}, "unknown_property"),
        ({"label": 5}, "bad_value"),
        (7, "bad_value"),
    ],
)
async def test_run_is_refused_as_rest_refuses_it(path: str, token: dict[str, str], body: object, code: str) -> None:
    async with connected(path, token) as socket:
        answer = await socket.ask({"type": "run", "ref": "r", "body": body})
    assert (answer["type"], answer["ref"], answer["problem"]["status"]) == ("error", "r", 422)
    assert [error["code"] for error in answer["problem"]["errors"]] == [code]
    assert await Job.objects.acount() == 1


async def test_an_id_that_is_taken_is_a_conflict(path: str, token: dict[str, str], job: Job) -> None:
    async with connected(path, token) as socket:
        answer = await socket.ask({"type": "run", "body": {"id": str(job.pk)}})
    assert answer["problem"]["status"] == 409


async def test_focus_moves_ones_own_lens(path: str, ada: User, job: Job) -> None:
    async with connected(path, await act(bearer, ada, Scope.READ)) as socket:
        pinned = await socket.ask({"type": "focus", "ref": "f", "job_id": str(job.pk)})
        assert await act(lens.of, ada, job.workflow_id) == lens.Focus(job.pk, pinned=True)
        unpinned = await socket.ask({"type": "focus", "job_id": str(job.pk), "pinned": False})
    assert (pinned["type"], pinned["ref"], pinned["job_id"]) == ("ack", "f", str(job.pk))
    assert pinned["result"] == {"job_id": str(job.pk), "pinned": True}
    assert unpinned["result"] == {"job_id": str(job.pk), "pinned": False}


async def test_a_job_that_is_deleted_meanwhile_can_not_be_focused(
    path: str, token: dict[str, str], job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise JobGone("The job has been deleted.")

    monkeypatch.setattr(lens, "choose", gone)
    async with connected(path, token) as socket:
        answer = await socket.ask({"type": "focus", "job_id": str(job.pk)})
    assert (answer["type"], answer["problem"]["status"]) == ("error", 404)


async def test_resume_begins_again_behind_the_last_id(path: str, token: dict[str, str], job: Job) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"text": {"word": "a"}})
    await act(attempt.tell, {"text": {"word": "b"}})
    async with connected(path, token) as socket:
        await socket.frame("snapshot")
        await socket.say({"type": "resume", "ref": "again", "job_id": str(job.pk), "after": "1-1"})
        kinds = [(frame := await socket.frame())["type"] for _ in range(3)]
    assert kinds == ["ack", "job", "update"]
    assert (frame["after"], frame["id"], frame["text"]) == ("1-1", "1-2", {"word": "b"})


async def test_the_address_may_say_where_to_resume(path: str, token: dict[str, str], job: Job) -> None:
    attempt = await act(Attempt.of, job)
    await act(attempt.tell, {"text": {"word": "a"}})
    async with connected(f"{path}?after=1-1", token) as socket:
        assert (await socket.frame())["type"] == "job"
        await act(attempt.tell, {"text": {"word": "b"}})
        frame = await socket.frame()
    assert (frame["type"], frame["id"]) == ("update", "1-2")
    async with connected(f"{path}?after=yesterday", token) as socket:
        assert [(await socket.frame())["type"] for _ in range(2)] == ["job", "snapshot"]


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("no JSON", 400),
        ("[" * 60_000, 422),
        ('{"type": "run", "body": {"params": {"word": NaN}}}', 400),
        ([], 400),
        ({}, 422),
        ({"type": "dance", "ref": "d"}, 422),
        ({"type": "focus", "ref": "f", "job_id": None, "pinned": True}, 422),
        ({"type": "focus", "job_id": str(uuid.uuid4()), "pinned": "yes"}, 422),
        ({"type": "focus", "job_id": str(uuid.uuid4())}, 404),
        ({"type": {"cancel": 1}}, 422),
        ({"type": "cancel"}, 422),
        ({"type": "cancel", "job_id": "7"}, 422),
        ({"type": "cancel", "job_id": str(uuid.uuid4())}, 404),
        ({"type": "cancel", "job_id": str(uuid.uuid4()), "force": True}, 422),
        ({"type": "resume", "job_id": str(uuid.uuid4()), "after": "1-1"}, 404),
        ({"type": "resume", "job_id": str(uuid.uuid4()), "after": "1"}, 422),
        ({"type": "run", "ref": {"a": 1}}, 422),
        ({"type": "run", "ref": "x" * 201}, 422),
    ],
)
async def test_what_is_no_command_gets_a_polite_error_and_the_socket_stays(
    path: str, token: dict[str, str], job: Job, command: Any, status: int
) -> None:
    async with connected(path, token) as socket:
        answer = await socket.ask(command)
        assert (answer["type"], answer["problem"]["status"]) == ("error", status)
        assert answer["problem"]["detail"]
        assert (await socket.ask({"type": "cancel", "job_id": str(job.pk)}))["type"] == "ack"


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ({"type": "run", "ref": {"a": 1}}, ["ref"]),
        ({"type": "run", "ref": "x" * 201}, ["ref"]),
        ({"type": "run", "ref": True}, ["ref"]),
        ({"type": "run", "body": {"x": 1, "label": 3}}, ["label", "x"]),
        ({"type": "run", "body": 3}, ["body"]),
        ({"type": "cancel", "more": 1}, ["job_id", "more"]),
    ],
)
async def test_what_is_wrong_is_named_as_over_rest(
    path: str, token: dict[str, str], command: Any, names: list[str]
) -> None:
    async with connected(path, token) as socket:
        answer = await socket.ask(command)
        assert [each["property"] for each in answer["problem"]["errors"]] == names
        assert answer.get("ref") is None


async def test_bytes_get_a_polite_error(path: str, token: dict[str, str]) -> None:
    async with connected(path, token) as socket:
        await socket.frame("snapshot")
        await socket.say_bytes(b'{"type": "run"}')
        assert (await socket.frame())["problem"]["status"] == 400


@pytest.mark.parametrize(("error", "status"), [(OperationalError("locked"), 503), (RuntimeError("a bug"), 500)])
async def test_a_command_that_fails_on_our_side_says_so_politely(
    path: str, token: dict[str, str], job: Job, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(gate, "cancel", fail)
    async with connected(path, token) as socket:
        answer = await socket.ask({"type": "cancel", "job_id": str(job.pk)})
    assert (answer["type"], answer["problem"]["status"]) == ("error", status)
    assert "bug" not in answer["problem"]["detail"]


async def test_a_token_that_only_reads_may_neither_cancel_nor_run(path: str, ada: User, job: Job) -> None:
    async with connected(path, await act(bearer, ada, Scope.READ)) as socket:
        for command in ({"type": "cancel", "job_id": str(job.pk)}, {"type": "run"}):
            assert (await socket.ask(command))["problem"]["status"] == 403
        assert (await socket.ask({"type": "resume", "job_id": str(job.pk), "after": "0-0"}))["type"] == "ack"


async def test_nobody_cancels_or_runs_what_is_anothers(ada: User, bob: User, job: Job) -> None:
    own = await act(lambda: submitted(factories.workflow(bob)))
    async with connected(f"/ws/v1/jobs/{own.pk}", await act(cookie, bob)) as socket:
        for kind in ("cancel", "focus"):
            assert (await socket.ask({"type": kind, "job_id": str(job.pk)}))["problem"]["status"] == 404
