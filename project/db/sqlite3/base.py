"""SQLite whose writers take turns: one `flock` around each write transaction.

SQLite's own waiting is polling and unfair; with the lock, the slowest of four busy writers waits 26 ms instead of
737 ms (`docs/adr/0002-sqlite-writers-take-turns.md`).
"""

import fcntl
import os
from typing import Any

from django.db.backends.sqlite3 import base


# Django's hooks for backends are private, so that its stubs do not know them.
class DatabaseWrapper(base.DatabaseWrapper):
    """Django's SQLite backend, whose transactions begin when this process's turn has come and end it when they end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turn: int | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            if self.connection is None or not self.connection.in_transaction:
                self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        name = self.settings_dict["NAME"]
        if self.is_in_memory_db():
            return
        turn = os.open(f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
        except BaseException:
            os.close(turn)
            raise
        self._turn = turn

    def _end_turn(self) -> None:
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None
