"""What holds for answers whatever they are about: lists, ids, times, and the codes of what is wrong."""

import re
from typing import Any
from uuid import UUID

import pytest
import redis

from accounts.models import User
from runs.models import Job
from tests import factories
from tests.rest import Rest
from tests.runs.jobs import graph

pytestmark = pytest.mark.django_db
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DEEP: Any = "deep"
for _ in range(40):
    DEEP = [DEEP]


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada)


def test_a_list_has_50_unless_told_otherwise_and_200_at_most(ada: User, rest: Rest) -> None:
    workflow = factories.workflow(ada)
    for _ in range(201):
        factories.job(workflow)

    assert len(rest.get("/jobs").json()["items"]) == 50
    most = rest.get("/jobs", {"limit": 200}).json()
    assert len(most["items"]) == 200
    rest_of_it = rest.get("/jobs", {"limit": 200, "cursor": most["next"]}).json()
    assert (len(rest_of_it["items"]), rest_of_it["next"]) == (1, None)
    assert {rest.get("/jobs", {"limit": limit}).status_code for limit in (0, 201)} == {422}


def test_ids_are_uuids_and_times_rfc_3339_in_utc(ada: User, rest: Rest) -> None:
    factories.product(factories.job(factories.workflow(ada)))
    for path in ("/workflows", "/jobs", f"/jobs/{Job.objects.get().pk}/assets", "/tokens"):
        (item,) = rest.get(path).json()["items"]
        assert str(UUID(item["id"])) == item["id"]
        times = [value for name, value in item.items() if name.endswith("_at") and value]
        assert times
        assert all(MOMENT.fullmatch(each) for each in times)


TWICE = [{"id": "a", "type": "control.wait"}, {"id": "a", "type": "control.wait"}]
NAMED = ("input.text", {"name": "word", "value": "x"})
WRONG: list[tuple[str, Any, Any]] = [
    ("missing_input", graph({"a": ("image.blur", {})}), {}),
    ("unknown_type", graph({"a": ("no.such", {})}), {}),
    ("unknown_property", graph({"a": ("control.wait", {"no_such": 1})}), {}),
    ("bad_value", graph({"a": ("control.wait", {"seconds": "long"})}), {}),
    ("bad_edge", graph({"a": ("control.wait", {}), "b": ("control.wait", {})}, "a.no_such > b.value"), {}),
    ("type_mismatch", graph({"a": NAMED, "b": ("image.blur", {})}, "a.value > b.image"), {}),
    (
        "cycle",
        graph({"a": ("control.wait", {}), "b": ("control.wait", {})}, "a.value > b.value", "b.value > a.value"),
        {},
    ),
    ("duplicate_id", {"version": 1, "nodes": TWICE, "edges": []}, None),
    ("duplicate_parameter", graph({"a": NAMED, "b": NAMED}), {}),
    ("unknown_parameter", graph({"a": NAMED}), {"no_such": 1}),
    ("too_large", {"version": 1, "nodes": [], "edges": [], "notes": [DEEP]}, None),
]
"""A code, a graph, and the parameters that a run is to have; None where the graph is refused before."""


@pytest.mark.parametrize(("code", "document", "params"), WRONG, ids=[code for code, _, _ in WRONG])
def test_every_code_of_the_contract_is_given(rest: Rest, code: str, document: Any, params: Any) -> None:
    saved = rest.post("/workflows", {"name": "w", "graph": document})
    if params is None:
        answer = saved
    else:
        path = f"/workflows/{saved.json()['id']}"
        assert code in {each["code"] for each in rest.post(f"{path}/validation", {"params": params}).json()["errors"]}
        answer = rest.post(f"{path}/jobs", {"params": params})

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert code in {error["code"] for error in answer.json()["errors"]}
    assert all(error.keys() == {"node", "property", "code", "message"} for error in answer.json()["errors"])
    assert not Job.objects.exists()
