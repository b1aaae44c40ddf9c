"""What the engine tells the world while it runs a graph, and what it says when it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypedDict, Unpack

Status = Literal["waiting", "running", "completed", "failed", "cancelled", "skipped", "bypassed"]
EdgeState = Literal["active", "completed", "drained"]
TaskState = Literal["waiting", "running", "completed", "failed", "skipped"]


class NodeFields(TypedDict, total=False):
    """What may be said of a node at once; what is left out stays as it was."""

    status: Status
    progress: tuple[float, float]
    started_at: str
    elapsed_ms: int
    error: tuple[str, str]
    cached: bool


class Made(NamedTuple):
    """One value that a call of a node's function has made: as which of its results, and for which output."""

    place: int
    output: str
    value: Any


class ProviderFields(TypedDict):
    """What is said of one call of a provider; None where it was not measured."""

    provider: str
    model: str
    status: str
    tokens: int | None
    cost: float | None


class Host(Protocol):
    """Whoever runs a graph: hears what happens, keeps what nodes make, opens what they ask for.

    The plain methods are called from any thread; they neither block nor raise. What the others raise, other than a
    `WorkflowError`, ends the run.
    """

    def node(self, node: str, **fields: Unpack[NodeFields]) -> None:
        """Something changed about a node. `error` is (code, message); `started_at` RFC 3339 in UTC."""

    def edge(self, edge: str, *, state: EdgeState | None = None, count: int | None = None) -> None:
        """An edge's state, or the number of items that have passed along it."""

    def text(self, node: str, chunk: str) -> None:
        """Text to append at a node."""

    def log(self, node: str | None, level: str, message: str) -> None:
        """A line for the job's log."""

    def cost(self, node: str, amount: float) -> None:
        """What a node has just cost, in US dollars, to be added up."""

    def call(self, node: str, call: str, tool: str, arguments: object, result: object) -> None:
        """A tool's call; said again with its result, by the same `call`, once that is there."""

    def plan(self, node: str, tasks: Sequence[tuple[str, TaskState]]) -> None:
        """What a node means to do, all of it."""

    def provider(self, node: str, **fields: Unpack[ProviderFields]) -> None:
        """A provider was asked; what it cost is said by `cost` besides."""

    async def unsafe(self, node: str) -> None:
        """A node is about to begin that is not safe to repeat; it does when this returns."""

    async def product(self, node: str, output: str, index: int, port_type: str, value: object) -> None:
        """A value that a node put out, in order; called before the value is sent on.

        NodeFailed fails the node.
        """

    def value(self, node: str, output: str, value: object) -> None:
        """What a node that does not run made before, and sends on now."""

    async def open_asset(self, asset_id: str, kind: str) -> object:
        """The run's value of an asset that a property names, as a port of this kind takes it.

        NodeFailed fails the node.
        """

    async def key(self, revision: str, arguments: Mapping[str, object]) -> str | None:
        """What equal calls of one node type have in common; None when an argument is nothing that can be kept."""

    async def recall(self, key: str, age: float | None) -> list[Made] | None:
        """What such a call made in the last `age` seconds, or ever; None when it is not known any more."""

    async def remember(self, key: str, made: Sequence[Made]) -> None:
        """Keep what such a call has made, if it can be kept."""

    def secret(self, name: str) -> str | None:
        """A secret by name."""

    def temporary_folder(self) -> Path:
        """An existing folder for this run's temporary files, which the host removes afterwards."""


@dataclass(frozen=True, slots=True)
class NodeError:
    """Why a node failed. The traceback is for admins alone."""

    code: str
    message: str
    node: str | None = None
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, when nobody cancelled it. `error` is the first failure, of as many as there were."""

    state: Literal["completed", "failed"]
    error: NodeError | None = None
