"""What people write to vary a parameter becomes values of its own type, or a sentence that says why not."""

from typing import Any

import pytest

from runs.pages import varying
from runs.pages.varying import Field
from workflows.parameters import Parameter


def parameter(kind: str, **fields: Any) -> Parameter:
    given = {"name": "it", "node": "n", "title": "It", "description": "", "required": False, "default": None}
    return Parameter(**{**given, "type": kind, "minimum": None, "maximum": None, "choices": None, **fields})


def read(kind: str, *written: str, **fields: Any) -> list[Any] | str:
    """The values, or the complaint."""
    shown = varying.fields([parameter(kind, **fields)], {"v0": list(written)})
    found = varying.read(shown)
    return found.complaints.get("v0") or found.axes.get("it", [])


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("1..4", [1, 2, 3, 4]),
        ("3, 5; 8", [3, 5, 8]),
        ("10..0 by 5", [10, 5, 0]),
        ("1…3, 9", [1, 2, 3, 9]),
        ("-2..1", [-2, -1, 0, 1]),
        ("  ", []),
    ],
)
def test_whole_numbers(written: str, values: list[int]) -> None:
    assert read("integer", written) == values


def test_numbers_and_their_steps() -> None:
    assert str(read("number", "0..1 by 0.25")) == "[0, 0.25, 0.5, 0.75, 1]"
    assert read("number", "1.5") == [1.5]
    assert str(read("number", "0, 12, -3, 1.0")) == "[0, 12, -3, 1.0]"  # as one writes them


def test_runs_are_drawn_in_columns_by_what_varies_fastest() -> None:
    grid = varying.Varied({"seed": [1, 2], "style": ["ink", "oil", "moss"]}, {})
    assert grid.columns(1) == ["ink", "oil", "moss"]
    assert grid.columns(2) == []
    assert varying.Varied({"style": ["ink", "oil"]}, {}).columns(1) == []
    assert varying.Varied({"a": [1, 2], "b": list(range(7))}, {}).columns(1) == []
    assert varying.Varied({}, {}).columns(1) == []


@pytest.mark.parametrize("written", ["one", "1.5", "1..", "0..9 by 0", "1..999999"])
def test_what_can_not_be_read_is_said(written: str) -> None:
    assert written.split("..", maxsplit=1)[0] in read("integer", written)
    assert isinstance(read("integer", written), str)


def test_texts_stand_in_a_line_each_commas_and_all() -> None:
    assert read("text", "a red, red rose\r\n\r\nsnow") == ["a red, red rose", "snow"]


def test_choices_and_switches_are_ticked() -> None:
    assert read("choice", "moss", "ink", choices=["ink", "moss", "neon"]) == ["ink", "moss"]
    assert read("boolean", "true", "false") == [True, False]
    (field,) = varying.fields([parameter("boolean")], {"v0": ["true"]})
    assert field.choices == [("true", True), ("false", False)]


def test_pictures_are_not_written() -> None:
    assert varying.fields([parameter("image")], {}) == []


def test_a_number_has_its_own_field_and_a_text_lines() -> None:
    widgets: list[Field] = varying.fields([parameter("number"), parameter("text")], {})
    assert [field.widget for field in widgets] == ["numbers", "lines"]


def test_a_field_is_called_as_its_node_unless_another_is_called_so_too() -> None:
    given = {"haze": "Haze", "first": "Number", "second": "Number"}
    declared = [parameter("number", name=name, title=title) for name, title in given.items()]
    assert [field.title for field in varying.fields(declared, {})] == ["Haze", "first", "second"]
