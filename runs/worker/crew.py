"""The threads of a worker process beside its event loop, kept from job to job."""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connection, connections

from runs.errors import DatabaseAway

P = ParamSpec("P")
T = TypeVar("T")
LONGEST_PAUSE_SECONDS: Final = 0.2
"""So that what waits for the database goes on soon after it is back."""
AWAY: Final = (OperationalError, InterfaceError, InternalError)
"""What a database raises that is not there, or, the last, is there to be read alone: it is about to take over."""


class Crew:
    """A desk, the one thread that writes rows and telemetry while a run's loop turns, and a workshop for pictures."""

    def __init__(self) -> None:
        self._desk = ThreadPoolExecutor(1, "desk")
        self._given: Future[Any] | None = None
        self._workshop = ThreadPoolExecutor(os.cpu_count() or 1, "workshop")

    async def at_desk(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Does something where it may wait for the database or Redis, after all that was given to the desk before."""
        given = self._given = self._desk.submit(_mending, partial(act, *args, **kwargs))
        return await asyncio.wrap_future(given)

    def clear_desk(self) -> None:
        """Waits until all is done that was given to the desk: what nobody awaits any more, too.

        The last is enough: the desk does one after the other, and a cancelled one is done when its turn comes.
        """
        if self._given:
            wait([self._given])
            self._given = None

    async def in_workshop(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Does something that needs a processor."""
        return await asyncio.wrap_future(self._workshop.submit(act, *args, **kwargs))

    def close(self) -> None:
        """Ends the threads when they have done what they were given."""
        self._desk.submit(connections.close_all)  # its own: which connections these are is told there
        self._desk.shutdown()
        self._workshop.shutdown()


def _mending(act: Callable[[], T]) -> T:
    """Does it. A connection that turns out to be dead is made anew for what comes next, which Django leaves undone."""
    try:
        return act()
    except AWAY:
        connection.close()
        raise


def insist(act: Callable[[], T]) -> T:
    """Does it until the database lets it, over a new connection each time. Raises DatabaseAway when a lease passed."""
    deadline = time.monotonic() + settings.LEASE_SECONDS
    pause = 0.05
    while True:
        try:
            return act()
        except AWAY as error:
            connection.close()
            if time.monotonic() + pause > deadline:
                raise DatabaseAway("The database was away for longer than a lease lasts.") from error
        time.sleep(pause)
        pause = min(1.1 * pause, LONGEST_PAUSE_SECONDS)  # at first about a tenth of what it has waited so far
