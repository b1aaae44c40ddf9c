"""A batch that is being written: seen by nobody, there whole or not at all, and nobody waits for it."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from runs import batches, entry, gate, lens, making
from runs.entry import Entry
from runs.errors import BatchGivenUp, TooManyWaiting
from runs.grid import Grid
from runs.models import Batch, Job, JobTransition, RunFocus
from runs.pages import board
from runs.pool.sweep import Sweep
from runs.promotion import promote
from runs.removal import remove_workflow
from runs.sockets import reading, sight
from runs.submit import Order, submit
from tests import factories
from tests.rest import Rest
from tests.turns import before
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

COUNT = 30


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def write(workflow: Workflow, count: int = COUNT, lane: str = "normal") -> uuid.UUID:
    """A batch that is all written and not yet released."""
    entries = [Entry(uuid.uuid4(), {"word": f"w{index}"}, f"w{index}") for index in range(count)]
    return making.write(workflow.owner, workflow, entries, lane=lane)


@pytest.fixture
def hidden(workflow: Workflow) -> uuid.UUID:
    return write(workflow)


def numbers(jobs: Any) -> list[int]:
    return [job.number for job in jobs]


def test_no_list_and_no_request_knows_of_it(ada: User, workflow: Workflow, hidden: uuid.UUID) -> None:
    rest, one = Rest(ada), Job.rows.filter(batch_id=hidden)[0]

    assert Job.rows.count() == COUNT
    for query in ({}, {"workflow": workflow.pk}, {"batch": hidden}, {"state": "queued"}):
        assert rest.get("/jobs", query).json() == {"items": [], "next": None}
    assert rest.get(f"/jobs/{one.pk}").status_code == rest.get(f"/batches/{hidden}").status_code == 404
    assert rest.post(f"/jobs/{one.pk}/cancellation").status_code == 404
    assert rest.post(f"/workflows/{workflow.pk}/cancellation", {}).json() == {"cancelled": 0}
    queue = rest.get("/queue").json()
    assert (queue["waiting"], queue["mine"]["waiting"]) == (0, 0)
    assert board.read(ada, workflow).waiting == 0


def test_no_socket_knows_of_it(ada: User, workflow: Workflow, hidden: uuid.UUID) -> None:
    one = Job.rows.filter(batch_id=hidden)[0]
    seen = sight.look([one.pk], [(ada.pk, workflow.pk)])

    assert (seen.versions, seen.positions, seen.crowds[workflow.pk]) == ({}, {}, sight.NOBODY)
    assert reading.active_jobs(workflow.pk) == reading.of_batch(workflow.pk, hidden) == []


def test_the_administration_does_not_list_it(root: User, client: Client, hidden: uuid.UUID) -> None:
    client.force_login(root)

    assert "0 jobs" in client.get("/admin/runs/job/").content.decode()
    assert client.get(f"/admin/runs/job/{Job.rows.all()[0].pk}/change/").status_code == 302


def test_the_gate_starts_and_counts_none_of_it(workflow: Workflow, hidden: uuid.UUID) -> None:
    assert gate.claim("w1") is None
    assert Job.objects.startable() == 0
    behind = submit(workflow.owner, workflow, Order())
    assert gate.positions([behind.pk, *Job.rows.values_list("pk", flat=True)]) == {behind.pk: 1}
    claim = gate.claim("w1")
    assert claim is not None
    assert claim.job_id == behind.pk


def test_it_uses_up_nobodys_room_to_wait_until_it_is_released(
    workflow: Workflow, hidden: uuid.UUID, settings: Any
) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = COUNT
    submit(workflow.owner, workflow, Order())

    with pytest.raises(TooManyWaiting):
        making.release(workflow.owner, hidden, focus=True)
    assert Job.objects.count() == 1


def test_no_lens_goes_to_it_before_it_is_released(ada: User, workflow: Workflow, hidden: uuid.UUID) -> None:
    assert lens.release(ada, workflow.pk).job_id is None

    making.release(ada, hidden, focus=True)
    assert RunFocus.objects.get().job == Job.objects.get(number=1)


def test_released_it_is_there_whole_in_its_order(ada: User, workflow: Workflow, hidden: uuid.UUID) -> None:
    making.release(ada, hidden, focus=False)
    jobs = batches.jobs_of(hidden)

    assert [job.label for job in jobs] == [f"w{index}" for index in range(COUNT)]
    assert numbers(jobs) == numbers(Job.objects.waiting()) == list(range(1, COUNT + 1))
    assert all(one.created_at < other.created_at for one, other in pairwise(jobs))
    assert JobTransition.objects.filter(from_state="", to_state="queued", by="ada").count() == COUNT


def test_who_comes_meanwhile_is_behind_it_with_a_number_of_its_own(ada: User, workflow: Workflow) -> None:
    first = submit(ada, workflow, Order())
    hidden = write(workflow)
    last = submit(ada, workflow, Order())
    making.release(ada, hidden, focus=False)

    assert numbers(Job.objects.waiting()) == list(range(1, COUNT + 3))
    assert gate.positions([first.pk, last.pk]) == {first.pk: 1, last.pk: COUNT + 2}


@pytest.mark.parametrize("before_all", [True, False])
def test_a_promotion_meanwhile_leaves_its_places_alone(ada: User, workflow: Workflow, before_all: bool) -> None:
    submit(ada, workflow, Order())
    hidden = write(workflow)
    last = submit(ada, workflow, Order())
    promote(last.pk, before_all=before_all)
    making.release(ada, hidden, focus=False)

    places = list(Job.objects.values_list("place", flat=True))
    assert len(set(places)) == COUNT + 2
    assert numbers(Job.objects.waiting())[0] == last.number


def test_it_is_written_in_transactions_that_are_short(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    insert = entry.insert

    def noted(jobs: Any, by: str) -> None:
        sizes.append(len(jobs))
        insert(jobs, by)

    monkeypatch.setattr(entry, "insert", noted)
    write(workflow, 1000)

    assert sum(sizes) == 1000
    assert max(sizes) <= 100


def test_its_release_costs_the_same_however_large_it_is(ada: User, workflow: Workflow) -> None:
    asked = []
    for count in (2, 500):
        batch_id = write(workflow, count)
        with CaptureQueriesContext(connection) as captured:
            making.release(ada, batch_id, focus=False)
        asked.append(len(captured))

    assert asked[0] == asked[1] < 25


def test_what_is_not_released_is_removed(ada: User, workflow: Workflow) -> None:
    plan = batches.plan(workflow, Grid({"word": ["a", "b", "c"]}))

    with batches.written(ada, plan):
        assert Job.rows.count() == 3
    assert (Job.rows.count(), Batch.objects.count(), JobTransition.objects.count()) == (0, 0, 0)
    assert Workflow.objects.get().jobs_made == 0


def test_a_batch_whose_writing_fails_leaves_nothing(workflow: Workflow) -> None:
    taken = factories.job(workflow, number=10_000, place=10_000)
    entries = [Entry(pk, {}, "") for pk in (uuid.uuid4(), taken.pk, uuid.uuid4())]

    with pytest.raises(Exception, match=r"(?i)unique"):
        making.write(workflow.owner, workflow, entries, lane="normal")
    assert list(Job.rows.all()) == [taken]
    assert not Batch.objects.exists()


def test_what_a_dead_writer_left_is_swept(workflow: Workflow, hidden: uuid.UUID) -> None:
    sweep = Sweep("a pool")
    sweep.round()
    assert Job.rows.count() == COUNT  # its writer may live

    Batch.objects.update(making_until=timezone.now() - timedelta(seconds=1))
    sweep.round()
    assert (Job.rows.count(), Batch.objects.count()) == (0, 0)


def test_a_writer_that_was_given_up_writes_and_releases_nothing_more(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swept(*_: object) -> Iterator[list[Job]]:
        Batch.objects.update(making_until=timezone.now() - timedelta(seconds=1))
        making.clear_leftovers()
        yield [factories.job(workflow)]

    monkeypatch.setattr(making, "_chunks", swept)
    with pytest.raises(BatchGivenUp):
        write(workflow)
    with pytest.raises(BatchGivenUp):
        making.release(workflow.owner, uuid.uuid4(), focus=False)
    assert not Batch.objects.exists()


def test_clearing_leaves_a_released_batch_alone(ada: User, workflow: Workflow, hidden: uuid.UUID) -> None:
    making.release(ada, hidden, focus=False)
    making.clear(hidden)
    making.clear_leftovers()

    assert Job.objects.count() == COUNT


def test_a_workflow_that_goes_meanwhile_takes_it_along(ada: User, workflow: Workflow, hidden: uuid.UUID) -> None:
    remove_workflow(workflow)

    with pytest.raises(BatchGivenUp):
        making.release(ada, hidden, focus=False)
    assert not Job.rows.exists()


def test_a_workflow_that_is_to_go_takes_no_batch(ada: User, workflow: Workflow, hidden: uuid.UUID) -> None:
    Workflow.objects.update(leaving=True)

    with pytest.raises(Workflow.DoesNotExist):
        making.release(ada, hidden, focus=False)
    assert not Job.objects.exists()


def test_a_request_that_fails_at_its_end_leaves_nothing_and_may_come_again(ada: User, workflow: Workflow) -> None:
    path, body = f"/workflows/{workflow.pk}/batches", {"axes": {"word": ["a", "b"]}}
    kept = Workflow.objects.get()
    Workflow.objects.update(leaving=True)
    with pytest.raises(Workflow.DoesNotExist):
        batches.make(ada, batches.plan(kept, Grid({"word": ["a", "b"]})))
    Workflow.objects.update(leaving=False)

    assert not Job.rows.exists()
    assert Rest(ada).post(path, body, idempotency_key="k").status_code == 201


def test_what_is_submitted_while_it_is_released_is_counted(ada: User, workflow: Workflow, settings: Any) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 2
    batch_id = write(workflow, 2)
    with pytest.raises(TooManyWaiting), before(lambda: making.release(ada, batch_id, focus=False)):
        submit(ada, workflow, Order())
    assert Job.objects.count() == 1
