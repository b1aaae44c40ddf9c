"""Every promise names a test that there is, and the document says so."""

from tests.contract.coverage import DOCUMENT, document, promises, unshown
from tests.contract.row import Later


def test_every_promise_names_tests_that_there_are() -> None:
    assert unshown() == {}


def test_a_promise_stands_once() -> None:
    places = [place for place, _ in promises()]
    assert len(places) == len(set(places))
    assert sum(isinstance(shown, Later) for _, shown in promises()) < len(places) / 10


def test_the_document_is_as_the_tables_are() -> None:
    assert DOCUMENT.read_text() == document(), "run: .venv/bin/python -m tests.contract.coverage"
