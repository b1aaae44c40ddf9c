"""What killed processes leave half done goes after a day, and nothing that someone may still be at."""

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from runs import store

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
