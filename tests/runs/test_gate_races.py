"""32 real processes race for the same jobs. The oracle is a journal that they write outside of the database."""

from itertools import accumulate
from pathlib import Path

import pytest

from accounts.models import User
from runs import gate
from runs.models import Job
from tests import factories
from tests.runs.dying import Doing, Plan, context

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

RACERS = 32


def race(folder: Path) -> list[tuple[int, int, int, int]]:
    """The journal, in the order of its times: (nanoseconds, +1 or -1, number, fence)."""
    journal, start = folder / "journal", context.Barrier(RACERS, timeout=60)
    racers = [Doing("race", (f"racer-{i}", journal, start), Plan(), folder / f"notes-{i}") for i in range(RACERS)]
    assert not any(racer.died() for racer in racers)
    lines = [line.split() for line in journal.read_text().splitlines()]
    return sorted((int(at), int(step), int(number), int(fence)) for at, step, number, fence in lines)


@pytest.mark.parametrize("cap", [1, 3])
def test_each_job_runs_once_in_order_and_never_more_than_the_cap(ada: User, tmp_path: Path, cap: int) -> None:
    gate.set_cap(cap)
    workflow = factories.workflow(ada)
    jobs = [factories.job(workflow) for _ in range(40)]
    journal = race(tmp_path)
    started = [number for _, step, number, _ in journal if step > 0]
    assert sorted(started) == [job.number for job in jobs]
    assert {fence for *_, fence in journal} == {1}
    assert max(accumulate(step for _, step, _, _ in journal)) <= cap
    in_order = list(Job.objects.order_by("started_at", "place").values_list("number", flat=True))
    assert in_order == [job.number for job in jobs]
    assert set(Job.objects.values_list("state", flat=True)) == {"completed"}
    if cap == 1:
        assert started == [job.number for job in jobs]
