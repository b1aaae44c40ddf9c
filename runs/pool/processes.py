"""Child processes that never outlive their parent. Each leads a session and a process group, which ends with it.

Spawn from the main thread: on Linux a child is killed when the *thread* that made it ends.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import IO

import psutil

from runs.pool.watchdog import Watchdog

LEASH = Path(__file__).with_name("leash.py")
SHORT_LIFE_SECONDS = 5.0


class Condition(Enum):
    """What a child is doing, as the system sees it."""

    LIVES = "lives"
    STOPPED = "stopped"
    ENDED = "ended"


class Child:
    """A process started by `spawn`. Signals go to its whole group; they may be sent from any thread."""

    def __init__(self, process: "subprocess.Popen[bytes]", watchdog: Watchdog, arrival: "Arrival | None") -> None:
        self.pid = process.pid
        self.started = time.monotonic()
        self._process = process
        self._watchdog = watchdog
        self._arrival = arrival
        self._view = psutil.Process(process.pid)
        self._lock = threading.Lock()  # so that no signal reaches a number that has passed on to another process
        self._reaped = False
        self._stopped_before = False

    def look(self) -> Condition:
        """STOPPED only when it was so twice running: all processes of a machine that wakes are stopped for a moment."""
        status = psutil.STATUS_DEAD if self._reaped else self._status()
        stopped_before, self._stopped_before = self._stopped_before, status == psutil.STATUS_STOPPED
        if status in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return Condition.ENDED
        return Condition.STOPPED if stopped_before and self._stopped_before else Condition.LIVES

    def is_up(self) -> bool:
        """Whether it has come up, if it tells so (see `spawn`), or has ended. Ask from the main thread."""
        return self._arrival is None or self._arrival.is_seen()

    def send(self, number: signal.Signals) -> None:
        """Signals the child's group. Nothing happens when it has ended."""
        with self._lock:
            if not self._reaped:
                self._signal_group(number)

    def tell(self, number: signal.Signals) -> None:
        """Signals the child alone, not what it has started."""
        with self._lock:
            if not self._reaped:
                os.kill(self.pid, number)

    def reap(self) -> int:
        """Kills what is left of the child's group and waits for its end. Its exit code, negative for a signal."""
        with self._lock:
            if not self._reaped:
                self._signal_group(signal.SIGKILL)
                self._process.wait()
                self._reaped = True
                self._watchdog.remove(self.pid)
                if self._arrival:
                    self._arrival.close()
        return self._process.returncode

    def _status(self) -> str:
        try:
            return self._view.status()
        except psutil.NoSuchProcess:
            return psutil.STATUS_DEAD
        except OSError:  # no descriptor is left to look with
            return psutil.STATUS_RUNNING

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


class Arrival:
    """A pipe by which a process tells that it has come up: it closes its end of it, as the system does if it ends."""

    def __init__(self) -> None:
        ours, self._theirs = os.pipe()
        self._ours = os.fdopen(ours, "rb", buffering=0)
        self._poll = select.poll()
        self._poll.register(ours, 0)  # a hang-up is always told

    @contextlib.contextmanager
    def given(self) -> Iterator[int]:
        """The number of the end that is for a process to be started in this block."""
        try:
            yield self._theirs
        finally:
            os.close(self._theirs)

    def is_seen(self) -> bool:
        """Whether nobody has the other end open any more."""
        if not self._ours.closed and self._poll.poll(0):
            self.close()
        return self._ours.closed

    def close(self) -> None:
        """Waits for it no longer."""
        self._ours.close()


class Backoff:
    """When to start a thing again: at once after a long life, ever later after short ones, up to so many seconds."""

    def __init__(self, longest: float = 10.0) -> None:
        self._longest = longest
        self._short_lives = 0
        self._not_before = 0.0

    def ended(self, lived: float) -> None:
        """Takes note of an end after `lived` seconds."""
        self._short_lives = self._short_lives + 1 if lived < SHORT_LIFE_SECONDS else 0
        pause = min(0.1 * 2**self._short_lives, self._longest) if self._short_lives > 1 else 0.0
        self._not_before = time.monotonic() + pause

    @property
    def due(self) -> bool:
        """Whether it may be started now."""
        return time.monotonic() >= self._not_before


def spawn(
    command: Sequence[str],
    watchdog: Watchdog,
    *,
    folder: Path,
    output: IO[bytes] | None = None,
    given: bytes = b"",
    descriptors: Collection[int] = (),
    arrival: Arrival | None = None,
) -> Child:
    """Starts `command` in `folder`, under the watchdog's eye.

    `output` takes what it prints (None: our own), `given` is what it reads as its input (at most 64 KiB),
    `descriptors` are the open files that it inherits, `arrival` says when it has come up: the command closes
    the descriptor that it was given of it. OSError: the system has no room for a process, or cannot run the command.
    """
    process = subprocess.Popen(  # noqa: S603 (the commands are our own)
        [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command],
        stdin=subprocess.PIPE if given else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        cwd=folder,
        pass_fds=tuple(descriptors),
        start_new_session=True,
    )
    try:
        watchdog.add(process.pid)
        if process.stdin:
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(given)
        return Child(process, watchdog, arrival)
    except BaseException:  # nobody would know of it
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):
            watchdog.remove(process.pid)
        raise


def memory_of_groups(groups: Collection[int]) -> dict[int, int]:
    """The resident bytes of each of these process groups, what their processes share counted for each."""
    memory = dict.fromkeys(groups, 0)
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            group = os.getpgid(pid)
            if group in memory:
                memory[group] += psutil.Process(pid).memory_info().rss
    return memory
