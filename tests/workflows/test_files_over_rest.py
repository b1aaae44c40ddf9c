"""What REST promises of workflows as files: what is exported is imported again, and what is lacking is said."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from runs.models import Asset
from tests import factories
from tests.rest import Rest, codes
from tests.workflows.drawing import document as drawn
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


def upload(owner: User) -> str:
    return str(Asset.objects.create(owner=owner, kind="text", value="hello", created_at=timezone.now()).pk)


def photo(asset: str, **fields: Any) -> dict[str, Any]:
    """A graph that refers to an asset, its node titled and maybe otherwise changed."""
    value = {"name": "photo", "value": {"asset": asset}}
    return drawn({"photo": ("input.image", value)}, photo={"title": "Photograph", **fields})


def test_an_export_is_a_file_named_as_the_workflow(rest: Rest, ada: User) -> None:
    workflow = factories.workflow(ada, name="Café: a/b", description="What it does.")

    answer = rest.get(f"/workflows/{workflow.pk}/export")

    assert answer.json() == {"name": "Café: a/b", "description": "What it does.", "graph": factories.TEXT}
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''Caf%C3%A9-%20a-b.loupe.json"
    assert "Café" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "file"), [("Echo", '"Echo.loupe.json"'), ("../..", '"workflow.loupe.json"'), ("a" * 200, "a" * 100)]
)
def test_an_export_can_be_kept_on_any_system(rest: Rest, ada: User, name: str, file: str) -> None:
    workflow = factories.workflow(ada, name=name)

    header = rest.get(f"/workflows/{workflow.pk}/export")["Content-Disposition"]

    assert file in header
    assert len(header) < 160


def test_what_was_exported_is_imported_with_all_that_it_had(rest: Rest, ada: User, bob: User) -> None:
    graph = {**factories.TEXT, "notes": [{"text": "Mind the gap"}], "x-mine": {"a": [1]}}
    workflow = factories.workflow(ada, graph, name="Echo", description="Again.")
    exported = rest.get(f"/workflows/{workflow.pk}/export").json()

    answer = Rest(bob).post("/workflows/import", {"document": exported})

    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == f"/api/v1/workflows/{made['id']}"
    assert (made["name"], made["description"], made["graph"], made["warnings"]) == ("Echo", "Again.", graph, [])
    assert Workflow.objects.get(pk=made["id"]).owner == bob
    assert Rest(bob).get(f"/workflows/{made['id']}").json() == {k: made[k] for k in made.keys() - {"warnings"}}


def test_a_whole_workflow_and_a_graph_alone_are_documents_too(rest: Rest, ada: User) -> None:
    whole = rest.get(f"/workflows/{factories.workflow(ada, name='Whole').pk}").json()

    names = [
        rest.post("/workflows/import", {"document": document, "format": "loupe"}).json()["name"]
        for document in (whole, factories.TEXT)
    ]

    assert names == ["Whole", "Imported workflow"]


@pytest.mark.parametrize("fields", [{}, {"bypassed": True}])
def test_assets_that_one_does_not_have_are_named_and_stay(
    rest: Rest, ada: User, bob: User, fields: dict[str, Any]
) -> None:
    for asset in (upload(bob), str(uuid4())):
        graph = photo(asset, **fields)
        made = rest.post("/workflows/import", {"document": {"name": "x", "graph": graph}}).json()

        assert made["graph"] == graph
        (warning,) = made["warnings"]
        assert (warning["node"], warning["property"]) == ("photo", "value")
        assert "The “value” of “Photograph”" in warning["message"]


def test_assets_that_one_has_need_no_warning(rest: Rest, ada: User) -> None:
    assert rest.post("/workflows/import", {"document": photo(upload(ada))}).json()["warnings"] == []


@pytest.mark.parametrize("other", ["nodetool", "comfyui"])
def test_formats_of_others_are_refused_in_words(rest: Rest, other: str) -> None:
    answer = rest.post("/workflows/import", {"document": factories.TEXT, "format": other})

    assert (answer.status_code, codes(answer)) == (422, {("format", "bad_value")})
    assert "not known yet" in answer.json()["detail"]
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, ("document", "missing_input")),
        ({"document": []}, ("document", "bad_value")),
        ({"document": {}}, ("nodes", "bad_value")),
        ({"document": {"graph": 3}}, ("nodes", "bad_value")),
        ({"document": {"name": 3, "graph": factories.TEXT}}, ("name", "bad_value")),
        ({"document": factories.TEXT, "format": "xml"}, ("format", "bad_value")),
        ({"document": factories.TEXT, "format": None}, ("format", "bad_value")),
        ({"document": factories.TEXT, "name": "x"}, ("name", "unknown_property")),
    ],
)
def test_what_is_no_document_is_refused(rest: Rest, body: dict[str, Any], complaint: tuple[str, str]) -> None:
    answer = rest.post("/workflows/import", body)

    assert (answer.status_code, codes(answer)) == (422, {complaint})
    assert not Workflow.objects.exists()


def test_a_repeated_import_answers_with_the_first(rest: Rest) -> None:
    body = {"document": {"name": "x", "graph": photo(str(uuid4()))}}

    first = rest.post("/workflows/import", body, idempotency_key="k1")
    again = rest.post("/workflows/import", json.loads(json.dumps(body)), idempotency_key="k1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Workflow.objects.count() == 1
    assert rest.post("/workflows/import", {"document": factories.TEXT}, idempotency_key="k1").status_code == 422


def test_reading_exports_and_writing_imports(ada: User) -> None:
    workflow = factories.workflow(ada)
    reader, runner = Rest(ada, Scope.READ), Rest(ada, Scope.RUN)

    assert reader.get(f"/workflows/{workflow.pk}/export").status_code == 200
    assert runner.post("/workflows/import", {"document": factories.TEXT}).status_code == 403
