"""What a forged message would like to have called, and does where RQ's own worker takes it."""

from pathlib import Path
from typing import Any


def call(job: Any, *_rest: object) -> None:
    """Leaves a trace, so that a test sees that it was called."""
    touch(job.meta["touch"])


def touch(path: str) -> None:
    Path(path).touch()


def nothing(*_given: object) -> None:
    """A message that has to be run to reach its callbacks."""


class Pickled:
    """Unpacked, it leaves a trace."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return touch, (self.path,)
