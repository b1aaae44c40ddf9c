"""What is said of an error that ended a request or a command, over REST and sockets alike."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import redis
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError

from accounts.problems import ProblemError, invalid, not_found, unavailable
from runs.errors import JobGone, RunError, TooManyWaiting
from workflows.errors import GraphInvalid

CODES = {"missing": "missing_input", "extra_forbidden": "unknown_property"}
"""The contract's codes for pydantic's; any other is a `bad_value`."""
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


def _too_many(error: TooManyWaiting) -> ProblemError:
    return ProblemError(429, str(error), headers={"Retry-After": str(RETRY_SECONDS)})


def _database_away(_: Exception) -> ProblemError:
    return unavailable("The database is busy or away. Nothing was changed; try again in a moment.")


def _unexpected(_: Exception) -> ProblemError:
    return ProblemError(500, "Something went wrong here, and was noted. Try again, or ask who runs Loupe.")


PROBLEMS: Mapping[type, Callable[[Any], ProblemError]] = {
    ProblemError: lambda error: error,
    ObjectDoesNotExist: lambda _: not_found(),
    GraphInvalid: lambda error: invalid(*[problem.as_dict() for problem in error.problems]),
    TooManyWaiting: _too_many,
    JobGone: lambda error: not_found(str(error)),
    RunError: lambda error: ProblemError(409, str(error) or type(error).__doc__ or ""),
    OperationalError: _database_away,
    InterfaceError: _database_away,
    redis.RedisError: lambda _: unavailable("Redis is away. Try again in a moment."),
    Exception: _unexpected,
}
"""By the class of the error; the nearest of its bases counts."""
AWAY = frozenset({OperationalError, InterfaceError, redis.RedisError})
