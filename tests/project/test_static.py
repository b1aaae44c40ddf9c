"""How static files are sent."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings as project
from pytest_django import Settings

from project.static import with_static_files

CLOCK = project.BASE_DIR / "static" / "js" / "clock.js"


async def sent(path: str, **headers: str) -> tuple[dict[str, str], bytes]:
    """The headers and body of the answer."""
    told: list[dict[str, object]] = []
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": pairs}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        told.append(message)

    await with_static_files(None)(scope, receive, send)
    start, *rest = told
    answered: list[tuple[bytes, bytes]] = start["headers"]  # type: ignore[assignment]
    body = b"".join(message.get("body", b"") for message in rest)  # type: ignore[misc]
    return {name.decode().lower(): value.decode() for name, value in answered}, body


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.COMPRESSED_DIR = tmp_path / "compressed"
    return tmp_path / "compressed"


async def test_scripts_and_styles_are_sent_compressed_to_who_takes_that() -> None:
    headers, body = await sent("/static/js/clock.js", accept_encoding="gzip, br")
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(body) == CLOCK.read_bytes()
    assert headers["content-length"] == str(len(body))


async def test_others_get_them_as_they_are() -> None:
    headers, body = await sent("/static/js/clock.js")
    assert "content-encoding" not in headers
    assert body == CLOCK.read_bytes()


def test_a_file_is_compressed_once(folder: Path) -> None:
    with_static_files(None)
    before = {copy: copy.stat().st_mtime_ns for copy in folder.iterdir()}
    with_static_files(None)
    assert {copy: copy.stat().st_mtime_ns for copy in folder.iterdir()} == before
