"""Running a part of a graph: nodes that are given what they made before."""

from pathlib import Path

from PIL import Image

from tests.workflows.drawing import draw
from tests.workflows.small_nodes import small
from tests.workflows.witness import Witness
from workflows import portion
from workflows.engine import Outcome, run
from workflows.graph import Graph
from workflows.portion import Stock

RED, BLUE = Image.new("RGB", (1, 1), "red"), Image.new("RGB", (1, 1), "blue")


async def ran(graph: Graph, stock: Stock, *nodes: str) -> tuple[Witness, Outcome]:
    witness = Witness(Path(), {"red": RED, "blue": BLUE})
    return witness, await run(portion.cut(graph, small, nodes), small, witness, given=stock)


async def test_a_value_is_sent_on_and_its_node_ends_cached() -> None:
    graph = draw({"a": "each.same", "b": "each.same"}, "a.value > b.value")

    witness, outcome = await ran(graph, {"a": {"value": {"value": "kept"}}}, "b")

    assert outcome == Outcome("completed")
    assert witness.made("b") == ["kept"]
    assert (witness.made("a"), witness.values) == ([], {("a", "value"): "kept"})
    assert witness.nodes["a"] == {"status": "completed", "cached": True}
    assert witness.edges == {"e1": {"state": "completed", "count": 1}}


async def test_several_products_are_a_stream_and_streams_go_in_step() -> None:
    graph = draw({"a": "each.same", "b": "each.same", "c": "join.pair"}, "a.value > c.a", "b.value > c.b")
    two = {"value": {"assets": ["red", "blue"]}}

    witness, outcome = await ran(graph, {"a": two, "b": two}, "c")

    assert outcome == Outcome("completed")
    assert witness.made("c") == [(RED, RED), (BLUE, BLUE)]


async def test_one_that_is_gone_fails_its_node_and_its_branch_alone() -> None:
    graph = draw({"a": "each.same", "b": "each.same", "c": "each.same"}, "a.value > b.value")

    witness, outcome = await ran(graph, {"a": {"value": {"assets": ["gone"]}}}, "b", "c")

    assert (outcome.state, outcome.error and outcome.error.node) == ("failed", "a")
    assert witness.final() == {"a": "failed", "b": "skipped", "c": "completed"}


async def test_what_does_not_fit_the_output_any_more_fails() -> None:
    graph = draw({"a": ("stream.count", {"to": 1}), "b": "each.same"}, "a.item > b.value")

    witness, outcome = await ran(graph, {"a": {"item": {"assets": ["red"]}}}, "b")

    assert outcome.error is not None
    assert (outcome.error.code, witness.final()["b"]) == ("type_mismatch", "skipped")
