"""What is done on the canvas: the lens moves, runs begin, one or many, and those that wait are cancelled."""

import json
import zlib
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from runs import lens
from runs.lens import Focus
from runs.models import Batch, Job, JobTelemetry
from runs.telemetry import EMPTY
from tests import factories
from tests.runs.jobs import graph
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, factories.NOISE)


@pytest.fixture
def jobs(workflow: Workflow) -> list[Job]:
    """#1, #2, #3, all ended."""
    return [factories.job(workflow, number=number, state="completed") for number in (1, 2, 3)]


def move(page: Client, workflow: Workflow, **asked: Any) -> int:
    return page.post(f"/workflows/{workflow.pk}/lens/", asked).status_code


def test_choosing_a_run_pins_it(page: Client, ada: User, workflow: Workflow, jobs: list[Job]) -> None:
    assert move(page, workflow, job=jobs[0].pk) == 204
    assert lens.of(ada, workflow.pk) == Focus(jobs[0].pk, pinned=True)


def test_unpinning_stays_where_it_is(page: Client, ada: User, workflow: Workflow, jobs: list[Job]) -> None:
    move(page, workflow, job=jobs[0].pk)
    move(page, workflow, job=jobs[0].pk, pinned="0")
    assert lens.of(ada, workflow.pk) == Focus(jobs[0].pk, pinned=False)


def test_it_steps_by_number_and_stays_at_the_ends(page: Client, ada: User, workflow: Workflow, jobs: list[Job]) -> None:
    seen: list[object] = []
    for step in ("1", "1", "1", "-1"):
        move(page, workflow, **({"job": jobs[0].pk} if not seen else {"step": step}))
        seen.append(lens.of(ada, workflow.pk).job_id)
    assert seen == [jobs[0].pk, jobs[1].pk, jobs[2].pk, jobs[1].pk]
    move(page, workflow, job=jobs[2].pk)
    assert move(page, workflow, step="1") == 204
    assert lens.of(ada, workflow.pk).job_id == jobs[2].pk


def test_digits_are_the_newest_runs(page: Client, ada: User, workflow: Workflow, jobs: list[Job]) -> None:
    move(page, workflow, nth="1")
    assert lens.of(ada, workflow.pk).job_id == jobs[1].pk


def test_it_does_not_move_to_what_is_not_there(page: Client, bob: User, workflow: Workflow) -> None:
    others = factories.job(factories.workflow(bob))
    assert move(page, workflow, job=others.pk) == 404
    assert move(page, workflow, job="nonsense") == 404
    assert move(page, workflow, step="1") == 204
    assert page.post(f"/workflows/{others.workflow_id}/lens/", {"job": others.pk}).status_code == 404


def test_run_makes_a_run_of_what_is_saved_and_the_lens_follows(page: Client, ada: User, workflow: Workflow) -> None:
    assert page.post(f"/workflows/{workflow.pk}/run/").json() == {"errors": []}
    job = Job.objects.get()
    assert job.params == {"seed": 1}
    assert lens.of(ada, workflow.pk) == Focus(job.pk, pinned=False)


def test_what_keeps_it_from_running_is_told_and_no_run_is_made(page: Client, ada: User) -> None:
    broken = factories.workflow(ada, graph({"blur": ("image.blur", {}), "tint": ("image.blur", {})}))
    errors = page.post(f"/workflows/{broken.pk}/run/").json()["errors"]
    assert {(error["node"], error["property"]) for error in errors} == {("blur", "image"), ("tint", "image")}
    assert not Job.objects.exists()


def test_many_says_how_many_and_which_before_any_is_made(page: Client, workflow: Workflow) -> None:
    shown = page.post(f"/workflows/{workflow.pk}/many/", {"v0": "1..3", "repeat": "2"}).content.decode()
    assert 'data-runs="6"' in shown
    assert "seed 3" in shown
    assert "#1–#6" in shown
    assert "3 values" in shown
    assert not Job.objects.exists()


def test_many_says_what_it_would_take_once_the_nodes_have_run(page: Client, workflow: Workflow) -> None:
    job, asked = factories.job(workflow, state="completed"), {"v0": "1..3", "repeat": "2"}
    assert "About" not in page.post(f"/workflows/{workflow.pk}/many/", asked).content.decode()
    nodes = {node["id"]: {"elapsed_ms": 2000, "cost": 0.5} for node in workflow.graph.document["nodes"]}
    data = zlib.compress(json.dumps({**EMPTY, "nodes": nodes}).encode())
    JobTelemetry.objects.create(job=job, last_id="1-1", data=data)
    shown = " ".join(page.post(f"/workflows/{workflow.pk}/many/", asked).content.decode().split())
    assert len(nodes) == 3  # one after the other, 2 s each; six runs take their turns in four slots
    assert "About 12 s, by the runs so far · $9.00</p>" in shown


def test_many_makes_them(page: Client, ada: User, workflow: Workflow) -> None:
    answer = page.post(f"/workflows/{workflow.pk}/many/", {"v0": "1..3", "start": "1"})
    assert answer.status_code == 204
    jobs = list(Job.objects.order_by("number"))
    assert [job.params["seed"] for job in jobs] == [1, 2, 3]
    assert len({job.batch_id for job in jobs}) == 1
    assert lens.of(ada, workflow.pk).job_id == jobs[0].pk


@pytest.mark.parametrize(("asked", "lane"), [({}, "normal"), ({"lane": "background"}, "background")])
def test_many_run_in_the_lane_that_is_asked_for(
    page: Client, workflow: Workflow, asked: dict[str, str], lane: str
) -> None:
    page.post(f"/workflows/{workflow.pk}/many/", {"v0": "1, 2", "start": "1", **asked})
    assert {job.lane for job in Job.objects.all()} == {lane}


@pytest.mark.parametrize(
    ("asked", "rules"),
    [
        ({}, None),
        ({"stop_first": "1", "stop_seconds": ""}, {"first_failure": True}),
        ({"stop_first": "1", "stop_seconds": "90.5"}, {"first_failure": True, "seconds": 90.5}),
    ],
)
def test_many_stop_early_by_the_rules_that_are_asked_for(
    page: Client, workflow: Workflow, asked: dict[str, str], rules: dict[str, object] | None
) -> None:
    page.post(f"/workflows/{workflow.pk}/many/", {"v0": "1, 2", "start": "1", **asked})
    assert Batch.objects.get().stop == rules


@pytest.mark.parametrize("seconds", ["soon", "0", "-3", "nan", "inf", "1000001"])
def test_what_is_no_time_to_stop_after_is_said(page: Client, workflow: Workflow, seconds: str) -> None:
    asked = {"v0": "1, 2", "start": "1", "stop_seconds": seconds}
    shown = page.post(f"/workflows/{workflow.pk}/many/", asked).content.decode()
    assert "Stop after: give seconds, above 0 and up to 1000000." in shown
    assert not Job.objects.exists()


def test_what_many_can_not_read_is_said_at_its_parameter(page: Client, workflow: Workflow) -> None:
    shown = page.post(f"/workflows/{workflow.pk}/many/", {"v0": "often", "start": "1"}).content.decode()
    plan, _, at_the_field = shown.partition("<hx-partial")
    assert "Mend what is marked" in plan
    assert "“often” is not a whole number" in at_the_field
    assert 'data-runs="0"' in shown
    assert not Job.objects.exists()


def test_all_that_wait_are_cancelled_and_nothing_else(page: Client, ada: User, workflow: Workflow) -> None:
    waiting = [factories.job(workflow, number=number) for number in (1, 2)]
    running = factories.job(workflow, number=3, state="running", fence=1)
    elsewhere = factories.job(factories.workflow(ada))
    assert page.post(f"/workflows/{workflow.pk}/cancellation/").status_code == 204
    states = dict(Job.objects.values_list("pk", "state"))
    assert [states[job.pk] for job in waiting] == ["cancelled", "cancelled"]
    assert (states[running.pk], states[elsewhere.pk]) == ("running", "queued")


def test_nobody_steers_what_is_anothers(client: Client, bob: User, workflow: Workflow) -> None:
    client.force_login(bob)
    for address in ("lens", "run", "many", "cancellation"):
        assert client.post(f"/workflows/{workflow.pk}/{address}/").status_code == 404


def test_a_form_draws_nothing(ada: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    token = strict.cookies[settings.CSRF_COOKIE_NAME] = "x" * 32
    answer = strict.post(f"/workflows/{factories.workflow(ada).pk}/drawings/", {"csrfmiddlewaretoken": token})
    assert answer.status_code == 422
