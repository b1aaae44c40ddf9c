"""Rows as sockets tell them: the document is that of the version that is told."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest
import redis

from accounts.models import User
from runs import gate, queue
from runs.models import Job
from runs.sockets.reading import read, read_waiting
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leaving(ada: User, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job that a worker takes when its row has been read and its place has not."""
    job = factories.job(factories.workflow(ada))
    places = queue.places

    def late(jobs: Collection[Job]) -> dict[UUID, Any]:
        monkeypatch.setattr(queue, "places", places)
        assert gate.claim("w1")
        return places(jobs)

    monkeypatch.setattr(queue, "places", late)
    return job


def test_a_job_that_leaves_the_queue_while_it_is_read_is_told_as_it_waited(leaving: Job) -> None:
    seen, then = read(leaving.pk, 0), read(leaving.pk, 1)
    assert [(step.state, step.version) for step in (*seen.steps, *then.steps)] == [("queued", 1), ("running", 2)]
    assert (seen.document["state"], seen.document["started_at"], then.document["state"]) == ("queued", None, "running")


def test_among_many_it_is_told_so_too(leaving: Job) -> None:
    ((row, document),) = read_waiting(leaving.workflow_id, [leaving.pk])
    assert (row.version, document["state"], document["queue_position"]) == (1, "queued", None)
