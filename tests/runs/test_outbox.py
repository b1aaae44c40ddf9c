"""What webhooks are told: written with what it tells of, or not at all."""

from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from runs import gate, outbox, webhooks
from runs.models import DELIVERED, FAILED, Delivery, Job, Webhook
from runs.pool import parcels
from runs.states import State
from runs.telemetry import EMPTY
from tests import factories
from tests.receiving import SECRET
from tests.rest import Rest
from tests.runs import jobs
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]
URL = "https://example.org/hook"
ALL = ("job.ended", "batch.ended", "asset.created")


def hook(owner: User, *events: str, workflow: Workflow | None = None) -> Webhook:
    return webhooks.make(owner, URL, events or ALL, workflow)[0]


def told(hook: Webhook) -> list[tuple[str, Any]]:
    return list(Delivery.objects.filter(webhook=hook).order_by("created_at", "event").values_list("event", "subject"))


def batch(rest: Rest, workflow: Workflow, count: int) -> str:
    body = {"axes": {"word": [f"w{index}" for index in range(count)]}}
    return str(rest.post(f"/workflows/{workflow.pk}/batches", body).json()["batch_id"])


def test_a_run_tells_of_its_products_and_its_end(ada: User) -> None:
    heard = hook(ada)
    job = jobs.ran(ada)
    asset = job.assets.get()
    assert told(heard) == [("asset.created", asset.pk), ("job.ended", job.pk)]


def test_only_events_that_were_asked_for_are_told(ada: User) -> None:
    ends, products = hook(ada, "job.ended"), hook(ada, "asset.created")
    job = jobs.ran(ada)
    assert told(ends) == [("job.ended", job.pk)]
    assert told(products) == [("asset.created", job.assets.get().pk)]


def test_one_of_a_workflow_hears_of_that_alone_and_nobody_hears_of_others_runs(ada: User, bob: User) -> None:
    job = jobs.ran(ada)
    of_this, of_another = hook(ada, workflow=job.workflow), hook(ada, workflow=factories.workflow(ada))
    of_bob = hook(bob)
    again = jobs.ran_again(job)
    Rest(ada).upload("note.txt", b"hello")
    assert ("job.ended", again.pk) in told(of_this)
    assert len(told(of_this)) == 2
    assert told(of_another) == told(of_bob) == []


def test_an_upload_is_told_of_too(ada: User) -> None:
    heard = hook(ada)
    made = Rest(ada).upload("note.txt", b"hello").json()
    assert [(event, str(subject)) for event, subject in told(heard)] == [("asset.created", made["id"])]


@pytest.mark.parametrize("way", ["waiting", "running", "lost"])
def test_every_way_to_an_end_is_told_once(ada: User, way: str) -> None:
    heard = hook(ada, "job.ended")
    job = factories.job(factories.workflow(ada), attempts=9)
    if way != "waiting":
        assert gate.claim("w1")
    if way == "lost":
        gate.lost(job.pk, 1, by="pool", why="gone")
    else:
        gate.cancel(job.pk, by="ada")
    if way == "running":
        gate.end(job.pk, 1, code="timeout", message="Late.", by="pool")
    assert told(heard) == [("job.ended", job.pk)]


def test_runs_that_leave_the_queue_together_are_told_of_each(ada: User) -> None:
    heard, workflow = hook(ada, "job.ended"), factories.workflow(ada)
    waiting = {factories.job(workflow).pk for _ in range(3)}
    gate.cancel_fresh(Job.objects.all(), by="ada", most=10)
    assert {subject for _, subject in told(heard)} == waiting


def test_what_is_rolled_back_is_not_told(ada: User) -> None:
    heard, job = hook(ada), factories.job(factories.workflow(ada))
    with transaction.atomic():
        gate.cancel(job.pk, by="ada")
        assert told(heard)
        transaction.set_rollback(True)
    assert told(heard) == []


def test_a_batch_ends_with_its_last_run_and_once(ada: User) -> None:
    heard, rest, workflow = hook(ada, "batch.ended"), Rest(ada), factories.workflow(ada)
    made = batch(rest, workflow, 3)
    for claim in [gate.claim("w1"), gate.claim("w2")]:
        assert claim
        gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry("1-1", EMPTY))
    assert told(heard) == []
    gate.cancel_fresh(Job.objects.all(), by="ada", most=10)
    assert [(event, str(subject)) for event, subject in told(heard)] == [("batch.ended", made)]


def test_runs_that_end_at_once_tell_of_their_batchs_end_once(ada: User) -> None:
    heard = hook(ada, "batch.ended")
    made = batch(Rest(ada), factories.workflow(ada), 2)
    first, last = gate.claim("w1"), gate.claim("w2")

    def finish(claim: gate.Claim | None) -> None:
        assert claim
        gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry("1-1", EMPTY))
        connection.close()

    other = Thread(target=finish, args=(last,))
    with transaction.atomic():
        gate.finish(first, gate.End(State.COMPLETED), gate.Telemetry("1-1", EMPTY))  # type: ignore[arg-type]
        other.start()
        other.join(0.3)  # it may not have counted before this one is written
        assert other.is_alive()
    other.join()
    assert [(event, str(subject)) for event, subject in told(heard)] == [("batch.ended", made)]


def test_a_submits_own_hears_of_its_job_alone(ada: User) -> None:
    job, other = (factories.job(factories.workflow(ada)) for _ in range(2))
    webhooks.add_to(job, URL, SECRET)
    for each in (other, job):
        gate.cancel(each.pk, by="ada")
    assert told(Webhook.objects.get()) == [("job.ended", job.pk)]


def test_one_that_is_disabled_is_told_nothing(ada: User) -> None:
    heard = hook(ada)
    Webhook.objects.update(disabled_at=timezone.now())
    jobs.ran(ada)
    assert told(heard) == []


def test_where_there_is_none_an_end_costs_one_read(ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    with CaptureQueriesContext(connection) as queries:
        outbox.jobs_ended([job])
    assert len(queries) == 1


def test_one_read_finds_who_listens_however_many_runs_have_ended(
    ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hook(ada, "job.ended")
    ended = [factories.job(factories.workflow(ada)) for _ in range(5)]
    with transaction.atomic(), django_assert_num_queries(3):  # is there one, who listens, what is told
        outbox.jobs_ended(ended)


def test_deliveries_that_have_ended_go_when_they_are_old_or_too_many(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "KEPT", 2)
    heard = hook(ada)
    newest, second, *_ = [delivery(heard, days, state=DELIVERED) for days in (1, 2, 3, 31)]
    waiting = delivery(heard, 1, due_at=timezone.now())
    outbox.forget_old()
    assert set(Delivery.objects.all()) == {newest, second, waiting}


def test_one_that_has_waited_for_two_days_is_given_up(ada: User) -> None:
    heard = hook(ada)
    fresh, late = (delivery(heard, days, due_at=timezone.now()) for days in (1, 3))
    outbox.forget_old()
    assert list(Delivery.objects.waiting()) == [fresh]
    late.refresh_from_db()
    assert (late.state, late.due_at) == (FAILED, None)
    assert "two days" in late.error


def test_one_that_was_due_while_loupe_was_off_for_days_is_tried_first(ada: User, bob: User) -> None:
    week_end = timezone.now() - timedelta(days=3)
    untold = delivery(hook(ada), 3, due_at=week_end)
    delivery(hook(ada), 31, due_at=week_end)
    delivery(hook(bob), 3, due_at=week_end)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    outbox.forget_old()
    assert list(Delivery.objects.waiting()) == [untold]


def test_of_what_waits_for_one_webhook_the_newest_so_many_are_told(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT", 1)
    monkeypatch.setattr(outbox, "MOST_WAITING", 2)
    heard, other = hook(ada), hook(ada)
    newest, second, oldest = [delivery(heard, days, due_at=timezone.now()) for days in (0, 1, 1.5)]
    theirs = delivery(other, 1.8, due_at=timezone.now())
    outbox.forget_old()
    assert set(Delivery.objects.waiting()) == {newest, second, theirs}
    oldest.refresh_from_db()
    assert (oldest.state, oldest.error) == (FAILED, "More than 2 waited.")


def test_the_webhook_of_a_job_goes_when_all_is_told_long_since(ada: User) -> None:
    workflow, long_since = factories.workflow(ada), timezone.now() - timedelta(days=31)
    done, waits = (factories.job(workflow, state=state) for state in (State.COMPLETED, State.QUEUED))
    fresh = factories.job(workflow, state=State.COMPLETED)
    for job in (done, waits, fresh):
        webhooks.add_to(job, URL, SECRET)
    Webhook.objects.exclude(job_id=fresh.pk).update(created_at=long_since)
    outbox.forget_old()
    assert {hook.job_id for hook in Webhook.objects.all()} == {waits.pk, fresh.pk}


def delivery(hook: Webhook, days: float, **fields: Any) -> Delivery:
    """One that came so many days ago."""
    at = timezone.now() - timedelta(days=days)
    return Delivery.objects.create(webhook=hook, event="job.ended", subject=uuid4(), created_at=at, **fields)


def test_what_was_written_while_its_webhook_was_disabled_is_not_sent(ada: User) -> None:
    heard = hook(ada)
    jobs.ran(ada)
    Webhook.objects.filter(pk=heard.pk).update(disabled_at=timezone.now(), disabled_why="It is gone.")
    assert list(parcels.take(())) == []
    assert set(Delivery.objects.values_list("state", "error", "due_at")) == {(FAILED, "It is gone.", None)}
