"""What REST promises of a workflow's versions."""

from typing import Any

import pytest

from accounts.models import User
from accounts.scopes import Scope
from tests import factories
from tests.rest import Rest
from tests.runs.jobs import graph

pytestmark = pytest.mark.django_db

OTHER = graph({"wait": ("control.wait", {"seconds": 0})})


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


@pytest.fixture
def path(rest: Rest) -> str:
    """A workflow that was drawn, drawn otherwise, and renamed: three versions."""
    made = rest.post("/workflows", {"name": "Echo", "graph": factories.TEXT}).json()["id"]
    rest.patch(f"/workflows/{made}", {"graph": OTHER})
    rest.patch(f"/workflows/{made}", {"name": "Wait"})
    return f"/workflows/{made}"


def test_the_versions_are_listed_the_newest_first_a_page_at_a_time(rest: Rest, path: str) -> None:
    first = rest.get(f"{path}/versions?limit=2").json()
    rest_of = rest.get(f"{path}/versions?limit=2&cursor={first['next']}").json()
    assert [each["version"] for each in first["items"]] == [3, 2]
    assert [each["version"] for each in rest_of["items"]] == [1]
    assert rest_of["next"] is None
    digests = [each["digest"] for each in (*first["items"], *rest_of["items"])]
    assert digests[0] == digests[1] != digests[2]
    assert set(first["items"][0]) == {"version", "digest", "created_at"}


def test_a_version_is_read_with_its_graph(rest: Rest, path: str) -> None:
    assert rest.get(f"{path}/versions/1").json()["graph"] == factories.TEXT
    assert rest.get(f"{path}/versions/2").json()["graph"] == OTHER


def test_an_older_graph_comes_back_as_the_next_version(rest: Rest, path: str) -> None:
    answer = rest.post(f"{path}/versions/1/restoration")
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["graph"]) == (4, factories.TEXT)
    assert answer.json()["name"] == "Wait"
    assert [each["version"] for each in rest.get(f"{path}/versions").json()["items"]] == [4, 3, 2, 1]


@pytest.mark.parametrize(("header", "status", "version"), [('"3"', 200, 4), ('"2"', 412, 3)])
def test_it_comes_back_to_the_version_that_one_saw_alone(
    rest: Rest, path: str, header: str, status: int, version: int
) -> None:
    assert rest.post(f"{path}/versions/1/restoration", if_match=header).status_code == status
    assert rest.get(path).json()["version"] == version


def test_a_repeat_with_the_same_key_brings_nothing_back_again(rest: Rest, path: str) -> None:
    answers = [rest.post(f"{path}/versions/1/restoration", idempotency_key="once") for _ in range(2)]
    assert [(answer.status_code, answer.json()["version"]) for answer in answers] == [(200, 4), (200, 4)]


@pytest.mark.parametrize("number", [0, 4, 10**12])
def test_a_version_that_never_was_is_not_found(rest: Rest, path: str, number: int) -> None:
    for answer in (rest.get(f"{path}/versions/{number}"), rest.post(f"{path}/versions/{number}/restoration")):
        assert answer.status_code == 404
    assert rest.get(path).json()["version"] == 3


def test_others_versions_are_not_there_and_reading_brings_none_back(
    rest: Rest, path: str, ada: User, bob: User
) -> None:
    other, reader = Rest(bob), Rest(ada, Scope.READ)
    answers: list[Any] = [other.get(f"{path}/versions"), other.post(f"{path}/versions/1/restoration")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert reader.get(f"{path}/versions").status_code == 200
    assert reader.post(f"{path}/versions/1/restoration").status_code == 403
