"""The lens follows the newest submit unless it is pinned, and every move is told to who shows it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.db import transaction

from accounts.models import User
from runs import batches, gate, lens
from runs.errors import JobGone
from runs.grid import Grid
from runs.lens import Focus
from runs.models import Job
from runs.states import State
from runs.submit import Order, submit
from tests import factories
from tests.turns import before
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def told(ada: User, workflow: Workflow, valkey: redis.Redis) -> Iterator[Callable[[], list[tuple[str | None, bool]]]]:
    """Asks what was published of Ada's lens since it was asked before: (job, pinned)."""
    listening: Any = valkey.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listening.subscribe(f"asgi__group__focus.{ada.pk}.{workflow.pk}")
    listening.get_message(timeout=5)

    def ask() -> list[tuple[str | None, bool]]:
        valkey.ping()
        found: list[Any] = []
        while message := listening.get_message(timeout=0.2):
            found.append(json.loads(message["data"]))
        return [(each["job_id"], each["pinned"]) for each in found if each["type"] == "focus.changed"]

    yield ask
    listening.close()


def made(workflow: Workflow) -> Job:
    return submit(workflow.owner, workflow, Order())


def ended(job: Job) -> Job:
    gate.cancel(job.pk, by="ada")
    return job


def a_batch(workflow: Workflow) -> list[Job]:
    plan = batches.plan(workflow, Grid({"word": ["a", "b", "c"]}))
    return batches.jobs_of(batches.make(workflow.owner, plan))


def test_it_is_nowhere_until_somebody_submits(ada: User, workflow: Workflow) -> None:
    assert lens.of(ada, workflow.pk) == Focus(None, pinned=False)


def test_it_follows_the_newest_submit_and_says_so(ada: User, workflow: Workflow, told: Any) -> None:
    jobs = [made(workflow) for _ in range(2)]

    assert lens.of(ada, workflow.pk) == Focus(jobs[1].pk, pinned=False)
    assert told() == [(str(job.pk), False) for job in jobs]


def test_a_batch_counts_by_its_first_job(ada: User, workflow: Workflow, told: Any) -> None:
    jobs = a_batch(workflow)

    assert lens.of(ada, workflow.pk) == Focus(jobs[0].pk, pinned=False)
    assert told() == [(str(jobs[0].pk), False)]


def test_choosing_pins_and_submits_leave_it_there(ada: User, workflow: Workflow, told: Any) -> None:
    first, _ = made(workflow), made(workflow)
    told()

    assert lens.choose(ada, first) == Focus(first.pk, pinned=True)
    made(workflow)

    assert lens.of(ada, workflow.pk) == Focus(first.pk, pinned=True)
    assert told() == [(str(first.pk), True)]


def test_choosing_without_a_pin_stays_until_the_next_submit(ada: User, workflow: Workflow) -> None:
    first, _ = made(workflow), made(workflow)

    lens.choose(ada, first, pinned=True)
    lens.choose(ada, first, pinned=False)
    assert lens.of(ada, workflow.pk) == Focus(first.pk, pinned=False)

    third = made(workflow)
    assert lens.of(ada, workflow.pk) == Focus(third.pk, pinned=False)


def test_releasing_goes_to_the_newest_submitted(ada: User, workflow: Workflow, told: Any) -> None:
    first, second = made(workflow), ended(made(workflow))
    lens.choose(ada, first)
    told()

    assert lens.release(ada, workflow.pk) == lens.of(ada, workflow.pk) == Focus(second.pk, pinned=False)
    assert told() == [(str(second.pk), False)]


def test_releasing_goes_to_the_first_job_of_the_newest_batch(ada: User, workflow: Workflow) -> None:
    first, jobs = made(workflow), a_batch(workflow)
    lens.choose(ada, first)

    assert lens.release(ada, workflow.pk) == Focus(jobs[0].pk, pinned=False)


def test_releasing_where_nothing_ever_ran_goes_nowhere(ada: User, workflow: Workflow) -> None:
    assert lens.release(ada, workflow.pk) == Focus(None, pinned=False)


def test_when_its_job_is_deleted_it_goes_to_the_newest_active_one_without_a_pin(
    ada: User, workflow: Workflow, told: Any
) -> None:
    _, active, _, gone = made(workflow), made(workflow), ended(made(workflow)), ended(made(workflow))
    lens.choose(ada, gone)
    told()

    gate.delete(gone.pk)

    assert lens.of(ada, workflow.pk) == Focus(active.pk, pinned=False)
    assert told() == [(str(active.pk), False)]


def test_when_its_job_is_deleted_and_none_is_active_it_goes_to_the_newest_ended_one(
    ada: User, workflow: Workflow
) -> None:
    _, newest, gone = (ended(made(workflow)) for _ in range(3))

    gate.delete(gone.pk)
    assert lens.of(ada, workflow.pk) == Focus(newest.pk, pinned=False)


def test_when_the_last_job_is_deleted_it_is_nowhere_and_the_next_submit_moves_it(ada: User, workflow: Workflow) -> None:
    only = ended(made(workflow))
    lens.choose(ada, only)

    gate.delete(only.pk)
    assert lens.of(ada, workflow.pk) == Focus(None, pinned=False)
    assert made(workflow).pk == lens.of(ada, workflow.pk).job_id


def test_deleting_another_job_leaves_it_alone(ada: User, workflow: Workflow, told: Any) -> None:
    first, second = ended(made(workflow)), made(workflow)
    lens.choose(ada, second)
    told()

    gate.delete(first.pk)

    assert lens.of(ada, workflow.pk) == Focus(second.pk, pinned=True)
    assert told() == []


def test_it_does_not_go_to_a_job_that_is_deleted_at_the_same_time(ada: User, workflow: Workflow) -> None:
    left, newest, gone = (ended(made(workflow)) for _ in range(3))
    with before(lambda: gate.delete(gone.pk)):
        gate.delete(newest.pk)
    assert lens.of(ada, workflow.pk) == Focus(left.pk, pinned=False)


def test_a_job_that_is_being_deleted_can_not_be_chosen(ada: User, workflow: Workflow) -> None:
    gone, newest = ended(made(workflow)), made(workflow)
    with pytest.raises(JobGone), before(lambda: lens.choose(ada, gone)):
        gate.delete(gone.pk)
    assert lens.of(ada, workflow.pk) == Focus(newest.pk, pinned=False)


def test_a_job_that_is_gone_can_not_be_chosen(ada: User, workflow: Workflow) -> None:
    job = ended(made(workflow))
    gate.delete(job.pk)

    with pytest.raises(JobGone):
        lens.choose(ada, job)
    assert lens.of(ada, workflow.pk) == Focus(None, pinned=False)


def test_each_person_and_workflow_has_its_own(ada: User, root: User, workflow: Workflow) -> None:
    job, other = made(workflow), factories.workflow(ada)
    lens.choose(root, job)
    made(workflow)

    assert lens.of(root, workflow.pk) == Focus(job.pk, pinned=True)
    assert lens.of(ada, workflow.pk).pinned is False
    assert lens.of(ada, other.pk) == Focus(None, pinned=False)


def test_what_does_not_commit_is_not_told(ada: User, workflow: Workflow, told: Any) -> None:
    job = factories.job(workflow, state=State.COMPLETED)

    with transaction.atomic():
        lens.choose(ada, job)
        transaction.set_rollback(True)

    assert told() == []
