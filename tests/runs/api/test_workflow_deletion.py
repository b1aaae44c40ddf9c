"""What REST promises of deleting a workflow that has jobs."""

from typing import Any

import pytest
import redis
from django.db import connection

from accounts.models import User
from runs import gate, removal
from runs.models import Job, JobTransition
from runs.pool.sweep import Sweep
from runs.states import State
from runs.submit import Order, submit
from runs.telemetry import EMPTY
from tests import factories
from tests.rest import Rest
from workflows import saving
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def test_while_a_job_is_active_it_stays_with_all_of_its_jobs(rest: Rest, workflow: Workflow) -> None:
    for state in (State.COMPLETED, State.QUEUED):
        factories.job(workflow, state=state)
    assert rest.delete(f"/workflows/{workflow.pk}").status_code == 409
    assert Job.objects.count() == 2


def test_one_without_an_active_job_is_gone_with_the_answer(rest: Rest, workflow: Workflow) -> None:
    factories.job(workflow, state=State.COMPLETED)
    assert rest.delete(f"/workflows/{workflow.pk}?cancel=true").status_code == 204
    assert not Workflow.objects.exists()


def test_one_that_has_moved_on_stays(rest: Rest, workflow: Workflow) -> None:
    path = f"/workflows/{workflow.pk}"
    seen = rest.get(path)["ETag"]
    rest.patch(path, {"name": "Changed meanwhile"}, if_match=seen)

    refused = rest.delete(path, if_match=seen)
    assert (refused.status_code, refused.json()["version"]) == (412, 2)
    assert rest.delete(path, if_match=rest.get(path)["ETag"]).status_code == 204


@pytest.mark.parametrize("query", ["", "?cancel=true"])
def test_one_that_moves_on_between_the_look_and_the_deletion_stays(rest: Rest, workflow: Workflow, query: str) -> None:
    job = factories.job(workflow, state=State.COMPLETED)

    def move_on(execute: Any, sql: str, *others: Any) -> Any:
        if 'FROM "runs_gate"' in sql:  # somebody else had the lock before
            Workflow.objects.filter(version=1).update(version=2)
        return execute(sql, *others)

    with connection.execute_wrapper(move_on):
        refused = rest.delete(f"/workflows/{workflow.pk}{query}", if_match='"1"')
    assert (refused.status_code, refused.json()["version"]) == (412, 2)
    assert Job.objects.filter(pk=job.pk).exists()


def test_one_that_is_about_to_go_is_changed_no_more(workflow: Workflow) -> None:
    Workflow.objects.update(leaving=True)
    with pytest.raises(Workflow.DoesNotExist):
        saving.change(workflow, name="Too late")


def test_one_whose_deletion_was_broken_off_goes_with_the_sweep(
    rest: Rest, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.job(workflow, state=State.COMPLETED)
    with monkeypatch.context() as broken:
        broken.setattr(gate, "forget", lambda *_: 1 / 0)
        assert rest.delete(f"/workflows/{workflow.pk}").status_code == 500
    assert rest.get(f"/workflows/{workflow.pk}").status_code == 404
    Sweep("pool").round()
    assert not Workflow.objects.exists()


def test_the_sweep_goes_on_to_its_other_work_before_a_large_one_is_gone(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "_AT_ONCE", 2)
    for _ in range(5):
        factories.job(workflow, state=State.COMPLETED)
    Workflow.objects.update(leaving=True)
    left = []
    for _ in range(4):
        removal.remove_leaving(seconds=0)
        left.append((Workflow.objects.count(), Job.objects.count()))
    assert left == [(1, 3), (1, 1), (1, 0), (0, 0)]


def test_one_whose_jobs_only_wait_goes_at_once(rest: Rest, workflow: Workflow) -> None:
    for _ in range(3):
        factories.job(workflow)
    assert rest.delete(f"/workflows/{workflow.pk}?cancel=true").status_code == 202
    assert not Workflow.objects.exists()
    assert not Job.objects.exists()


def test_one_that_runs_is_seen_no_more_and_goes_when_the_run_has_ended(
    rest: Rest, workflow: Workflow, valkey: redis.Redis
) -> None:
    running, waiting = (factories.job(workflow) for _ in range(2))
    claim = gate.claim("w1")
    assert claim is not None
    answer = rest.delete(f"/workflows/{workflow.pk}?cancel=true")
    assert answer.status_code == 202
    assert [Job.objects.get(pk=job.pk).state for job in (running, waiting)] == ["cancelling", "cancelled"]
    assert JobTransition.objects.get(job=running, to_state=State.CANCELLING).by == "ada"
    assert rest.get(f"/workflows/{workflow.pk}").status_code == 404
    assert rest.get("/workflows").json()["items"] == []
    assert rest.post(f"/workflows/{workflow.pk}/jobs").status_code == 404
    sweep = Sweep("pool")
    sweep.round()
    assert Workflow.objects.filter(pk=workflow.pk).exists()
    gate.finish(claim, gate.End(State.CANCELLED), gate.Telemetry("1-0", EMPTY))
    sweep.round()
    assert not Workflow.objects.exists()
    assert not Job.objects.exists()


def test_what_was_looked_up_before_takes_no_job_any_more(workflow: Workflow, ada: User) -> None:
    stale = Workflow.objects.select_related("graph").get(pk=workflow.pk)
    Workflow.objects.update(leaving=True)
    with pytest.raises(Workflow.DoesNotExist):
        submit(ada, stale, Order())
    assert not Job.objects.exists()


@pytest.mark.parametrize("value", ["maybe", ""])
def test_whether_to_cancel_is_yes_or_no(rest: Rest, workflow: Workflow, value: str) -> None:
    answer: Any = rest.delete(f"/workflows/{workflow.pk}?cancel={value}")
    assert answer.status_code == 422
    assert Workflow.objects.exists()
