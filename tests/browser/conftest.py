"""A real browser on the real product. What a page complains of in the console, or asks of elsewhere, fails its test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.person import Person
from tests.live.product import Product

# What Chromium would otherwise do by itself on the network; a sandbox of its own is refused to root.
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
SANDBOX = ["--no-sandbox"] if os.getuid() == 0 else []


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """With the examples, and two slots."""
    product = Product(tmp_path_factory.mktemp("browser"), LOUPE_DEMO=1, MAX_CONCURRENT_JOBS=2)
    try:
        yield product.start()
    finally:
        product.end()


@pytest.fixture(scope="session")
def rest(product: Product) -> Iterator[httpx.Client]:
    """REST for the owner, whose pages the tests open."""
    with product.client() as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "There is no Chromium here. Install the package chromium, then run these tests again."
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found,
            args=[*QUIET, *SANDBOX],
            ignore_default_args=["--disable-back-forward-cache"],  # people have it
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def signed_in(product: Product, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of the owner."""
    return sign_in(product, browser, tmp_path_factory.mktemp("cookies") / "owner.json")


def sign_in(product: Product, browser: Browser, kept: Path) -> Path:
    """Signs the owner in by a link, and keeps the cookies in this file."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(product.command("sign_in_link", "owner").split()[-1])
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{product.base}/")
    context.storage_state(path=kept)
    context.close()
    return kept


@pytest.fixture
def context(product: Product, browser: Browser, signed_in: Path) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=product.base, storage_state=signed_in, reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def ada(product: Product, context: BrowserContext) -> Iterator[Person]:
    """Ada at her browser."""
    person = Person(context.new_page(), product.base)
    yield person
    assert person.complaints == []


@pytest.fixture
def page(ada: Person) -> Page:
    return ada.page


@pytest.fixture
def nothing_is_left(rest: httpx.Client) -> Iterator[None]:
    """What a test has left running would be elsewhere for the next."""
    yield
    while left := rest.get("/jobs", params={"state": ["queued", "running", "cancelling"]}).json()["items"]:
        for job in left:
            rest.post(f"/jobs/{job['id']}/cancellation")
