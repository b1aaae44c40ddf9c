"""What is said of an error that ended a request or a command, over REST and sockets alike."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import redis
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, InternalError, OperationalError

from accounts.problems import ProblemError, fault, invalid, not_found, unavailable
from runs.errors import BatchGivenUp, JobGone, OverQuota, RunError, TooManyWaiting
from workflows.errors import GraphInvalid

CODES = {"missing": "missing_input", "extra_forbidden": "unknown_property"}
"""The contract's codes for pydantic's; any other is a `bad_value`."""
OBJECT = "This must be a JSON object."
WORDS = {
    "missing": "This is needed.",
    "extra_forbidden": "There is nothing of this name here.",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), OBJECT),
}
"""What is said where pydantic would speak of Python."""
SOURCES = frozenset({"body", "query", "path", "file"})
SIDES = frozenset({"str", "constrained-str", "int"})
"""What pydantic calls the sides of a union, behind the name of a value that fits none."""
RETRY_SECONDS = 60

logger = logging.getLogger(__name__)


def problem_of(error: Exception, what: str) -> ProblemError:
    """The problem that an error is. `what` failed, for the log, where the fault is ours or of what we depend on."""
    kind = next(base for base in type(error).__mro__ if base in PROBLEMS)
    if kind is Exception:
        logger.error("%s failed", what, exc_info=error)
    elif kind in AWAY:
        logger.warning("%s failed, as something is busy or away: %s", what, error)
    return PROBLEMS[kind](error)


def faults(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """Items of `errors` for pydantic's errors, one for each name: over REST and on sockets it is the client's own."""
    named: dict[str, Mapping[str, Any]] = {}
    for error in errors:
        named.setdefault(_name(error["loc"]), error)
    return [fault(CODES.get(each["type"], "bad_value"), _said(each), name=name) for name, each in named.items()]


def _said(error: Mapping[str, Any]) -> str:
    """Our own validators' words without pydantic's before them."""
    return WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")


def _name(place: Sequence[str | int]) -> str:
    """Without where the value stood and ninja's name for the whole body or query; a parameter's place has no index."""
    parts = [str(part) for part in place if place[0] != "query" or isinstance(part, str)]
    while len(parts) > 1 and parts[0] in SOURCES:
        parts = parts[1:]
    sides = (index for index, part in enumerate(parts) if index and part in SIDES)
    return ".".join(parts[: next(sides, None)])


def _too_many(error: TooManyWaiting) -> ProblemError:
    return ProblemError(429, str(error), headers={"Retry-After": str(RETRY_SECONDS)})


def _database_away(_: Exception) -> ProblemError:
    return unavailable(
        "The database is busy or away. Try again in a moment; a POST with its Idempotency-Key, for it may be done."
    )


def _unexpected(_: Exception) -> ProblemError:
    return ProblemError(500, "Something went wrong here, and was noted. Try again, or ask who runs Loupe.")


PROBLEMS: Mapping[type, Callable[[Any], ProblemError]] = {
    ProblemError: lambda error: error,
    ObjectDoesNotExist: lambda _: not_found(),
    GraphInvalid: lambda error: invalid(*[problem.as_dict() for problem in error.problems]),
    TooManyWaiting: _too_many,
    OverQuota: lambda error: ProblemError(413, str(error)),
    BatchGivenUp: lambda error: unavailable(str(error)),
    JobGone: lambda error: not_found(str(error)),
    RunError: lambda error: ProblemError(409, str(error) or type(error).__doc__ or ""),
    OperationalError: _database_away,
    InterfaceError: _database_away,
    InternalError: _database_away,  # PostgreSQL's, where it only reads, as it is about to take over
    redis.RedisError: lambda _: unavailable("Redis is away. Try again in a moment."),
    Exception: _unexpected,
}
"""By the class of the error; the nearest of its bases counts."""
AWAY = frozenset({OperationalError, InterfaceError, InternalError, redis.RedisError})
