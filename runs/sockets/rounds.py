"""Something that one task does for many, again and again, for as long as any of them is there."""

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, Self, TypeVar
from weakref import WeakKeyDictionary

from runs.sockets.tasks import end

Member = TypeVar("Member")

logger = logging.getLogger(__name__)


class Rounds(ABC, Generic[Member]):
    """One per event loop and class. It begins with its first member and ends with its last."""

    seconds: ClassVar[float]
    """Between two rounds."""
    linger_seconds: ClassVar[float] = 0.0
    """How long it stays when its last member has gone: a process that serves for long keeps what is dear to begin."""
    _here: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._here = WeakKeyDictionary()

    def __init__(self) -> None:
        self.members: set[Member] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    def here(cls) -> Self:
        """The one of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in cls._here:
            cls._here[loop] = cls()
        found: Self = cls._here[loop]
        return found

    def add(self, member: Member) -> None:
        """From now on the rounds are made for `member` too."""
        if not self._tasks:
            self.spawn(self._go_round())
        self.members.add(member)

    async def remove(self, member: Member) -> None:
        """Forgets the member; after the last one, nothing is left behind. Once more does nothing."""
        self.members.discard(member)
        if self._tasks and not self.members:
            if self.linger_seconds:
                asyncio.get_running_loop().call_later(self.linger_seconds, self._end_unless_needed)
            else:
                await self._end()

    def spawn(self, work: Any) -> None:
        """Runs the coroutine `work` for as long as there are members."""
        self._tasks.append(asyncio.create_task(work))

    @abstractmethod
    async def round(self) -> None:
        """What is done each time, for all members at once."""

    async def close(self) -> None:
        """Ends the tasks and whatever a subclass holds open."""
        await end(self._tasks)

    def _end_unless_needed(self) -> None:
        if self._tasks and not self.members:
            self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        if self.members:  # somebody has come in the meantime
            return
        self._here.pop(asyncio.get_running_loop(), None)
        await self.close()

    async def _go_round(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            try:
                await self.round()
            except Exception:
                logger.exception("A round of %s failed; the next one tries again.", type(self).__name__)
