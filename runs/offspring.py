"""The processes that a process has started, or that those have and did not live to see the end of.

On Linux the latter are adopted by the nearest process above that adopts: each that `leash.py` started does.
"""

import ctypes
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from functools import cache

import psutil

PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37


def adopt() -> None:
    """From now on what outlives the process that started it is ours, even in a session of its own; on Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_all_but(known: Collection[int] = ()) -> None:
    """Kills the processes that are ours but not known, and what they have started. Only in a process that adopts."""
    while _has_any() and _adopts():
        strangers = [child for child in psutil.Process().children() if child.pid not in known]
        for child in strangers:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        for child in strangers:
            with suppress(ChildProcessError):
                os.waitpid(child.pid, 0)
        if not strangers:
            return


def _has_any() -> bool:
    """Whether there is any at all: asked after every job, where there is none."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


@cache
def _adopts() -> bool:
    answer = ctypes.c_int()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer))
    return bool(answer.value)
