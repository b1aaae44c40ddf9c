"""The logs of one installation, each a file of bounded size that a child process appends to."""

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

LARGEST_BYTES = 5 * 1024**2


class Log:
    """`<folder>/<name>.log`, and beside it `<name>.log.1`: what stood in it before it grew too large."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f"{name}.log"

    def open(self) -> IO[bytes]:
        """The file, for a child to append to: it goes on at the new end after `trim`."""
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(handle, "ab", buffering=0)

    def trim(self) -> None:
        """Sets what was written aside once it is larger than 5 MB, keeping its last 5 MB, if the disk has room.

        With what is written meanwhile, unless that is more than 5 MB; what comes in the very last moment is lost.
        """
        if not self.path.exists() or self.path.stat().st_size <= LARGEST_BYTES:
            return
        with self.path.open("r+b") as full:
            full.seek(-LARGEST_BYTES, os.SEEK_END)
            with suppress(OSError), self.path.with_suffix(".log.1").open("wb") as aside:
                for _ in range(2):  # no more: whoever fills it may go on faster than a copy ends
                    aside.write(full.read(LARGEST_BYTES))
            full.truncate(0)
