"""Hears what the channel layer says to groups: one channel of this process for all sockets. Hints, as `hints` are."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from runs.sockets.hints import AWAY, REDIS_PATIENCE
from runs.sockets.tasks import end, to_the_end

Hear = Callable[[dict[str, Any]], None]

logger = logging.getLogger(__name__)


class Groups:
    """One per event loop. It listens while anybody does, each group on a channel of its own, so that it is known."""

    _here: WeakKeyDictionary[asyncio.AbstractEventLoop, "Groups"] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._layer: Any = get_channel_layer()
        self._hearers: defaultdict[str, set[Hear]] = defaultdict(set)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @classmethod
    def here(cls) -> "Groups":
        """The one of the running event loop."""
        return cls._here.setdefault(asyncio.get_running_loop(), cls())

    @contextlib.asynccontextmanager
    async def heard(self, names: Collection[str], hear: Hear) -> AsyncIterator[None]:
        """While the block runs, `hear` gets what is said to these groups."""
        for name in names:
            self._hearers[name].add(hear)
            if name not in self._tasks:
                self._tasks[name] = asyncio.create_task(self._listen(name))
        try:
            yield
        finally:
            await to_the_end(self._leave(names, hear))

    async def _leave(self, names: Collection[str], hear: Hear) -> None:
        for name in names:
            self._hearers[name].discard(hear)
            if not self._hearers[name]:
                del self._hearers[name]
                await end([self._tasks.pop(name)])

    async def _listen(self, name: str) -> None:
        while True:
            try:
                await self._pass_on(name)
            except AWAY:
                await asyncio.sleep(REDIS_PATIENCE)
            except Exception:
                logger.exception("A hint could not be read; what it was about is found by looking.")

    async def _pass_on(self, name: str) -> None:
        async with asyncio.timeout(REDIS_PATIENCE):
            channel = await self._layer.new_channel("group")
            await self._layer.group_add(name, channel)
        try:
            while True:
                message = await self._layer.receive(channel)
                for hear in list(self._hearers.get(name, ())):
                    hear(message)
        finally:
            with contextlib.suppress(*AWAY):
                async with asyncio.timeout(REDIS_PATIENCE):
                    await self._layer.group_discard(name, channel)
