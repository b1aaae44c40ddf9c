"""The form of a workflow's parameters: each in its own type and bounds, and begun with what ran last."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.photographs import photograph
from workflows.errors import MediaError, Problem
from workflows.forms import RunForm
from workflows.parameters import Parameter

ASSET = {"asset": "00000000-0000-4000-8000-000000000001"}


def parameter(kind: str, **fields: Any) -> Parameter:
    """A parameter of this type, by default named as it."""
    given: dict[str, Any] = {
        "name": kind,
        "node": f"the-{kind}",
        "type": kind,
        "title": kind.title(),
        "description": "",
        "required": False,
        "default": None,
        "minimum": None,
        "maximum": None,
        "choices": None,
    }
    return Parameter(**{**given, **fields})


def kept(_file: object, _kind: str) -> str:
    return "kept"


def params(declared: Parameter, value: object, last: Mapping[str, object] | None = None) -> dict[str, object]:
    """What a submit gets of a form with this one value."""
    form = RunForm([declared], {"p0": value}, {}, last=last)
    assert form.is_valid(), form.errors
    return form.params(kept)


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        ("text", " two  words ", " two  words "),
        ("text", "", ""),
        ("text", "one\r\ntwo\r\n", "one\ntwo\n"),
        ("integer", "42", 42),
        ("number", "2.5", 2.5),
        ("boolean", "on", True),
    ],
)
def test_each_type_gives_values_of_its_own(kind: str, written: str, meant: object) -> None:
    assert params(parameter(kind, default=1), written) == {kind: meant}


def test_a_choice_is_one_of_the_choices_and_begins_with_the_one_that_the_graph_has() -> None:
    style = parameter("text", choices=["ink", "moss"], default="moss")
    form = RunForm([style], {"p0": "gold"}, {})
    assert not form.is_valid()
    assert params(style, "ink") == {"text": "ink"}
    drawn = str(RunForm([style])["p0"])
    assert '<option value="moss" selected>' in drawn
    assert drawn.count("<option") == 2
    assert str(RunForm([parameter("text", choices=["ink"], required=True)])["p0"]).count("<option") == 2


def test_a_table_is_written_as_csv_or_json_and_begins_with_the_graphs() -> None:
    table = parameter("table", default=[{"name": "moss", "amount": 3}])
    assert "name,amount\nmoss,3</textarea>" in str(RunForm([table])["p0"])
    assert params(table, "name;amount\r\nink;4") == {"table": [{"name": "ink", "amount": 4}]}
    assert params(table, '[{"name": ["ink"]}]') == {"table": [{"name": ["ink"]}]}
    assert params(table, "") == {}
    form = RunForm([table], {"p0": "name\na,b"}, {})
    assert form.errors == {"p0": ["Line 2 has 2 cells for 1 column. Put texts with commas in quotes."]}
    assert "name\na,b</textarea>" in str(form["p0"])
    assert not RunForm([parameter("table", required=True)], {"p0": ""}, {}).is_valid()


def test_a_box_that_is_not_ticked_says_no() -> None:
    form = RunForm([parameter("boolean", default=True)], {}, {})
    assert form.is_valid()
    assert form.params(kept) == {"boolean": False}


@pytest.mark.parametrize(("kind", "written"), [("integer", "1.5"), ("integer", "x"), ("number", "x"), ("number", "")])
def test_what_is_of_another_type_is_refused_at_its_field(kind: str, written: str) -> None:
    form = RunForm([parameter(kind, default=1)], {"p0": written}, {})
    assert not form.is_valid()
    assert list(form.errors) == ["p0"]


@pytest.mark.parametrize("kind", ["integer", "number"])
def test_bounds_hold_and_are_told_to_the_browser(kind: str) -> None:
    declared = parameter(kind, default=3, minimum=1, maximum=5)
    assert not RunForm([declared], {"p0": "6"}, {}).is_valid()
    assert 'max="5"' in str(RunForm([declared])["p0"])


def test_an_empty_seed_is_drawn_and_another_number_is_not() -> None:
    assert params(parameter("integer", name="seed", default=7), "") == {"seed": None}
    assert "each run draws its own" in RunForm([parameter("integer", name="seed", default=7)])["p0"].help_text
    assert not RunForm([parameter("integer", name="count", default=7)], {"p0": ""}, {}).is_valid()


def test_long_texts_get_several_lines() -> None:
    assert "<textarea" in str(RunForm([parameter("text", default="word " * 20)])["p0"])
    assert "<textarea" not in str(RunForm([parameter("text", default="word")])["p0"])


def test_a_picture_that_is_chosen_is_kept_as_an_asset() -> None:
    file = SimpleUploadedFile("coffee.png", photograph(), content_type="image/png")
    form = RunForm([parameter("image", required=True)], {}, {"p0": file})
    assert form.is_valid()
    assert form.params(kept) == {"image": {"asset": "kept"}}


@pytest.mark.parametrize(
    ("kind", "accept", "noun"),
    [("audio", "audio/*", "sound"), ("video", "video/mp4,video/webm", "film"), ("file", None, "file")],
)
def test_sounds_films_and_files_are_chosen_as_pictures_are(kind: str, accept: str | None, noun: str) -> None:
    other = {"asset": "00000000-0000-4000-8000-000000000002"}
    shown = str(RunForm([parameter(kind, default=ASSET)], typed={kind: other})["p0"])
    assert (f'accept="{accept}"' in shown) is (accept is not None)
    assert ("accept=" in shown) is (accept is not None)
    assert f"The workflow’s own {noun}" in shown
    form = RunForm([parameter(kind)], {}, {"p0": SimpleUploadedFile("a", b"bytes")})
    assert form.is_valid()
    assert form.params(lambda _file, kind: f"kept {kind}") == {kind: {"asset": f"kept {kind}"}}


def test_a_picture_that_is_not_chosen_stays_as_it_was_shown() -> None:
    declared = parameter("image", default=ASSET)
    shown = str(RunForm([declared])["p0"])
    assert f'name="p0-kept" value="{ASSET["asset"]}"' in shown
    form = RunForm([declared], {"p0-kept": ASSET["asset"]}, {})
    assert form.is_valid()
    assert form.params(kept) == {"image": ASSET}


def test_a_picture_that_is_needed_must_be_there() -> None:
    assert not RunForm([parameter("image", required=True)], {}, {}).is_valid()
    assert RunForm([parameter("image")], {}, {}).is_valid()


def test_a_form_begins_with_what_the_last_run_had_but_for_the_seed() -> None:
    declared = [parameter("text", default="saved"), parameter("integer", name="seed", default=1)]
    form = RunForm(declared, last={"text": "last", "seed": 99, "gone": 1})
    assert (form["p0"].value(), form["p1"].value()) == ("last", 1)


def test_a_form_begins_with_what_was_typed_last_an_empty_seed_too() -> None:
    declared = [parameter("text", default="saved"), parameter("integer", name="seed", default=1)]
    form = RunForm(declared, typed={"text": "mine", "seed": None}, last={"text": "last"})
    assert (form["p0"].value(), form["p1"].value()) == ("mine", None)
    assert RunForm(declared, typed={"seed": 5})["p1"].value() == 5


def test_the_workflows_own_picture_can_be_taken_again() -> None:
    other = {"asset": "00000000-0000-4000-8000-000000000002"}
    assert "data-action" not in str(RunForm([parameter("image", default=ASSET)])["p0"])
    shown = str(RunForm([parameter("image", default=ASSET)], typed={"image": other})["p0"])
    assert f'data-action="own" data-own="{ASSET["asset"]}"' in shown


def test_a_file_that_cant_be_kept_is_said_at_its_field() -> None:
    def refused(_file: object, _kind: str) -> str:
        raise MediaError("notes.png is no picture.")

    file = SimpleUploadedFile("notes.png", b"x")
    form = RunForm([parameter("image")], {}, {"p0": file})
    assert form.is_valid()
    form.params(refused)
    assert form.errors["p0"] == ["notes.png is no picture."]


def test_complaints_stand_at_the_field_that_they_are_about() -> None:
    form = RunForm([parameter("text"), parameter("number", default=1)], {"p0": "x", "p1": "1"}, {})
    assert form.is_valid()
    by_node = Problem("bad_value", "Too short.", node="the-text", property="value")
    by_name = Problem("bad_value", "Too large.", property="number")
    elsewhere = Problem("missing_input", "Nothing comes in.", node="blur", property="image")
    form.complain([by_node, by_name, elsewhere])
    assert form.errors["p0"] == ["Too short."]
    assert form.errors["p1"] == ["Too large."]
    assert form.non_field_errors() == ["blur: Nothing comes in."]
    form.complain([elsewhere], {"blur": "Soften"})
    assert form.non_field_errors()[-1] == "Soften: Nothing comes in."
