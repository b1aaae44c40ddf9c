"""What the lens promises, as plain objects: which job each person's lens is on, if it is pinned, and what is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from runs.errors import JobActive, JobGone
from runs.models import Job

Lens = tuple[int, int]
"""A person and a workflow."""
Shown = tuple[UUID | None, bool]
"""The job that a lens is on, and whether it is pinned."""


@dataclass
class ModelJob:
    """One job, as far as a lens cares."""

    id: UUID
    workflow: int
    number: int
    batch: int | None = None
    active: bool = True


class Model:
    """All jobs there are, and where each lens is that was ever moved."""

    def __init__(self) -> None:
        self.jobs: dict[UUID, ModelJob] = {}
        self.lenses: dict[Lens, Shown] = {}
        self.told: list[tuple[Lens, Shown]] = []
        """The moves that nobody has asked for yet, in their order."""

    def submitted(self, person: int, jobs: list[ModelJob], *, focus: bool) -> None:
        """New jobs, of which the first counts. They move the lens of who submits them, unless it is pinned."""
        self.jobs |= {job.id: job for job in jobs}
        lens = person, jobs[0].workflow
        if focus and not self.lenses.get(lens, (None, False))[1]:
            self._move(lens, (jobs[0].id, False))

    def choose(self, person: int, job_id: UUID, workflow: int, *, pinned: bool) -> Shown:
        if job_id not in self.jobs:
            raise JobGone
        return self._move((person, workflow), (job_id, pinned))

    def release(self, person: int, workflow: int) -> Shown:
        """To the job submitted last; where that is of a batch, to the first that is left of it."""
        mine = self._newest_first(workflow)
        last = mine[0] if mine else None
        if last and last.batch is not None:
            last = [job for job in mine if job.batch == last.batch][-1]
        return self._move((person, workflow), (last.id if last else None, False))

    def delete(self, job_id: UUID) -> None:
        """The lenses on it go to the newest active job, else to the newest that has ended."""
        if job_id not in self.jobs:
            raise Job.DoesNotExist
        if self.jobs[job_id].active:
            raise JobActive
        gone = self.jobs.pop(job_id)
        left = self._newest_first(gone.workflow)
        best = next((job.id for job in [*(job for job in left if job.active), *left]), None)
        for lens, (shown, _) in self.lenses.items():
            if shown == job_id:
                self._move(lens, (best, False))

    def prune(self, kept: int) -> int:
        """Of each workflow's ended jobs so many stay, and those that a lens is pinned to."""
        pinned = {job_id for job_id, pinned in self.lenses.values() if pinned}
        gone = 0
        for workflow in sorted({job.workflow for job in self.jobs.values()}):
            ended = [job for job in self._newest_first(workflow) if not job.active]
            for job in reversed(ended[kept:]):
                if job.id not in pinned:
                    self.delete(job.id)
                    gone += 1
        return gone

    def asked(self) -> list[tuple[Lens, Shown]]:
        """The moves since it was asked before."""
        told, self.told = self.told, []
        return told

    def _newest_first(self, workflow: int) -> list[ModelJob]:
        mine: Iterable[ModelJob] = (job for job in self.jobs.values() if job.workflow == workflow)
        return sorted(mine, key=lambda job: job.number, reverse=True)

    def _move(self, lens: Lens, to: Shown) -> Shown:
        self.lenses[lens] = to
        self.told.append((lens, to))
        return to
