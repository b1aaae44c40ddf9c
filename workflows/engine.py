"""Runs a graph. Knows no job and no database: it tells a `Host` what happens.

Each node is a task that takes what comes together in its inbox, calls its function, and puts what that makes into the
pipes behind it. A pipe that ends broken, because something failed before it, ends its branch and no other.
"""

import asyncio
from types import MappingProxyType

from workflows.calls import Calls, ended
from workflows.flow import Inbox, Pipe
from workflows.given_run import GivenRun
from workflows.graph import Graph
from workflows.host import EdgeState, Host, NodeError, NodeFields, Outcome, Status
from workflows.node_run import NodeRun
from workflows.plan import plan
from workflows.portion import Stock
from workflows.registry import Registry
from workflows.validation import check

__all__ = ("EdgeState", "Host", "NodeError", "NodeFields", "Outcome", "Status", "run")


async def run(
    graph: Graph, registry: Registry, host: Host, *, threads: int = 4, given: Stock = MappingProxyType({})
) -> Outcome:
    """Run the graph to its end, with at most `threads` calls in threads at a time.

    Nodes that are `given` do not run: what they made before is sent on, and they end `cached`.

    When this task is cancelled, every node comes to an end and has its last status before CancelledError goes on. An
    error of the host's own, other than a `WorkflowError`, ends the run in the same way.
    """
    for node in graph.nodes:
        host.node(node.id, status="bypassed" if node.bypassed else "waiting")
    problems = [problem for problem in check(graph, registry) if problem.node not in given]
    if problems:
        return _refused(graph, host, NodeError(problems[0].code, problems[0].message, problems[0].node))
    return await _Run(graph, registry, host, threads, given).run()


def _refused(graph: Graph, host: Host, error: NodeError) -> Outcome:
    """A graph that cannot run although it could when it was submitted: a node type may have changed since."""
    for node in graph.nodes:
        if node.id == error.node:
            host.node(node.id, status="failed", error=(error.code, error.message))
        elif not node.bypassed:
            host.node(node.id, status="skipped")
    return Outcome("failed", error)


class _Run:
    """One run of a valid graph."""

    def __init__(self, graph: Graph, registry: Registry, host: Host, threads: int, given: Stock) -> None:
        self._calls = Calls(threads)
        steps = plan(graph, registry, given)
        order = tuple(steps)
        inboxes = {node: Inbox(step, host, order) for node, step in steps.items()}
        self._pipes = [pipe for inbox in inboxes.values() for pipe in inbox.pipes]
        outgoing: dict[str, dict[str, list[Pipe]]] = {node: {} for node in steps}
        for pipe in self._pipes:
            outgoing[pipe.channel.source].setdefault(pipe.channel.output, []).append(pipe)
        self._nodes: list[NodeRun | GivenRun] = [
            GivenRun(step, given[node], outgoing[node], host)
            if node in given
            else NodeRun(step, inboxes[node], outgoing[node], host, self._calls)
            for node, step in steps.items()
        ]

    async def run(self) -> Outcome:
        tasks = [asyncio.create_task(node.work()) for node in self._nodes]
        try:
            await self._ended(tasks)
        finally:
            for node in self._nodes:
                node.settle()
            for pipe in self._pipes:
                pipe.drain()
            self._calls.close()
        errors = sorted((node.ended_at, place, node.error) for place, node in enumerate(self._nodes) if node.error)
        return Outcome("failed", errors[0][-1]) if errors else Outcome("completed")

    async def _ended(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for all nodes; when this run is cancelled or its host fails, end them, and wait for that."""
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION) if tasks else ((), ())
            for task in done:
                task.result()
        except BaseException:
            self._calls.cancelled = True
            for task in tasks:
                task.cancel()
            await ended(tasks)
            raise
