"""Waiting for what is to come, never for time to pass."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], object], seconds: float = 15.0, *, every: float = 0.02) -> None:
    """Returns as soon as it holds, which must be within so many seconds; looks `every` so many."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(every)
