"""Who may use the API: tokens, sessions and tickets."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import tickets
from accounts.models import ApiToken, IdempotencyKey, User
from accounts.scopes import Scope
from tests.rest import ROOT, Rest

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(ada: User) -> Client:
    """Ada's, signed in, with CSRF checks as in production."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    return client


def test_a_token_acts_for_its_user_with_its_scopes(ada: User) -> None:
    assert Rest(ada, Scope.READ, Scope.RUN).get("/me").json() == {
        "id": str(ada.pk),
        "username": "ada",
        "is_staff": False,
        "scopes": ["read", "run"],
    }


def test_without_credentials_the_answer_says_how_to_give_them() -> None:
    answer = Rest().get("/me")

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "Unauthorized"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "bearer  ", "Bearer \0"])
def test_what_is_no_token_is_refused(header: str) -> None:
    answer = Client().get(f"{ROOT}/me", headers={"Authorization": header})

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


@pytest.mark.parametrize("end", ["revoked", "expired", "inactive"])
def test_a_token_ends(ada: User, end: str) -> None:
    rest = Rest(ada)
    past = timezone.now() - timedelta(seconds=1)
    if end == "inactive":
        User.objects.update(is_active=False)
    else:
        ApiToken.objects.update(**{f"{end}_at".replace("expired", "expires"): past})

    assert rest.get("/me").status_code == 401


def test_a_wrong_token_is_not_made_good_by_a_session(browser: Client) -> None:
    assert browser.get(f"{ROOT}/me").status_code == 200
    assert browser.get(f"{ROOT}/me", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_session_reads_and_has_write(browser: Client) -> None:
    assert browser.get(f"{ROOT}/me").json()["scopes"] == ["write"]


def test_a_session_changes_things_only_with_the_csrf_token(browser: Client, valkey: redis.Redis) -> None:
    assert browser.post(f"{ROOT}/ws-tickets").status_code == 403

    browser.get(f"{ROOT}/docs")
    token = next(cookie.value for name, cookie in browser.cookies.items() if "csrf" in name)

    assert browser.post(f"{ROOT}/ws-tickets", headers={"X-CSRFToken": token}).status_code == 201


def test_the_session_of_staff_has_no_more_scopes(root: User) -> None:
    client = Client()
    client.force_login(root)

    assert client.get(f"{ROOT}/me").json()["scopes"] == ["write"]
    assert client.patch(f"{ROOT}/queue", b"{}", content_type="application/json").status_code == 403


def test_when_a_token_was_used_is_kept_to_the_minute(ada: User, django_assert_max_num_queries: Any) -> None:
    rest = Rest(ada)
    rest.get("/me")
    first = ApiToken.objects.get().last_used_at

    with django_assert_max_num_queries(1):
        rest.get("/me")
    assert ApiToken.objects.get().last_used_at == first

    long_ago = timezone.now() - timedelta(minutes=2)
    ApiToken.objects.update(last_used_at=long_ago)
    rest.get("/me")
    last = ApiToken.objects.get().last_used_at
    assert first is not None
    assert last is not None
    assert long_ago < first < last


def test_a_secret_is_kept_only_as_its_digest(ada: User) -> None:
    token, secret = ApiToken.objects.issue(ada, [Scope.READ])

    assert secret.startswith(token.prefix)
    assert len(token.prefix) == 12
    assert secret not in str(ApiToken.objects.values_list())


def test_a_ticket_is_good_once(ada: User, valkey: redis.Redis) -> None:
    rest = Rest(ada, Scope.READ)
    answer = rest.post("/ws-tickets")
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)

    found = tickets.redeem(answer.json()["ticket"])

    assert found is not None
    assert (found.user, found.scopes, found.token_id) == (ada, ("read",), rest.token.pk)
    assert tickets.redeem(answer.json()["ticket"]) is None


def test_a_ticket_is_not_kept_longer_than_it_is_good(ada: User, valkey: redis.Redis) -> None:
    ticket = Rest(ada, Scope.READ).post("/ws-tickets").json()["ticket"]

    (key,) = valkey.keys("loupe:ticket:*")

    assert ticket.encode() not in key
    assert 0 < valkey.ttl(key) <= tickets.LIFETIME_SECONDS


def test_a_ticket_of_a_revoked_token_is_no_good(ada: User, valkey: redis.Redis) -> None:
    ticket = Rest(ada, Scope.READ).post("/ws-tickets").json()["ticket"]
    ApiToken.objects.update(revoked_at=timezone.now())

    assert tickets.redeem(ticket) is None


def test_a_sessions_ticket_ends_with_the_session(ada: User, valkey: redis.Redis) -> None:
    client = Client()
    client.force_login(ada)
    first, second = (client.post(f"{ROOT}/ws-tickets").json()["ticket"] for _ in range(2))

    found = tickets.redeem(first)
    client.logout()

    assert found is not None
    assert found.user == ada
    assert tickets.redeem(second) is None


def test_what_is_no_ticket_is_refused(valkey: redis.Redis) -> None:
    assert tickets.redeem("nonsense") is None


def test_a_repeat_gets_the_first_ticket_and_what_is_left_of_its_time(ada: User, valkey: redis.Redis) -> None:
    rest = Rest(ada, Scope.READ)
    first, again = (rest.post("/ws-tickets", idempotency_key="k") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["ticket"] == again.json()["ticket"] != rest.post("/ws-tickets").json()["ticket"]
    assert 0 < again.json()["expires_in"] <= first.json()["expires_in"]
    assert tickets.redeem(first.json()["ticket"]) is not None
    assert rest.post("/ws-tickets", idempotency_key="k").json()["expires_in"] == 0
    assert first.json()["ticket"] not in str(IdempotencyKey.objects.values_list())


def test_another_token_of_the_same_person_is_not_answered_with_the_first_ones_ticket(
    ada: User, valkey: redis.Redis
) -> None:
    Rest(ada, Scope.WRITE).post("/ws-tickets", idempotency_key="k")

    assert Rest(ada, Scope.READ).post("/ws-tickets", idempotency_key="k").status_code == 422


def test_without_redis_the_answer_says_when_to_try_again(ada: User, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    answer = Rest(ada, Scope.READ).post("/ws-tickets")

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
