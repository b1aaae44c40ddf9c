"""What a node sees of the world, kept so that a test can look at it."""

import asyncio
import tempfile
from pathlib import Path

from workflows.errors import Cancelled


class Listener:
    """A NodeContext that remembers what it is told."""

    def __init__(self, *, cancelled: bool = False) -> None:
        self.cancelled = cancelled
        self.steps: list[tuple[float, float]] = []
        self.lines: list[tuple[str, str]] = []
        self.chunks: list[str] = []
        self.costs: list[float] = []

    def check_cancelled(self) -> None:
        if self.cancelled:
            raise Cancelled

    def progress(self, done: float, total: float) -> None:
        self.check_cancelled()
        self.steps.append((done, total))

    def log(self, message: str, level: str = "info") -> None:
        self.lines.append((level, message))

    def text(self, chunk: str) -> None:
        self.chunks.append(chunk)

    def temporary_file(self, suffix: str = "") -> Path:
        return Path(tempfile.mkdtemp()) / f"file{suffix}"

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def secret(self, name: str) -> str | None:
        return f"the {name}"

    def cost(self, amount: float) -> None:
        self.costs.append(amount)
