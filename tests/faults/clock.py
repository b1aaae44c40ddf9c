"""A wall clock for one installation alone, which can be stepped while the machine's own stays right.

It is loaded into each of its processes, so that Python, SQLite and Valkey alike read it.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


class Clock:
    """So many seconds ahead of the machine's clock, or behind it. Its file and its library are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.off = 0
        self._file, library = folder / "clock", folder / "clock.so"
        self._file.write_bytes(bytes(8))
        assert shutil.which("cc"), "There is no C compiler here. Install the package gcc, then run this again."
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE], check=True)
        self.settings = {"LD_PRELOAD": str(library), "STEPPED_CLOCK": str(self._file)}

    def step(self, off: int) -> None:
        """All its processes have this time from now on."""
        self.off = off
        handle = os.open(self._file, os.O_WRONLY)
        os.pwrite(handle, off.to_bytes(8, "little", signed=True), 0)
        os.close(handle)

    def now(self) -> float:
        """What it says."""
        return time.time() + self.off
