"""What a node did besides its work: the tools that it called, its plan, the providers that it asked, its log."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from runs.telemetry import Batch, Snapshot

SHOWN: Final = 30
"""The newest of each; the job's telemetry has all that are kept."""
BUT_LOG: Final = ("calls", "plan", "providers")
TOLD_BY: Final = (*BUT_LOG, "logs")


class Call(NamedTuple):
    """A tool's call. `done`: whether its result is there."""

    id: str
    tool: str
    arguments: object
    result: object
    done: bool


class Acts(NamedTuple):
    """Of one node, in order."""

    calls: list[Call]
    called: int
    plan: list[Mapping[str, Any]]
    providers: list[Mapping[str, Any]]
    asked: int
    logs: list[Mapping[str, Any]]
    logged: int

    def __bool__(self) -> bool:
        return bool(self.calls or self.plan or self.providers or self.logs)

    @property
    def done(self) -> int:
        """How many tasks of the plan are done."""
        return sum(task["state"] in {"completed", "skipped"} for task in self.plan)

    @property
    def doing(self) -> str:
        """The task that it is at."""
        return next((task["task"] for task in self.plan if task["state"] == "running"), "")

    @property
    def tokens(self) -> int | None:
        """The tokens of all its providers; None where none were counted."""
        counted = [each["tokens"] for each in self.providers if each.get("tokens") is not None]
        return sum(counted) if counted else None

    @property
    def but_log(self) -> "Acts":
        """For a page that shows the whole job's log elsewhere."""
        return self._replace(logs=[], logged=0)

    @property
    def worst(self) -> str:
        """The gravest level in its log."""
        levels = {line["level"] for line in self.logs}
        return next((level for level in ("error", "warning") if level in levels), "")


def of(snapshot: Snapshot, node: str) -> Acts:
    """What this node did."""
    told = {key: [each for each in snapshot[key] if each.get("node") == node] for key in TOLD_BY}
    calls = _calls(told["calls"])
    return Acts(
        calls=calls[-SHOWN:],
        called=len(calls),
        plan=told["plan"],
        providers=told["providers"][-SHOWN:],
        asked=len(told["providers"]),
        logs=told["logs"][-SHOWN:],
        logged=len(told["logs"]),
    )


def changed(batch: Batch, told_by: Sequence[str] = TOLD_BY) -> set[str]:
    """The nodes of which a batch tells such things."""
    return {str(each["node"]) for key in told_by for each in batch.get(key, ()) if each.get("node")}


def _calls(told: list[Mapping[str, Any]]) -> list[Call]:
    """Each call once, as it was told last: first without its result, then with it."""
    newest = {each["id"]: each for each in told}
    return [
        Call(each["id"], each["tool"], each.get("arguments"), each.get("result"), each.get("result") is not None)
        for each in newest.values()
    ]
