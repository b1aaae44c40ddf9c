"""Batches that stop by a rule: nothing of them starts any more, and each job is told why."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from runs import gate
from runs.halting import halt, halt_all
from runs.models import Batch, Job, JobTransition
from runs.states import State
from runs.telemetry import EMPTY, fold
from tests import factories
from tests.rest import Rest
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

FAILED = gate.End(State.FAILED, error={"code": "error", "message": "No.", "node": "word"})
COMPLETED = gate.End(State.COMPLETED)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


def batch(rest: Rest, workflow: Workflow, count: int = 4, **stop: Any) -> str:
    """The path of a new batch that stops by these rules."""
    body = {"axes": {"word": [f"w{index}" for index in range(count)]}, "stop": stop}
    answer = rest.post(f"/workflows/{workflow.pk}/batches", body)
    assert answer.status_code == 201
    return str(answer["Location"].removeprefix("/api/v1"))


def start() -> gate.Claim:
    claim = gate.claim("w1")
    assert claim is not None
    return claim


def finish(claim: gate.Claim, end: gate.End, cost: float | None = None) -> None:
    """The job ends, having cost so much."""
    told = EMPTY if cost is None else fold(EMPTY, {"nodes": {"word": {"cost": cost}}})
    gate.finish(claim, end, gate.Telemetry(f"{claim.fence}-1", told))


def states(rest: Rest, path: str) -> dict[str, int]:
    return {state: count for state, count in rest.get(path).json()["states"].items() if count}


def test_the_first_failure_stops_it_at_once(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, first_failure=True)
    first, second = start(), start()
    finish(first, FAILED)

    assert gate.claim("w2") is None
    assert Job.objects.startable() == 0
    halt_all()
    assert states(rest, path) == {"failed": 1, "cancelling": 1, "cancelled": 2}
    finish(second, gate.End(State.CANCELLED))
    halt_all()
    assert states(rest, path) == {"failed": 1, "cancelled": 3}
    assert not Batch.objects.filter(stopping=True).exists()


def test_it_tells_why_in_the_batch_in_each_job_and_in_their_history(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 2, first_failure=True)
    finish(start(), FAILED)
    halt_all()
    stopped = rest.get(path).json()["stopped"]
    jobs = rest.get("/jobs", {"batch": Batch.objects.get().pk, "order": "created_at"}).json()["items"]

    assert stopped["by"] == "first_failure"
    assert stopped["at"] <= rest.get(path).json()["ended_at"]
    assert stopped["message"].startswith("Run #1 failed, and its batch stops at the first failure.")
    assert [job["error"] and job["error"]["code"] for job in jobs] == ["error", "batch_stopped"]
    assert jobs[1]["error"]["message"] == stopped["message"]
    last = JobTransition.objects.filter(job=jobs[1]["id"], to_state="cancelled").get()
    assert (last.by, last.why + ".") == ("its batch", stopped["message"])


@pytest.mark.parametrize("one_by_one", [True, False])
def test_whoever_cancels_what_a_stopped_batch_has_left_it_is_told_why(
    rest: Rest, workflow: Workflow, one_by_one: bool
) -> None:
    batch(rest, workflow, 2, first_failure=True)
    kept = batch(rest, workflow, 2)
    finish(start(), FAILED)
    if one_by_one:
        for job in Job.objects.waiting():
            rest.post(f"/jobs/{job.pk}/cancellation")
    else:
        rest.post(f"/workflows/{workflow.pk}/cancellation")

    assert states(rest, kept) == {"cancelled": 2}
    codes = [job.error and job.error["code"] for job in Job.objects.order_by("number")]
    assert codes == ["error", "batch_stopped", None, None]


def test_a_failure_stops_no_batch_that_has_no_such_rule_and_no_other_batch(rest: Rest, workflow: Workflow) -> None:
    free, ruled = batch(rest, workflow, 2), batch(rest, workflow, 2, first_failure=True)
    finish(start(), FAILED)
    halt_all()

    assert states(rest, free) == {"failed": 1, "queued": 1}
    assert states(rest, ruled) == {"queued": 2}
    assert rest.get(free).json()["stopped"] is None


def test_a_job_that_is_cancelled_is_no_failure(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 3, first_failure=True)
    finish(start(), gate.End(State.CANCELLED))
    rest.post(f"/jobs/{Job.objects.waiting()[0].pk}/cancellation")
    halt_all()

    assert states(rest, path) == {"cancelled": 2, "queued": 1}
    assert Job.objects.get(number=1).error is None


@pytest.mark.parametrize(("costs", "stopped"), [([0.4, 0.5], False), ([0.4, 0.6], True), ([None, 1.5], True)])
def test_it_stops_when_its_money_is_spent(
    rest: Rest, workflow: Workflow, costs: list[float | None], stopped: bool
) -> None:
    path = batch(rest, workflow, cost=1.0)
    for cost in costs:
        finish(start(), COMPLETED, cost)
    found = rest.get(path).json()

    assert (found["stopped"] is not None) == stopped
    assert found["spent"]["cost"] == pytest.approx(sum(cost or 0 for cost in costs))
    assert [job["cost"] for job in rest.get("/jobs", {"order": "created_at"}).json()["items"]][:2] == costs


def test_it_stops_when_its_room_is_spent_whoever_holds_the_bytes(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, bytes=25)
    for value, spent in (("x" * 10, 12), ("y" * 11, 25)):  # as JSON they have quotes
        claim = start()
        factories.product(Job.objects.get(pk=claim.job_id), value=value)
        finish(claim, COMPLETED)
        assert rest.get(path).json()["spent"]["bytes"] == spent

    assert rest.get(path).json()["stopped"]["by"] == "bytes"
    assert "25 bytes" in rest.get(path).json()["stopped"]["message"]


def test_pictures_count_as_their_blobs_are_large(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, bytes=1000)
    claim = start()
    factories.picture(Job.objects.get(pk=claim.job_id))
    finish(claim, COMPLETED)

    assert rest.get(path).json()["spent"]["bytes"] == 1


def test_it_stops_when_its_time_is_over(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, seconds=60)
    running = start()
    halt_all()
    assert states(rest, path) == {"queued": 3, "running": 1}

    Batch.objects.update(stops_at=timezone.now() - timedelta(seconds=1))
    halt_all()
    assert rest.get(path).json()["stopped"]["by"] == "seconds"
    assert states(rest, path) == {"cancelling": 1, "cancelled": 3}
    finish(running, gate.End(State.CANCELLED))
    assert rest.get(f"/jobs/{running.job_id}").json()["error"]["code"] == "batch_stopped"


def test_no_job_starts_any_more_when_one_ends_after_the_time(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 2, seconds=60)
    running = start()
    Batch.objects.update(stops_at=timezone.now() - timedelta(seconds=1))
    finish(running, COMPLETED)

    assert gate.claim("w2") is None
    assert rest.get(path).json()["stopped"]["by"] == "seconds"


def test_what_ends_after_the_time_as_the_last_stops_nothing(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 1, seconds=60)
    running = start()
    Batch.objects.update(stops_at=timezone.now() - timedelta(seconds=1))
    finish(running, COMPLETED)

    assert rest.get(path).json()["stopped"] is None


def test_a_batch_that_was_done_in_time_is_not_stopped_later(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 1, seconds=60)
    finish(start(), COMPLETED)
    Batch.objects.update(stops_at=timezone.now() - timedelta(seconds=1))
    halt_all()

    assert rest.get(path).json()["stopped"] is None
    assert not Batch.objects.exclude(stops_at=None).exists()


def test_a_job_that_comes_back_to_the_queue_is_cancelled_too(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 2, first_failure=True)
    first, second = start(), start()
    finish(first, FAILED)
    gate.hand_back(second.job_id, second.fence, by="pool")
    assert gate.claim("w3") is None
    halt_all()

    assert states(rest, path) == {"failed": 1, "cancelled": 1}
    assert rest.get(f"/jobs/{second.job_id}").json()["error"]["code"] == "batch_stopped"


def test_a_worker_that_was_lost_for_good_is_a_failure(rest: Rest, workflow: Workflow, settings: Any) -> None:
    settings.MAX_ATTEMPTS = 1
    path = batch(rest, workflow, 2, first_failure=True)
    claim = start()
    gate.lost(claim.job_id, claim.fence, by="pool", why="killed")

    assert rest.get(path).json()["stopped"]["by"] == "first_failure"


def test_halting_what_has_not_stopped_does_nothing(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 2, first_failure=True)
    halt(Batch.objects.get().pk)

    assert states(rest, path) == {"queued": 2}


def test_the_batch_says_what_it_was_asked_and_how_far_it_is(rest: Rest, workflow: Workflow) -> None:
    path = batch(rest, workflow, 2, seconds=90, first_failure=True)
    found = rest.get(path).json()

    assert (found["count"], found["workflow_id"], found["ended_at"]) == (2, str(workflow.pk), None)
    assert found["stop"] == {"first_failure": True, "seconds": 90, "bytes": None, "cost": None}
    assert found["states"] == {
        "queued": 2, "running": 0, "cancelling": 0, "completed": 0, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    assert 0 <= found["spent"].pop("seconds") < 60
    assert found["spent"] == {"bytes": 0, "cost": None}
    for _ in range(2):
        finish(start(), COMPLETED)
    assert rest.get(path).json()["ended_at"] is not None


def test_jobs_of_a_batch_without_a_row_end_as_ever(workflow: Workflow) -> None:
    """As one has it whose row is gone."""
    factories.job(workflow, batch_id="1b1f9ac5-7c3b-4b5e-9a3e-5d4f3c2b1a00")
    finish(start(), FAILED)

    assert Job.objects.get().state == "failed"
