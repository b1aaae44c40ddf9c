"""What a start does to the database before anything runs on it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from project import database
from project.errors import CannotStart

pytestmark = pytest.mark.django_db


def test_the_quick_look_finds_what_the_loader_of_migrations_finds() -> None:
    assert database._on_disk() == set(MigrationLoader(None).disk_migrations)


def test_a_database_that_is_ready_is_left_alone(tmp_path: Path) -> None:
    said: list[str] = []
    database.prepare(tmp_path / "copies", said.append)
    assert said == []
    assert not (tmp_path / "copies").exists()


def test_a_newer_database_is_refused_with_the_place_of_its_copies(tmp_path: Path) -> None:
    MigrationRecorder.Migration.objects.create(app="runs", name="0999_later")
    with pytest.raises(CannotStart, match=r"newer Loupe \(it has runs.0999_later\).*copies"):
        database.prepare(tmp_path / "copies", print)


def test_another_packages_migrations_do_not_make_it_newer(tmp_path: Path) -> None:
    MigrationRecorder.Migration.objects.create(app="auth", name="0999_later")
    database.prepare(tmp_path, print)


def test_the_newest_copies_are_kept(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "loupe.sqlite3")) as source, source:
        source.execute("CREATE TABLE kept (value)")
    copies = tmp_path / "copies"
    copies.mkdir()
    for year in range(2001, 2005):
        (copies / f"loupe-{year}0101-000000.sqlite3").touch()
    database._copy(tmp_path / "loupe.sqlite3", copies)
    names = sorted(path.name for path in copies.iterdir())
    assert names[:2] == ["loupe-20030101-000000.sqlite3", "loupe-20040101-000000.sqlite3"]
    assert len(names) == database.COPIES_KEPT
    with closing(sqlite3.connect(copies / names[-1])) as copy:
        assert copy.execute("SELECT name FROM sqlite_master").fetchall() == [("kept",)]
