"""A submit that is the same run as an earlier one says so; it runs all the same."""

from typing import Any

import pytest

from accounts.models import User
from runs.models import Job
from runs.states import State
from tests import factories
from tests.rest import Rest
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


def submit(rest: Rest, workflow: Workflow, **params: Any) -> dict[str, Any]:
    answer = rest.post(f"/workflows/{workflow.pk}/jobs", {"params": params})
    assert answer.status_code == 201
    return dict(answer.json())


def completed(job: dict[str, Any]) -> str:
    Job.objects.filter(pk=job["id"]).update(state=State.COMPLETED)
    return str(job["id"])


def test_the_same_run_names_the_newest_that_came_to_a_good_end(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada)
    first = submit(rest, workflow, word="a")
    assert first["identical_to"] is None
    completed(first)
    second = submit(rest, workflow, word="a")
    assert second["identical_to"] == first["id"]
    completed(second)

    assert submit(rest, workflow, word="a")["identical_to"] == second["id"]
    assert submit(rest, workflow, word="b")["identical_to"] is None
    assert second["state"] == "queued"


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.FAILED, State.CANCELLED])
def test_one_without_a_good_end_is_no_twin(ada: User, rest: Rest, state: State) -> None:
    workflow = factories.workflow(ada)
    Job.objects.filter(pk=submit(rest, workflow)["id"]).update(state=state)

    assert submit(rest, workflow)["identical_to"] is None


def test_another_graph_or_another_workflow_is_none(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada)
    completed(submit(rest, workflow))
    other = {**factories.TEXT, "nodes": [*factories.TEXT["nodes"], {"id": "more", "type": "image.noise"}]}
    changed = factories.workflow(ada, other)

    assert submit(rest, factories.workflow(ada))["identical_to"] is None
    Workflow.objects.filter(pk=workflow.pk).update(graph=changed.graph_id)
    assert submit(rest, workflow)["identical_to"] is None


def test_a_seed_that_is_drawn_makes_it_another_run_and_one_that_is_given_the_same(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada, factories.NOISE)
    drawn = submit(rest, workflow, seed=None)
    completed(drawn)

    assert submit(rest, workflow, seed=None)["identical_to"] is None
    assert submit(rest, workflow, seed=drawn["params"]["seed"])["identical_to"] == drawn["id"]


@pytest.mark.parametrize(
    ("node", "steady"),
    [
        ({"type": "text.stream", "properties": {"text": "a"}}, True),
        ({"type": "control.wait", "properties": {"value": 1}}, True),
        ({"type": "http.get", "properties": {"url": "https://example.com"}}, False),
    ],
)
def test_what_asks_the_world_may_be_answered_otherwise(
    ada: User, rest: Rest, node: dict[str, Any], steady: bool
) -> None:
    workflow = factories.workflow(ada, {"version": 1, "nodes": [{"id": "n", **node}], "edges": []})
    first = completed(submit(rest, workflow))

    assert submit(rest, workflow)["identical_to"] == (first if steady else None)


def test_run_again_it_is_the_same_run_unless_changed(ada: User, rest: Rest) -> None:
    first = completed(submit(rest, factories.workflow(ada), word="a"))

    assert rest.post(f"/jobs/{first}/rerun").json()["identical_to"] == first
    assert rest.post(f"/jobs/{first}/rerun", {"params": {"word": "b"}}).json()["identical_to"] is None


def test_a_repeated_request_is_answered_as_the_first_was(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada)
    first = completed(submit(rest, workflow))
    path = f"/workflows/{workflow.pk}/jobs"
    answers = [rest.post(path, {}, idempotency_key="k") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert {answer.json()["identical_to"] for answer in answers} == {first}


def test_one_of_a_batch_is_a_twin_too(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada)
    jobs = rest.post(f"/workflows/{workflow.pk}/batches", {"axes": {"word": ["a", "b"]}}).json()["jobs"]

    assert submit(rest, workflow, word="b")["identical_to"] is None
    completed(jobs[1])
    assert submit(rest, workflow, word="b")["identical_to"] == jobs[1]["id"]


def test_a_number_that_two_runs_share_by_chance_makes_no_twins(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada)
    first = submit(rest, workflow, word="a")
    completed(first)
    second = submit(rest, workflow, word="b")
    Job.objects.filter(pk=first["id"]).update(twin=Job.objects.get(pk=second["id"]).twin)

    assert submit(rest, workflow, word="b")["identical_to"] is None


def test_a_batch_names_for_each_job_the_run_from_before_it(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada)
    completed(submit(rest, workflow, word="a"))
    newest = completed(submit(rest, workflow, word="a"))
    completed(submit(rest, factories.workflow(ada), word="b"))
    path, body = f"/workflows/{workflow.pk}/batches", {"axes": {"word": ["a", "b"]}, "repeat": 2}

    answer = rest.post(path, body, idempotency_key="k")
    assert [job["identical_to"] for job in answer.json()["jobs"]] == [newest, newest, None, None]

    completed(answer.json()["jobs"][0])
    again = rest.post(path, body, idempotency_key="k")
    assert again.status_code == 200
    assert [job["identical_to"] for job in again.json()["jobs"]] == [newest, newest, None, None]


def test_jobs_of_a_batch_with_a_random_seed_have_no_twin(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada, factories.NOISE)
    completed(submit(rest, workflow, seed=7))
    body = {"axes": {"seed": [7, None]}}

    jobs = rest.post(f"/workflows/{workflow.pk}/batches", body).json()["jobs"]

    assert [job["identical_to"] is not None for job in jobs] == [True, False]
