"""Node types are plain typed functions; what their annotations say is what the graph, the engine and the pages know."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

import pytest
from PIL import Image

from tests.workflows.small_nodes import small
from workflows.context import NodeContext
from workflows.errors import BadDeclaration
from workflows.registry import Json, NodeType, Output, Registry, Setting

Side = Annotated[int, Setting(minimum=1, maximum=8192, unit="px")]


@pytest.fixture
def registry() -> Registry:
    return Registry()


def declared(registry: Registry, function: Any, **said: Any) -> NodeType:
    registry.node("a.node", **{"title": "A node", "description": "Does.", "output": "value", **said})(function)
    found = registry.get("a.node")
    assert found is not None
    return found


def test_a_declaration_is_listed_as_the_contract_says(registry: Registry) -> None:
    @registry.node("image.blur", title="Blur", description="Softens a picture.", output="image")
    def blur(
        image: Image.Image, radius: Annotated[float, Setting(title="Radius", minimum=0, maximum=200, unit="px")] = 4.0
    ) -> Image.Image:
        return image

    found = registry.get("image.blur")
    assert found is not None
    listed = found.as_dict()
    assert {key: listed[key] for key in ("type", "title", "description", "family", "pure")} == {
        "type": "image.blur",
        "title": "Blur",
        "description": "Softens a picture.",
        "family": "image",
        "pure": True,
    }
    assert listed["outputs"] == [{"name": "image", "type": "image", "streams": False}]
    inputs: Any = listed["inputs"]
    keys = ("name", "type", "required", "default", "minimum", "maximum", "choices", "widget", "list")
    assert [tuple(each[key] for key in keys) for each in inputs] == [
        ("image", "image", True, None, None, None, None, "asset", False),
        ("radius", "number", False, 4.0, 0, 200, None, "number", False),
    ]
    assert (inputs[1]["title"], inputs[1]["unit"], inputs[0]["title"]) == ("Radius", "px", "Image")
    assert blur(Image.new("L", (1, 1))).size == (1, 1)  # still a plain function


def test_every_declaration_is_json() -> None:
    assert json.loads(json.dumps([each.as_dict() for each in small.all()], allow_nan=False))


@pytest.mark.parametrize(
    ("annotation", "port"),
    [
        (str, "text"),
        (int, "integer"),
        (float, "number"),
        (int | float, "number"),
        (bool, "boolean"),
        (Any, "any"),
        (object, "any"),
        (Json, "json"),
        (Image.Image, "image"),
        (list[str], "list[text]"),
        (list[list[Image.Image]], "list[list[image]]"),
        (list[Json], "list[json]"),
        (Literal["a", "b"], "text"),
        (str | None, "text"),
        (Annotated[float | None, Setting(minimum=1)], "number"),
        (Annotated[Any, Setting(type="datetime")], "datetime"),
        (Side, "integer"),
        (Annotated[Side, "of no meaning here", Setting(title="Width")], "integer"),
    ],
)
def test_a_port_has_the_type_of_its_annotation(registry: Registry, annotation: Any, port: str) -> None:
    def function(value: Any) -> str:
        return str(value)

    function.__annotations__["value"] = annotation
    assert str(declared(registry, function).inputs[0].port) == port


def test_settings_add_up_and_the_outer_ones_win(registry: Registry) -> None:
    def function(width: Annotated[Side, Setting(title="Width", maximum=99)] = 5) -> int:
        return width

    setting = declared(registry, function).inputs[0].setting
    assert (setting.title, setting.minimum, setting.maximum, setting.unit) == ("Width", 1, 99, "px")


def test_what_has_no_default_is_required_unless_it_may_be_anything(registry: Registry) -> None:
    def function(a: str, b: Any, c: Json, d: int | None, e: str = "", f: Any = 5) -> str:
        return a

    inputs = declared(registry, function).inputs
    assert [each.required for each in inputs] == [True, False, True, True, False, False]
    assert [each.nullable for each in inputs] == [False, True, True, True, False, True]
    assert [each.default for each in inputs] == [None, None, None, None, "", 5]


@pytest.mark.parametrize(
    ("annotation", "widget"),
    [
        (str, "text"),
        (Annotated[str, Setting(multiline=True)], "textarea"),
        (Annotated[str, Setting(widget="color")], "color"),
        (Literal["a", "b"], "select"),
        (bool, "checkbox"),
        (Any, None),
    ],
)
def test_an_input_says_how_it_is_edited(registry: Registry, annotation: Any, widget: str | None) -> None:
    def function(value: Any) -> str:
        return str(value)

    function.__annotations__["value"] = annotation
    assert declared(registry, function).inputs[0].as_dict()["widget"] == widget


def test_choices_are_listed(registry: Registry) -> None:
    def function(fit: Literal["contain", "cover"] = "contain") -> str:
        return fit

    taken = declared(registry, function).inputs[0]
    assert taken.as_dict()["choices"] == ["contain", "cover"]
    assert taken.setting.objection("stretch") == "must be one of contain, cover"
    assert taken.setting.objection("cover") is None


@pytest.mark.parametrize(
    ("value", "objection"),
    [(0, "must be at least 1"), (1, None), (8192, None), (8193, "must be at most 8192"), (True, None), ("a", None)],
)
def test_bounds_include_their_ends(value: object, objection: str | None) -> None:
    assert Setting(minimum=1, maximum=8192).objection(value) == objection


def test_the_kind_of_the_function_decides_how_it_is_called(registry: Registry) -> None:
    def plain() -> str:
        return ""

    async def waiting() -> str:
        return ""

    def many() -> Iterator[str]:
        yield ""

    async def many_waiting() -> AsyncIterator[str]:
        yield ""

    found = [declared(Registry(), function) for function in (plain, waiting, many, many_waiting)]
    assert [each.call for each in found] == ["value", "async value", "items", "async items"]
    assert [each.outputs for each in found] == [
        (Output("value", found[0].outputs[0].port, streams=streams),) for streams in (False, False, True, True)
    ]


def test_the_context_is_no_input(registry: Registry) -> None:
    def function(text: str, context: NodeContext) -> str:
        return text

    found = declared(registry, function)
    assert ([each.name for each in found.inputs], found.context) == (["text"], "context")


def test_named_leftovers_are_dynamic_inputs(registry: Registry) -> None:
    def function(template: str, **inputs: Any) -> str:
        return template

    found = declared(registry, function)
    assert ([each.name for each in found.inputs], found.dynamic) == (["template"], True)
    assert found.as_dict()["dynamic_inputs"] is True


def test_lists_and_what_says_so_collect(registry: Registry) -> None:
    def function(texts: list[str], item: Annotated[Any, Setting(collects=True)], value: Any) -> str:
        return ""

    found = declared(registry, function)
    assert [each.collects for each in found.inputs] == [True, True, False]
    assert [each.as_dict()["list"] for each in found.inputs] == [True, False, False]


def test_several_outputs_are_given_as_dicts(registry: Registry) -> None:
    def function() -> dict[str, Any]:
        return {}

    found = declared(registry, function, output=None, outputs={"item": "text", "items": "list[text]"}, streams={"item"})
    assert [each.as_dict() for each in found.outputs] == [
        {"name": "item", "type": "text", "streams": True},
        {"name": "items", "type": "list[text]", "streams": False},
    ]
    assert found.packed
    assert found.output("items") is found.outputs[1]
    assert found.output("no such") is None


def test_what_a_node_without_outputs_returns_is_its_product(registry: Registry) -> None:
    def function(value: Any) -> Any:
        return value

    found = declared(registry, function, output=None)
    assert found.outputs == ()
    assert found.keeps is not None
    assert found.keeps.name == "value"


def test_a_node_may_return_nothing_at_all(registry: Registry) -> None:
    def function() -> None:
        return None

    found = declared(registry, function, output=None)
    assert (found.outputs, found.keeps) == ((), None)


def test_a_name_is_given_once(registry: Registry) -> None:
    def function() -> str:
        return ""

    declared(registry, function)
    with pytest.raises(BadDeclaration, match=r"“a.node” is declared by .*function already"):
        declared(registry, function)


def test_all_are_listed_by_name() -> None:
    names = [each.type for each in small.all()]
    assert names == sorted(names)
    assert small.get("no.such") is None


def unannotated(value, other: str) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return str(value)


def without_return(value: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return value


def by_position(value: str, /) -> str:
    return value


def any_number(*values: str) -> str:
    return ""


def unknown(value: bytes) -> str:
    return ""


def several(value: int | str) -> str:
    return ""


def mistyped(value: Annotated[Any, Setting(type="words")]) -> str:
    return ""


def returning_nothing(value: str) -> None:
    return None


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (unannotated, "annotate value"),
        (without_return, "annotate what it returns"),
        (by_position, "make value a parameter that can be given by name"),
        (any_number, "make values a parameter that can be given by name"),
        (unknown, "value: .*bytes.* is no port type"),
        (several, "value: .* is no port type"),
        (mistyped, "value: “words” is no port type"),
        (returning_nothing, "annotate the type of what “value” sends"),
    ],
)
def test_a_declaration_that_cannot_work_says_what_to_change(registry: Registry, function: Any, advice: str) -> None:
    with pytest.raises(BadDeclaration, match=rf"test_registry\.{function.__name__}: {advice}"):
        declared(registry, function)


@pytest.mark.parametrize(("setting", "said"), [(Setting(minimum=0), "at least 0"), (Setting(maximum=1), "at most 1")])
def test_what_is_no_number_is_within_no_bounds(setting: Setting, said: str) -> None:
    assert setting.objection(float("nan")) == f"must be {said}"
    assert setting.objection(0.5) is None
