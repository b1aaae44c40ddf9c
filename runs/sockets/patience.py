"""How long a client may take nothing of what it is sent."""

import asyncio
from collections.abc import Callable
from typing import Self


class Patience:
    """Gives up, by calling `give_up`, when nothing was sent for so many seconds though something was to be.

    Send within a `with` block. There is one timer for all of a client's frames: one for each took a tenth of the time
    that it takes to send it.
    """

    def __init__(self, seconds: float, give_up: Callable[[], None]) -> None:
        self._seconds = seconds
        self._give_up = give_up
        self._loop = asyncio.get_running_loop()
        self._sending = 0
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        if not self._sending:
            self._since = self._loop.time()
        self._sending += 1
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._sending -= 1
        self._since = self._loop.time()

    def close(self) -> None:
        """Gives up nothing any more."""
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        left = self._since + self._seconds - self._loop.time()
        if self._sending and left > 0:
            self._timer = self._loop.call_later(left, self._look)
        elif self._sending:
            self._give_up()
