"""The document of the API for those who read it: programs that resolve its references, and people."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(client: Client, ada: User) -> dict[str, Any]:
    client.force_login(ada)
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return found


def references(part: object) -> Iterator[str]:
    """Every `$ref` in it."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from references(each)


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert "#/components/schemas/ProblemDocument" in found
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def test_every_call_says_in_words_what_it_does_and_what_422_means(document: dict[str, Any]) -> None:
    for operation in operations(document):
        assert " " in operation["summary"], operation["operationId"]
        assert "errors" in operation["responses"]["422"]["description"]
