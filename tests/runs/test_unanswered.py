"""What was written is kept though nobody was told so, as when a database fails over: nothing lost, nothing doubled."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from accounts.scopes import Scope
from runs import gate, making, webhooks
from runs.errors import LostLease
from runs.models import ASSET_CREATED, JOB_ENDED, Batch, Delivery, Job, JobTransition
from runs.states import State
from runs.worker.executor import Executor
from tests import factories
from tests.databases import unanswered
from tests.rest import Rest
from tests.runs.jobs import claimed, graph, worked_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

MOST = 15
"""Nothing of what follows commits so often."""

ASKED: dict[str, tuple[str, dict[str, Any], int]] = {
    "a job": ("jobs", {"params": {"word": "one"}}, 1),
    "a batch": ("batches", {"axes": {"word": ["one", "two", "three"]}}, 3),
}

SLOWLY = graph(
    {
        "noise": ("image.noise", {"width": 8, "height": 8}),
        "wait": ("control.wait", {"seconds": 0.3}),
        "out": ("output.result", {"name": "picture"}),
    },
    "noise.image > wait.value",
    "wait.value > out.value",
)
"""Tells of a picture, and then of its end."""


def each() -> Iterator[int]:
    """One commit after the other, until there is none at that place."""
    yield from range(MOST)
    pytest.fail("It goes on committing.")


@pytest.mark.parametrize("what", ASKED)
def test_the_same_request_again_finds_what_was_made(ada: User, what: str) -> None:
    path, body, jobs = ASKED[what]
    workflow, rest = factories.workflow(ada), Rest(ada, Scope.RUN)
    webhooks.make(ada, "https://example.org/hook", (JOB_ENDED,), None)
    for which in each():
        key = f"k{which}"
        with unanswered(which) as committed:
            answer = rest.post(f"/workflows/{workflow.pk}/{path}", body, idempotency_key=key)
        if len(committed) <= which:
            assert answer.status_code == 201
            break
        assert answer.status_code in {201, 503}
        assert rest.post(f"/workflows/{workflow.pk}/{path}", body, idempotency_key=key).status_code in {200, 201}
    Batch.objects.in_making().update(making_until=None)
    making.clear_leftovers()
    worked_off()
    assert Job.rows.count() == Delivery.objects.count() == jobs * (which + 1)
    assert set(Job.rows.values_list("state", flat=True)) == {State.COMPLETED}


def test_a_run_comes_to_its_end_with_all_that_it_made_once(ada: User) -> None:
    webhooks.make(ada, "https://example.org/hook", (JOB_ENDED, ASSET_CREATED), None)
    for which in each():
        claim, executor = claimed(ada, SLOWLY, number=which + 1), Executor()
        with unanswered(which) as committed:
            executor.execute(claim)
        executor.close()
        job = Job.objects.get(pk=claim.job_id)
        assert (job.state, job.error) == (State.COMPLETED, None), committed[which]
        assert job.assets.count() == 3
        assert Delivery.objects.filter(event=ASSET_CREATED).count() == 3 * (which + 1)
        assert Delivery.objects.filter(event=JOB_ENDED).count() == which + 1
        if len(committed) <= which:
            break


@pytest.mark.parametrize("way", ["hand back", "lose", "end"])
def test_what_a_pool_settles_is_settled_once(ada: User, way: str) -> None:
    claim = claimed(ada)
    ways = {
        "hand back": lambda: gate.hand_back(claim.job_id, claim.fence, by="pool"),
        "lose": lambda: gate.lost(claim.job_id, claim.fence, by="pool", why="killed"),
        "end": lambda: gate.end(claim.job_id, claim.fence, code="timeout", message="Too long.", by="pool"),
    }
    with unanswered(), suppress(OperationalError):
        ways[way]()
    with pytest.raises(LostLease):
        ways[way]()
    assert JobTransition.objects.filter(job=claim.job_id).count() == 2
