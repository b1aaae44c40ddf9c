"""Every way in which a request to the API fails is a problem (RFC 9457) that says what to do."""

import json
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import InternalError, OperationalError
from django.test import Client

from accounts.models import User
from accounts.scopes import Scope
from tests import factories
from tests.rest import ROOT, Rest, codes
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada)


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The document, which is checked to be a problem of this status."""
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(document)
    assert document["status"] == status
    assert document["detail"]
    return document


@pytest.mark.parametrize("path", ["/nothing", "/jobs/1", "/workflows/x", "/jobs/../../etc", "/", "/jobs/a%0Ab"])
def test_what_is_not_there_is_a_problem(rest: Rest, path: str) -> None:
    problem(rest.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/jobs", "GET, HEAD"),
        ("GET", "/ws-tickets", "POST"),
        ("POST", "/me", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("GET", "/assets", "POST"),
    ],
)
def test_a_method_that_is_not_possible_names_those_that_are(rest: Rest, method: str, path: str, allowed: str) -> None:
    answer = rest.send(method, path)

    problem(answer, 405)
    assert answer["Allow"] == allowed


def test_one_path_allows_what_several_modules_offer(rest: Rest, ada: User) -> None:
    answer = rest.post(f"/workflows/{factories.workflow(ada).pk}")

    assert answer["Allow"] == "DELETE, GET, HEAD, PATCH, PUT"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_json_must_be_called_so(rest: Rest, content_type: str) -> None:
    problem(rest.post("/workflows", {"name": "x", "graph": factories.TEXT}, content_type=content_type), 415)


def test_a_sessions_form_is_no_json(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    secret = "x" * 32
    client.cookies[settings.CSRF_COOKIE_NAME] = secret
    form = {"name": "x", "csrfmiddlewaretoken": secret}
    for path in ("/workflows", f"/workflows/{factories.workflow(ada).pk}/versions/1/restoration"):
        problem(client.post(f"{ROOT}{path}", form, headers={"X-CSRFToken": secret}), 415)


def test_an_answer_without_a_body_has_no_type_of_one(rest: Rest, ada: User) -> None:
    answer = rest.delete(f"/workflows/{factories.workflow(ada).pk}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/tokens", {"name": "x" * 101, "scopes": ["read"]}, "String should have at most 100 characters"),
        ("/tokens", {"name": " ", "scopes": ["read"]}, "a name has more than blanks"),
        ("/tokens", {"name": "x"}, "This is needed."),
        ("/tokens", {"name": "x", "scopes": ["read"], "day": 1}, "There is nothing of this name here."),
        ("/tokens", [], "This must be a JSON object."),
    ],
)
def test_what_is_wrong_is_said_without_a_word_of_python(rest: Rest, path: str, body: object, said: str) -> None:
    assert said in [error["message"] for error in problem(rest.post(path, body), 422)["errors"]]


@pytest.mark.parametrize("query", ["limit=1&limit=2", "cursor=x&cursor=", "submitted_after=x&submitted_after=y"])
def test_a_parameter_that_is_given_twice_is_refused_where_one_counts(rest: Rest, query: str) -> None:
    answer = rest.client.get(f"{ROOT}/jobs?{query}", headers=rest.headers)

    assert [error["property"] for error in problem(answer, 422)["errors"]] == [query.partition("=")[0]]


def test_one_of_which_all_count_may_be_given_twice(rest: Rest) -> None:
    assert rest.get("/jobs", {"state": ["queued", "running"], "param.n": ["1", "2"]}).status_code == 200


def test_a_charset_may_be_named(rest: Rest) -> None:
    body = {"name": "x", "graph": factories.TEXT}

    assert rest.post("/workflows", body, content_type="application/json; charset=utf-8").status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe\x00",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": 1e999}',
        b'{"name": "a", }',
        b'{"name": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_a_problem(rest: Rest, body: bytes) -> None:
    answer = rest.post("/workflows", body)

    assert answer.status_code in {400, 422}
    problem(answer, answer.status_code)


def test_json_is_nested_64_deep_at_most(rest: Rest) -> None:
    def nested(depth: int) -> bytes:
        return b'{"name": "x", "graph": ' + b"[" * depth + b"]" * depth + b"}"

    assert codes(rest.post("/workflows", nested(63))) == {("graph", "bad_value")}
    assert codes(rest.post("/workflows", nested(64))) == {(None, "too_large")}


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1", "utf-8-sig"]
)
@pytest.mark.parametrize("text", ["a\0b", "ä"])
def test_json_is_in_utf_8_alone(rest: Rest, encoding: str, text: str) -> None:
    body = json.dumps({"name": text, "graph": factories.TEXT}, ensure_ascii=text == "a\0b")

    if body.isascii() and encoding == "latin-1":
        body += "\xff"
    problem(rest.post("/workflows", body.encode(encoding)), 400)
    assert not Workflow.objects.exists()


@pytest.mark.parametrize("text", [r"a\u0000b", r"half \ud800"])
def test_texts_that_no_database_keeps_are_refused(rest: Rest, text: str) -> None:
    graph = json.dumps(factories.TEXT)

    problem(rest.post("/workflows", f'{{"name": "{text}", "graph": {graph}}}'.encode()), 422)
    assert not Workflow.objects.exists()


def test_whole_surrogate_pairs_are_characters(rest: Rest) -> None:
    graph = json.dumps(factories.TEXT)

    answer = rest.post("/workflows", f'{{"name": "\\ud83d\\ude00", "graph": {graph}}}'.encode())

    assert answer.json()["name"] == "😀"


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"3"])
def test_a_body_is_an_object(rest: Rest, body: bytes) -> None:
    assert problem(rest.post("/workflows", body), 422)["errors"]


def test_a_missing_body_is_a_problem(rest: Rest) -> None:
    assert codes(rest.post("/workflows")) == {("body", "missing_input")}


def test_too_large_a_body_is_a_problem(rest: Rest, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    problem(rest.post("/workflows", {"name": "x" * 1000}), 413)


def test_a_scope_that_is_missing_is_named(ada: User) -> None:
    document = problem(Rest(ada, Scope.READ).post("/workflows", {}), 403)

    assert "write" in document["detail"]


def test_who_is_not_signed_in_learns_nothing_else(ada: User) -> None:
    workflow = factories.workflow(ada)

    for answer in (
        Rest().get(f"/workflows/{workflow.pk}"),
        Rest().post("/workflows", b"nonsense"),
        Rest().get("/jobs?x=1"),
    ):
        problem(answer, 401)


def test_errors_within_show_nothing_of_what_is_within(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        message = "the canary sings in /secret/place"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("workflows.api.registry.all", broken)

    document = problem(rest.get("/node-types"), 500)

    assert "canary" not in json.dumps(document)


@pytest.mark.parametrize("kind", [OperationalError, InternalError])
def test_a_database_that_is_away_says_when_to_try_again(
    rest: Rest, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def locked(*_: Any, **__: Any) -> None:
        message = "database is locked"
        raise kind(message)

    monkeypatch.setattr("workflows.api.page", locked)

    answer = rest.get("/workflows")

    problem(answer, 503)
    assert answer["Retry-After"] == "2"


def test_a_redis_that_is_away_says_when_to_try_again(rest: Rest, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis.from_url("unix:///nowhere/valkey.sock")
    monkeypatch.setattr("runs.tail.keys.connection", lambda: nowhere)
    job = factories.job(factories.workflow(ada))

    answer = rest.get(f"/jobs/{job.pk}/telemetry")

    problem(answer, 503)
    assert answer["Retry-After"] == "2"


@pytest.mark.parametrize("path", ["/me", "/node-types", "/workflows", "/jobs", "/queue", "/openapi.json", "/docs"])
def test_head_works_where_get_does(rest: Rest, path: str) -> None:
    got, head = rest.get(path), rest.send("HEAD", path)

    assert (got.status_code, head.status_code, head.content) == (200, 200, b"")
    assert int(head["Content-Length"]) > 0
    assert head["Content-Type"] == got["Content-Type"]


def test_answers_are_not_kept_by_caches(rest: Rest) -> None:
    assert rest.get("/me")["Cache-Control"] == "no-store"


def test_the_document_lists_every_call_once() -> None:
    document = Client().get(f"{ROOT}/openapi.json").json()

    calls = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len({call["operationId"] for call in calls}) == len(calls)
    assert all("default" in call["responses"] and call["security"] for call in calls)
    assert not any("head" in methods for methods in document["paths"].values())


def test_the_page_of_the_api_needs_no_network_and_no_inline_script() -> None:
    page = Client().get(f"{ROOT}/docs").content.decode()

    assert "https://" not in page
    assert "/static/ninja/swagger-ui-bundle.js" in page
    assert "<script>" not in page
