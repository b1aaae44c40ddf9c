"""Runs pytest with the network off, in a namespace that has loopback alone: `python -m tests.offline tests/browser`.

As an ordinary user it takes a user namespace besides. Linux alone has these; elsewhere pytest runs as it is, and the
tests that need the network off say so.
"""

import fcntl
import os
import shutil
import socket
import struct
import sys

import pytest

INSIDE = "--inside"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
"""netdevice(7)"""


def main(arguments: list[str]) -> int:
    """Runs pytest with these, and answers its exit code."""
    if arguments[:1] == [INSIDE]:
        raise_loopback()
        return pytest.main(arguments[1:])
    unshare = shutil.which("unshare")
    if unshare is None:
        return pytest.main(arguments)
    own = [] if os.getuid() == 0 else ["--map-root-user"]
    return os.execv(unshare, [unshare, "--net", *own, sys.executable, "-m", "tests.offline", INSIDE, *arguments])


def raise_loopback() -> None:
    """A new namespace has it, but down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack("16sH22x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
