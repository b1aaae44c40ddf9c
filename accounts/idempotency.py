"""`Idempotency-Key`: a POST that is sent again makes nothing again and is answered with what the first one made.

The key is written in the transaction that makes the thing: they exist together or not at all, whatever dies in between.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import plain_json
from accounts.credentials import Credentials
from accounts.models import IdempotencyKey
from accounts.problems import ProblemError, fault, invalid

KEPT_FOR = timedelta(hours=24)
MAX_LENGTH = 255
_SWEPT_AT_ONCE = 500

T = TypeVar("T")
Use: TypeAlias = tuple[UUID, str, str]
_handling: set[Use] = set()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Made:
    """What names the thing that a POST made, and whether it was made just now."""

    name: str
    new: bool

    @property
    def status(self) -> int:
        """201 for what is new, 200 for a repeat."""
        return 201 if self.new else 200


def once(
    request: HttpRequest,
    credentials: Credentials,
    make: Callable[[], str],
    *,
    asked: bytes,
    check: Callable[[], None] = lambda: None,
) -> Made:
    """Makes the thing, or finds what the same key has made for the same user and path within 24 hours.

    `make` answers what names the thing; `asked` tells bodies apart: JSON by its value, all else by its bytes. `check`
    is what takes its time and need not hold up all who write: it comes first, and only when something is to be made.
    Raises ProblemError: 422 when the key was used with another body, 409 while this process still handles the first.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        check()
        return Made(make(), new=True)
    if not 0 < len(key) <= MAX_LENGTH or not key.isprintable():
        raise ProblemError(400, f"An Idempotency-Key has 1 to {MAX_LENGTH} printable characters.")
    use = (credentials.user.pk, request.path, key)
    with _alone(use):
        return _once(use, make, check, sha256(_meaning(asked)).hexdigest())


def found_again(request: HttpRequest, find: Callable[[Any, UUID], T], made: Made) -> T:
    """What a POST has made. Raises ProblemError 409 for a repeat when it was deleted since."""
    try:
        return find(request, UUID(made.name))
    except ProblemError as error:
        if made.new or error.status != 404:
            raise
        key = request.headers.get("Idempotency-Key")
        detail = f"What was made with the Idempotency-Key “{key}” is deleted. Choose a new key to make another."
        raise ProblemError(409, detail) from error


def _meaning(asked: bytes) -> bytes:
    """The same bytes for the same JSON value, in whatever order and with whatever white space it was spelled."""
    try:
        return json.dumps(plain_json.read(asked), sort_keys=True, separators=(",", ":")).encode()
    except ProblemError:  # it is no JSON
        return asked


def _once(use: Use, make: Callable[[], str], check: Callable[[], None], body: str) -> Made:
    first = _first(use, body)
    if first is not None:
        return Made(first, new=False)
    check()
    try:
        with transaction.atomic():
            return Made(_make(use, make, body), new=True)
    except IntegrityError:  # another process was quicker
        first = _first(use, body)
        if first is None:
            raise
        return Made(first, new=False)


def _make(use: Use, make: Callable[[], str], body: str) -> str:
    _sweep()
    user_id, path, key = use
    _too_old().filter(user_id=user_id, path=path, key=key).delete()  # others may have been before it in the sweep
    kept = IdempotencyKey.objects.create(user_id=user_id, path=path, key=key, body=body)
    kept.made = make()
    kept.save(update_fields=("made",))
    return kept.made


def _first(use: Use, body: str) -> str | None:
    user_id, path, key = use
    rows = IdempotencyKey.objects.filter(user_id=user_id, path=path, key=key, created_at__gt=timezone.now() - KEPT_FOR)
    first = rows.first()
    if first is not None and first.body != body:
        message = "This Idempotency-Key was used for another request. Choose a new key for each thing you make."
        raise invalid(fault("bad_value", message, name="Idempotency-Key"), detail=message)
    return first.made if first else None


def _sweep() -> None:
    """Deletes keys that are too old, so many at once that the table cannot grow and no request waits for it."""
    swept = list(_too_old().values_list("pk", flat=True)[:_SWEPT_AT_ONCE])
    IdempotencyKey.objects.filter(pk__in=swept).delete()


def _too_old() -> "QuerySet[IdempotencyKey]":
    return IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEPT_FOR)


@contextmanager
def _alone(use: Use) -> Iterator[None]:
    with _lock:
        if use in _handling:
            raise ProblemError(409, "The first request with this key is still being handled. Ask again in a moment.")
        _handling.add(use)
    try:
        yield
    finally:
        with _lock:
            _handling.discard(use)
