"""An ordinary user's machine, good or worse: they own a clone of Loupe and a home, and have the system's programs."""

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import IO

import httpx
import psutil

from tests.live.product import ROOT, free_port
from tests.waiting import eventually

USER = pwd.getpwnam("nobody")
SETS_UP_WITHIN = 400.0
STARTS_WITHIN = 60.0
ENDS_WITHIN = 10.0
"""Seconds. The last is promised; the others have room for a slow index."""
PACKAGE_CLIENTS = ("pip_", "npm_config_", "http_proxy", "https_proxy", "no_proxy", "ssl_cert_", "node_extra_ca_certs")
"""What pip and npm are told on this machine, such as where its index is. No other variable is passed on."""
WITHOUT_SHARED_MEMORY = """
mount -t tmpfs tmpfs "$1"
for each in full null random tty urandom zero; do : >"$1/$each"; mount --bind "/dev/$each" "$1/$each"; done
ln -s /proc/self/fd "$1/fd"
mount --rbind "$1" /dev
shift
exec "$@"
"""
"""A /dev that has no shm, in a mount namespace of its own."""


@dataclass(frozen=True)
class Machine:
    """`folder` has the clone, and all else that is made here."""

    folder: Path
    home: Path
    umask: int = 0o022
    shared_memory: bool = True

    @property
    def clone(self) -> Path:
        return self.folder / "Loupe, cloned"

    def start(self, *command: str, output: int | IO[str], **environment: str) -> subprocess.Popen[str]:
        """Starts a command as the user, in the clone. It is the process itself: nothing stands between."""
        user = ["setpriv", f"--reuid={USER.pw_uid}", f"--regid={USER.pw_gid}", "--clear-groups", "--inh-caps=-all"]
        if not self.shared_memory:
            (devices := self.folder / "devices").mkdir(exist_ok=True)
            user = ["unshare", "--mount", "sh", "-ec", WITHOUT_SHARED_MEMORY, "sh", str(devices), *user]
        return subprocess.Popen(
            [*user, *command],
            cwd=self.clone,
            env=_told() | {"HOME": str(self.home)} | environment,
            umask=self.umask,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        process = self.start(*command, output=subprocess.PIPE, **environment)
        printed, _ = process.communicate(timeout=SETS_UP_WITHIN)
        return process.returncode, printed

    def processes(self) -> list[psutil.Process]:
        """All that run here, whoever their parent is."""
        return [each for each in psutil.process_iter() if self._is_here(each)]

    def _is_here(self, process: psutil.Process) -> bool:
        try:
            return Path(process.cwd()).is_relative_to(self.folder)
        except (psutil.Error, OSError):
            return False


class Running:
    """A Loupe that `make run` has started. `environment` is what other commands need in order to find it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.port = free_port()
        self.environment = {"PORT": str(self.port), "DATA_DIR": str(machine.clone / f"data of {self.port}")}
        self._printed = machine.folder / f"printed {self.port}"
        with self._printed.open("w") as output:
            self.make = machine.start("make", "run", output=output, **self.environment)

    @property
    def link(self) -> str:
        """The one that signs in; empty before it is printed."""
        lines = self.printed().splitlines()
        return next((line for line in lines if line.startswith(f"http://127.0.0.1:{self.port}/sign-in/")), "")

    def printed(self) -> str:
        return self._printed.read_text()

    def come_up(self, within: float) -> None:
        """Waits for the link and for the workers."""
        eventually(lambda: self.link or self.make.poll() is not None, within)
        assert self.link, self.printed()
        eventually(lambda: self.get("/readyz") == 200, STARTS_WITHIN)

    def get(self, path: str) -> int:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=30).status_code

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """REST by a token that `./loupe` made."""
        code, token = self.machine.run("./loupe", "create_token", "owner", **self.environment)
        assert code == 0, token
        headers = {"Authorization": f"Bearer {token.strip()}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", headers=headers, timeout=30) as client:
            yield client

    def stop(self) -> float:
        """Tells make alone to end, and answers how many seconds passed until nothing ran any more."""
        began = time.monotonic()
        self.make.send_signal(SIGTERM)
        self.make.wait(3 * ENDS_WITHIN)
        eventually(lambda: not self.machine.processes(), 3 * ENDS_WITHIN)
        return time.monotonic() - began

    def end(self) -> None:
        """Leaves nothing of it, in whatever state it is."""
        for each in self.machine.processes():
            with suppress(psutil.NoSuchProcess):  # those of one that was killed go with it
                each.kill()
        self.make.wait()


@contextmanager
def running(machine: Machine, within: float = STARTS_WITHIN) -> Iterator[Running]:
    """Loupe by `make run` while the block runs, up within so many seconds, set-up included."""
    loupe = Running(machine)
    try:
        loupe.come_up(within)
        yield loupe
    finally:
        loupe.end()


def clone(machine: Machine) -> None:
    """Clones this repository into the machine, whoever owns it, and gives the clone to the user."""
    trusting = machine.folder / "gitconfig"
    trusting.write_text("[safe]\n\tdirectory = *\n")
    subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", ROOT, machine.clone],
        env=os.environ | {"GIT_CONFIG_GLOBAL": str(trusting)},
        check=True,
    )
    subprocess.run(["chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", machine.clone], check=True)


def _told() -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if name.lower().startswith(PACKAGE_CLIENTS)}
    return passed | {"PATH": "/usr/local/bin:/usr/bin:/bin"}
