"""What one pool does for all: rescues jobs whose lease has run out, wakes who was not woken, deletes what may go."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import Error as DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone
from redis.exceptions import RedisError

from runs import gate, halting, making, outbox, retention, store, wake
from runs.errors import LostLease
from runs.models import Duty, Kept, Worker
from runs.pool.rhythm import Every
from runs.removal import remove_leaving
from runs.retention import Rules

SWEEP_SECONDS = 2.0
CLEARING_SECONDS = 3600.0
PRUNING_SECONDS = 60.0
CLOCK_SLACK = 0.5
"""Seconds by which a clock may be put back a little without any lease being in doubt."""
PRUNED_AT_ONCE = 100
"""Deleting more would keep lost jobs waiting for their rescue."""

logger = logging.getLogger(__name__)


class Sweep(threading.Thread):
    """Sweeps every 2 s while it holds the duty."""

    def __init__(self, pool: str, living: Callable[[], Collection[str]] = tuple) -> None:
        super().__init__(name="sweep", daemon=True)
        self._pool = pool
        self._living = living
        """The pool's own workers that live: whatever a clock says, they are renewed, or killed in time."""
        self._closing = threading.Event()
        self._is_clearing = False
        self._clear_store_sometimes = Every(CLEARING_SECONDS, self._clear_store)
        self._prune_sometimes = Every(PRUNING_SECONDS, self._prune)
        self.seen_at = time.time()
        """When the last round began, by the clock on the wall."""

    def close(self) -> None:
        """Ends the sweep soon."""
        self._closing.set()

    def run(self) -> None:
        """Goes on until `close`."""
        while not self._closing.wait(SWEEP_SECONDS):
            try:
                self.round()
            except (DatabaseError, OSError) as error:
                logger.warning("The sweep waits for the database (%s).", error)
                connection.close()
        connection.close()

    def round(self) -> None:
        """Sweeps once, if this pool is the one to do it."""
        stepped, self.seen_at = self._has_stepped(), time.time()
        if not Duty.objects.take("sweep", self._pool):
            return
        if stepped:
            logger.warning("This machine slept, or its clock was set: every running job is given one more lease.")
            gate.renew_all()
            return
        self._rescue()
        wake.wake()
        halting.halt_all()
        making.clear_leftovers()
        remove_leaving()
        Worker.objects.filter(heartbeat_at__lt=timezone.now() - 2 * timedelta(seconds=settings.LEASE_SECONDS)).delete()
        self._clear_store_sometimes()
        if self._is_clearing:  # some in each round: lost jobs wait for their rescue meanwhile
            self._is_clearing = store.clear_unused() > 0
        self._prune_sometimes()

    def _has_stepped(self) -> bool:
        """Whether the clock on the wall, which goes on while a machine sleeps, is not where it should be."""
        passed = time.time() - self.seen_at
        return passed < -CLOCK_SLACK or passed > SWEEP_SECONDS + float(settings.LEASE_SECONDS) / 2

    def _rescue(self) -> None:
        for job in gate.expired():
            if self._has_stepped():
                return  # just now, between the look and here
            if job.worker in self._living():
                continue
            try:
                gate.lost(job.pk, job.fence, by=self._pool, why="its lease ran out", lease_until__lt=Now())
            except LostLease:
                logger.info("Job %s had moved on before it was rescued.", job.pk)

    def _prune(self) -> None:
        retention.prune(Rules.of_settings(), limit=PRUNED_AT_ONCE)

    def _clear_store(self) -> None:
        store.clear_leftovers()
        Kept.objects.forget_beyond(settings.MAX_KEPT_RESULTS)
        outbox.forget_old()
        with suppress(RedisError):
            wake.forget_dead()
        self._is_clearing = True
