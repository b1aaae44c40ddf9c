"""How requests are given to threads."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_started
from django.db import close_old_connections, connection, reset_queries
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from project import handler

MANY = 40
together = threading.Barrier(MANY, timeout=20)


def thread(_: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


def meeting(_: HttpRequest) -> HttpResponse:
    together.wait()
    return HttpResponse(str(threading.get_ident()))


async def waiting(_: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(str(threading.get_ident()))


def database(_: HttpRequest) -> HttpResponse:
    connection.ensure_connection()
    return HttpResponse(f"{threading.get_ident()} {id(connection.connection)}")


def logged(_: HttpRequest) -> HttpResponse:
    connection.queries_log.append({})
    return HttpResponse(str(len(connection.queries_log)))


@csrf_exempt
def form(request: HttpRequest) -> HttpResponse:
    file: Any = request.FILES["file"]
    return HttpResponse(file.read())


urlpatterns = [
    path("thread", thread),
    path("meeting", meeting),
    path("waiting", waiting),
    path("database", database),
    path("logged", logged),
    path("form", form),
]


@pytest.fixture(autouse=True)
def urls(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


async def ask(served: handler.Handler, name: str, *chunks: bytes, kind: bytes = b"") -> str:
    """The body of the answer, which must be a 200."""
    scope = {
        "type": "http",
        "method": "POST" if chunks else "GET",
        "path": f"/{name}",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", kind)],
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
    }
    communicator: Any = ApplicationCommunicator(served, scope)  # type: ignore[no-untyped-call]
    for chunk in chunks:
        await communicator.send_input({"type": "http.request", "body": chunk, "more_body": True})
    await communicator.send_input({"type": "http.request"})
    start = await communicator.receive_output(20)
    body = await communicator.receive_output(20)
    await communicator.wait(20)
    assert start["status"] == 200
    return str(body["body"].decode())


async def test_one_request_after_another_has_the_same_thread() -> None:
    served = handler.Handler()

    threads = {await ask(served, "thread") for _ in range(3)}

    assert len(threads) == 1
    assert str(threading.get_ident()) not in threads.pop()


async def test_any_number_of_requests_at_once_have_a_thread_each() -> None:
    served = handler.Handler()

    threads = await asyncio.gather(*[ask(served, "meeting") for _ in range(MANY)])

    assert len(set(threads)) == MANY


async def test_asynchronous_views_run_on_the_event_loop() -> None:
    assert await ask(handler.Handler(), "waiting") == str(threading.get_ident())


@pytest.mark.django_db(transaction=True)
async def test_a_thread_keeps_its_database_connection() -> None:
    served = handler.Handler()

    first, second = [await ask(served, "database") for _ in range(2)]

    assert first == second or connection.vendor == "postgresql"  # which has a pool


async def test_what_django_does_before_each_request_is_done_on_its_thread() -> None:
    served = handler.Handler()
    assert set(handler.BEFORE_EACH) == {reset_queries, close_old_connections}
    connected = [receiver for receiver in handler.BEFORE_EACH if request_started.disconnect(receiver)]
    try:
        assert [await ask(served, "logged") for _ in range(2)] == ["1", "1"]
    finally:
        for receiver in connected:
            request_started.connect(receiver)


async def test_a_form_that_comes_in_chunks_is_read_as_one_of_known_length() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'

    said = await ask(
        handler.Handler(), "form", head, b"hel", b"lo\r\n--b--\r\n", kind=b"multipart/form-data; boundary=b"
    )

    assert said == "hello"
