"""Every list is read along an index: its cost does not grow with what is not on the page."""

import uuid
from typing import Any

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from runs.models import Asset
from runs.pages import board, gallery
from runs.states import State
from tests import factories
from tests.explained import assert_index, explained
from tests.rest import Rest
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def workflow(ada: User, valkey: redis.Redis) -> Workflow:
    return factories.workflow(ada)


def plans(rest: Rest, path: str, table: str, **query: object) -> list[str]:
    """How the database reads the table for the page behind the first one."""
    first = rest.get(path, {**query, "limit": 1}).json()
    behind = {**query, "limit": 1, "cursor": first["next"]}
    return explained(lambda: rest.get(path, behind), table, "ORDER BY")


def jobs(workflow: Workflow, **fields: Any) -> None:
    for _ in range(3):
        factories.job(workflow, state=State.COMPLETED, **fields)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("field", "index"),
    [
        ("created_at", "job_of_owner"),
        ("started_at", "job_of_owner_by_started"),
        ("ended_at", "job_of_owner_by_ended"),
        ("duration", "job_of_owner_by_duration"),
    ],
)
def test_my_jobs_in_every_order(ada: User, workflow: Workflow, field: str, index: str, sign: str) -> None:
    jobs(workflow, **{field: 1.5 if field == "duration" else timezone.now()})
    jobs(workflow)

    assert_index(plans(Rest(ada), "/jobs", "runs_job", order=f"{sign}{field}"), index)


def test_jobs_of_a_workflow(ada: User, workflow: Workflow) -> None:
    jobs(workflow)

    assert_index(plans(Rest(ada), "/jobs", "runs_job", workflow=workflow.pk), "job_of_workflow")


@pytest.mark.parametrize("also", [{}, {"state": "completed"}])
@pytest.mark.parametrize("scope", [Scope.READ, Scope.ADMIN])
def test_jobs_of_a_batch(root: User, workflow: Workflow, scope: Scope, also: dict[str, str]) -> None:
    workflow.owner = root
    workflow.save()
    batch_id = uuid.uuid4()
    jobs(workflow, batch_id=batch_id)

    assert_index(plans(Rest(root, scope), "/jobs", "runs_job", batch=batch_id, **also), "job_of_batch")


def test_everyones_jobs(root: User, workflow: Workflow) -> None:
    jobs(workflow)

    assert_index(plans(Rest(root, Scope.ADMIN), "/jobs", "runs_job"), "job_by_created")


@pytest.mark.parametrize("state", ["queued", "running", "cancelling"])
def test_my_active_jobs_among_many_that_have_ended(ada: User, workflow: Workflow, state: str) -> None:
    jobs(workflow)

    found = explained(lambda: Rest(ada).get("/jobs", {"state": state}), "runs_job", "ORDER BY")

    assert all("job_of_owner_active" in plan for plan in found)


def test_my_workflows(ada: User, workflow: Workflow) -> None:
    factories.workflow(ada)

    assert_index(plans(Rest(ada), "/workflows", "workflows_workflow"), "workflow_of_owner")


def test_the_assets_of_a_workflow(ada: User, workflow: Workflow) -> None:
    for _ in range(3):
        job = factories.job(workflow)
        Asset.objects.create(
            owner=ada, workflow=workflow, job=job, node="n", output="v", kind="text", created_at=timezone.now()
        )

    assert_index(plans(Rest(ada), f"/workflows/{workflow.pk}/assets", "runs_asset"), "asset_of_workflow")


def test_the_assets_of_a_job(ada: User, workflow: Workflow) -> None:
    job = factories.job(workflow)
    place = {"owner": ada, "workflow": workflow, "job": job, "node": "n", "output": "v"}
    for index in range(3):
        Asset.objects.create(index=index, kind="text", created_at=timezone.now(), **place)

    assert_index(plans(Rest(ada), f"/jobs/{job.pk}/assets", "runs_asset"), "asset_of_job")


def test_the_runs_beside_a_canvas(ada: User, workflow: Workflow) -> None:
    jobs(workflow)

    found = explained(lambda: board.read(ada, workflow), "runs_job")

    assert any("job_of_workflow_by_state" in plan for plan in found)
    assert not any("SCAN runs_job" in plan and "INDEX" not in plan for plan in found)


def test_the_gallery_of_a_node(ada: User, workflow: Workflow) -> None:
    for _ in range(3):
        factories.product(factories.job(workflow))

    found = explained(lambda: gallery.read(workflow.pk, "out"), "runs_asset")

    assert any("asset_of_node" in plan for plan in found)
    found += explained(lambda: gallery.made_by_jobs(workflow.pk, ["out"]), "runs_asset")
    assert not any("SCAN runs_asset" in plan and "INDEX" not in plan for plan in found)
