"""Looks at all that Loupe stands on, and says what to do about what is wrong."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from project.database import migrations_missing, migrations_unknown
from runs import store
from runs.models import Blob, Gate, Job
from runs.queue import live_workers
from runs.redis import connection as redis_connection
from runs.states import HOLDING

CLOCK_SECONDS: Final = 5
"""Clocks that differ by less are as good as equal."""
FILES: Final = 500
"""So many files are looked for."""
DATABASE_SECONDS: Final = 3
"""So long a database has to let one in."""
LOST_AFTER: Final = timedelta(minutes=1)
"""A lease that ended longer ago should have been seen to."""


class Wrong(Exception):  # noqa: N818 (what it says, not what it is)
    """Something is wrong; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in a sentence."""

    subject: str
    good: bool
    sentence: str


def hasten() -> None:
    """Makes this process's first connection tell soon that the database is away: a pool asks again for a long time."""
    options = connection.settings_dict["OPTIONS"]
    if options.pop("pool", None):
        options["connect_timeout"] = DATABASE_SECONDS


def examine() -> Iterator[Finding]:
    """Does every check, one after another, but for those of a database that is away."""
    away = False
    for subject, check in CHECKS.items():
        if away and subject in IN_DATABASE:
            yield Finding(subject, good=False, sentence="It cannot be looked at. See to the database first.")
            continue
        try:
            yield Finding(subject, good=True, sentence=check())
        except Wrong as wrong:
            away = away or subject == "Database"
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


def _memory() -> str:
    try:
        known: Any = redis_connection().info("memory")
    except redis.RedisError as error:
        raise Wrong("It does not answer. See to Redis first.") from error
    most, policy = int(known.get("maxmemory", 0)), str(known.get("maxmemory_policy", "noeviction"))
    if most and policy != "noeviction":
        raise Wrong(
            f"Redis drops what it likes when its {most // 1024**2:,} MB are full ({policy}), and the telemetry of "
            "running jobs with it. Set its maxmemory-policy to noeviction."
        )
    return f"Redis uses {int(known.get('used_memory', 0)) / 1024**2:,.0f} MB, and keeps what it is given."


def _clock() -> str:
    try:
        seconds, microseconds = redis_connection().time()
    except redis.RedisError as error:
        raise Wrong("It cannot be compared. See to Redis first.") from error
    behind = abs(seconds + microseconds / 1_000_000 - time.time())
    if behind > CLOCK_SECONDS:
        raise Wrong(
            f"This machine's clock and that of Redis's differ by {behind:,.0f} s, so that leases end early or late. "
            "Set both by NTP."
        )
    return "This machine's clock and that of Redis's agree."


def _secret() -> str:
    key = settings.DATA_DIR / "secret_key"
    try:
        mode = key.stat().st_mode
    except OSError:
        return "SECRET_KEY is given by the environment."
    if mode & 0o077:
        raise Wrong(f"Others on this machine may read {key}, and sign in as anybody. Say `chmod 600 {key}`.")
    return "Only Loupe may read its secret key."


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


def _files() -> str:
    try:
        newest = dict(Blob.objects.order_by("-used_at").values_list("digest", "size")[:FILES])
    except DatabaseError as error:
        raise Wrong(
            f"It cannot be read what there should be ({_first_line(error)}). See to the database first."
        ) from error
    bad = [digest for digest, size in newest.items() if not _is_whole(store.path(digest), size)]
    if bad:
        raise Wrong(
            f"{len(bad)} of the newest {len(newest)} files are gone or cut short, such as {store.path(bad[0])}. "
            "Bring them back from a copy of DATA_DIR, or run their jobs again."
        )
    return f"The newest {len(newest)} files are there, whole."


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _queue() -> str:
    try:
        paused = Gate.objects.now().paused
        lost = Job.objects.filter(state__in=HOLDING, lease_until__lt=timezone.now() - LOST_AFTER).count()
    except DatabaseError as error:
        raise Wrong(f"It cannot be read ({_first_line(error)}). See to the database first.") from error
    if paused:
        raise Wrong("It is paused, so nothing starts. Resume it on the administration's page of the queue.")
    if lost:
        raise Wrong(
            f"Running jobs have lost their workers, and nobody takes them back ({lost}). "
            "Start a pool: `./loupe workers`."
        )
    return "Jobs may start."


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
    "Memory": _memory,
    "Clock": _clock,
    "Secret": _secret,
    "Storage": _storage,
    "Disk": _disk,
    "Files": _files,
    "Queue": _queue,
    "Workers": _workers,
}
IN_DATABASE: Final = ("Migrations", "Files", "Queue", "Workers")
