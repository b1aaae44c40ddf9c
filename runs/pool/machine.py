"""The names of this machine's pools and workers, from which it can tell that one of them has died."""

import hashlib
import os
import secrets
import socket
from functools import cache
from pathlib import Path

import psutil


@cache
def machine() -> str:
    """The host, and what tells its process numbers from those of any other host, container or boot."""
    boot_id = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    boot = boot_id.read_text() if boot_id.exists() else str(int(psutil.boot_time()))
    space = str(namespace.readlink()) if namespace.is_symlink() else ""
    return f"{host()[:40]}-{hashlib.sha256((boot + space).encode()).hexdigest()[:8]}"


def host() -> str:
    """This machine's name, for people."""
    return socket.gethostname()


def name_pool() -> str:
    """A name that no other pool has or had. Its workers' names begin with it and a dot."""
    return f"{machine()}.{os.getpid()}.{secrets.token_hex(3)}"


def is_alive(worker: str, pid: int) -> bool:
    """Whether process `pid` of this machine is that worker: its name stands in its command line.

    While it puts its command in the place of its leash, Linux shows none for a moment. One that seems alive because its
    number is now that of a process of the system, which has none either, is given up when its lease ends.
    """
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return not words or worker in words
