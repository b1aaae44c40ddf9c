"""The worker processes of a pool, here with commands that are simpler than workers."""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from runs.pool import children
from runs.pool.children import STARTING_AT_ONCE, Cause, Children, Worker
from runs.pool.processes import Arrival, Child, spawn
from runs.pool.watchdog import Watchdog
from tests.waiting import eventually

SLEEPER = "import time; time.sleep(60)"
COMER = """
import os, sys, time
while not os.path.exists(sys.argv[3]):
    time.sleep(0.02)
os.close(int(sys.argv[2]))
time.sleep(60)
"""
GREEDY = "import time; memory = bytearray(64 * 1024**2); time.sleep(60)"


class Crew:
    """Children that run a line of Python."""

    def __init__(self, watchdog: Watchdog) -> None:
        self.line = SLEEPER
        self.gate = ""
        self.watchdog = watchdog
        self.children = Children("pool", self.start, memory_bytes=48 * 1024**2)

    def start(self, name: str) -> Child:
        arrival = Arrival()
        with arrival.given() as number:
            command = [sys.executable, "-I", "-S", "-c", self.line, name, str(number), self.gate]
            return spawn(command, self.watchdog, folder=Path("/"), descriptors=[number], arrival=arrival)

    def only(self) -> Worker:
        (worker,) = self.children.alive().values()
        return worker

    def until_gone(self) -> None:
        def gone() -> bool:
            self.children.look()
            return len(self.children) == 0

        eventually(gone)


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """In this block the system gives this process no further one."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(next_one := os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Watchdog(600.0) as watchdog:
        crew = Crew(watchdog)
        yield crew
        crew.children.kill_all(Cause.DIED)
        crew.until_gone()


def test_there_are_as_many_as_are_wanted(crew: Crew) -> None:
    crew.children.keep(3, busy=())
    assert list(crew.children.alive()) == ["pool.1", "pool.2", "pool.3"]


def test_only_so_many_start_at_once(crew: Crew, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    crew.line, crew.gate = COMER, str(gate)
    for _ in range(3):
        crew.children.keep(STARTING_AT_ONCE + 2, busy=())
        assert len(crew.children) == STARTING_AT_ONCE
    gate.touch()

    def are_all_started() -> bool:
        crew.children.keep(STARTING_AT_ONCE + 2, busy=())
        return len(crew.children) == STARTING_AT_ONCE + 2

    eventually(are_all_started)


def test_one_that_dies_before_it_has_come_up_holds_up_no_other(crew: Crew) -> None:
    crew.line = "import sys; sys.exit()"
    crew.children.keep(STARTING_AT_ONCE, busy=())
    workers = list(crew.children.alive().values())
    eventually(lambda: all(worker.child.is_up() for worker in workers))


def test_one_that_never_comes_up_holds_up_no_other_for_ever(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    crew.children.keep(STARTING_AT_ONCE + 1, busy=())
    assert len(crew.children) == STARTING_AT_ONCE
    monkeypatch.setattr(children, "STARTING_SECONDS", 0.0)
    crew.children.keep(STARTING_AT_ONCE + 1, busy=())
    assert len(crew.children) == STARTING_AT_ONCE + 1


def test_those_that_are_idle_go_first_when_fewer_are_wanted(crew: Crew) -> None:
    crew.children.keep(3, busy=())
    crew.children.keep(1, busy={"pool.2"})
    assert [name for name, worker in crew.children.alive().items() if not worker.draining] == ["pool.2"]
    eventually(lambda: crew.children.look() and len(crew.children) < 3)


def test_one_that_dies_is_replaced_under_another_name(crew: Crew) -> None:
    crew.children.keep(1, busy=())
    psutil.Process(crew.only().child.pid).kill()
    eventually(crew.children.look)
    assert "pool.1" not in crew.children
    assert crew.children.cause("pool.1") is Cause.DIED
    crew.children.keep(1, busy=())
    assert crew.only().name == "pool.2"


def test_one_that_is_stopped_is_killed(crew: Crew) -> None:
    crew.children.keep(1, busy=())
    psutil.Process(crew.only().child.pid).suspend()
    crew.until_gone()
    assert crew.children.cause("pool.1") is Cause.STOPPED


def test_one_that_uses_too_much_memory_is_killed(crew: Crew) -> None:
    crew.children.keep(1, busy=())
    crew.line = GREEDY
    crew.children.keep(2, busy=())

    def is_found() -> bool:
        crew.children.bound_memory()
        return crew.children.cause("pool.2") is Cause.MEMORY

    eventually(is_found)
    assert crew.only().name == "pool.1"


def test_one_that_is_killed_is_no_longer_alive_but_still_there_until_reaped(crew: Crew) -> None:
    crew.children.keep(1, busy=())
    crew.children.kill("pool.1", Cause.TIMEOUT)
    assert not crew.children.alive()
    assert "pool.1" in crew.children
    crew.until_gone()
    assert crew.children.cause("pool.1") is Cause.TIMEOUT


def test_the_first_cause_of_an_end_stays(crew: Crew) -> None:
    crew.children.keep(1, busy=())
    crew.children.kill("pool.1", Cause.MEMORY)
    crew.children.kill("pool.1", Cause.HANDED_BACK)
    assert crew.children.cause("pool.1") is Cause.MEMORY


def test_commands_that_end_at_once_are_not_started_without_pause(crew: Crew) -> None:
    crew.line = "raise SystemExit(1)"
    for _ in range(2):
        crew.children.keep(1, busy=())
        crew.until_gone()
    crew.children.keep(1, busy=())
    assert len(crew.children) == 0

    def is_started() -> bool:
        crew.children.keep(1, busy=())
        return len(crew.children) == 1

    eventually(is_started)


def test_where_the_system_has_no_room_the_others_go_on_and_it_is_tried_again(crew: Crew) -> None:
    crew.children.keep(1, busy=())
    with no_descriptor_left():
        for _ in range(3):
            crew.children.look()
            crew.children.bound_memory()
            crew.children.keep(2, busy=())
    assert list(crew.children.alive()) == ["pool.1"]

    def is_started() -> bool:
        crew.children.keep(2, busy=())
        return list(crew.children.alive()) == ["pool.1", "pool.2"]

    eventually(is_started)


def test_signals_to_one_that_is_gone_are_lost(crew: Crew) -> None:
    crew.children.tell("pool.9", signal.SIGUSR1)
    crew.children.tell_group("pool.9", signal.SIGTERM)
    crew.children.kill("pool.9", Cause.CANCELLED)
    assert crew.children.cause("pool.9") is Cause.DIED
