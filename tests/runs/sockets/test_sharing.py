"""What many ask for at once is read once, and nobody gets an answer that is older than the question."""

import asyncio
from typing import Any

import pytest

from runs.sockets.sharing import Reads


class Source:
    """Counts how often it is read; a read answers with its number once it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.let_go: list[asyncio.Event] = []

    async def read(self) -> int:
        self.begun += 1
        number, event = self.begun, asyncio.Event()
        self.let_go.append(event)
        await event.wait()
        return number


async def turns() -> None:
    """Lets everything that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_asks_before_it_begins_shares_it() -> None:
    reads, source = Reads(), Source()
    asked = [asyncio.create_task(reads("a", source.read)) for _ in range(5)]
    await turns()
    assert source.begun == 1
    source.let_go[0].set()
    assert await asyncio.gather(*asked) == [1] * 5


async def test_who_asks_while_it_is_under_way_gets_the_next() -> None:
    reads, source = Reads(), Source()
    first = asyncio.create_task(reads("a", source.read))
    await turns()
    later = [asyncio.create_task(reads("a", source.read)) for _ in range(3)]
    await turns()
    assert source.begun == 1
    source.let_go[0].set()
    assert await first == 1
    await turns()
    assert source.begun == 2
    source.let_go[1].set()
    assert await asyncio.gather(*later) == [2] * 3


async def test_keys_do_not_wait_for_each_other() -> None:
    reads, source = Reads(), Source()
    asked = [asyncio.create_task(reads(key, source.read)) for key in "ab"]
    await turns()
    assert source.begun == 2
    for event in source.let_go:
        event.set()
    assert await asyncio.gather(*asked) == [1, 2]


async def test_an_error_is_everybodys_and_the_next_read_is_made_anew() -> None:
    reads = Reads()

    async def fail() -> Any:
        message = "gone"
        raise LookupError(message)

    asked = [asyncio.create_task(reads("a", fail)) for _ in range(2)]
    for task in asked:
        with pytest.raises(LookupError, match="gone"):
            await task

    async def answer() -> int:
        return 7

    assert await reads("a", answer) == 7


async def test_one_who_leaves_leaves_it_to_the_others_and_the_last_ends_it() -> None:
    reads, source = Reads(), Source()
    first, second = (asyncio.create_task(reads("a", source.read)) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    assert not second.done()
    second.cancel()
    await turns()
    assert second.cancelled()
    third = asyncio.create_task(reads("a", source.read))
    await turns()
    assert source.begun == 2
    source.let_go[1].set()
    assert await third == 2
