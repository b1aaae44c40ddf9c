import asyncio
import time
from types import SimpleNamespace

import pytest

from tests.workflows.nodes.context import Listener
from workflows.errors import Cancelled, NodeFailed
from workflows.nodes import control


class Clocked(Listener):
    """Its time goes by with its sleeps alone."""

    now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_waiting_takes_its_time_and_passes_the_value_on() -> None:
    value = ["anything"]
    started = time.monotonic()
    assert await control.wait(Listener(), value, seconds=0.35) is value
    assert time.monotonic() - started >= 0.35


async def test_waiting_reports_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    context = Clocked()
    monkeypatch.setattr(control, "time", SimpleNamespace(monotonic=lambda: context.now))
    await control.wait(context, 1, seconds=0.35)
    parts = [done / total for done, total in context.steps]
    assert parts == pytest.approx([0, 2 / 7, 4 / 7, 6 / 7, 1])


async def test_waiting_for_nothing_ends_at_once() -> None:
    context = Listener()
    assert await control.wait(context, 1, seconds=0) == 1
    assert context.steps == [(1, 1)]


async def test_a_cancelled_run_does_not_wait() -> None:
    with pytest.raises(Cancelled):
        await control.wait(Listener(cancelled=True), 1, seconds=60)


async def test_waiting_holds_up_nobody_else() -> None:
    started = time.monotonic()
    await asyncio.gather(*(control.wait(Listener(), n, seconds=0.2) for n in range(20)))
    assert time.monotonic() - started < 2


def test_failing_says_the_message() -> None:
    with pytest.raises(NodeFailed, match="Out of tea") as caught:
        control.fail(1, message="Out of tea.")
    assert caught.value.code == "failed"


def test_what_is_not_to_fail_passes_its_value_on() -> None:
    assert control.fail("tea", when=False) == "tea"


def test_only_one_way_is_taken() -> None:
    assert control.choose(True, "tea") == {"then": "tea"}
    assert control.choose(False, None) == {"otherwise": None}
