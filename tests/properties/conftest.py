"""`make prove` asks for its own profile of Hypothesis, and reads from pytest's report how much each test has tried."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from hypothesis import settings

from tests.properties.machine import PROVING, tally

settings.register_profile(PROVING, deadline=None, max_examples=300, database=None)


def pytest_configure(config: pytest.Config) -> None:
    if profile := config.getoption("hypothesis_profile"):
        settings.load_profile(profile)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What goes so much further takes its time."""
    if settings.get_current_profile_name() == PROVING:
        for item in items:
            item.add_marker(pytest.mark.timeout(3600), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Counts what a test tries: of a machine's, its histories and their steps; of others, their examples."""
    given: Any = getattr(getattr(item, "obj", None), "hypothesis", None)
    if given and not hasattr(given.inner_test, "counted"):
        given.inner_test = _counted(given.inner_test)
    tally.clear()
    yield
    item.user_properties += tally.items()


def _counted(test: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        tally["examples"] += 1
        return test(*arguments, **named)

    counted.counted = True  # type: ignore[attr-defined]
    return counted
