"""Tasks end for sure, and what closes connections is done whole before they do."""

import asyncio

import pytest

from runs.sockets.tasks import end, to_the_end


async def turn() -> None:
    """Lets everything that can go on do so."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_what_closes_is_done_whole_however_often_it_is_cancelled() -> None:
    let_go, done = asyncio.Event(), []

    async def close() -> None:
        await let_go.wait()
        done.append(True)

    task = asyncio.create_task(to_the_end(close()))
    for _ in range(3):
        await turn()
        task.cancel()
    await turn()
    assert not task.done()
    let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done


async def test_what_goes_wrong_while_closing_is_raised() -> None:
    async def close() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await to_the_end(close())


async def test_a_task_that_swallows_its_cancellation_is_ended_all_the_same() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await turn()
    await end([task])
    assert task.cancelled()
