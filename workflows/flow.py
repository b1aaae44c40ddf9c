"""Items on their way: the pipes between nodes, and what comes together at one."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from workflows import ports
from workflows.errors import TypeMismatch
from workflows.host import EdgeState, Host
from workflows.joins import Lineage, Match, Scope, joined
from workflows.plan import CAPACITY, Channel, Step


class Bell:
    """Wakes the one task that waits for it, if it does."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake the waiting task."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def rung(self) -> None:
        """Wait for the next ring."""
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting


class Pipe:
    """The items on one edge: put in by its source, taken out in order by its target."""

    def __init__(self, channel: Channel, host: Host, arrived: Bell) -> None:
        self.channel = channel
        self.over = False
        self.broken = False
        self._edges = (channel.edge, *channel.mirrors)
        self._host = host
        self._arrived = arrived
        self._left = Bell()
        self._items: deque[tuple[Lineage, object]] = deque()
        self._taken = 0
        self._state: EdgeState | None = None
        self._closed = self._ended = self._lost = False

    def open(self) -> None:
        """Its source begins: items may come."""
        self._say("active")

    def put(self, lineage: Lineage, value: object) -> None:
        """Add an item. When nobody takes any more it is lost."""
        if self._closed:
            self._lost = True
        else:
            self._items.append((lineage, value))
            self._arrived.ring()

    async def room(self) -> None:
        """Wait until it has room for another item."""
        while self.channel.bounded and len(self._items) >= CAPACITY and not self._closed:
            await self._left.rung()

    def first(self) -> tuple[Lineage, object] | None:
        """The item to be taken next; None while there is none."""
        return self._items[0] if self._items else None

    def take(self) -> tuple[Lineage, object]:
        """Take that item out."""
        item = self._items.popleft()
        self._taken += 1
        for edge in self._edges:
            self._host.edge(edge, count=self._taken)
        self._settle()
        self._left.ring()
        return item

    def end(self, *, broken: bool) -> None:
        """Its source has ended; `broken` when something failed, so that items may be missing."""
        self._ended, self.broken = True, broken
        self._settle()
        self._arrived.ring()

    def close(self) -> None:
        """Its target takes no more."""
        self._closed = True
        self._lost = self._lost or bool(self._items)
        self._items.clear()
        self._left.ring()

    def drain(self) -> None:
        """The run is over."""
        if self._state == "active":
            self._say("drained")

    def _settle(self) -> None:
        self.over = self._ended and not self._items
        if self.over and not self._lost and self._state == "active":
            self._say("completed")

    def _say(self, state: EdgeState) -> None:
        self._state = state
        for edge in self._edges:
            self._host.edge(edge, state=state, count=self._taken)


class Inbox:
    """What comes together at a node: one match for each call of it."""

    def __init__(self, step: Step, host: Host, order: Sequence[str]) -> None:
        self._arrived = Bell()
        self.pipes = [Pipe(channel, host, self._arrived) for channel in step.channels]
        self.broken = False
        self._gathering = {pipe: list[object]() for pipe in self.pipes if pipe.channel.input.collects}
        self._whole = joined([_Leaf(pipe) for pipe in self.pipes if pipe not in self._gathering], order)
        self._gathered: dict[str, object] | None = None
        self._called = False

    async def next(self) -> Match | None:
        """The next match; None when no more come. TypeMismatch when an item does not fit its input."""
        if self._gathered is None and not await self._gather():
            return None
        if self._whole is None:
            called, self._called = self._called, True
            return None if called else Match((), dict(self._gathered or {}))
        while (match := self._whole.head()) is None:
            if self._whole.over:
                self.broken = self._whole.broken
                return None
            await self._arrived.rung()
        self._whole.pop()
        return Match(match.lineage, {**match.values, **(self._gathered or {})})

    def close(self) -> None:
        """Take no more from any pipe."""
        for pipe in self.pipes:
            pipe.close()

    async def _gather(self) -> bool:
        """Wait for all that the collecting inputs collect; False when that will not be there."""
        while True:
            for pipe, items in self._gathering.items():
                while pipe.first() is not None:
                    items.extend(_spread(pipe, pipe.take()[1]))
            self.broken = any(pipe.over and pipe.broken for pipe in self._gathering)
            if self.broken or all(pipe.over for pipe in self._gathering):
                break
            await self._arrived.rung()
        self._gathered = self._by_input()
        return not self.broken and not self._unsent()

    def _by_input(self) -> dict[str, object]:
        """In the order of the edges, then of the items on each."""
        found: dict[str, list[object]] = {}
        for pipe, items in self._gathering.items():
            found.setdefault(pipe.channel.input.name, []).extend(items)
        return dict(found)

    def _unsent(self) -> bool:
        """Whether a collecting input got nothing where one value was to come. An empty stream is an empty list."""
        streamed = {pipe.channel.input.name for pipe in self._gathering if pipe.channel.scope}
        return any(not items and name not in streamed for name, items in (self._gathered or {}).items())


class _Leaf:
    """A pipe as a stream of matches with one value each, of its input's type."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._head: Match | None = None
        self.scope: Scope = pipe.channel.scope

    def head(self) -> Match | None:
        if self._head is None and self._pipe.first() is not None:
            lineage, value = self._pipe.take()
            self._head = Match(lineage, {self._pipe.channel.input.name: _converted(self._pipe.channel, value)})
        return self._head

    def pop(self) -> None:
        self._head = None

    @property
    def over(self) -> bool:
        return self._head is None and self._pipe.over

    @property
    def broken(self) -> bool:
        return self._pipe.broken


def _converted(channel: Channel, value: object) -> object:
    if value is None and channel.input.nullable:
        return None
    try:
        for source, target in pairwise(channel.path):
            value = ports.convert(value, source, target)
    except TypeMismatch as error:
        raise TypeMismatch(f"“{channel.input.setting.title or channel.input.name}”: {error}") from error
    return value


def _spread(pipe: Pipe, value: object) -> list[object]:
    converted = _converted(pipe.channel, value)
    return list(converted) if isinstance(converted, list) and pipe.channel.path[-1].items is not None else [converted]
