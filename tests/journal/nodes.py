"""Node types whose every call stands in the journal. What they say and give names the fence under which they did."""

import itertools
import time
from typing import Annotated, Any, Final

from tests.journal.executor import note
from workflows.context import NodeContext
from workflows.registry import Setting, node

TICK: Final = 0.05
Seconds = Annotated[float, Setting(minimum=0, maximum=60)]


@node("journal.work", title="Work", description="", output="text", pure=False)
async def work(context: NodeContext, name: str, seconds: Seconds = 0.1, value: Any = None) -> str:
    """Safe to repeat."""
    return await _act(context, name, seconds)


@node("journal.send", title="Send", description="", output="text", pure=False, safe=False)
async def send(context: NodeContext, name: str, seconds: Seconds = 0.1, value: Any = None) -> str:
    """What it does must not be done twice."""
    return await _act(context, name, seconds)


async def _act(context: NodeContext, name: str, seconds: float) -> str:
    fence = note("effect", name)
    until = time.monotonic() + seconds
    for count in itertools.count():
        context.text(f"{fence}.{count} ")
        left = until - time.monotonic()
        if left <= 0:
            break
        await context.sleep(min(TICK, left))
        note("tick", name)
    note("done", name)
    return f"{name} by {fence}"
