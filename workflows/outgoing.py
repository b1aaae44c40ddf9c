"""Requests to other machines, which may only reach what is on the public internet or what was allowed by name.

A name is looked up once, every address it has is judged, and the connection goes to an address that was judged; so no
second answer of a name server, and no redirect, leads elsewhere. TLS and the Host header keep the name. Proxies,
`.netrc` and the like of the environment are not heeded. Knows no Django.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import IPPROTO_TCP, gaierror, getaddrinfo
from typing import Any, Final, TypeAlias

import certifi
import httpcore
import httpx

from workflows.errors import WorkflowError

Endpoint: TypeAlias = tuple[str, int]
LookUp: TypeAlias = Callable[[str, int], list[str]]
"""The addresses of a host, for a port; OSError when it has none. It may block."""

PORTS: Final = {"http": 80, "https": 443}
CONNECT_SECONDS: Final = 10.0
HEAD_BYTES: Final = 64 * 1024
_AT_ONCE: Final = 8 * 1024
_GLOBAL: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LAST_32_BITS: Final = 0xFFFFFFFF


class Unreachable(WorkflowError):  # noqa: N818 (what it is, as the other names here)
    """A host has no address, or none that may be reached; `code` tells which, as nodes name their errors."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def look_up(host: str, port: int) -> list[str]:
    """What the machine's own resolver answers, each address once."""
    return list(dict.fromkeys(str(found[4][0]) for found in getaddrinfo(host, port, proto=IPPROTO_TCP)))


class Guard:
    """Says which addresses may be reached: global ones, and what `allow` names, a host or address with its port."""

    def __init__(self, allow: Iterable[Endpoint] = (), look_up: LookUp = look_up) -> None:
        self._look_up = look_up
        self.allow(allow)

    def allow(self, endpoints: Iterable[Endpoint]) -> None:
        """Allow these, and no others, although they are not global."""
        self._allowed = frozenset((_plain(host), port) for host, port in endpoints)

    def addresses(self, host: str, port: int) -> list[str]:
        """The host's addresses, all of which may be reached; Unreachable if one may not. Looking them up may block."""
        try:
            found = self._look_up(host, port)
        except (gaierror, UnicodeError, OSError):
            found = []
        if not found:
            raise Unreachable("unreachable", f"There is no host “{host}”. See whether its name is right.")
        if (_plain(host), port) not in self._allowed and not all(self._may(address, port) for address in found):
            raise Unreachable(
                "forbidden_address",
                f"“{_shown(host, port)}” is not on the public internet and may not be reached. "
                f"Whoever runs Loupe can allow it by the setting HTTP_ALLOW.",
            )
        return found

    async def find(self, host: str, port: int) -> list[str]:
        """The same without blocking the loop, and ending at once when it is cancelled."""
        return await _in_a_thread(lambda: self.addresses(host, port))

    def _may(self, address: str, port: int) -> bool:
        return (_plain(address), port) in self._allowed or is_global(address)


guard: Final = Guard()
"""The one that the product uses; the setting HTTP_ALLOW is told to it at start."""


def endpoint(url: str | httpx.URL) -> Endpoint:
    """The host and port that an address of the web leads to. Raises Unreachable when it is none."""
    try:
        address = httpx.URL(url)
        named = bool(address.host)  # which is decoded
    except (httpx.InvalidURL, UnicodeError):
        address, named = httpx.URL(""), False
    if address.scheme not in PORTS or not named:
        raise Unreachable("bad_value", "Only addresses that begin with http:// or https:// can be reached.")
    port = PORTS[address.scheme] if address.port is None else address.port
    if not 0 < port < 2**16:
        raise Unreachable("bad_value", f"There is no port {port}: they go from 1 to 65535.")
    return address.raw_host.decode(), port


def is_global(address: str) -> bool:
    """Whether an address is one of the public internet, whatever form of IPv6 an IPv4 address is wrapped in."""
    found = ip_address(address)
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast
    inner = _inside(found)
    if inner is not None:
        return is_global(str(inner))
    return found.scope_id is None and found in _GLOBAL and found.is_global and found.teredo is None


def client(guard: Guard = guard, *, head_only: bool = False) -> httpx.AsyncClient:
    """A client whose every request, redirects too, passes the guard. It keeps no connection open.

    With `head_only` it takes no more of an answer than its head may need: one without end, be it of headers or of
    answers before the answer, would keep all else on the loop waiting. It raises Unreachable besides what httpx raises.
    How long it may take, but for connecting, is for the caller to say.
    """
    named = {"User-Agent": "Loupe"}
    return httpx.AsyncClient(
        transport=_Guarded(guard, HEAD_BYTES if head_only else None),
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        trust_env=False,
        headers=named,
    )


class _Guarded(httpx.AsyncBaseTransport):
    """Sends a request to an address that its guard has judged."""

    def __init__(self, guard: Guard, most_bytes: int | None) -> None:
        self._guard = guard
        # A connection that was kept would be found by its address, whatever name its certificate was checked for.
        none_kept = httpx.Limits(max_keepalive_connections=0)
        self._plain = httpx.AsyncHTTPTransport(verify=_trust(), limits=none_kept, trust_env=False)
        if most_bytes:  # which httpx has no word for
            self._plain._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001
                ssl_context=_trust(), max_keepalive_connections=0, network_backend=_Frugal(most_bytes)
            )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the first of the host's addresses that takes the connection."""
        *others, last = await self._guard.find(*endpoint(request.url))
        for address in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._plain.handle_async_request(_directed(request, address))
        return await self._plain.handle_async_request(_directed(request, last))

    async def aclose(self) -> None:
        await self._plain.aclose()


class _Frugal(httpcore.AsyncNetworkBackend):
    """Connections of which no more than so many bytes are read."""

    def __init__(self, most_bytes: int) -> None:
        self._plain, self._most = httpcore.AnyIOBackend(), most_bytes

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _FrugalStream(await self._plain.connect_tcp(*args, **options), self._most)

    async def sleep(self, seconds: float) -> None:
        await self._plain.sleep(seconds)


class _FrugalStream(httpcore.AsyncNetworkStream):
    """One of them. It reads little at a time, so that others on the loop have their turn."""

    def __init__(self, plain: httpcore.AsyncNetworkStream, left: int) -> None:
        self._plain, self._left = plain, left

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (httpcore's own)
        if self._left <= 0:
            raise httpcore.ReadError("The head of the answer has no end.")
        data = await self._plain.read(min(max_bytes, _AT_ONCE), timeout)
        self._left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 (as above)
        await self._plain.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._plain.aclose()

    async def start_tls(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _FrugalStream(await self._plain.start_tls(*args, **options), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)


def _directed(request: httpx.Request, address: str) -> httpx.Request:
    """The request as it goes to this address; its Host header is there already, and TLS asks for the same name."""
    name = request.url.raw_host.decode()
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The certificates of certifi and of the machine, whose own ones may be among them; to read them takes 20 ms."""
    trusted = ssl.create_default_context(cafile=certifi.where())
    trusted.load_default_certs()
    return trusted


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is mapped into this one, reached through 6to4, or through NAT64."""
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_32_BITS)
    return address.ipv4_mapped or address.sixtofour


def _plain(host: str) -> str:
    """A host or an address in the one form that it is compared in."""
    with suppress(ValueError):
        return str(ip_address(host.strip("[]")))
    return host.lower().rstrip(".")


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _in_a_thread(function: Callable[[], list[str]]) -> list[str]:
    """A resolver may take half a minute, and nothing stops it: nobody waits for its thread, even when the loop ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def settle(error: Exception | None, value: list[str]) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def work() -> None:
        error, value = None, []
        try:
            value = function()
        except Exception as raised:  # noqa: BLE001 (whatever it is, it is raised where it is waited for)
            error = raised
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, error, value)

    threading.Thread(target=work, name="look-up", daemon=True).start()
    return await future
