"""Each of these tests has a product of its own, to break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.product import Product


@pytest.fixture
def unstarted(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path, DRAIN_SECONDS=1)
    try:
        yield product
    finally:
        product.end()


@pytest.fixture
def product(unstarted: Product) -> Product:
    return unstarted.start()
