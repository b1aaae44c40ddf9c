"""Tokens and sign-in links from the command line."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.addresses import published
from accounts.credentials import of_secret
from accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db


def printed(command: str, *words: str) -> str:
    output = io.StringIO()
    call_command(command, *words, stdout=output)
    return output.getvalue()


def test_a_token_is_printed_alone_and_is_good(ada: User) -> None:
    line = printed("create_token", "ada")

    assert line.count("\n") == 1
    credentials = of_secret(line.strip())
    assert credentials is not None
    assert (credentials.user, credentials.scopes) == (ada, ("write",))
    assert ApiToken.objects.get().expires_at is None


def test_scopes_days_and_a_name_may_be_given(ada: User) -> None:
    printed("create_token", "ada", "--scope", "read", "run", "--days", "3", "--name", "robot")

    token = ApiToken.objects.get()
    assert (token.scopes, token.name) == (["read", "run"], "robot")
    assert token.expires_at is not None
    assert timedelta(days=2) < token.expires_at - timezone.now() <= timedelta(days=3)


def test_a_user_who_is_missing_is_made_only_if_asked() -> None:
    with pytest.raises(CommandError, match="--create"):
        printed("create_token", "new")

    printed("create_token", "new", "--create")

    user = User.objects.get(username="new")
    assert not user.is_staff
    assert not user.has_usable_password()


@pytest.mark.parametrize("name", ["", "a b", "x" * 151, "a/b"])
def test_a_user_has_a_name_that_can_be_one(name: str) -> None:
    with pytest.raises(CommandError, match=r"can't be the name of a user: [A-Z].*\.$"):
        printed("create_token", name, "--create")
    assert not User.objects.exists()


@pytest.mark.parametrize(("option", "staff", "superuser"), [("--staff", True, False), ("--superuser", True, True)])
def test_the_user_may_be_made_staff(option: str, staff: bool, superuser: bool) -> None:
    printed("create_token", "boss", "--create", option, "--scope", "admin")

    user = User.objects.get(username="boss")
    assert (user.is_staff, user.is_superuser) == (staff, superuser)


def test_the_scope_admin_is_for_staff(ada: User) -> None:
    with pytest.raises(CommandError, match="--staff"):
        printed("create_token", "ada", "--scope", "admin")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "99999"])
def test_days_are_in_bounds(ada: User, days: str) -> None:
    with pytest.raises(CommandError, match="--days"):
        printed("create_token", "ada", "--days", days)


def test_a_link_signs_in_once(ada: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://loupe.example"
    address = printed("sign_in_link", "ada").strip()
    path = address.removeprefix("https://loupe.example")
    first, second = Client(), Client()

    assert path.startswith("/sign-in/")
    assert first.post(path).status_code == 302
    assert "_auth_user_id" in first.session
    assert second.post(path).status_code == 410


@pytest.mark.parametrize(
    ("host", "base"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("0.0.0.0", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_a_link_leads_to_where_this_machine_finds_it(ada: User, settings: Any, host: str, base: str) -> None:
    settings.PUBLIC_URL, settings.HOST, settings.PORT = "", host, 8000

    assert printed("sign_in_link", "ada").startswith(f"{base}/sign-in/")


def test_a_link_leads_to_the_loupe_that_runs_whatever_its_port(ada: User, settings: Any, tmp_path: Path) -> None:
    settings.PUBLIC_URL, settings.DATA_DIR, settings.PORT = "", tmp_path, 8102
    with published(tmp_path):
        settings.PORT = 8000
        assert printed("sign_in_link", "ada").startswith("http://127.0.0.1:8102/sign-in/")
        settings.PUBLIC_URL = "https://loupe.example"
        assert printed("sign_in_link", "ada").startswith("https://loupe.example/sign-in/")


def test_a_link_to_nowhere_says_that_nothing_runs(ada: User, settings: Any, tmp_path: Path) -> None:
    settings.PUBLIC_URL, settings.DATA_DIR = "", tmp_path
    with published(tmp_path):
        pass
    said = io.StringIO()
    call_command("sign_in_link", "ada", stdout=io.StringIO(), stderr=said)
    assert "make run" in said.getvalue()


def test_a_link_for_nobody_is_refused() -> None:
    with pytest.raises(CommandError, match="nobody"):
        printed("sign_in_link", "nobody")
