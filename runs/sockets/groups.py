"""Listens to groups of the channel layer, on one channel for all groups of a kind, for who follows what they tell of.

A kind of groups has a channel of its own, as a message does not say which group it came by.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, Protocol, TypeVar

from channels.layers import get_channel_layer
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

REDIS_PATIENCE = 1.0
"""Seconds that a call to Redis may take before it counts as away."""
AWAY = (RedisError, OSError, TimeoutError)

Key = TypeVar("Key", bound=Hashable)
Message = dict[str, Any]

logger = logging.getLogger(__name__)


def connection() -> Redis:
    """A connection to Redis for the tasks of one event loop, which has to be closed there."""
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_PATIENCE,
        socket_connect_timeout=REDIS_PATIENCE,
        retry=Retry(NoBackoff(), 1),
    )


class Listener(Protocol):
    """Whoever wants to hear."""

    def hint(self, message: Message) -> None:
        """The channel layer says something about what is followed."""


class Groups(Generic[Key]):
    """The groups of one kind: `name` gives each its name, and `key` says what a message is about."""

    def __init__(
        self,
        name: Callable[[Key], str],
        key: Callable[[Message], Key],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._name = name
        self._key = key
        self._spawn = spawn
        self._listeners: defaultdict[Key, set[Listener]] = defaultdict(set)
        self._subscribed: set[Key] = set()
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._changing = asyncio.Lock()

    async def join(self, key: Key, listener: Listener) -> None:
        """From now on the listener hears of it; returns when the hints flow, or Redis is seen to be away."""
        self._listeners[key].add(listener)
        await self._subscribe(key)

    async def leave(self, key: Key, listener: Listener) -> None:
        """The listener hears no more. Once more does nothing."""
        self._listeners[key].discard(listener)
        if not self._listeners[key]:
            del self._listeners[key]
            await self._unsubscribe(key)

    async def try_again(self) -> None:
        """Subscribes what could not be, as Redis was away."""
        for key in self._listeners.keys() - self._subscribed:
            await self._subscribe(key)

    async def _subscribe(self, key: Key) -> None:
        try:
            async with asyncio.timeout(REDIS_PATIENCE), self._changing:
                if key in self._subscribed or key not in self._listeners:
                    return
                if not self._channel:
                    self._channel = await self._layer.new_channel("hints")
                    self._spawn(self._listen())
                await self._layer.group_add(self._name(key), self._channel)
                self._subscribed.add(key)
        except AWAY:
            return  # the next round tries again

    async def _unsubscribe(self, key: Key) -> None:
        try:
            async with asyncio.timeout(REDIS_PATIENCE), self._changing:
                if key in self._listeners or key not in self._subscribed:
                    return
                self._subscribed.discard(key)
                await self._layer.group_discard(self._name(key), self._channel)
        except AWAY as error:
            logger.info("Redis is away (%s); a subscription that nobody needs stays until it is back.", error)

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
                for listener in list(self._listeners.get(self._key(message), ())):
                    listener.hint(message)
            except Exception:
                logger.exception("A hint could not be read; what it was about is found by looking.")
