"""What a graph's document must be like to be saved, and what a graph knows of itself."""

import json
import math
from typing import Any

import pytest

from tests.workflows.drawing import document, draw
from workflows import graph as graphs
from workflows.errors import GraphInvalid
from workflows.graph import Limits
from workflows.shape import DEFAULTS


def refused(given: object, limits: Limits = DEFAULTS) -> list[tuple[str, str | None, str | None]]:
    """Code, node and property of everything that is wrong."""
    with pytest.raises(GraphInvalid) as caught:
        graphs.parse(given, limits)
    assert all(problem.message.endswith(".") for problem in caught.value.problems)
    return [(problem.code, problem.node, problem.property) for problem in caught.value.problems]


def with_node(**fields: Any) -> dict[str, Any]:
    return {"nodes": [{"id": "a", "type": "x.y", **fields}]}


def with_edge(**fields: Any) -> dict[str, Any]:
    edge = {"id": "e", "source": "a", "output": "o", "target": "b", "input": "i", **fields}
    return {"nodes": [], "edges": [{key: value for key, value in edge.items() if value is not None}]}


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth > 1 else []


@pytest.mark.parametrize("given", [None, [], "graph", 1, {}, {"nodes": {}}, {"nodes": None}])
def test_what_is_no_graph_at_all_is_refused(given: object) -> None:
    assert refused(given) == [("bad_value", None, "nodes")]


def test_the_least_graph_has_no_nodes() -> None:
    graph = graphs.parse({"nodes": []})
    assert (graph.nodes, graph.edges, graph.order(), graph.cycles()) == ((), (), (), [])


def test_a_draft_may_have_unknown_types_and_dangling_edges() -> None:
    graph = graphs.parse({**with_edge(), "nodes": [{"id": "a", "type": "no.such"}]})
    assert [node.type for node in graph.nodes] == ["no.such"]
    assert graph.node("b") is None


@pytest.mark.parametrize("kind", ["input.text", "output.result", "output.no_such"])
def test_the_name_of_a_parameter_or_a_result_has_at_most_200_characters(kind: str) -> None:
    assert graphs.parse(with_node(type=kind, properties={"name": "x" * 200})).nodes
    assert refused(with_node(type=kind, properties={"name": "x" * 201})) == [("bad_value", "a", "name")]


@pytest.mark.parametrize("fields", [{"type": 3}, {"properties": []}, {"type": "input.text", "properties": 3}])
def test_a_name_is_looked_for_only_where_one_may_be(fields: dict[str, Any]) -> None:
    assert {code for code, _, _ in refused(with_node(**fields))} == {"bad_value"}
    assert graphs.parse(with_node(type="text.name", properties={"name": "x" * 201})).nodes


def test_unknown_keys_are_kept() -> None:
    given = {"nodes": [{"id": "a", "type": "x.y", "mood": {"is": "good"}}], "edges": [], "camera": {"zoom": 1.5}}
    assert graphs.parse(given).document == given


def test_a_node_has_all_that_its_document_says() -> None:
    fields = {
        "title": "T",
        "bypassed": True,
        "gallery": True,
        "cache": 60,
        "dynamic_inputs": ["x"],
        "position": {"x": 1, "y": 2.5},
    }
    node = graphs.parse(with_node(properties={"p": 1}, **fields)).nodes[0]
    assert (node.id, node.type, node.family, node.title) == ("a", "x.y", "x", "T")
    assert (node.properties, node.bypassed, node.cache, node.dynamic_inputs) == ({"p": 1}, True, 60, ("x",))


def test_what_a_node_leaves_out_has_its_default() -> None:
    node = graphs.parse(with_node(title=None, position=None, cache=None)).nodes[0]
    assert (node.title, node.properties, node.bypassed, node.cache, node.dynamic_inputs) == ("", {}, False, None, ())


@pytest.mark.parametrize("good", ["a", "A-z_0", "x" * 64])
def test_ids_of_letters_digits_and_dashes_are_taken(good: str) -> None:
    assert graphs.parse(with_node(id=good)).node(good) is not None
    assert graphs.parse(with_edge(id=good)).edges[0].id == good


@pytest.mark.parametrize("bad", ["", "x" * 65, "a b", "a.b", "ä", "a\n", 1, None, ["a"]])
def test_other_ids_are_refused(bad: object) -> None:
    assert ("bad_value", None, "id") in refused(with_node(id=bad))
    for end in ("id", "source", "target"):
        assert ("bad_edge", None, "edges") in refused(with_edge(**{end: bad}))


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("type", ""),
        ("type", 5),
        ("type", "x" * 201),
        ("title", 5),
        ("properties", []),
        ("properties", None),
        ("position", {"x": 1}),
        ("position", {"x": True, "y": 1}),
        ("position", [1, 2]),
        ("bypassed", None),
        ("bypassed", 1),
        ("gallery", "yes"),
        ("cache", "sometimes"),
        ("cache", -1),
        ("cache", True),
        ("dynamic_inputs", "a"),
        ("dynamic_inputs", [""]),
        ("dynamic_inputs", ["a", "a"]),
        ("dynamic_inputs", [1]),
    ],
)
def test_a_field_of_the_wrong_form_is_named_with_its_node(key: str, bad: object) -> None:
    assert refused(with_node(**{key: bad})) == [("bad_value", "a", key)]


@pytest.mark.parametrize("cache", [None, "forever", "never", 0, 0.5, 3600])
def test_all_ways_to_cache_are_taken(cache: graphs.Cache) -> None:
    assert graphs.parse(with_node(cache=cache)).nodes[0].cache == cache


def test_a_type_is_needed() -> None:
    assert refused({"nodes": [{"id": "a"}]}) == [("bad_value", "a", "type")]


@pytest.mark.parametrize("end", ["output", "input"])
@pytest.mark.parametrize("bad", ["", 1, None, "x" * 201])
def test_an_edge_names_its_ports(end: str, bad: object) -> None:
    assert refused(with_edge(**{end: bad})) == [("bad_edge", None, "edges")]


def test_nodes_and_edges_are_objects() -> None:
    assert refused({"nodes": [1, "a"], "edges": [None]}) == [
        ("bad_value", None, "nodes"),
        ("bad_value", None, "nodes"),
        ("bad_edge", None, "edges"),
    ]


@pytest.mark.parametrize("key", ["edges", "notes", "groups"])
def test_the_other_parts_are_lists(key: str) -> None:
    assert refused({"nodes": [], key: {}}) == [("bad_value", None, key)]


@pytest.mark.parametrize("version", [0, 2, "1", True, 1.0, None])
def test_another_version_is_refused(version: object) -> None:
    assert refused({"nodes": [], "version": version}) == [("bad_value", None, "version")]


def test_ids_used_twice_are_refused_each_once() -> None:
    edges = [*with_edge()["edges"]] * 3
    nodes = [{"id": each, "type": "x.y"} for each in ("a", "b", "a", "a")]
    assert refused({"nodes": nodes, "edges": edges}) == [("duplicate_id", "a", "id"), ("duplicate_id", None, "edges")]


def test_everything_wrong_is_said_at_once() -> None:
    given = {"version": 9, "nodes": [{"id": "a", "type": ""}, {"id": "b", "type": "x.y", "cache": -1}], "edges": [{}]}
    assert {code for code, _, _ in refused(given)} == {"bad_value", "bad_edge"}
    assert ("bad_value", "b", "cache") in refused(given)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 2**1024, "\x00", "\ud800", {"\x00": 1}, object(), {1: 2}, b"a"]
)
@pytest.mark.parametrize("wrapped", [lambda value: value, lambda value: [1, {"k": value}]])
def test_what_no_database_keeps_is_refused_where_it_stands(value: object, wrapped: Any) -> None:
    given = wrapped(value)
    assert refused(with_node(properties={"p": given})) == [("bad_value", "a", "properties")]
    assert refused({"nodes": [], "camera": given}) == [("bad_value", None, "camera")]
    assert refused(with_edge(mood=given)) == [("bad_value", None, "mood")]


def test_a_key_that_cannot_be_kept_is_not_repeated() -> None:
    assert refused({"nodes": [], "\ud800": 1}) == [("bad_value", None, None)]


def test_as_many_nodes_and_edges_as_allowed_and_none_more() -> None:
    limits = Limits(nodes=2, edges=2)
    nodes = [{"id": f"n{each}", "type": "x.y"} for each in range(3)]
    edges = [{**with_edge()["edges"][0], "id": f"e{each}"} for each in range(3)]
    graphs.parse({"nodes": nodes[:2], "edges": edges[:2]}, limits)
    assert refused({"nodes": nodes, "edges": edges}, limits) == [("too_large", None, None), ("too_large", None, None)]


def test_bytes_are_counted_in_compact_utf8() -> None:
    given = {"nodes": [], "notes": ["ä€😀"]}
    size = len('{"nodes":[],"notes":["ä€😀"]}'.encode())
    graphs.parse(given, Limits(bytes=size))
    assert refused(given, Limits(bytes=size - 1)) == [("too_large", None, None)]


def test_json_may_nest_32_deep_and_no_deeper() -> None:
    graphs.parse({"nodes": [], "notes": nested(31)})
    graphs.parse(with_node(properties={"p": nested(28)}))
    assert refused({"nodes": [], "notes": nested(32)}) == [("too_large", None, "notes")]
    assert refused(with_node(properties={"p": nested(29)})) == [("too_large", "a", "properties")]
    assert refused(with_node(properties={"p": nested(100_000 // 1_000)})) == [("too_large", "a", "properties")]


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    one = graphs.parse({"version": 1, "nodes": [{"id": "a", "type": "x.y"}]})
    other = graphs.parse({"nodes": [{"type": "x.y", "id": "a"}], "version": 1})
    assert one.digest == other.digest
    assert len(one.digest) == 64
    assert graphs.parse(with_node(title="b")).digest != one.digest


def test_the_canonical_form_is_compact_sorted_utf8() -> None:
    assert graphs.canonical({"b": 1.0, "a": "ä"}) == '{"a":"ä","b":1.0}'.encode()


def test_edges_are_found_by_their_ends_in_their_order() -> None:
    graph = draw({"a": "x.y", "b": "x.y"}, "a.o > b.i", "a.p > b.j")
    assert [edge.id for edge in graph.outgoing("a")] == ["e1", "e2"] == [edge.id for edge in graph.incoming("b")]
    assert graph.incoming("a") == graph.outgoing("b") == graph.incoming("nowhere") == ()


def test_the_order_puts_every_node_after_what_feeds_it() -> None:
    graph = draw({"c": "x.y", "b": "x.y", "a": "x.y"}, "a.o > b.i", "b.o > c.i", "gone.o > c.i")
    assert graph.order() == ("a", "b", "c")
    assert graph.cycles() == []


def test_cycles_without_a_common_node_are_all_found() -> None:
    nodes = dict.fromkeys("abcdefg", "x.y")
    graph = draw(nodes, "a.o > b.i", "b.o > a.i", "c.o > c.i", "d.o > e.i", "e.o > f.i", "f.o > d.i", "f.o > g.i")
    assert sorted(sorted(cycle) for cycle in graph.cycles()) == [["a", "b"], ["c"], ["d", "e", "f"]]
    with pytest.raises(ValueError, match="cycle"):
        graph.order()


def test_changed_properties_make_another_graph_and_leave_this_one() -> None:
    graph = draw({"a": ("x.y", {"p": 1, "q": 2}), "b": "x.y"})
    before = json.dumps(graph.document)
    changed = graph.with_properties({"a": {"p": 5}, "nowhere": {"p": 1}})
    assert [dict(node.properties) for node in changed.nodes] == [{"p": 5, "q": 2}, {}]
    assert json.dumps(graph.document) == before


def test_a_saved_graph_loads_though_the_limits_have_been_lowered() -> None:
    given = document({"a": "x.y", "b": "x.y"})
    assert graphs.load(given).digest == graphs.parse(given).digest
