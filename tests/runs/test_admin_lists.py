"""Lists in the administration: no query or trip to Redis per row, pages along indexes, no count without bound."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import long_lists
from accounts.models import User
from runs import webhooks
from runs.models import Delivery, Job, RunFocus
from runs.redis import progress_key
from runs.states import State
from tests import factories

pytestmark = pytest.mark.django_db
JOBS, ASSETS, WORKFLOWS = "/admin/runs/job/", "/admin/runs/asset/", "/admin/workflows/workflow/"
HOOKS, DELIVERIES = "/admin/runs/webhook/", "/admin/runs/delivery/"


@pytest.fixture
def admin(client: Client, root: User, valkey: redis.Redis) -> Client:
    client.force_login(root)
    return client


def pictured(owner: User, state: State = State.COMPLETED) -> Job:
    """A job of a workflow of its own, which has made a picture."""
    job = factories.job(factories.workflow(owner), state=state)
    factories.picture(job, result="picture")
    return job


def focused(owner: User) -> None:
    job = pictured(owner)
    RunFocus.objects.create(user=owner, workflow=job.workflow, job=job)


def running_and_waiting(owner: User) -> None:
    for state in (State.RUNNING, State.QUEUED):
        pictured(owner, state)


def told(owner: User) -> None:
    hook, now = webhooks.make(owner, "https://example.org/", ["job.ended"], None)[0], timezone.now()
    Delivery.objects.create(webhook=hook, event="job.ended", subject=hook.pk, created_at=now, due_at=now)


def rows(html: str) -> int:
    return html.split("<tbody>")[1].count("<tr>")


def statements(client: Client, address: str, table: str) -> list[str]:
    """The statements that read a page of this table, in order."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [each["sql"] for each in captured if f'FROM "{table}"' in each["sql"] and "LIMIT" in each["sql"]]


@pytest.mark.parametrize(
    ("address", "make", "each"),
    [
        (JOBS, running_and_waiting, 2),
        (ASSETS, pictured, 1),
        (WORKFLOWS, pictured, 1),
        ("/admin/runs/runfocus/", focused, 1),
        (HOOKS, told, 1),
        (DELIVERIES, told, 1),
    ],
)
def test_a_page_costs_the_same_however_many_rows_it_has(
    admin: Client,
    ada: User,
    valkey: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    make: Callable[[User], Any],
    each: int,
) -> None:
    monkeypatch.setattr(webhooks, "MOST", 100)
    costs = {}
    for made in (5, 20):
        for _ in range(made):
            make(ada)
        admin.get(address)  # what a process keeps, it keeps now
        before = valkey.info("stats")["total_commands_processed"]
        with CaptureQueriesContext(connection) as queries:
            html = admin.get(address).content.decode()
        costs[rows(html)] = (len(queries), valkey.info("stats")["total_commands_processed"] - before)
    assert list(costs) == [5 * each, 25 * each]
    assert len(set(costs.values())) == 1


@pytest.mark.parametrize("address", [JOBS, ASSETS, WORKFLOWS])
def test_rows_have_pictures(admin: Client, ada: User, address: str) -> None:
    job = pictured(ada)
    assert f'<img src="/admin/runs/asset/{job.assets.get().pk}/thumbnail/"' in admin.get(address).content.decode()


def test_how_far_a_running_job_is_its_worker_says(admin: Client, ada: User, valkey: redis.Redis) -> None:
    valkey.set(progress_key(pictured(ada, State.RUNNING).pk), 0.25)
    assert '<progress max="1" value="0.250"' in admin.get(JOBS).content.decode()


@pytest.mark.parametrize(("address", "table"), [(JOBS, "runs_job"), (ASSETS, "runs_asset")])
def test_nothing_is_counted_beyond_what_one_turns_to(
    admin: Client, ada: User, monkeypatch: pytest.MonkeyPatch, address: str, table: str
) -> None:
    monkeypatch.setattr(long_lists, "COUNTED", 3)
    for _ in range(5):
        pictured(ada)
    assert "more than 3" in admin.get(address).content.decode()
    assert not [each for each in statements(admin, address, table) if "COUNT(*)" in each and "LIMIT 3" not in each]


def test_no_filter_offers_everyone_there_is(admin: Client, ada: User, bob: User) -> None:
    pictured(ada)
    pictured(bob)
    for address in (JOBS, ASSETS, WORKFLOWS):
        sidebar = admin.get(address).content.decode().split('id="changelist-filter"')[1]
        assert "bob" not in sidebar


def test_what_is_typed_into_a_filter_keeps_the_others(admin: Client, ada: User, bob: User) -> None:
    for owner in (ada, bob):
        pictured(owner)
        pictured(owner, State.FAILED)
    html = admin.get(f"{JOBS}?state__exact=failed&whose=ada").content.decode()
    assert rows(html) == 1
    assert '<input type="hidden" name="state__exact" value="failed">' in html
    assert 'href="?state__exact=failed">All' in html


@pytest.mark.parametrize("cell", ["workflow__id__exact", "owner__id__exact"])
def test_a_cell_leads_to_all_runs_like_it(admin: Client, ada: User, bob: User, cell: str) -> None:
    for owner in (ada, bob):
        pictured(owner)
    address = re.findall(rf'href="(\?{cell}=[^"]+)"', admin.get(JOBS).content.decode())[0]
    assert rows(admin.get(f"{JOBS}{address}").content.decode()) == 1


def test_a_whole_id_finds_its_row(admin: Client, ada: User) -> None:
    job = pictured(ada)
    pictured(ada)
    for address, row in ((JOBS, job), (ASSETS, job.assets.get()), (WORKFLOWS, job.workflow)):
        html = admin.get(f"{address}?q={row.pk}").content.decode()
        assert rows(html) == 1
        assert str(row.pk) in html


def test_its_dates_lead_to_the_years_months_and_days_that_have_runs(admin: Client, ada: User) -> None:
    for year, month, day in ((2025, 12, 31), (2026, 2, 1), (2026, 2, 3)):
        factories.job(factories.workflow(ada), created_at=datetime(year, month, day, 23, 59, tzinfo=UTC))

    assert drill(admin, "") == ["2025", "2026"]
    assert drill(admin, "?created_at__year=2026") == ["All dates", "February 2026"]
    february = "created_at__year=2026&created_at__month=2"
    assert drill(admin, f"?{february}&state__exact=failed") == ["2026", "February 1", "February 3"]
    assert drill(admin, f"?{february}&created_at__day=3") == ["February 2026", "February 3"]
    assert rows(admin.get(f"{JOBS}?{february}&created_at__day=3").content.decode()) == 1


def test_what_has_one_choice_is_not_chosen_from(admin: Client, ada: User) -> None:
    assert drill(admin, "") == []
    for day in (1, 9):
        factories.job(factories.workflow(ada), created_at=datetime(2026, 3, day, tzinfo=UTC))
    assert drill(admin, "") == ["2026", "March 1", "March 9"]


def drill(admin: Client, query: str) -> list[str]:
    """The dates to choose from."""
    html = admin.get(f"{JOBS}{query}").content.decode()
    nav = re.search(r'<nav class="toplinks">(.*?)</nav>', html, re.DOTALL)
    words = unescape(re.sub("<[^>]+>", "", nav[1])).splitlines() if nav else []
    return [each.strip("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} ") for each in words if each.strip()]
