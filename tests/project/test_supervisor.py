"""What the supervisor starts."""

from typing import Any

import pytest

from project.supervisor import web_arguments

MIB = 1024**2


def largest_body(arguments: list[str]) -> int:
    return int(arguments[arguments.index("--max-body-bytes") + 1])


@pytest.mark.parametrize("size", [256 * MIB, 2048 * MIB])
def test_the_web_process_takes_a_body_with_the_largest_upload_in_it(settings: Any, size: int) -> None:
    settings.MAX_UPLOAD_BYTES = size
    assert largest_body(web_arguments(3)) == size + MIB


def test_bodies_that_are_no_uploads_are_taken_however_small_those_must_be(settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1
    assert largest_body(web_arguments(3)) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
