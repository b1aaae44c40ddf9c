"""All that runs made at a node, some runs at a time, and one product in the light box with its neighbours."""

import re

import pytest
from django.test import Client

from accounts.models import User
from runs.models import Asset
from runs.pages import gallery
from tests import factories
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def made(workflow: Workflow) -> list[Asset]:
    """Two products of #1, and one each of #2 and #3."""
    jobs = [factories.job(workflow, number=number, state="completed", params={"seed": number}) for number in (1, 2, 3)]
    places = [(jobs[0], 0), (jobs[0], 1), (jobs[1], 0), (jobs[2], 0)]
    return [factories.product(job, index=index) for job, index in places]


def test_a_shelf_pages_on_until_the_last(
    page: Client, workflow: Workflow, made: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "RUNS_A_PAGE", 2)
    address = f"/workflows/{workflow.pk}/nodes/out/"
    first = page.get(address).content.decode()
    assert [f'data-asset="{asset.pk}"' in first for asset in made] == [False, False, True, True]
    (before,) = re.findall(r"\?before=(\d+)", first)
    second = page.get(address, {"before": before}).content.decode()
    assert [f'data-asset="{asset.pk}"' in second for asset in made] == [True, True, False, False]
    assert "?before=" not in second
    assert 'id="shelf-box"' not in second


def test_a_shelf_of_no_node_is_not_there(page: Client, workflow: Workflow) -> None:
    assert page.get(f"/workflows/{workflow.pk}/nodes/nowhere/").status_code == 404


def test_the_light_box_shows_what_made_a_product(page: Client, made: list[Asset]) -> None:
    shown = page.get(f"/assets/{made[1].pk}/").content.decode()
    assert f'data-asset="{made[1].pk}" data-job="{made[1].job_id}"' in shown
    assert "<dt>seed</dt> <dd>1</dd>" in shown
    assert "by 1" in shown


def test_the_light_box_says_where_a_product_stands_in_the_gallery(
    page: Client, made: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(asset: Asset) -> str:
        found = re.search(r'<p class="mute">(.*?)</p>', page.get(f"/assets/{asset.pk}/").content.decode())
        return found[1] if found else ""

    assert [said(asset) for asset in reversed(made)] == [
        "1 of 4",
        "2 of 4",
        "4 of 4 · 2 of 2 by this run",
        "3 of 4 · 1 of 2 by this run",
    ]
    monkeypatch.setattr(gallery, "COUNTED", 3)
    assert (said(made[2]), said(made[1])) == ("2 of 2+", "2 of 2 by this run")


def test_it_turns_to_the_neighbours_in_the_order_of_the_gallery(page: Client, made: list[Asset]) -> None:
    one, two, three, four = made
    order = [four, three, one, two]  # the newest run first, each in its own order
    for at, asset in enumerate(order):
        shown = page.get(f"/assets/{asset.pk}/").content.decode()
        turns = dict(re.findall(r'data-light="([^"]+)" data-action="(previous|next)"', shown))
        expected = {}
        if at:
            expected[str(order[at - 1].pk)] = "previous"
        if at + 1 < len(order):
            expected[str(order[at + 1].pk)] = "next"
        assert turns == expected


def test_uploads_and_what_is_anothers_have_no_light_box(page: Client, bob: User, made: list[Asset]) -> None:
    Asset.objects.filter(pk=made[1].pk).update(job=None, workflow=None)
    assert page.get(f"/assets/{made[1].pk}/").status_code == 404
    page.force_login(bob)
    assert page.get(f"/assets/{made[0].pk}/").status_code == 404
