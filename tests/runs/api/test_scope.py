"""What REST promises of running a part of a workflow."""

import uuid
from typing import Any

import pytest
import redis

from accounts.models import User
from accounts.scopes import Scope
from runs.models import Job
from runs.states import State
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada, Scope.RUN)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, factories.NOISE)


def submitted(rest: Rest, workflow: Workflow, scope: object, **body: object) -> Any:
    return rest.post(f"/workflows/{workflow.pk}/jobs", {"scope": scope, **body})


def test_the_job_says_which_part_of_the_workflow_it_runs(rest: Rest, workflow: Workflow) -> None:
    picture = factories.picture(factories.job(workflow, state=State.COMPLETED), "noise")
    job = submitted(rest, workflow, {"mode": "from", "nodes": ["out"], "from_job": str(picture.job_id)}).json()

    asked = {"mode": "from", "nodes": ["out"], "from_job": str(picture.job_id)}
    assert job["scope"] == {**asked, "runs": ["out"], "given": ["noise"]}
    assert rest.get(f"/jobs/{job['id']}").json()["scope"] == job["scope"]
    assert rest.get("/jobs").json()["items"][0]["scope"] == job["scope"]
    again = rest.post(f"/jobs/{job['id']}/rerun", {}).json()
    assert again["scope"] == job["scope"]


@pytest.mark.parametrize(
    ("scope", "complaint"),
    [
        ({"mode": "node", "nodes": ["nowhere"]}, ("scope.nodes", "bad_value")),
        ({"mode": "node", "nodes": ["noise", "out"]}, ("scope.nodes", "bad_value")),
        ({"mode": "node", "nodes": ["out"], "from_job": str(uuid.uuid4())}, ("scope.from_job", "bad_value")),
        ({"mode": "some", "nodes": ["out"]}, ("scope.mode", "bad_value")),
        ({"mode": "node", "nodes": []}, ("scope.nodes", "bad_value")),
        ({"mode": "node"}, ("scope.nodes", "missing_input")),
        ({"mode": "node", "nodes": ["out"], "more": 1}, ("scope.more", "unknown_property")),
    ],
)
def test_a_scope_that_cannot_be_is_refused(
    rest: Rest, workflow: Workflow, scope: object, complaint: tuple[str, str]
) -> None:
    answer = submitted(rest, workflow, scope)

    assert (answer.status_code, codes(answer)) == (422, {complaint})
    assert not Job.objects.exists()


def test_a_job_of_another_workflow_is_none_of_this_one(rest: Rest, ada: User, bob: User, workflow: Workflow) -> None:
    for owner in (ada, bob):
        other = factories.job(factories.workflow(owner, factories.NOISE), state=State.COMPLETED)
        answer = submitted(rest, workflow, {"mode": "node", "nodes": ["out"], "from_job": str(other.pk)})
        assert (answer.status_code, codes(answer)) == (422, {("scope.from_job", "bad_value")})


def test_parameters_of_what_does_not_run_are_left_out_and_unknown_ones_refused(rest: Rest, workflow: Workflow) -> None:
    factories.picture(factories.job(workflow, state=State.COMPLETED), "noise")
    scope = {"mode": "node", "nodes": ["out"]}

    assert submitted(rest, workflow, scope, params={"seed": 3}).json()["params"] == {}
    assert codes(submitted(rest, workflow, scope, params={"sead": 3})) == {("sead", "unknown_parameter")}


def test_validation_tells_what_would_run_and_makes_nothing(rest: Rest, workflow: Workflow) -> None:
    path, scope = f"/workflows/{workflow.pk}/validation", {"mode": "node", "nodes": ["out"]}

    told = rest.post(path, {"scope": scope}).json()
    assert (told["errors"], told["scope"]["runs"], told["scope"]["given"]) == ([], ["seed", "noise", "out"], [])
    wrong = rest.post(path, {"scope": {"mode": "node", "nodes": ["x"]}}).json()
    assert [(error["node"], error["code"]) for error in wrong["errors"]] == [("x", "bad_value")]
    assert rest.post(path, {}).json() == {"errors": []}
    assert not Job.objects.exists()
