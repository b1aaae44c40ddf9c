"""One of many processes that claim and finish jobs as fast as they can, and write down what they hold in a journal."""

import os
import time
from pathlib import Path
from typing import Any

from runs import gate
from runs.states import State
from runs.telemetry import EMPTY

GIVES_UP_AFTER = 40


def race(name: str, journal: Path, start: Any) -> None:
    """Races, once all are there, until there was nothing to claim for a while."""
    handle = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    start.wait()
    empty = 0
    while empty < GIVES_UP_AFTER:
        claim = gate.claim(name)
        if claim is None:
            empty += 1
            time.sleep(0.01)
            continue
        empty = 0
        os.write(handle, f"{time.monotonic_ns()} +1 {claim.number} {claim.fence}\n".encode())
        time.sleep(0.002)
        os.write(handle, f"{time.monotonic_ns()} -1 {claim.number} {claim.fence}\n".encode())
        gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry(f"{claim.fence}-1", EMPTY))
