"""What tells a watcher that this installation works, or what is missing."""

from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.test import Client

from project import health
from runs.models import Worker
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> Worker:
    return factories.worker()


def test_the_process_answers_whatever_is_missing(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert client.head("/healthz").status_code == 200
    assert Client(enforce_csrf_checks=True).post("/healthz").status_code == 405


def test_with_all_parts_there_it_is_ready(client: Client, valkey: redis.Redis, worker: Worker) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer.json() == {"status": "ok", "database": "ok", "redis": "ok", "worker": "ok"}


def test_a_missing_worker_is_named(client: Client, valkey: redis.Redis) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json() == {"status": "unavailable", "database": "ok", "redis": "ok", "worker": "missing"}


def test_a_missing_redis_is_named(client: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis.from_url("unix:///nowhere/valkey.sock")
    monkeypatch.setattr(health, "redis_connection", lambda: nowhere)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["redis"], answer.json()["worker"]) == (503, "missing", "ok")


def test_a_missing_database_is_named(client: Client, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        message = "the server closed the connection"
        raise OperationalError(message)

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert {part: state for part, state in answer.json().items() if state == "missing"} == {
        "database": "missing",
        "worker": "missing",
    }
