"""Random graphs of nodes that stream, drop, collect, join and fail: all end, and make what a plain evaluation makes."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

from hypothesis import given, strategies as st

from tests.properties.machine import bounded
from tests.workflows.drawing import draw
from tests.workflows.witness import Witness
from workflows.engine import Outcome, run
from workflows.errors import NodeFailed
from workflows.graph import Graph
from workflows.registry import Registry, Setting

Item = tuple[dict[str, int], int]
"""The place among what each origin sent, and a value that tells what it was made of."""

SIZES = [0, 1, 2, 3, 70]  # some are more than an edge holds
registry = Registry()


def mixed(*parts: object) -> int:
    return zlib.crc32(repr(parts).encode())


@registry.node("threaded", title="", description="", output="out")
def threaded(to: int) -> Iterator[int]:
    yield from (mixed(each) for each in range(to))


@registry.node("quick", title="", description="", output="out", inline=True)
def quick(to: int) -> Iterator[int]:
    yield from (mixed(each) for each in range(to))


@registry.node("slow", title="", description="", output="out")
async def slow(to: int) -> AsyncIterator[int]:
    for each in range(to):
        await asyncio.sleep(0)
        yield mixed(each)


@registry.node("single", title="", description="", output="out", inline=True)
def single() -> int:
    return mixed()


@registry.node("each", title="", description="", output="out")
def each(a: int) -> int:
    return mixed("each", a)


@registry.node("two", title="", description="", output="out", inline=True)
def two(a: int) -> Iterator[int]:
    yield from (mixed(a, 0), mixed(a, 1))


@registry.node("sift", title="", description="", outputs={"out": "integer", "other": "integer"}, inline=True)
def sift(a: int) -> dict[str, int]:
    return {"out" if a % 3 else "other": mixed("sift", a)}


@registry.node("pair", title="", description="", output="out", inline=True)
def pair(a: int, b: int) -> int:
    return mixed(a, b)


@registry.node("gather", title="", description="", output="out", inline=True)
def gather(items: list[int]) -> int:
    return mixed(items)


@registry.node("gather_for", title="", description="", output="out")
def gather_for(a: int, items: Annotated[Any, Setting(collects=True)]) -> int:
    return mixed(a, items)


@registry.node("fail", title="", description="", output="out", inline=True)
def fail(a: int) -> int:
    if a % 5 == 0:
        raise NodeFailed("unlucky", "Of all numbers, this.")
    return a


FED = {"each": "a", "two": "a", "sift": "a", "pair": "ab", "gather_for": "a", "fail": "a"}


@st.composite
def graphs(draw_: st.DrawFn, *, failing: bool = False) -> Graph:
    """A graph whose nodes are fed by those before them."""
    nodes: dict[str, Any] = {}
    edges: list[str] = []
    outputs: list[str] = []
    fed = [kind for kind in (*FED, "gather") if failing or kind != "fail"]
    for number in range(draw_(st.integers(1, 9))):
        node = f"n{number}"
        kind = draw_(st.sampled_from(["threaded", "quick", "slow", "single", *(fed * 2 if outputs else [])]))
        nodes[node] = (kind, {"to": draw_(st.sampled_from(SIZES))} if kind in {"threaded", "quick", "slow"} else {})
        edges += [f"{draw_(st.sampled_from(outputs))} > {node}.{name}" for name in FED.get(kind, "")]
        collected = {"gather": 2, "gather_for": 1}.get(kind, 0)
        edges += [f"{draw_(st.sampled_from(outputs))} > {node}.items" for _ in range(collected)]
        outputs += [f"{node}.{name}" for name in ("out", "other") if kind == "sift" or name == "out"]
    return draw(nodes, *edges)


class Evaluation:
    """What each output gives, by evaluating whole streams one after another."""

    def __init__(self, graph: Graph) -> None:
        self.items: dict[tuple[str, str], list[Item]] = {}
        self._scopes: dict[tuple[str, str], set[str]] = {}
        self._graph = graph
        for node in graph.nodes:
            self._evaluate(node.id, node.type, node.properties.get("to", 0))

    def _evaluate(self, node: str, kind: str, to: int) -> None:
        coming = [(edge.input, (edge.source, edge.output)) for edge in self._graph.incoming(node)]
        whole: tuple[set[str], list[tuple[dict[str, int], dict[str, int]]]] = (set(), [({}, {})])
        streams = [
            (self._scopes[port], [(origins, {name: value}) for origins, value in self.items[port]])
            for name, port in coming
            if name != "items"
        ]
        while streams:
            related = [stream for stream in streams if stream[0] & whole[0]]
            chosen = (related or streams)[0]
            streams.remove(chosen)
            whole = self._joined(whole, chosen)
        collected = [port for name, port in coming if name == "items"]
        values = [value for port in collected for _, value in self.items[port]]
        unsent = collected and not values and not any(self._scopes[port] for port in collected)
        sent: dict[str, list[Item]] = {"out": [], "other": []} if kind == "sift" else {"out": []}
        for origins, given_ in [] if unsent else whole[1]:
            for output, place, value in self._called(kind, given_, values, to):
                sent[output].append((origins if place is None else {**origins, node: place}, value))
        streaming = kind in {"threaded", "quick", "slow", "two"}
        for output, items in sent.items():
            self.items[node, output] = items
            self._scopes[node, output] = whole[0] | ({node} if streaming else set())

    def _joined(self, left: Any, right: Any) -> Any:
        common = sorted(left[0] & right[0])
        groups: dict[tuple[int, ...], tuple[list[Any], list[Any]]] = {}
        for side, items in enumerate((left[1], right[1])):
            for item in items:
                groups.setdefault(tuple(item[0][origin] for origin in common), ([], []))[side].append(item)
        matches = []
        for key in sorted(groups):
            lefts, rights = groups[key]
            if left[0] < right[0]:
                lefts = lefts[:1] * len(rights)
            elif right[0] < left[0]:
                rights = rights[:1] * len(lefts)
            matches += [({**a[0], **b[0]}, {**a[1], **b[1]}) for a, b in zip(lefts, rights, strict=False)]
        return (left[0] | right[0], matches)

    def _called(
        self, kind: str, given_: dict[str, int], values: list[int], to: int
    ) -> Iterator[tuple[str, int | None, int]]:
        match kind:
            case "threaded" | "quick" | "slow":
                yield from (("out", place, value) for place, value in enumerate(quick(to)))
            case "two":
                yield from (("out", place, value) for place, value in enumerate(two(**given_)))
            case "sift":
                yield from ((output, None, value) for output, value in sift(**given_).items())
            case "gather":
                yield ("out", None, gather(values))
            case "gather_for":
                yield ("out", None, gather_for(items=values, **given_))
            case _:
                plain: dict[str, Callable[..., int]] = {"single": single, "each": each, "pair": pair}
                yield ("out", None, plain[kind](**given_))


async def ran(graph: Graph) -> tuple[Outcome, Witness]:
    witness = Witness()
    async with asyncio.timeout(60):
        return await run(graph, registry, witness, threads=2), witness


@bounded(examples=80)
@given(graphs())
def test_any_graph_makes_what_a_plain_evaluation_makes(graph: Graph) -> None:
    outcome, witness = asyncio.run(ran(graph))
    assert outcome == Outcome("completed")
    expected = {port: [value for _, value in items] for port, items in Evaluation(graph).items.items()}
    assert {port: witness.made(*port) for port in expected} == expected
    counts = {edge.id: len(expected[edge.source, edge.output]) for edge in graph.edges}
    for edge, said in witness.edges.items():
        assert said["state"] == "drained" or said.get("count", 0) == counts[edge]


@bounded(examples=80)
@given(graphs(failing=True))
def test_any_graph_ends_though_nodes_fail(graph: Graph) -> None:
    outcome, witness = asyncio.run(ran(graph))
    final = witness.final()
    assert {*final.values()} <= {"completed", "failed", "skipped"}
    assert (outcome.state == "failed") is ("failed" in final.values())
    assert all(said["state"] in {"completed", "drained"} for said in witness.edges.values())
    for edge in graph.edges:
        if final[edge.source] == "failed" and edge.input == "items":
            assert final[edge.target] == "skipped"


@bounded(examples=60)
@given(graphs(), st.integers(0, 60))
def test_any_graph_may_be_cancelled_at_any_point(graph: Graph, turns: int) -> None:
    async def cancelled() -> Witness:
        witness = Witness()
        task = asyncio.create_task(run(graph, registry, witness, threads=2))
        for _ in range(turns + 1):
            await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(60):
            await asyncio.gather(task, return_exceptions=True)
        return witness

    witness = asyncio.run(cancelled())
    assert {*witness.final().values()} <= {"completed", "cancelled", "skipped"}
    assert not {said["state"] for said in witness.edges.values()} & {"active"}
