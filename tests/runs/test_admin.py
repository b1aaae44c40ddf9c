"""The administration: every run is looked at and stopped there, through the gate, by name."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from runs import gate, store
from runs.models import Asset, Job, RunFocus
from runs.states import State
from runs.telemetry import EMPTY
from tests import factories
from tests.runs.jobs import claimed, graph, ran

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]
JOBS = "/admin/runs/job/"


@pytest.fixture
def admin(client: Client, root: User) -> Client:
    """Root's browser."""
    client.force_login(root)
    return client


def shown(client: Client, address: str) -> str:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def act(client: Client, action: str, *jobs: Job, **more: str) -> Any:
    chosen = [str(job.pk) for job in jobs]
    return client.post(JOBS, {"action": action, "_selected_action": chosen, **more}, follow=True)


def test_everyones_jobs_are_listed_with_what_one_looks_for(admin: Client, ada: User, bob: User) -> None:
    factories.job(factories.workflow(ada, name="Ada's"), label="seed 42", state=State.RUNNING, worker="w7")
    factories.job(factories.workflow(bob, name="Bob's"))
    listed = shown(admin, JOBS)
    for text in ("Ada's", "Bob's", "seed 42", "w7", "Running", "1st in line"):
        assert text in listed


def test_a_long_name_leaves_room_for_the_state(admin: Client, ada: User) -> None:
    factories.job(factories.workflow(ada, name="A name " * 20))
    assert f"{'A name ' * 3}A name…" in shown(admin, JOBS)


def test_one_job_is_cancelled_from_its_own_page(admin: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    assert 'data-action="stop"' in shown(admin, f"{JOBS}{job.pk}/change/")
    assert admin.get(f"{JOBS}{job.pk}/cancellation/").status_code == 405
    answer: Any = admin.post(f"{JOBS}{job.pk}/cancellation/", follow=True)
    assert "1 cancelled" in answer.content.decode()
    assert 'data-action="stop"' not in answer.content.decode()
    job.refresh_from_db()
    assert (job.state, job.transitions.get().by) == (State.CANCELLED, "root")


def test_ones_own_job_is_a_click_away(admin: Client, root: User, ada: User) -> None:
    own, other = factories.job(factories.workflow(root)), factories.job(factories.workflow(ada))
    assert f'href="/jobs/{own.pk}/"' in shown(admin, f"{JOBS}{own.pk}/change/")
    assert f'href="/jobs/{other.pk}/"' not in shown(admin, f"{JOBS}{other.pk}/change/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=seed", 1),
        ("?q=ada", 2),
        ("?state=queued", 1),
        ("?q=nothing", 0),
        ("?whose=ada", 2),
        ("?whose=bob", 0),
        ("?of=a+workflow", 2),
        ("?of=a+work", 0),
    ],
)
def test_jobs_are_filtered_and_searched(admin: Client, ada: User, query: str, found: int) -> None:
    workflow = factories.workflow(ada)
    factories.job(workflow, label="seed 42", state=State.FAILED)
    factories.job(workflow)
    assert shown(admin, f"{JOBS}{query}").count('class="action-select"') == found


def test_a_job_shows_nodes_parameters_products_and_history(admin: Client, ada: User) -> None:
    job = ran(ada, factories.NOISE, params={"seed": 7})
    detail = shown(admin, f"{JOBS}{job.pk}/change/")
    asset = Asset.objects.get(job=job, node="noise")
    for text in (
        'data-node="noise" data-status="completed"',
        'id="bar-noise"',
        "<dt>seed</dt> <dd>7</dd>",
        "by a worker",
    ):
        assert text in detail
    assert f'src="/admin/runs/asset/{asset.pk}/thumbnail/"' in detail
    assert "/api/v1/" not in detail  # where staff's session sees its own alone


def test_a_failed_job_shows_its_error_with_the_traceback(admin: Client, ada: User) -> None:
    job = ran(ada, graph({"fail": ("control.fail", {"message": "No <b>way</b>."})}))
    answer = admin.get(f"{JOBS}{job.pk}/change/").content.decode()
    assert "Traceback (most recent call last)" in answer
    assert "No &lt;b&gt;way&lt;/b&gt;." in answer
    assert "<b>way" not in answer


def test_an_error_names_the_nodes_title(admin: Client, ada: User) -> None:
    document = graph({"trip": ("control.fail", {"message": "The kiln is cold."})})
    document["nodes"][0]["title"] = "Light the kiln"
    detail = shown(admin, f"{JOBS}{ran(ada, document).pk}/change/")
    assert "<b>Failed in “Light the kiln”.</b>" in detail


def test_a_running_job_shows_who_works_on_it_and_what_its_nodes_do(admin: Client, ada: User) -> None:
    claim = claimed(ada)
    detail = shown(admin, f"{JOBS}{claim.job_id}/change/")
    assert "<dt>worker</dt> <dd>a worker</dd>" in detail
    assert f'hx-ws:connect="/ws/admin/jobs/{claim.job_id}"' in detail


def test_a_job_that_is_not_there_leads_back(admin: Client) -> None:
    for found in ("00000000-0000-4000-8000-000000000001", "nothing"):
        assert admin.get(f"{JOBS}{found}/change/").status_code == 302


def test_what_a_job_cost_is_the_sum_of_what_its_nodes_did(admin: Client, ada: User) -> None:
    claim = claimed(ada)
    told = {**EMPTY, "nodes": {"word": {"status": "completed", "cost": 0.25}, "out": {"cost": 0.5}}}
    gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry("1-1", told))
    assert "<dt>cost</dt> <dd>$0.75</dd>" in shown(admin, f"{JOBS}{claim.job_id}/change/")


def test_jobs_are_run_again_for_their_owner_by_the_admin(admin: Client, root: User, ada: User) -> None:
    job = ran(ada, factories.NOISE, params={"seed": 7})
    assert "1 made" in act(admin, "run_again", job).content.decode()
    again = Job.objects.exclude(pk=job.pk).get()
    assert (again.owner, again.params, again.state) == (ada, {"seed": 7}, State.QUEUED)
    assert again.transitions.get().by == "root"
    assert LogEntry.objects.get().change_message == f"Run again as #{again.number}."


def test_one_job_is_run_again_from_its_own_page(admin: Client, ada: User) -> None:
    job = ran(ada)
    answer: Any = admin.post(f"{JOBS}{job.pk}/rerun/")
    again = Job.objects.exclude(pk=job.pk).get()
    assert answer.headers["Location"] == f"{JOBS}{again.pk}/change/"


def test_what_can_not_run_again_says_why(admin: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada, graph({"n": ("gone.type", {})})), state=State.COMPLETED)
    answer: Any = admin.post(f"{JOBS}{job.pk}/rerun/", follow=True)
    assert "was not run again" in unescape(answer.content.decode())
    assert Job.objects.get() == job


def test_an_admins_cancel_goes_through_the_gate_with_the_admins_name(admin: Client, ada: User) -> None:
    waiting = factories.job(factories.workflow(ada))
    answer = act(admin, "cancel", waiting)
    assert "1 cancelled" in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    assert waiting.transitions.get().by == "root"
    assert LogEntry.objects.get().change_message == "Cancelled."


def test_a_running_job_is_asked_to_stop(admin: Client, ada: User) -> None:
    job = Job.objects.get(pk=claimed(ada).job_id)
    act(admin, "cancel", job)
    job.refresh_from_db()
    assert job.state == State.CANCELLING


def test_what_has_ended_stays_as_it_is(admin: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada), state=State.COMPLETED)
    assert "0 cancelled" in act(admin, "cancel", job).content.decode()
    job.refresh_from_db()
    assert job.state == State.COMPLETED


def test_staff_see_and_stop_everybodys_runs_without_further_rights_and_delete_none(client: Client, ada: User) -> None:
    client.force_login(User.objects.create_user("watcher", is_staff=True))
    job = factories.job(factories.workflow(ada))
    for path in (
        JOBS,
        f"{JOBS}{job.pk}/change/",
        "/admin/runs/asset/",
        "/admin/workflows/workflow/",
        "/admin/accounts/user/",
    ):
        assert client.get(path).status_code == 200
    assert client.post(f"{JOBS}{job.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.post(f"{JOBS}{job.pk}/cancellation/").status_code == 302
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert job.transitions.filter(by="watcher").exists()


def test_only_ended_jobs_are_deleted(admin: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    ended, active = factories.job(workflow, state=State.FAILED), factories.job(workflow)
    assert act(admin, "delete_selected", ended, active, post="yes").status_code == 403
    assert admin.post(f"{JOBS}{active.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Job.objects.count() == 2
    act(admin, "delete_selected", ended, post="yes")
    assert list(Job.objects.all()) == [active]


def test_one_ended_job_is_deleted(admin: Client, ada: User) -> None:
    job = ran(ada, factories.NOISE)
    admin.post(f"{JOBS}{job.pk}/delete/", {"post": "yes"})
    assert not Job.objects.exists()


def test_rows_that_the_product_writes_are_not_made_or_changed_by_hand(admin: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada))
    assert admin.get(f"{JOBS}add/").status_code == 403
    assert admin.post(f"{JOBS}{job.pk}/change/", {"state": "completed"}).status_code == 403
    assert admin.get("/admin/workflows/workflow/add/").status_code == 403


def test_anybodys_picture_is_shown_to_who_may_see_assets(admin: Client, ada: User) -> None:
    asset = Asset.objects.get(job=ran(ada, factories.NOISE), node="noise")
    address = f"/admin/runs/asset/{asset.pk}/"
    assert f'src="{address}content/"' in shown(admin, f"{address}change/")
    answer = admin.get(f"{address}content/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_value_is_linked_to(admin: Client, ada: User) -> None:
    asset = Asset.objects.get(job=ran(ada), node="out")
    address = f"/admin/runs/asset/{asset.pk}/"
    assert f'href="{address}content/"' in shown(admin, f"{address}change/")
    assert admin.get(f"{address}content/").content == b"hello"


def test_bytes_that_are_gone_are_not_there(admin: Client, ada: User, tmp_path: Path) -> None:
    asset = Asset.objects.get(job=ran(ada, factories.NOISE), node="noise")
    assert asset.blob is not None
    stored = store.path(asset.blob.digest)
    aside = stored.rename(tmp_path / "aside")
    assert admin.get(f"/admin/runs/asset/{asset.pk}/content/").status_code == 404
    aside.rename(stored)


def test_a_thumbnail_is_served_where_there_is_one(admin: Client, ada: User) -> None:
    noise = Asset.objects.get(job=ran(ada, factories.NOISE), node="noise")
    assert admin.get(f"/admin/runs/asset/{noise.pk}/thumbnail/").headers["Content-Type"] == "image/webp"
    value = Asset.objects.get(job=ran(ada), node="out")
    assert admin.get(f"/admin/runs/asset/{value.pk}/thumbnail/").status_code == 404


@pytest.mark.parametrize("path", ["runs/asset/00000000-0000-4000-8000-000000000001/content/", "runs/job/"])
def test_who_is_no_staff_is_sent_to_sign_in(client: Client, ada: User, path: str) -> None:
    client.force_login(ada)
    assert client.get(f"/admin/{path}").status_code == 302


def test_staff_get_the_bytes_of_everybodys_products(client: Client, ada: User) -> None:
    asset = Asset.objects.get(job=ran(ada, factories.NOISE), node="noise")
    client.force_login(User.objects.create_user("watcher", is_staff=True))
    for what in ("content", "thumbnail"):
        assert client.get(f"/admin/runs/asset/{asset.pk}/{what}/").status_code == 200


def test_lenses_and_workflows_are_listed(admin: Client, ada: User) -> None:
    job = factories.job(factories.workflow(ada, name="A sky"))
    RunFocus.objects.create(user=ada, workflow=job.workflow, job=job)
    assert "A sky" in shown(admin, "/admin/runs/runfocus/")
    assert "A sky" in shown(admin, "/admin/workflows/workflow/?q=sky")
    assert "v1" in shown(admin, f"/admin/workflows/workflow/{job.workflow_id}/change/")


def test_a_workflow_is_renamed_as_a_new_version_and_never_deleted_past_its_jobs(admin: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    form = f"/admin/workflows/workflow/{workflow.pk}/change/"
    versions = {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}
    admin.post(form, {"name": "Renamed", "description": workflow.description, **versions})
    workflow.refresh_from_db()
    assert (workflow.name, workflow.version) == ("Renamed", 2)
    assert admin.post(f"/admin/workflows/workflow/{workflow.pk}/delete/", {"post": "yes"}).status_code == 403


def test_none_of_rqs_pages_is_mounted(admin: Client) -> None:
    assert admin.get("/admin/django_rq/dashboard/").status_code == 404
    assert not re.search("django.rq", shown(admin, "/admin/"), re.IGNORECASE)
