"""How quick the machine is just then: shared ones change their speed by half from one minute to the next."""

import statistics
import threading
import time
from types import TracebackType
from typing import Final, Self

PAUSE: Final = 0.25
"""Seconds from one measurement to the next, each of which takes some 4 ms."""
STEPS: Final = 15_000


class Yardstick:
    """Measures the same piece of Python again and again while something else is measured."""

    def __init__(self) -> None:
        self._took: list[float] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="yardstick", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._enough.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """What the piece took of the processor, on average."""
        return statistics.mean(self._took)

    def _measure(self) -> None:
        while not self._took or not self._enough.wait(PAUSE):
            began = time.thread_time()
            found: dict[int, str] = {}
            for at in range(STEPS):
                found[at % 997] = str(at)
            self._took.append(time.thread_time() - began)
