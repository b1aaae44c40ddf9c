import asyncio
import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.loopback import Answer, Server, redirect, reply, serving
from tests.workflows.drawing import draw
from tests.workflows.witness import Witness
from workflows import engine, outgoing
from workflows.errors import NodeFailed
from workflows.nodes.web import MAX_BYTES, MAX_REDIRECTS, get
from workflows.registry import registry

Reach = Callable[..., None]
SECRET = "hush-hush-4711"


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Lets nodes reach these servers, and afterwards none."""
    yield lambda *servers: outgoing.guard.allow(("127.0.0.1", server.port) for server in servers)
    outgoing.guard.allow(())


def endless(part: bytes, *, every: float = 0, packing: str = "identity") -> Answer:
    """An answer of unknown length: this part again and again, until the client leaves."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {packing}\r\nConnection: close\r\n\r\n".encode())
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)

    return answer


async def failure(server: Server, path: str = "/", **inputs: Any) -> NodeFailed:
    with pytest.raises(NodeFailed) as failed:
        await get(f"{server.url}{path}", **inputs)
    assert failed.value.message.endswith(".")
    return failed.value


async def test_it_gives_the_status_the_text_and_the_data(reach: Reach) -> None:
    body = json.dumps({"größe": [1, None]}, ensure_ascii=False).encode()
    async with serving({"/a?q=1": reply(body, Content_Type="application/json")}) as server:
        reach(server)
        assert await get(f"{server.url}/a?q=1", {"X-Key": SECRET}) == {
            "status": 200,
            "text": body.decode(),
            "json": {"größe": [1, None]},
        }
        head = server.heard[0]
        assert f"X-Key: {SECRET}" in head
        assert f"Host: 127.0.0.1:{server.port}" in head
        assert "Accept-Encoding: gzip" in head


async def test_headers_go_as_they_are_but_for_space_around_them(reach: Reach) -> None:
    async with serving({"/": reply(b"")}) as server:
        reach(server)
        await get(server.url, {"X-Name": "  Zoë\t", "user-agent": "Curious", "X-Empty": ""})
        lines = server.heard[0].split("\r\n")
        assert {"X-Name: Zoë", "user-agent: Curious", "X-Empty: "} <= {*lines}
        assert not any("Loupe" in line for line in lines)


async def test_any_status_is_an_answer(reach: Reach) -> None:
    async with serving({"/": reply(b"gone for good", "410 Gone"), "/empty": reply(b"", "204 No Content")}) as server:
        reach(server)
        assert await get(server.url) == {"status": 410, "text": "gone for good", "json": None}
        assert await get(f"{server.url}/empty") == {"status": 204, "text": "", "json": None}


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("naïve".encode(), "text/plain", "naïve"),
        ("naïve".encode("latin-1"), "text/plain; charset=ISO-8859-1", "naïve"),
        ("日本".encode("shift_jis"), "text/html; charset=Shift_JIS", "日本"),
        ("naïve".encode("utf-16"), "text/plain; charset=utf-16", "naïve"),
        ("naïve".encode("utf-8-sig"), "text/plain; charset=utf-8", "naïve"),
        ("naïve".encode("latin-1"), "text/plain; charset=utf-8", "na�ve"),
        (b"plain", "text/plain; charset=klingon", "plain"),
        (b"706c61696e", "text/plain; charset=hex", "706c61696e"),
        (b"cGxhaW4=", "text/plain; charset=base64", "cGxhaW4="),
        (b"xn--4711", "text/plain; charset=punycode", "xn--4711"),
        (b"a\x00b", "text/plain", "a�b"),
        (b"\xff\xfe\xfd", "image/png", "���"),
    ],
)
async def test_texts_are_read_in_their_charset_and_never_fail(reach: Reach, body: bytes, kind: str, text: str) -> None:
    async with serving({"/": reply(body, Content_Type=kind)}) as server:
        reach(server)
        assert (await get(server.url))["text"] == text


@pytest.mark.parametrize("body", [b"{", b"NaN", b"[1e999]", b"[" * 40 + b"]" * 40, b"[" * 200_000, b"9" * 5000, b"<p>"])
async def test_what_is_no_json_that_can_be_kept_is_null(reach: Reach, body: bytes) -> None:
    async with serving({"/": reply(body)}) as server:
        reach(server)
        assert await get(server.url) == {"status": 200, "text": body.decode(), "json": None}


async def test_packed_answers_are_unpacked(reach: Reach) -> None:
    two = gzip.compress(b"hello")
    answers = {
        "/gzip": ("gzip", two),
        "/deflate": ("deflate", zlib.compress(b"hello")),
        "/none": ("identity", b"hello"),
    }
    served = {path: reply(body, Content_Encoding=packing) for path, (packing, body) in answers.items()}
    async with serving(served) as server:
        reach(server)
        for path in answers:
            assert (await get(f"{server.url}{path}"))["text"] == "hello"


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (reply(b"not gzip", Content_Encoding="gzip"), "bad_response", "what is no answer"),
        (reply(gzip.compress(b"hello" * 99)[:-9], Content_Encoding="gzip"), "bad_response", "before it was complete"),
        (reply(b"hello", Content_Encoding="br"), "bad_response", "packed as “br”"),
        (reply(b"short", Content_Length="100"), "bad_response", "broke off"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "bad_response", "what is no answer"),
        (b"", "bad_response", "broke off"),
        (reply(b"", X_Long="x" * 200_000), "bad_response", "what is no answer"),
        (redirect("file:///etc/passwd"), "bad_value", "http:// or https://"),
        (redirect("http://[::1"), "bad_response", "what is no answer"),
    ],
)
async def test_what_is_no_answer_says_so(reach: Reach, answer: bytes, code: str, said: str) -> None:
    async with serving({"/": answer}) as server:
        reach(server)
        failed = await failure(server)
    assert (failed.code, said in failed.message) == (code, True), failed.message


async def test_a_bomb_does_not_go_off(reach: Reach) -> None:
    bomb = gzip.compress(bytes(8 * MAX_BYTES))
    assert len(bomb) < MAX_BYTES / 80
    async with serving({"/": reply(bomb, Content_Encoding="gzip")}) as server:
        reach(server)
        started = time.process_time()
        failed = await failure(server)
    assert (failed.code, "10 MiB" in failed.message) == ("too_large", True)
    assert time.process_time() - started < 1


async def test_an_endless_answer_is_left_at_the_limit_and_one_at_the_limit_is_taken(reach: Reach) -> None:
    nothing = endless(gzip.compress(b"") * 5_000, packing="gzip")
    answers = {"/endless": endless(bytes(2**16)), "/nothing": nothing, "/full": reply(b"x" * MAX_BYTES)}
    async with serving(answers) as server:
        reach(server)
        for path in ("/endless", "/nothing"):
            server.left.clear()
            assert (await failure(server, path)).code == "too_large"
            await asyncio.wait_for(server.left.wait(), 5)
        assert len((await get(f"{server.url}/full"))["text"]) == MAX_BYTES


async def test_a_slow_answer_ends_in_time_though_something_always_comes(reach: Reach) -> None:
    async with serving({"/": endless(b".", every=0.02)}) as server:
        reach(server)
        started = time.perf_counter()
        failed = await failure(server, timeout=0.3)
        await asyncio.wait_for(server.left.wait(), 5)
    assert failed.code == "timeout"
    assert "longer than 0.3 s" in failed.message
    assert 0.25 < time.perf_counter() - started < 10


async def test_redirects_are_followed_and_their_whole_time_counts(reach: Reach) -> None:
    async with serving({"/": redirect("/b"), "/b": redirect("c"), "/c": reply(b"there")}) as server:
        reach(server)
        assert (await get(server.url, {"X-Key": SECRET}))["text"] == "there"
        assert all(SECRET in head for head in server.heard)


async def test_a_redirect_to_another_origin_is_not_told_the_headers(reach: Reach) -> None:
    async with serving({"/": reply(b"there")}) as other, serving({"/": redirect(f"{other.url}/")}) as server:
        reach(server, other)
        headers = {"X-Key": SECRET, "Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}"}
        assert (await get(server.url, headers))["text"] == "there"
        assert server.heard[0].count(SECRET) == 3
        assert SECRET not in other.heard[0]


@pytest.mark.parametrize("where", ["http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/", "//localhost:1/"])
async def test_a_redirect_to_a_forbidden_address_is_not_followed(reach: Reach, where: str) -> None:
    async with serving({"/": redirect(where)}) as server:
        reach(server)
        failed = await failure(server)
    assert failed.code == "forbidden_address"
    assert "HTTP_ALLOW" in failed.message


async def test_redirects_in_a_circle_end(reach: Reach) -> None:
    async with serving({"/": redirect("/")}) as server:
        reach(server)
        assert (await failure(server)).code == "too_many_redirects"
        assert len(server.heard) == MAX_REDIRECTS + 1


async def test_nothing_of_this_machine_is_reached_unless_it_is_allowed() -> None:
    async with serving({"/": reply(b"hidden")}) as server:
        assert (await failure(server)).code == "forbidden_address"
        assert server.heard == []


async def test_where_nothing_listens_it_says_so(reach: Reach) -> None:
    async with serving({}) as server:
        reach(server)
    failed = await failure(server)
    assert (failed.code, "takes no connection" in failed.message) == ("unreachable", True)


async def test_a_server_that_speaks_no_tls_is_not_trusted(reach: Reach) -> None:
    async with serving({"/": reply(b"plain")}) as server:
        reach(server)
        with pytest.raises(NodeFailed, match="speaks no TLS") as failed:
            await get(f"https://127.0.0.1:{server.port}/")
    assert failed.value.code == "bad_certificate"


@pytest.mark.parametrize("url", ["", "example.org", "ftp://example.org", "http://", "http://[::1", "x" * 9000])
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(NodeFailed, match="The URL is no address") as failed:
        await get(url)
    assert failed.value.code == "bad_value"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": SECRET},
        {"content-length": SECRET},
        {"Proxy-Authorization": SECRET},
        {"X-Key": f"{SECRET}\r\nX-Other: 1"},
        {"X-Key": f"{SECRET}…"},
        {"X-Key": [SECRET]},
        {"X Key": SECRET},
        {"": SECRET},
        [SECRET],
        SECRET,
    ],
)
async def test_headers_that_cannot_be_sent_are_refused_and_never_told(headers: Any) -> None:
    with pytest.raises(NodeFailed, match=r"[Hh]eader") as failed:
        await get("http://127.0.0.1/", headers)
    assert failed.value.code == "bad_value"
    assert SECRET not in failed.value.message


async def test_no_failure_tells_headers_or_what_the_address_asks(reach: Reach) -> None:
    async with serving({f"/?key={SECRET}": b"nonsense\r\n\r\n"}) as server:
        reach(server)
        graph = draw({"g": ("http.get", {"url": f"{server.url}/?key={SECRET}", "headers": {"X-Key": SECRET}})})
        outcome = await engine.run(graph, registry, Witness())
    assert outcome.error is not None
    assert outcome.error.code == "bad_response"
    assert SECRET not in outcome.error.message + outcome.error.traceback


async def test_a_cancelled_run_leaves_the_server_at_once(reach: Reach) -> None:
    async with serving({"/": endless(b".", every=0.02)}) as server:
        reach(server)
        witness = Witness()
        run = asyncio.create_task(engine.run(draw({"g": ("http.get", {"url": server.url})}), registry, witness))
        await asyncio.wait_for(server.came.wait(), 5)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(run, 5)
        await asyncio.wait_for(server.left.wait(), 5)
    assert witness.final() == {"g": "cancelled"}
    assert ("g", "unsafe") in witness.heard
