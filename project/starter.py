"""Whoever started Loupe: the terminal that it prints to, and the process that it is to end with."""

import os
import select
import sys
from contextlib import suppress
from pathlib import Path


def say(line: str) -> None:
    """Prints to whoever started Loupe, if it still looks."""
    try:
        print(line, flush=True)  # noqa: T201 (this is the product's terminal output)
    except OSError:
        with Path(os.devnull).open("w") as nobody:
            os.dup2(nobody.fileno(), sys.stdout.fileno())


class Starter:
    """Whoever started this process. Without a terminal, and unless it is to end with its parent, it never goes."""

    def __init__(self, *, with_parent: bool) -> None:
        self._parent = os.getppid() if with_parent else None
        self._terminal = _terminal()

    def has_gone(self) -> bool:
        """Whether the terminal, or the process that this one is to end with, is there no more."""
        if self._parent is not None and os.getppid() != self._parent:
            return True
        return self._terminal is not None and bool(self._terminal.poll(0))


def _terminal() -> "select.poll | None":
    """Reports when the terminal that we print to goes away; None without one."""
    with suppress(OSError, ValueError):
        if sys.stdout.isatty():
            poll = select.poll()
            poll.register(os.dup(sys.stdout.fileno()), 0)  # where `say` sees it go first, stdout is another file
            return poll
    return None
