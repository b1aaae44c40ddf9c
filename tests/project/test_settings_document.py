"""docs/settings.md lists every setting, and none that does not exist."""

import re

from django.conf import settings

SOURCE = (settings.BASE_DIR / "project" / "settings.py").read_text()
DOCUMENT = (settings.BASE_DIR / "docs" / "settings.md").read_text()


def test_the_document_lists_exactly_the_settings_that_are_read() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', SOURCE))
    listed = re.findall(r"^\| `([A-Z_]+)`", DOCUMENT, re.MULTILINE)
    assert sorted(read) == sorted(listed)


def test_the_document_tells_the_defaults_of_numbers_as_they_are() -> None:
    told = dict(re.findall(r"^\| `([A-Z_]+)` \| `([\d.]+)`", DOCUMENT, re.MULTILINE))
    read = dict(re.findall(r'env\.(?:int|float|bool)\("([A-Z_]+)", ([^)]+)\)', SOURCE))
    assert {name: float(told[name]) for name in read} == {name: float(eval(default)) for name, default in read.items()}
