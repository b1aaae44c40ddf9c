"""`make faults`: every fault of the table several times, or those of `only="kill-web deploy"`, and what came of each.

`make faults-long` kills a thousand times, whatever comes next. What is random hangs on the seed, which is printed.
"""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.faults.grounds import nothing
from tests.faults.report import Row, headed, put
from tests.faults.scene import Outcome, scene
from tests.faults.table import FAULTS, GROUNDS, KILLS

A_SCENE = 50
"""Strikes until a long run looks at its journal and begins anew."""


def main() -> int:
    """Exit code 1 when anything was lost, doubled or otherwise broken."""
    parser = argparse.ArgumentParser(description="Breaks Loupe on purpose.")
    parser.add_argument("names", nargs="*", choices=[[], *FAULTS], help="which faults; all when none is named")
    parser.add_argument("--times", type=int, default=5, help="how often each")
    parser.add_argument("--kills", type=int, default=0, help="instead: so many kills, of one kind or another")
    parser.add_argument("--seed", default=secrets.token_hex(3), help="repeats what was random")
    parser.add_argument("--write", action="store_true", help="put the rows into docs/reliability.md")
    asked = parser.parse_args()
    print("Starts Loupe with four workers and 60 jobs, breaks it, and looks what came of it: a minute or more a row.")
    print(f"seed={asked.seed}\n\n{headed()}", flush=True)
    if asked.kills:
        rows = [_long(asked.kills, asked.seed, write=asked.write)]
    else:
        rows = [_short(name, asked.times, asked.seed, write=asked.write) for name in asked.names or FAULTS]
    print(f"\n{_summed(rows)}", flush=True)
    return int(any(not row.held for row in rows))


def _summed(rows: Sequence[Row]) -> str:
    """What came of all of it, in a sentence."""
    broken = ", ".join(row.fault for row in rows if not row.held)
    if broken:
        return f"Promises were broken: {broken}. What, stands below such a row; docs/reliability.md explains it."
    faults, jobs = sum(row.times for row in rows), sum(row.jobs for row in rows)
    return f"All promises were kept. Faults: {faults}; jobs: {jobs}; lost, doubled or otherwise wrong: none."


def _short(name: str, times: int, seed: str, *, write: bool) -> Row:
    outcome = _played([name] * times, f"{seed} {name}")
    return _told(Row.of(name, [outcome], f"make faults only={name} times={times} seed={seed}"), write=write)


def _long(kills: int, seed: str, *, write: bool) -> Row:
    random, outcomes = Random(seed), []
    for at in range(0, kills, A_SCENE):
        names = random.choices([*KILLS], [*KILLS.values()], k=min(A_SCENE, kills - at))
        outcomes.append(_played(names, f"{seed} {at}"))
        print(Row.of("kills", outcomes, ""), flush=True)
    return _told(Row.of("kills", outcomes, f"make faults-long kills={kills} seed={seed}"), write=write)


def _told(row: Row, *, write: bool) -> Row:
    print(row, *row.complaints, sep="\n", flush=True)
    if write:
        put(row)
    return row


def _played(names: Sequence[str], seed: str) -> Outcome:
    """One installation, to which these faults are done in turn; its folder stays where a promise was broken."""
    folder = Path(tempfile.mkdtemp(prefix="loupe-faults-"))
    try:
        with GROUNDS.get(names[0], nothing)(folder) as ground, scene(folder, seed, ground=ground) as busy:
            for name in names:
                busy.strike(name, FAULTS[name])
            outcome = busy.finish()
    except BaseException:
        print(f"seed “{seed}”; what it left: {folder}", flush=True)
        raise
    if outcome.wrong:
        print(f"seed “{seed}”; what it left: {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    return outcome


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # and ends the installation
    sys.exit(main())
