"""A node that does not run, since what it made before is there: it sends that on."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from workflows import ports
from workflows.errors import TypeMismatch, WorkflowError
from workflows.failures import explain
from workflows.flow import Pipe
from workflows.host import Host, NodeError, NodeFields, Status
from workflows.plan import Step
from workflows.registry import Output


class GivenRun:
    """Stands in a run for such a node, as `NodeRun` does for those that work."""

    def __init__(
        self,
        step: Step,
        stock: Mapping[str, Mapping[str, Any]],
        outgoing: Mapping[str, Sequence[Pipe]],
        host: Host,
    ) -> None:
        self.error: NodeError | None = None
        self.ended_at: float | None = None
        self._node = step.node
        self._outputs = {output.name: output for output in step.type.outputs}
        self._stock = stock
        self._outgoing = outgoing
        self._host = host

    async def work(self) -> None:
        """Send all on. A product that is gone, or can't be read, fails the node."""
        pipes = [pipe for pipes in self._outgoing.values() for pipe in pipes]
        for pipe in pipes:
            pipe.open()
        try:
            for name, made in self._stock.items():
                await self._send(self._outputs[name], made)
        except WorkflowError as error:
            self.error = explain(self._node.id, error)
        self._end("failed" if self.error else "completed")
        for pipe in pipes:
            pipe.end(broken=self.error is not None)

    def settle(self) -> None:
        """Say its last status when the run ended before it did."""
        if self.ended_at is None:
            self._end("skipped")

    async def _send(self, output: Output, made: Mapping[str, Any]) -> None:
        assets = made.get("assets")
        if assets is None:
            self._host.value(self._node.id, output.name, made["value"])
            await self._put(output, made["value"], ())
        elif output.port.items is not None:
            kind = output.port.items.kind
            await self._put(output, [await self._host.open_asset(asset, kind) for asset in assets], ())
        else:
            many = output.streams or len(assets) > 1
            for place, asset in enumerate(assets):
                value = await self._host.open_asset(asset, output.port.kind)
                await self._put(output, value, (place,) if many else ())

    async def _put(self, output: Output, value: object, lineage: tuple[int, ...]) -> None:
        if not ports.matches(value, output.port):
            message = (
                f"{ports.describe(value)} was made for “{output.name}” before, which is of type {output.port} now."
            )
            raise TypeMismatch(message)
        for pipe in self._outgoing.get(output.name, ()):
            pipe.put(lineage, value)
        for pipe in self._outgoing.get(output.name, ()):
            await pipe.room()

    def _end(self, status: Status) -> None:
        self.ended_at = time.monotonic()
        fields: NodeFields = {"status": status}
        if status == "completed":
            fields["cached"] = True
        if self.error:
            fields["error"] = (self.error.code, self.error.message)
        self._host.node(self._node.id, **fields)
