"""Reads made once for all who ask for the same at the same time, and never older than the question."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any


class Reads:
    """Of each key there is at most one read under way, and one behind it for whoever has asked meanwhile.

    A read that is under way may have looked before the question came, so that it is no answer to it.
    """

    def __init__(self) -> None:
        self._next: dict[Hashable, _Read] = {}
        self._last: dict[Hashable, _Read] = {}

    async def __call__(self, key: Hashable, work: Callable[[], Awaitable[Any]]) -> Any:
        """What `work` answers, which any of those may have given who ask with this key. Raises what it raises."""
        if key not in self._next:
            self._next[key] = _Read(asyncio.create_task(self._turn(key, work)))
        read = self._next[key]
        read.waiting += 1
        try:
            return await asyncio.shield(read.task)
        finally:
            read.waiting -= 1
            if not read.waiting and not read.task.done():  # nobody wants to know any more
                self._forget(key, read)
                read.task.cancel()

    async def _turn(self, key: Hashable, work: Callable[[], Awaitable[Any]]) -> Any:
        read = self._next[key]
        try:
            if key in self._last:
                await asyncio.wait([self._last[key].task])
            self._last[key] = self._next.pop(key)
            return await work()
        finally:
            self._forget(key, read)

    def _forget(self, key: Hashable, read: "_Read") -> None:
        for known in (self._next, self._last):
            if known.get(key) is read:
                del known[key]


class _Read:
    """A read, and how many wait for it."""

    def __init__(self, task: "asyncio.Task[Any]") -> None:
        self.task = task
        self.waiting = 0
