"""What REST promises of cancelling all of a workflow."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.scopes import Scope
from runs import gate
from runs.models import Job, JobTransition
from runs.states import State
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada, Scope.RUN)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def states() -> list[str]:
    return list(Job.objects.order_by("place").values_list("state", flat=True))


def cancelled(rest: Rest, workflow: Workflow, body: dict[str, Any] | None = None) -> int:
    answer = rest.post(f"/workflows/{workflow.pk}/cancellation", body)
    assert answer.status_code == 202
    found: int = answer.json()["cancelled"]
    return found


@pytest.mark.parametrize(
    ("body", "count", "after"),
    [
        (None, 3, ["cancelling", "cancelled", "cancelled"]),
        ({"states": ["queued"]}, 2, ["running", "cancelled", "cancelled"]),
        ({"states": ["running"]}, 1, ["cancelling", "queued", "queued"]),
        ({"states": []}, 0, ["running", "queued", "queued"]),
    ],
)
def test_those_of_the_named_states_are_cancelled(
    rest: Rest, workflow: Workflow, body: dict[str, Any] | None, count: int, after: list[str]
) -> None:
    for _ in range(3):
        factories.job(workflow)
    factories.job(workflow, state=State.COMPLETED)
    factories.job(factories.workflow(workflow.owner))
    gate.claim("w1")
    assert cancelled(rest, workflow, body) == count
    assert states() == [*after, "completed", "queued"]


def test_each_has_its_history_and_its_end(rest: Rest, workflow: Workflow) -> None:
    jobs = [factories.job(workflow) for _ in range(2)]
    cancelled(rest, workflow)
    for job in jobs:
        job.refresh_from_db()
        assert (job.version, job.ended_at is not None, job.duration) == (2, True, None)
    steps = JobTransition.objects.values_list("from_state", "to_state", "by")
    assert list(steps) == [("queued", "cancelled", "ada")] * 2


def test_one_that_a_worker_gave_back_is_cancelled_too(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow)
    claim = gate.claim("w1")
    assert claim is not None
    gate.hand_back(job.pk, claim.fence, by="w1")
    assert cancelled(rest, workflow) == 1
    assert states() == ["cancelled"]


def test_many_take_few_statements(rest: Rest, workflow: Workflow) -> None:
    for _ in range(250):
        factories.job(workflow)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert cancelled(rest, workflow) == 250
    assert len(asked) < 60
    assert set(states()) == {"cancelled"}


@pytest.mark.parametrize("body", [{"states": ["completed"]}, {"states": "queued"}])
def test_only_what_may_be_cancelled_is_named(rest: Rest, workflow: Workflow, body: dict[str, Any]) -> None:
    answer = rest.post(f"/workflows/{workflow.pk}/cancellation", body)
    assert answer.status_code == 422
    assert {code for _, code in codes(answer)} == {"bad_value"}


def test_others_jobs_are_not_cancelled(workflow: Workflow, bob: User) -> None:
    factories.job(workflow)
    assert Rest(bob, Scope.RUN).post(f"/workflows/{workflow.pk}/cancellation").status_code == 404
    assert states() == ["queued"]
