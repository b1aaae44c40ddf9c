"""Port types: which fit, and what becomes of values on the way."""

import math
from pathlib import Path

import pytest
from PIL import Image

from workflows import ports
from workflows.errors import TypeMismatch
from workflows.recordings import Audio, File, Recording, Video

KINDS = [*ports.KINDS, "list[text]", "list[list[image]]"]
CONVERTING = {("integer", "number"), ("integer", "text"), ("number", "text"), ("boolean", "text")}


@pytest.mark.parametrize("name", KINDS)
def test_a_type_is_written_as_it_is_read(name: str) -> None:
    assert str(ports.parse(name)) == name


@pytest.mark.parametrize(
    "name", ["", "words", "list", "list[]", "list[words]", "text]", "List[text]", "list[" * 9 + "text" + "]" * 9]
)
def test_what_is_no_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no port type"):
        ports.parse(name)


@pytest.mark.parametrize("source", ports.KINDS)
@pytest.mark.parametrize("target", ports.KINDS)
def test_only_what_the_contract_names_converts(source: str, target: str) -> None:
    expected = source == target or "any" in {source, target} or (source, target) in CONVERTING
    assert ports.fits(ports.parse(source), ports.parse(target)) is expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("text", "list[text]", True),
        ("list[text]", "list[text]", True),
        ("any", "list[image]", True),
        ("list[any]", "list[image]", True),
        ("text", "list[any]", True),
        ("list[text]", "any", True),
        ("list[text]", "text", False),
        ("integer", "list[number]", False),
        ("list[integer]", "list[number]", False),
        ("list[text]", "list[list[text]]", True),
        ("text", "list[list[text]]", False),
    ],
)
def test_lists_take_their_own_items_and_nothing_else(source: str, target: str, expected: bool) -> None:
    assert ports.fits(ports.parse(source), ports.parse(target)) is expected


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1, "integer", "text", "1"),
        (1.0, "number", "text", "1.0"),
        (1, "number", "text", "1"),
        (True, "boolean", "text", "true"),
        (False, "any", "text", "false"),
        (3, "integer", "number", 3),
        ("a", "text", "list[text]", ["a"]),
        (["a"], "any", "list[text]", ["a"]),
        ("a", "any", "list[text]", ["a"]),
        ([], "list[any]", "list[image]", []),
        ({"a": [1, None, 0.5]}, "any", "json", {"a": [1, None, 0.5]}),
        ("2026-01-31T12:00:00Z", "any", "datetime", "2026-01-31T12:00:00Z"),
        ([{"a": 1}], "any", "table", [{"a": 1}]),
        (None, "any", "any", None),
    ],
)
def test_values_convert_as_json_writes_them(value: object, source: str, target: str, expected: object) -> None:
    converted = ports.convert(value, ports.parse(source), ports.parse(target))
    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("1", "integer"),
        (True, "integer"),
        (True, "number"),
        (1, "boolean"),
        (1.0, "integer"),
        ({}, "text"),
        (["a", 1], "list[text]"),
        ("a", "image"),
        ("a", "audio"),
        (None, "file"),
        ({"a": {1, 2}}, "json"),
        ({1: 2}, "json"),
        (math.nan, "json"),
        ("2026-01-31", "datetime"),
        ("soon", "datetime"),
        (5, "datetime"),
        ("a", "table"),
        (math.inf, "text"),
        (object(), "text"),
    ],
)
def test_a_value_that_does_not_fit_is_a_type_mismatch(value: object, target: str) -> None:
    with pytest.raises(TypeMismatch):
        ports.convert(value, ports.ANY, ports.parse(target))


def test_a_picture_is_an_image_and_no_file() -> None:
    picture = Image.new("L", (1, 1))
    assert ports.convert(picture, ports.ANY, ports.parse("image")) is picture
    assert not ports.matches(picture, ports.parse("file"))


@pytest.mark.parametrize(("made", "kind"), [(Audio, "audio"), (Video, "video"), (File, "file")])
def test_sounds_films_and_files_fit_their_own_ports_and_no_others(made: type[Recording], kind: str) -> None:
    value = made(Path("a"), "application/octet-stream")
    assert ports.convert(value, ports.ANY, ports.parse(kind)) is value
    assert ports.convert(value, ports.ANY, ports.parse(f"list[{kind}]")) == [value]
    assert [each for each in ports.KINDS if ports.matches(value, ports.parse(each))] == ["any", kind]
    assert ports.describe(value) == f"A value of type {kind}"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a", "text"),
        (True, "boolean"),
        (1, "integer"),
        (1.5, "number"),
        (Image.new("L", (1, 1)), "image"),
        ({"a": 1}, "json"),
        ([1, "a"], "json"),
        ([Image.new("L", (1, 1))], "list[any]"),
        (None, "json"),
        (object(), "any"),
    ],
)
def test_a_value_is_known_by_its_narrowest_kind(value: object, kind: str) -> None:
    assert ports.kind_of(value) == kind


def test_messages_never_carry_the_value() -> None:
    with pytest.raises(TypeMismatch) as caught:
        ports.convert("a private matter", ports.ANY, ports.parse("image"))
    assert "private" not in str(caught.value)
    assert str(caught.value) == "A value of type text came from a port of type any, but image is needed here."
    assert ports.describe(None) == "Nothing (null)"
    assert ports.describe(object()) == "A value of type object"
