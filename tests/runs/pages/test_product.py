"""A product is shown by its kind, from its row or from the store, as much of it as can be read."""

import hashlib
import json
import time
from typing import Any

import pytest

from runs import store
from runs.pages import product
from runs.pages.product import Branch


def document(kind: str, value: object = None, data: bytes | None = None) -> dict[str, Any]:
    """Of a product in its row, or in the store."""
    if data is None:
        return {"kind": kind, "value": value, "size": len(json.dumps(value)), "sha256": ""}
    return {"kind": kind, "value": None, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@pytest.fixture
def stored(db: None) -> Any:
    def keep(kind: str, data: bytes) -> dict[str, Any]:
        store.keep(data, media_type="application/json")
        return document(kind, data=data)

    return keep


@pytest.mark.parametrize("kind", ["image", "audio", "video", "file"])
def test_media_are_shown_by_the_browser(kind: str) -> None:
    assert product.full(document(kind, data=b"....")).kind == kind


def test_a_text_is_shown_as_it_is_and_markdown_rendered_beside_it() -> None:
    assert product.full(document("text", "plain <b>")).text == "plain <b>"
    shown = product.full(document("text", "# Title\n<b>"))
    assert (shown.kind, shown.text) == ("markdown", "# Title\n<b>")
    assert "<h3>Title</h3>" in shown.html
    assert "&lt;b&gt;" in shown.html


def test_a_table_has_the_columns_of_all_its_rows_and_counts_what_is_not_shown() -> None:
    rows = [{"a": 1}, {"a": 2, "b": None}, *({"c": at} for at in range(product.ROWS))]
    table = product.full(document("table", rows)).table
    assert table is not None
    assert table.columns == ["a", "b", "c"]
    assert table.rows[1] == [2, None, None]
    assert (len(table.rows), table.more, table.wider) == (product.ROWS, 2, 0)


def test_a_table_without_rows_or_of_something_else_is_json() -> None:
    assert product.full(document("table", [])).kind == "json"
    assert product.full(document("table", [1, 2])).kind == "json"


def test_json_is_a_tree_that_is_open_where_it_begins() -> None:
    tree = product.full(document("json", {"a": [1, {"b": None}], "c": "x"})).tree
    assert tree is not None
    assert (tree.brackets, tree.size, tree.open) == ("{}", 2, True)
    first, second = tree.children
    assert (first.key, first.brackets, first.open, first.children[1].open) == ("a", "[]", True, False)
    assert second == Branch("c", '"x"', "string")
    assert first.children[1].children == [Branch("b", "null", "word")]


def test_a_tree_ends_where_it_would_be_too_large_or_too_deep() -> None:
    def count(branch: Branch) -> int:
        return 1 + sum(count(each) for each in branch.children)

    wide = product.tree([[at, at] for at in range(10_000)])
    assert count(wide) <= product.ENTRIES + 3
    assert wide.children[-1].kind == "cut"
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert count(product.tree(deep)) == product.DEEPEST + 1


def test_what_is_in_the_store_is_read_from_there(stored: Any) -> None:
    rows = [{"port": "Brest " * 100, "at": at} for at in range(100)]
    shown = product.full(stored("table", json.dumps(rows).encode()))
    assert shown.table is not None
    assert len(shown.table.rows) == 100
    assert product.full(stored("text", b"word " * 10_000)).text == "word " * 10_000


def test_of_what_is_too_long_the_beginning_is_shown_and_said_to_be_one(stored: Any) -> None:
    text = product.full(stored("text", b"word " * product.READ_BYTES))
    assert (len(text.text), text.cut, text.kind) == (product.READ_BYTES, True, "text")
    values = product.full(stored("json", json.dumps(list(range(product.READ_BYTES))).encode()))
    assert (values.kind, values.cut) == ("code", True)


def test_what_is_gone_from_the_store_is_a_file(db: None) -> None:
    assert product.full(document("text", data=b"nowhere to be found")).kind == "file"


@pytest.mark.parametrize(
    ("kind", "value", "face"),
    [
        ("number", 2.5, ("number", "2.5")),
        ("text", "words", ("text", "words")),
        ("text", "# Title", ("markdown", "")),
        ("json", {"a": [1, 2]}, ("json", '{\n  "a": [1, 2]\n}')),
        ("json", None, ("json", "null")),
        ("table", [{"a": 1}], ("table", "")),
    ],
)
def test_a_tile_has_a_face_for_each_kind(kind: str, value: object, face: tuple[str, str]) -> None:
    shown = product.face(document(kind, value))
    assert (shown.kind, shown.text) == face


def test_a_tile_never_reads_the_store() -> None:
    assert product.face(document("text", data=b"x" * 50_000)).kind == "file"


def test_short_lists_stand_in_a_line_and_texts_stay_as_they_are() -> None:
    assert product.indented({"at": [1, 2.5, None]}) == '{\n  "at": [1, 2.5, null]\n}'
    assert product.indented("keep [  two  ] blanks") == '"keep [  two  ] blanks"'
    assert product.indented([[1], []]) == "[\n  [1],\n  []\n]"


@pytest.mark.parametrize("value", ["[" + " " * 32_000 + "x", "[\n" * 8000, json.loads("[" * 400 + "1" + "]" * 400)])
def test_no_value_takes_long_to_be_written(value: object) -> None:
    began = time.process_time()
    product.indented(value)
    assert time.process_time() - began < 2


def test_half_a_pair_of_surrogates_can_be_shown() -> None:
    assert product.written("\ud800") == '"?"'
    assert product.indented(["\ud800"]) == '[\n  "?"\n]'
