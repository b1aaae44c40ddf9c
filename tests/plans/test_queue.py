"""What the queue does at every step costs the same however many jobs have ended, and however many wait."""

import time
from collections.abc import Callable
from typing import Final

import pytest
from django.db import transaction
from pytest_django import Settings

from accounts.models import User
from runs import entry, gate, queue
from runs.models import Job
from runs.pool import parcels
from runs.pool.sweep import Sweep
from runs.states import State
from runs.submit import Order, submit
from runs.telemetry import EMPTY
from tests.plans.filling import RUNNING, WAITING
from tests.plans.measured import assert_bounded, readings
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("filled"), pytest.mark.usefixtures("valkey")]
STEP: Final = 400
"""Rows that a step may cost."""
LINE: Final = STEP + 2 * WAITING
"""Where all that waits is counted."""


@pytest.fixture(autouse=True)
def bounds(settings: Settings) -> None:
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = settings.MAX_CONCURRENT_JOBS_PER_USER = RUNNING + 1


def test_a_claim() -> None:
    found = readings(lambda: gate.claim("m.1"))
    assert_bounded(found, STEP, "job_waiting", "job_holding")
    assert Job.objects.holding().count() == RUNNING + 1


def test_the_end_of_a_job() -> None:
    claim = gate.claim("m.1")
    assert claim
    end, told = gate.End(State.COMPLETED), gate.Telemetry("1-1", EMPTY)
    assert_bounded(readings(lambda: gate.finish(claim, end, told)), STEP, "runs_job")


def test_a_submit(ada: User) -> None:
    workflow = Workflow.objects.filter(owner=ada, jobs_made__gt=0).first()
    assert workflow
    assert_bounded(readings(lambda: submit(ada, workflow, Order())), LINE, "job_place", "job_waiting")


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (Job.objects.startable, "job_holding"),
        (gate.expired, "job_holding"),
        (lambda: gate.renew(["m.1", "m.2"]), "job_holding"),
        (gate.renew_all, "job_holding"),
    ],
)
def test_free_slots_and_leases(ask: Callable[[], object], index: str) -> None:
    assert_bounded(readings(ask), STEP, index)


def test_where_the_last_of_the_line_stands(ada: User) -> None:
    last = Job.objects.waiting().last()
    assert last
    assert_bounded(readings(lambda: queue.document(last)), LINE, "job_waiting")


def test_the_bound_of_waiting_jobs(ada: User) -> None:
    assert_bounded(readings(lambda: entry.refuse_beyond(ada.pk, 0)), LINE, "job_waiting")


def test_the_summary_of_the_queue(root: User) -> None:
    assert_bounded(readings(lambda: queue.summary(root)), LINE, "job_waiting", "job_holding")


def test_a_round_of_the_sweep(settings: Settings) -> None:
    settings.RETENTION_DAYS, settings.RETENTION_JOBS = 10_000, 10_000
    sweep = Sweep("m")
    sweep.round()  # takes the duty
    sweep.seen_at = time.time()
    assert_bounded(readings(sweep.round), STEP, "job_holding")


def test_what_the_sweep_deletes_now_and_then(settings: Settings) -> None:
    settings.RETENTION_DAYS, settings.RETENTION_JOBS = 10_000, 10_000
    assert_bounded(readings(Sweep("m")._prune), LINE, "job_by_ended")


def test_what_webhooks_are_due() -> None:
    with transaction.atomic():
        assert_bounded(readings(lambda: list(parcels.take(()))), STEP, "delivery_due")
