"""One node in one run: takes what comes together in its inbox, calls its function, sends on what that makes."""

import asyncio
import math
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from workflows import ports, values
from workflows.calls import CallFailed, Calls, Watch
from workflows.declaration import Input
from workflows.errors import Cancelled, NodeFailed, TypeMismatch, WorkflowError
from workflows.failures import explain
from workflows.flow import Inbox, Pipe
from workflows.host import Host, Made, NodeError, NodeFields, Status, TaskState
from workflows.joins import Lineage, Match
from workflows.keeping import Keeping
from workflows.plan import Step
from workflows.registry import Output

_BREATH: Final = 0.01  # seconds for which a node may keep the loop from its other tasks


class NodeRun:
    """Runs one node, and tells the host its every status."""

    def __init__(
        self, step: Step, inbox: Inbox, outgoing: Mapping[str, Sequence[Pipe]], host: Host, calls: Calls
    ) -> None:
        self.error: NodeError | None = None
        self.ended_at: float | None = None
        self._step = step
        self._inbox = inbox
        self._outgoing = outgoing
        self._host = host
        self._calls = calls
        self._watch = Watch(self._begin)
        self._begun = False
        self._fixed: dict[str, object] | None = None
        self._keeping = Keeping(step, host)
        self._sent = dict.fromkeys((output.name for output in self._outputs()), 0)
        self._breathed = time.monotonic()

    async def work(self) -> None:
        """Take matches until no more come. What is wrong with the node ends it; what is wrong with the host goes on."""
        try:
            while (match := await self._inbox.next()) is not None:
                await self._perform(match)
        except CallFailed as failed:
            self._fail(failed.error)
        except WorkflowError as error:
            self._fail(error)
        else:
            self._end("completed" if self._begun else "skipped")
        self._inbox.close()
        for pipe in self._pipes():
            pipe.end(broken=self._inbox.broken or self.error is not None)

    def settle(self) -> None:
        """Say its last status when the run ended before it did."""
        if self.ended_at is None:
            self._end("cancelled" if self._begun else "skipped")

    async def _perform(self, match: Match) -> None:
        """One call of the node's function."""
        if self._fixed is None:
            self._fixed = await self._opened()
        self._check(match.values)
        arguments = self._fixed | match.values
        if self._keeping.asked and (made := await self._keeping.made_before(arguments)) is not None:
            await self._resend(made, match.lineage)
            return
        if self._step.type.context:
            arguments[self._step.type.context] = _Sight(self._step.node.id, self._host, self._calls)
        if not (self._step.type.safe or self._begun):
            await self._host.unsafe(self._step.node.id)
        await self._call(arguments, match.lineage)
        if self._keeping.asked:
            await self._keeping.remember()

    async def _call(self, arguments: dict[str, object], lineage: Lineage) -> None:
        sent: set[str] = set()
        place = 0
        async with aclosing(self._calls.results(self._step.type, arguments, self._watch)) as results:
            async for result in results:
                for output, value in self._addressed(result, sent):
                    self._keeping.note(place, output.name, value)
                    await self._send(output, value, (*lineage, place) if output.streams else lineage)
                place += 1

    async def _resend(self, made: Sequence[Made], lineage: Lineage) -> None:
        """What an equal call made before."""
        self._begin()
        outputs = {output.name: output for output in self._outputs()}
        for place, name, value in made:
            output = outputs[name]
            await self._send(output, value, (*lineage, place) if output.streams else lineage)

    async def _opened(self) -> dict[str, object]:
        """The values of the inputs that no edge feeds."""
        connected = {channel.input.name for channel in self._step.channels}
        given = self._step.node.properties
        opened: dict[str, object] = {}
        for name, declared in self._step.inputs.items():
            if name in given and name not in connected:
                opened[name] = await self._open(declared, given[name])
            elif name in self._step.type.by_name and name not in connected:
                opened[name] = declared.default
        return opened

    async def _open(self, declared: Input, given: object) -> object:
        value = values.accept(given, self._step.node, declared)
        if isinstance(value, list) and declared.port.kind == "list":
            kind = declared.port.items.kind if declared.port.items else "any"
            return [await self._asset(item, kind) for item in value]
        return value if declared.port.kind == "json" else await self._asset(value, declared.port.kind)

    async def _asset(self, value: object, kind: str) -> object:
        asset = values.asset_of(value)
        return value if asset is None else await self._host.open_asset(asset, kind)

    def _check(self, given: Mapping[str, object]) -> None:
        """What comes along an edge has to be within bounds as well."""
        for name, value in given.items():
            declared = self._step.inputs[name]
            objection = None if declared.collects else declared.setting.objection(value)
            if objection:
                raise NodeFailed("bad_value", f"“{declared.setting.title or name}” {objection}.")

    def _begin(self) -> None:
        """The function is about to be called for the first time."""
        if not self._begun:
            self._begun = True
            self._host.node(self._step.node.id, status="running", started_at=_now())
            for pipe in self._pipes():
                pipe.open()

    def _addressed(self, result: Any, sent: set[str]) -> Iterator[tuple[Output, Any]]:
        """What a result is for which output; `sent` has those of this call that have had their one value."""
        declared = self._step.type
        if not declared.packed:
            yield from ((output, result) for output in self._outputs())
            return
        for name, value in result.items() if isinstance(result, dict) else ((None, None),):
            output = declared.output(name) if isinstance(name, str) else None
            if output is None or name in sent:
                raise TypeMismatch(
                    f"“{declared.type}” sent something that it does not declare. Report this to its author."
                )
            if not output.streams:
                sent.add(output.name)
            yield output, value

    async def _send(self, output: Output, value: object, lineage: Lineage) -> None:
        if not ports.matches(value, output.port):
            message = f"{ports.describe(value)} was made for “{output.name}”, which is of type {output.port}."
            raise TypeMismatch(message)
        index = self._sent[output.name]
        self._sent[output.name] += 1
        await self._host.product(self._step.node.id, output.name, index, str(output.port), value)
        pipes = self._outgoing.get(output.name, ())
        for pipe in pipes:
            pipe.put(lineage, value)
        for pipe in pipes:
            await pipe.room()
        await self._breathe()

    async def _breathe(self) -> None:
        """Let the loop do its other work: calls without a thread never wait for anything."""
        if time.monotonic() - self._breathed > _BREATH:
            await asyncio.sleep(0)
            self._breathed = time.monotonic()

    def _fail(self, error: BaseException) -> None:
        self.error = explain(self._step.node.id, error)
        self._end("failed")

    def _end(self, status: Status) -> None:
        self.ended_at = time.monotonic()
        fields: NodeFields = {"status": status}
        if self._begun and self._keeping.served:
            fields["cached"] = True
        elif self._begun:
            fields["elapsed_ms"] = round(self._watch.seconds * 1000)
        if self.error:
            fields["error"] = (self.error.code, self.error.message)
        self._host.node(self._step.node.id, **fields)

    def _outputs(self) -> tuple[Output, ...]:
        declared = self._step.type
        return (declared.keeps,) if declared.keeps else declared.outputs

    def _pipes(self) -> Iterator[Pipe]:
        return (pipe for pipes in self._outgoing.values() for pipe in pipes)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Sight:
    """The `NodeContext` of a node: what it sees of its run."""

    def __init__(self, node: str, host: Host, calls: Calls) -> None:
        self._node = node
        self._host = host
        self._calls = calls

    @property
    def cancelled(self) -> bool:
        return self._calls.cancelled

    def check_cancelled(self) -> None:
        if self._calls.cancelled:
            raise Cancelled

    def progress(self, done: float, total: float) -> None:
        self.check_cancelled()
        if math.isfinite(done) and math.isfinite(total):
            self._host.node(self._node, progress=(done, total))

    def log(self, message: str, level: str = "info") -> None:
        self._host.log(self._node, level, message)

    def text(self, chunk: str) -> None:
        self._host.text(self._node, chunk)

    def temporary_file(self, suffix: str = "") -> Path:
        return self._host.temporary_folder() / f"{uuid.uuid4().hex}{suffix}"

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def secret(self, name: str) -> str | None:
        return self._host.secret(name)

    def cost(self, amount: float) -> None:
        self._host.cost(self._node, float(amount))

    def call(self, tool: str, arguments: object, result: object = None, *, call: str | None = None) -> str:
        made = call or uuid.uuid4().hex[:12]
        self._host.call(self._node, made, tool, arguments, result)
        return made

    def plan(self, tasks: Sequence[tuple[str, TaskState]]) -> None:
        self._host.plan(self._node, tasks)

    def provider(
        self,
        provider: str,
        model: str,
        *,
        status: str = "completed",
        tokens: int | None = None,
        cost: float | None = None,
    ) -> None:
        self._host.provider(self._node, provider=provider, model=model, status=status, tokens=tokens, cost=cost)
        if cost is not None:
            self.cost(cost)
