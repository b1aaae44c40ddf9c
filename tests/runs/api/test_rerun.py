"""What REST promises of running a job again."""

import uuid
from typing import Any

import pytest
import redis

from accounts.models import User
from accounts.scopes import Scope
from runs.models import Job, RunFocus
from tests import factories
from tests.rest import Rest, codes
from workflows import graph as graphs
from workflows.models import Graph, Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada, Scope.RUN)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    """seed → noise → picture, where the seed is drawn."""
    return factories.workflow(ada, with_seed(None))


@pytest.fixture
def first(rest: Rest, workflow: Workflow) -> Any:
    return rest.post(f"/workflows/{workflow.pk}/jobs").json()


def with_seed(value: int | None) -> dict[str, Any]:
    seed = {"id": "seed", "type": "input.integer", "properties": {"name": "seed", "value": value}}
    return {**factories.NOISE, "nodes": [seed, *factories.NOISE["nodes"][1:]]}


def again(job: Any) -> str:
    return f"/jobs/{job['id']}/rerun"


def test_it_is_a_new_job_with_the_seed_that_was_drawn(rest: Rest, first: Any) -> None:
    answer = rest.post(again(first))

    job = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/jobs/{job['id']}")
    assert job["id"] != first["id"]
    assert (job["number"], job["state"], job["queue_position"]) == (2, "queued", 2)
    assert isinstance(job["params"]["seed"], int)
    assert job["params"] == first["params"]


def test_it_runs_the_graph_that_the_job_ran_however_the_workflow_has_changed(
    rest: Rest, workflow: Workflow, first: Any
) -> None:
    Workflow.objects.update(graph=Graph.objects.keep(graphs.parse(factories.TEXT)), version=2)

    made = Job.objects.get(pk=rest.post(again(first)).json()["id"])

    assert (made.graph_id, made.workflow_version) == (workflow.graph_id, 1)
    assert Workflow.objects.get().version == 2


@pytest.mark.parametrize("name", ["seed", "seed.value"])
def test_what_is_given_takes_the_place_of_what_was_by_name_or_address(rest: Rest, first: Any, name: str) -> None:
    job = rest.post(again(first), {"params": {name: 5, "noise.width": 8}}).json()

    assert job["params"] == {"seed": 5, "noise.width": 8}
    assert "seed 5" in job["label"]
    once_more = rest.post(again(job), {"params": {"noise.width": 9}}).json()
    assert once_more["params"] == {"seed": 5, "noise.width": 9}


def test_a_seed_given_as_null_is_drawn_anew(rest: Rest, first: Any) -> None:
    drawn = rest.post(again(first), {"params": {"seed": None}}).json()["params"]["seed"]

    assert isinstance(drawn, int)
    assert drawn != first["params"]["seed"]


def test_everything_that_is_wrong_is_told_and_no_job_is_made(rest: Rest, first: Any) -> None:
    answer = rest.post(again(first), {"params": {"seed": "x", "sede": 1}})

    assert answer.status_code == 422
    assert {code for _, code in codes(answer)} == {"bad_value", "unknown_parameter"}
    assert Job.objects.count() == 1


def test_nothing_but_parameters_can_be_given(rest: Rest, first: Any) -> None:
    answer = rest.post(again(first), {"graph": {}})

    assert (answer.status_code, codes(answer)) == (422, {("graph", "unknown_property")})


def test_it_moves_the_lens_as_a_submit_does(rest: Rest, first: Any) -> None:
    job = rest.post(again(first)).json()

    assert str(RunFocus.objects.get().job_id) == job["id"]
    RunFocus.objects.update(pinned=True)
    rest.post(again(first))
    assert str(RunFocus.objects.get().job_id) == job["id"]


def test_a_repeat_with_the_same_key_answers_with_the_first_job(rest: Rest, first: Any) -> None:
    one = rest.post(again(first), {}, idempotency_key="once")
    two = rest.post(again(first), {}, idempotency_key="once")
    other = rest.post(again(first), {"params": {"seed": 1}}, idempotency_key="once")

    assert [each.status_code for each in (one, two, other)] == [201, 200, 422]
    assert one.json()["id"] == two.json()["id"]
    assert Job.objects.count() == 2


def test_it_needs_the_scope_run(rest: Rest, ada: User, first: Any) -> None:
    assert Rest(ada, Scope.READ).post(again(first)).status_code == 403


def test_what_is_not_there_or_anothers_is_not_run(rest: Rest, bob: User, first: Any) -> None:
    assert rest.post(f"/jobs/{uuid.uuid4()}/rerun").status_code == 404
    assert Rest(bob).post(again(first)).status_code == 404
    assert Job.objects.count() == 1
