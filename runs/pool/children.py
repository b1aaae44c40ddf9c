"""The worker processes of one pool: started, looked at, bounded in memory, and killed. Knows no database."""

import logging
import os
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from runs.pool.processes import Backoff, Child, Condition, memory_of_groups

LONGEST_PAUSE_SECONDS = 2.0
STARTING_SECONDS = 30.0
"""After these a worker that has not come up holds up no other."""
STARTING_AT_ONCE = max(4, os.cpu_count() or 1)
"""More would only hold each other up, and the web process beside them."""

logger = logging.getLogger(__name__)


class Cause(Enum):
    """Why a worker ended, in words for its job's history."""

    DIED = "the worker died"
    STOPPED = "the worker was stopped from outside"
    MEMORY = "it used too much memory"
    TIMEOUT = "it ran too long"
    CANCELLED = "it did not stop by itself"
    HANDED_BACK = "handed back"
    UNRENEWED = "the database was away for too long"


@dataclass(slots=True)
class Worker:
    """One worker process. `up` once it has told that it can take a job; `cause` is set when the pool kills it."""

    name: str
    child: Child
    up: bool = False
    draining: bool = False
    cause: Cause | None = None


class Children:
    """The workers of the pool `pool`, by name. Start and reap them from the main thread; signal them from any."""

    def __init__(self, pool: str, start: Callable[[str], Child], memory_bytes: int) -> None:
        self._pool = pool
        self._start = start
        self._memory_bytes = memory_bytes
        self._backoff = Backoff(LONGEST_PAUSE_SECONDS)
        self._workers: dict[str, Worker] = {}
        self._started = 0
        self._causes: dict[str, Cause] = {}

    def alive(self) -> dict[str, Worker]:
        """The workers that live, and are not being killed."""
        return {name: worker for name, worker in self._workers.copy().items() if worker.cause is None}

    def __contains__(self, name: object) -> bool:
        """Whether this worker's process may still be there."""
        return name in self._workers

    def __len__(self) -> int:
        return len(self._workers)

    def pids(self) -> set[int]:
        """The processes of the workers."""
        return {worker.child.pid for worker in self._workers.values()}

    def cause(self, name: str) -> Cause:
        """Why this worker ended."""
        return self._causes.get(name, Cause.DIED)

    def keep(self, wanted: int, busy: Collection[str]) -> None:
        """Starts workers until there are as many as wanted, or lets some go, those that are not busy first."""
        staying = [worker for worker in self.alive().values() if not worker.draining]
        for _ in range(min(wanted - len(staying), STARTING_AT_ONCE - self._starting())):
            if self._backoff.due:
                self._start_one()
        staying.sort(key=lambda worker: worker.name in busy)
        for worker in staying[: max(len(staying) - wanted, 0)]:
            self.drain(worker)

    def look(self) -> bool:
        """Reaps workers that have ended, kills those that are stopped, sees who is up. Whether any has ended."""
        for worker in self._workers.values():
            worker.up = worker.up or worker.child.is_up()
        gone = [worker for worker in self._workers.values() if self._has_ended(worker)]
        for worker in gone:
            code = worker.child.reap()
            self._note_end(worker, code)
        return bool(gone)

    def bound_memory(self) -> None:
        """Kills the workers that, with all they have started, use more memory than they may."""
        workers = {worker.child.pid: worker for worker in self.alive().values()}
        with suppress(OSError):  # no descriptor is left to look with: the next time
            for pid, used in memory_of_groups(workers.keys()).items():
                if used > self._memory_bytes:
                    self.kill(workers[pid].name, Cause.MEMORY)

    def drain(self, worker: Worker) -> None:
        """Lets the worker end when its job has; it takes no other."""
        worker.draining = True
        worker.child.tell(signal.SIGTERM)

    def tell(self, name: str, number: signal.Signals) -> None:
        """Signals the worker alone, if it lives."""
        if worker := self._workers.get(name):
            worker.child.tell(number)

    def tell_group(self, name: str, number: signal.Signals) -> None:
        """Signals the worker and all that it has started, if it lives."""
        if worker := self._workers.get(name):
            worker.child.send(number)

    def kill(self, name: str, cause: Cause) -> None:
        """Kills the worker with all that it has started."""
        if worker := self._workers.get(name):
            worker.cause = worker.cause or cause
            self._causes[name] = worker.cause
            worker.child.send(signal.SIGKILL)

    def kill_all(self, cause: Cause) -> None:
        """Kills every worker with all that it has started."""
        for name in self.alive():
            self.kill(name, cause)

    def _starting(self) -> int:
        since = time.monotonic() - STARTING_SECONDS
        return sum(worker.child.started > since and not worker.child.is_up() for worker in self._workers.values())

    def _start_one(self) -> None:
        name = f"{self._pool}.{self._started + 1}"
        try:
            child = self._start(name)
        except OSError as error:  # no memory or descriptor is left, say: the workers that are there go on
            self._backoff.ended(0)
            logger.warning("Worker %s could not be started (%s); it is tried again.", name, error)
            return
        self._started += 1
        self._workers[name] = Worker(name, child, up=child.is_up())

    def _has_ended(self, worker: Worker) -> bool:
        condition = worker.child.look()
        if condition is Condition.STOPPED:
            self.kill(worker.name, Cause.STOPPED)
        return condition is Condition.ENDED

    def _note_end(self, worker: Worker, code: int) -> None:
        del self._workers[worker.name]
        if worker.cause or worker.draining or code == 0:
            return
        self._backoff.ended(time.monotonic() - worker.child.started)
        logger.warning("Worker %s died (code %s); another takes its place.", worker.name, code)
