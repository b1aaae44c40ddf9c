"""The gallery of a node: what all runs made there, newest first, grouped by run, folded and paged."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from runs.models import Job
from runs.pages import gallery
from runs.pages.gallery import Gallery, Run, Tile, wall
from runs.pages.working import Working
from tests import factories
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def ran(workflow: Workflow, products: int, number: int) -> Job:
    """A run that made so many things at the node `out`."""
    job = factories.job(workflow, number=number, state="completed")
    for index in range(products):
        factories.product(job, index=index)
    return job


def held(*counts: int, total: int | None = None) -> Gallery:
    """A gallery of runs #1, #2 … that made so many things, the newest first."""
    runs = [
        Run(f"job-{at}", at, "", "completed", count, [{"id": f"{at}.{index}"} for index in range(count)])
        for at, count in enumerate(counts, start=1)
    ]
    return Gallery("out", runs[::-1], sum(counts) if total is None else total, None)


def running(number: int, share: float = 0.5, **statuses: str) -> Working:
    return Working(f"job-{number}", number, share, statuses)


def numbers(tiles: list[Tile]) -> list[int]:
    return [tile.number for tile in tiles]


def test_the_newest_run_comes_first_and_its_products_in_their_order(workflow: Workflow) -> None:
    ran(workflow, 1, number=1)
    ran(workflow, 2, number=2)
    found = gallery.read(workflow.pk, "out")
    assert [(run.number, run.count) for run in found.runs] == [(2, 2), (1, 1)]
    assert [made["index"] for made in found.runs[0].assets] == [0, 1]
    assert (found.total, found.counted, found.before) == (3, "3", None)


def test_other_nodes_and_other_workflows_are_not_in_it(workflow: Workflow, ada: User) -> None:
    job = ran(workflow, 1, number=1)
    factories.product(job, "elsewhere")
    ran(factories.workflow(ada), 1, number=2)
    assert gallery.read(workflow.pk, "out").total == 1


def test_it_pages_by_the_numbers_of_runs_without_losing_any(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "RUNS_A_PAGE", 2)
    for number in range(1, 6):
        ran(workflow, 1, number=number)
    first = gallery.read(workflow.pk, "out")
    second = gallery.read(workflow.pk, "out", before=first.before)
    third = gallery.read(workflow.pk, "out", before=second.before)
    assert [run.number for page in (first, second, third) for run in page.runs] == [5, 4, 3, 2, 1]
    assert third.before is None


def test_the_focused_run_is_in_it_however_old(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "RUNS_A_PAGE", 1)
    old = ran(workflow, 1, number=1)
    ran(workflow, 1, number=2)
    assert gallery.read(workflow.pk, "out").has(str(old.pk)) is False
    assert gallery.read(workflow.pk, "out", focused=old.pk).has(str(old.pk))


def test_a_lens_that_moves_brings_its_run_along_and_no_other_old_one() -> None:
    newest, old, older = (Run(f"job-{at}", at, "", "completed", 1, [{"id": f"{at}.0"}]) for at in (9, 2, 1))
    page = Gallery("out", [newest], 3, before=9)
    moved = gallery.along(gallery.along(page, old), older)
    assert [run.number for run in moved.runs] == [9, 1]
    assert gallery.along(moved, newest) == page
    assert gallery.along(moved, Run("job-3", 3, "", "failed")) == page
    whole = Gallery("out", [newest, old], 2, before=None)
    assert gallery.along(whole, older) == whole


def test_the_focused_runs_tiles_are_ringed() -> None:
    assert [tile.ringed for tile in wall(held(1, 1), "job-1", []).tiles] == [False, True]


def test_its_queries_do_not_grow_with_what_is_in_it(workflow: Workflow) -> None:
    ran(workflow, 1, number=1)
    with CaptureQueriesContext(connection) as few:
        gallery.read(workflow.pk, "out")
    for number in range(2, 12):
        ran(workflow, 3, number=number)
    with CaptureQueriesContext(connection) as many:
        gallery.read(workflow.pk, "out")
    assert len(many) == len(few)


def test_a_new_run_shows_everything_and_an_older_one_a_tile_with_its_count() -> None:
    shown = wall(held(*[4] * 7), None, []).tiles
    assert numbers(shown)[:5] == [7, 7, 7, 7, 6]
    assert [(tile.number, tile.fold) for tile in shown if tile.number < 4] == [(3, 4)]


def test_the_focused_run_is_unfolded_and_stays_in_sight() -> None:
    shown = wall(held(*[4] * 9), "job-1", []).tiles
    assert numbers(shown)[-4:] == [1, 1, 1, 1]
    assert len(shown) == 17
    assert numbers(shown) == sorted(numbers(shown), reverse=True)


def test_what_no_tile_stands_for_is_counted() -> None:
    found = wall(held(*[1] * 30), None, [])
    assert (len(found.tiles), found.more) == (17, "13")
    assert wall(held(1, 1), None, []).more == ""


def test_a_run_that_may_make_something_yet_has_a_tile_where_its_product_will_be() -> None:
    (awaited, made) = wall(held(1), None, [running(2, 0.54, out="waiting")]).tiles
    assert (awaited.place, awaited.asset, awaited.percent) == ("2-0", None, 54)
    assert made.asset == {"id": "1.0"}
    (landed, _) = wall(held(1, 1), None, [running(2, out="completed")]).tiles
    assert landed.place == awaited.place


def test_a_run_that_has_ended_there_without_anything_has_no_tile() -> None:
    assert wall(held(), None, [running(1, out="skipped")]).tiles == []


def test_it_says_how_many_of_the_newest_runs_made_something_at_other_nodes(workflow: Workflow) -> None:
    for number in (1, 2):
        factories.product(ran(workflow, 0, number=number), "noise")
    assert gallery.made_by_jobs(workflow.pk, ["noise", "out"]) == {"noise": 2}
