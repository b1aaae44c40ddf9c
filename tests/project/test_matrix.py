"""Every route × everyone who may ask: what is not yours is not there, and a route without a row fails."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from PIL import Image

from accounts.models import ApiToken, User
from accounts.scopes import Scope
from project.api import api
from runs import store, webhooks
from runs.models import Asset, Batch
from runs.states import State
from tests import factories
from tests.project.matrix import API, PAGES, WHO, Row, least_scope
from tests.rest import ROOT, Rest
from workflows import media

Ask = Callable[[str, str, Any], Any]
NAMED = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def api_routes() -> set[tuple[str, str]]:
    """Method and path of each operation, and the API's two documents."""
    found = {
        (method, re.sub(r"{\w+:", "{", path))
        for router in api._get_bound_routers()
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in NAMED & set(operation.methods)
    }
    return found | {("GET", "/openapi.json"), ("GET", "/docs")}


def page_routes() -> set[str]:
    """The routes of pages, but for the admin's, which is one room with one door."""
    return {route for route in _routes(get_resolver().url_patterns) if not route.startswith(("admin/", "api/"))}


def admin_routes() -> set[str]:
    return {route for route in _routes(get_resolver().url_patterns) if route.startswith("admin/")}


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


class Installation:
    """Ada's workflow with an ended job and its picture, and everyone who may ask for them."""

    def __init__(self) -> None:
        self.ada, self.bob = User.objects.create_user("ada"), User.objects.create_user("bob")
        self.root = User.objects.create_superuser("root")
        workflow = factories.workflow(self.ada, name="Ada's own")
        job = factories.job(workflow, state=State.COMPLETED, started_at=timezone.now(), ended_at=timezone.now())
        picture, now = media.encode_image(Image.new("RGB", (8, 8))), timezone.now()
        blob = store.keep(picture.data, media_type="image/png", width=8, height=8)
        blob.thumbnail = blob
        blob.save()
        place = {"workflow": workflow, "job": job, "node": "word", "output": "value", "created_at": now}
        asset = Asset.objects.create(owner=self.ada, kind="image", blob=blob, **place)
        self.ids: dict[str, object] = {"workflow_id": workflow.pk, "job_id": job.pk, "asset_id": asset.pk, "number": 1}
        batch = Batch.objects.create(workflow=workflow, owner=self.ada, count=2, created_at=now, released_at=now)
        self.ids["batch_id"] = batch.pk
        token, _ = ApiToken.objects.issue(self.ada, [Scope.READ], name="Ada's token")
        hook, _ = webhooks.make(self.ada, "http://93.184.215.14/", ["job.ended"], None)
        self.ids |= {"secret": "unknown", "node": "word", "token_id": token.pk, "webhook_id": hook.pk}

    def path(self, route: str) -> str:
        """The route with these objects' ids in it."""
        return re.sub(r"<\w+:(\w+)>|{(\w+)}", lambda found: str(self.ids[found[1] or found[2]]), route)

    def client(self, who: str) -> Rest:
        users = {"owner": self.ada, "owner's session": self.ada, "other": self.bob, "anonymous": None}
        user = users.get(who, self.root if who != "revoked" else self.ada)
        if "session" in who and user:
            rest = Rest()
            rest.client.force_login(user)
            return rest
        rest = Rest(user, Scope.ADMIN if who == "admin" else Scope.WRITE)
        if who == "revoked":
            ApiToken.objects.update(revoked_at=timezone.now())
        return rest


@pytest.fixture
def installation(db: None, valkey: redis.Redis) -> Installation:
    return Installation()


def rows(table: dict[tuple[str, str], Row]) -> list[Any]:
    return [
        pytest.param(method, route, row, who, id=f"{method} /{route.lstrip('/')} {who}")
        for (method, route), row in table.items()
        for who in WHO
    ]


def test_every_operation_has_a_row() -> None:
    assert set(API) == api_routes()


def test_every_page_has_a_row() -> None:
    assert {route for _, route in PAGES} == page_routes()


@pytest.mark.parametrize(("method", "route", "row", "who"), rows(API))
def test_the_api(installation: Installation, method: str, route: str, row: Row, who: str) -> None:
    body = json.loads(installation.path(json.dumps(row.body)))
    answer = installation.client(who).fetch(installation.path(route), method, body)

    assert answer.status_code == row.expected(who)
    if row.hides and answer.status_code == 200:
        assert len(answer.json()["items"]) == (1 if who in {"owner", "owner's session", "admin"} else 0)


@pytest.mark.parametrize(("method", "route"), [call for call, row in API.items() if row.expected("anonymous") == 401])
def test_what_each_scope_is_enough_for(installation: Installation, method: str, route: str) -> None:
    body, least = json.loads(installation.path(json.dumps(API[method, route].body))), least_scope(method, route)
    scopes = list(Scope)
    below, person = scopes[: scopes.index(least)], installation.root if least == Scope.ADMIN else installation.ada

    for scope in below:
        refusal = Rest(person, scope).fetch(installation.path(route), method, body)
        assert refusal.status_code == 403
        assert f"“{least}”" in refusal.json()["detail"]
    assert Rest(person, least).fetch(installation.path(route), method, body).status_code not in {401, 403}


@pytest.mark.parametrize(("method", "route", "row", "who"), rows(PAGES))
def test_the_pages(installation: Installation, method: str, route: str, row: Row, who: str) -> None:
    rest = installation.client(who)
    path = f"/{installation.path(route)}"

    answer = rest.client.generic(method, path, headers=rest.headers)

    if route == "readyz":  # whatever is missing is said to everyone
        assert answer.status_code in {200, 503}
        return
    assert answer.status_code == row.expected(who)
    if row.hides and answer.status_code == 200:
        assert (b"Ada&#x27;s own" in answer.content) == (who == "owner's session")


@pytest.mark.parametrize("route", sorted(admin_routes()))
@pytest.mark.parametrize("who", WHO)
def test_the_admin_is_for_the_sessions_of_staff_alone(installation: Installation, route: str, who: str) -> None:
    rest = installation.client(who)
    path = re.sub(r"<path:\w+>", str(installation.ids["job_id"]), f"/{route}")
    path = re.sub(r"\(\?P<\w+>[^)]*\)|<\w+:\w+>", "x", path).replace("^", "").replace("$", "")

    status = rest.client.get(path, headers=rest.headers).status_code

    if who == "staff's session":
        assert status < 500
    else:
        assert status in {302, 404, 405} or route in {"admin/login/", "admin/jsi18n/"}


def test_nobody_learns_whether_others_things_are_there(installation: Installation) -> None:
    bob = installation.client("other")
    theirs = bob.get(f"/jobs/{installation.ids['job_id']}").json()
    nobodys = bob.get(f"/jobs/{installation.ids['asset_id']}").json()

    assert theirs == nobodys


def test_a_session_needs_the_csrf_token_for_every_change(installation: Installation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(installation.ada)

    for method, route in API:
        if method != "GET":
            answer = client.generic(method, f"{ROOT}{installation.path(route)}", b"{}", content_type="application/json")
            assert answer.status_code == 403, (method, route)
