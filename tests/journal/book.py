"""The journal itself: a file to which each line is appended by one write.

Where a line goes over the end of a memory page, a kill may halve that write, as a full disk may, and a reader may see
half of it for a moment. What is halved was not written: the line break before each line sets the next one apart.
"""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["begun", "effect", "tick", "done", "left"]
"""A worker began a job, a node had its effect, is still at work, is done; the worker let go of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one worker process did. `mono` is the machine's monotonic clock, which all its processes share."""

    kind: Kind
    job: str
    fence: int
    node: str = ""
    worker: str = ""
    pid: int = 0
    mono: float
    wall: float


def write(path: Path, kind: Kind, *, job: str, fence: int, worker: str, node: str = "") -> None:
    """Appends one line about now."""
    line = Line(
        kind=kind,
        job=job,
        fence=fence,
        node=node,
        worker=worker,
        pid=os.getpid(),
        mono=time.monotonic(),
        wall=time.time(),
    )
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, f"\n{json.dumps(asdict(line))}".encode())
    finally:
        os.close(handle)


def read(path: Path) -> list[Line]:
    """All lines that are whole, in the order in which they were written."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [Line(**json.loads(line)) for line in lines if line.endswith("}")]
