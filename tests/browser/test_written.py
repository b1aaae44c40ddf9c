"""Values of several parts are written as text in a node's box: choices, tables, headers, the names in an expression."""

import httpx
from playwright.sync_api import Page, expect

from tests.browser.board import at, board
from tests.browser.person import node, violations


def test_what_is_written_as_choices_can_be_chosen_at_once_and_varied(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, [at(node("style", "input.choice", name="style"), 0, 0)])
    drawn.editor("style", "choices").fill("ink\nmoss green\n\ngold")
    select = drawn.editor("style", "value")
    expect(select.locator("option")).to_have_text(["ink", "moss green", "gold"])
    select.select_option("moss green")
    assert drawn.saved_node("style")["properties"] == {
        "name": "style",
        "choices": ["ink", "moss green", "gold"],
        "value": "moss green",
    }
    drawn.open()
    expect(select.locator("option:checked")).to_have_text("moss green")
    expect(drawn.editor("style", "choices")).to_be_hidden()
    page.locator("[data-many]").click()
    expect(page.get_by_role("checkbox", name="gold")).to_be_visible()


def test_a_choice_that_is_none_any_more_is_not_shown_as_another(page: Page, rest: httpx.Client) -> None:
    given = node("style", "input.choice", name="style", value="gold", choices=["ink", "moss"])
    drawn = board(page, rest, [at(given, 0, 0)])
    expect(drawn.editor("style", "value")).to_have_js_property("selectedIndex", -1)
    expect(drawn.node("style").locator("[data-faults]")).to_contain_text("must be one of ink, moss")


def test_a_table_is_pasted_from_a_spreadsheet_and_shown_as_csv(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, [at(node("people", "input.table", name="people"), 0, 0)])
    box = drawn.editor("people", "value")
    box.fill("name\tborn\nAda, Countess\t1815")
    rows = [{"name": "Ada, Countess", "born": 1815}]
    assert drawn.saved_node("people")["properties"]["value"] == rows
    drawn.open()
    expect(box).to_have_value('name,born\n"Ada, Countess",1815')
    box.fill("name,born\nAda,1815,London")
    box.blur()
    assert box.evaluate("box => box.validationMessage") == (
        "Line 2 has 3 cells for 2 columns. Put texts with commas in quotes."
    )
    expect(box).to_have_value("name,born\nAda,1815,London")
    assert drawn.saved_node("people")["properties"]["value"] == rows
    box.fill('[{"name": ["Ada"]}]')
    assert drawn.saved_node("people")["properties"]["value"] == [{"name": ["Ada"]}]
    assert box.evaluate("box => box.validationMessage") == ""


def test_headers_are_written_as_json(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, [at(node("get", "http.get", url="https://example.org"), 0, 0)])
    box = drawn.editor("get", "headers")
    box.fill('{"Accept":')
    box.blur()
    assert "no JSON" in box.evaluate("box => box.validationMessage")
    box.fill('{"Accept": "text/csv"}')
    assert drawn.saved_node("get")["properties"]["headers"] == {"Accept": "text/csv"}
    assert violations(page) == []


def test_an_expressions_inputs_are_the_names_that_it_mentions(page: Page, rest: httpx.Client) -> None:
    drawn = board(page, rest, [at(node("sum", "number.calculate", expression="1"), 0, 0)])
    box = drawn.editor("sum", "expression")
    box.fill("max(width, 1e3) * scale if width > pi else round(other)")
    box.blur()
    drawn.port("sum", "in", "scale").wait_for()
    assert drawn.saved_node("sum")["dynamic_inputs"] == ["width", "scale", "other"]
    box.fill("width * 2")
    box.blur()
    expect(drawn.port("sum", "in", "scale")).to_have_count(0)
    assert drawn.saved_node("sum")["dynamic_inputs"] == ["width"]
