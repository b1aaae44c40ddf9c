"""What the Workflows page does: makes, imports, renames, copies and deletes, each said in words."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from runs.models import Asset, Job
from runs.pages import collection
from runs.states import State
from tests import factories
from tests.runs.jobs import ran
from tests.workflows.drawing import document as drawn
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    """Ada's browser."""
    client.force_login(ada)
    return client


def shown(page: Client, address: str, **fields: Any) -> str:
    """What the page says after the form is sent, of a list of workflows."""
    answer = page.post(address, fields, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    return answer.content.decode()


def file(value: object, name: str = "given.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, value if isinstance(value, bytes) else json.dumps(value).encode())


def names() -> list[str]:
    return list(Workflow.objects.order_by("created_at").values_list("name", flat=True))


def test_a_new_workflow_opens_on_its_empty_canvas(page: Client, ada: User) -> None:
    answer = page.post("/workflows/", follow=True)

    made = Workflow.objects.get()
    assert answer.redirect_chain == [(f"/workflows/{made.pk}/", 302)]
    assert (made.owner, made.name, made.version, made.graph.document["nodes"]) == (ada, "New workflow", 1, [])
    assert "Empty: open it" in page.get("/").content.decode()


def test_new_workflows_have_names_of_their_own(page: Client, ada: User, bob: User) -> None:
    factories.workflow(bob, name="New workflow")
    for _ in range(3):
        page.post("/workflows/")
    Workflow.objects.get(name="New workflow 2").delete()
    page.post("/workflows/")

    assert set(Workflow.objects.filter(owner=ada).values_list("name", flat=True)) == {
        "New workflow", "New workflow 2", "New workflow 3",
    }  # fmt: skip


def test_a_file_is_imported_as_a_workflow(page: Client, ada: User) -> None:
    document = {"name": "Echo", "description": "Again.", "graph": factories.TEXT}

    assert "“Echo” is imported." in shown(page, "/workflows/imports/", document=file(document))
    made = Workflow.objects.get()
    assert (made.owner, made.description, made.graph.document) == (ada, "Again.", factories.TEXT)


def test_an_export_is_imported_under_the_same_name(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, name="Night & day")
    export = page.get(f"/api/v1/workflows/{workflow.pk}/export")

    shown(page, "/workflows/imports/", document=file(export.content))

    assert names() == ["Night & day", "Night & day"]


def test_several_files_are_imported_each_by_itself(page: Client) -> None:
    given = [file(factories.TEXT, "a.loupe.json"), file(b"\x89PNG", "b.png"), file(factories.NOISE, "c.json")]

    told = shown(page, "/workflows/imports/", document=given)

    assert names() == ["a", "c"]
    assert "“b.png” is no JSON file." in told
    assert "“c” is imported." in told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"{", "“given.json” is no JSON file. Choose a workflow that Loupe exported."),
        (b"[" * 99_999, "“given.json” is no JSON file."),
        (b"[1]", "“given.json” holds no workflow that Loupe can read: A graph is an object with a list of nodes."),
        ({"nodes": [{"id": "a b"}, {"id": "c d"}]}, "more like this."),
        ({"name": "x" * 201, "graph": factories.TEXT}, "A name is a text of 1 to 200 characters"),
        (b" " * (4 * 1024**2 + 1), "“given.json” is larger than any workflow."),
    ],
)
def test_what_holds_no_workflow_makes_none_and_says_why(page: Client, given: object, said: str) -> None:
    told = shown(page, "/workflows/imports/", document=file(given))

    assert said in told
    assert 'role="alert"' in told
    assert names() == []


def test_an_import_without_a_file_says_so(page: Client) -> None:
    assert "No file was chosen." in shown(page, "/workflows/imports/")


def test_an_import_says_which_files_it_lacks(page: Client) -> None:
    many = {f"photo{n}": ("input.image", {"name": f"p{n}", "value": {"asset": str(uuid4())}}) for n in range(7)}

    told = shown(page, "/workflows/imports/", document=file(drawn(many)))

    assert told.count("is an asset that you don’t have") == collection.WARNINGS
    assert "The “value” of “photo0” is" in told
    assert "lacks 2 more files like these" in told
    assert Workflow.objects.count() == 1


def test_a_workflow_is_renamed_and_stays_otherwise(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, name="Old", description="Same.")

    assert "New &amp; better" in shown(page, f"/workflows/{workflow.pk}/name/", name="  New & better ")
    workflow.refresh_from_db()
    assert (workflow.name, workflow.description, workflow.version) == ("New & better", "Same.", 2)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_that_says_nothing_is_refused_in_words(page: Client, ada: User, name: str) -> None:
    workflow = factories.workflow(ada, name="Old")

    assert "“Old” keeps its name." in shown(page, f"/workflows/{workflow.pk}/name/", name=name)
    assert names() == ["Old"]


def test_the_name_that_it_has_makes_no_version(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, name="Old")
    shown(page, f"/workflows/{workflow.pk}/name/", name="Old")
    assert Workflow.objects.get().version == 1


def test_a_copy_has_the_graph_and_none_of_the_runs(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, name="Echo", description="Again.")
    factories.job(workflow, state=State.COMPLETED)

    assert "“Copy of Echo” is made." in shown(page, f"/workflows/{workflow.pk}/copies/")
    copy = Workflow.objects.get(name="Copy of Echo")
    assert (copy.description, copy.graph_id, copy.version, copy.jobs.count()) == ("Again.", workflow.graph_id, 1, 0)


def test_a_copy_of_the_longest_name_can_be_kept(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, name="x" * 200)
    shown(page, f"/workflows/{workflow.pk}/copies/")
    assert [len(name) for name in names()] == [200, 200]


def test_deleting_takes_a_workflow_with_its_runs_and_all_that_they_made(page: Client, ada: User) -> None:
    workflow = ran(ada, factories.NOISE).workflow

    assert f"“{workflow.name}” is deleted." in shown(page, f"/workflows/{workflow.pk}/deletion/")
    assert not Workflow.objects.exists()
    assert not Job.objects.exists()
    assert not Asset.objects.exists()


def test_deleting_is_refused_in_words_while_a_run_is_active(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada, name="Busy")
    factories.job(workflow, state=State.RUNNING)

    told = shown(page, f"/workflows/{workflow.pk}/deletion/")

    assert "“Busy” is still here: some of its runs are still active. Cancel them, then delete it." in told
    assert names() == ["Busy"]


def test_a_card_has_a_menu_of_what_can_be_done(page: Client, ada: User) -> None:
    workflow = factories.workflow(ada)
    told = page.get("/").content.decode()
    for action in ("rename", "copy", "export", "delete"):
        assert f'data-action="{action}"' in told
    assert f'href="/api/v1/workflows/{workflow.pk}/export" download' in told


@pytest.mark.parametrize("part", ["name", "copies", "deletion"])
def test_what_is_anothers_is_not_there(page: Client, bob: User, part: str) -> None:
    workflow = factories.workflow(bob, name="Bob's")
    assert page.post(f"/workflows/{workflow.pk}/{part}/", {"name": "Mine"}).status_code == 404
    assert names() == ["Bob's"]


@pytest.mark.parametrize("address", ["/workflows/", "/workflows/imports/"])
def test_looking_makes_nothing(page: Client, address: str) -> None:
    assert page.get(address).status_code in {302, 405}
    assert names() == []
