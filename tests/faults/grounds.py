"""What some faults need under an installation before it starts: a disk that is soon full, a PostgreSQL."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import serving

ROOM = "192m"


@contextmanager
def nothing(_folder: Path) -> Iterator[dict[str, str]]:
    """No more than any installation needs."""
    yield {}


@contextmanager
def small_disk(folder: Path) -> Iterator[dict[str, str]]:
    """The data folder is a disk of its own, which needs root. The journal, which must not lose a line, is elsewhere."""
    data = folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=700", "tmpfs", data], check=True)
    try:
        (data / "journal").symlink_to(folder / "journal")
        yield {}
    finally:
        subprocess.run(["umount", data], check=True)


@contextmanager
def postgres(_folder: Path) -> Iterator[dict[str, str]]:
    """All is kept in a PostgreSQL of its own."""
    with serving() as url:
        yield {"DATABASE_URL": url}
