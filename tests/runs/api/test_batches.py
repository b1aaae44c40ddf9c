"""What REST promises of a batch: checked whole, made all or none, in grid order."""

import uuid
from typing import Any

import pytest
import redis

from accounts.models import User
from accounts.scopes import Scope
from runs import gate, wake
from runs.models import Job, JobTransition, RunFocus
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Workflow

pytestmark = pytest.mark.django_db

POSTER: dict[str, Any] = {
    **factories.NOISE,
    "nodes": [
        *factories.NOISE["nodes"],
        {
            "id": "style",
            "type": "input.text",
            "properties": {"name": "style", "value": "ink"},
        },
    ],
}
"""NOISE with a style, which nothing uses."""
GRID = {"axes": {"seed": [1, 2, 3], "style": ["ink", "oil"]}}


@pytest.fixture
def workflow(ada: User, valkey: redis.Redis) -> Workflow:
    return factories.workflow(ada, POSTER)


@pytest.fixture
def path(workflow: Workflow) -> str:
    return f"/workflows/{workflow.pk}/batches"


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada, Scope.RUN)


def test_it_makes_a_job_for_each_combination_in_grid_order(rest: Rest, path: str) -> None:
    answer = rest.post(path, GRID)

    assert answer.status_code == 201
    jobs = answer.json()["jobs"]
    assert [(job["params"]["seed"], job["params"]["style"]) for job in jobs] == [
        (1, "ink"), (1, "oil"), (2, "ink"), (2, "oil"), (3, "ink"), (3, "oil"),
    ]  # fmt: skip
    assert [job["number"] for job in jobs] == [job["queue_position"] for job in jobs] == [1, 2, 3, 4, 5, 6]
    assert {job["batch_id"] for job in jobs} == {answer.json()["batch_id"]}
    assert {job["state"] for job in jobs} == {"queued"}
    assert jobs[0]["outputs"] == {}
    assert jobs[3] == rest.get(f"/jobs/{jobs[3]['id']}").json() | {"identical_to": None}


def test_labels_say_what_differs_in_the_batch(rest: Rest, path: str) -> None:
    jobs = rest.post(path, GRID).json()["jobs"]
    alone = rest.post(path, {"axes": {"seed": [9]}, "params": {"style": "oil"}}).json()["jobs"]
    same = rest.post(path, {"axes": {}, "repeat": 2}).json()["jobs"]

    assert [job["label"] for job in jobs][:3] == ["seed 1 · ink", "seed 1 · oil", "seed 2 · ink"]
    assert [job["label"] for job in alone] == ["seed 9 · oil"]
    assert [job["label"] for job in same] == ["1 of 2", "2 of 2"]


def test_labels_call_parameters_by_the_titles_of_their_nodes(ada: User, rest: Rest, path: str) -> None:
    nodes = [{**node, "title": "Grain"} if node["id"] == "seed" else node for node in POSTER["nodes"]]
    titled = factories.workflow(ada, {**POSTER, "nodes": nodes})
    jobs = rest.post(f"/workflows/{titled.pk}/batches", {"axes": {"seed": [1, 2]}}).json()["jobs"]

    assert [job["label"] for job in jobs] == ["grain 1", "grain 2"]


def test_repeats_vary_fastest_and_each_draws_its_seed(rest: Rest, path: str) -> None:
    body = {"axes": {"style": ["ink", "oil"]}, "params": {"seed": None}, "repeat": 3}
    jobs = rest.post(path, body).json()["jobs"]

    assert [job["params"]["style"] for job in jobs] == ["ink"] * 3 + ["oil"] * 3
    seeds = [job["params"]["seed"] for job in jobs]
    assert len(set(seeds)) == 6
    assert [job["label"] for job in jobs] == [
        f"{style} · seed {seed}" for style, seed in zip(["ink"] * 3 + ["oil"] * 3, seeds, strict=True)
    ]


def test_axes_in_one_zip_group_go_in_step(rest: Rest, path: str) -> None:
    jobs = rest.post(
        path, {**GRID, "axes": {"seed": [1, 2], "style": ["ink", "oil"]}, "zip": [["seed", "style"]]}
    ).json()

    assert [job["label"] for job in jobs["jobs"]] == ["seed 1 · ink", "seed 2 · oil"]


def test_any_property_is_an_axis_by_its_address(rest: Rest, path: str) -> None:
    jobs = rest.post(path, {"axes": {"noise.width": [8, 16]}}).json()["jobs"]

    assert [job["params"]["noise.width"] for job in jobs] == [8, 16]


def test_a_dry_run_tells_count_and_labels_and_makes_nothing(ada: User, path: str) -> None:
    body = {"axes": {"style": ["ink", "oil"]}, "params": {"seed": None}, "repeat": 30, "dry_run": True}
    answer = Rest(ada, Scope.READ).post(path, body)

    assert answer.status_code == 200
    assert answer.json()["count"] == len(answer.json()["labels"]) == 60
    assert answer.json()["labels"][0] == "ink · random seed · 1 of 30"
    assert answer.json()["estimate"] == {"seconds": None, "bytes": None, "cost": None}
    assert not Job.objects.exists()


def test_more_than_fifty_have_to_be_confirmed(rest: Rest, path: str) -> None:
    body = {"axes": {"seed": list(range(51))}}
    refused = rest.post(path, body)

    assert (refused.status_code, refused.json()["count"]) == (409, 51)
    assert not Job.objects.exists()
    assert len(rest.post(path, {**body, "confirm": True}).json()["jobs"]) == 51
    assert rest.post(path, {"axes": {"seed": list(range(50))}}).status_code == 201


def test_there_is_a_bound_that_nothing_passes(rest: Rest, path: str, settings: Any) -> None:
    settings.MAX_BATCH_JOBS = 5

    for extra in ({}, {"confirm": True}, {"dry_run": True}):
        answer = rest.post(path, {**GRID, **extra})
        assert (answer.status_code, codes(answer)) == (422, {("axes", "too_large")})
    assert not Job.objects.exists()


def test_everything_that_is_wrong_is_told_and_no_job_is_made(rest: Rest, path: str) -> None:
    axes = {"seed": [1, "two", 3.5], "style": ["ink", 7], "noise.width": [], "sead": [1]}
    answer = rest.post(path, {"axes": axes, "zip": [["no"]]})
    fitting = rest.post(path, {"axes": {"seed": [1, "two", 3.5], "style": ["ink", 7]}})

    assert answer.status_code == fitting.status_code == 422
    assert codes(answer) >= {
        ("axes.noise.width", "bad_value"),
        ("zip", "unknown_parameter"),
        ("sead", "unknown_parameter"),
    }
    assert sorted(error["node"] for error in fitting.json()["errors"]) == ["seed", "style"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ("axes", "missing_input")),
        ({"axes": {"seed": 1}}, ("axes.seed", "bad_value")),
        ({**GRID, "repeat": 0}, ("repeat", "bad_value")),
        ({**GRID, "lane": "fast"}, ("lane", "bad_value")),
        ({**GRID, "stop": "first_failure"}, ("stop", "bad_value")),
        ({**GRID, "stop": {"failures": 1}}, ("stop.failures", "unknown_property")),
        ({**GRID, "stop": {"cost": 0}}, ("stop.cost", "bad_value")),
        ({**GRID, "params": {"seed": 3}}, ("params.seed", "duplicate_parameter")),
    ],
)
def test_what_is_no_batch_is_refused(rest: Rest, path: str, body: dict[str, Any], expected: tuple[str, str]) -> None:
    answer = rest.post(path, body)

    assert (answer.status_code, codes(answer)) == (422, {expected})
    assert not Job.objects.exists()


def test_it_is_all_or_none_when_too_many_would_wait(rest: Rest, path: str, settings: Any) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 8
    answers = [rest.post(path, GRID) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 429]
    assert answers[1]["Retry-After"] == "60"
    assert Job.objects.count() == 6
    assert Workflow.objects.get().jobs_made == 6
    settings.MAX_WAITING_JOBS_PER_USER = 5
    assert rest.post(path, GRID).status_code == 429


def test_the_lens_moves_once_to_the_first_job_unless_told_otherwise(rest: Rest, path: str) -> None:
    jobs = rest.post(path, GRID).json()["jobs"]
    rest.post(path, {**GRID, "focus": False})

    assert str(RunFocus.objects.get().job_id) == jobs[0]["id"]


def test_a_repeat_with_the_same_key_answers_with_the_first_batch(rest: Rest, path: str, workflow: Workflow) -> None:
    first = rest.post(path, GRID, idempotency_key="once")
    Workflow.objects.filter(pk=workflow.pk).update(graph=factories.workflow(workflow.owner).graph)  # it fits no longer
    again = rest.post(path, GRID, idempotency_key="once")
    other = rest.post(path, {"axes": {"seed": [7]}}, idempotency_key="once")

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.json() == first.json()
    assert Job.objects.count() == 6


def test_a_batch_that_was_not_confirmed_uses_up_no_key(rest: Rest, path: str) -> None:
    body = {"axes": {"seed": list(range(60))}}

    assert rest.post(path, body, idempotency_key="k").status_code == 409
    assert rest.post(path, {**body, "confirm": True}, idempotency_key="k").status_code == 201


def test_jobs_are_listed_by_their_batch(rest: Rest, bob: User, path: str, workflow: Workflow) -> None:
    factories.job(workflow, number=100, place=100)
    made = rest.post(path, GRID).json()
    query = {"batch": made["batch_id"], "order": "created_at"}

    assert [job["id"] for job in rest.get("/jobs", query).json()["items"]] == [job["id"] for job in made["jobs"]]
    assert len(rest.get("/jobs", {**query, "param.style": "oil"}).json()["items"]) == 3
    assert len(rest.get("/jobs", {**query, "workflow": workflow.pk}).json()["items"]) == 6
    assert rest.get("/jobs", {**query, "workflow": uuid.uuid4()}).json()["items"] == []
    assert rest.get("/jobs", {"batch": uuid.uuid4()}).json()["items"] == []
    assert Rest(bob).get("/jobs", query).json()["items"] == []


def test_as_many_workers_are_woken_as_may_start(
    rest: Rest, path: str, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    settings.MAX_CONCURRENT_JOBS = 4
    with django_capture_on_commit_callbacks(execute=True):
        rest.post(path, GRID)

    assert wake.pending() == 4


def test_each_job_has_its_history(rest: Rest, path: str) -> None:
    rest.post(path, GRID)

    assert JobTransition.objects.filter(from_state="", to_state="queued", by="ada").count() == 6
    claimed = gate.claim("w1")
    assert claimed is not None
    assert claimed.params["style"] == "ink"


def test_a_large_batch_is_written_many_rows_at_a_time(
    rest: Rest, path: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(400):  # as many as 20 at a time take, on a machine that does much else
        answer = rest.post(path, {"axes": {"seed": list(range(1200))}, "confirm": True})

    assert len(answer.json()["jobs"]) == Job.objects.count() == 1200


def test_reading_is_not_enough_to_make_one(ada: User, path: str) -> None:
    assert Rest(ada, Scope.READ).post(path, GRID).status_code == 403
    assert not Job.objects.exists()
