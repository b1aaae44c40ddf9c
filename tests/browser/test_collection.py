"""The Workflows page at a browser: a workflow from its making to its end, and back from its export."""

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.list import study
from tests.browser.person import Person, node, violations
from tests.live.product import make_workflow, submit


def card(page: Page, name: str) -> Locator:
    return page.locator(".workflow", has=page.locator(f'strong[title="{name}"]'))


def choose(page: Page, name: str, action: str) -> None:
    """From the menu of a workflow's card."""
    card(page, name).get_by_role("button", name="More about").click()
    card(page, name).locator(f"[data-action={action}]").click()


def named(page: Page, old: str, new: str) -> None:
    choose(page, old, "rename")
    field = page.get_by_label("Name", exact=True)
    expect(field).to_be_focused()
    field.fill(new)
    page.keyboard.press("Enter")
    expect(card(page, new)).to_have_count(1)


def exported(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as started:
        choose(page, name, "export")
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def deleted(page: Page, name: str) -> None:
    choose(page, name, "delete")
    expect(page.locator("#deletion")).to_contain_text(f"Delete “{name}”?")
    page.locator("[data-sure]").click()
    expect(page.get_by_role("status")).to_contain_text([f"“{name}” is deleted.", ""])
    expect(card(page, name)).to_have_count(0)


def test_a_workflow_is_made_renamed_copied_exported_deleted_and_imported(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    page.get_by_role("button", name="New workflow").click()
    expect(page).to_have_url(re.compile(r"/workflows/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    page.get_by_role("link", name="Workflows").last.click()
    named(page, "New workflow", "Tide table")
    choose(page, "Tide table", "copy")
    expect(card(page, "Copy of Tide table")).to_have_count(1)
    path = exported(page, "Tide table", tmp_path)
    assert path.name == "Tide table.loupe.json"
    assert json.loads(path.read_text())["name"] == "Tide table"
    for name in ("Copy of Tide table", "Tide table"):
        deleted(page, name)
    page.locator("[data-import] input[type=file]").set_input_files(path)
    expect(page.get_by_role("status").first).to_have_text("“Tide table” is imported.")
    deleted(page, "Tide table")


def test_what_is_dropped_on_the_page_is_imported_or_refused_in_words(page: Page) -> None:
    page.goto("/")
    drop(page, "dropped.json", json.dumps({"nodes": [], "edges": []}))
    expect(card(page, "dropped")).to_have_count(1)
    drop(page, "photo.png", "no JSON")
    expect(page.get_by_role("alert")).to_have_text(
        "“photo.png” is no JSON file. Choose a workflow that Loupe exported."
    )
    deleted(page, "dropped")


def drop(page: Page, name: str, text: str) -> None:
    """A file on the middle of the page, which says that it takes it."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name));
            return transfer;
        }""",
        [name, text],
    )
    page.locator("#content").dispatch_event("dragover", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop to import")).to_be_visible()
    with page.expect_navigation():
        page.locator("#content").dispatch_event("drop", {"dataTransfer": transfer})


def test_the_keyboard_alone_opens_a_menu_and_is_where_it_was_afterwards(page: Page, rest: httpx.Client) -> None:
    make_workflow(rest, [node("wait", "control.wait")], [])
    page.goto("/")
    more = page.locator(".workflow .more").first
    more.press("Enter")
    menu = page.locator("[data-menu]:popover-open")
    for key, action in ((None, "rename"), ("ArrowDown", "copy"), ("ArrowUp", "rename"), ("ArrowUp", "delete")):
        if key:
            page.keyboard.press(key)
        expect(menu.locator(f"[data-action={action}]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#rename")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#rename")).to_be_hidden()
    expect(more).to_be_focused()


@pytest.mark.usefixtures("nothing_is_left")
def test_what_runs_is_counted_on_its_card_and_in_the_title_as_it_comes_and_goes(page: Page, rest: httpx.Client) -> None:
    workflow = study(rest, seconds=300)
    rest.patch(f"/workflows/{workflow}", json={"name": "watched"})
    page.goto("/")
    card(page, "watched").get_by_role("button", name="More about").click()
    menu = page.locator(f"#menu-{workflow}")
    expect(menu).to_be_visible()
    stood = card(page, "watched").bounding_box()
    jobs = [submit(rest, workflow, params={"seed": seed}) for seed in range(3)]
    expect(card(page, "watched")).to_contain_text("2 running", timeout=20_000)
    expect(card(page, "watched")).to_contain_text("1 waiting")
    assert card(page, "watched").bounding_box() == stood
    expect(page).to_have_title(re.compile(r"^\(2\) Workflows"))
    expect(menu).to_be_visible()
    for job in reversed(jobs):
        rest.post(f"/jobs/{job['id']}/cancellation")
    expect(card(page, "watched").locator(".status")).to_have_count(0, timeout=20_000)
    expect(page).to_have_title(re.compile("^Workflows"))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_in_menus_and_questions(ada: Person, rest: httpx.Client, theme: str) -> None:
    make_workflow(rest, [node("wait", "control.wait")], [])
    page = ada.page
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto("/")
    more = page.locator(".workflow .more").first
    more.click()
    assert violations(page) == []
    page.locator("[data-menu]:popover-open [data-action=rename]").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    more.click()
    page.locator("[data-menu]:popover-open [data-action=delete]").click()
    assert violations(page) == []
