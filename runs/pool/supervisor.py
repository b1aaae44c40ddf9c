"""The pool: one machine's worker processes, and the process that looks after them.

Its main thread looks after the processes and waits for nothing but its own ticks. What needs the database or Redis is
done by threads: the ledger (leases, and the ends of workers), the sweep, the sender of webhooks, and the listener for
cancels.
"""

import logging
import signal
import sys
import threading
import time
from types import FrameType

import redis
from django.conf import settings

from runs import offspring
from runs.pool import machine
from runs.pool.children import Cause, Children
from runs.pool.ledger import Ledger
from runs.pool.processes import Arrival, Child, spawn
from runs.pool.rhythm import Every
from runs.pool.sender import Sender
from runs.pool.sweep import Sweep
from runs.pool.watchdog import Watchdog
from runs.redis import CANCEL_CHANNEL, waiting_connection

TICK_SECONDS = 0.1
MEMORY_SECONDS = 0.25
MOST_WORKERS = 32
"""More than these are started only when WORKERS or --count say so."""
SETTLING_SECONDS = 2.0

logger = logging.getLogger(__name__)


def run(count: int | None = None) -> None:
    """Runs `count` workers (None: as the settings say) until SIGTERM or SIGINT, then drains them."""
    patience = settings.LEASE_SECONDS / 2
    with Watchdog(patience) as watchdog:
        Pool(watchdog, count).run()


class Pool:
    """Keeps as many workers running as are wanted, and kills those that must not go on."""

    def __init__(self, watchdog: Watchdog, count: int | None) -> None:
        self._count = count or settings.WORKERS
        self._watchdog = watchdog
        self._name = machine.name_pool()
        self._children = Children(self._name, self._start_worker, settings.WORKER_MEMORY_BYTES)
        self._ledger = Ledger(self._name, self._children)
        self._sweep = Sweep(self._name, self._children.alive)
        self._sender = Sender(self._name)
        self._bound_memory = Every(MEMORY_SECONDS, self._children.bound_memory)
        self._stopping = False
        self._ticked_at = time.monotonic()

    def run(self) -> None:
        """Returns when the pool was told to stop and its workers are gone."""
        offspring.adopt()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._take_signal)
        self._ledger.start()
        self._sweep.start()
        self._sender.start()
        threading.Thread(target=self._listen_for_cancels, name="cancels", daemon=True).start()
        while not self._stopping:
            self._tick()
            self._check_threads()
            self._children.keep(self._wanted(), self._ledger.busy)
            time.sleep(TICK_SECONDS)
        self._drain()

    def _tick(self) -> None:
        self._watchdog.beat()
        self._bound_memory()
        self._keep_leases_safe()
        if self._children.look():
            self._ledger.nudge()
            offspring.end_all_but({self._watchdog.pid, *self._children.pids()})

    def _check_threads(self) -> None:
        """Without them no worker may go on: better that this pool ends, with its workers, and another is started."""
        for thread in (self._ledger, self._sweep):
            if not thread.is_alive():
                raise RuntimeError(f"The pool's {thread.name} has ended by an error.")

    def _wanted(self) -> int:
        if not self._may_renew():
            return len(self._children)
        return self._count or min(self._ledger.cap, MOST_WORKERS)

    def _keep_leases_safe(self) -> None:
        """Kills the workers before their leases can pass on to others, when they could not be renewed."""
        now = time.monotonic()
        if now - self._ticked_at > settings.LEASE_SECONDS / 2:
            # The watchdog would have killed a pool that was stopped alone: the whole machine slept, and renews now.
            self._ledger.renewed_at = now
        self._ticked_at = now
        if not self._may_renew():
            self._children.kill_all(Cause.UNRENEWED)

    def _may_renew(self) -> bool:
        """Whether the last renewal is so young that no lease is in danger."""
        return time.monotonic() - self._ledger.renewed_at < float(settings.LEASE_SECONDS) * 2 / 3

    def _drain(self) -> None:
        """Running jobs may end within DRAIN_SECONDS; what is left is stopped, and handed back."""
        self._sweep.close()
        self._sender.close()
        for worker in self._children.alive().values():
            self._children.drain(worker)
        self._wait_for_children(settings.DRAIN_SECONDS)
        self._children.kill_all(Cause.HANDED_BACK)
        self._wait_for_children(SETTLING_SECONDS)
        if not self._ledger.close(SETTLING_SECONDS):
            logger.warning("The database did not answer in time; the jobs of this pool are rescued when it does.")

    def _wait_for_children(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while len(self._children) and time.monotonic() < deadline:
            self._tick()
            time.sleep(TICK_SECONDS)

    def _listen_for_cancels(self) -> None:
        """Redis says at once what the ledger would see within a second."""
        while True:
            try:
                with waiting_connection(MEMORY_SECONDS).pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(CANCEL_CHANNEL)
                    while True:
                        if channel.get_message(timeout=1.0):
                            self._ledger.nudge()
            except redis.RedisError:
                time.sleep(1.0)

    def _start_worker(self, name: str) -> Child:
        arrival = Arrival()
        with arrival.given() as number:
            command = [sys.executable, "manage.py", "worker", name, "--arrival", str(number)]
            return spawn(command, self._watchdog, folder=settings.BASE_DIR, descriptors=[number], arrival=arrival)

    def _take_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
