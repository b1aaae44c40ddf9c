"""Signing in by password, which is throttled, and by a link that only a POST uses up."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import SIGN_IN_LINK_LIFETIME, SignInLink, User
from accounts.throttle import ATTEMPTS, ATTEMPTS_AT_NAME

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
RIGHT = {"username": "ada", "password": "ada's secret"}
WRONG = {"username": "ada", "password": "a guess"}


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Real ones are slow on purpose, and here many are tried."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def nobody_has_failed_yet() -> None:
    cache.clear()


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_signs_in_and_goes_where_one_was_going(client: Client, ada: User) -> None:
    asked = client.get("/")
    assert asked.headers["Location"] == "/sign-in/?next=/"
    answer = client.post("/sign-in/", {**RIGHT, "next": "/workflows/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/workflows/")
    assert signed_in(client)


def test_a_wrong_password_is_said_and_does_not_sign_in(client: Client, ada: User) -> None:
    answer = client.post("/sign-in/", WRONG)
    assert "correct username and password" in answer.content.decode()
    assert not signed_in(client)


def test_signing_in_leads_nowhere_else(client: Client, ada: User) -> None:
    assert client.post("/sign-in/", {**RIGHT, "next": "https://elsewhere.example/"}).headers["Location"] == "/"


def test_after_too_many_failures_even_the_right_password_waits(client: Client, ada: User) -> None:
    for _ in range(ATTEMPTS):
        client.post("/sign-in/", WRONG)
    answer = client.post("/sign-in/", RIGHT)
    assert "Wait a quarter of an hour" in answer.content.decode()
    assert not signed_in(client)


def test_another_address_need_not_wait(client: Client, ada: User) -> None:
    for _ in range(ATTEMPTS):
        client.post("/sign-in/", WRONG)
    client.post("/sign-in/", RIGHT, REMOTE_ADDR="192.0.2.7")
    assert signed_in(client)


def guess_from_everywhere(client: Client, name: str) -> None:
    """As many guesses at one name as may be, each from another address."""
    for number in range(ATTEMPTS_AT_NAME):
        client.post("/sign-in/", {**WRONG, "username": name}, REMOTE_ADDR=f"198.51.100.{number}")


def test_guesses_at_one_name_from_many_addresses_are_slowed_too(client: Client, ada: User, bob: User) -> None:
    guess_from_everywhere(client, "Ada")
    answer = client.post("/sign-in/", RIGHT, REMOTE_ADDR="192.0.2.7")
    assert "Wait five minutes" in answer.content.decode()
    assert not signed_in(client)
    client.post("/sign-in/", {"username": "bob", "password": "bob's secret"}, REMOTE_ADDR="192.0.2.7")
    assert signed_in(client)


def test_whoever_signed_in_from_an_address_before_is_not_locked_out_by_others(client: Client, ada: User) -> None:
    client.post("/sign-in/", RIGHT, REMOTE_ADDR="192.0.2.7")
    client.post("/sign-out/")
    guess_from_everywhere(client, "ada")
    client.post("/sign-in/", RIGHT, REMOTE_ADDR="192.0.2.7")
    assert signed_in(client)


def test_looking_at_a_link_uses_nothing_up(client: Client, ada: User) -> None:
    address = f"/sign-in/{SignInLink.objects.issue(ada)}/"
    for _ in range(3):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert not signed_in(client)
    assert client.post(address).headers["Location"] == "/"
    assert signed_in(client)


def test_a_link_works_once(client: Client, ada: User) -> None:
    address = f"/sign-in/{SignInLink.objects.issue(ada)}/"
    client.post(address)
    second = Client()
    for answer in (second.get(address), second.post(address)):
        assert answer.status_code == 410
        assert "used, or is too old" in answer.content.decode()
    assert not signed_in(second)


@pytest.mark.parametrize(("going", "led"), [("/jobs/1/", "/jobs/1/"), ("https://elsewhere.example/", "/")])
def test_a_link_leads_to_where_one_was_going(client: Client, ada: User, going: str, led: str) -> None:
    client.get("/sign-in/", {"next": going})
    address = f"/sign-in/{SignInLink.objects.issue(ada)}/"
    assert client.post(address).headers["Location"] == led
    client.post("/sign-out/")
    again = client.post(f"/sign-in/{SignInLink.objects.issue(ada)}/")
    assert again.headers["Location"] == "/"


def test_an_address_that_leads_nowhere_mentions_signing_in(client: Client, ada: User) -> None:
    assert "/sign-in/?next=/nowhere/" in client.get("/nowhere/").content.decode()
    client.force_login(ada)
    assert "/sign-in/" not in client.get("/nowhere/").content.decode()


def test_an_old_link_does_not_work(client: Client, ada: User) -> None:
    address = f"/sign-in/{SignInLink.objects.issue(ada)}/"
    link = SignInLink.objects.get()
    link.expires_at -= SIGN_IN_LINK_LIFETIME
    link.save()
    assert client.post(address).status_code == 410


def test_a_link_needs_the_form_that_it_showed(ada: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(f"/sign-in/{SignInLink.objects.issue(ada)}/")
    assert answer.status_code == 403
    assert "The form was too old" in answer.content.decode()
    assert not signed_in(strict)


def test_signing_out_takes_a_post(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert not signed_in(client)
