"""What the gate promises, as plain objects: each call changes them as it should change the rows, or refuses."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from runs.errors import BatchGivenUp, JobActive, JobEnded, LostLease, NotWaiting, TooManyWaiting
from runs.models import Job
from runs.states import HOLDING, TERMINAL, State


@dataclass
class ModelJob:
    """One job as it should be."""

    id: UUID
    state: State = State.QUEUED
    fence: int = 0
    attempts: int = 0
    repeatable: bool = True
    worker: str = ""
    lapsed: bool = False
    last_id: str | None = None
    code: str | None = None
    workflow: int = 0
    owner: int = 0
    place: tuple[bool, float] = (False, 0)
    """Whether in the background, and where there."""
    batch: int | None = None
    steps: list[tuple[str, str, str]] = field(default_factory=list)
    """From where, to where, by whom."""

    def move(self, to: State, by: str) -> None:
        self.steps.append((self.state if self.steps else "", to, by))
        self.state = to
        if to not in HOLDING:
            self.lapsed = False

    def shut(self, to: State, by: str, code: str | None) -> State:
        """Ended by another than its worker: what was told is closed under a fence that nobody else has."""
        if self.fence:
            self.fence += 1
            self.last_id = f"{self.fence}-0"
        self.code = code if to == State.FAILED else None
        self.move(to, by)
        return to


class Model:
    """All jobs in the order of their submits, and what bounds them. Whatever it refuses has changed nothing."""

    def __init__(self, owners: Sequence[int], *, default_cap: int, most_attempts: int, most_waiting: int) -> None:
        self.jobs: dict[UUID, ModelJob] = {}
        self.owners = owners
        """Of each workflow."""
        self.paused = False
        self.most_of_workflow = 0
        self.most_of_owner = 0
        self.chosen_cap: int | None = None
        self.default_cap = default_cap
        self.most_attempts = most_attempts
        self.most_waiting = most_waiting
        self.hidden: dict[int, list[ModelJob]] = {}
        """Batches that are written, and that nobody sees."""
        self.stopped: set[int] = set()
        """Those that stopped at their first failure, as all of them do."""

    @property
    def cap(self) -> int:
        return self.chosen_cap or self.default_cap

    def waiting(self) -> list[ModelJob]:
        line = [job for job in self.jobs.values() if job.state == State.QUEUED]
        return sorted(line, key=lambda job: job.place)

    def holding(self) -> list[ModelJob]:
        return [job for job in self.jobs.values() if job.state in HOLDING]

    def unbound(self) -> list[ModelJob]:
        workflows = Counter(job.workflow for job in self.holding())
        owners = Counter(job.owner for job in self.holding())
        return [
            job
            for job in self.waiting()
            if job.batch not in self.stopped
            and workflows[job.workflow] < (self.most_of_workflow or len(self.jobs))
            and owners[job.owner] < (self.most_of_owner or len(self.jobs))
        ]

    def startable(self) -> int:
        free = 0 if self.paused else max(self.cap - len(self.holding()), 0)
        return min(len(self.unbound()), free)

    def submit(self, job_id: UUID, by: str, workflow: int, *, background: bool) -> UUID:
        self._refuse_beyond(self.owners[workflow], 1)
        self.jobs[job_id] = self._new(job_id, by, workflow, self._end_of(background))
        return job_id

    def write(self, batch: int, job_ids: list[UUID], by: str, workflow: int, *, background: bool) -> int:
        """A batch of which nothing is seen but that those who come after it are behind it."""
        self._refuse_beyond(self.owners[workflow], len(job_ids))
        self.hidden[batch] = []
        for job_id in job_ids:
            job = self._new(job_id, by, workflow, self._end_of(background))
            job.batch = batch
            self.hidden[batch].append(job)
        return batch

    def written(self) -> list[ModelJob]:
        return [job for batch in self.hidden.values() for job in batch]

    def release(self, batch: int) -> int:
        if batch not in self.hidden:
            raise BatchGivenUp
        self._refuse_beyond(self.hidden[batch][0].owner, len(self.hidden[batch]))
        self.jobs |= {job.id: job for job in self.hidden.pop(batch)}
        return batch

    def drop(self, batch: int) -> None:
        self.hidden.pop(batch, None)

    def halt(self, by: str) -> None:
        """What stopped batches have left is cancelled."""
        for job in list(self.jobs.values()):
            if job.batch in self.stopped and job.state in {State.QUEUED, State.RUNNING}:
                self.cancel(job.id, by)

    def claim(self, worker: str) -> tuple[UUID, int, str] | None:
        if not self.startable():
            return None
        job = self.unbound()[0]
        job.move(State.RUNNING, worker)
        job.fence, job.attempts, job.worker = job.fence + 1, job.attempts + 1, worker
        return job.id, job.fence, worker

    def finish(self, job_id: UUID, fence: int, worker: str, state: State, code: str | None) -> bool:
        job = self._held(job_id, fence, worker)
        job.last_id, job.code = f"{fence}-1", code
        job.move(state, job.worker)
        self._count(job)
        return job.batch in self.stopped

    def cancel(self, job_id: UUID, by: str) -> State:
        job = self._there(job_id)
        if job.state in {State.COMPLETED, State.FAILED}:
            raise JobEnded
        if job.state == State.QUEUED:
            job.shut(State.CANCELLED, by, "")
            self._count(job)
        elif job.state == State.RUNNING:
            job.move(State.CANCELLING, by)
        return job.state

    def cancel_all(self, workflow: int, states: Collection[State], by: str) -> int:
        """Those that wait leave the queue, those that run are told to stop. How many they were."""
        given = [job for job in self.jobs.values() if job.workflow == workflow and job.state in states]
        for job in given:
            self.cancel(job.id, by)
        return len(given)

    def hand_back(self, job_id: UUID, fence: int, by: str) -> State:
        job = self._held(job_id, fence)
        if job.state == State.RUNNING and job.repeatable:
            return self._requeue(job, by, spent=0)
        return self._fail(job, by, "worker_lost")

    def lost(self, job_id: UUID, fence: int, by: str) -> State:
        job = self._held(job_id, fence)
        if job.state == State.RUNNING and job.repeatable and job.attempts < self.most_attempts:
            return self._requeue(job, by, spent=1)
        return self._fail(job, by, "worker_lost")

    def end(self, job_id: UUID, fence: int, by: str, code: str) -> State:
        return self._fail(self._held(job_id, fence), by, code)

    def mark_unrepeatable(self, job_id: UUID, fence: int, worker: str) -> None:
        self._held(job_id, fence, worker).repeatable = False

    def renew(self, workers: Collection[str]) -> int:
        renewed = [job for job in self.holding() if job.worker in workers]
        for job in renewed:
            job.lapsed = False
        return len(renewed)

    def promote(self, job_id: UUID, *, before_all: bool) -> UUID:
        """Before all of its lane, or before its owner's own: they change places among themselves then."""
        job = self._there(job_id)
        if job.state != State.QUEUED:
            raise NotWaiting
        line = [each for each in self.waiting() if each.place[0] == job.place[0]]
        before = [each for each in line[: line.index(job)] if each.owner == job.owner]
        first = min(each.place for each in [*line, *self.written()] if each.place[0] == job.place[0])
        if before_all and first != job.place:
            job.place = (job.place[0], first[1] - 1)
        elif before and not before_all:
            places = [each.place for each in [*before, job]]
            for each, place in zip([job, *before], places, strict=True):
                each.place = place
        return job.id

    def delete(self, job_id: UUID) -> None:
        if self._there(job_id).state not in TERMINAL:
            raise JobActive
        del self.jobs[job_id]

    def _refuse_beyond(self, owner: int, more: int) -> None:
        if sum(job.owner == owner for job in self.waiting()) + more > self.most_waiting:
            raise TooManyWaiting

    def _there(self, job_id: UUID) -> ModelJob:
        if job_id not in self.jobs:
            raise Job.DoesNotExist
        return self.jobs[job_id]

    def _held(self, job_id: UUID, fence: int, worker: str | None = None) -> ModelJob:
        job = self.jobs.get(job_id)
        if job is None or job.fence != fence or job.state not in HOLDING or worker not in {None, job.worker}:
            raise LostLease
        return job

    def _requeue(self, job: ModelJob, by: str, *, spent: int) -> State:
        job.worker = ""
        job.attempts += spent - 1
        job.move(State.QUEUED, by)
        return State.QUEUED

    def _fail(self, job: ModelJob, by: str, code: str) -> State:
        state = job.shut(State.CANCELLED if job.state == State.CANCELLING else State.FAILED, by, code)
        self._count(job)
        return state

    def _count(self, job: ModelJob) -> None:
        """A failure stops its batch; whoever is cancelled after that is told so."""
        if job.batch is not None and job.state == State.FAILED:
            self.stopped.add(job.batch)
        elif job.batch in self.stopped and job.state == State.CANCELLED:
            job.code = "batch_stopped"

    def _new(self, job_id: UUID, by: str, workflow: int, place: tuple[bool, float]) -> ModelJob:
        job = ModelJob(job_id, workflow=workflow, owner=self.owners[workflow], place=place)
        job.move(State.QUEUED, by)
        return job

    def _end_of(self, background: bool) -> tuple[bool, float]:
        there = [*self.jobs.values(), *self.written()]
        return background, max((job.place[1] for job in there if job.place[0] == background), default=0) + 1
