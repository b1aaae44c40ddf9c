"""What the queue asks of the database at every step is read along an index of what has not ended, however much has."""

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from runs import entry, gate, queue
from runs.models import Job
from runs.pages import board
from runs.states import State
from tests import factories
from tests.explained import explained
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def workflow(ada: User) -> Workflow:
    """With one run in each of these states."""
    workflow = factories.workflow(ada)
    for state in (State.QUEUED, State.RUNNING, State.COMPLETED):
        factories.job(workflow, state=state)
    return workflow


def assert_along(plans: list[str], *indexes: str) -> None:
    """Each reads along one of these; on PostgreSQL, which goes by how many rows there are, along any."""
    if connection.vendor == "postgresql":
        indexes = ("Index Scan", "Index Only Scan")
    for plan in plans:
        assert any(index in plan for index in indexes), plan


@pytest.mark.usefixtures("workflow")
def test_a_claim(settings: Settings) -> None:
    settings.MAX_CONCURRENT_JOBS = 5
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = settings.MAX_CONCURRENT_JOBS_PER_USER = 3

    plans = explained(lambda: gate.claim("m.1"), "runs_job")

    assert_along(plans, "job_waiting", "job_holding")


@pytest.mark.usefixtures("workflow")
def test_free_slots() -> None:
    assert_along(explained(Job.objects.startable, "runs_job"), "job_waiting", "job_holding")


@pytest.mark.usefixtures("workflow")
def test_leases_that_run_out() -> None:
    assert_along(explained(gate.expired, "runs_job"), "job_holding")


def test_a_waiting_job_with_its_position_and_what_it_waits_for(workflow: Workflow) -> None:
    job = Job.objects.waiting().get()

    plans = explained(lambda: queue.document(job), "runs_job")

    assert_along(plans, "job_waiting", "job_holding", "sqlite_autoindex_runs_job", "runs_job_pkey")


def test_the_bound_of_waiting_jobs(ada: User, workflow: Workflow, settings: Settings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1

    plans = explained(lambda: entry.refuse_beyond(ada.pk, 0), "runs_job")

    assert_along(plans, "job_waiting")


@pytest.mark.usefixtures("workflow")
def test_the_summary_of_the_queue(root: User) -> None:
    assert_along(explained(lambda: queue.summary(root), "runs_job"), "job_waiting", "job_holding")


def test_what_runs_elsewhere_beside_a_canvas(ada: User, workflow: Workflow) -> None:
    other = factories.workflow(ada)

    plans = explained(lambda: board.read(ada, other), "runs_job", 'NOT ("runs_job"."workflow_id"')

    assert_along(plans, "job_waiting", "job_holding")
