"""Hints: each goes for good when it is dismissed, for its person alone."""

import re

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from runs.pages.hints import HINTS, unseen

pytestmark = pytest.mark.django_db(transaction=True)


def see(client: Client, user: User, name: str) -> int:
    client.force_login(user)
    return client.post("/hints/", {"name": name}).status_code


def test_a_hint_that_is_seen_does_not_come_back_and_the_others_stay(client: Client, ada: User, bob: User) -> None:
    assert unseen(ada) == list(HINTS)
    assert see(client, ada, "lens") == see(client, ada, "lens") == 204
    ada.refresh_from_db()
    assert unseen(ada) == [name for name in HINTS if name != "lens"]
    assert ada.seen_hints == ["lens"]
    assert unseen(bob) == list(HINTS)


def test_who_wants_no_more_gets_none(client: Client, ada: User) -> None:
    see(client, ada, "run")
    assert see(client, ada, "all") == 204
    ada.refresh_from_db()
    assert unseen(ada) == []
    assert sorted(ada.seen_hints) == sorted(HINTS)


def test_each_has_its_words_and_its_moment() -> None:
    words = (settings.BASE_DIR / "templates" / "runs" / "editor" / "_hints.html").read_text()
    moments = (settings.BASE_DIR / "static" / "js" / "live" / "hints.js").read_text()
    assert re.findall(r'data-hint="(\w+)"', words) == list(HINTS)
    assert re.findall(r"^  (\w+): \{ fits", moments, re.MULTILINE) == list(HINTS)


def test_what_is_no_hint_is_not_kept(client: Client, ada: User) -> None:
    assert see(client, ada, "anything") == see(client, ada, "") == 404
    ada.refresh_from_db()
    assert ada.seen_hints == []
