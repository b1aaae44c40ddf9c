"""Whether a process is a certain worker can be told from outside, also while it becomes one."""

import subprocess
import sys

import psutil
import pytest

from runs.pool import machine
from tests.waiting import eventually

SLEEPER = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]


def test_a_worker_is_known_by_its_name_until_it_ends() -> None:
    process = subprocess.Popen([*SLEEPER, "pool.1"])
    try:
        eventually(lambda: psutil.Process(process.pid).cmdline())  # it shows none within `exec`
        assert machine.is_alive("pool.1", process.pid)
        assert not machine.is_alive("pool.2", process.pid)
    finally:
        process.kill()
    zombie = psutil.Process(process.pid)
    eventually(lambda: zombie.status() == psutil.STATUS_ZOMBIE)  # which shows no command either
    assert not machine.is_alive("pool.1", process.pid)
    process.wait()
    assert not machine.is_alive("pool.1", process.pid)


def test_a_worker_that_becomes_its_command_at_this_moment_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux shows an empty command line within `exec`: seen of 11 workers in 60 on a busy machine."""
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: [])
    process = subprocess.Popen(SLEEPER)
    try:
        assert machine.is_alive("pool.1", process.pid)
    finally:
        process.kill()
        process.wait()
