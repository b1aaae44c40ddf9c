"""A worker process: takes one job after another as long as any may start, then waits for a wake-up."""

import logging
import os
import signal
from contextlib import suppress
from types import FrameType
from typing import Final

import psutil
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from PIL import Image

from runs import gate, offspring, wake
from runs.errors import DatabaseAway, LostLease
from runs.gate import Claim
from runs.models import Job
from runs.worker.crew import insist
from runs.worker.executor import Executor

LONGEST_LIFE: Final = 2000
"""Jobs after which a process makes room for a fresh one: libraries leak a little."""

logger = logging.getLogger(__name__)


def run(name: str, arrival: int | None = None) -> None:
    """Works under this name until it is told to stop, or has become old. Closes the file `arrival` when it is up."""
    connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"].pop("pool", None)  # its two threads keep a connection each
    Image.init()
    get_channel_layer()  # its modules take 30 ms, which the first run need not wait for
    worker = Worker(name)
    if arrival is not None:
        os.close(arrival)
    worker.run()


class Worker:
    """Runs jobs in the main thread, which alone hears signals.

    SIGTERM: takes no more jobs and ends after the one that runs. SIGUSR1: looks whether that one was cancelled.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor = Executor()
        self._process = psutil.Process()
        self._draining = False
        self._busy = False
        self._in_doubt = False
        self._ran = 0

    def run(self) -> None:
        """Returns when it is done for good."""
        self._take_signals()
        try:
            self._work()
            wake.listen(self._name, self._work)
        except wake.Stopped:
            wake.wake()  # what this worker was woken for is for another now
        finally:
            self._executor.close()
            connection.close()

    def _work(self) -> None:
        """Runs jobs until none may start. Raises `Stopped` when this worker is to take no more."""
        self._busy, likely = True, False
        while not self._draining and (claim := self._claim(likely=likely)) is not None:
            self._executor.execute(claim)
            offspring.end_all_but()
            self._ran, likely = self._ran + 1, True
            if self._is_old():
                self._draining = True
        self._busy = False
        if self._draining:
            raise wake.Stopped

    def _claim(self, *, likely: bool) -> Claim | None:
        """The next job to run, if any. While the database is away it tries again, for as long as a lease lasts."""

        def claim() -> Claim | None:
            if self._draining:
                return None
            if self._in_doubt:
                self._give_back()
            self._in_doubt = True  # until the answer is here: a commit may be kept though it is lost
            found = gate.claim(self._name, tell=False, likely=likely)  # the recorder tells of it as it begins
            self._in_doubt = False
            return found

        try:
            return insist(claim)
        except DatabaseAway as error:
            logger.warning("No job was claimed (%s). The sweep wakes us later.", error)
            return None

    def _give_back(self) -> None:
        """A claim may have been committed though its answer was lost: what is this worker's now was never begun."""
        for job in Job.rows.holding().filter(worker=self._name):
            with suppress(LostLease):
                gate.hand_back(job.pk, job.fence, by=self._name)
        self._in_doubt = False

    def _is_old(self) -> bool:
        used = self._process.memory_info().rss
        return self._ran >= LONGEST_LIFE or used > settings.WORKER_MEMORY_BYTES / 2

    def _take_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # they are for the pool, which tells its workers
        signal.signal(signal.SIGTERM, self._drain)
        signal.signal(signal.SIGUSR1, self._look)

    def _drain(self, _number: int, _frame: FrameType | None) -> None:
        self._draining = True
        if not self._busy:
            raise wake.Stopped

    def _look(self, _number: int, _frame: FrameType | None) -> None:
        self._executor.look()
