"""What REST promises of workflows."""

from typing import Any

import pytest

from accounts.models import User
from accounts.scopes import Scope
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Graph, Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


def body(**changes: Any) -> dict[str, Any]:
    return {"name": "Echo", "description": "Says it again.", "graph": factories.TEXT, **changes}


def test_a_workflow_is_created_with_its_parameters(rest: Rest) -> None:
    answer = rest.post("/workflows", body())

    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == f"/api/v1/workflows/{made['id']}"
    assert set(made) == {
        "id", "name", "description", "graph", "version", "parameters", "created_at", "updated_at",
    }  # fmt: skip
    assert made["graph"] == factories.TEXT
    assert made["version"] == 1
    assert made["created_at"].endswith("Z")
    assert [(each["name"], each["node"], each["type"]) for each in made["parameters"]] == [("word", "word", "text")]


def test_what_was_created_is_read_again_unknown_keys_and_all(rest: Rest) -> None:
    graph = {**factories.TEXT, "notes": [{"text": "Mind the gap"}], "x-mine": {"a": [1]}}
    made = rest.post("/workflows", body(graph=graph)).json()

    assert rest.get(f"/workflows/{made['id']}").json() == made
    assert made["graph"] == graph


def test_a_draft_may_be_saved_that_could_not_run(rest: Rest) -> None:
    draft = {"version": 1, "nodes": [{"id": "n", "type": "no.such"}], "edges": []}

    assert rest.post("/workflows", body(graph=draft)).status_code == 201


def test_what_is_no_graph_is_refused_with_all_that_is_wrong(rest: Rest) -> None:
    twice = {"version": 1, "nodes": [{"id": "n", "type": "text.split"}, {"id": "n", "type": 3}], "edges": []}

    answer = rest.post("/workflows", body(graph=twice))

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert {"duplicate_id", "bad_value"} <= {code for _, code in codes(answer)}
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": ""}, ("name", "bad_value")),
        ({"name": 3}, ("name", "bad_value")),
        ({"name": " \t\u00a0"}, ("name", "bad_value")),
        ({"name": "x" * 201}, ("name", "bad_value")),
        ({"graph": []}, ("graph", "bad_value")),
        ({"version": 2}, ("version", "unknown_property")),
    ],
)
def test_a_body_is_taken_exactly(rest: Rest, change: dict[str, Any], complaint: tuple[str, str]) -> None:
    answer = rest.post("/workflows", body(**change))

    assert (answer.status_code, codes(answer)) == (422, {complaint})


def test_what_is_missing_is_named(rest: Rest) -> None:
    assert codes(rest.post("/workflows", {})) == {("name", "missing_input"), ("graph", "missing_input")}


def test_replacing_makes_the_next_version(rest: Rest) -> None:
    made = rest.post("/workflows", body()).json()

    answer = rest.put(f"/workflows/{made['id']}", body(name="Noise", graph=factories.NOISE))

    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["name"]) == (2, "Noise")
    assert answer.json()["graph"] == factories.NOISE
    workflow = Workflow.objects.get()
    assert [version.number for version in workflow.versions.order_by("number")] == [1, 2]


def test_a_change_leaves_the_rest_as_it_is(rest: Rest) -> None:
    made = rest.post("/workflows", body()).json()

    changed = rest.patch(f"/workflows/{made['id']}", {"description": "New"}).json()

    assert {**made, "description": "New", "version": 2, "updated_at": changed["updated_at"]} == changed


def test_a_change_of_nothing_makes_no_version(rest: Rest) -> None:
    made = rest.post("/workflows", body()).json()

    answer = rest.patch(f"/workflows/{made['id']}", {})

    assert (answer.status_code, answer.json()) == (200, made)
    assert Workflow.objects.get().versions.count() == 1


@pytest.mark.parametrize("change", [{"name": None}, {"description": None}, {"graph": None}, {"name": "  "}])
def test_a_change_to_nothing_is_refused(rest: Rest, change: dict[str, Any]) -> None:
    made = rest.post("/workflows", body()).json()

    answer = rest.patch(f"/workflows/{made['id']}", change)

    assert (answer.status_code, codes(answer)) == (422, {(next(iter(change)), "bad_value")})
    assert rest.get(f"/workflows/{made['id']}").json() == made


def test_a_workflow_that_is_replaced_has_a_name(rest: Rest) -> None:
    made = rest.post("/workflows", body()).json()

    assert codes(rest.put(f"/workflows/{made['id']}", body(name=" "))) == {("name", "bad_value")}


def test_equal_graphs_are_stored_once(rest: Rest) -> None:
    rest.post("/workflows", body())
    rest.post("/workflows", body(name="Another"))

    assert Graph.objects.count() == 1


def test_lists_hold_whole_workflows_and_the_last_changed_first(rest: Rest) -> None:
    first, second = (rest.post("/workflows", body(name=name)).json()["id"] for name in "ab")
    rest.patch(f"/workflows/{first}", {"description": "Changed"})

    answer = rest.get("/workflows").json()

    assert [item["id"] for item in answer["items"]] == [first, second]
    assert answer["next"] is None
    assert answer["items"][0] == rest.get(f"/workflows/{first}").json()


def test_a_list_is_read_in_parts_that_join_without_gap(rest: Rest, ada: User) -> None:
    made = {str(factories.workflow(ada, name=f"w{number}").pk) for number in range(5)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        part = rest.get("/workflows", {"limit": 2, **cursor}).json()
        seen += [item["id"] for item in part["items"]]
        if part["next"] is None:
            break
        cursor = {"cursor": part["next"]}

    assert len(seen) == 5
    assert set(seen) == made


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "nonsense"}, {"page": 2}])
def test_a_list_takes_no_other_parameters(rest: Rest, query: dict[str, Any]) -> None:
    answer = rest.get("/workflows", query)

    assert answer.status_code == 422
    assert {name for name, _ in codes(answer)} == set(query)


def test_a_list_costs_the_same_number_of_queries_however_long(
    rest: Rest, ada: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        factories.workflow(ada)
    rest.get("/workflows")

    with django_assert_max_num_queries(2):
        rest.get("/workflows")


def test_node_types_say_what_they_take_and_give(rest: Rest) -> None:
    types = {each["type"]: each for each in rest.get("/node-types").json()["items"]}

    blur = types["image.blur"]
    assert {"type", "title", "description", "family", "inputs", "outputs", "pure"} <= set(blur)
    radius = next(port for port in blur["inputs"] if port["name"] == "radius")
    assert {"name", "type", "required", "default", "minimum", "maximum", "choices", "widget", "list"} <= set(radius)
    assert (radius["type"], radius["default"], radius["required"]) == ("number", 4.0, False)
    assert blur["outputs"] == [{"name": "image", "type": "image", "streams": False}]


def test_node_types_come_in_parts_when_asked_to(rest: Rest) -> None:
    names = [each["type"] for each in rest.get("/node-types").json()["items"]]
    found, query = [], {"limit": 7}
    while True:
        part = rest.get("/node-types", query).json()
        found += [each["type"] for each in part["items"]]
        if part["next"] is None:
            break
        query["cursor"] = part["next"]

    assert found == names
    assert rest.get("/node-types", {"cursor": "no.such"}).status_code == 422


def test_a_repeated_create_answers_with_the_first(rest: Rest) -> None:
    first = rest.post("/workflows", body(), idempotency_key="k1")
    again = rest.post("/workflows", body(), idempotency_key="k1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first["Location"] == again["Location"]
    assert Workflow.objects.count() == 1


def test_scopes_below_write_change_nothing(ada: User) -> None:
    workflow = factories.workflow(ada)
    runner = Rest(ada, Scope.RUN)

    assert runner.get(f"/workflows/{workflow.pk}").status_code == 200
    assert runner.post("/workflows", body()).status_code == 403
    assert runner.delete(f"/workflows/{workflow.pk}").status_code == 403


@pytest.mark.parametrize("call", ["put", "patch"])
@pytest.mark.parametrize(
    ("header", "status"),
    [('"1"', 200), ('"7", "1"', 200), ("*", 200), ('"2"', 412), ('W/"1"', 412), ("1", 412), ("", 412)],
)
def test_a_change_of_a_version_that_moved_is_refused(rest: Rest, call: str, header: str, status: int) -> None:
    made = rest.post("/workflows", body()).json()
    answer = rest.send(call.upper(), f"/workflows/{made['id']}", body(name="New"), if_match=header)
    assert answer.status_code == status
    assert rest.get(f"/workflows/{made['id']}").json()["name"] == ("New" if status == 200 else "Echo")


def test_a_refusal_for_its_version_says_which_it_has(rest: Rest) -> None:
    made = rest.post("/workflows", body()).json()
    problem = rest.patch(f"/workflows/{made['id']}", {"name": "New"}, if_match='"4"').json()
    assert problem["version"] == 1
    assert "Read it again" in problem["detail"]
