"""The queue selector: groups in their order, positions, batches that fold, and whether it shows at all."""

from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from runs import gate
from runs.models.job import BACKGROUND_PLACES
from runs.pages import board, pushes
from runs.pages.board import Board, Card, Fold
from runs.pages.pushes import Focus
from runs.states import ACTIVE
from tests import factories
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def group(found: Board, name: str) -> list[Card | Fold]:
    return list(next(each for each in found.all if each.name == name).cards)


def numbers(cards: list[Card | Fold]) -> list[Any]:
    return [card.job.number if isinstance(card, Card) else (card.first, card.last) for card in cards]


def test_runs_stand_by_their_state_the_newest_first_but_those_that_wait(ada: User, workflow: Workflow) -> None:
    for number, state in enumerate(["completed", "failed", "completed", "running", "queued", "queued"], start=1):
        factories.job(workflow, number=number, state=state, place=number)
    found = board.read(ada, workflow)
    assert numbers(group(found, "completed")) == [3, 1]
    assert numbers(group(found, "waiting")) == [5, 6]
    assert [card.place.position for card in group(found, "waiting") if isinstance(card, Card)] == [1, 2]
    assert [each.name for each in found.all] == [
        "running", "waiting", "completed", "failed", "cancelled", "elsewhere",
    ]  # fmt: skip
    assert (found.running, found.waiting) == (1, 2)


@pytest.mark.parametrize(("was", "now"), [("queued", "running"), ("running", "completed"), ("running", "failed")])
def test_a_run_that_moves_on_while_it_is_read_stands_once(ada: User, workflow: Workflow, was: str, now: str) -> None:
    job = factories.job(workflow, number=1, state=was)

    def move_on(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and was in str(params):
            type(job).objects.filter(pk=job.pk).update(state=now)
        return result

    with connection.execute_wrapper(move_on):
        found = board.read(ada, workflow)
    assert [each.name for each in found.all if each.cards] == [{"queued": "waiting"}.get(now, now)]


def test_a_group_shows_its_first_cards_and_says_how_many_more_there_are(ada: User, workflow: Workflow) -> None:
    for number in range(1, 20):
        factories.job(workflow, number=number, state="completed")
    (done,) = board.read(ada, workflow).groups
    assert (len(done.cards), done.size, done.more) == (12, 19, 7)
    (asked,) = board.read(ada, workflow, {"completed": 24}).groups
    assert (len(asked.cards), asked.more) == (19, 0)


def test_runs_of_a_batch_that_stand_alike_fold_into_one_card(ada: User, workflow: Workflow) -> None:
    batch = uuid4()
    factories.job(workflow, number=1, state="completed")
    for number in (2, 3, 4):
        factories.job(workflow, number=number, state="completed", batch_id=batch)
    factories.job(workflow, number=5, state="running", batch_id=batch)
    found = board.read(ada, workflow)
    assert numbers(group(found, "completed")) == [(2, 4), 1]
    assert numbers(group(found, "running")) == [5]


def test_the_first_of_a_lane_leads_and_the_others_can_be_put_before_it(ada: User, workflow: Workflow) -> None:
    factories.job(factories.workflow(ada), number=9)  # it is before them all
    for number in (1, 2):
        factories.job(workflow, number=number)
    for number in (3, 4):
        factories.job(workflow, number=number, place=BACKGROUND_PLACES + number)
    cards = [card for card in group(board.read(ada, workflow), "waiting") if isinstance(card, Card)]
    assert [(card.job.number, card.leads) for card in cards] == [(1, False), (2, False), (3, True), (4, False)]


def test_a_fold_says_what_its_runs_vary_in(ada: User, workflow: Workflow) -> None:
    batch = uuid4()
    for number in (1, 2, 3):
        factories.job(workflow, number=number, state="completed", batch_id=batch, label=f"seed {number}")
    (fold,) = group(board.read(ada, workflow), "completed")
    assert isinstance(fold, Fold)
    assert fold.spread == "seed 1–3"


def test_what_is_active_in_other_workflows_of_the_person_stands_below(ada: User, bob: User, workflow: Workflow) -> None:
    factories.job(factories.workflow(ada), number=7, state="running")
    factories.job(factories.workflow(ada), number=8, state="completed")
    factories.job(factories.workflow(bob), number=9, state="running")
    found = board.read(ada, workflow)
    assert numbers(group(found, "elsewhere")) == [7]
    assert found.elsewhere == 1


def test_with_one_run_ever_and_nothing_elsewhere_it_is_not_there(ada: User, workflow: Workflow) -> None:
    Workflow.objects.update(jobs_made=1)
    factories.job(workflow, number=1, state="running")
    assert board.read(ada, workflow).alone
    factories.job(factories.workflow(ada), number=1, state="queued")
    assert not board.read(ada, workflow).alone


def test_a_picture_of_the_run_is_on_its_card_a_results_before_any_other(ada: User, workflow: Workflow) -> None:
    job = factories.job(workflow, number=1, state="completed")
    picture = factories.picture(job, "noise")
    (done,) = board.read(ada, workflow).groups
    assert isinstance(done.cards[0], Card)
    assert done.cards[0].thumbnail == picture.pk
    result = factories.picture(job, "out", result="picture")
    (done,) = board.read(ada, workflow).groups
    assert isinstance(done.cards[0], Card)
    assert done.cards[0].thumbnail == result.pk


def test_a_group_is_drawn_anew_only_when_what_it_says_has_changed(ada: User, workflow: Workflow) -> None:
    job = factories.job(workflow, number=1, state="running", started_at=timezone.now())
    before, after = (board.read(ada, workflow).groups[0].key for _ in range(2))
    assert before == after
    factories.picture(job, "out", result="picture")
    assert board.read(ada, workflow).groups[0].key != before


def test_it_says_why_nothing_moves(ada: User, workflow: Workflow, settings: Any, valkey: redis.Redis) -> None:
    factories.job(workflow, number=1)
    assert board.read(ada, workflow).stuck == "no_worker"
    factories.worker()
    assert board.read(ada, workflow).stuck == ""
    settings.MAX_CONCURRENT_JOBS = 1
    factories.job(factories.workflow(ada), number=1, state="running")
    assert board.read(ada, workflow).stuck == "cap"
    factories.job(workflow, number=2, state="running")
    assert board.read(ada, workflow).stuck == ""


def test_who_may_steer_the_queue_is_led_to_where_it_goes_on(ada: User, workflow: Workflow) -> None:
    factories.job(workflow, number=1)
    gate.pause(paused=True)
    words = "Who administers it can let it go on."
    assert words in render_to_string("runs/editor/_banner.html", {"board": board.read(ada, workflow)})
    ada.is_staff = True
    banner = render_to_string("runs/editor/_banner.html", {"board": board.read(ada, workflow)})
    assert words not in banner
    assert f'href="{reverse("admin-queue")}"' in banner


def test_it_says_that_the_disk_is_full(ada: User, workflow: Workflow, settings: Any) -> None:
    assert not board.read(ada, workflow).full
    settings.MIN_FREE_BYTES = 2**60
    assert board.read(ada, workflow).full


def test_its_queries_do_not_grow_with_the_jobs(ada: User, workflow: Workflow) -> None:
    states = ("running", "queued", "completed", "failed", "cancelled")
    for number, state in enumerate(states, start=1):
        factories.job(workflow, number=number, state=state)
    factories.job(factories.workflow(ada), number=1, state="running")
    with CaptureQueriesContext(connection) as few:
        board.read(ada, workflow)
    for number, state in enumerate(states * 5, start=10):
        factories.job(workflow, number=number, state=state)
    with CaptureQueriesContext(connection) as many:
        board.read(ada, workflow)
    assert len(many) <= len(few) + 1  # of several that wait, the places are found by walking the line


@pytest.mark.parametrize(
    ("state", "again"), [("failed", 1), ("cancelled", 1), ("completed", 0), ("running", 0), ("queued", 0)]
)
def test_a_run_that_came_to_nothing_can_be_run_again_from_its_card(
    ada: User, workflow: Workflow, state: str, again: int
) -> None:
    job = factories.job(workflow, number=1, state=state, ended_at=None if state in ACTIVE else timezone.now())
    html = pushes.groups(None, board.read(ada, workflow), Focus(None, pinned=False), None)
    assert html.count(f'hx-post="/jobs/{job.pk}/rerun/" hx-swap="none" data-action="rerun"') == again
