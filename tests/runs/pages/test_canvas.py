"""What the canvas draws of a graph: ports by their types, editors by what they edit, and whatever is not known."""

from typing import Any

import pytest

from runs.pages.canvas import Choice, Drawn, Property, Row, draw, palette
from tests.runs.jobs import graph
from workflows.graph import load
from workflows.registry import registry


def drawn(kind: str, *edges: str, dynamic: tuple[str, ...] = (), **properties: Any) -> Drawn:
    """The node `n` of this type. `edges` as `tests.runs.jobs.graph` takes them, with a node `text` that feeds it."""
    document = graph({"text": ("input.text", {"name": "t"}), "n": (kind, properties)}, *edges)
    document["nodes"][1]["dynamic_inputs"] = list(dynamic)
    return next(node for node in draw(load(document), registry).nodes if node.id == "n")


def lines(rows: tuple[Row, ...]) -> list[tuple[str, str, str]]:
    """Each row as (input, editor, output), "" for what is not there."""
    return [
        (
            row.input.name if row.input else "",
            row.property.widget if row.property else "",
            row.output.name if row.output else "",
        )
        for row in rows
    ]


def editor(node: Drawn, name: str) -> Property:
    return next(row.property for row in (*node.rows, *node.more) if row.property and row.property.name == name)


def test_ports_come_first_beside_the_outputs_then_boxes_then_lines() -> None:
    assert lines(drawn("image.text").rows) == [
        ("image", "", "image"),
        ("text", "textarea", ""),
        ("size", "number", ""),
        ("color", "color", ""),
        ("position", "select", ""),
    ]
    assert lines(drawn("text.split").rows) == [("text", "textarea", "item"), ("separator", "textarea", "items")]
    assert lines(drawn("image.noise").rows)[0] == ("", "", "image")


def test_what_is_given_to_a_run_shows_its_value_and_folds_the_rest() -> None:
    node = drawn("input.integer", name="count", value=3)
    assert lines(node.rows) == [("value", "number", "value")]
    assert [row.property.name for row in node.more if row.property] == ["name", "minimum", "maximum", "description"]
    assert all(row.input and row.input.quiet for row in (*node.rows, *node.more))


@pytest.mark.parametrize(
    ("kind", "name", "shape", "colour"),
    [
        ("image.blur", "image", "circle", "image"),
        ("image.blur", "radius", "diamond", "number"),
        ("text.stream", "text", "square", "text"),
        ("control.if", "condition", "diamond", "number"),
        ("control.if", "value", "hollow", "any"),
    ],
)
def test_a_port_looks_like_its_type(kind: str, name: str, shape: str, colour: str) -> None:
    port = next(row.input for row in drawn(kind).rows if row.input and row.input.name == name)
    assert (port.shape, port.colour) == (shape, colour)


def test_an_editor_shows_what_the_graph_says_else_the_default() -> None:
    assert (editor(drawn("image.blur"), "radius").shown, editor(drawn("image.blur", radius=9), "radius").shown) == (
        "4.0",
        "9",
    )
    assert editor(drawn("image.noise", color=False), "color").value is False


def test_an_editor_has_the_bounds_of_its_input_and_a_parameter_those_that_it_gives_itself() -> None:
    radius = editor(drawn("image.blur"), "radius")
    assert (radius.minimum, radius.maximum, radius.step, radius.unit) == (0, 200, "any", "px")
    value = editor(drawn("input.integer", minimum=2, maximum=9), "value")
    assert (value.minimum, value.maximum, value.step) == (2, 9, "1")
    assert editor(drawn("image.resize"), "fit").choices == ("contain", "cover", "stretch")


def test_what_it_shows_of_all_runs_is_for_the_person_to_say_unless_that_is_what_it_is_for() -> None:
    kinds = ("image.blur", "text.template", "input.text", "output.preview", "output.result", "no.such")
    assert [drawn(kind).switches for kind in kinds] == [True, True, False, False, False, False]


def test_a_seed_may_be_drawn_anew() -> None:
    assert editor(drawn("image.noise"), "seed").seed
    assert editor(drawn("input.integer", name="seed"), "value").seed
    assert not editor(drawn("input.integer", name="count"), "value").seed


def test_a_picture_is_given_to_an_input_and_elsewhere_comes_by_an_edge() -> None:
    asset = "11111111-1111-4111-8111-111111111111"
    given = editor(drawn("input.image", name="photo", value={"asset": asset}), "value")
    assert (given.widget, given.asset) == ("asset", asset)
    assert lines(drawn("image.blur").rows)[0] == ("image", "", "image")


def test_inputs_that_a_node_adds_are_ports_of_any_type() -> None:
    node = drawn("text.template", dynamic=("word", "place"))
    assert node.dynamic
    assert lines(node.rows)[:2] == [("word", "", "text"), ("place", "", "")]


def test_a_type_that_is_not_known_keeps_its_ports_and_says_its_properties() -> None:
    node = drawn("dream.machine", "text.value > n.wish", depth={"a": [1]})
    assert (node.known, node.kind, node.part.title, node.part.colour) == (
        False,
        "dream.machine",
        "dream.machine",
        "any",
    )
    assert lines(node.rows) == [("wish", "", ""), ("", "json", "")]
    assert editor(node, "depth").shown == '{"a": [1]}'


def test_a_draft_that_goes_round_in_a_circle_is_drawn() -> None:
    nodes = [{"id": each, "type": "control.wait"} for each in "ab"]
    edges = [
        {"id": f"e{source}", "source": source, "output": "value", "target": target, "input": "value"}
        for source, target in ("ab", "ba")
    ]
    shown = draw(load({"version": 1, "nodes": nodes, "edges": edges}), registry)
    assert [node.id for node in shown.nodes] == ["a", "b"]
    assert [line.edge.id for line in shown.lines] == ["ea", "eb"]


def test_an_edge_has_the_colour_of_what_it_carries_even_from_nowhere() -> None:
    edge = {"id": "e", "source": "gone", "output": "image", "target": "n", "input": "image"}
    document = {"version": 1, "nodes": [{"id": "n", "type": "image.noise"}], "edges": [edge]}
    assert draw(load(document), registry).lines[0].colour == "any"
    edge |= {"source": "n", "target": "gone"}
    assert draw(load(document), registry).lines[0].colour == "image"


def test_a_node_stands_where_the_graph_says_or_nowhere_yet() -> None:
    nodes = [{"id": "a", "type": "control.wait", "position": {"x": 3, "y": -4.5}}, {"id": "b", "type": "control.wait"}]
    first, second = draw(load({"version": 1, "nodes": nodes, "edges": []}), registry).nodes
    assert (first.x, first.y, second.x, second.y) == (3, -4.5, None, None)


def test_the_palette_has_every_type_and_what_it_takes_and_gives() -> None:
    choices: dict[str, Choice] = {choice.type: choice for choice in palette(registry)}
    assert choices.keys() == {declared.type for declared in registry.all()}
    assert (choices["image.blur"].takes, choices["image.blur"].gives) == ("image number", "image")
    assert (choices["input.text"].takes, choices["input.text"].gives) == ("", "text")
    assert choices["text.template"].takes == "any text"


def test_values_of_several_parts_are_written_in_a_box() -> None:
    fetch = drawn("http.get", url="https://example.org", headers={"Accept": "text/csv"})
    assert lines(fetch.rows) == [
        ("url", "textarea", "status"),
        ("headers", "data", "text"),
        ("", "", "json"),
        ("timeout", "number", ""),
    ]
    assert editor(fetch, "headers").shown == '{\n  "Accept": "text/csv"\n}'
    table = drawn("input.table", value=[{"name": "Ada", "born": 1815}])
    assert (editor(table, "value").widget, editor(table, "value").shown) == ("table", "name,born\nAda,1815")
    assert editor(drawn("input.table", value="no rows"), "value").shown == "no rows"


def test_what_there_is_to_choose_from_stands_in_sight_until_there_is_something() -> None:
    empty = drawn("input.choice", name="style")
    assert lines(empty.rows) == [("value", "select", "value"), ("choices", "lines", "")]
    filled = drawn("input.choice", name="style", value="ink", choices=["ink", "moss"])
    assert lines(filled.rows) == [("value", "select", "value")]
    assert editor(filled, "value").choices == ("ink", "moss")
    assert (editor(filled, "value").offers, editor(filled, "choices").shown) == ("choices", "ink\nmoss")
    assert editor(drawn("image.text"), "position").offers == ""
