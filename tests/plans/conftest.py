"""A database with 100,000 jobs in place of the usual one, made once a session, for the tests of this folder alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from tests.databases import another, used
from tests.plans import filling


@pytest.fixture(scope="session")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The name of such a database."""
    usual = str(connection.settings_dict["NAME"])
    name = f"{usual}_filled"
    with django_db_blocker.unblock(), another(name, like=usual):
        with used(name):
            with transaction.atomic():
                filling.fill()
            if connection.vendor == "postgresql":  # as a server does by itself; SQLite never does
                with connection.cursor() as cursor:
                    cursor.execute("VACUUM ANALYZE")
        yield name


@pytest.fixture(scope="module", autouse=True)
def _in_use(filled: str, django_db_blocker: Any) -> Iterator[None]:
    with used(filled):
        yield


@pytest.fixture(autouse=True)
def _unchecked(db: None) -> Iterator[None]:
    """What is to be rolled back, Django does not search for rows that refer to nothing, which would read them all."""
    yield
    transaction.set_rollback(True)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.get(username="ada")


@pytest.fixture
def root(db: None) -> User:
    return User.objects.get(username="root")
