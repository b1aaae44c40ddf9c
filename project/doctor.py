"""Looks at all that Loupe stands on, and says what to do about what is wrong."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from project.database import migrations_missing, migrations_unknown
from runs import store
from runs.queue import live_workers
from runs.redis import connection as redis_connection


class Wrong(Exception):  # noqa: N818 (what it says, not what it is)
    """Something is wrong; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in a sentence."""

    subject: str
    good: bool
    sentence: str


def examine() -> Iterator[Finding]:
    """Does every check, one after another."""
    for subject, check in CHECKS.items():
        try:
            yield Finding(subject, good=True, sentence=check())
        except Wrong as wrong:
            yield Finding(subject, good=False, sentence=str(wrong))


def _database() -> str:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise Wrong(f"It does not answer ({_first_line(error)}). Start it, or correct DATABASE_URL.") from error
    return f"{connection.display_name} answers."


def _migrations() -> str:
    try:
        unknown, missing = migrations_unknown(), migrations_missing()
    except DatabaseError as error:
        raise Wrong(f"They cannot be read ({_first_line(error)}). See to the database first.") from error
    if unknown:
        raise Wrong(f"The database was made by a newer Loupe ({unknown[-1]}). Start that version again.")
    if missing:
        raise Wrong(f"{len(missing)} are to be applied. Start Loupe with `make run`, or say `./loupe migrate`.")
    return "The database is as this version wants it."


def _redis() -> str:
    place = "the embedded Valkey" if settings.EMBEDDED_REDIS else _without_password(settings.REDIS_URL)
    try:
        redis_connection().ping()
    except redis.RedisError as error:
        advice = "Start Loupe with `make run`." if settings.EMBEDDED_REDIS else "Start it, or correct REDIS_URL."
        raise Wrong(f"{place} does not answer. {advice}") from error
    return f"{place} answers."


def _storage() -> str:
    folder = store.path("").parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
            file.flush()
    except OSError as error:
        raise Wrong(f"Files cannot be kept ({error}). Make {settings.DATA_DIR} yours to write, with room.") from error
    return "Files can be written."


def _disk() -> str:
    megabytes = f"{store.free_bytes() // 1024**2:,} MB are free where {settings.DATA_DIR} is."
    if store.is_full():
        raise Wrong(f"Only {megabytes} Free some space there, or set DATA_DIR to a folder with room.")
    return megabytes


def _workers() -> str:
    try:
        count = live_workers().count()
    except DatabaseError as error:
        raise Wrong(f"They cannot be read ({_first_line(error)}). See to the database first.") from error
    if not count:
        raise Wrong("None is running, so jobs wait. Start Loupe with `make run`, or `./loupe workers`.")
    return f"{count} running."


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


CHECKS: dict[str, Callable[[], str]] = {
    "Database": _database,
    "Migrations": _migrations,
    "Redis": _redis,
    "Storage": _storage,
    "Disk": _disk,
    "Workers": _workers,
}
