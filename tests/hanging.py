"""Tests that hang: what they leave behind is ended, and where one hangs all the same is told before it is killed."""

import asyncio
import faulthandler
import gc
import threading
from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest
from pytest_asyncio import is_async_test

from runs.sockets.tasks import end
from tests.environment import TERMINAL

TELLER = pytest.StashKey[threading.Timer]()
PATIENCE = pytest.StashKey[Any]()


def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    """pytest-timeout ends a process that hangs, and xdist loses its last words."""
    item.stash[PATIENCE] = settings
    item.stash[TELLER] = teller = threading.Timer(0.96 * settings.timeout, _tell_tasks, (item.nodeid,))
    teller.daemon = True
    teller.start()
    faulthandler.dump_traceback_later(0.98 * settings.timeout, file=TERMINAL)


def pytest_timeout_cancel_timer(item: pytest.Item) -> None:
    """It did not hang."""
    faulthandler.cancel_dump_traceback_later()
    if teller := item.stash.get(TELLER, None):  # what fails to be collected has none
        teller.cancel()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Once a test has failed pytest-timeout lets it be, but how it is torn down may hang as well."""
    if PATIENCE in item.stash:
        item.ihook.pytest_timeout_cancel_timer(item=item)
        item.ihook.pytest_timeout_set_timer(item=item, settings=item.stash[PATIENCE])
    yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with an event loop are watched over."""
    for item in items:
        if isinstance(item, pytest.Function) and is_async_test(item):
            item.fixturenames.insert(0, nothing_runs_on.__name__)


@pytest.fixture
async def nothing_runs_on() -> AsyncIterator[None]:
    """Cancels what a test leaves behind until it ends: its loop would do so once, which may be swallowed, and wait."""
    yield
    await end(asyncio.all_tasks() - {asyncio.current_task()})


def _tell_tasks(test: str) -> None:
    """A thread's stack ends at its event loop: what the loop's tasks wait for has to be asked for."""
    with open(TERMINAL, "w", closefd=False) as terminal:
        print(f"{test} hangs.", file=terminal)
        for loop in [each for each in gc.get_objects() if isinstance(each, asyncio.BaseEventLoop)]:
            for task in asyncio.all_tasks(loop):
                task.print_stack(file=terminal)
