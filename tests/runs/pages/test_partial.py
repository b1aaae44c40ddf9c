"""Parts of a workflow from the canvas: a node alone, from it on, what is chosen; and what their runs say then."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from runs.models import Job
from runs.pages import sheet
from tests import factories
from tests.runs import jobs
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, factories.NOISE)


def run(client: Client, workflow: Workflow, query: str) -> Any:
    return client.post(f"/workflows/{workflow.pk}/run/{query}").json()["errors"]


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("?mode=node&node=seed", ["seed"]),
        ("?mode=from&node=noise", ["seed", "noise", "out"]),  # nothing has made what seed gives
        ("?mode=selection&node=seed&node=noise", ["seed", "noise"]),
        ("", None),
    ],
)
def test_a_part_is_run(client: Client, ada: User, workflow: Workflow, query: str, runs: list[str] | None) -> None:
    client.force_login(ada)
    assert run(client, workflow, query) == []
    scope = Job.objects.get().scope
    assert (scope and scope["runs"]) == runs


@pytest.mark.parametrize("query", ["?mode=selection", "?mode=all&node=seed", "?mode=node&node=gone"])
def test_what_is_no_part_makes_no_run_and_says_why(client: Client, ada: User, workflow: Workflow, query: str) -> None:
    client.force_login(ada)
    assert run(client, workflow, query)[0]["message"]
    assert not Job.objects.exists()


def test_each_node_offers_its_parts_and_pure_ones_for_how_long_they_are_kept(
    client: Client, ada: User, workflow: Workflow
) -> None:
    client.force_login(ada)
    page = client.get(f"/workflows/{workflow.pk}/").content.decode()
    for mode in ("mode=node&node=noise", "mode=from&node=noise", "mode=selection"):
        assert f'data-run="/workflows/{workflow.pk}/run/?{mode}"' in page
    assert page.count("data-cache") == 1
    assert '<option value="null" selected>never</option>' in page


@pytest.mark.parametrize(
    ("cache", "option"),
    [("forever", "&quot;forever&quot;"), ("never", "&quot;never&quot;"), (3600, "3600"), (30.0, "30"), (0.5, "0.5")],
)
def test_the_choice_that_the_graph_has_is_among_them(client: Client, ada: User, cache: Any, option: str) -> None:
    nodes = [{**node, "cache": cache} for node in factories.NOISE["nodes"]]
    client.force_login(ada)
    page = client.get(f"/workflows/{factories.workflow(ada, {**factories.NOISE, 'nodes': nodes}).pk}/")
    assert f'<option value="{option}" selected>' in page.content.decode()


def test_a_node_outside_of_the_part_says_so(client: Client, ada: User, workflow: Workflow) -> None:
    client.force_login(ada)
    run(client, workflow, "?mode=node&node=noise")
    jobs.worked_off()
    shown = sheet.read(Job.objects.select_related("workflow").get())
    assert {step.part.id: step.why for step in shown.steps if step.status == "skipped"} == {"out": "not in this run"}


def test_a_run_that_was_the_same_before_is_named(client: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    client.force_login(ada)
    for _ in range(2):
        run(client, workflow, "")
        jobs.worked_off()
    first, again = Job.objects.order_by("number")
    job, canvas = (client.get(page).content.decode() for page in (f"/jobs/{again.pk}/", f"/workflows/{workflow.pk}/"))
    assert f'href="/jobs/{first.pk}/" title="That run was the same' in job
    assert "Same as #1" in canvas
    assert "Same as" not in client.get(f"/jobs/{first.pk}/").content.decode()
