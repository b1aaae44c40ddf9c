"""docs/settings.md lists every setting, and none that does not exist."""

import re

from django.conf import settings

from tests.environment import SETTINGS, settings_read

SOURCE = SETTINGS.read_text()
DOCUMENT = (settings.BASE_DIR / "docs" / "settings.md").read_text()


def test_the_document_lists_exactly_the_settings_that_are_read() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)`", DOCUMENT, re.MULTILINE)
    assert sorted(settings_read()) == sorted(listed)


def test_the_document_tells_the_defaults_of_numbers_as_they_are() -> None:
    told = dict(re.findall(r"^\| `([A-Z_]+)` \| `([\d.]+)`", DOCUMENT, re.MULTILINE))
    read = dict(re.findall(r'_(?:whole|number|flag)\("([A-Z_]+)", ([^,)]+)', SOURCE))
    assert {name: float(told[name]) for name in read} == {name: float(eval(default)) for name, default in read.items()}


def test_the_document_tells_the_ranges_of_numbers_as_they_are() -> None:
    told = dict(re.findall(r"^\| `([A-Z_]+)` .* (From \d+ to \d+)\.", DOCUMENT, re.MULTILINE))
    read = re.findall(r'_(?:whole|number)\("([A-Z_]+)", [^,]+, least=(\w+)(?:, most=(\w+))?\)', SOURCE)
    bounded = {name: f"From {_number(least)} to {_number(most)}" for name, least, most in read if most}
    assert told == bounded
    assert {least for _, least, most in read if not most} <= {"0", "1"}


def _number(bound: str) -> str:
    """A bound that may have a name in the settings, such as DAY."""
    return str(getattr(settings, bound, bound.replace("_", "")))
