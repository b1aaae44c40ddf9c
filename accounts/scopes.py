"""What a token lets a program do. Each scope holds those before it."""

from enum import StrEnum


class Scope(StrEnum):
    """In rising order: `read` looks, `run` submits and cancels, `write` changes workflows, `admin` is over others' too.

    `admin` counts for staff alone.
    """

    READ = "read"
    RUN = "run"
    WRITE = "write"
    ADMIN = "admin"


_ORDER = list(Scope)


def holds(granted: list[str], needed: Scope) -> bool:
    """Whether any of the granted scopes is `needed` or stands above it."""
    return any(_ORDER.index(Scope(scope)) >= _ORDER.index(needed) for scope in granted)
