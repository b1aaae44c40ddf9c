"""Tasks of the event loop: ended for sure, and run side by side until the first of them ends."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any

CANCELLED_AGAIN_AFTER = 0.1


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancels the tasks until they have ended. What they raise is lost.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, and with it redis-py, swallows a cancellation that comes
    in the very moment in which what it waited for is done.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        ended, waiting = await asyncio.wait(waiting, timeout=CANCELLED_AGAIN_AFTER)
        for task in ended:
            task.cancelled() or task.exception()  # which counts as having heard of it


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Does it whole, however often it is cancelled, which is raised afterwards: for what closes connections."""
    task, cancelled = asyncio.create_task(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:  # `end` cancels again and again
            cancelled = True
    if cancelled:
        task.cancelled() or task.exception()  # which counts as having heard of it
        raise asyncio.CancelledError
    task.result()


async def first_of(*parts: Coroutine[Any, Any, None]) -> None:
    """Runs them all until one has ended, ends the others, and raises what that one raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended.pop().result()
    finally:
        await end(tasks)
