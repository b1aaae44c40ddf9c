"""Sends what webhooks are to be told: one pool does it for all, on threads that nothing else waits for."""

import asyncio
import logging
import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait

from django.db import Error as DatabaseError, connection
from django.utils import timezone

from runs.models import Delivery, Duty
from runs.pool import parcels
from runs.pool.post import Answer, Parcel, office, send

ROUND_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Sender(threading.Thread):
    """Looks every second for what is due. The database is this thread's; a second one has the connections' loop."""

    def __init__(self, pool: str) -> None:
        super().__init__(name="sender", daemon=True)
        self._pool = pool
        self._closing = threading.Event()
        self._sending: dict[Future[Answer], Parcel] = {}

    def close(self) -> None:
        """Ends it soon. What is under way then is sent again, by whoever sends next, with the same id."""
        self._closing.set()

    def run(self) -> None:
        """Goes on until `close`."""
        with office() as loop:
            while not self._closing.is_set():
                self._wait()
                try:
                    self.round(loop)
                except (DatabaseError, OSError) as error:
                    logger.warning("Webhooks wait for the database (%s).", error)
                    connection.close()
                except Exception:
                    logger.exception("Webhooks are sent again in a moment, after an error.")
        connection.close()

    def round(self, loop: asyncio.AbstractEventLoop) -> None:
        """Settles what has come back, and sends what is due, if this pool is the one to do it."""
        for done in [future for future in self._sending if future.done()]:
            parcels.settle(self._sending.pop(done), done.result())  # what fails here is sent again in half a minute
        due = Delivery.objects.waiting().filter(due_at__lte=timezone.now())
        if due.exists() and Duty.objects.take("webhooks", self._pool):
            for parcel in parcels.take(self._sending.values()):
                self._sending[asyncio.run_coroutine_threadsafe(send(parcel), loop)] = parcel

    def _wait(self) -> None:
        """Until something has come back, or a second has passed."""
        if self._sending:
            wait(self._sending, timeout=ROUND_SECONDS, return_when=FIRST_COMPLETED)
        else:
            self._closing.wait(ROUND_SECONDS)
