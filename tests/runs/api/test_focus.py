"""What REST promises of the lens."""

import uuid

import pytest
import redis

from accounts.models import User
from accounts.scopes import Scope
from runs.models import Job
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def workflow(ada: User, valkey: redis.Redis) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def jobs(workflow: Workflow) -> list[Job]:
    return [factories.job(workflow) for _ in range(2)]


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada, Scope.READ)


def path(workflow: Workflow) -> str:
    return f"/workflows/{workflow.pk}/focus"


def test_it_begins_with_no_job(rest: Rest, workflow: Workflow) -> None:
    answer = rest.get(path(workflow))

    assert (answer.status_code, answer.json()) == (200, {"job_id": None, "pinned": False})


def test_putting_a_job_pins_it(rest: Rest, workflow: Workflow, jobs: list[Job]) -> None:
    answer = rest.put(path(workflow), {"job_id": str(jobs[0].pk)})

    assert (answer.status_code, answer.json()) == (200, {"job_id": str(jobs[0].pk), "pinned": True})
    assert rest.get(path(workflow)).json() == answer.json()


def test_putting_it_without_a_pin_unpins_and_stays(rest: Rest, workflow: Workflow, jobs: list[Job]) -> None:
    rest.put(path(workflow), {"job_id": str(jobs[0].pk)})
    rest.put(path(workflow), {"job_id": str(jobs[0].pk), "pinned": False})

    assert rest.get(path(workflow)).json() == {"job_id": str(jobs[0].pk), "pinned": False}


def test_deleting_it_goes_to_the_newest(rest: Rest, workflow: Workflow, jobs: list[Job]) -> None:
    rest.put(path(workflow), {"job_id": str(jobs[0].pk)})
    answer = rest.delete(path(workflow))

    assert (answer.status_code, answer.content) == (204, b"")
    assert rest.get(path(workflow)).json() == {"job_id": str(jobs[1].pk), "pinned": False}


def test_submits_leave_a_pinned_one_where_it_is(ada: User, workflow: Workflow, jobs: list[Job]) -> None:
    rest = Rest(ada)
    rest.put(path(workflow), {"job_id": str(jobs[0].pk)})
    rest.post(f"/workflows/{workflow.pk}/jobs")

    assert rest.get(path(workflow)).json() == {"job_id": str(jobs[0].pk), "pinned": True}


def test_a_job_that_is_not_there_is_404(rest: Rest, bob: User, workflow: Workflow) -> None:
    theirs = factories.job(factories.workflow(bob))

    for job_id in (uuid.uuid4(), theirs.pk):
        assert rest.put(path(workflow), {"job_id": str(job_id)}).status_code == 404
    assert rest.get(path(workflow)).json()["job_id"] is None


def test_a_job_of_another_workflow_is_a_bad_value(rest: Rest, ada: User, workflow: Workflow) -> None:
    elsewhere = factories.job(factories.workflow(ada))
    answer = rest.put(path(workflow), {"job_id": str(elsewhere.pk)})

    assert (answer.status_code, codes(answer)) == (422, {("job_id", "bad_value")})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ("job_id", "missing_input")),
        ({"job_id": None}, ("job_id", "bad_value")),
        ({"job_id": "7"}, ("job_id", "bad_value")),
        ({"job_id": str(uuid.uuid4()), "pinned": "yes"}, ("pinned", "bad_value")),
        ({"job_id": str(uuid.uuid4()), "zoom": 2}, ("zoom", "unknown_property")),
    ],
)
def test_what_is_no_focus_is_refused(
    rest: Rest, workflow: Workflow, body: dict[str, object], expected: tuple[str, str]
) -> None:
    answer = rest.put(path(workflow), body)

    assert (answer.status_code, codes(answer)) == (422, {expected})


def test_a_workflow_that_is_not_there_is_404(rest: Rest) -> None:
    for answer in (rest.get("/workflows/7/focus"), rest.get(f"/workflows/{uuid.uuid4()}/focus")):
        assert answer.status_code == 404
