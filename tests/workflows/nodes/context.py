"""What a node sees of the world, kept so that a test can look at it."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from workflows.errors import Cancelled
from workflows.host import TaskState


class Listener:
    """A NodeContext that remembers what it is told."""

    def __init__(self, *, cancelled: bool = False) -> None:
        self.cancelled = cancelled
        self.steps: list[tuple[float, float]] = []
        self.lines: list[tuple[str, str]] = []
        self.chunks: list[str] = []
        self.costs: list[float] = []
        self.calls: list[tuple[str, object, object]] = []
        self.plans: list[list[tuple[str, TaskState]]] = []
        self.providers: list[tuple[str, str, str, int | None, float | None]] = []

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

    def call(self, tool: str, arguments: object, result: object = None, *, call: str | None = None) -> str:
        self.calls.append((tool, arguments, result))
        return call or str(len(self.calls))

    def plan(self, tasks: Sequence[tuple[str, TaskState]]) -> None:
        self.plans.append(list(tasks))

    def provider(
        self,
        provider: str,
        model: str,
        *,
        status: str = "completed",
        tokens: int | None = None,
        cost: float | None = None,
    ) -> None:
        self.providers.append((provider, model, status, tokens, cost))
