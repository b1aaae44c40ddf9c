"""Pure nodes that ask for it are served what equal calls made before."""

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.workflows.drawing import draw
from tests.workflows.witness import Witness
from workflows.engine import Outcome, run
from workflows.graph import Graph
from workflows.registry import Registry


class Counted:
    """Node types that count their calls."""

    def __init__(self) -> None:
        self.registry, self.calls = Registry(), 0

        @self.registry.node("pure.twice", title="", description="", output="value", inline=True)
        def twice(value: str) -> str:
            self.calls += 1
            return value * 2

        @self.registry.node("impure.twice", title="", description="", output="value", pure=False, inline=True)
        def impure(value: str) -> str:
            return twice(value)

        @self.registry.node("pure.many", title="", description="", output="item", inline=True)
        def many(count: int = 3) -> Iterator[str]:
            self.calls += 1
            yield from map(str, range(count))

        @self.registry.node("pure.fails", title="", description="", output="value", inline=True)
        def fails(value: str) -> str:
            self.calls += 1
            raise ValueError(value)

        @self.registry.node("pure.wide", title="", description="", output="value", inline=True)
        def wide(value: Image.Image) -> int:
            self.calls += 1
            return value.width


@pytest.fixture
def counted() -> Counted:
    return Counted()


def one(kind: str, cache: Any, **properties: Any) -> Graph:
    return draw({"n": (kind, properties)}, n={"cache": cache})


async def ran(graph: Graph, counted: Counted, witness: Witness) -> Outcome:
    for told in (witness.products, witness.nodes, witness.statuses):
        told.clear()
    return await run(graph, counted.registry, witness)


@pytest.mark.parametrize(
    ("kind", "cache", "calls"),
    [
        ("pure.twice", "forever", 1),
        ("pure.twice", 60, 1),
        ("pure.twice", None, 2),
        ("pure.twice", "never", 2),
        ("pure.twice", 0, 2),
        ("impure.twice", "forever", 2),
    ],
)
async def test_an_equal_call_is_served_where_it_is_asked_for(
    counted: Counted, kind: str, cache: Any, calls: int
) -> None:
    witness, graph = Witness(), one(kind, cache, value="ab")

    for expected in (False, calls == 1):
        assert await ran(graph, counted, witness) == Outcome("completed")
        assert witness.made("n") == ["abab"]
        assert witness.nodes["n"].get("cached", False) is expected
        assert ("elapsed_ms" in witness.nodes["n"]) is not expected
    assert counted.calls == calls
    assert witness.ages == [60 if cache == 60 else None] * (2 if calls == 1 else 0)


async def test_other_arguments_are_another_call(counted: Counted) -> None:
    witness = Witness()
    await ran(one("pure.twice", "forever", value="a"), counted, witness)

    await ran(one("pure.twice", "forever", value="b"), counted, witness)

    assert (counted.calls, witness.made("n")) == (2, ["bb"])


async def test_a_whole_stream_is_served_in_its_order(counted: Counted) -> None:
    witness = Witness()
    graph = draw(
        {"s": "pure.many", "n": "pure.twice"}, "s.item > n.value", s={"cache": "forever"}, n={"cache": "forever"}
    )
    for _ in range(2):
        assert await ran(graph, counted, witness) == Outcome("completed")
        assert witness.made("n") == ["00", "11", "22"]
    assert counted.calls == 4
    assert [node for node, told in witness.nodes.items() if told.get("cached")] == ["s", "n"]


async def test_a_node_that_was_called_once_is_not_called_cached(counted: Counted) -> None:
    witness = Witness()
    graph = draw({"s": "pure.many", "n": "pure.twice"}, "s.item > n.value", n={"cache": "forever"})
    await ran(graph, counted, witness)
    witness.kept.popitem()

    await ran(graph, counted, witness)

    assert ("cached" in witness.nodes["n"], witness.made("n")) == (False, ["00", "11", "22"])


async def test_a_failure_is_not_kept(counted: Counted) -> None:
    witness, graph = Witness(), one("pure.fails", "forever", value="no")

    for _ in range(2):
        assert (await ran(graph, counted, witness)).state == "failed"
    assert (counted.calls, witness.kept) == (2, {})


async def test_a_call_that_makes_very_many_values_is_not_kept(counted: Counted) -> None:
    witness, graph = Witness(), one("pure.many", "forever", count=101)

    assert await ran(graph, counted, witness) == Outcome("completed")
    assert (witness.kept, len(witness.made("n", "item"))) == ({}, 101)


async def test_what_the_host_has_no_key_for_is_called(counted: Counted) -> None:
    asset = "0b2c1f6e-93a4-4f0e-8b57-2f60f1f7a9c1"
    witness = Witness(assets={asset: Image.new("L", (3, 1))})
    for _ in range(2):
        await ran(one("pure.wide", "forever", value={"asset": asset}), counted, witness)
    assert (counted.calls, witness.made("n"), witness.kept) == (2, [3], {})
