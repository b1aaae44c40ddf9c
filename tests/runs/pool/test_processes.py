"""Children, their groups, and the watchdog that ends them when nobody else does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from runs.pool.processes import Backoff, Child, Condition, memory_of_groups, spawn
from runs.pool.watchdog import Watchdog
from tests.waiting import eventually

PYTHON = [sys.executable, "-I", "-S", "-c"]
SLEEPER = [*PYTHON, "import time; time.sleep(60)"]
PARENT_OF_SLEEPER = [*PYTHON, "import subprocess; subprocess.run(['sleep', '60'])"]
SUPERVISOR = """
import sys, time
from pathlib import Path
from runs.pool.processes import spawn
from runs.pool.watchdog import Watchdog
watchdog = Watchdog(1.0)
child = spawn({command!r}, watchdog, folder=Path.cwd())
print(child.pid, watchdog._process.pid, flush=True)
while True:
    watchdog.beat()
    time.sleep(0.05)
"""


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    with Watchdog(600.0) as watchdog:
        yield watchdog


@pytest.fixture
def sleeper(watchdog: Watchdog) -> Iterator[Child]:
    child = spawn(SLEEPER, watchdog, folder=Path.cwd())
    yield child
    child.reap()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def supervised(command: list[str]) -> tuple["subprocess.Popen[str]", int, int]:
    """A supervisor in a process of its own: it, its child's pid, and its watchdog's."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR.format(command=command)], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout
    child, watchdog = map(int, supervisor.stdout.readline().split())
    return supervisor, child, watchdog


def kill_and_close(supervisor: "subprocess.Popen[str]") -> None:
    supervisor.kill()
    supervisor.wait()
    assert supervisor.stdout
    supervisor.stdout.close()


def grandchildren(pid: int) -> list[int]:
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def test_a_child_leads_a_session_of_its_own(sleeper: Child) -> None:
    assert os.getsid(sleeper.pid) == sleeper.pid
    assert sleeper.look() == Condition.LIVES


def test_a_child_gets_what_it_is_given_and_prints_where_it_is_told(watchdog: Watchdog, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        child = spawn([*PYTHON, "print(input()[::-1])"], watchdog, folder=tmp_path, output=log, given=b"olleh\n")
    eventually(lambda: child.look() == Condition.ENDED)
    assert child.reap() == 0
    assert (tmp_path / "log").read_text() == "hello\n"


def test_a_child_that_no_watchdog_can_be_told_of_does_not_stay() -> None:
    watchdog = Watchdog(600.0)
    watchdog.close()
    there = set(psutil.Process().children())
    with pytest.raises(OSError, match="Bad file descriptor"):
        spawn(SLEEPER, watchdog, folder=Path.cwd())
    assert set(psutil.Process().children()) == there


def test_a_stopped_child_is_seen_at_the_second_look(sleeper: Child) -> None:
    sleeper.send(signal.SIGSTOP)
    eventually(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_STOPPED)
    assert [sleeper.look(), sleeper.look()] == [Condition.LIVES, Condition.STOPPED]


def test_what_a_dead_child_started_dies_when_it_is_reaped(watchdog: Watchdog) -> None:
    child = spawn(PARENT_OF_SLEEPER, watchdog, folder=Path.cwd())
    eventually(lambda: grandchildren(child.pid))
    (grandchild,) = grandchildren(child.pid)
    child.tell(signal.SIGKILL)
    eventually(lambda: child.look() == Condition.ENDED)
    assert child.reap() == -signal.SIGKILL
    eventually(lambda: is_gone(grandchild))


def test_signals_to_a_reaped_child_reach_nobody(sleeper: Child) -> None:
    sleeper.send(signal.SIGKILL)
    sleeper.reap()
    sleeper.send(signal.SIGKILL)
    sleeper.tell(signal.SIGKILL)
    assert sleeper.look() == Condition.ENDED


def test_the_memory_of_a_group_counts_all_its_processes(watchdog: Watchdog) -> None:
    child = spawn(PARENT_OF_SLEEPER, watchdog, folder=Path.cwd())
    eventually(lambda: grandchildren(child.pid))
    memory = memory_of_groups({child.pid})
    assert memory[child.pid] > psutil.Process(child.pid).memory_info().rss
    child.send(signal.SIGKILL)
    child.reap()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_nothing_outlives_a_supervisor_that_is_killed_or_stopped(number: signal.Signals) -> None:
    supervisor, child, watchdog = supervised(PARENT_OF_SLEEPER)
    eventually(lambda: grandchildren(child))
    (grandchild,) = grandchildren(child)
    supervisor.send_signal(number)
    try:
        eventually(lambda: supervisor.poll() is not None)
        eventually(lambda: all(map(is_gone, (child, grandchild, watchdog))))
    finally:
        kill_and_close(supervisor)


def test_a_child_dies_with_its_supervisor_without_a_watchdog() -> None:
    supervisor, child, watchdog = supervised(SLEEPER)
    psutil.Process(watchdog).suspend()
    kill_and_close(supervisor)
    eventually(lambda: is_gone(child))
    psutil.Process(watchdog).kill()


def test_a_watchdog_that_was_killed_is_replaced(watchdog: Watchdog, sleeper: Child) -> None:
    before = watchdog._process.pid
    watchdog._process.kill()
    watchdog._process.wait()
    watchdog.beat()
    assert watchdog._process.pid != before
    watchdog.close()
    eventually(lambda: sleeper.look() == Condition.ENDED)
    watchdog._start()


def test_silence_is_not_taken_for_death_while_the_watchdog_is_frozen_too() -> None:
    supervisor, child, watchdog = supervised(SLEEPER)
    for pid in (supervisor.pid, child, watchdog):
        psutil.Process(pid).suspend()
    time.sleep(1.5)  # longer than the watchdog's patience
    for pid in (watchdog, child, supervisor.pid):
        psutil.Process(pid).resume()
    time.sleep(0.3)
    alive = [not is_gone(pid) for pid in (supervisor.pid, child, watchdog)]
    kill_and_close(supervisor)
    assert alive == [True, True, True]


def test_only_the_second_short_life_in_a_row_is_made_to_wait() -> None:
    backoff = Backoff()
    due = []
    for lived in (0.1, 0.1, 60.0):
        backoff.ended(lived)
        due.append(backoff.due)
    assert due == [True, False, True]
