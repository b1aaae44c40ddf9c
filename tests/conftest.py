"""What all tests may ask for: a real Valkey, and a small cast: Ada owns things, Bob is somebody else, Root is staff."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from accounts.models import User
from tests import valkey as embedded


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[redis.Redis]:
    """A real Valkey where the settings say it is, for as long as the tests run."""
    with embedded.serving(Path(settings.DATA_DIR) / "valkey") as client:
        yield client


@pytest.fixture
def valkey(valkey_server: redis.Redis) -> redis.Redis:
    """The real Valkey, empty."""
    valkey_server.flushall()
    return valkey_server


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", password="ada's secret")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="bob's secret")


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="root's secret")
