"""The embedded Valkey: private, lasting, and reachable however long the path of the data folder is."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from project.logs import Log
from project.valkey import Valkey
from runs.pool.processes import Child
from runs.pool.watchdog import Watchdog
from tests.waiting import eventually


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    with Watchdog(600.0) as watchdog:
        yield watchdog


def started(folder: Path, watchdog: Watchdog) -> tuple[Valkey, Child]:
    valkey = Valkey(folder, Log(folder.parent / "logs", "valkey"))
    child = valkey.start(watchdog)
    eventually(valkey.answers)
    return valkey, child


def test_it_is_reached_by_its_socket_and_password_alone(tmp_path: Path, watchdog: Watchdog) -> None:
    _, child = started(tmp_path / "valkey", watchdog)
    socket = tmp_path / "valkey" / "valkey.sock"
    assert socket.stat().st_mode & 0o777 == 0o600
    assert not psutil.Process(child.pid).net_connections("inet")
    with redis.Redis(unix_socket_path=str(socket)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    child.reap()


def test_its_password_is_in_no_command_line_and_no_open_file(tmp_path: Path, watchdog: Watchdog) -> None:
    valkey, child = started(tmp_path / "valkey", watchdog)
    url = tmp_path / "valkey" / "url"
    password = valkey.url.split("@")[0].removeprefix("unix://:")
    assert url.read_text() == valkey.url
    assert url.stat().st_mode & 0o777 == 0o600
    assert password not in " ".join(psutil.Process(child.pid).cmdline())
    child.reap()


def test_what_was_written_is_there_after_a_kill(tmp_path: Path, watchdog: Watchdog) -> None:
    valkey, child = started(tmp_path / "valkey", watchdog)
    with redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "yes")
    child.reap()
    child = valkey.start(watchdog)
    eventually(valkey.answers)
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("kept") == b"yes"
    child.reap()


def test_a_long_path_puts_the_socket_elsewhere_and_leaves_nothing(tmp_path: Path, watchdog: Watchdog) -> None:
    folder = tmp_path / ("long " * 20) / "valkey"
    valkey, child = started(folder, watchdog)
    child.reap()
    left = Path((folder / "socket").read_text()).parent
    assert left.exists()
    valkey, child = started(folder, watchdog)
    assert not left.exists()
    child.reap()
    valkey.remove_socket()
    assert not Path((folder / "socket").read_text()).parent.exists()
