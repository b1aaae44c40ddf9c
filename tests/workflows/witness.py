"""A host for the engine that remembers all it hears."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from PIL.Image import Image

from workflows.errors import NodeFailed
from workflows.host import EdgeState, Made, NodeFields, ProviderFields, TaskState


class Witness:
    """Hears what the engine says; keeps products; knows the assets and secrets it is given."""

    def __init__(self, folder: Path = Path(), assets: dict[str, object] | None = None) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.nodes: dict[str, dict[str, Any]] = {}
        self.statuses: dict[str, list[str]] = {}
        self.edges: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, str] = {}
        self.logs: list[tuple[str | None, str, str]] = []
        self.costs: dict[str, float] = {}
        self.calls: list[tuple[str, str, str, object, object]] = []
        self.plans: dict[str, list[tuple[str, TaskState]]] = {}
        self.providers: list[tuple[str, dict[str, object]]] = []
        self.products: dict[tuple[str, str], list[object]] = {}
        self.port_types: dict[tuple[str, str], str] = {}
        self.on_product: Callable[[str, object], None] = lambda _node, _value: None
        self.values: dict[tuple[str, str], object] = {}
        self.kept: dict[str, list[Made]] = {}
        self.ages: list[float | None] = []
        self._folder = folder
        self._assets = assets or {}
        self._lock = threading.Lock()

    def node(self, node: str, **fields: Unpack[NodeFields]) -> None:
        with self._lock:
            self.heard.append((node, dict(fields)))
            self.nodes.setdefault(node, {}).update(fields)
            if "status" in fields:
                self.statuses.setdefault(node, []).append(fields["status"])

    def edge(self, edge: str, *, state: EdgeState | None = None, count: int | None = None) -> None:
        said = {"state": state, "count": count}
        self.edges.setdefault(edge, {}).update({name: value for name, value in said.items() if value is not None})

    def text(self, node: str, chunk: str) -> None:
        self.texts[node] = self.texts.get(node, "") + chunk

    def log(self, node: str | None, level: str, message: str) -> None:
        self.logs.append((node, level, message))

    def cost(self, node: str, amount: float) -> None:
        self.costs[node] = self.costs.get(node, 0) + amount

    def call(self, node: str, call: str, tool: str, arguments: object, result: object) -> None:
        self.calls.append((node, call, tool, arguments, result))

    def plan(self, node: str, tasks: Sequence[tuple[str, TaskState]]) -> None:
        self.plans[node] = list(tasks)

    def provider(self, node: str, **fields: Unpack[ProviderFields]) -> None:
        self.providers.append((node, dict(fields)))

    async def unsafe(self, node: str) -> None:
        self.heard.append((node, "unsafe"))

    async def product(self, node: str, output: str, index: int, port_type: str, value: object) -> None:
        self.on_product(node, value)
        kept = self.products.setdefault((node, output), [])
        assert index == len(kept)
        self.port_types[node, output] = port_type
        kept.append(value)

    def value(self, node: str, output: str, value: object) -> None:
        self.values[node, output] = value

    async def key(self, revision: str, arguments: Mapping[str, object]) -> str | None:
        return None if any(isinstance(value, Image) for value in arguments.values()) else f"{revision} {arguments}"

    async def recall(self, key: str, age: float | None) -> list[Made] | None:
        self.ages.append(age)
        return self.kept.get(key)

    async def remember(self, key: str, made: Sequence[Made]) -> None:
        self.kept[key] = list(made)

    async def open_asset(self, asset_id: str, kind: str) -> object:  # noqa: ARG002
        if asset_id not in self._assets:
            raise NodeFailed("missing_asset", "The asset is gone. Choose another.")
        return self._assets[asset_id]

    def secret(self, name: str) -> str | None:
        return {"KEY": "hush"}.get(name)

    def temporary_folder(self) -> Path:
        return self._folder

    def final(self) -> dict[str, str]:
        """Every node's last status."""
        return {node: statuses[-1] for node, statuses in self.statuses.items()}

    def made(self, node: str, output: str = "value") -> list[Any]:
        """All that an output gave, in order."""
        return self.products.get((node, output), [])
