"""Whether this installation works: for whoever starts it, watches over it, or sends it requests."""

import logging
from collections.abc import Callable, Mapping

import redis
from django.db import Error as DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from runs import queue
from runs.redis import connection as redis_connection

log = logging.getLogger(__name__)


@csrf_exempt  # it changes nothing, so a POST is told 405
@require_safe
def healthz(_: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at."""
    return _answer({"status": "ok"}, status=200)


@csrf_exempt  # it changes nothing, so a POST is told 405
@require_safe
def readyz(_: HttpRequest) -> HttpResponse:
    """200 when database, Redis and a worker are there, else 503; the answer says which is missing."""
    found = parts()
    ready = all(found.values())
    told = {name: "ok" if there else "missing" for name, there in found.items()}
    return _answer({"status": "ok" if ready else "unavailable", **told}, status=200 if ready else 503)


def parts() -> dict[str, bool]:
    """Whether each part that Loupe needs is there."""
    return {name: look() for name, look in _PARTS.items()}


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("The database does not answer: %s", error)
        return False
    return True


def _redis() -> bool:
    try:
        redis_connection().ping()
    except redis.RedisError as error:
        log.warning("Redis does not answer: %s", error)
        return False
    return True


def _worker() -> bool:
    try:
        return queue.live_workers().exists()
    except DatabaseError:
        return False


_PARTS: Mapping[str, Callable[[], bool]] = {"database": _database, "redis": _redis, "worker": _worker}


def _answer(document: dict[str, str], *, status: int) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = "2"
    return JsonResponse(document, status=status, headers=headers)
