"""Logs stay small, and lose nothing that is new."""

import errno
import shutil
from pathlib import Path

import pytest

from project import logs
from project.logs import Log


def test_what_is_written_is_appended_by_every_opener(tmp_path: Path) -> None:
    log = Log(tmp_path / "logs", "web")
    for line in (b"one\n", b"two\n"):
        with log.open() as file:
            file.write(line)
    assert log.path.read_bytes() == b"one\ntwo\n"
    assert log.path.stat().st_mode & 0o077 == 0


def test_a_large_log_is_set_aside_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 8)
    log = Log(tmp_path, "web")
    with log.open() as file:
        file.write(b"0123456789")
        log.trim()
        file.write(b"new")
    log.trim()
    assert log.path.read_bytes() == b"new"
    assert (tmp_path / "web.log.1").read_bytes() == b"23456789"


def test_on_a_full_disk_a_large_log_is_still_made_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_files: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(logs, "LARGEST_BYTES", 8)
    monkeypatch.setattr(shutil, "copyfileobj", full)
    log = Log(tmp_path, "web")
    with log.open() as file:
        file.write(b"0123456789")
    log.trim()
    assert log.path.read_bytes() == b""
