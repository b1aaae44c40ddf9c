"""What a start stands on, and what is said where it can't stand."""

import errno
import os
import re
import socket
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from project import ground
from project.errors import CannotStart

UNROUTABLE = "203.0.113.1"  # kept for documents


def test_only_one_holds_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "LAST_RUN_SECONDS", 0.1)
    with ground.data_lock(tmp_path), pytest.raises(CannotStart, match="another Loupe"), ground.data_lock(tmp_path):
        pass
    with ground.data_lock(tmp_path) as handle:
        assert not os.get_inheritable(handle)


def test_the_listener_listens(tmp_path: Path) -> None:
    with ground.listener("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        socket.create_connection((host, port), timeout=5).close()


@pytest.mark.parametrize("host", [UNROUTABLE, "no such host"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(CannotStart, match=f"HOST={host} is not an address"), ground.listener(host, 0):
        pass


def test_a_disk_without_room_is_named(tmp_path: Path, settings: Settings) -> None:
    ground.check_room(tmp_path)
    settings.MIN_FREE_BYTES = 2**60
    with pytest.raises(CannotStart, match=r"only [\d]+ MB are free"):
        ground.check_room(tmp_path)


def test_a_write_to_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="the disk is full"), ground.plain_reasons(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    place = tmp_path / "nowhere" / "file"
    with pytest.raises(CannotStart, match=re.escape(f"{place} cannot be used")), ground.plain_reasons(tmp_path):
        place.write_text("")


@pytest.mark.django_db
def test_a_broken_database_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="the database cannot be used"), ground.plain_reasons(tmp_path):
        connection.cursor().execute("SELECT * FROM no_such_table")


def test_a_database_on_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="the disk is full"), ground.plain_reasons(tmp_path):
        raise OperationalError("database or disk is full")
