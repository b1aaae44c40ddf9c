"""Work that recurs."""

import time
from collections.abc import Callable


class Every:
    """Does a thing once in so many seconds, however often it is called. What raised is done again at the next call."""

    def __init__(self, seconds: float, act: Callable[[], object]) -> None:
        self._seconds = seconds
        self._act = act
        self._next = 0.0

    def __call__(self) -> None:
        """Does it when it is due."""
        now = time.monotonic()
        if now >= self._next:
            self._act()
            self._next = now + self._seconds

    def soon(self) -> None:
        """Makes it due now."""
        self._next = 0.0
