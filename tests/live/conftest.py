"""One product for all live tests of a pytest process; tests must not disturb each other in it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.live.product import Product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("product"))
    try:
        yield product.start()
    finally:
        product.end()


@pytest.fixture(scope="session")
def rest(product: Product) -> Iterator[httpx.Client]:
    """REST for the owner of this product."""
    with product.client() as client:
        yield client
