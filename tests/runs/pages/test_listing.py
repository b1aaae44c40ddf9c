"""Cards of workflows cost the same number of queries however many they are."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from runs.models import Asset, Blob, Job
from runs.pages import listing, marks
from runs.states import State
from tests import factories
from workflows.examples import documents

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


@pytest.mark.parametrize("workflows", [1, 9])
def test_all_cards_take_three_queries(
    ada: User, workflows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(workflows):
        picture(factories.job(factories.workflow(ada)))
    marks._known.clear()  # else what their graphs lack is known, and is not asked for
    with django_assert_num_queries(3):
        cards = listing.cards(ada)
    assert len(cards) == workflows


def test_a_card_has_the_newest_picture_and_what_is_active(ada: User, bob: User) -> None:
    idle, busy = factories.workflow(ada, name="idle"), factories.workflow(ada, name="busy")
    factories.workflow(bob, name="not hers")
    old = factories.job(busy, state=State.COMPLETED)
    factories.job(busy, state=State.RUNNING)
    for _ in range(2):
        factories.job(busy)
    picture(old)
    newest = picture(old, index=1)
    picture(old, index=2, result="")
    first, second = listing.cards(ada)
    assert (first.workflow, first.running, first.waiting, first.picture) == (busy, 1, 2, newest.pk)
    assert (second.workflow, second.running, second.waiting, second.picture) == (idle, 0, 0, None)
    assert second.last_run is None


def test_a_form_begins_with_what_ran_last(ada: User) -> None:
    workflow = factories.workflow(ada)
    assert listing.last_params(workflow) == {}
    factories.job(workflow, params={"word": "old"})
    factories.job(workflow, params={"word": "new"})
    assert listing.last_params(workflow) == {"word": "new"}


def test_a_card_says_which_node_types_are_missing_here(ada: User) -> None:
    document = {"version": 1, "nodes": [{"id": "n", "type": "dream.machine"}, {"id": "m", "type": "image.noise"}]}
    factories.workflow(ada, {**document, "edges": []})
    factories.workflow(ada)
    for _ in range(2):  # asked for, then known
        assert {card.lacks for card in listing.cards(ada)} == {("dream.machine",), ()}


def test_what_is_known_of_graphs_is_bounded(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "KEPT", 1)
    marks._known.clear()
    for document in (factories.TEXT, factories.NOISE):
        marks.lacking({factories.workflow(ada, document).graph_id})
    assert len(marks._known) == 1


def test_examples_wear_a_mark_and_others_do_not(ada: User) -> None:
    example = documents()[0]
    factories.workflow(ada, name="Renamed", description=example["description"])
    factories.workflow(ada, name="Own")
    assert {card.workflow.name: card.is_example for card in listing.cards(ada)} == {"Renamed": True, "Own": False}
