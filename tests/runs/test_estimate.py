"""What a batch would take, told from what the workflow's nodes took before."""

import json
import zlib
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.scopes import Scope
from runs import estimate as estimates
from runs.estimate import RUNS, Estimate, estimate
from runs.models import Gate, JobTelemetry
from runs.telemetry import EMPTY
from tests import factories
from tests.rest import Rest
from tests.runs.jobs import graph
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

FORK = graph(
    {
        "word": ("input.text", {"name": "word", "value": "x"}),
        "left": ("text.stream", {}),
        "right": ("text.stream", {}),
    },
    "word.value > left.text",
    "word.value > right.text",
)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    Gate.objects.update_or_create(pk=1, defaults={"cap": 4})
    return factories.workflow(ada, FORK)


def ran(workflow: Workflow, **took: Any) -> None:
    """A run that came to a good end: for each node, its milliseconds, or all that was told of it."""
    job = factories.job(workflow, state="completed")
    nodes = {node: told if isinstance(told, dict) else {"elapsed_ms": told} for node, told in took.items()}
    data = zlib.compress(json.dumps({**EMPTY, "nodes": nodes}).encode())
    JobTelemetry.objects.create(job=job, last_id="1-1", data=data)


def test_of_what_never_ran_nothing_is_known(workflow: Workflow) -> None:
    assert estimate(workflow, 3) == Estimate()


def test_it_is_between_what_works_side_by_side_and_one_after_the_other(workflow: Workflow) -> None:
    ran(workflow, word=0, left=1000, right=2000)
    ran(workflow, word=0, left=3000, right=2500)
    assert estimate(workflow, 1).seconds == (2.0, 5.5)


def test_runs_beyond_the_slots_take_their_turns(workflow: Workflow, settings: Any) -> None:
    ran(workflow, word=0, left=1000, right=1000)
    assert [estimate(workflow, count).seconds for count in (4, 5, 9)] == [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = 1
    assert estimate(workflow, 4).seconds == (4.0, 8.0)


def test_a_node_that_has_never_worked_leaves_it_unknown(workflow: Workflow) -> None:
    ran(workflow, word=0, left=1000, right={"status": "skipped"})
    assert estimate(workflow, 1).seconds is None


def test_a_node_that_was_of_another_type_then_tells_nothing(workflow: Workflow, ada: User) -> None:
    ran(workflow, word=0, left=1000, right=1000)
    changed = {**FORK, "nodes": [{**node, "type": "control.wait"} for node in FORK["nodes"]]}
    workflow.graph = factories.workflow(ada, changed).graph
    assert estimate(workflow, 1).seconds is None


def test_only_the_newest_runs_are_looked_at(workflow: Workflow) -> None:
    ran(workflow, word=0, left=90_000, right=90_000)
    for _ in range(RUNS):
        ran(workflow, word=0, left=1000, right=1000)
    assert estimate(workflow, 1).seconds == (1.0, 2.0)


def test_what_an_ended_run_took_is_read_once(workflow: Workflow) -> None:
    for _ in range(3):
        ran(workflow, word=0, left=1000, right=2000)
    first = estimate(workflow, 3)
    ran(workflow, word=0, left=4000, right=2000)
    with CaptureQueriesContext(connection) as asked:
        second = estimate(workflow, 3)
    with CaptureQueriesContext(connection) as again:
        assert estimate(workflow, 3) == second
    assert (first.seconds, second.seconds) == ((2.0, 3.0), (2.0, 6.0))
    assert len(again) < len(asked)
    assert not any('"runs_jobtelemetry"."data"' in each["sql"] for each in again.captured_queries)


def test_no_more_runs_are_remembered_than_it_says(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "KEPT", 2)
    for _ in range(4):
        ran(workflow, word=0, left=1000, right=2000)
    assert estimate(workflow, 1) == estimate(workflow, 1) != Estimate()
    assert len(estimates._kept) == 2


def test_costs_and_bytes_are_of_all_runs_and_unknown_where_unmeasured(workflow: Workflow) -> None:
    ran(workflow, word=0, left={"elapsed_ms": 10, "cost": 0.25}, right=10)
    job = workflow.jobs.get()
    factories.picture(job, node="left")
    found = estimate(workflow, 3)
    assert (found.bytes, found.cost) == ((3, 3), (0.75, 0.75))
    JobTelemetry.objects.all().delete()
    assert estimate(workflow, 3).bytes is None


def test_a_dry_run_tells_it_over_rest(workflow: Workflow, ada: User) -> None:
    path, body = f"/workflows/{workflow.pk}/batches", {"axes": {"word": ["a", "b"]}, "dry_run": True}
    rest = Rest(ada, Scope.READ)
    assert rest.post(path, body).json()["estimate"] == {"seconds": None, "bytes": None, "cost": None}
    ran(workflow, word=0, left=1000, right=1000)
    assert rest.post(path, body).json()["estimate"] == {"seconds": [1.0, 2.0], "bytes": [0, 0], "cost": None}


def test_it_takes_as_many_queries_for_many_runs(workflow: Workflow, django_assert_max_num_queries: Any) -> None:
    for _ in range(RUNS):
        ran(workflow, word=0, left=1000, right=1000)
    stored = Workflow.objects.select_related("graph").get(pk=workflow.pk)
    with django_assert_max_num_queries(4):
        estimate(stored, 1)
