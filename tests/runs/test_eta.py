"""About when a waiting job starts and ends, as its document tells."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from runs import eta, gate, queue
from runs.models import Job, Worker
from runs.pages import board
from runs.pages.pushes import Focus
from runs.states import State
from tests import factories
from tests.rest import Rest
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def living(settings: Any, ada: User, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two slots, and workers for more; time stands still."""
    settings.MAX_CONCURRENT_JOBS, settings.LEASE_SECONDS = 2, 3600
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)  # seconds are counted, and a machine may be busy
    for name in ("w1", "w2", "w3", "w4"):
        factories.worker(name)


def known(owner: User, *took: float) -> Workflow:
    """A workflow whose runs took so many seconds."""
    workflow = factories.workflow(owner)
    for seconds in took:
        factories.job(workflow, state=State.COMPLETED, duration=seconds)
    return workflow


def running(workflow: Workflow, since: float = 0.0, **fields: Any) -> Job:
    began = timezone.now() - timedelta(seconds=since)
    return factories.job(workflow, state=State.RUNNING, started_at=began, **fields)


def told(jobs: list[Job]) -> list[tuple[int, int | None] | None]:
    """In how many seconds each starts and ends."""
    now = timezone.now()

    def seconds(text: str) -> int:
        return round((datetime.fromisoformat(text) - now).total_seconds())

    etas = [each["eta"] for each in queue.documents(jobs)]
    return [
        each and (seconds(each["starts_at"]), seconds(each["ends_at"]) if each["ends_at"] else None) for each in etas
    ]


def test_each_starts_when_the_next_slot_is_free(ada: User) -> None:
    workflow = known(ada, 8, 12)
    running(workflow, since=4)
    line = [factories.job(workflow) for _ in range(4)]

    assert told(line) == [(0, 10), (6, 16), (10, 20), (16, 26)]


def test_one_that_runs_longer_than_others_did_may_end_at_any_time(ada: User) -> None:
    workflow = known(ada, 10)
    running(workflow, since=60)
    running(workflow, since=2)

    assert told([factories.job(workflow)]) == [(0, 10)]


def test_nothing_is_told_where_nothing_is_known(ada: User) -> None:
    assert told([factories.job(factories.workflow(ada))]) == [None]
    failed = factories.workflow(ada)
    factories.job(failed, state=State.FAILED, duration=3)
    assert told([factories.job(failed)]) == [None]


def test_a_new_workflows_run_has_a_start_and_no_end(ada: User) -> None:
    quick, new = known(ada, 10), factories.workflow(ada)
    line = [factories.job(quick), factories.job(new), factories.job(quick)]

    assert told(line) == [(0, 10), (0, None), (10, 20)]


def test_only_the_newest_runs_count(ada: User) -> None:
    workflow = known(ada, 1000, *[10.0] * 20)

    assert told([factories.job(workflow)]) == [(0, 10)]


@pytest.mark.parametrize("how", ["paused", "no worker"])
def test_nothing_is_told_while_nothing_can_start(ada: User, how: str) -> None:
    job = factories.job(known(ada, 10))
    if how == "paused":
        gate.pause(True)
    else:
        Worker.objects.all().delete()

    assert told([job]) == [None]


def test_as_many_start_as_there_are_workers(ada: User) -> None:
    Worker.objects.exclude(name="w1").delete()
    workflow = known(ada, 10)

    assert told([factories.job(workflow) for _ in range(3)]) == [(0, 10), (10, 20), (20, 30)]


def test_a_cap_that_was_lowered_lets_none_start_before_enough_have_ended(ada: User) -> None:
    workflow = known(ada, 10)
    for since in (8, 6, 4):
        running(workflow, since=since)

    assert told([factories.job(workflow) for _ in range(2)]) == [(4, 14), (6, 16)]


def test_bounds_hold_back_those_that_they_bind_and_nobody_else(ada: User, bob: User, settings: Any) -> None:
    settings.MAX_CONCURRENT_JOBS = 4
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = 1
    bound, free = known(ada, 10), known(bob, 2)

    assert told([*(factories.job(bound) for _ in range(2)), factories.job(free)]) == [(0, 10), (10, 20), (0, 2)]
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW, settings.MAX_CONCURRENT_JOBS_PER_USER = 0, 1
    assert told(list(Job.objects.waiting())) == [(0, 10), (10, 20), (0, 2)]


def test_far_behind_it_goes_on_as_fast_as_in_front(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eta, "LOOKED_AT", 4)
    workflow = known(ada, 10)
    line = [factories.job(workflow) for _ in range(9)]

    assert [each and each[0] for each in told(line)] == [0, 0, 10, 10, 20, 25, 30, 35, 40]


def test_it_takes_as_many_queries_however_many_are_asked(ada: User) -> None:
    counts = []
    for _ in range(2):
        workflow = known(ada, 10)
        line = [factories.job(workflow) for _ in range(20)]
        with CaptureQueriesContext(connection) as captured:
            queue.documents(line)
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_what_starts_at_once_is_told_so_by_how_long_it_takes_alone(ada: User) -> None:
    workflow = known(ada, 10)
    running(workflow)
    first, second = (factories.job(workflow) for _ in range(2))
    for jobs, queries in (([first], 1), ([first, second], 3)):
        with CaptureQueriesContext(connection) as captured:
            found = eta.etas(jobs, {first.pk: 1, second.pk: 2}, free=1)
        assert [found[job.pk].ends_at is not None for job in jobs] == [True] * len(jobs)
        assert len(captured) == queries


def test_a_running_job_and_an_ended_one_have_none(ada: User) -> None:
    workflow = known(ada, 10)
    ended = Job.objects.get()

    assert told([running(workflow), ended]) == [None, None]


def test_it_stands_in_rest(ada: User) -> None:
    job = factories.job(known(ada, 10))
    found = Rest(ada).get(f"/jobs/{job.pk}").json()["eta"]

    assert set(found) == {"starts_at", "ends_at"}
    assert found["starts_at"].endswith("Z") == found["ends_at"].endswith("Z") is True


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "in a moment"),
        (4, "in a moment"),
        (22, "in about 20 s"),
        (58, "in about 1 min"),
        (125, "in about 2 min"),
        (7300, "in about 2 h"),
    ],
)
def test_people_are_told_roughly(seconds: float, words: str) -> None:
    assert eta.Eta(timezone.now() + timedelta(seconds=seconds), None).words == words


def test_cards_of_what_waits_say_when_it_starts(ada: User) -> None:
    workflow = known(ada, 120)
    for _ in range(2):
        running(workflow)
    waiting = [factories.job(workflow) for _ in range(2)]
    found = {group.name: group for group in board.read(ada, workflow).groups}["waiting"]
    assert [card.soon for card in found.cards if isinstance(card, board.Card)] == ["in about 2 min"] * 2
    context = {"group": found, "board": board.read(ada, workflow), "focus": Focus(str(waiting[1].pk), pinned=True)}
    html = render_to_string("runs/editor/_queue_group.html", context)
    assert html.count("in about 2 min") == 1  # on the one that is on the canvas, there is no room
