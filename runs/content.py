"""An asset's bytes over HTTP: whole or one range of them, never held in memory, and never run by a browser."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from accounts.problems import ProblemError

CHUNK_BYTES = 64 * 1024
ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "text/plain": ".txt",
    "application/json": ".json",
}
"""How files of a media type end."""
SHOWN = ENDINGS.keys() - {"application/json"}
"""What a browser may show in place. Everything else it saves: SVG and HTML could act."""
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Content:
    """What is served: bytes, or the file that holds `size` of them; what they are, their name for people, the SHA-256.

    `inserted` is put in while serving, before byte `at` of the file.
    """

    source: bytes | Path
    size: int
    media_type: str
    name: str
    digest: str
    inserted: bytes = b""
    at: int = 0

    @property
    def length(self) -> int:
        """How many bytes are served."""
        return self.size + len(self.inserted)

    async def read(self, first: int, size: int) -> AsyncIterator[bytes]:
        """So many of the bytes that are served, from `first` on. They are there, as `is_there` says."""
        if isinstance(self.source, bytes):
            yield self.source[first : first + size]
            return
        end, behind = first + size, self.at + len(self.inserted)
        async for chunk in _read(self.source, first, min(end, self.at) - first):
            yield chunk
        if between := self.inserted[max(first - self.at, 0) : max(end - self.at, 0)]:
            yield between
        begin = max(first, behind)
        async for chunk in _read(self.source, begin - len(self.inserted), end - begin):
            yield chunk

    def is_there(self) -> bool:
        """Whether there is anything to read."""
        return isinstance(self.source, bytes) or self.source.exists()


async def respond(request: HttpRequest, content: Content) -> HttpResponseBase:
    """The answer to a GET or HEAD. Raises ProblemError 416, or 404 when the file is gone."""
    headers = _headers(content)
    if _matches(request.headers.get("If-None-Match"), headers["ETag"]):
        return _unchanged(headers)
    part = _range(request, content.length, headers["ETag"])
    first, last = part or (0, content.length - 1)
    headers["Content-Length"] = str(last - first + 1)
    if part:
        headers["Content-Range"] = f"bytes {first}-{last}/{content.length}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    if isinstance(content.source, bytes):
        return HttpResponse(content.source[first : last + 1], status=status, headers=headers)
    if not await asyncio.to_thread(content.is_there):
        raise ProblemError(404, "The bytes of this asset are gone from the disk. Run its job again.")
    return StreamingHttpResponse(content.read(first, last - first + 1), status=status, headers=headers)


def _unchanged(headers: dict[str, str]) -> HttpResponse:
    """A browser takes these headers for those of the bytes that it has, so that none may be missing or another's."""
    response = HttpResponse(status=304, headers=headers)
    del response["Content-Type"]
    return response


def _headers(content: Content) -> dict[str, str]:
    text = content.media_type.startswith("text/") or content.media_type == "application/json"
    return {
        "Content-Type": f"{content.media_type}; charset=utf-8" if text else content.media_type,
        "Content-Disposition": _disposition(content),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": _etag(content),
        "Accept-Ranges": "bytes",
    }


def _etag(content: Content) -> str:
    """Of the stored bytes and of what is put in."""
    told = f"-{hashlib.sha256(content.inserted).hexdigest()[:16]}" if content.inserted else ""
    return f'"{content.digest}{told}"'


def _disposition(content: Content) -> str:
    """The name in ASCII for old clients, and as it is (RFC 6266)."""
    kind = "inline" if content.media_type in SHOWN else "attachment"
    plain = re.sub(r'[^ -~]|["\\%]', "_", content.name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(content.name, safe='')}"


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    return header.strip() == "*" or etag in {each.strip().removeprefix("W/") for each in header.split(",")}


def _range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """The first and last byte that are asked for; None for all. Several ranges, and what is no range, are left out."""
    header, condition = request.headers.get("Range"), request.headers.get("If-Range")
    found = _RANGE.fullmatch(header.strip()) if header and request.method == "GET" else None
    if found is None or (condition is not None and condition.strip() != etag):
        return None
    first, last = found.groups()
    if not (first or last) or (first and last and int(last) < int(first)):
        return None
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if begin > end:
        detail = f"The range begins behind the end; there are {size} bytes."
        raise ProblemError(416, detail, headers={"Content-Range": f"bytes */{size}"})
    return begin, end


async def _read(path: Path, first: int, size: int) -> AsyncIterator[bytes]:
    """The bytes from `first` on, read in threads so that no slow disk holds up the event loop."""
    if size <= 0:
        return
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, first)
        while size > 0 and (chunk := await asyncio.to_thread(file.read, min(CHUNK_BYTES, size))):
            size -= len(chunk)
            yield chunk
    finally:
        file.close()
