"""Tokens over REST and on their page: made of no more than one holds, shown once, and of no use once revoked."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.credentials import of_secret
from accounts.models import ApiToken, User
from accounts.scopes import Scope
from tests.rest import Rest, codes

pytestmark = pytest.mark.django_db
ADDRESS = "/settings/tokens/"


@pytest.fixture
def page(client: Client, ada: User) -> Client:
    """Ada's browser."""
    client.force_login(ada)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_token_is_made_used_listed_and_revoked(ada: User) -> None:
    rest = Rest(ada)
    answer = rest.post("/tokens", {"name": "nightly", "scopes": ["run", "read"], "days": 30})
    made = answer.json()
    assert answer.status_code == 201
    assert (made["name"], made["scopes"], made["last_used_at"]) == ("nightly", ["read", "run"], None)
    assert made["token"].startswith(made["prefix"])
    program = Rest()
    program.headers["Authorization"] = f"Bearer {made['token']}"
    assert program.get("/me").json()["scopes"] == ["read", "run"]
    first, own = rest.get("/tokens").json()["items"]
    assert (first["id"], own["id"]) == (made["id"], str(rest.token.pk))
    assert first["last_used_at"]
    assert "token" not in first
    assert rest.delete(f"/tokens/{made['id']}").status_code == 204
    assert program.get("/me").status_code == 401
    assert [token["id"] for token in rest.get("/tokens").json()["items"]] == [str(rest.token.pk)]
    assert rest.delete(f"/tokens/{made['id']}").status_code == 404


def test_the_list_comes_in_pages(ada: User) -> None:
    rest = Rest(ada)
    for number in range(3):
        ApiToken.objects.issue(ada, [Scope.READ], name=str(number))
    first = rest.get("/tokens", {"limit": 3}).json()
    assert [token["name"] for token in first["items"]] == ["2", "1", "0"]
    rest_of_it = rest.get("/tokens", {"limit": 3, "cursor": first["next"]}).json()
    assert (len(rest_of_it["items"]), rest_of_it["next"]) == (1, None)


@pytest.mark.parametrize(("scope", "status"), [(Scope.WRITE, 403), (Scope.ADMIN, 201)])
def test_only_who_holds_a_scope_gives_it(root: User, scope: Scope, status: int) -> None:
    answer = Rest(root, scope).post("/tokens", {"name": "over all", "scopes": ["admin"]})
    assert answer.status_code == status


def test_admin_is_for_staff_whatever_a_token_says(ada: User) -> None:
    assert Rest(ada, Scope.ADMIN).post("/tokens", {"name": "x", "scopes": ["admin"]}).status_code == 403


@pytest.mark.parametrize("scope", [Scope.READ, Scope.RUN])
def test_a_program_without_write_neither_makes_nor_revokes(ada: User, scope: Scope) -> None:
    rest = Rest(ada, scope)
    assert rest.post("/tokens", {"name": "x", "scopes": ["read"]}).status_code == 403
    assert rest.delete(f"/tokens/{rest.token.pk}").status_code == 403
    assert rest.get("/tokens").status_code == 200


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"scopes": ["read"]}, "name"),
        ({"name": "  ", "scopes": ["read"]}, "name"),
        ({"name": "n" * 101, "scopes": ["read"]}, "name"),
        ({"name": "n", "scopes": []}, "scopes"),
        ({"name": "n", "scopes": ["all"]}, "scopes.0"),
        ({"name": "n", "scopes": ["read"], "days": 0}, "days"),
        ({"name": "n", "scopes": ["read"], "days": 40_000}, "days"),
        ({"name": "n", "scopes": ["read"], "user": "bob"}, "user"),
    ],
)
def test_what_can_t_be_a_token_is_refused_with_the_reason(ada: User, body: Any, wrong: str) -> None:
    answer = Rest(ada).post("/tokens", body)
    assert answer.status_code == 422
    assert {name for name, _ in codes(answer)} == {wrong}
    assert ApiToken.objects.count() == 1


def test_a_repeat_makes_no_second_token_and_does_not_show_the_secret_again(ada: User) -> None:
    rest, body = Rest(ada), {"name": "n", "scopes": ["read"]}
    first, again = (rest.post("/tokens", body, idempotency_key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert "token" not in again.json()


def test_another_persons_token_is_not_there(ada: User, bob: User) -> None:
    token, _ = ApiToken.objects.issue(bob, [Scope.READ])
    assert Rest(ada).delete(f"/tokens/{token.pk}").status_code == 404
    assert Rest(ada).delete(f"/tokens/{uuid4()}").status_code == 404
    assert ApiToken.objects.usable().filter(pk=token.pk).exists()


def test_settings_open_on_tokens_and_say_how_to_get_one(page: Client) -> None:
    shown = page.get("/settings/", follow=True)
    assert shown.redirect_chain == [(ADDRESS, 302)]
    assert "No token yet" in text(shown)


def test_the_page_makes_a_token_and_shows_its_secret_once(page: Client, ada: User) -> None:
    answer = page.post(ADDRESS, {"name": "nightly <renders>", "scope": "run", "days": "30"})
    assert answer.status_code == 201
    assert "no-store" in answer.headers["Cache-Control"]
    found = re.search(r"loupe_[\w-]{40,}", text(answer))
    assert found
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scopes) == (ada, "nightly <renders>", ["run"])
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=31)
    assert f'curl -H "Authorization: Bearer {found[0]}" http://testserver/api/v1/me' in text(answer).replace(
        "&quot;", '"'
    )
    shown = text(page.get(ADDRESS))
    assert found[0] not in shown
    assert "nightly &lt;renders&gt;" in shown
    assert "never used" in shown


@pytest.mark.parametrize(
    "given",
    [
        {"name": "", "scope": "run", "days": ""},
        {"name": "x", "scope": "admin", "days": ""},
        {"name": "x", "scope": "run", "days": "9999999"},
        {},
    ],
)
def test_what_the_page_does_not_offer_makes_no_token(page: Client, given: dict[str, str]) -> None:
    answer = page.post(ADDRESS, given)
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_staff_are_told_where_admin_tokens_come_from(client: Client, root: User) -> None:
    client.force_login(root)
    assert "./loupe create_token root --scope admin" in text(client.get(ADDRESS))


def test_the_page_revokes_and_remembers_what_was_revoked(page: Client, ada: User, bob: User) -> None:
    mine, secret = ApiToken.objects.issue(ada, [Scope.READ], name="old laptop")
    theirs, _ = ApiToken.objects.issue(bob, [Scope.READ], name="bob's")
    shown = text(page.post(f"{ADDRESS}{mine.pk}/revocation/", follow=True))
    assert "“old laptop” is revoked." in shown
    assert "Revoked lately" in shown
    assert of_secret(secret) is None
    assert page.post(f"{ADDRESS}{theirs.pk}/revocation/").status_code == 404
    assert "bob" not in text(page.get(ADDRESS))


def test_an_expired_token_says_so(page: Client, ada: User) -> None:
    ApiToken.objects.issue(ada, [Scope.READ], name="old")
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "expired" in text(page.get(ADDRESS))


@pytest.mark.parametrize("tokens", [1, 20])
def test_the_page_takes_the_same_queries_however_many_there_are(
    page: Client, ada: User, tokens: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(tokens):
        ApiToken.objects.issue(ada, [Scope.READ], name=str(number))
    with django_assert_num_queries(4):  # session, user, tokens, revoked ones
        page.get(f"{ADDRESS}?cursor=nonsense")


def test_how_it_looks_is_chosen_in_settings(page: Client) -> None:
    assert 'value="" checked' in text(page.get("/settings/appearance/"))
    page.cookies["theme"] = "dark"
    assert 'value="dark" checked' in text(page.get("/settings/appearance/"))
    page.cookies["theme"] = "purple"
    assert 'value="" checked' in text(page.get("/settings/appearance/"))
