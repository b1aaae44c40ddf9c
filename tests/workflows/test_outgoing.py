"""Which addresses may be reached, and that no name, redirect or second answer leads to another."""

import asyncio
import ssl
import threading
from pathlib import Path

import httpx
import pytest

from tests.loopback import certificate, redirect, reply, serving
from workflows import outgoing
from workflows.outgoing import Guard, Unreachable, client, endpoint, is_global


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"],
)
def test_addresses_of_the_public_internet_are_global(address: str) -> None:
    assert is_global(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%lo",
        "2606:4700::1%lo",
        "fec0::1",
        "ff02::1",
        "5f00::1",
    ],
)
def test_all_others_are_not(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://LOCALHOST.:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://someone@127.0.0.1:{port}/",
        "http://\N{FULLWIDTH DIGIT ONE}27.0.0.1:{port}/",
    ],
)
async def test_a_server_of_this_machine_is_not_reached_however_it_is_written(url: str) -> None:
    async with serving({"/": reply(b"hidden")}) as server, client(Guard()) as http:
        with pytest.raises((Unreachable, httpx.InvalidURL)) as refused:
            await http.get(url.format(port=server.port))
        assert server.heard == []
    if isinstance(refused.value, Unreachable):
        assert refused.value.code in {"forbidden_address", "unreachable"}


async def test_what_is_allowed_is_reached_by_its_name_and_by_its_address() -> None:
    async with serving({"/": reply(b"here")}) as server:
        for allowed in ("127.0.0.1", "LocalHost"):
            async with client(Guard([(allowed, server.port)])) as http:
                assert (await http.get(f"http://localhost:{server.port}/")).text == "here"
        assert server.heard[0].count(f"Host: localhost:{server.port}") == 1


async def test_what_is_allowed_is_allowed_at_its_port_alone() -> None:
    async with serving({"/": reply(b"hidden")}) as other, serving({"/": redirect(other.url)}) as server:
        async with client(Guard([("127.0.0.1", server.port)])) as http:
            with pytest.raises(Unreachable, match=rf"“127.0.0.1:{other.port}” is not on the public internet"):
                await http.get(f"{server.url}/", follow_redirects=True)
        assert (len(server.heard), other.heard) == (1, [])


@pytest.mark.parametrize("answers", [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["::ffff:7f00:1"]])
async def test_a_name_with_one_address_that_is_not_global_is_refused_whole(answers: list[str]) -> None:
    async with serving({"/": reply(b"hidden")}) as server, client(Guard(look_up=lambda *_: answers)) as http:
        with pytest.raises(Unreachable, match="HTTP_ALLOW"):
            await http.get(f"http://two.example:{server.port}/")
        assert server.heard == []


async def test_a_name_is_looked_up_once_and_what_was_judged_is_what_is_reached() -> None:
    """A name server that first answers well, then with the address that it is after, gets nowhere."""
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async with serving({"/": reply(b"here")}) as server:
        async with client(Guard([("127.0.0.1", server.port)], rebinding)) as http:
            assert (await http.get(f"http://name.example:{server.port}/")).text == "here"
        assert asked == [("name.example", server.port)]
        assert f"Host: name.example:{server.port}" in server.heard[0]


async def test_of_two_addresses_the_one_that_answers_is_taken() -> None:
    async with serving({"/": reply(b"here")}) as server:
        guard = Guard([("name.example", server.port)], lambda *_: ["127.0.0.9", "127.0.0.1"])
        async with client(guard) as http:
            assert (await http.get(f"http://name.example:{server.port}/")).text == "here"
        async with client(Guard([("name.example", server.port)], lambda *_: ["127.0.0.9"])) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(f"http://name.example:{server.port}/")


async def test_tls_asks_for_the_name_though_the_connection_goes_to_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "name.example")
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(file)
    asked: list[str | None] = []
    ours.sni_callback = lambda _socket, name, _context: asked.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    outgoing._trust.cache_clear()
    try:
        async with serving({"/": reply(b"here")}, ours) as server:
            guard = Guard([("127.0.0.1", server.port)], lambda *_: ["127.0.0.1"])
            async with client(guard) as http:
                assert (await http.get(f"https://name.example:{server.port}/")).text == "here"
                with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await http.get(f"https://other.example:{server.port}/")
        assert asked == ["name.example", "other.example"]
    finally:
        outgoing._trust.cache_clear()


async def test_proxies_of_the_environment_are_not_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving({}) as proxy, serving({"/": reply(b"here")}) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with client(Guard([("127.0.0.1", server.port)])) as http:
            assert (await http.get(server.url)).text == "here"
        assert proxy.heard == []


@pytest.mark.parametrize("url", ["https://xn--/", "https://example.org:0/", "https://example.org:65536/"])
def test_what_is_no_host_or_port_is_told(url: str) -> None:
    with pytest.raises(Unreachable) as told:
        endpoint(url)
    assert told.value.code == "bad_value"


@pytest.mark.parametrize("url", ["ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1/"])
async def test_only_http_is_spoken(url: str) -> None:
    async with client(Guard()) as http:
        with pytest.raises(Unreachable, match="http:// or https://"):
            await http.get(url)


async def test_a_name_that_no_one_has_is_named() -> None:
    with pytest.raises(Unreachable, match=r"no host “nobody\.invalid”") as refused:
        await Guard(look_up=lambda *_: []).find("nobody.invalid", 80)
    assert refused.value.code == "unreachable"


async def test_a_slow_resolver_holds_up_nobody_who_gave_up() -> None:
    asked, answer = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(_host: str, _port: int) -> list[str]:
        loop.call_soon_threadsafe(asked.set)
        answer.wait(10)
        return ["1.1.1.1"]

    task = asyncio.create_task(Guard(look_up=slow).find("slow.example", 80))
    await asyncio.wait_for(asked.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    answer.set()
