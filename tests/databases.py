"""Databases beside the one of the tests, for what must not be seen there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.utils import CursorWrapper


@contextmanager
def another(name: str, *, like: str = "") -> Iterator[None]:
    """There is an empty database of this name while the block runs, or one that is `like` another. It is not in use."""
    _close()
    _make(name, like)
    try:
        yield
    finally:
        _close()
        if connection.vendor == "postgresql":
            _tell_server(f'DROP DATABASE "{name}" WITH (FORCE)')
        else:
            Path(name).unlink()


@contextmanager
def unanswered(which: int = 0) -> Iterator[list[str]]:
    """What is written is kept, but the answer to the commit at this index is lost, as when PostgreSQL fails over.

    Gives what was committed within the block, by whatever thread.
    """
    backend, wrapper = type(connections["default"]), CursorWrapper
    before: Any = backend._commit, wrapper._execute  # type: ignore[attr-defined]
    committed: list[str] = []

    def lose(what: str) -> None:
        committed.append(what)
        if len(committed) == which + 1:
            raise OperationalError("the connection was lost after the commit")

    def committing(self: Any) -> None:
        wrote, self.wrote = getattr(self, "wrote", None), None
        before[0](self)
        if wrote:
            lose(wrote)

    def executing(self: Any, sql: str, *rest: Any) -> Any:
        result = before[1](self, sql, *rest)
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            if self.db.in_atomic_block:
                self.db.wrote = sql
            else:
                lose(sql)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "_commit", committing)
        patch.setattr(wrapper, "_execute", executing)
        yield committed


@contextmanager
def used(name: str) -> Iterator[None]:
    """Django's default connection is to the database of this name while the block runs."""
    usual = connection.settings_dict["NAME"]
    _close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        _close()
        connection.settings_dict["NAME"] = usual


def _make(name: str, like: str) -> None:
    if connection.vendor == "postgresql":
        _tell_server(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
    elif like:
        with closing(sqlite3.connect(like)) as source:
            source.execute("VACUUM INTO ?", [name])


def _tell_server(sql: str) -> None:
    database: Any = connection
    with database._nodb_cursor() as cursor:
        cursor.execute(sql)


def _close() -> None:
    database: Any = connection
    database.close()
    if database.vendor == "postgresql":
        database.close_pool()
