"""What the web process promises to clients and applications on each connection: with real ones."""

import contextlib
import hashlib
import json
import os
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import daphne.server  # isort: skip  # before Twisted, whose reactor it chooses
import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from websockets.exceptions import ConnectionClosed, InvalidStatus

from project.protocols import Transport
from tests.project.web_process import (
    DEADLINE_SECONDS,
    PING,
    PONG,
    TEXT,
    WebProcess,
    close_code,
    masked_frame,
    read_all,
    read_frame,
    settled,
)
from tests.waiting import eventually

MIB = 1024 * 1024
GROWTH_BYTES = 40 * MIB
OFFERED = 3_200  # pieces of 64 KiB: 200 MB


@pytest.mark.parametrize("origin", ["http://127.0.0.1:99999", "http://127.0.0.1:8101.evil.com", "", "nonsense", "://"])
def test_an_origin_that_cannot_be_read_is_refused_as_a_foreign_one(web: WebProcess, origin: str) -> None:
    with contextlib.closing(web.raw_handshake("/echo", f"Origin: {origin}\r\n")) as client:
        assert read_all(client).startswith(b"HTTP/1.1 403 ")


def test_a_stalled_socket_holds_its_application_and_costs_no_memory(fresh: WebProcess) -> None:
    before = fresh.memory_bytes
    with contextlib.closing(fresh.raw_websocket("/pour")):
        poured = settled(lambda: fresh.count("poured"))
        assert 0 < poured < OFFERED
        assert fresh.memory_bytes - before < GROWTH_BYTES


def test_a_stalled_socket_gets_everything_once_it_reads(fresh: WebProcess) -> None:
    with fresh.websocket("/pour", max_queue=1) as client:
        assert settled(lambda: fresh.count("poured")) < OFFERED
        assert sum(len(client.recv()) for _ in range(OFFERED)) == OFFERED * 65_536
        assert fresh.count("pours ended") == 1


def test_a_stalled_socket_does_not_hold_up_others(fresh: WebProcess) -> None:
    with contextlib.closing(fresh.raw_websocket("/pour")), fresh.websocket("/echo") as other:
        settled(lambda: fresh.count("poured"))
        begun = time.monotonic()
        for number in range(100):
            other.send(str(number))
            assert other.recv() == str(number)
        assert time.monotonic() - begun < 5


def test_others_have_their_turn_though_a_client_takes_all_at_once(fresh: WebProcess) -> None:
    with fresh.websocket("/sprinkle") as client:
        for _ in range(1_000):
            assert len(client.recv()) == 1024
        assert fresh.count("turns of others") >= 1_000 // 128  # KiB: what goes at once, and what the queue holds


def transport(ours: socket.socket) -> Transport:
    reactor: Any = daphne.server.reactor
    protocol: Any = Protocol()
    nobody: Any = None
    return Transport(ours, protocol, ("127.0.0.1", 1), nobody, 0, reactor)


def test_what_is_written_to_a_connection_that_is_gone_goes_nowhere_and_raises_nothing() -> None:
    ours, theirs = socket.socketpair()
    connection = transport(ours)
    with theirs:
        connection.write(b"heard")
        connection.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
        connection.write(b"not heard")
        with connection.in_one_piece():
            connection.write(b"nor this")
        assert theirs.recv(100) == b"heard"
        assert theirs.recv(100) == b""


def test_what_belongs_together_leaves_together_and_at_once() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # which keeps writes apart
    connection = transport(ours)
    with ours, theirs:
        with connection.in_one_piece():
            connection.writeSequence([b"head, ", b"more of it, "])
            connection.write(b"body")
            with connection.in_one_piece():
                connection.write(b", the answer behind")
        connection.write(b"next")
        theirs.setblocking(False)
        assert theirs.recv(100) == b"head, more of it, body, the answer behind"
        assert theirs.recv(100) == b"next"
        connection.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]


def test_answers_on_one_connection_keep_their_order_also_where_the_second_is_a_refusal(web: WebProcess) -> None:
    requests = b"GET /counts HTTP/1.1\r\nHost: probe\r\n\r\nGET /counts HTTP/1.1\r\nHost: probe\r\nV: a\x0bb\r\n\r\n"
    with contextlib.closing(web.raw(requests)) as client:
        answers = b""
        while answers.count(b"HTTP/1.1 ") < 2:
            answers += client.recv(1000)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"400"]


def test_a_stalled_socket_that_leaves_frees_its_application(strict: WebProcess) -> None:
    with contextlib.closing(strict.raw_websocket("/pour")):
        assert settled(lambda: strict.count("poured")) < OFFERED
    eventually(lambda: strict.count("pours ended") == 1)
    assert "ERROR" not in strict.log


def test_a_consumer_held_by_a_stalled_socket_learns_that_it_left(fresh: WebProcess) -> None:
    with contextlib.closing(fresh.raw_websocket("/consumer")) as client:
        client.sendall(masked_frame(TEXT, b"begin"))
        assert 0 < settled(lambda: fresh.count("consumed")) < 200
    eventually(lambda: fresh.count("consumers disconnected") == 1)
    assert "ERROR" not in fresh.log


@pytest.mark.parametrize("path", ["/download", "/django/stream"])
def test_a_stalled_download_holds_its_application_and_costs_no_memory(fresh: WebProcess, path: str) -> None:
    before = fresh.memory_bytes
    with contextlib.closing(fresh.raw(f"GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n".encode())) as client:
        settled(lambda: fresh.count("downloaded"))
        assert fresh.count("downloaded") < OFFERED
        assert fresh.memory_bytes - before < GROWTH_BYTES
        client.settimeout(DEADLINE_SECONDS)
        received = 0
        while received < OFFERED * 65_536:
            received += len(client.recv(MIB))
    eventually(lambda: fresh.count("downloads closed") + fresh.count("streams closed") == 1)


@pytest.mark.parametrize(("path", "closed"), [("/download", "downloads closed"), ("/django/stream", "streams closed")])
def test_a_client_that_leaves_a_download_ends_its_application(strict: WebProcess, path: str, closed: str) -> None:
    client = strict.raw(f"GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n".encode())
    assert client.recv(1000)
    client.close()
    eventually(lambda: strict.count(closed) == 1)
    assert "ERROR" not in strict.log


def test_an_application_that_ignores_a_client_gone_is_cancelled(strict: WebProcess) -> None:
    client = strict.raw(b"GET /stubborn?ticket=secret HTTP/1.1\r\nHost: probe\r\n\r\n")
    assert client.recv(1000)
    client.close()
    eventually(lambda: strict.count("stubborn cancelled") == 1)
    assert "/stubborn" in strict.log
    assert "secret" not in strict.log


def test_a_reader_that_takes_nothing_is_dropped_in_the_end(strict: WebProcess) -> None:
    with contextlib.closing(strict.raw(b"GET /download HTTP/1.1\r\nHost: probe\r\n\r\n")):
        eventually(lambda: strict.count("downloads closed") == 1)


@pytest.mark.parametrize("pieces", [1, 20])
def test_a_message_over_64_kib_closes_with_1009(web: WebProcess, pieces: int) -> None:
    with web.websocket("/echo") as client:
        client.send("x" * 65_536)
        assert len(client.recv()) == 65_536
        with contextlib.suppress(ConnectionClosed):
            client.send("x" * 65_537 if pieces == 1 else ["x" * 4_096] * pieces)
        assert close_code(client) == 1009


def test_what_is_sent_to_a_client_may_be_of_any_length(web: WebProcess) -> None:
    with web.websocket("/echo") as client:
        client.send("long 1048577")
        assert len(client.recv()) == 1_048_577
        client.send("x")
        assert client.recv() == "x"


def test_a_client_that_sends_far_too_much_still_reads_1009(web: WebProcess) -> None:
    with web.websocket("/echo") as client:
        with contextlib.suppress(ConnectionClosed):
            client.send("x" * 20 * MIB)
        assert close_code(client) == 1009


@pytest.mark.parametrize("code", [1000, 1012, 4401, 4404, 4429])
def test_a_close_of_the_application_arrives(fresh: WebProcess, code: int) -> None:
    with fresh.websocket("/echo") as client:
        client.send(f"close {code}")
        assert close_code(client) == code
    eventually(lambda: fresh.count("echoes open") == 0)
    assert "ERROR" not in fresh.log


def test_a_handshake_that_the_application_refuses_gets_403(web: WebProcess) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        web.websocket("/refused")
    assert refusal.value.response.status_code == 403


def test_a_malformed_handshake_gets_400(fresh: WebProcess) -> None:
    with fresh.raw(b"GET /echo HTTP/1.1\r\nHost: probe\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n") as client:
        assert read_all(client).startswith(b"HTTP/1.1 400")
    assert "ERROR" not in fresh.log


def test_a_flood_of_messages_waits_at_the_client(fresh: WebProcess) -> None:
    before = fresh.memory_bytes
    with contextlib.closing(fresh.raw_websocket("/deaf")) as client:
        client.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < OFFERED:
                client.sendall(masked_frame(TEXT, b"x" * 65_535))
                sent += 1
        assert sent < OFFERED
        assert fresh.memory_bytes - before < GROWTH_BYTES
        fresh.get("/wake")
        eventually(lambda: fresh.count("heard") >= sent)


def test_no_extension_is_agreed_upon(web: WebProcess) -> None:
    with web.websocket("/echo") as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


def test_a_peer_that_answers_no_ping_is_dropped(strict: WebProcess) -> None:
    with strict.raw_websocket("/echo"):
        eventually(lambda: strict.count("closed with 1006") == 1)


def test_a_quiet_peer_that_answers_pings_stays(strict: WebProcess) -> None:
    with strict.raw_websocket("/echo") as client:
        for _ in range(2):
            ping = read_frame(client)
            assert ping[0] == PING
            client.sendall(masked_frame(PONG, ping[1]))
        client.sendall(masked_frame(TEXT, b"still here"))
        assert read_frame(client) == (TEXT, b"still here")


def test_a_large_body_costs_no_memory_and_arrives_whole(fresh: WebProcess) -> None:
    before = fresh.memory_bytes
    piece = os.urandom(MIB)
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(
            fresh.json,
            "/digest",
            method="POST",
            body=(piece for _ in range(256)),
            headers={"Content-Length": 256 * MIB},
        )
        peak = before
        while not upload.done():
            peak = max(peak, fresh.memory_bytes)
    assert upload.result() == {"size": 256 * MIB, "sha256": hashlib.sha256(piece * 256).hexdigest()}
    assert peak - before < GROWTH_BYTES


def test_a_form_with_a_large_file_costs_no_memory(fresh: WebProcess) -> None:
    before = fresh.memory_bytes
    head = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="large"\r\n\r\n'
    parts = [head, *[bytes(MIB)] * 100, b"\r\n--limit--\r\n"]
    headers = {"Content-Type": "multipart/form-data; boundary=limit", "Content-Length": sum(map(len, parts))}
    assert fresh.get("/django/upload", method="POST", body=iter(parts), headers=headers) == (200, b"104857600")
    assert fresh.memory_bytes - before < GROWTH_BYTES


def test_a_chunked_body_arrives_whole(strict: WebProcess) -> None:
    pieces = [b"ab" * 50_000, b"c", b"d" * 70_000]
    answer = strict.json("/digest", method="POST", body=iter(pieces))
    assert answer == {"size": 170_001, "sha256": hashlib.sha256(b"".join(pieces)).hexdigest()}


def test_a_body_at_the_limit_is_taken(strict: WebProcess) -> None:
    assert strict.json("/digest", method="POST", body=bytes(1_000_000))["size"] == 1_000_000


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(strict: WebProcess) -> None:
    with strict.raw(
        b"POST /digest HTTP/1.1\r\nHost: probe\r\nExpect: 100-continue\r\nContent-Length: 1000001\r\n\r\n"
    ) as client:
        assert_refused_as_too_large(read_all(client))
    assert strict.count("digested") == 0


def test_a_client_that_sends_too_much_at_once_still_reads_the_refusal(strict: WebProcess) -> None:
    with strict.raw() as client:
        client.sendall(b"POST /digest HTTP/1.1\r\nHost: probe\r\nContent-Length: 5000000\r\n\r\n" + bytes(5_000_000))
        assert_refused_as_too_large(read_all(client))
    assert strict.count("digested") == 0


def test_a_chunked_body_is_refused_when_it_passes_the_limit(strict: WebProcess) -> None:
    with strict.raw(b"POST /digest HTTP/1.1\r\nHost: probe\r\nTransfer-Encoding: chunked\r\n\r\n") as client:
        for _ in range(11):
            client.sendall(b"%x\r\n" % 100_000 + bytes(100_000) + b"\r\n")
        assert_refused_as_too_large(read_all(client))
    assert strict.count("digested") == 0


@pytest.mark.parametrize("path", [b"/" + b"a" * 70_000, b"/counts"])
def test_an_address_or_headers_that_are_too_long_are_refused_with_a_sentence(web: WebProcess, path: bytes) -> None:
    with web.raw() as client:
        client.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: probe\r\n" + (b"A: " + b"a" * 997 + b"\r\n") * 17)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_what_is_no_request_is_refused_with_a_sentence(web: WebProcess) -> None:
    with web.raw(b"GET /counts HTTP/1.1\r\nno header\r\n\r\n") as client:
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_head_answers_without_a_body(web: WebProcess) -> None:
    with contextlib.closing(web.client()) as client:
        client.request("HEAD", "/counts")
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        assert answer.getheader("Content-Length") is not None


def test_no_answer_names_the_server(web: WebProcess) -> None:
    with contextlib.closing(web.client()) as client:
        client.request("GET", "/counts")
        assert client.getresponse().getheader("Server") is None
    with web.websocket("/echo") as socket_client:
        assert socket_client.response is not None
        assert "Server" not in socket_client.response.headers
    with web.raw(b"GET / HTTP/1.1\r\nHost: probe\r\nbad name: x\r\n\r\n") as bad:
        assert b"aphne" not in read_all(bad)


def test_headers_of_a_proxy_are_not_believed(web: WebProcess) -> None:
    claims = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "Daphne-Root-Path": "/elsewhere"}
    scope = web.json("/scope", headers=claims)
    assert (scope["client"][0], scope["scheme"], scope["root_path"]) == ("127.0.0.1", "http", "")


@pytest.mark.parametrize("begun", [b"", b"GET /counts HT", b"GET / HTTP/1.1\r\nContent-Length: 5\r\nHost:"])
def test_a_head_that_trickles_in_is_dropped(strict: WebProcess, begun: bytes) -> None:
    with strict.raw(begun) as client:
        client.settimeout(0.1)
        eventually(lambda: is_closed_though_fed(client, b"x" if begun else b""))


def test_a_body_may_take_longer_than_a_head(strict: WebProcess) -> None:
    with strict.raw(b"POST /digest HTTP/1.1\r\nHost: probe\r\nContent-Length: 20\r\n\r\n") as client:
        trickle = threading.Event()
        for _ in range(20):
            trickle.wait(0.1)
            client.sendall(b"x")
        assert b"200 OK" in client.recv(1000)


def test_a_head_that_is_too_long_is_refused(web: WebProcess) -> None:
    with web.raw(b"GET / HTTP/1.1\r\nHost: probe\r\nX: " + b"x" * 20_000 + b"\r\n\r\n") as client:
        assert b"200 OK" not in read_all(client)


def assert_refused_as_too_large(answer: bytes) -> None:
    assert answer.startswith(b"HTTP/1.1 413 ")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["status"] == 413
    assert answer.count(b"HTTP/1.1") == 1


def is_closed_though_fed(client: socket.socket, data: bytes) -> bool:
    try:
        client.sendall(data)
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
