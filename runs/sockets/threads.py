"""From a socket to the database and back: queries run in threads, never in the event loop."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext
from channels.db import database_sync_to_async

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


async def in_database(
    work: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Answer:
    """Short reads, all in the one thread that the process keeps for its sockets."""
    answer: Answer = await database_sync_to_async(work)(*arguments, **named)
    return answer


async def apart(work: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
    """In a thread of its own: what waits for its turn to write holds up no reader."""
    async with ThreadSensitiveContext():
        return await in_database(work, *arguments, **named)
