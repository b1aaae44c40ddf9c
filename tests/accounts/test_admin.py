"""Tokens in the admin: seen, never shown, and revoked."""

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from accounts.scopes import Scope
from tests.rest import Rest

pytestmark = pytest.mark.django_db
TOKENS = "/admin/accounts/apitoken/"


@pytest.fixture
def admin(client: Client, root: User) -> Client:
    client.force_login(root)
    return client


def test_tokens_are_listed_by_their_first_letters(admin: Client, ada: User) -> None:
    token, secret = ApiToken.objects.issue(ada, [Scope.READ, Scope.RUN])

    page = admin.get(TOKENS).content.decode()

    assert token.prefix in page
    assert "read, run" in page
    assert secret not in page
    assert token.digest not in page + admin.get(f"{TOKENS}{token.pk}/change/").content.decode()


def test_a_token_that_is_revoked_ends_at_once(admin: Client, ada: User) -> None:
    rest, other = Rest(ada), Rest(ada)

    admin.post(TOKENS, {"action": "revoke", "_selected_action": [str(rest.token.pk)]})

    assert (rest.get("/me").status_code, other.get("/me").status_code) == (401, 200)


def test_a_token_is_renamed(admin: Client, ada: User) -> None:
    token, _ = ApiToken.objects.issue(ada, [Scope.READ])

    admin.post(f"{TOKENS}{token.pk}/change/", {"name": "of my script"})

    token.refresh_from_db()
    assert (token.name, token.revoked_at) == ("of my script", None)


def test_tokens_are_not_made_where_nobody_could_read_them(admin: Client) -> None:
    assert admin.get(f"{TOKENS}add/").status_code == 403
