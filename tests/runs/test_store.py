"""Bytes are there whole for as long as somebody needs them; what killed processes leave half done goes after a day."""

import os
import time
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from runs import store
from runs.models import Blob

OLD = time.time() - store.LEFT_FOR.total_seconds() - 60


@pytest.fixture
def leftovers(settings: Settings, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A run's folder of temporary files with a file in it, a draft of a blob, and a blob."""
    settings.DATA_DIR = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "tmp"
    folder, blob = tmp_path / "tmp" / "job-1", store.path("ab12")
    folder.mkdir(parents=True)
    (folder / "frame.png").touch()
    blob.parent.mkdir(parents=True)
    blob.touch()
    draft = blob.with_name(".draft")
    draft.touch()
    return folder, draft, blob


def test_what_was_left_half_done_a_day_ago_is_deleted(leftovers: tuple[Path, Path, Path]) -> None:
    for each in leftovers:
        os.utime(each, (OLD, OLD))
    assert store.clear_leftovers() == 2
    assert [each.exists() for each in leftovers] == [False, False, True]


def test_what_is_younger_stays(leftovers: tuple[Path, Path, Path]) -> None:
    assert store.clear_leftovers() == 0
    assert all(each.exists() for each in leftovers)


@pytest.mark.django_db
def test_bytes_of_which_a_power_cut_has_left_the_name_alone_are_stored_anew() -> None:
    blob = store.keep(b"whole", media_type="text/plain")
    os.truncate(store.path(blob.digest), 0)
    store.keep(b"whole", media_type="text/plain")
    assert store.path(blob.digest).read_bytes() == b"whole"


@pytest.mark.django_db(transaction=True)
def test_bytes_that_somebody_comes_to_need_while_they_are_cleared_away_are_there() -> None:
    def need() -> None:
        store.keep(b"needed", media_type="text/plain")
        connection.close()

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("DELETE") and not somebody.ident:
            somebody.start()
            somebody.join(0.3)  # unless it has to wait
        return execute(sql, *rest)

    somebody = Thread(target=need)
    blob = store.keep(b"needed", media_type="text/plain")
    Blob.objects.update(used_at=timezone.now() - timedelta(hours=2))
    with connection.execute_wrapper(meanwhile):
        store.clear_unused()
    somebody.join()
    assert store.is_whole(Blob.objects.get(pk=blob.pk))
