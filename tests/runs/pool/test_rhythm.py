"""Work that recurs: when it is due."""

import time
from collections.abc import Callable

import pytest

from runs.pool.rhythm import Every
from tests.waiting import eventually

HOUR = 3600.0


def test_it_is_done_once_in_its_time_and_sooner_when_asked() -> None:
    done: list[str] = []
    duty = Every(HOUR, lambda: done.append("it"))
    duty()
    duty()
    assert len(done) == 1
    duty.soon()
    duty()
    duty()
    assert len(done) == 2
    duty.within(0)
    duty()
    assert len(done) == 3


def test_within_never_puts_it_off() -> None:
    done: list[str] = []
    duty = Every(0, lambda: done.append("it"))
    duty.within(HOUR)
    duty()
    duty.soon()
    duty.within(HOUR)
    duty()
    assert len(done) == 2


@pytest.mark.parametrize("ask", [Every.soon, lambda duty: duty.within(0)])
def test_what_is_asked_for_while_it_is_done_is_not_forgotten(ask: Callable[[Every], None]) -> None:
    done: list[str] = []

    def act() -> None:
        done.append("it")
        if len(done) == 1:
            ask(duty)

    duty = Every(HOUR, act)
    duty()
    duty()
    duty()
    assert len(done) == 2


def test_what_takes_longer_than_its_time_rests_as_long_as_any() -> None:
    began: list[float] = []
    ended: list[float] = []

    def act() -> None:
        began.append(time.monotonic())
        eventually(lambda: time.monotonic() > began[-1] + 0.3)
        ended.append(time.monotonic())

    duty = Every(0.2, act)
    while len(ended) < 2:
        duty()
    assert began[1] - ended[0] >= 0.2


def test_what_raised_is_done_again_at_the_next_call() -> None:
    done: list[str] = []

    def act() -> None:
        done.append("it")
        if len(done) == 1:
            raise OSError

    duty = Every(HOUR, act)
    with pytest.raises(OSError):  # noqa: PT011 (its own)
        duty()
    duty()
    duty()
    assert len(done) == 2
