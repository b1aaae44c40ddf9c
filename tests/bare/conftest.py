"""One clone, set up by an ordinary user's first `make run`, for all tests; and a folder for those that need another."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bare.machine import SETS_UP_WITHIN, USER, Machine, clone, running


def pytest_sessionstart() -> None:
    if sys.platform != "linux" or os.getuid() != 0:
        pytest.exit("These tests become another user on Linux: run `make test-bare` as root.", returncode=1)


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """Where `make run` has been said once, and Loupe has come up and ended."""
    with _fresh() as folder:
        machine = _machine(folder)
        clone(machine)
        with running(machine, SETS_UP_WITHIN) as loupe:
            loupe.stop()
        yield machine


@pytest.fixture
def worst() -> Iterator[Machine]:
    """Nothing is set up here, nothing may be written to the home, others may read nothing, and /dev/shm is missing."""
    with _fresh() as folder:
        machine = Machine(folder, locked_home(folder), umask=0o077, shared_memory=False)
        clone(machine)
        yield machine


def locked_home(folder: Path) -> Path:
    """A home that its user may read."""
    (home := folder / "locked home").mkdir(mode=0o555)
    return home


def _machine(folder: Path) -> Machine:
    (home := folder / "home").mkdir()
    os.chown(home, USER.pw_uid, USER.pw_gid)
    return Machine(folder, home)


@contextmanager
def _fresh() -> Iterator[Path]:
    """A folder whose path has spaces, which everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="loupe on a bare machine "))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
