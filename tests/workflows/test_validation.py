"""Everything that keeps a graph from running is said at once, with its node and property."""

from typing import Any

import pytest

from tests.workflows.drawing import Nodes, document, draw
from tests.workflows.small_nodes import small, with_small
from workflows import graph as graphs
from workflows.errors import Problem
from workflows.validation import check

ASSET = {"asset": "0b2c1f6e-93a4-4f0e-8b57-2f60f1f7a9c1"}


def wrong(nodes: Nodes, *edges: str, **fields: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """Code, node and property of all that is wrong."""
    problems = check(draw(nodes, *edges, **fields), small)
    assert all(problem.message.endswith(".") for problem in problems)
    return [(problem.code, problem.node, problem.property) for problem in problems]


def named(kind: str, **properties: Any) -> tuple[str, dict[str, Any]]:
    return (f"input.{kind}", {"name": kind, **properties})


def test_a_graph_that_can_run_has_no_problems() -> None:
    nodes: Nodes = {
        "w": named("text", value=""),
        "i": named("integer", value=3.0, minimum=1, maximum=3),
        "p": named("image", value=ASSET),
        "n": "stream.count",
        "c": "list.collect",
        "t": "list.texts",
        "s": "join.named",
        "r": ("output.result", {"name": "r", "value": {"any": [1, None]}}),
    }
    edges = (
        "i.value > n.to",
        "n.item > c.item",
        "w.value > t.texts",
        "w.value > t.texts",
        "c.items > t.texts",
        "w.value > s.x",
    )
    assert wrong(nodes, *edges, s={"dynamic_inputs": ["x", "y"]}) == []


def test_an_empty_graph_can_run() -> None:
    assert wrong({}) == []


def test_a_name_that_was_saved_before_it_was_bounded_keeps_the_graph_from_running() -> None:
    saved = graphs.load({"nodes": [{"id": "a", "type": "input.text", "properties": {"name": "x" * 201, "value": ""}}]})
    assert [(each.code, each.node, each.property) for each in check(saved, small)] == [("bad_value", "a", "name")]


def test_everything_wrong_is_said_at_once() -> None:
    nodes: Nodes = {
        "a": "no.such",
        "b": ("each.said", {"other": 1}),
        "c": ("image.flipped", {"seed": 99}),
        "d": named("text", value="x"),
        "e": named("text", value="y"),
        "f": "each.same",
        "g": "each.same",
    }
    edges = ("d.value > c.image", "f.value > g.value", "g.value > f.value", "d.no > b.text", "gone.value > b.text")
    assert {*wrong(nodes, *edges)} == {
        ("unknown_type", "a", None),
        ("unknown_property", "b", "other"),
        ("bad_value", "c", "seed"),
        ("duplicate_parameter", "e", "name"),
        ("type_mismatch", "c", "image"),
        ("bad_edge", "d", None),
        ("bad_edge", "b", "text"),
        ("cycle", "f", None),
        ("cycle", "g", None),
    }


def test_required_inputs_are_missing_until_they_are_connected_or_given() -> None:
    assert wrong({"s": "each.said"}) == [("missing_input", "s", "text")]
    assert wrong({"s": ("each.said", {"text": None})}) == [("missing_input", "s", "text")]
    assert wrong({"s": ("each.said", {"text": ""})}) == []
    assert wrong({"s": "each.said", "a": "each.same"}, "a.value > s.text") == []
    assert wrong({"i": "input.image"}) == [("missing_input", "i", "name"), ("missing_input", "i", "value")]


def test_what_may_be_anything_is_never_required() -> None:
    assert wrong({"a": "each.same", "p": "join.pair", "n": "join.named"}, n={"dynamic_inputs": ["x"]}) == []


@pytest.mark.parametrize(
    ("node", "name"),
    [
        (("each.said", {"text": 5}), "text"),
        (("stream.count", {"to": "5"}), "to"),
        (("stream.count", {"to": True}), "to"),
        (("stream.count", {"to": 1.5}), "to"),
        (("stream.quick", {"to": -1}), "to"),
        (("each.doubled", {"value": False}), "value"),
        (("list.texts", {"texts": "a"}), "texts"),
        (("list.texts", {"texts": ["a", 1]}), "texts"),
        (named("image", value="picture.png"), "value"),
        (named("image", value={"asset": "no uuid"}), "value"),
        (named("image", value={"asset": 5}), "value"),
        (named("image", value={**ASSET, "more": 1}), "value"),
        (named("integer", value=0, minimum=1), "value"),
        (named("integer", value=4, maximum=3), "value"),
        (named("choice", value="c", choices=["a", "b"]), "value"),
        (named("integer", value=1, minimum="low"), "minimum"),
        (named("text", value="x", description=None), "description"),
    ],
)
def test_a_value_that_does_not_fit_is_named(node: tuple[str, dict[str, Any]], name: str) -> None:
    assert wrong({"n": node}) == [("bad_value", "n", name)]


@pytest.mark.parametrize(
    "node",
    [
        ("stream.count", {"to": 5.0}),
        ("each.doubled", {"value": 5}),
        ("list.texts", {"texts": []}),
        ("each.failing", {"at": None}),
        ("image.flipped", {"image": ASSET, "seed": None}),
        named("integer", value=-5, minimum=None, maximum=None),
        named("integer", value=2, minimum=2, maximum=2),
        named("number", value=0.5, minimum=0, maximum=1.5),
        named("choice", value="a", choices=["a"]),
        named("choice", value="a", choices=[]),
    ],
)
def test_a_value_that_fits_is_taken(node: tuple[str, dict[str, Any]]) -> None:
    assert wrong({"n": node}) == []


def test_what_json_cannot_keep_is_a_bad_value_even_where_anything_goes() -> None:
    graph = draw({"a": "each.same"}).with_properties({"a": {"value": [float("nan")]}})
    assert [problem.code for problem in check(graph, small)] == ["bad_value"]


def test_a_property_whose_input_is_connected_does_not_matter() -> None:
    assert wrong({"a": "each.same", "s": ("each.said", {"text": 5})}, "a.value > s.text") == []


def test_own_inputs_are_for_types_that_take_them_and_have_names_of_their_own() -> None:
    assert wrong({"a": "each.same"}, a={"dynamic_inputs": ["x"]}) == [("unknown_property", "a", "x")]
    assert wrong({"a": ("join.named", {"x": 1, "y": 2})}, a={"dynamic_inputs": ["x"]}) == [
        ("unknown_property", "a", "y")
    ]
    assert wrong({"a": "each.same", "b": "join.named"}, "a.value > b.x") == [("bad_edge", "b", "x")]


def test_own_inputs_may_not_take_a_declared_ones_name() -> None:
    registry = with_small()

    @registry.node("template", title="", description="", output="text")
    def template(template: str, **inputs: Any) -> str:
        return template

    graph = draw({"t": ("template", {"template": ""})}, t={"dynamic_inputs": ["template"]})
    assert check(graph, registry) == [
        Problem("bad_value", "“template” is an input already. Rename yours.", "t", "dynamic_inputs")
    ]


def test_edges_end_at_ports_that_are_there() -> None:
    nodes: Nodes = {"a": "each.same", "b": "each.same"}
    assert wrong(nodes, "a.no > b.value") == [("bad_edge", "a", None)]
    assert wrong(nodes, "a.value > b.no") == [("bad_edge", "b", "no")]
    assert wrong(nodes, "gone.value > b.value") == [("bad_edge", "b", "value")]
    assert wrong(nodes, "a.value > gone.value") == [("bad_edge", "a", None)]
    assert wrong(nodes, "gone.value > lost.value") == [("bad_edge", None, None)]


def test_edges_of_unknown_types_are_not_judged() -> None:
    assert wrong({"a": "no.such", "b": "each.said"}, "a.x > b.text") == [("unknown_type", "a", None)]
    assert wrong({"a": "each.same", "b": "no.such"}, "a.value > b.x", "a.value > b.x") == [("unknown_type", "b", None)]
    between: Nodes = {"a": "each.same", "b": "no.such", "c": ("each.said", {"text": ""})}
    found = wrong(between, "a.value > b.x", "b.y > c.text", b={"bypassed": True})
    assert found == [("unknown_type", "b", None)]


def test_an_input_takes_one_edge_unless_it_is_a_list() -> None:
    nodes: Nodes = {"a": "each.same", "s": "each.said", "c": "list.collect"}
    assert wrong(nodes, "a.value > s.text", "a.value > s.text", "a.value > s.text") == [("bad_edge", "s", "text")]
    assert wrong(nodes, "a.value > s.text", "a.value > c.item", "a.value > c.item") == [("bad_edge", "c", "item")]


def test_types_that_do_not_convert_do_not_connect() -> None:
    nodes: Nodes = {"w": named("text", value="x"), "n": "stream.count", "s": "each.said", "t": "list.texts"}
    assert wrong(nodes, "w.value > n.to", "t.texts > s.text", "n.item > t.texts") == [
        ("type_mismatch", "n", "to"),
        ("type_mismatch", "s", "text"),
        ("type_mismatch", "t", "texts"),
    ]


def test_a_node_that_feeds_itself_is_a_cycle() -> None:
    assert wrong({"a": "each.same"}, "a.value > a.value") == [("cycle", "a", None)]


def test_a_cycle_of_bypassed_nodes_is_one_too() -> None:
    off = {"bypassed": True}
    found = wrong({"a": "each.same", "b": "each.same"}, "a.value > b.value", "b.value > a.value", a=off, b=off)
    assert found == [("cycle", "a", None), ("cycle", "b", None)]


def test_names_are_written_down_and_not_empty() -> None:
    nodes: Nodes = {"a": "each.same", "i": ("input.text", {"value": "x"}), "r": ("output.result", {"name": ""})}
    assert wrong(nodes, "a.value > i.name") == [("bad_edge", "i", "name"), ("bad_value", "r", "name")]


def test_a_bypassed_input_frees_its_name() -> None:
    nodes: Nodes = {"a": named("text", value="x"), "b": named("text", value="y")}
    assert wrong(nodes, a={"bypassed": True}) == []
    assert wrong(nodes) == [("duplicate_parameter", "b", "name")]


def test_results_may_share_their_name_with_a_parameter() -> None:
    assert wrong({"a": named("text", value="x"), "r": ("output.result", {"name": "text"})}) == []


def test_problems_are_listed_as_rest_lists_them() -> None:
    [problem] = check(graphs.parse(document({"a": "no.such"})), small)
    assert problem.as_dict() == {
        "node": "a",
        "property": None,
        "code": "unknown_type",
        "message": "There is no node type “no.such” here. Replace or remove the node.",
    }
