"""Each of these tests has a product of its own, to break."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.product import Product


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no process has one left when the others are done."""
    items.sort(key=lambda item: -max((mark.args[0] for mark in item.iter_markers("timeout")), default=0))


@pytest.fixture
def unstarted(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path, DRAIN_SECONDS=1, WORKERS=2)
    try:
        yield product
    finally:
        product.end()


@pytest.fixture
def product(unstarted: Product) -> Product:
    return unstarted.start()


@pytest.fixture
def client(product: Product) -> Iterator[httpx.Client]:
    with product.client() as client:
        yield client


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> str:
    """Printed at the top as `--randomly-seed`, by which it is repeated."""
    return str(request.config.getoption("randomly_seed"))
