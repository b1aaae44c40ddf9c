"""The watchdog's own side, here in the process of the tests; `test_processes.py` shows it at work."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from runs.pool.watchdog import Watch

NOBODY = 0
"""A parent that this process does not have, so that the watch kills none."""


@pytest.fixture
def group() -> Iterator[int]:
    """A process group with one process that sleeps."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as sleeper:
        yield sleeper.pid
        sleeper.kill()


def has_been_killed(group: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(group, os.WNOHANG)[1]) == -signal.SIGKILL


def watch(lines: str, *, closed: bool) -> None:
    """Watches a pipe into which a supervisor has written these lines, until the watch ends."""
    source, pipe = os.pipe()
    os.write(pipe, lines.encode())
    if closed:
        os.close(pipe)
    Watch(source, NOBODY, patience=0.5).run()
    os.close(source)
    if not closed:
        os.close(pipe)


def test_it_kills_the_groups_of_a_supervisor_that_is_gone(group: int) -> None:
    watch(f"+{group}\nbeat\n", closed=True)
    assert has_been_killed(group)


def test_it_kills_the_groups_of_a_supervisor_that_is_silent(group: int) -> None:
    watch(f"+{group}\nbeat\n", closed=False)
    assert has_been_killed(group)


def test_it_leaves_alone_what_was_removed(group: int) -> None:
    watch(f"+{group}\n-{group}\n", closed=True)
    assert not has_been_killed(group)
