"""A bypassed node does nothing but pass on an input that fits; what hangs on it is as it would be without it."""

from typing import Any

from tests.workflows.drawing import Nodes, draw
from tests.workflows.small_nodes import small, with_small
from tests.workflows.witness import Witness
from workflows.engine import Outcome, run
from workflows.registry import Registry
from workflows.validation import check

OFF = {"bypassed": True}
WORD = ("input.text", {"name": "word", "value": "hello"})


async def completed(nodes: Nodes, *edges: str, registry: Registry = small, **fields: dict[str, Any]) -> Witness:
    witness = Witness()
    assert await run(draw(nodes, *edges, **fields), registry, witness) == Outcome("completed")
    return witness


async def test_it_passes_its_input_on_and_makes_nothing() -> None:
    nodes: Nodes = {"n": ("stream.count", {"to": 3}), "f": "each.failing", "c": "list.collect"}
    witness = await completed(nodes, "n.item > f.value", "f.value > c.item", f=OFF)
    assert witness.made("c", "items") == [[0, 1, 2]]
    assert witness.statuses["f"] == ["bypassed"]
    assert witness.made("f") == []
    assert witness.edges == {each: {"state": "completed", "count": 3} for each in ("e1", "e2")}


async def test_a_chain_of_them_passes_on() -> None:
    nodes: Nodes = {"w": WORD, "a": "each.same", "b": "each.failing", "s": "each.said"}
    witness = await completed(nodes, "w.value > a.value", "a.value > b.value", "b.value > s.text", a=OFF, b=OFF)
    assert witness.made("s", "text") == ["hello"]
    assert witness.edges == {each: {"state": "completed", "count": 1} for each in ("e1", "e2", "e3")}


async def test_several_edges_from_it_bring_the_same() -> None:
    nodes: Nodes = {"w": WORD, "a": "each.same", "b": "each.said", "c": "each.said"}
    witness = await completed(nodes, "w.value > a.value", "a.value > b.text", "a.value > c.text", a=OFF)
    assert witness.made("b", "text") == witness.made("c", "text") == ["hello"]
    assert witness.edges["e1"] == {"state": "completed", "count": 1}


async def test_an_input_of_the_outputs_own_type_goes_before_one_that_fits() -> None:
    registry = with_small()

    @registry.node("mix", title="", description="", output="value")
    def mix(number: int, anything: Any, text: str) -> str:
        return text

    nodes: Nodes = {"i": ("input.integer", {"name": "i", "value": 7}), "w": WORD, "m": "mix", "s": "each.said"}
    both = await completed(
        nodes, "i.value > m.number", "w.value > m.text", "m.value > s.text", registry=registry, m=OFF
    )
    assert both.made("s", "text") == ["hello"]
    assert "e1" not in both.edges
    one = await completed(nodes, "i.value > m.number", "m.value > s.text", registry=registry, m=OFF)
    assert one.made("s", "text") == ["7"]


async def test_values_convert_as_they_would_on_their_way_through() -> None:
    nodes: Nodes = {"i": ("input.integer", {"name": "i", "value": 7}), "t": "each.said", "s": "each.same"}
    witness = await completed(nodes, "i.value > t.text", "t.text > s.value", t=OFF)
    assert witness.made("s") == ["7"]


async def test_with_nothing_to_pass_on_what_follows_has_its_property() -> None:
    nodes: Nodes = {"w": ("each.same", {"value": "not this"}), "s": ("each.said", {"text": "this"})}
    witness = await completed(nodes, "w.value > s.text", w=OFF)
    assert witness.made("s", "text") == ["this"]
    assert witness.edges == {}


def test_with_nothing_to_pass_on_a_required_input_is_missing() -> None:
    graph = draw({"w": WORD, "a": "each.same", "s": "each.said"}, "w.value > a.value", "a.value > s.text", w=OFF, a=OFF)
    assert [(problem.code, problem.node, problem.property) for problem in check(graph, small)] == [
        ("missing_input", "s", "text")
    ]


def test_what_a_bypassed_node_lacks_does_not_matter() -> None:
    graph = draw({"s": ("each.said", {"text": 5, "other": 1}), "i": "input.text"}, s=OFF, i=OFF)
    assert check(graph, small) == []
