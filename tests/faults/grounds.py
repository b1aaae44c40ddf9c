"""What some faults need under an installation before it starts: a disk that is soon full, a PostgreSQL, a clock."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import valkey
from tests.faults.clock import Clock
from tests.faults.relay import Relay
from tests.postgres import serving

ROOM = "192m"
MEMORY_BYTES = 400 * 1024**2
JOB_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Ground:
    """The settings of an installation that stands on it, and what is done by."""

    settings: Mapping[str, str] = field(default_factory=dict)
    clock: Clock | None = None
    redis: Relay | None = None
    database: Relay | None = None


@contextmanager
def nothing(_folder: Path) -> Iterator[Ground]:
    """No more than any installation needs."""
    yield Ground()


@contextmanager
def small_disk(folder: Path) -> Iterator[Ground]:
    """The data folder is a disk of its own, which needs root. The journal, which must not lose a line, is elsewhere."""
    data = folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=700", "tmpfs", data], check=True)
    try:
        (data / "journal").symlink_to(folder / "journal")
        yield Ground()
    finally:
        subprocess.run(["umount", data], check=True)


@contextmanager
def postgres(_folder: Path) -> Iterator[Ground]:
    """All is kept in a PostgreSQL of its own."""
    with serving() as url:
        yield Ground({"DATABASE_URL": url})


@contextmanager
def own_clock(folder: Path) -> Iterator[Ground]:
    """It has a clock of its own."""
    clock = Clock(folder)
    yield Ground(clock.settings, clock=clock)


@contextmanager
def relayed(_folder: Path) -> Iterator[Ground]:
    """A PostgreSQL and a Valkey that every process reaches by a relay."""
    with tempfile.TemporaryDirectory(prefix="loupe-") as name, serving() as url:
        folder, kept = Path(name), Path(url.removeprefix("postgres://loupe@/")).parent
        with (
            valkey.serving(folder),
            closing(Relay(folder / "redis", folder / "valkey.sock")) as redis,
            closing(Relay(folder / ".s.PGSQL.5432", kept / ".s.PGSQL.5432")) as database,
        ):
            settings = {
                "REDIS_URL": f"unix://{folder}/redis?db=0",
                "DATABASE_URL": f"postgres://loupe@/{folder}/postgres",
            }
            yield Ground(settings, redis=redis, database=database)


@contextmanager
def low_limits(_folder: Path) -> Iterator[Ground]:
    """A job may take little memory, and not long."""
    yield Ground({"WORKER_MEMORY_BYTES": str(MEMORY_BYTES), "JOB_TIMEOUT_SECONDS": str(JOB_SECONDS)})
