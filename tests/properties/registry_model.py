"""What the registry of workers promises, as plain objects: which there are, and what becomes of their jobs."""

from dataclasses import dataclass, field
from uuid import UUID

from runs.pool.children import Cause
from runs.states import State

MOST_ATTEMPTS = 2
CODES = {Cause.MEMORY: "memory_limit", Cause.TIMEOUT: "timeout"}


@dataclass
class ModelWorker:
    """A process, until its pool has reaped it."""

    name: str
    pool: int
    draining: bool = False
    cause: Cause | None = None

    @property
    def over(self) -> bool:
        """Those of these tests end as soon as they are told to."""
        return self.draining or self.cause is not None


@dataclass
class ModelJob:
    """A job that workers take, lose and take again."""

    id: UUID
    state: State = State.QUEUED
    attempts: int = 0
    worker: str = ""
    code: str | None = None


@dataclass
class Model:
    """Two pools of one machine, what the database says of their workers, and their jobs in the queue's order."""

    workers: dict[str, ModelWorker] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)
    """Of workers that were killed, for ever."""
    rows: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """Pool, and whether it is draining, by worker."""
    silent: set[str] = field(default_factory=set)
    """Rows that nobody has renewed for long."""
    jobs: list[ModelJob] = field(default_factory=list)
    duty: int | None = None
    """The pool that sweeps."""

    def of(self, pool: int) -> list[ModelWorker]:
        return [worker for worker in self.workers.values() if worker.pool == pool]

    def alive(self, pool: int) -> list[ModelWorker]:
        return [worker for worker in self.of(pool) if worker.cause is None]

    def holding(self) -> list[ModelJob]:
        return [job for job in self.jobs if job.worker and job.state in {State.RUNNING, State.CANCELLING}]

    def keep(self, pool: int, wanted: int, names: list[str]) -> None:
        """New ones get the next of the names; of too many, those that are idle go first."""
        staying = [worker for worker in self.alive(pool) if not worker.draining]
        for name in names[: max(wanted - len(staying), 0)]:
            self.workers[name] = ModelWorker(name, pool)
        busy = {job.worker for job in self.holding()}
        staying.sort(key=lambda worker: worker.name in busy)
        for worker in staying[: max(len(staying) - wanted, 0)]:
            worker.draining = True

    def kill(self, name: str, cause: Cause) -> None:
        worker = self.workers[name]
        worker.cause = self.causes[name] = worker.cause or cause

    def look(self, pool: int) -> None:
        for worker in self.of(pool):
            if worker.over:
                del self.workers[worker.name]

    def claim(self, name: str) -> UUID | None:
        job = next((job for job in self.jobs if job.state == State.QUEUED), None)
        if job is None:
            return None
        job.state, job.worker, job.attempts = State.RUNNING, name, job.attempts + 1
        return job.id

    def round(self, pool: int) -> None:
        """The rows become what the workers are, and jobs whose worker is gone are settled."""
        self.rows = {name: row for name, row in self.rows.items() if row[0] != pool}
        self.rows |= {worker.name: (pool, worker.draining) for worker in self.alive(pool)}
        self.silent -= {worker.name for worker in self.alive(pool)}
        for job in self.holding():
            theirs = self.workers.get(job.worker)
            if job.worker.startswith(f"{pool}."):
                if theirs is None:
                    self._settle(job, self.causes.get(job.worker, Cause.DIED))
            elif job.worker in self.rows and (theirs is None or theirs.over):
                del self.rows[job.worker]
                self._settle(job, Cause.DIED)

    def take_duty(self, pool: int) -> bool:
        self.duty = pool if self.duty is None else self.duty
        return self.duty == pool

    def sweep(self) -> None:
        self.rows = {name: row for name, row in self.rows.items() if name not in self.silent}

    def shown(self) -> dict[str, tuple[str, UUID | None]]:
        """The workers that staff see, each with what it does."""
        held = {job.worker: job.id for job in self.holding()}
        return {
            name: ("draining" if draining else "busy" if name in held else "idle", held.get(name))
            for name, (_, draining) in self.rows.items()
            if name not in self.silent
        }

    def _settle(self, job: ModelJob, cause: Cause) -> None:
        repeats = job.attempts < MOST_ATTEMPTS or cause is Cause.HANDED_BACK
        if job.state == State.CANCELLING:
            job.state = State.CANCELLED
        elif cause not in CODES and repeats:
            job.state, job.worker, job.attempts = State.QUEUED, "", job.attempts - (cause is Cause.HANDED_BACK)
        else:
            job.state, job.code = State.FAILED, CODES.get(cause, "worker_lost")
