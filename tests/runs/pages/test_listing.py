"""Lists cost the same number of queries however long they are, and page by the runs' numbers."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from runs.models import Asset, Blob, Job
from runs.pages import listing
from runs.states import State
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def picture(job: Job, index: int = 0, result: str = "picture") -> Asset:
    """A picture that the job handed out."""
    given = {"size": 1, "media_type": "image/webp", "used_at": timezone.now()}
    small = Blob.objects.get_or_create(digest="1" * 64, defaults=given)[0]
    blob = Blob.objects.get_or_create(digest="2" * 64, defaults={**given, "thumbnail": small})[0]
    return Asset.objects.create(
        owner=job.owner,
        workflow=job.workflow,
        job=job,
        node="out",
        output="value",
        index=index,
        result=result,
        kind="image",
        blob=blob,
        created_at=timezone.now(),
    )


def test_a_page_has_the_newest_runs_and_says_where_the_next_begins(ada: User) -> None:
    workflow = factories.workflow(ada)
    for number in range(1, listing.JOBS_A_PAGE + 3):
        factories.job(workflow, number=number, state=State.COMPLETED)
    first = listing.page(workflow, None)
    second = listing.page(workflow, str(first.before))
    assert [row.job.number for row in first.rows] == list(range(32, 2, -1))
    assert [row.job.number for row in second.rows] == [2, 1]
    assert (first.first, first.before, second.first, second.before) == (True, 3, False, None)


def test_an_older_page_leads_back_to_the_page_before(ada: User) -> None:
    workflow = factories.workflow(ada)
    for number in range(1, 2 * listing.JOBS_A_PAGE + 3):
        factories.job(workflow, number=number, state=State.COMPLETED)
    second = listing.page(workflow, "33")
    third = listing.page(workflow, str(second.before))
    assert [row.job.number for row in third.rows] == [2, 1]
    assert (second.newer, third.newer) == (None, 33)


def test_a_page_is_read_again_as_long_as_something_on_it_may_change(ada: User) -> None:
    workflow = factories.workflow(ada)
    old = factories.job(workflow, number=1, state=State.COMPLETED)
    factories.job(workflow, number=2, state=State.COMPLETED)
    assert listing.page(workflow, None).looks_every == "5s"
    assert listing.page(workflow, "2").looks_every is None
    Job.objects.filter(pk=old.pk).update(state=State.RUNNING)
    assert listing.page(workflow, None).looks_every == listing.page(workflow, "2").looks_every == "1s"


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30, "½"])
def test_what_is_no_number_means_from_the_newest(ada: User, before: str) -> None:
    workflow = factories.workflow(ada)
    factories.job(workflow)
    assert len(listing.page(workflow, before).rows) == 1


def test_a_row_tells_its_place_and_its_first_pictures(ada: User) -> None:
    workflow = factories.workflow(ada)
    done, waits = factories.job(workflow, state=State.COMPLETED), factories.job(workflow)
    for index in range(listing.THUMBNAILS + 1):
        picture(done, index)
    newest, older = listing.page(workflow, None).rows
    assert (newest.job, newest.place.position, newest.place.waiting_for) == (waits, 1, "no_worker")
    assert [asset.index for asset in older.thumbnails] == [0, 1, 2, 3]


def test_a_page_counts_what_is_active(ada: User) -> None:
    workflow = factories.workflow(ada)
    factories.job(factories.workflow(ada), state=State.RUNNING)
    for state in (State.QUEUED, State.QUEUED, State.RUNNING, State.CANCELLING, State.FAILED):
        factories.job(workflow, state=state)
    page = listing.page(workflow, None)
    assert (page.running, page.waiting, page.active) == (2, 2, True)


def test_a_running_row_tells_since_when(ada: User) -> None:
    workflow = factories.workflow(ada)
    factories.job(workflow, state=State.RUNNING, started_at=timezone.now() - timedelta(seconds=5))
    factories.job(workflow)
    waits, runs = listing.page(workflow, None).rows
    assert waits.elapsed is None
    assert runs.elapsed is not None
    assert runs.elapsed >= 5


@pytest.mark.parametrize("jobs", [2, 20])
def test_a_page_takes_the_same_queries_however_long(
    ada: User, jobs: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    workflow = factories.workflow(ada)
    for number in range(jobs):
        picture(factories.job(workflow, state=[State.QUEUED, State.RUNNING, State.COMPLETED][number % 3]))
    with django_assert_max_num_queries(8):
        listing.page(workflow, None)


@pytest.mark.parametrize("workflows", [1, 9])
def test_all_cards_take_two_queries(
    ada: User, workflows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(workflows):
        picture(factories.job(factories.workflow(ada)))
    with django_assert_num_queries(2):
        cards = listing.cards(ada)
    assert len(cards) == workflows


def test_a_card_has_the_newest_picture_and_what_is_active(ada: User, bob: User) -> None:
    idle, busy = factories.workflow(ada, name="idle"), factories.workflow(ada, name="busy")
    factories.workflow(bob, name="not hers")
    old = factories.job(busy, state=State.COMPLETED)
    factories.job(busy, state=State.RUNNING)
    picture(old)
    newest = picture(old, index=1)
    picture(old, index=2, result="")
    first, second = listing.cards(ada)
    assert (first.workflow, first.active, first.picture) == (busy, 1, newest.pk)
    assert (second.workflow, second.active, second.last_run, second.picture) == (idle, 0, None, None)


def test_a_form_begins_with_what_ran_last(ada: User) -> None:
    workflow = factories.workflow(ada)
    assert listing.last_params(workflow) == {}
    factories.job(workflow, params={"word": "old"})
    factories.job(workflow, params={"word": "new"})
    assert listing.last_params(workflow) == {"word": "new"}
