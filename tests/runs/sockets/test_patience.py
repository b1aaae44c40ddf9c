"""A client that takes nothing is given up, one that takes what it is sent is not."""

import asyncio

from runs.sockets.patience import Patience

SHORT, LONG = 0.05, 600.0


async def test_who_takes_nothing_is_given_up() -> None:
    given_up = asyncio.Event()
    with Patience(SHORT, given_up.set):
        await asyncio.wait_for(given_up.wait(), 10)


async def test_who_takes_all_is_not_given_up() -> None:
    given_up = asyncio.Event()
    patience = Patience(SHORT, given_up.set)
    with patience:
        pass
    await timer_of(patience)
    assert not given_up.is_set()


async def test_who_takes_something_meanwhile_has_as_much_time_again() -> None:
    given_up = asyncio.Event()
    patience = Patience(LONG, given_up.set)
    with patience:
        patience._since -= LONG
        with patience:  # another frame is taken
            pass
        patience._look()
        assert not given_up.is_set()
        patience._since -= LONG
        patience._look()
        assert given_up.is_set()
    patience.close()


async def test_one_that_is_closed_gives_nobody_up() -> None:
    given_up = asyncio.Event()
    patience = Patience(SHORT, given_up.set)
    with patience:
        timer = patience._timer
        assert timer
        patience.close()
        assert timer.cancelled()


async def timer_of(patience: Patience) -> None:
    """Until its timer has come to its end."""
    async with asyncio.timeout(10):
        while patience._timer:  # noqa: ASYNC110 (no event tells it)
            await asyncio.sleep(0)
