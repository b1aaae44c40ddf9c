"""Runs a command that ends when its parent does: `python leash.py PARENT COMMAND …`. Standard library only.

The death signal is asked for here, after the fork, because a process with threads must run no Python between fork and
exec. It survives the exec below, and so does that the command adopts its orphans. Both exist on Linux alone; elsewhere
the watchdog does the former a moment later.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def main(parent: int, command: list[str]) -> None:
    """Becomes `command`, unless the process `parent` has already ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # see `runs.offspring`
    if os.getppid() != parent:
        sys.exit("The parent process has ended.")
    os.execvp(command[0], command)  # noqa: S606 (the command is our own)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
