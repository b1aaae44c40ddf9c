"""A small process beside a supervisor: when the supervisor dies or hangs, it ends all that the supervisor started.

The supervisor writes lines into a pipe: `+PID` and `-PID` name the process groups, and anything is a sign of life.
The end of the pipe means that the supervisor has died. Silence is counted in the watchdog's own ticks, not in time:
a machine that slept, or processes that were frozen all together, are not mistaken for a supervisor that hangs.
Standard library only, and run as a file, so that it starts in 10 ms and needs 8 MB.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

TICKS = 10
"""So many silent ticks make the silence that the supervisor is ended for."""
DEATH_SECONDS = 2.0
"""How long the watchdog waits for what it killed to be gone."""


class Watchdog:
    """The supervisor's end of the pipe.

    `patience`: seconds of silence after which the supervisor and its groups are killed.
    `held`: file descriptors that the watchdog keeps open, so that a lock lasts until all is gone.
    """

    def __init__(self, patience: float, held: Iterable[int] = ()) -> None:
        self._patience = patience
        self._held = tuple(held)
        self._groups: set[int] = set()
        self._start()

    def __enter__(self) -> "Watchdog":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def add(self, group: int) -> None:
        """From now on this process group ends with the supervisor."""
        self._groups.add(group)
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """The group has ended; its number may soon be another's."""
        self._groups.discard(group)
        self._send(f"-{group}\n")

    def beat(self) -> None:
        """A sign of life, wanted several times within `patience`. Replaces a watchdog that is gone."""
        self._send("beat\n")

    def close(self) -> None:
        """Ends the watchdog, which kills what was not removed."""
        os.close(self._pipe)
        try:
            self._process.wait(DEATH_SECONDS + 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        source, pipe = os.pipe()
        os.set_blocking(pipe, False)
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own file)
                [sys.executable, "-I", "-S", __file__, str(source), str(os.getpid()), str(self._patience)],
                stdin=subprocess.DEVNULL,
                pass_fds=(source, *self._held),
                start_new_session=True,
                cwd="/",
            )
        except OSError:
            os.close(pipe)
            raise
        finally:
            os.close(source)
        self._pipe = pipe
        for group in self._groups:
            os.write(self._pipe, f"+{group}\n".encode())

    def _send(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode())
        except (BrokenPipeError, BlockingIOError):  # it was killed, or stopped for so long that the pipe is full
            self._process.kill()
            self._process.wait()
            old = self._pipe
            self._start()  # first: where that fails, the next line finds the old pipe broken still
            os.close(old)


class Watch:
    """The watchdog process itself."""

    def __init__(self, source: int, parent: int, patience: float) -> None:
        self._source = source
        self._parent = parent
        self._tick = patience / TICKS
        self._groups: set[int] = set()
        self._rest = b""

    def run(self) -> None:
        """Returns when the supervisor is gone and all that it left behind is too."""
        silent = 0
        while silent < TICKS:
            if not select.select([self._source], [], [], self._tick)[0]:
                silent += 1
            elif self._listen():
                silent = 0
            else:
                break
        self._end()

    def _listen(self) -> bool:
        """Takes in what the supervisor wrote. False: its end of the pipe is closed."""
        received = os.read(self._source, 65536)
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            if line.startswith(b"+"):
                self._groups.add(int(line))
            elif line.startswith(b"-"):
                self._groups.discard(-int(line))
        return bool(received)

    def _end(self) -> None:
        if os.getppid() == self._parent and not self._closed():
            os.kill(self._parent, signal.SIGKILL)
        deadline = time.monotonic() + DEATH_SECONDS
        while self._kill_groups() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _closed(self) -> bool:
        """Whether the supervisor has let go of the pipe: then it ends by itself, or has done so."""
        if not select.select([self._source], [], [], 0)[0]:
            return False
        return os.read(self._source, 65536) == b""

    def _kill_groups(self) -> bool:
        """Whether any of the groups was still there."""
        found = False
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
                found = True
        return found


def main() -> None:
    """Watches, until nothing is left to watch. Only its supervisor's end of the pipe ends it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    source, parent, patience = sys.argv[1:]
    Watch(int(source), int(parent), float(patience)).run()


if __name__ == "__main__":
    main()
