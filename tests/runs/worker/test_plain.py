"""Which values are small enough to live in a row, and how the others are stored."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from runs.worker import plain

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)


@given(values)
def test_a_small_value_has_the_size_of_its_compact_json(value: Any) -> None:
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert plain.small_size(value) == len(written.encode())


def test_exactly_32_kib_are_small() -> None:
    assert plain.small_size("x" * (plain.SMALL_BYTES - 2)) == plain.SMALL_BYTES


LARGE = ["x" * plain.SMALL_BYTES, "é" * (plain.SMALL_BYTES // 2), list(range(20_000)), {"a": ["y" * 40_000]}]
NO_JSON = ["a\0b", "\ud800", math.nan, [math.inf], {1, 2}, b"bytes", object(), [10**5000]]


@pytest.mark.parametrize("value", LARGE + NO_JSON)
def test_neither_more_than_32_kib_nor_what_some_database_cannot_hold_as_json_is_small(value: object) -> None:
    assert plain.small_size(value) is None


def test_what_holds_itself_is_not_small() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert plain.small_size(endless) is None


def test_a_text_is_stored_as_itself_and_all_else_as_json() -> None:
    assert plain.encoded("é\ud800") == ("é?".encode(), "text/plain")
    assert plain.encoded({"a": [1, "é"]}) == ('{"a":[1,"é"]}'.encode(), "application/json")


@pytest.mark.parametrize("value", [math.nan, object()])
def test_what_is_no_json_cannot_be_stored(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        plain.encoded(value)


@pytest.mark.parametrize(
    ("value", "port", "kind"),
    [
        ("a", "text", "text"),
        (1, "any", "number"),
        (1.5, "number", "number"),
        (True, "boolean", "json"),
        ([{"a": 1}], "table", "table"),
        (None, "any", "json"),
        (["a"], "list[text]", "json"),
    ],
)
def test_every_value_has_a_kind(value: object, port: str, kind: str) -> None:
    assert plain.kind(value, port) == kind
