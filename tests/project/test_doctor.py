"""What the doctor finds, and what it says to do."""

import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from project import doctor
from project.doctor import Finding, examine
from runs import store
from runs.models import Gate
from tests import factories
from tests.environment import SETTINGS

pytestmark = pytest.mark.django_db

ROOT = SETTINGS.parents[1]


def findings() -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine()}


def test_nothing_is_wrong_with_what_works(valkey: redis.Redis) -> None:
    factories.worker()
    assert [finding.sentence for finding in examine() if not finding.good] == []


def test_it_says_how_to_get_a_worker(valkey: redis.Redis) -> None:
    assert not findings()["Workers"].good
    assert "make run" in findings()["Workers"].sentence


def test_it_says_what_to_do_without_redis_and_tells_no_password(settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://:secret@{tmp_path}/nobody.sock"
    settings.EMBEDDED_REDIS = False
    found = findings()["Redis"]
    assert not found.good
    assert "correct REDIS_URL" in found.sentence
    assert "secret" not in found.sentence


def test_it_tells_of_migrations_to_apply_and_of_those_it_does_not_know(valkey: redis.Redis) -> None:
    MigrationRecorder.Migration.objects.filter(app="runs").delete()
    assert "./loupe migrate" in findings()["Migrations"].sentence
    MigrationRecorder.Migration.objects.create(app="runs", name="0999_later")
    assert "newer Loupe (runs.0999_later)" in findings()["Migrations"].sentence


def test_it_tells_of_files_that_cannot_be_kept(valkey: redis.Redis, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "media").write_text("a file where a folder should be")
    assert "Files cannot be kept" in findings()["Storage"].sentence


def test_it_tells_of_a_redis_that_drops_what_it_is_given(valkey: redis.Redis) -> None:
    valkey.config_set("maxmemory", "100mb")
    valkey.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert "its 100 MB are full (allkeys-lru)" in findings()["Memory"].sentence
        valkey.config_set("maxmemory-policy", "noeviction")
        assert findings()["Memory"].good
    finally:
        valkey.config_set("maxmemory-policy", "noeviction")
        valkey.config_set("maxmemory", "0")


def test_it_tells_of_a_clock_that_is_off(valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("project.doctor.time.time", lambda: now - 300)
    assert "differ by 300 s" in findings()["Clock"].sentence


def test_it_tells_of_a_secret_that_others_may_read(valkey: redis.Redis, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "secret_key").write_text("x")
    (tmp_path / "secret_key").chmod(0o640)
    assert f"chmod 600 {tmp_path}" in findings()["Secret"].sentence
    (tmp_path / "secret_key").chmod(0o600)
    assert findings()["Secret"].good


def test_it_tells_of_files_that_are_gone_or_cut_short(valkey: redis.Redis) -> None:
    kept, gone, cut = (store.keep(data, media_type="text/plain") for data in (b"kept", b"gone", b"cut short"))
    assert findings()["Files"].good
    store.path(gone.digest).unlink()
    assert "1 of the newest 3 files" in findings()["Files"].sentence
    assert gone.digest in findings()["Files"].sentence
    store.path(gone.digest).write_bytes(b"gone")
    store.path(cut.digest).write_bytes(b"cut")
    assert cut.digest in findings()["Files"].sentence
    assert kept.digest not in findings()["Files"].sentence


def test_it_tells_of_a_queue_that_is_paused(valkey: redis.Redis) -> None:
    Gate.objects.create(pk=1, paused=True)
    assert "paused" in findings()["Queue"].sentence
    Gate.objects.update(paused=False)
    assert findings()["Queue"].good


def test_it_tells_of_jobs_that_nobody_takes_back(valkey: redis.Redis, ada: User) -> None:
    workflow = factories.workflow(ada)
    ended = timezone.now() - timedelta(minutes=2)
    factories.job(workflow, state="running", lease_until=ended)
    factories.job(workflow, number=2, state="running", lease_until=timezone.now() + timedelta(minutes=1))
    assert findings()["Queue"].sentence.startswith(
        "Running jobs have lost their workers, and nobody takes them back (1)"
    )


def test_it_tells_of_a_disk_that_is_as_good_as_full(valkey: redis.Redis, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = sys.maxsize
    assert findings()["Disk"].sentence.startswith("Only ")


def test_the_command_ends_with_1_when_there_is_something_to_do(valkey: redis.Redis) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=StringIO())
    assert ended.value.code == 1


def test_the_command_lists_every_check(valkey: redis.Redis) -> None:
    factories.worker()
    printed = StringIO()
    call_command("doctor", stdout=printed)
    assert [line.split()[1] for line in printed.getvalue().splitlines()] == [f"{name}:" for name in doctor.CHECKS]


def test_it_tells_soon_of_a_database_that_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections and says nothing
        url = f"postgres://loupe:hush@127.0.0.1:{silent.getsockname()[1]}/loupe"
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": url}
        command = [sys.executable, "manage.py", "doctor"]
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert time.monotonic() - began < 30
    assert done.returncode == 1
    assert "wrong Database: It does not answer" in done.stdout
    assert "wrong Workers: It cannot be looked at. See to the database first." in done.stdout
    assert "hush" not in done.stdout + done.stderr
    assert "WARNING" not in done.stderr
