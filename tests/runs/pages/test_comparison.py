"""Two products compared: what is shown of them and of what they differ in, and what is there to choose from."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from runs.models import Asset
from runs.pages import gallery
from tests import factories
from tests.runs.jobs import ran, ran_again
from workflows import graph as graphs
from workflows.models import Graph, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, factories.NOISE)


def picture(workflow: Workflow, number: int, node: str = "out", **params: Any) -> Asset:
    """What a run of its own made, with these parameters."""
    job = factories.job(workflow, number=number, state="completed", params=params, label=f"try {number}", duration=2.5)
    return factories.picture(job, node)


def shown(page: Client, workflow: Workflow, *assets: object, status: int = 200, **query: str) -> str:
    given = {"assets": ",".join(str(getattr(each, "pk", each)) for each in assets), **query}
    answer = page.get(f"/workflows/{workflow.pk}/compare/", given)
    assert answer.status_code == status
    return answer.content.decode()


def plain(html: str) -> str:
    """Its words alone."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def chips(html: str) -> list[str]:
    return [plain(chip) for chip in re.findall(r'<li class="chip">(.*?)</li>', html, re.DOTALL)]


def test_it_shows_both_with_what_they_were_made_with_and_marks_what_differs(page: Client, workflow: Workflow) -> None:
    a, b = picture(workflow, 1, seed=3, style="ink"), picture(workflow, 2, seed=5, style="ink")
    html = shown(page, workflow, a, b)
    for letter, asset, seed in (("A", a, 3), ("B", b, 5)):
        side = html[html.index(f'id="side-{letter}"') :].partition("</section>")[0]
        assert f'data-asset="{asset.pk}" data-job="{asset.job_id}"' in side
        assert f'<div class="fact differs"><dt>seed</dt> <dd><span>{seed}</span></dd></div>' in side
        assert '<div class="fact"><dt>style</dt> <dd><span>ink</span></dd></div>' in side
        assert "4 × 3" in side
        assert "2.5 s" in side
        assert f'href="/api/v1/assets/{asset.pk}/content"' in side
    assert chips(html) == ["seed 3 in A, in B 5"]


def test_a_parameter_is_called_as_its_node(page: Client, ada: User) -> None:
    nodes = [{**node, "title": "Chance"} if node["id"] == "seed" else node for node in factories.NOISE["nodes"]]
    titled = factories.workflow(ada, {**factories.NOISE, "nodes": nodes})
    a, b = picture(titled, 1, seed=3), picture(titled, 2, seed=5)
    assert chips(shown(page, titled, a, b)) == ["Chance 3 in A, in B 5"]
    assert "<dt>Chance</dt> <dd>5</dd>" in page.get(f"/assets/{b.pk}/").content.decode()


def test_what_was_written_at_nodes_in_between_differs_too(page: Client, ada: User, workflow: Workflow) -> None:
    a = picture(workflow, 1, seed=1)
    nodes = [dict(node) for node in factories.NOISE["nodes"]]
    nodes[1] = {**nodes[1], "title": "Clouds", "properties": {"width": 32, "height": 64, "color": True}}
    changed = Graph.objects.keep(graphs.parse({**factories.NOISE, "nodes": nodes}))
    other = factories.job(workflow, number=2, state="completed", params={"seed": 1}, graph_id=changed.pk)
    assert chips(shown(page, workflow, a, factories.picture(other))) == ["Clouds: height 32 in A, in B 64"]
    more = [*nodes, {"id": "extra", "type": "input.text", "properties": {"name": "extra", "value": "x"}}]
    rebuilt = Graph.objects.keep(graphs.parse({**factories.NOISE, "nodes": more}))
    params = {"seed": 1, "noise.height": 16, "extra": None}
    third = factories.job(workflow, number=3, state="completed", params=params, graph_id=rebuilt.pk)
    expected = ["Clouds: height – in A, in B 16", "nodes or edges of the workflow"]
    assert chips(shown(page, workflow, a, factories.picture(third))) == expected


def test_long_texts_are_told_from_the_word_on_where_they_part(page: Client, workflow: Workflow) -> None:
    first, second = (f"A wide landscape in the {time}, with a hut" for time in ("morning", "mornings"))
    a, b = picture(workflow, 1, prompt=first), picture(workflow, 2, prompt=second)
    assert chips(shown(page, workflow, a, b)) == ["prompt …morning, with a hut in A, in B …mornings, with a hut"]
    a, b = picture(workflow, 3, prompt="A cat"), picture(workflow, 4, prompt="A dog")
    assert chips(shown(page, workflow, a, b)) == ["prompt A cat in A, in B A dog"]


def test_where_nothing_differs_it_says_so(page: Client, workflow: Workflow) -> None:
    a, b = picture(workflow, 1, seed=1), picture(workflow, 2, seed=1)
    assert "the same parameters" in shown(page, workflow, a, b)
    assert a.job
    second = factories.picture(a.job, index=1)
    assert "by the same run" in shown(page, workflow, a, second)


@pytest.mark.django_db(transaction=True)
def test_it_names_the_first_node_whose_output_differs(page: Client, ada: User) -> None:
    first = ran(ada, factories.NOISE, params={"seed": 1})
    jobs = (first, ran_again(first, params={"seed": 1}), ran_again(first, params={"seed": 2}))
    a, same, other = [Asset.objects.get(job=job, node="out") for job in jobs]
    assert "parted first at" not in shown(page, first.workflow, a, same)
    assert "parted first at Noise" in plain(shown(page, first.workflow, a, other))


def test_only_two_pictures_get_a_slider(page: Client, workflow: Workflow) -> None:
    a, b = picture(workflow, 1), picture(workflow, 2)
    assert b.job
    number, words = factories.product(b.job, "noise", kind="number", value=7), factories.product(b.job, "word")
    assert "data-divide" in shown(page, workflow, a, b)
    assert 'data-view="slider" aria-current="true"' in shown(page, workflow, a, b, view="dream")
    assert 'data-view="side" aria-current="true"' in shown(page, workflow, a, b, view="side")
    html = shown(page, workflow, a, number)
    assert "data-divide" not in html
    assert 'class="comparison" data-view="side"' in html
    assert "by 2" in shown(page, workflow, number, words)


def test_the_strip_has_the_others_newest_first_and_each_takes_the_place_of_b(page: Client, workflow: Workflow) -> None:
    one, two, three = [picture(workflow, number) for number in (1, 2, 3)]
    elsewhere = picture(workflow, 4, node="noise")
    picks = strip(shown(page, workflow, two, one))
    assert [pick[:2] for pick in picks] == [(str(three.pk), ""), (str(two.pk), "A"), (str(one.pk), "B")]
    assert [pick[2] for pick in picks] == [f"{two.pk},{three.pk}", f"{one.pk},{two.pk}", f"{two.pk},{one.pk}"]
    picks = strip(shown(page, workflow, elsewhere, one))
    assert [pick[0] for pick in picks] == [str(each.pk) for each in (elsewhere, three, two, one)]


def test_of_more_than_two_the_others_stay_within_reach(page: Client, workflow: Workflow) -> None:
    one, two, three, four = [picture(workflow, number) for number in (1, 2, 3, 4)]
    picks = strip(shown(page, workflow, one, two, three))
    assert [(pick[0], pick[1]) for pick in picks] == [
        (str(three.pk), ""),
        (str(two.pk), "B"),
        (str(one.pk), "A"),
        (str(four.pk), ""),
    ]
    assert picks[0][2] == f"{one.pk},{three.pk},{two.pk}"
    assert picks[-1][2] == f"{one.pk},{four.pk},{two.pk},{three.pk}"


def test_the_strip_pages_on_until_the_last(page: Client, workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "RUNS_A_PAGE", 2)
    made = [picture(workflow, number) for number in range(1, 6)]
    first = shown(page, workflow, made[0], made[4])
    assert [pick[0] for pick in strip(first)] == [str(made[at].pk) for at in (0, 4, 3)]
    (before,) = set(re.findall(r"before=(\d+)", first))
    second = shown(page, workflow, made[0], made[4], before=before, part="strip")
    assert [pick[0] for pick in strip(second)] == [str(made[at].pk) for at in (2, 1)]
    (before,) = set(re.findall(r"before=(\d+)", second))
    third = shown(page, workflow, made[0], made[4], before=before, part="strip")
    assert strip(third) == []  # the oldest is A, which stands at the beginning
    assert "before=" not in third


def test_a_part_is_all_that_an_open_page_asks_for(page: Client, workflow: Workflow) -> None:
    html = shown(page, workflow, picture(workflow, 1), picture(workflow, 2), part="comparison")
    assert html.lstrip().startswith('<div id="comparison"')
    assert "data-choose" not in html


def test_with_fewer_than_two_it_lets_one_choose(page: Client, workflow: Workflow) -> None:
    assert "Nothing to compare yet" in shown(page, workflow)
    one, two = picture(workflow, 1), picture(workflow, 2)
    picture(workflow, 3, node="noise")
    html = shown(page, workflow)
    assert "Choose two to compare" in html
    assert strip(html) == [(str(two.pk), "", str(two.pk)), (str(one.pk), "", str(one.pk))]
    html = shown(page, workflow, two, two)
    assert "Now the other one" in html
    assert strip(html) == [(str(two.pk), "A", ""), (str(one.pk), "", f"{two.pk},{one.pk}")]
    assert "Nothing to compare yet" in shown(page, workflow, node="seed")


def test_what_is_not_there_is_said_and_another_can_be_chosen(page: Client, workflow: Workflow, bob: User) -> None:
    one, two = picture(workflow, 1), picture(workflow, 2)
    theirs = picture(factories.workflow(bob), 1)
    upload = factories.product(two.job, index=1)  # type: ignore[arg-type]
    Asset.objects.filter(pk=upload.pk).update(job=None)
    for gone in (uuid4(), "nonsense", theirs, upload, picture(factories.workflow(workflow.owner), 1)):
        html = shown(page, workflow, one, gone, status=404)
        assert "One of these products is not there any more" in html
        assert (str(one.pk), "A", "") in strip(html)
        assert "Choose two to compare" in shown(page, workflow, gone, status=404)
        assert "data-divide" not in shown(page, workflow, one, two, gone, status=404)


def test_another_ones_workflow_is_not_there(page: Client, workflow: Workflow, bob: User) -> None:
    one, two = picture(workflow, 1), picture(workflow, 2)
    page.force_login(bob)
    assert page.get(f"/workflows/{workflow.pk}/compare/", {"assets": f"{one.pk},{two.pk}"}).status_code == 404


def test_it_takes_no_more_queries_for_more_runs(page: Client, workflow: Workflow) -> None:
    one, two = picture(workflow, 1, seed=1), picture(workflow, 2, seed=2)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as context:
            shown(page, workflow, one, two)
        return len(context)

    queries()
    few = queries()
    for number in range(3, 30):
        picture(workflow, number, seed=number)
    assert queries() == few <= 14


def strip(html: str) -> list[tuple[str, str, str]]:
    """What can be chosen: the product, its letter, and the products that choosing it asks for."""
    found = re.findall(
        r'<li class="pick.*?data-asset="([^"]+)".*?href="\?assets=([^&]*)&amp;.*?data-mark>(\w?)<', html, re.DOTALL
    )
    return [(asset, mark, assets) for asset, assets, mark in found]
