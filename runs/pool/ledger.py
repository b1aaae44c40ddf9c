"""What a pool reads and writes in the database for its workers, on a thread of its own.

So the thread that looks after the processes never waits for a database: a worker that was stopped in the middle of a
transaction holds the database's lock, and has to be killed by someone who does not want it.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError, connection, transaction
from django.utils import timezone

from runs import gate, limits
from runs.errors import LostLease
from runs.models import Job, Worker
from runs.pool import machine
from runs.pool.children import Cause, Children
from runs.pool.rhythm import Every
from runs.states import State

TICK_SECONDS = 0.2
LOOK_SECONDS = 1.0
RENEWALS_A_LEASE = 6
COOPERATION_SECONDS = 5.0
"""How long a worker may take to end a job that is cancelled or out of time, before it is made to."""
TERM_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Ledger(threading.Thread):
    """Renews leases, settles the jobs of workers that have died, and sees that cancelled jobs really end."""

    def __init__(self, pool: str, children: Children) -> None:
        super().__init__(name="ledger", daemon=True)
        self.renewed_at = time.monotonic()
        """When the last renewal that succeeded began."""
        self.cap = settings.MAX_CONCURRENT_JOBS
        self.busy: frozenset[str] = frozenset()
        self._pool = pool
        self._children = children
        self._away = False
        self._rows: dict[str, tuple[bool, bool]] | None = {}
        """This pool's rows, each with whether it is up and drains; None where somebody has changed them."""
        self._seen: dict[tuple[UUID, int], float] = {}
        self._cancelling: dict[tuple[UUID, int], float] = {}
        self._ordered: dict[tuple[UUID, int], float] = {}
        self._nudged = threading.Event()
        self._closing = threading.Event()
        self._renewal = Every(settings.LEASE_SECONDS / RENEWALS_A_LEASE, self._renew)
        self._look = Every(LOOK_SECONDS, self._look_at_jobs)

    def nudge(self) -> None:
        """Something has happened: look at once."""
        self._look.soon()
        self._nudged.set()

    def close(self, seconds: float) -> bool:
        """Settles what is left, and ends. Whether that was done within so many seconds."""
        self._closing.set()
        self.nudge()
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """Goes on until `close`."""
        while not self._closing.is_set():
            self._nudged.wait(TICK_SECONDS)
            self._nudged.clear()
            self.round()
        self._try(self._look_at_jobs, self._remove_rows)
        connection.close()

    def round(self) -> None:
        """Does what is due."""
        self._try(self._renewal, self._sync_rows, self._look)

    def _try(self, *duties: Callable[[], None]) -> None:
        """A database that is away is tried again at the next tick, over a new connection."""
        try:
            for duty in duties:
                duty()
            self._away = False
        except (DatabaseError, OSError) as error:
            if not self._away:
                logger.warning("The database is away (%s); the pool tries again until it is back.", error)
            self._away = True
            connection.close()

    def _renew(self) -> None:
        began = time.monotonic()
        with transaction.atomic():
            gate.renew(list(self._children.alive()))
            seen = Worker.objects.filter(pool=self._pool).update(heartbeat_at=timezone.now())
        self.renewed_at = began
        if seen != len(self._rows or ()):  # after a long silence, the sweep of another pool removes them
            self._rows = None

    def _sync_rows(self) -> None:
        """Makes the rows of this pool's workers what its workers are."""
        alive = self._children.alive()
        wanted = {name: (worker.up, worker.draining) for name, worker in alive.items()}
        if wanted == self._rows:
            return
        now = timezone.now()
        new = [
            Worker(
                name=name,
                host=machine.host(),
                pid=alive[name].child.pid,
                pool=self._pool,
                up=False,
                started_at=now,
                heartbeat_at=now,
            )
            for name in wanted
            if name not in (self._rows or ())
        ]
        with transaction.atomic():
            Worker.objects.filter(pool=self._pool).exclude(name__in=wanted).delete()
            Worker.objects.bulk_create(new, ignore_conflicts=True)
            for at, field in enumerate(("up", "draining")):
                Worker.objects.filter(name__in=[name for name, is_so in wanted.items() if is_so[at]]).update(
                    **{field: True}
                )
        self._rows = wanted

    def _remove_rows(self) -> None:
        Worker.objects.filter(pool=self._pool).delete()

    def _look_at_jobs(self) -> None:
        """Goes through the jobs that workers of this machine hold: those of dead ones are settled."""
        self.cap = gate.cap()
        alive = self._children.alive()
        mine = Job.objects.holding().filter(worker__startswith=f"{machine.machine()}.")
        held = list(mine.only("fence", "state", "worker"))
        self.busy = frozenset(job.worker for job in held)
        self._forget_others(held)
        for job in held:
            self._renewal()
            if job.worker in alive:
                self._escalate(job)
            elif not job.worker.startswith(f"{self._pool}."):
                self._rescue_from_dead_pool(job)
            elif job.worker not in self._children:
                self._settle(job, self._children.cause(job.worker))

    def _settle(self, job: Job, cause: Cause) -> None:
        """Ends or requeues the job of a worker that is dead."""
        try:
            if cause is Cause.HANDED_BACK:
                gate.hand_back(job.pk, job.fence, by=self._pool)
            elif cause in LIMITS:
                code, message = LIMITS[cause]()
                gate.end(job.pk, job.fence, code=code, message=message, by=self._pool)
            else:
                gate.lost(job.pk, job.fence, by=self._pool, why=cause.value)
        except LostLease:
            logger.info("Job %s had moved on before its worker's end was seen.", job.pk)

    def _rescue_from_dead_pool(self, job: Job) -> None:
        row = Worker.objects.filter(name=job.worker).first()
        if row is None or machine.is_alive(row.name, row.pid):
            return
        self._settle(job, Cause.DIED)
        row.delete()

    def _escalate(self, job: Job) -> None:
        """A cancelled job's worker is told so again and again, then asked to end, then killed."""
        if job.state != State.CANCELLING:
            if self._is_overdue(job) and _is_at(job):
                self._children.kill(job.worker, Cause.TIMEOUT)
            return
        key, now = (job.pk, job.fence), time.monotonic()
        left = self._cancelling.setdefault(key, now) + COOPERATION_SECONDS - now
        if left > 0:
            self._children.tell(job.worker, signal.SIGUSR1)
            self._look.within(left)
        elif not _is_at(job):
            return
        elif (left := self._ordered.setdefault(key, now) + TERM_SECONDS - now) > 0:  # however late this look is
            self._children.tell_group(job.worker, signal.SIGTERM)
            self._look.within(left)
        else:
            self._children.kill(job.worker, Cause.CANCELLED)

    def _is_overdue(self, job: Job) -> bool:
        """Whether it should have ended long ago by itself, wherever the clock on the wall was put meanwhile.

        Its own executor gives it up in time when it can.
        """
        since = self._seen.setdefault((job.pk, job.fence), time.monotonic())
        return time.monotonic() - since > settings.JOB_TIMEOUT_SECONDS + COOPERATION_SECONDS

    def _forget_others(self, held: list[Job]) -> None:
        current = {(job.pk, job.fence) for job in held}
        for times in (self._seen, self._cancelling, self._ordered):
            for gone in times.keys() - current:
                del times[gone]


def _is_at(job: Job) -> bool:
    """Whether the worker is still at the job: it may be at another one since that was read, which is not to suffer."""
    return Job.rows.holding().filter(pk=job.pk, fence=job.fence, worker=job.worker).exists()


LIMITS: dict[Cause, Callable[[], tuple[str, str]]] = {Cause.MEMORY: limits.memory, Cause.TIMEOUT: limits.time}
"""What a job is told whose worker was killed at a limit: code and message."""
