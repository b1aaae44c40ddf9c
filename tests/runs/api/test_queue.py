"""What REST promises of the queue."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from runs import capacity, gate
from runs.redis import progress_key
from runs.states import State
from tests import factories
from tests.rest import Rest, codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(root: User, valkey: redis.Redis) -> Rest:
    return Rest(root, Scope.ADMIN)


def test_the_queue_counts_everyones_jobs_and_mine(ada: User, bob: User, valkey: redis.Redis) -> None:
    for owner in (ada, bob):
        workflow = factories.workflow(owner)
        for state in (State.QUEUED, State.QUEUED, State.RUNNING, State.CANCELLING, State.COMPLETED):
            factories.job(workflow, state=state)

    assert Rest(ada, Scope.READ).get("/queue").json() == {
        "cap": settings.MAX_CONCURRENT_JOBS,
        "paused": False,
        "running": 4,
        "waiting": 4,
        "mine": {"running": 2, "waiting": 2},
    }


@pytest.mark.parametrize("written", ["half", "nan", "-1", "7"])
def test_a_progress_that_is_none_is_not_shown(ada: User, valkey: redis.Redis, written: str) -> None:
    job = factories.job(factories.workflow(ada), state=State.RUNNING)
    valkey.set(progress_key(job.pk), written)
    answer = Rest(ada, Scope.READ).get("/jobs")
    assert [each["progress"] for each in answer.json()["items"]] == [None]


def test_staff_see_who_works(root: User, ada: User, valkey: redis.Redis) -> None:
    factories.worker("w1")
    factories.worker("w2")
    factories.worker("w3", draining=True)
    factories.worker("gone", heartbeat_at=timezone.now() - timedelta(seconds=settings.LEASE_SECONDS + 1))
    job = factories.job(factories.workflow(ada))
    gate.claim("w1")

    workers = Rest(root, Scope.READ).get("/queue").json()["workers"]

    assert [(each["name"], each["state"], each["job_id"]) for each in workers] == [
        ("w1", "busy", str(job.pk)),
        ("w2", "idle", None),
        ("w3", "draining", None),
    ]
    assert set(workers[0]) == {"name", "host", "pid", "state", "job_id", "heartbeat_at"}


def test_the_cap_is_changed_and_kept(admin: Rest) -> None:
    assert admin.patch("/queue", {"cap": 7}).json()["cap"] == 7
    assert admin.get("/queue").json()["cap"] == 7
    assert admin.patch("/queue", {}).json()["cap"] == 7


def test_null_goes_back_to_the_setting(admin: Rest) -> None:
    admin.patch("/queue", {"cap": 7})

    assert admin.patch("/queue", {"cap": None}).json()["cap"] == settings.MAX_CONCURRENT_JOBS


@pytest.mark.parametrize("cap", [0, 1001, "4", 2.5, True])
def test_the_cap_is_a_number_from_1_to_1000(admin: Rest, cap: object) -> None:
    answer = admin.patch("/queue", {"cap": cap})

    assert (answer.status_code, codes(answer)) == (422, {("cap", "bad_value")})
    assert gate.cap() == settings.MAX_CONCURRENT_JOBS


def test_only_staff_with_the_scope_admin_change_it(root: User, ada: User, valkey: redis.Redis) -> None:
    assert Rest(root, Scope.WRITE).patch("/queue", {"cap": 7}).status_code == 403
    assert Rest(ada, Scope.ADMIN).patch("/queue", {"cap": 7}).status_code == 403
    assert gate.cap() == settings.MAX_CONCURRENT_JOBS


def test_a_paused_queue_starts_nothing_until_it_is_resumed(admin: Rest, ada: User) -> None:
    job, worker_there = factories.job(factories.workflow(ada)), factories.worker("w1")
    assert admin.patch("/queue", {"paused": True}).json()["paused"] is True
    assert gate.claim(worker_there.name) is None
    assert Rest(ada, Scope.READ).get(f"/jobs/{job.pk}").json()["waiting_for"] == "paused"
    assert admin.patch("/queue", {"cap": 3}).json()["paused"] is True  # what is not named stays
    assert admin.patch("/queue", {"paused": False}).json()["paused"] is False
    claimed = gate.claim(worker_there.name)
    assert claimed is not None
    assert claimed.job_id == job.pk


def test_who_paused_it_is_written_down_once(admin: Rest, root: User) -> None:
    for paused in (True, True, False):
        admin.patch("/queue", {"paused": paused})
    assert [(entry.user, entry.change_message) for entry in capacity.changes()] == [
        (root, "Resumed."),
        (root, "Paused."),
    ]


@pytest.mark.parametrize("paused", [None, "yes", 1])
def test_paused_is_a_boolean(admin: Rest, paused: object) -> None:
    answer = admin.patch("/queue", {"paused": paused})
    assert answer.status_code == 422
    assert codes(answer) == {("paused", "bad_value")}
