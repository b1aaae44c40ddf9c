"""Old runs go by rule, and what a person holds on to stays."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from runs import lens, retention
from runs.models import Asset, Choice, Job
from runs.pool.sweep import Sweep
from runs.retention import Rules
from tests import factories
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def ended(workflow: Workflow, number: int, days: float, **fields: Any) -> Job:
    at = timezone.now() - timedelta(days=days)
    Workflow.objects.filter(pk=workflow.pk).update(jobs_made=number)
    return factories.job(
        workflow, **{"number": number, "state": "completed", "created_at": at, "ended_at": at, **fields}
    )


def numbers() -> set[int]:
    return set(Job.objects.values_list("number", flat=True))


def said(*words: str) -> str:
    out = StringIO()
    call_command("prune", *words, stdout=out)
    return out.getvalue()


def test_runs_that_ended_long_ago_go_with_what_they_made(workflow: Workflow) -> None:
    old, young = ended(workflow, 1, days=31), ended(workflow, 2, days=29)
    for job in (old, young):
        factories.product(job)
    assert retention.prune(Rules(days=30)) == 1
    assert numbers() == {2}
    assert Asset.objects.get().job == young


def test_all_but_the_newest_of_each_workflow_go(workflow: Workflow, bob: User) -> None:
    for number in range(1, 6):
        ended(workflow, number, days=1)
    ended(factories.workflow(bob), 1, days=1)
    assert retention.prune(Rules(jobs=2)) == 3
    assert sorted(Job.objects.values_list("owner__username", "number")) == [("ada", 4), ("ada", 5), ("bob", 1)]


def test_what_is_active_pinned_chosen_or_given_to_an_active_run_stays(workflow: Workflow, ada: User) -> None:
    waiting = factories.job(workflow, number=1, state="queued", created_at=timezone.now() - timedelta(days=90))
    pinned, followed, chosen, given = (ended(workflow, number, days=90) for number in (2, 3, 4, 5))
    lens.choose(ada, pinned)
    lens.choose(factories.workflow(ada).owner, pinned)
    Choice.objects.create(workflow=workflow, node="out", asset=factories.product(chosen))
    product = factories.picture(given)
    Job.objects.filter(pk=waiting.pk).update(params={"picture": {"asset": str(product.pk)}})

    assert retention.prune(Rules(days=30)) == 1

    assert followed.number not in numbers()
    assert numbers() == {1, 2, 4, 5}
    Job.objects.filter(pk=waiting.pk).update(params={})
    assert retention.prune(Rules(days=30)) == 1
    assert numbers() == {1, 2, 4}


def test_no_rule_lets_nothing_go(workflow: Workflow) -> None:
    ended(workflow, 1, days=10_000)
    assert retention.prune(Rules()) == 0
    assert "There is no rule" in said()
    assert numbers() == {1}


def test_only_so_many_go_at_a_time(workflow: Workflow) -> None:
    for number in range(1, 6):
        ended(workflow, number, days=2)
    assert retention.prune(Rules(days=1), limit=2) == 2
    assert numbers() == {3, 4, 5}


def test_the_sweep_keeps_the_rules_of_the_settings(workflow: Workflow, settings: Settings) -> None:
    settings.RETENTION_DAYS = 7
    ended(workflow, 1, days=8)
    ended(workflow, 2, days=6)
    Sweep("a pool").round()
    assert numbers() == {2}


def test_the_command_keeps_the_rules_that_it_is_given_and_tries_them_first(
    workflow: Workflow, settings: Settings
) -> None:
    settings.RETENTION_JOBS = 1
    for number in (1, 2, 3):
        ended(workflow, number, days=number)
    assert said("--dry-run") == "Runs that would go: 2.\n"
    assert said("--days", "2.5", "--dry-run") == "Runs that would go: 1.\n"
    assert numbers() == {1, 2, 3}
    assert said("--days", "2.5").startswith("Runs that are gone: 1.")
    assert numbers() == {1, 2}
    assert said().startswith("Runs that are gone: 1.")
    assert numbers() == {2}


@pytest.mark.parametrize("words", [("--days", "0"), ("--days", "x"), ("--jobs", "-1"), ("--jobs", "1.5")])
def test_rules_that_cannot_be_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        said(*words)
