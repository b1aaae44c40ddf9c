"""Node types whose every call stands in the journal. What they say and give names the fence under which they did."""

import itertools
import os
import signal
import time
from typing import Annotated, Any, Final

from tests.journal.executor import JOURNAL, note
from workflows.context import NodeContext
from workflows.registry import Setting, node

TICK: Final = 0.05
FORKED: Final = JOURNAL.with_name("forked")
"""The numbers of the processes that a node has left behind, a line each."""
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


@node("journal.wild", title="Wild", description="", output="text", pure=False)
def wild(context: NodeContext, how: str, seconds: Seconds = 0) -> str:
    """Does what no node should."""
    note("effect", how)
    {"hang": _hang, "leak": _leak, "fork": _fork, "print": _print, "chatter": _chatter}[how](context, seconds)
    return ""


def _hang(_context: NodeContext, _seconds: float) -> None:
    """In C, where no signal is heard and no other thread gets its turn."""
    all(itertools.repeat(True))


def _leak(_context: NodeContext, _seconds: float) -> None:
    kept = []
    while True:
        kept.append(b"x" * 8 * 1024**2)
        time.sleep(TICK / 10)


def _fork(context: NodeContext, _seconds: float) -> None:
    """Leaves processes behind that do not end when they are asked to, one of them in a session of its own."""
    for apart in (False, False, True):
        if not os.fork():
            if apart:
                os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            with FORKED.open("a") as file:
                file.write(f"{os.getpid()}\n")
            while True:
                time.sleep(60)
    while True:
        context.check_cancelled()
        time.sleep(TICK)


def _print(_context: NodeContext, _seconds: float) -> None:
    while True:
        os.write(1, b"x" * 1024**2)


def _chatter(context: NodeContext, seconds: float) -> None:
    """Tells a megabyte a second."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        context.log("x" * 4000)
        time.sleep(0.004)
