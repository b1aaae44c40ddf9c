"""Puts runs that have ended, each with a product, into the database of DATA_DIR. Prints the newest workflow's id."""

import os
import sys
from datetime import datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from benchmarks.graphs import TRIVIAL  # noqa: E402
from runs.models import Asset, Job  # noqa: E402
from runs.states import State  # noqa: E402
from tests import factories  # noqa: E402
from workflows.models import Workflow  # noqa: E402

AT_ONCE = 2000
WORKFLOW_JOBS = 10_000
"""Of one workflow; then another one begins."""


def main(count: int) -> None:
    """Of the newest workflow there are as many as of every other."""
    owner = User.objects.get(username="owner")
    began = timezone.now() - timedelta(seconds=count)
    newest = ""
    for first in range(0, count, WORKFLOW_JOBS):
        workflow = factories.workflow(owner, TRIVIAL, name=f"Filled {first}")
        numbers = range(first, min(first + WORKFLOW_JOBS, count))
        for at in range(0, len(numbers), AT_ONCE):
            _fill(workflow, [each - first + 1 for each in numbers[at : at + AT_ONCE]], first, began)
        Workflow.objects.filter(pk=workflow.pk).update(jobs_made=len(numbers))
        newest = str(workflow.pk)
    print(newest)


def _fill(workflow: Workflow, numbers: list[int], first: int, began: datetime) -> None:
    jobs = [_job(workflow, number, first + number, began + timedelta(seconds=first + number)) for number in numbers]
    Job.objects.bulk_create(jobs)
    Asset.objects.bulk_create(
        Asset(
            owner_id=workflow.owner_id,
            workflow=workflow,
            job=job,
            node="out",
            output="value",
            result="echo",
            kind="text",
            value="hello",
            created_at=job.created_at,
        )
        for job in jobs
    )


def _job(workflow: Workflow, number: int, place: int, at: datetime) -> Job:
    return Job(
        workflow=workflow,
        owner_id=workflow.owner_id,
        graph_id=workflow.graph_id,
        workflow_version=1,
        number=number,
        place=place,
        state=State.COMPLETED,
        label=f"word {number}",
        params={"word": str(number)},
        fence=1,
        attempts=1,
        created_at=at,
        started_at=at,
        ended_at=at,
        duration=0.1,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
