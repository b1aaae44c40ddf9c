"""How the web process serves, logs and ends: with real processes and clients."""

import contextlib
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.project.web_process import (
    CLOSE,
    WebProcess,
    close_code,
    listening,
    read_frame,
    read_until,
    running,
    serving,
)
from tests.waiting import eventually


def test_blocking_views_run_side_by_side(web: WebProcess) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(web.get, ["/django/blocking"] * 20))
    assert answers == [(200, b"done")] * 20
    assert time.monotonic() - begun < 5  # ten seconds one after another


def test_an_error_of_the_application_is_logged_and_answered_with_500(fresh: WebProcess) -> None:
    assert fresh.get("/broken?ticket=secret")[0] == 500
    assert "broken on purpose" in fresh.log
    assert "secret" not in fresh.log


def test_requests_are_not_logged(fresh: WebProcess) -> None:
    fresh.get("/counts?ticket=secret")
    with fresh.websocket("/echo?ticket=secret"):
        pass
    eventually(lambda: fresh.count("echoes open") == 0)
    assert "secret" not in fresh.log
    assert "/counts" not in fresh.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sends_sockets_away_with_1012_and_ends_at_once(fresh: WebProcess, number: int) -> None:
    with fresh.websocket("/echo") as client:
        begun = time.monotonic()
        fresh.terminate(number)
        assert close_code(client) == 1012
        assert fresh.exit_code() == 0
        assert time.monotonic() - begun < 3  # which a drain with somebody left would take
    assert "ERROR" not in fresh.log


def test_ending_waits_for_open_requests(fresh: WebProcess) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(fresh.get, "/slow/1")
        eventually(lambda: fresh.count("slow begun") == 1)
        fresh.terminate()
        assert answer.result() == (200, b"done")
    assert fresh.exit_code() == 0


def test_ending_accepts_no_one_more(fresh: WebProcess) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(fresh.get, "/slow/1")
        eventually(lambda: fresh.count("slow begun") == 1)
        fresh.terminate()
        eventually(lambda: "Ending" in fresh.log)
        with fresh.raw(b"GET /counts HTTP/1.1\r\nHost: probe\r\n\r\n") as late:
            assert answer.result() == (200, b"done")
            assert fresh.exit_code() == 0
            late.settimeout(0.1)
            with pytest.raises(TimeoutError):  # it waits in the socket's queue, for the next process
                late.recv(1)


def test_while_ending_open_connections_are_served_once_more(fresh: WebProcess) -> None:
    with fresh.raw_handshake("/late") as late, contextlib.closing(fresh.client()) as kept:
        eventually(lambda: fresh.count("late begun") == 1)
        kept.request("GET", "/counts")
        kept.getresponse().read()
        fresh.terminate()
        eventually(lambda: "Ending" in fresh.log)
        kept.request("GET", "/wake")
        assert kept.getresponse().getheader("Connection") == "close"
        assert read_until(late, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
        assert read_frame(late) == (CLOSE, (1012).to_bytes(2, "big") + b"restarting")


@pytest.mark.parametrize("path", ["/slow/60", "/download", "/stubborn", "/django/hanging"])
def test_ending_waits_for_nothing_longer_than_five_seconds(fresh: WebProcess, path: str) -> None:
    with fresh.raw(f"GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n".encode()), fresh.raw(b"GET /half"):
        eventually(lambda: sum(fresh.json("/counts").values()) > 0)
        begun = time.monotonic()
        fresh.terminate()
        assert fresh.exit_code() == 0
        assert time.monotonic() - begun < 5


def test_more_signals_end_it_at_once(fresh: WebProcess) -> None:
    def signal_again() -> bool:
        fresh.terminate()
        return fresh.has_ended()

    with fresh.raw(b"GET /slow/60 HTTP/1.1\r\nHost: probe\r\n\r\n"):
        eventually(lambda: fresh.count("slow begun") == 1)
        eventually(signal_again)
        assert fresh.exit_code() == -signal.SIGTERM


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_listens_on_a_host_and_port(tmp_path: Path, host: str) -> None:
    with running(tmp_path / "log", "--host", host, "--port", "0") as server:
        assert server.address[0] == host
        assert server.get("/counts")[0] == 200


def test_two_processes_share_a_socket_and_one_may_be_killed(tmp_path: Path) -> None:
    with listening() as listener, serving(listener, tmp_path / "one") as one, serving(listener, tmp_path / "two"):
        with one.websocket("/echo"), one.websocket("/echo"):
            one.process.kill()
            one.exit_code()
        assert [one.get("/counts")[0] for _ in range(20)] == [200] * 20


def test_two_processes_share_a_socket_and_one_may_end(tmp_path: Path) -> None:
    with listening() as listener, serving(listener, tmp_path / "one") as one, serving(listener, tmp_path / "two"):
        one.terminate()
        assert one.exit_code() == 0
        assert [one.get("/counts")[0] for _ in range(20)] == [200] * 20
