"""The declarations of the node library, as the contract has them."""

import pytest

from workflows import nodes
from workflows.registry import NodeType, registry

REQUIRED = object()
PURE, REPEATED = True, False
LIBRARY = {
    "input.text": ({"name": REQUIRED, "value": REQUIRED, "description": ""}, ["value: text"], REPEATED),
    "input.integer": (
        {"name": REQUIRED, "value": REQUIRED, "minimum": None, "maximum": None, "description": ""},
        ["value: integer"],
        REPEATED,
    ),
    "input.number": (
        {"name": REQUIRED, "value": REQUIRED, "minimum": None, "maximum": None, "description": ""},
        ["value: number"],
        REPEATED,
    ),
    "input.boolean": ({"name": REQUIRED, "value": REQUIRED, "description": ""}, ["value: boolean"], REPEATED),
    "input.choice": (
        {"name": REQUIRED, "value": REQUIRED, "choices": [], "description": ""},
        ["value: text"],
        REPEATED,
    ),
    "input.table": ({"name": REQUIRED, "value": REQUIRED, "description": ""}, ["value: table"], REPEATED),
    "input.image": ({"name": REQUIRED, "value": REQUIRED, "description": ""}, ["value: image"], REPEATED),
    "input.audio": ({"name": REQUIRED, "value": REQUIRED, "description": ""}, ["value: audio"], REPEATED),
    "input.video": ({"name": REQUIRED, "value": REQUIRED, "description": ""}, ["value: video"], REPEATED),
    "input.file": ({"name": REQUIRED, "value": REQUIRED, "description": ""}, ["value: file"], REPEATED),
    "output.result": ({"name": REQUIRED, "value": None}, [], REPEATED),
    "output.preview": ({"value": None}, [], REPEATED),
    "text.template": ({"template": REQUIRED}, ["text: text"], PURE),
    "text.split": ({"text": REQUIRED, "separator": "\n"}, ["item: text…", "items: list[text]"], PURE),
    "text.stream": ({"text": REQUIRED, "delay_ms": 20}, ["text: text"], REPEATED),
    "list.collect": ({"item": None}, ["items: list[any]"], PURE),
    "number.calculate": ({"expression": REQUIRED}, ["value: number"], PURE),
    "control.wait": ({"value": None, "seconds": 1.0}, ["value: any"], REPEATED),
    "control.fail": ({"value": None, "message": "This run was told to fail.", "when": True}, ["value: any"], PURE),
    "control.if": ({"condition": REQUIRED, "value": None}, ["then: any", "otherwise: any"], PURE),
    "http.get": (
        {"url": REQUIRED, "headers": {}, "timeout": 30.0},
        ["status: integer", "text: text", "json: json"],
        REPEATED,
    ),
    "llm.chat": (
        {"prompt": REQUIRED, "system": "", "model": "", "temperature": 0.7, "images": [], "tools": []},
        ["text: text~"],
        REPEATED,
    ),
    "image.noise": ({"width": 512, "height": 512, "seed": 0, "color": True}, ["image: image"], PURE),
    "image.gradient": (
        {"width": 512, "height": 512, "start": "#1d2671", "end": "#f4a261", "angle": 90.0},
        ["image: image"],
        PURE,
    ),
    "image.blur": ({"image": REQUIRED, "radius": 4.0}, ["image: image"], PURE),
    "image.resize": ({"image": REQUIRED, "width": 512, "height": 512, "fit": "contain"}, ["image: image"], PURE),
    "image.text": (
        {"image": REQUIRED, "text": REQUIRED, "size": 48, "color": "#ffffff", "position": "bottom"},
        ["image: image"],
        PURE,
    ),
    "audio.tone": ({"frequency": 440, "seconds": 1.0, "volume": 0.5, "shape": "sine"}, ["audio: audio"], PURE),
    "video.from_images": ({"images": REQUIRED, "fps": 8}, ["video: video"], PURE),
}


def declared(name: str) -> NodeType:
    found = registry.get(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", LIBRARY)
def test_a_node_has_the_inputs_outputs_and_defaults_of_the_contract(name: str) -> None:
    inputs, outputs, pure = LIBRARY[name]
    found = declared(name)
    assert {port.name: REQUIRED if port.required else port.default for port in found.inputs} == inputs
    assert [f"{out.name}: {out.port}{'…' * out.streams}{'~' * out.grows}" for out in found.outputs] == outputs
    assert found.pure is pure
    assert found.safe is (name not in {"http.get", "llm.chat"})


def test_the_library_has_these_nodes_and_no_others() -> None:
    assert nodes.__all__
    library = [kind.type for kind in registry.all() if kind.function.__module__.startswith("workflows.nodes.")]
    assert library == sorted(LIBRARY)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_node_says_in_one_sentence_what_it_does(name: str) -> None:
    found = declared(name)
    assert found.title
    assert found.description.endswith(".")
    assert found.description.count(". ") == 0


@pytest.mark.parametrize(
    ("name", "port", "minimum", "maximum", "unit"),
    [
        ("control.wait", "seconds", 0, 3600, "s"),
        ("text.stream", "delay_ms", 0, 10_000, "ms"),
        ("image.noise", "width", 1, 8192, "px"),
        ("image.resize", "height", 1, 8192, "px"),
        ("image.blur", "radius", 0, 200, "px"),
        ("image.text", "size", 4, 1024, "px"),
        ("audio.tone", "frequency", 20, 20_000, "Hz"),
        ("audio.tone", "seconds", 0.01, 600, "s"),
        ("video.from_images", "fps", 0.1, 60, "/s"),
        ("llm.chat", "temperature", 0, 2, None),
    ],
)
def test_numbers_have_bounds_and_units(name: str, port: str, minimum: int, maximum: int, unit: str | None) -> None:
    setting = declared(name).by_name[port].setting
    assert (setting.minimum, setting.maximum, setting.unit) == (minimum, maximum, unit)


def test_an_answer_that_comes_bit_by_bit_is_said_to_stream() -> None:
    assert declared("llm.chat").as_dict()["outputs"] == [{"name": "text", "type": "text", "streams": True}]


def test_choices_are_listed() -> None:
    assert declared("image.resize").by_name["fit"].setting.choices == ("contain", "cover", "stretch")
    assert "bottom-right" in (declared("image.text").by_name["position"].setting.choices or ())


def test_templates_take_any_inputs_and_collecting_takes_all_items() -> None:
    assert [kind.type for kind in registry.all() if kind.dynamic] == ["number.calculate", "text.template"]
    assert declared("list.collect").by_name["item"].collects
    collecting = [kind.type for kind in registry.all() if any(port.setting.collects for port in kind.inputs)]
    assert collecting == ["list.collect"]
    assert str(declared("list.collect").by_name["item"].port) == "any"


def test_what_outputs_return_is_their_product() -> None:
    for name in ("output.result", "output.preview"):
        kept = declared(name).keeps
        assert kept is not None
        assert str(kept.port) == "any"
