"""One of many processes that claim and finish jobs as fast as they can, and write down what they hold in a journal."""

import os
import sys
import time

import django

django.setup()

from django.db import connection  # noqa: E402

from runs import gate  # noqa: E402
from runs.states import State  # noqa: E402
from runs.telemetry import EMPTY  # noqa: E402

DATABASE, JOURNAL, NAME = sys.argv[1:4]
GIVES_UP_AFTER = 40


def main() -> None:
    """Races until there was nothing to claim for a while."""
    journal = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    empty = 0
    while empty < GIVES_UP_AFTER:
        claim = gate.claim(NAME)
        if claim is None:
            empty += 1
            time.sleep(0.01)
            continue
        empty = 0
        os.write(journal, f"{time.monotonic_ns()} +1 {claim.number} {claim.fence}\n".encode())
        time.sleep(0.002)
        os.write(journal, f"{time.monotonic_ns()} -1 {claim.number} {claim.fence}\n".encode())
        gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry(f"{claim.fence}-1", EMPTY))


if __name__ == "__main__":
    connection.settings_dict["NAME"] = DATABASE
    main()
