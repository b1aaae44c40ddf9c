"""The table of runs: what it shows of each, what it is filtered and ordered by, and what stays while it is open."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from runs.models import Job
from runs.pages import table
from runs.pages.asked import Asked
from runs.states import State
from tests import factories
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def read(workflow: Workflow, address: str = "", keep: list[Job] | None = None) -> table.Table:
    return table.read(workflow, Asked(QueryDict(address.removeprefix("?"))), [job.pk for job in keep or []])


def numbers(shown: table.Table) -> list[int]:
    return [row.job.number for row in shown.rows]


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, factories.NOISE)


@pytest.fixture
def three(workflow: Workflow) -> list[Job]:
    """One done, one failed, one that waits; two styles, three seeds."""
    states = (State.COMPLETED, State.FAILED, State.QUEUED)
    return [
        factories.job(
            workflow,
            number=at + 1,
            state=state,
            label=f"seed {at} · {style}",
            params={"seed": at, "style": style, "size": 64},
            duration=[3.0, 1.0, None][at],
        )
        for at, (state, style) in enumerate(zip(states, ("ink", "moss", "Ink wash"), strict=True))
    ]


def test_parameters_that_differ_have_a_column_with_the_way_to_runs_like_this(
    workflow: Workflow, three: list[Job]
) -> None:
    shown = read(workflow, "state=completed&state=failed")
    assert [(column.name, column.title) for column in shown.columns] == [("seed", "seed"), ("style", "style")]
    assert [cell.value for cell in shown.rows[0].cells] == [1, "moss"]
    assert shown.rows[0].cells[1].href == "?state=completed&state=failed&param.style=moss"


def test_columns_are_bounded(workflow: Workflow) -> None:
    for at in range(2):
        factories.job(workflow, params={f"p{name}": at for name in range(20)})
    assert len(read(workflow).columns) == table.COLUMNS


def test_so_many_filters_are_refused_in_words(workflow: Workflow) -> None:
    address = "&".join(f"param.a={number}" for number in range(30))
    shown = read(workflow, address)
    assert "20 values of parameters at most" in shown.asked.complaints[0]
    assert shown.rows == []


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", [3, 2, 1]),
        ("state=completed&state=failed", [2, 1]),
        ("param.style=moss", [2]),
        ("param.seed=2&param.style=moss", []),
        ("label=seed 0 · ink", [1]),
        ("search=INK", [3, 1]),
        ("search=%232", [3, 2]),
        ("order=created_at", [1, 2, 3]),
        ("order=-duration", [1, 2, 3]),
        ("order=duration", [2, 1, 3]),
        ("nonsense=1", [3, 2, 1]),
        ("batch=6ff5dbb1-4a3c-4a4c-8a3c-9f9c5b0d8f11", []),
    ],
)
def test_the_address_filters_and_orders(workflow: Workflow, three: list[Job], address: str, found: list[int]) -> None:
    if address == "search=%232":
        Job.objects.filter(number=1).update(label="other")
        Job.objects.filter(number=3).update(label="not #2 but like it")
    assert numbers(read(workflow, address)) == found


@pytest.mark.parametrize("address", ["state=asleep", "order=colour", "cursor=xyz", "submitted_after=lately"])
def test_what_can_t_be_read_lists_nothing_and_says_so(workflow: Workflow, three: list[Job], address: str) -> None:
    shown = read(workflow, address)
    assert numbers(shown) == []
    assert len(shown.asked.complaints) == 1


def test_states_are_counted_within_the_other_filters(workflow: Workflow, three: list[Job]) -> None:
    factories.job(factories.workflow(workflow.owner), state=State.RUNNING)
    shown = read(workflow, "param.style=ink&state=failed")
    assert shown.sizes == {"running": 0, "waiting": 0, "completed": 1, "failed": 0, "cancelled": 0}
    assert (shown.found, shown.running, shown.active) == (0, 0, {"queued": 1})


def test_a_choice_of_states_is_switched_on_and_off(workflow: Workflow) -> None:
    asked = Asked(QueryDict("search=ink&cursor=c&state=queued"))
    every, running, waiting, *_ = asked.states({"running": 2})
    assert (every.href, every.current, every.size) == ("?search=ink", False, 2)
    assert running.href == "?search=ink&state=queued&state=running&state=cancelling"
    assert (waiting.href, waiting.current) == ("?search=ink", True)


def test_headings_order_the_table_and_turn_it_round(workflow: Workflow) -> None:
    found = {order: Asked(QueryDict(f"search=a&order={order}")).sorts[0] for order in ("-duration", "duration")}
    assert [(sort.now, sort.href) for sort in found.values()] == [
        ("descending", "?search=a&order=duration"),
        ("ascending", "?search=a&order=-duration"),
    ]
    assert [sort.now for sort in Asked(QueryDict()).sorts] == ["none", "descending"]


def test_a_filter_has_a_chip_that_takes_it_off_alone(workflow: Workflow) -> None:
    asked = Asked(QueryDict("param.seed=42&param.style=ink&order=duration"))
    assert [(chip.name, chip.value, chip.href) for chip in asked.chips] == [
        ("seed", "42", "?param.style=ink&order=duration"),
        ("style", "ink", "?param.seed=42&order=duration"),
    ]
    assert asked.unfiltered == "?order=duration"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("seed = 42", "?state=failed&param.seed=42"),
        ("Seed:42", "?state=failed&param.seed=42"),
        ("a = b", "?state=failed&search=a+%3D+b"),
        ("  ink ", "?state=failed&search=ink"),
        ("", "?state=failed"),
    ],
)
def test_what_is_written_becomes_an_address(workflow: Workflow, written: str, address: str) -> None:
    asked = Asked(QueryDict("state=failed&search=before&cursor=c"))
    named = asked.found(written, {"seed": "Seed"})
    assert named == address.replace("state=failed&param", "state=failed&search=before&param")


def test_a_long_list_comes_in_parts(workflow: Workflow) -> None:
    for number in range(1, table.ROWS + 3):
        factories.job(workflow, number=number, state=State.COMPLETED, params={"seed": number})
    first = read(workflow, "order=created_at")
    second = read(workflow, first.behind)
    assert (numbers(first), numbers(second)) == (list(range(1, table.ROWS + 1)), [31, 32])
    assert (first.asked.first, second.asked.first, second.behind) == (True, False, "")


def test_a_run_that_is_shown_stays_when_it_no_longer_stands_as_was_asked_for(
    workflow: Workflow, three: list[Job]
) -> None:
    before = read(workflow, "state=queued")
    assert before.part == f"?state=queued&part=list&keep={three[2].pk}"
    Job.objects.filter(pk=three[2].pk).update(state=State.RUNNING)
    newer = factories.job(workflow, number=4)
    after = read(workflow, "state=queued", keep=[three[2]])
    assert [(row.job.number, row.job.state) for row in after.rows] == [(4, "queued"), (3, "running")]
    assert after.sizes["waiting"] == 1
    assert numbers(read(workflow, "state=queued")) == [newer.number]


def test_nothing_that_was_never_asked_for_stays(workflow: Workflow, three: list[Job], bob: User) -> None:
    theirs = factories.job(factories.workflow(bob), state=State.RUNNING)
    assert numbers(read(workflow, "", keep=three)) == [3, 2, 1]
    assert numbers(read(workflow, "state=queued", keep=[theirs])) == [3]
    assert table.kept("no,ids") == []


def test_it_is_read_again_as_long_as_something_in_it_may_change(workflow: Workflow) -> None:
    old = factories.job(workflow, number=1, state=State.COMPLETED)
    for number in range(2, table.ROWS + 2):
        factories.job(workflow, number=number, state=State.COMPLETED)
    first = read(workflow)
    assert (first.looks_every, read(workflow, first.behind).looks_every) == ("5s", None)
    Job.objects.filter(pk=old.pk).update(state=State.RUNNING)
    assert read(workflow).looks_every == read(workflow, first.behind).looks_every == "1s"


def test_a_row_tells_how_long_it_waited_and_ran(workflow: Workflow) -> None:
    now = timezone.now()
    ago: Any = {"created_at": now - timedelta(seconds=9), "started_at": now - timedelta(seconds=5)}
    factories.job(workflow, number=1, state=State.RUNNING, **ago)
    factories.job(workflow, number=2, state=State.COMPLETED, **ago, duration=2.5, ended_at=now)
    factories.job(workflow, number=3, state=State.CANCELLED, created_at=now - timedelta(seconds=8), ended_at=now)
    waits = factories.job(workflow, number=4)
    by_number = {row.job.number: row for row in read(workflow).rows}
    assert [round(by_number[number].job.waited) for number in (1, 2, 3)] == [4, 4, 8]
    assert by_number[1].job.ran is not None
    assert by_number[1].job.ran >= 5
    assert [by_number[number].job.ran for number in (2, 3, 4)] == [2.5, None, None]
    assert (by_number[4].place.position, by_number[4].job.waits) == (1, waits.state == State.QUEUED)


@pytest.mark.parametrize("jobs", [2, 20])
def test_it_takes_the_same_queries_however_long(
    workflow: Workflow, jobs: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    upload = factories.picture(factories.job(workflow), name="photo.png")
    made = [
        factories.job(
            workflow,
            state=[State.QUEUED, State.RUNNING, State.COMPLETED][number % 3],
            params={"seed": number, "photo": {"asset": str(upload.pk)} if number % 2 else None},
        )
        for number in range(jobs)
    ]
    for job in made:
        factories.picture(job)
    with django_assert_max_num_queries(11):
        read(workflow, "state=running&state=queued&param.seed=1&search=s", keep=made)
    with django_assert_max_num_queries(11):
        read(workflow)
