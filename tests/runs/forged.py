"""What a forged message would like to have called."""

from pathlib import Path
from typing import Any


def call(job: Any, *_rest: object) -> None:
    """Leaves a trace, so that a test sees that it was called."""
    Path(job.meta["touch"]).touch()
