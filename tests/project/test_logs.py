"""Logs stay small, and lose nothing that is new."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from project import logs
from project.logs import LARGEST_BYTES, Log
from tests.waiting import eventually

FILLS = "import os\nwhile True: os.write(1, bytes(2**20))"


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


def test_what_is_written_while_a_log_is_set_aside_is_set_aside_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 8)
    log = Log(tmp_path, "web")
    with log.open() as file:
        file.write(b"0123456789")

        class Slow(io.FileIO):
            def write(self, data: Any) -> int:
                file.write(b"late" if data == b"23456789" else b"")
                return super().write(data)

        opened = Path.open
        monkeypatch.setattr(Path, "open", lambda path, mode: (Slow if path.suffix == ".1" else opened)(path, mode))
        log.trim()
    assert log.path.read_bytes() == b""
    assert (tmp_path / "web.log.1").read_bytes() == b"23456789late"


def test_no_more_is_set_aside_than_a_log_may_hold_however_fast_it_is_filled(tmp_path: Path) -> None:
    log = Log(tmp_path, "workers")
    with log.open() as file, subprocess.Popen([sys.executable, "-c", FILLS], stdout=file) as filler:
        try:
            for _ in range(3):
                eventually(lambda: log.path.stat().st_size > LARGEST_BYTES)
                log.trim()
                assert LARGEST_BYTES <= (tmp_path / "workers.log.1").stat().st_size <= 2 * LARGEST_BYTES
        finally:
            filler.kill()


def test_on_a_full_disk_a_large_log_is_still_made_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 8)
    (tmp_path / "web.log.1").symlink_to("/dev/full")
    log = Log(tmp_path, "web")
    with log.open() as file:
        file.write(b"0123456789")
    log.trim()
    assert log.path.read_bytes() == b""
