"""What a node function may see of the world while it runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from workflows.host import TaskState


class NodeContext(Protocol):
    """Given to a node function's parameter that is annotated `NodeContext`. Safe to call from a node's thread."""

    @property
    def cancelled(self) -> bool:
        """Whether the run has been cancelled; a node that sees it cleans up and returns."""

    def check_cancelled(self) -> None:
        """Raise `Cancelled` once the run has been cancelled. Call it at least every 50 ms of work."""

    def progress(self, done: float, total: float) -> None:
        """Say how far the work is, `done` of `total`; raises `Cancelled` as `check_cancelled` does."""

    def log(self, message: str, level: str = "info") -> None:
        """Write a line to the job's log; `level` is `debug`, `info`, `warning` or `error`."""

    def text(self, chunk: str) -> None:
        """Append to the text that is shown at the node while it works."""

    def temporary_file(self, suffix: str = "") -> Path:
        """A new path for a file that lives as long as the run; nothing is there yet."""

    async def sleep(self, seconds: float) -> None:
        """Wait; a cancelled run ends the wait at once."""

    def secret(self, name: str) -> str | None:
        """A secret by name, None where none is stored. It must not be logged, sent on or kept."""

    def cost(self, amount: float) -> None:
        """Add to what this node has cost, in US dollars."""

    def call(self, tool: str, arguments: object, result: object = None, *, call: str | None = None) -> str:
        """Show that a tool is called; answers the call's id, by which its result is shown once it is there."""

    def plan(self, tasks: Sequence[tuple[str, TaskState]]) -> None:
        """Show what the node means to do, as its tasks in order with their states; each plan replaces the last."""

    def provider(
        self,
        provider: str,
        model: str,
        *,
        status: str = "completed",
        tokens: int | None = None,
        cost: float | None = None,
    ) -> None:
        """Show that a provider was asked. What that cost, in US dollars, is added to what the node has cost."""
