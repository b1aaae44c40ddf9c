"""What all tests may ask for: a real Valkey, and a small cast: Ada owns things, Bob is somebody else, Root is staff."""

import os
import signal
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection

from accounts.models import User
from tests import valkey as embedded

END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""

hypothesis.settings.register_profile("loupe", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis takes its own time, since other tests may keep the machine busy beside it.

    What tests start hears Ctrl-C, also where a shell has put the tests into the background, where it is ignored.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not config.getoption("hypothesis_profile"):
        hypothesis.settings.load_profile("loupe")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """What a test's own threads have taken from PostgreSQL's pool would be missing in the next test."""
    yield
    _close_pool()


@pytest.fixture(scope="session", autouse=True)
def no_session_is_left(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL drops no database that somebody still uses, such as a thread that a test has left behind."""
    if "DATABASE_URL" not in os.environ:
        yield
        return
    request.getfixturevalue("django_db_setup")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(END_OTHERS)
    _close_pool()


def _close_pool() -> None:
    database: Any = connection
    if database.vendor == "postgresql":
        database.close()
        database.close_pool()


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
    return _with_password(User.objects.create_user("ada"))


@pytest.fixture
def bob(db: None) -> User:
    return _with_password(User.objects.create_user("bob"))


@pytest.fixture
def root(db: None) -> User:
    return _with_password(User.objects.create_superuser("root"))


def _with_password(user: User) -> User:
    user.password = _hashed(f"{user.username}'s secret", tuple(settings.PASSWORD_HASHERS))
    user.save(update_fields=("password",))
    return user


@cache
def _hashed(password: str, _hashers: tuple[str, ...]) -> str:
    """Made once, as it takes a quarter of a second of a processor: that is what it is for."""
    return make_password(password)
