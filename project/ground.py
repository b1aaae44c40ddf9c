"""The ground that a start stands on: the data folder, which it has to itself, room on the disk, and its address."""

import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError

from project.errors import CannotStart

LAST_RUN_SECONDS = 2.0
"""How long what an earlier supervisor left behind may take to be gone; its watchdog holds the lock until then."""
BACKLOG = 1024


@contextmanager
def plain_reasons(data_dir: Path) -> Iterator[None]:
    """Says in a sentence what a full disk, a folder that may not be written, or a database that is away mean."""
    try:
        yield
    except OSError as error:
        raise CannotStart(_os_reason(error, data_dir)) from error
    except DatabaseError as error:
        raise CannotStart(_database_reason(error, data_dir)) from error


@contextmanager
def data_lock(data_dir: Path) -> Iterator[int]:
    """Keeps a second Loupe out of `data_dir`. Gives the lock's file descriptor."""
    handle = os.open(data_dir / "data.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _lock(handle):
            raise CannotStart(
                f"another Loupe runs on {data_dir}: "
                "use that one, stop it, or give this one a DATA_DIR and a PORT of its own."
            )
        yield handle
    finally:
        os.close(handle)


@contextmanager
def listener(host: str, port: int) -> Iterator[socket.socket]:
    """The socket that the web process serves, so that its address is ours before anything else begins."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        opened = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotStart(_address_reason(error, host, port)) from error
    with opened:
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(BACKLOG)
        except OSError as error:
            raise CannotStart(_address_reason(error, host, port)) from error
        yield opened


def check_room(data_dir: Path) -> None:
    """Raises CannotStart when the disk is as good as full."""
    free = shutil.disk_usage(data_dir).free
    if free < settings.MIN_FREE_BYTES:
        raise CannotStart(
            f"only {free // 1024**2} MB are free where {data_dir} is: "
            f"free at least {settings.MIN_FREE_BYTES // 1024**2} MB there, or set DATA_DIR to a folder with room."
        )


def _lock(handle: int) -> bool:
    deadline = time.monotonic() + LAST_RUN_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _address_reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use by another program: stop that, or choose another, as in PORT={port + 1} make run."
        )
    if error.errno == errno.EACCES:
        return f"port {port} is not yours to use: choose one from 1024 on, as in PORT=8000 make run."
    return f"HOST={host} is not an address of this machine ({error.strerror}): leave it out, or set one that is."


def _os_reason(error: OSError, data_dir: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full where {data_dir} is: free some space there, or set DATA_DIR to a folder with room."
    place = error.filename or data_dir
    return f"{place} cannot be used ({error.strerror}): make it yours to write, or set DATA_DIR to a folder that is."


def _database_reason(error: DatabaseError, data_dir: Path) -> str:
    if "disk is full" in str(error):
        return f"the disk is full where {data_dir} is: free some space there, or set DATA_DIR to a folder with room."
    said = str(error).strip().partition("\n")[0]
    return f"the database cannot be used ({said}): see to it, or correct DATABASE_URL or DATA_DIR."
