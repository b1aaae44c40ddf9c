"""What a Prometheus server is told, and who may ask."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import User
from accounts.scopes import Scope
from runs.models import Gate
from tests import factories
from tests.rest import Rest

pytestmark = pytest.mark.django_db
Values = dict[tuple[str, ...], float]


@pytest.fixture(autouse=True)
def token(settings: Settings, valkey: redis.Redis) -> str:
    settings.METRICS_TOKEN = "s3cret"
    return "s3cret"


def ask(secret: str | None) -> Any:
    return Client().get("/metrics", headers={"Authorization": f"Bearer {secret}"} if secret else {})


def read(answer: Any) -> Values:
    """Every value, by the metric's name and its labels' values."""
    families = text_string_to_metric_families(answer.content.decode())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_it_tells_of_jobs_queue_workers_and_disk(ada: User, token: str) -> None:
    workflow = factories.workflow(ada)
    now = timezone.now()
    factories.job(workflow, number=1, state="queued", created_at=now - timedelta(seconds=90))
    for number, state in ((2, "running"), (3, "completed"), (4, "completed"), (5, "failed")):
        factories.job(workflow, number=number, state=state)
    factories.worker(heartbeat_at=now + timedelta(minutes=1))
    Gate.objects.create(pk=1, cap=7, paused=True)

    answer = ask(token)
    told = read(answer)

    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer["Content-Type"].startswith("text/plain; version=")
    jobs = {"queued": 1, "running": 1, "cancelling": 0, "completed": 2, "failed": 1, "cancelled": 0}
    assert {state: told["loupe_jobs", state] for state in jobs} == jobs
    assert 90 <= told["loupe_oldest_waiting_seconds",] < 150
    assert (told["loupe_cap",], told["loupe_queue_paused",], told["loupe_workers",]) == (7, 1, 1)
    assert [told["loupe_up", part] for part in ("database", "redis", "worker")] == [1, 1, 1]
    assert told["loupe_disk_free_bytes",] > 0


def test_a_token_of_scope_admin_opens_it_too(root: User) -> None:
    rest = Rest(root, Scope.ADMIN)
    assert ask(rest.headers["Authorization"].removeprefix("Bearer ")).status_code == 200


@pytest.mark.parametrize(("secret", "status"), [(None, 401), ("wrong", 401), ("", 401)])
def test_nobody_else_may_ask(secret: str | None, status: int, settings: Settings) -> None:
    answer = ask(secret)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert "WWW-Authenticate" in answer
    settings.METRICS_TOKEN = ""
    assert ask(secret).status_code == status


def test_without_its_database_it_says_so(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        message = "the server closed the connection"
        raise OperationalError(message)

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)

    told = read(ask(token))

    assert (told["loupe_up", "database"], told["loupe_up", "redis"]) == (0, 1)
    assert ("loupe_cap",) not in told
