"""A Chromium that is signed in, as people's browsers are: with its animations, and with a cache of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.browser.conftest import QUIET, SANDBOX
from tests.live.product import Product


@contextmanager
def browsing(product: Product, profile: Path, *arguments: str) -> Iterator[BrowserContext]:
    """The owner's browser, whose profile is this folder; `arguments` are Chromium's."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "There is no Chromium here. Install the package chromium, then measure again."
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=program,
            args=[*QUIET, *SANDBOX, *arguments],
            base_url=product.base,
            viewport={"width": 1440, "height": 900},
        )
        try:
            page = context.pages[0]
            page.goto(product.command("sign_in_link", "owner").split()[-1])
            page.get_by_role("button", name="Come in").click()
            page.wait_for_url(f"{product.base}/")
            yield context
        finally:
            context.close()


def open_canvas(page: Page, workflow_id: str) -> None:
    """The canvas of a workflow, ready and live."""
    page.goto(f"/workflows/{workflow_id}/")
    page.locator("[data-canvas][data-ready]").wait_for()
    page.locator("body[data-connection=live]").wait_for()
