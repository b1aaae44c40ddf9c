"""How values read to people."""

import pytest

from workflows.wording import brief, shown


def test_values_are_shown_as_they_are() -> None:
    assert shown("a\nb") == brief("a\nb") == "a\nb"
    assert shown([1, True]) == "[\n  1,\n  true\n]"
    assert brief({"a": None}) == '{"a": null}'


@pytest.mark.parametrize(
    ("value", "full", "short"),
    [
        (True, "yes", "yes"),
        (False, "no", "no"),
        (["a fox", "a lamp\n"], "a fox\na lamp", "a fox, a lamp"),
        (["a fox " * 20], ("a fox " * 20).strip(), ("a fox " * 20).strip()),
        ("", "", ""),
        ([], "[]", "[]"),
        ({"a": 1}, '{\n  "a": 1\n}', '{"a": 1}'),
    ],
)
def test_a_value_is_shown_without_json_where_it_needs_none(value: object, full: str, short: str) -> None:
    assert (shown(value), brief(value)) == (full, short)
