"""A workflow's parameters: what they are, and what becomes of those that are given."""

from typing import Any

import pytest

from tests.workflows.drawing import Nodes, draw
from tests.workflows.small_nodes import small
from workflows import parameters
from workflows.graph import Graph
from workflows.parameters import Resolved
from workflows.registry import registry
from workflows.validation import check

ASSET = "0b2c1f6e-93a4-4f0e-8b57-2f60f1f7a9c1"
NODES: Nodes = {
    "w": ("input.text", {"name": "word", "value": "hello", "description": "Said aloud."}),
    "i": ("input.integer", {"name": "many", "value": 3, "minimum": 1, "maximum": 9}),
    "f": ("image.flipped", {"image": {"asset": ASSET}}),
    "s": "each.said",
}
OFF = {"bypassed": True}


def lowest(minimum: int, maximum: int) -> int:
    """No chance in the draw, so that it shows the bounds."""
    assert minimum <= maximum
    return minimum


def highest(minimum: int, maximum: int) -> int:
    assert minimum <= maximum
    return maximum


def graph(nodes: Nodes = NODES, *edges: str, **fields: dict[str, Any]) -> Graph:
    return draw(nodes, *(edges or ("w.value > s.text",) if nodes is NODES else edges), **fields)


def resolve(params: dict[str, object], given: Graph | None = None) -> Resolved:
    return parameters.resolve(given or graph(), small, params, lowest)


def wrong(params: dict[str, object], given: Graph | None = None) -> list[tuple[str, str | None, str | None]]:
    """What a submit would say: both how the parameters are given and what they make of the graph."""
    resolved = resolve(params, given)
    problems = [*resolved.problems, *check(parameters.apply(given or graph(), resolved.params), small)]
    return [(problem.code, problem.node, problem.property) for problem in problems]


def test_input_nodes_are_the_parameters() -> None:
    listed = [each.as_dict() for each in parameters.declared(graph(w={"title": "A word"}), small)]
    assert listed == [
        {
            "name": "word",
            "node": "w",
            "type": "text",
            "title": "A word",
            "description": "Said aloud.",
            "required": False,
            "default": "hello",
            "minimum": None,
            "maximum": None,
            "choices": None,
        },
        {
            "name": "many",
            "node": "i",
            "type": "integer",
            "title": "many",
            "description": "",
            "required": False,
            "default": 3,
            "minimum": 1,
            "maximum": 9,
            "choices": None,
        },
    ]


def test_an_input_without_a_value_is_a_required_parameter() -> None:
    [parameter] = parameters.declared(draw({"c": ("input.choice", {"name": "c", "choices": ["a", "b"]})}), small)
    assert (parameter.required, parameter.default, parameter.choices) == (True, None, ["a", "b"])


@pytest.mark.parametrize("name", ["", None, 5])
def test_an_input_without_a_name_is_none(name: object) -> None:
    nodes: Nodes = {
        "a": ("input.text", {"name": name, "value": "x"}),
        "b": "input.text",
        "c": ("input.odd", {"name": "c"}),
    }
    assert parameters.declared(draw(nodes), small) == []


def test_inputs_that_are_bypassed_or_fed_by_an_edge_are_none() -> None:
    fed = graph(NODES, "s.text > w.value", i=OFF)
    assert parameters.declared(fed, small) == []
    assert resolve({}, fed) == Resolved({}, [])


def test_what_is_not_given_is_as_the_graph_says() -> None:
    assert resolve({}) == Resolved({"word": "hello", "many": 3}, [])


def test_values_are_given_by_name_or_by_address() -> None:
    resolved = resolve({"word": "bye", "f.seed": 12.0, "i.value": 4.0})
    assert resolved == Resolved({"word": "bye", "many": 4, "f.seed": 12}, [])
    assert type(resolved.params["many"]) is int
    ready = parameters.apply(graph(), resolved.params)
    values = {node.id: dict(node.properties) for node in ready.nodes}
    assert (values["w"]["value"], values["i"]["value"], values["f"]["seed"]) == ("bye", 4, 12)
    assert check(ready, small) == []


def test_a_name_goes_before_an_address() -> None:
    nodes: Nodes = {"a": ("input.text", {"name": "b.text", "value": "x"}), "b": ("each.said", {"text": "y"})}
    ready = parameters.apply(draw(nodes), resolve({"b.text": "z"}, draw(nodes)).params)
    assert [node.properties.get("value", node.properties.get("text")) for node in ready.nodes] == ["z", "y"]


def test_own_inputs_of_a_node_may_be_given() -> None:
    own = draw({"n": "join.named"}, n={"dynamic_inputs": ["x"]})
    assert resolve({"n.x": [1]}, own) == Resolved({"n.x": [1]}, [])


def test_parameters_are_bounded_as_graphs_are() -> None:
    most = 1024**2 - len('{"word":"","many":3}')
    assert resolve({"word": "x" * most}).problems == []
    [problem] = resolve({"word": "x" * (most + 1)}).problems
    assert (problem.code, "1,048,576 bytes" in problem.message) == ("too_large", True)
    assert [each.code for each in resolve({"word": "ä" * (most // 2 + 1)}).problems] == ["too_large"]
    assert [each.code for each in parameters.resolve(graph(), small, {"word": "xyz"}, lowest, 22).problems] == [
        "too_large"
    ]


@pytest.mark.parametrize("key", ["nope", "w.nope", "nope.value", "w", ".", "", "w.", "many.value", "x" * 1000, "\x00"])
def test_an_unknown_parameter_is_named(key: str) -> None:
    [problem] = resolve({key: 1}).problems
    assert (problem.code, problem.node, problem.property) == ("unknown_parameter", None, key[:200])
    assert "“word”, “many”" in problem.message
    assert resolve({key: 1}).params == {"word": "hello", "many": 3}


def test_with_no_parameters_it_says_that_there_are_none() -> None:
    assert "There are: none." in resolve({"x": 1}, draw({})).problems[0].message


def test_a_value_that_would_do_nothing_is_refused() -> None:
    assert wrong({"s.text": "x"}) == [("unknown_parameter", "s", "text")]
    assert wrong({"word": "x"}, graph(w=OFF, s=OFF)) == [("unknown_parameter", None, "word")]
    assert wrong({"f.seed": 12}, graph(f=OFF)) == [("unknown_parameter", "f", "seed")]


def test_one_value_is_given_once() -> None:
    assert wrong({"word": "a", "w.value": "b"}) == [("duplicate_parameter", "w", "value")]


@pytest.mark.parametrize(
    ("params", "node", "name"),
    [
        ({"word": 5}, "w", "value"),
        ({"word": None}, "w", "value"),
        ({"word": "\x00"}, "w", "value"),
        ({"many": "3"}, "i", "value"),
        ({"many": True}, "i", "value"),
        ({"many": 2.5}, "i", "value"),
        ({"many": 0}, "i", "value"),
        ({"many": 10}, "i", "value"),
        ({"many": float("nan")}, "i", "value"),
        ({"f.seed": 9}, "f", "seed"),
        ({"f.image": "picture"}, "f", "image"),
    ],
)
def test_an_ill_typed_value_is_a_bad_value_once(params: dict[str, object], node: str, name: str) -> None:
    assert wrong(params) == [("bad_value", node, name)]


def test_bounds_given_with_the_value_count() -> None:
    assert wrong({"many": 20, "i.maximum": 30}) == []
    assert wrong({"many": 5, "i.maximum": 4}) == [("bad_value", "i", "value")]


def test_a_choice_is_one_of_its_choices_wherever_they_come_from() -> None:
    given = graph({"c": ("input.choice", {"name": "style", "value": "ink", "choices": ["ink", "moss"]})})
    assert parameters.declared(given, registry)[0].choices == ["ink", "moss"]
    assert judged(given, {}) == judged(given, {"style": "moss"}) == []
    assert judged(given, {"style": "gold"}) == [("bad_value", "c", "value")]
    assert judged(given, {"style": "gold", "c.choices": ["gold"]}) == []
    assert judged(given, {"c.choices": ["gold"]}) == [("bad_value", "c", "value")]
    assert judged(given, {"style": "ink", "c.choices": ["ink", 1]}) == [("bad_value", "c", "choices")]
    assert judged(given, {"style": "gold", "c.choices": []}) == []


def judged(given: Graph, params: dict[str, object]) -> list[tuple[str, str | None, str | None]]:
    ready = parameters.apply(given, parameters.resolve(given, registry, params, lowest).params)
    return [(problem.code, problem.node, problem.property) for problem in check(ready, registry)]


def test_a_table_is_a_list_of_row_objects() -> None:
    given = graph({"t": ("input.table", {"name": "people"})})
    assert judged(given, {"people": [{"name": "Ada"}, {}]}) == []
    assert judged(given, {"people": []}) == []
    for wrong_table in ("a,b", [1], {"name": "Ada"}, [["Ada"]]):
        assert judged(given, {"people": wrong_table}) == [("bad_value", "t", "value")]
    assert judged(given, {}) == [("missing_input", "t", "value")]


def test_several_problems_are_all_named() -> None:
    found = wrong({"nope": 1, "word": 5, "f.seed": "x"})
    assert {*found} == {("unknown_parameter", None, "nope"), ("bad_value", "w", "value"), ("bad_value", "f", "seed")}


def test_null_stays_where_the_input_takes_it() -> None:
    assert resolve({"i.minimum": None}) == Resolved({"word": "hello", "many": 3, "i.minimum": None}, [])


def seeded(**properties: Any) -> Graph:
    return draw({"s": ("input.integer", {"name": "seed", **properties})})


@pytest.mark.parametrize(
    ("properties", "low", "high"),
    [
        ({}, 0, 2**32 - 1),
        ({"minimum": 5, "maximum": 7}, 5, 7),
        ({"minimum": 2**40}, 2**40, 2**40 + 2**32 - 1),
        ({"maximum": 100}, 0, 100),
        ({"maximum": -5}, -5, -5),
        ({"minimum": 1.5, "maximum": 3.5}, 2, 3),
        ({"minimum": 9, "maximum": 2}, 9, 9),
    ],
)
def test_a_seed_given_as_null_is_drawn_within_its_bounds(properties: dict[str, Any], low: int, high: int) -> None:
    for draw_seed, expected in ((lowest, low), (highest, high)):
        resolved = parameters.resolve(seeded(value=1, **properties), small, {"seed": None}, draw_seed)
        assert resolved == Resolved({"seed": expected}, [], frozenset({"seed"}))


def test_a_seed_that_is_null_in_the_graph_is_drawn_for_every_run() -> None:
    assert resolve({}, seeded(value=None)) == Resolved({"seed": 0}, [], frozenset({"seed"}))
    node = draw({"f": ("image.flipped", {"image": {"asset": ASSET}, "seed": None})})
    drawn = frozenset({"f.seed"})
    assert resolve({}, node) == Resolved({"f.seed": 10}, [], drawn)
    assert resolve({"f.seed": 15}, node) == Resolved({"f.seed": 15}, [])
    assert resolve({"f.seed": None}, graph()) == Resolved({"word": "hello", "many": 3, "f.seed": 10}, [], drawn)


def test_the_seed_of_a_node_that_does_not_run_is_not_drawn() -> None:
    node = draw({"f": ("image.flipped", {"seed": None})}, f=OFF)
    assert resolve({}, node) == Resolved({}, [])


def test_a_seed_that_is_not_given_at_all_is_still_missing() -> None:
    assert wrong({}, seeded()) == [("missing_input", "s", "value")]
    assert wrong({"seed": None}, seeded()) == []


def test_other_names_do_not_make_a_seed() -> None:
    other = draw(
        {"s": ("input.integer", {"name": "seeds", "value": 1}), "t": ("input.text", {"name": "seed", "value": ""})}
    )
    assert wrong({"seeds": None, "seed": None}, other) == [("bad_value", "s", "value"), ("bad_value", "t", "value")]


def test_resolving_again_changes_nothing() -> None:
    resolved = resolve({"word": "bye", "f.seed": None})
    assert resolve(resolved.params) == Resolved(resolved.params, [])


def test_applying_what_the_graph_lacks_does_nothing() -> None:
    assert parameters.apply(graph(), {"nope": 1, "no.such": 2}).document["nodes"] == graph().document["nodes"]
    assert parameters.apply(graph(), {}).digest == graph().digest


def test_assets_are_found_where_nodes_that_run_refer_to_them() -> None:
    other = "1b2c1f6e-93a4-4f0e-8b57-2f60f1f7a9c1"
    nodes: Nodes = {
        "a": ("input.image", {"name": "a", "value": {"asset": ASSET.upper()}}),
        "b": ("each.same", {"value": [{"asset": ASSET}, {"asset": other}, 5]}),
        "c": ("each.same", {"value": {"asset": "no uuid"}}),
        "d": ("each.same", {"value": {"asset": other}}),
        "e": ("each.same", {"value": {"asset": other}}),
    }
    found = parameters.asset_references(draw(nodes, "a.value > d.value", e=OFF))
    assert found == {ASSET: [("a", "value"), ("b", "value")], other: [("b", "value")]}
