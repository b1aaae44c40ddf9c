"""Web processes for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.web_process import WebProcess, listening, serving


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """One for all tests of a module that leave nothing behind."""
    with listening() as listener, serving(listener, tmp_path_factory.mktemp("web") / "log") as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[WebProcess]:
    """One of the test's own, whose memory, counts, log and end are to be looked at."""
    with listening() as listener, serving(listener, tmp_path / "log") as running:
        yield running


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[WebProcess]:
    """One with heads within 1 s, pings every second, bodies up to 1 MB, and stalls up to 2 s."""
    with listening() as listener, serving(listener, tmp_path / "log", module="tests.project.short_limits") as running:
        yield running
