"""Nodes that fetch from other machines."""

import asyncio
import codecs
import json
import re
import zlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, NoReturn

import httpx

from workflows import outgoing
from workflows.errors import NodeFailed
from workflows.registry import Setting, node
from workflows.shape import fault, storable

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_REDIRECTS: Final = 10
_LONGEST_URL: Final = 8_000
_FIELD: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LINE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OURS: Final = frozenset(
    "accept-encoding connection content-length expect host keep-alive te trailer transfer-encoding upgrade".split()
)
_CHARSETS: Final = ("ascii", "big5", "cp", "euc", "gb", "iso8859", "koi8", "latin", "mac", "shift", "tis", "utf-")


@node(
    "http.get",
    title="Fetch",
    description="Fetches an address of the web: its status, its text, and its data where the text is JSON.",
    outputs={"status": "integer", "text": "text", "json": "json"},
    pure=False,
    safe=False,
)
async def get(
    url: Annotated[str, Setting(title="URL", multiline=True, description="Begins with http:// or https://.")],
    headers: Annotated[
        dict[str, Any], Setting(type="json", widget="data", description='As JSON: {"Accept": "text/plain"}.')
    ] = {},  # noqa: B006 (only read)
    timeout: Annotated[  # noqa: ASYNC109 (an input of the node)
        float, Setting(minimum=0.1, maximum=600, unit="s", description="For all of it, redirects too.")
    ] = 30.0,
) -> dict[str, Any]:
    """Return the answer, whatever its status; `json` is null where the text is none. NodeFailed when there is none."""
    address, lines = _address(url), _lines(headers)
    try:
        async with asyncio.timeout(timeout), outgoing.client() as client:
            response = await _followed(client, client.build_request("GET", address, headers=lines))
            body = await _body(response)
    except outgoing.Unreachable as error:
        raise NodeFailed(error.code, str(error)) from error
    except TimeoutError:
        raise NodeFailed("timeout", f"“{address.host}” took longer than {timeout:g} s. Allow it more time.") from None
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        _refuse_connection(address.host, error)
    except (httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
        message = f"“{address.host}” broke off, or sent what is no answer ({type(error).__name__}). Try again later."
        raise NodeFailed("bad_response", message) from error
    text, value = await asyncio.to_thread(_read, body, response.charset_encoding)
    return {"status": response.status_code, "text": text, "json": value}


async def _followed(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The answer behind all redirects. What was given for one origin is not told to another."""
    for _ in range(MAX_REDIRECTS + 1):
        response = await client.send(request, stream=True)
        following = response.next_request
        if following is None:
            return response
        await response.aclose()
        same = _origin(following.url) == _origin(request.url)
        request = following if same else client.build_request("GET", following.url, headers={"Accept-Encoding": "gzip"})
    raise NodeFailed("too_many_redirects", f"The address leads on more than {MAX_REDIRECTS} times. Use another one.")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


async def _body(response: httpx.Response) -> bytes:
    """The body, unpacked; never more of it in memory than is allowed, however small it was packed."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in {"identity", "gzip", "x-gzip", "deflate", ""}:
        raise NodeFailed("bad_response", f"The answer is packed as “{packing[:40]}”, which was not asked for.")
    unpacking = zlib.decompressobj(wbits=47) if "gzip" in packing or packing == "deflate" else None
    body, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        body += unpacking.decompress(chunk, MAX_BYTES + 1 - len(body)) if unpacking else chunk
        if max(received, len(body)) > MAX_BYTES:
            raise NodeFailed("too_large", f"The answer has more than {MAX_BYTES // 1024**2} MiB. Ask for less of it.")
    if unpacking and received and not unpacking.eof:
        raise NodeFailed("bad_response", "The answer ended before it was complete. Try again later.")
    return bytes(body)


def _read(body: bytes, charset: str | None) -> tuple[str, Any]:
    """The body as text, and as JSON where it is some that can be kept."""
    text = storable(body.decode(_codec(charset), errors="replace"))
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text, None
    return text, None if fault(value) else value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _codec(charset: str | None) -> str:
    """The codec of a charset that texts are written in, else of UTF-8: Python knows codecs that are none."""
    try:
        found = codecs.lookup(charset or "").name
    except LookupError:
        return "utf-8-sig"
    return found if found != "utf-8" and found.startswith(_CHARSETS) else "utf-8-sig"


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url.strip())
    except httpx.InvalidURL:
        address = httpx.URL("")
    if len(url) > _LONGEST_URL or address.scheme not in outgoing.PORTS or not address.host:
        raise NodeFailed("bad_value", "The URL is no address of the web. Write it like https://example.org/data.json.")
    return address


def _lines(headers: object) -> dict[bytes, bytes]:
    """The headers to send; what is said of wrong ones never has their values, which may be secret."""
    if not isinstance(headers, Mapping | None):
        raise NodeFailed("bad_value", 'Headers must be an object of texts, such as {"Accept": "text/plain"}.')
    for name, value in (headers or {}).items():
        if not _FIELD.fullmatch(name) or not isinstance(value, str) or not _LINE.fullmatch(value):
            message = f"The header “{name[:80]}” cannot be sent. Give it a name and a text in one line, of ISO-8859-1."
            raise NodeFailed("bad_value", message)
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            raise NodeFailed("bad_value", f"The header “{name}” is set by Loupe itself. Leave it out.")
    given = {name.encode(): value.strip().encode("latin-1") for name, value in (headers or {}).items()}
    return {**given, b"Accept-Encoding": b"gzip"}


def _refuse_connection(host: str, error: httpx.ConnectError | httpx.ConnectTimeout) -> NoReturn:
    if "SSL" in str(error) or "certificate" in str(error).lower():
        message = f"“{host}” has no certificate that can be trusted, or speaks no TLS. See whether the URL is right."
        raise NodeFailed("bad_certificate", message) from error
    message = f"“{host}” takes no connection. See whether the URL is right, and whether it is running."
    raise NodeFailed("unreachable", message) from error
