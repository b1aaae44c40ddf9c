"""Every list, over REST, on pages and in the administration, reads what it shows, and little else: along an index."""

from typing import Any, Final
from uuid import UUID

import pytest
import redis
from django.test import Client

from accounts.long_lists import COUNTED
from accounts.models import User
from accounts.scopes import Scope
from tests.plans import filling
from tests.plans.filling import JOBS, WAITING, WORKFLOWS
from tests.plans.measured import assert_bounded, readings
from tests.rest import Rest

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("filled"), pytest.mark.usefixtures("valkey")]
PAGE: Final = 600
"""Rows that a page of fifty may cost, each with what it shows from other tables."""
LINE: Final = PAGE + WAITING
"""Where the position of a waiting run is shown: those before it are counted."""
WORKFLOW: Final = 3 * JOBS // WORKFLOWS
"""Where all runs, or all products, of one workflow are looked through for what no index knows."""
UNWELL: Final = JOBS // 40
"""All runs that have failed or were cancelled."""
ONE: Final = UUID(int=0)
"""A workflow of Ada's, with a tenth of all runs."""

RECENTLY: Final = filling.at(JOBS - 3 * WAITING).isoformat()
MONTH: Final = "created_at__year={0.year}&created_at__month={0.month}".format(filling.at(JOBS // 2))
Query = dict[str, Any]
JOB_LISTS: Final[list[tuple[Query, int, str]]] = [
    ({}, LINE, "job_of_owner"),
    ({"order": "created_at"}, PAGE, "job_of_owner"),
    ({"order": "started_at"}, PAGE, "by_started"),
    ({"order": "-started_at"}, PAGE, "by_started"),
    ({"order": "ended_at"}, PAGE, "by_ended"),
    ({"order": "-ended_at"}, PAGE, "by_ended"),
    ({"order": "duration"}, PAGE, "by_duration"),
    ({"order": "-duration"}, PAGE, "by_duration"),
    ({"state": "queued"}, LINE, "job_"),
    ({"state": "running"}, LINE, "job_"),
    ({"state": "cancelling"}, LINE, "job_"),
    ({"state": "completed"}, LINE, "job_of_owner"),
    ({"state": "failed"}, UNWELL, "job_of_owner_unwell"),
    ({"state": "cancelled"}, UNWELL, "job_of_owner_unwell"),
    ({"state": "completed", "order": "-duration"}, PAGE, "by_duration"),
    ({"submitted_after": RECENTLY}, 4 * LINE, "job_of_owner"),
    ({"submitted_after": RECENTLY, "order": "-duration"}, 4 * LINE, "job_"),
    ({"label": "word 99000"}, 3 * JOBS, "job_of_owner"),
    ({"workflow": ONE}, LINE, "job_of_workflow"),
    ({"workflow": ONE, "state": "completed"}, PAGE, "job_of_workflow"),
    ({"workflow": ONE, "state": "cancelled"}, WORKFLOW, "job_"),
    ({"workflow": ONE, "order": "-duration"}, WORKFLOW, "job_"),
    ({"workflow": ONE, "label": "word 10"}, WORKFLOW, "job_"),
    ({"workflow": ONE, "param.word": "10"}, 3 * WORKFLOW, "job_"),
    ({"workflow": ONE, "search": "word 10"}, WORKFLOW, "job_"),
    ({"batch": UUID(int=5)}, PAGE, "job_of_batch"),
    ({"batch": UUID(int=5), "state": "failed", "order": "-ended_at"}, PAGE, "job_of_batch"),
]


def name(value: object) -> str | None:
    """The same in every process, whenever it began."""
    if not isinstance(value, dict):
        return None
    return " ".join(key if each is RECENTLY else f"{key}={each}" for key, each in value.items()) or "all"


def pages(rest: Rest, path: str, query: Query) -> None:
    """The first one, and the one behind it."""
    first = rest.get(path, query).json()
    if first["next"]:
        rest.get(path, {**query, "cursor": first["next"]}).json()


@pytest.mark.parametrize(("query", "most", "index"), JOB_LISTS, ids=name)
def test_jobs(ada: User, query: Query, most: int, index: str) -> None:
    rest = Rest(ada)
    assert_bounded(readings(lambda: pages(rest, "/jobs", query)), most, index)


@pytest.mark.parametrize(
    ("order", "index"),
    [
        ("-created_at", "job_by_created"),
        ("-started_at", "job_by_started"),
        ("ended_at", "job_by_ended"),
        ("-duration", "job_by_duration"),
    ],
)
def test_everyones_jobs(root: User, order: str, index: str) -> None:
    rest = Rest(root, Scope.ADMIN)
    assert_bounded(readings(lambda: pages(rest, "/jobs", {"order": order})), LINE, index)


@pytest.mark.parametrize(
    ("path", "query", "most", "index"),
    [
        ("/workflows", {}, PAGE, "workflow_of_owner"),
        (f"/workflows/{ONE}/versions", {}, PAGE, "workflows_workflowversion"),
        (f"/workflows/{ONE}/assets", {}, PAGE, "asset_of_workflow"),
        (f"/workflows/{ONE}/assets", {"order": "created_at"}, PAGE, "asset_of_workflow"),
        (f"/workflows/{ONE}/assets", {"node": "out"}, PAGE, "asset_of_node"),
        (f"/workflows/{ONE}/assets", {"node": "none"}, PAGE, "asset_of_node"),
        (f"/workflows/{ONE}/assets", {"job": UUID(int=10)}, PAGE, "asset_"),
        (f"/workflows/{ONE}/assets", {"kind": "image"}, WORKFLOW, "asset_"),
        ("/tokens", {}, PAGE, "accounts_apitoken"),
        ("/webhooks", {}, PAGE, "webhook_of_owner"),
        (f"/webhooks/{UUID(int=1)}/deliveries", {}, PAGE, "delivery_of_webhook"),
        ("/queue", {}, LINE, "job_waiting"),
    ],
    ids=name,
)
def test_other_lists(ada: User, path: str, query: Query, most: int, index: str) -> None:
    rest = Rest(ada)
    assert_bounded(readings(lambda: pages(rest, path, query) if path != "/queue" else rest.get(path)), most, index)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 4 * PAGE + WAITING),  # two hundred cards
        (f"/workflows/{ONE}/", WORKFLOW),  # how many of its runs stand how, as the index of their states alone tells
        (f"/workflows/{ONE}/runs/", WORKFLOW),
        (f"/workflows/{ONE}/runs/?state=failed", WORKFLOW),
        (f"/workflows/{ONE}/runs/?order=-duration", WORKFLOW),
        (f"/workflows/{ONE}/nodes/out/", 2 * PAGE),
        ("/settings/tokens/", PAGE),
        ("/settings/webhooks/", 2 * LINE),
        (f"/settings/webhooks/{UUID(int=1)}/", PAGE),
    ],
)
def test_pages(ada: User, client: Client, path: str, most: int) -> None:
    client.force_login(ada)
    assert_bounded(readings(lambda: client.get(path).content), most)


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/admin/queue/", "job_waiting"),
        ("/admin/runs/job/", "job_by_created"),
        ("/admin/runs/job/?p=2", "job_by_created"),
        ("/admin/runs/job/?whose=ada", "job_of_owner"),
        ("/admin/runs/job/?whose=bob", "job_of_owner"),
        ("/admin/runs/job/?of=Other+7", "job_of_workflow"),
        ("/admin/runs/job/?MONTH", "job_by_created"),
        ("/admin/runs/asset/", "asset_by_created"),
        ("/admin/runs/asset/?whose=bob", "asset_of_owner"),
        ("/admin/runs/webhook/", "webhook_by_created"),
        ("/admin/runs/delivery/", "delivery_by_created"),
        (f"/admin/runs/delivery/?webhook={UUID(int=1)}", "delivery_of_webhook"),
        ("/admin/runs/runfocus/", "runfocus"),
        ("/admin/workflows/workflow/", ""),
        ("/admin/accounts/user/", ""),
        ("/admin/accounts/apitoken/", ""),
    ],
)
def test_the_administration(root: User, client: Client, valkey: redis.Redis, path: str, index: str) -> None:
    """It counts no further than people turn pages."""
    client.force_login(root)
    assert_bounded(
        readings(lambda: client.get(path.replace("MONTH", MONTH)).content), COUNTED + 2 * PAGE + WAITING, index
    )
