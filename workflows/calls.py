"""Calls node functions, whatever their kind, and stays in charge of them: bounded threads, time taken, cancellation."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from workflows.errors import Cancelled
from workflows.registry import NodeType

_END: Final = object()


class CallFailed(Exception):  # noqa: N818 (what happened, not what it is)
    """A node's own function raised `error`, which may be anything, even SystemExit."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__(type(error).__name__)


@dataclass(slots=True)
class Watch:
    """Is told each time a node's function really begins, and sums up the seconds that it takes."""

    begin: Callable[[], None]
    seconds: float = 0.0


class Calls:
    """The calls of one run, at most `threads` of them in threads at a time. Once `cancelled`, all come to an end."""

    def __init__(self, threads: int) -> None:
        self.cancelled = False
        self._threads = threads
        self._free = asyncio.Semaphore(threads)
        self._pool: ThreadPoolExecutor | None = None

    async def results(self, declared: NodeType, arguments: dict[str, object], watch: Watch) -> AsyncGenerator[Any]:
        """What one call of the node returns or, one after another, yields. CallFailed when its function raises."""
        function: Callable[[], Any] = partial(declared.function, **arguments)
        match declared.call:
            case "value":
                yield await self._called(function, watch, inline=declared.inline)
            case "async value":
                yield await self._awaited(function, watch)
            case "items":
                async with aclosing(self._items(function, watch, inline=declared.inline)) as items:
                    async for item in items:
                        yield item
            case _:
                async with aclosing(self._async_items(function, watch)) as items:
                    async for item in items:
                        yield item

    def close(self) -> None:
        """Leave no thread behind. All calls must have ended."""
        if self._pool is not None:
            self._pool.shutdown()

    async def _items(self, function: Callable[[], Any], watch: Watch, *, inline: bool) -> AsyncGenerator[Any]:
        generator = function()
        try:
            while (item := await self._called(partial(next, generator, _END), watch, inline=inline)) is not _END:
                yield item
        finally:
            if generator.gi_frame is not None:  # it has not come to its end, and may hold something open
                await self._called(generator.close, watch, inline=inline)

    async def _async_items(self, function: Callable[[], Any], watch: Watch) -> AsyncGenerator[Any]:
        generator = function()
        try:
            while (item := await self._awaited(partial(anext, generator, _END), watch)) is not _END:
                yield item
        finally:
            await self._awaited(generator.aclose, watch)

    async def _called(self, function: Callable[[], Any], watch: Watch, *, inline: bool) -> Any:
        if inline:
            watch.begin()
            value, error = _outcome(function, watch)
        else:
            async with self._free:
                watch.begin()
                value, error = await self._in_thread(function, watch)
        if error is not None:
            raise self._raised(error)
        return value

    async def _in_thread(self, function: Callable[[], Any], watch: Watch) -> tuple[Any, BaseException | None]:
        """A cancelled run waits for its threads: nothing may go on behind its back. The function has to see it."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="node")
        future = asyncio.get_running_loop().run_in_executor(self._pool, _outcome, function, watch)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await ended([future])
            raise

    async def _awaited(self, function: Callable[[], Awaitable[Any]], watch: Watch) -> Any:
        watch.begin()
        started = time.perf_counter()
        try:
            return await function()
        except BaseException as error:  # noqa: BLE001 (whatever a node raises is that node's failure)
            raise self._raised(error) from None
        finally:
            watch.seconds += time.perf_counter() - started

    def _raised(self, error: BaseException) -> BaseException:
        """A node may be cancelled by its run alone; one that says so of itself has failed."""
        if self.cancelled and isinstance(error, Cancelled | asyncio.CancelledError):
            return asyncio.CancelledError()
        return CallFailed(error)


async def ended(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Wait until all have come to an end, whichever, even when asked not to."""
    pending = set(futures)
    while pending:
        try:
            _, pending = await asyncio.wait(pending)
        except asyncio.CancelledError:
            continue


def _outcome(function: Callable[[], Any], watch: Watch) -> tuple[Any, BaseException | None]:
    """What the function returns, or raises: nothing may get past the thread, or end the loop."""
    started = time.perf_counter()
    try:
        return function(), None
    except BaseException as error:  # noqa: BLE001 (whatever a node raises is that node's failure)
        return None, error
    finally:
        watch.seconds += time.perf_counter() - started
