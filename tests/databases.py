"""Databases beside the one of the tests, for what must not be seen there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection


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
