"""Work that recurs."""

import time
from collections.abc import Callable


class Every:
    """Does a thing once in so many seconds, however often it is called. What raised is done again at the next call."""

    def __init__(self, seconds: float, act: Callable[[], object]) -> None:
        self._seconds = seconds
        self._act = act
        self._next = 0.0
        self._hurried = False

    def __call__(self) -> None:
        """Does it when it is due."""
        now = time.monotonic()
        if now < self._next and not self._hurried:
            return
        due = now + self._seconds
        self._hurried, self._next = False, due  # first: what is asked for while it is done holds
        try:
            self._act()
        except BaseException:
            self.soon()
            raise
        if self._next == due:
            self._next = time.monotonic() + self._seconds  # so that what takes long is not done all the time

    def soon(self) -> None:
        """Makes it due now. Any thread may ask for that."""
        self._hurried = True

    def within(self, seconds: float) -> None:
        """Makes it due in so many seconds, unless it is due before. For the thread alone that calls it."""
        self._next = min(self._next, time.monotonic() + seconds)
